#include "app/act/act.h"

#include "app/act/scene.h"
#include "app/prompt.h"
#include "app/select/named.h"
#include "base/utf8.h"
#include "control/revive.h"
#include "control/stop.h"
#include "session/resume.h"
#include "view/outcome/act.h"
#include "view/screen.h"

/* After what is known of the process; NULL: a question of its own. */
static const struct {
    const char *kill, *revive;
} questions[] = {
    [SR_ASK_SESSION] = {NULL, NULL},
    [SR_ASK_BY_FORCE] = {". Send SIGKILL? What it has not written yet is lost.", ". Send SIGKILL?"},
    [SR_ASK_INCOMPLETE] = {". End it all the same?", ". Go on all the same?"},
    [SR_ASK_HELPERS] = {". Send them SIGKILL?", NULL},
    [SR_ASK_WANTED] = {". End it too?", NULL},
    [SR_ASK_END] = {NULL, ". End it?"},
    [SR_ASK_OTHERS] = {". End them all?", NULL},
};

static bool ask(struct scene *scene, enum sr_question question, const char *text, bool ends)
{
    BUF_RELEASE struct buf line = {0};
    const char *end = ends ? questions[question].kill : questions[question].revive;
    if (text)
        utf8_adds_printable(&line, text);
    if (end)
        buf_adds(&line, end);
    else if (ends)
        screen_add_kill_question(&line, scene->session);
    else
        screen_add_revive_question(&line, scene->session);
    return scene_ask(scene, line.p);
}

static bool ask_to_kill(void *scene, enum sr_question question, const char *text)
{
    return ask(scene, question, text, true);
}

static bool ask_to_revive(void *scene, enum sr_question question, const char *text)
{
    return ask(scene, question, text, false);
}

/* Once it has no process any more. Of a session that is not told apart, one for each candidate. */
static void find_resume_commands(struct context *c, struct act *a)
{
    struct sr_session gone = *a->session;
    size_t count = gone.candidate_count ? gone.candidate_count : 1;
    const char **commands = arena_alloc(&c->arena, count * sizeof *commands);
    gone.pid = 0;
    gone.owners = gone.twins;
    gone.owner_count = gone.twin_count;
    for (size_t i = 0; i < count; i++) {
        BUF_RELEASE struct buf command = {0};
        if (gone.candidate_count)
            gone.session_id = gone.candidates[i];
        if (resume_add_command(&command, &gone) == 0)
            commands[a->resume_command_count++] = arena_strdup(&c->arena, command.p);
    }
    a->resume_commands = commands;
}

int act_run(struct context *c, struct sr_snapshot *snapshot, const struct sr_session *session,
            bool ends, struct act *out)
{
    struct scene scene;
    struct sr_error error;
    struct buf text = {0}, *plan = c->options->dry_run ? &text : NULL;
    scene_begin(&scene, c, session, ends ? "kill" : "revive");
    bool (*ask_someone)(void *, enum sr_question, const char *) =
        ends ? ask_to_kill : ask_to_revive;
    const struct sr_act_options options = {
        .look = &c->look,
        .timeout_minutes = c->options->timeout_minutes,
        .backup = &scene.backup,
        .force = c->options->force,
        .escape = c->options->escape,
        .grace_ms = (int64_t)(c->options->grace_s * 1000),
        .ask = prompt_can_ask() ? ask_someone : NULL,
        .tell = scene_tell,
        .context = &scene,
        .without_backup = c->options->without_backup,
        .ask_for = prompt_can_ask() ? scene_ask_to_give_up : NULL,
    };
    *out = (struct act){.ends = ends, .session = session};
    out->code = ends ? stop_session(snapshot, session, &options, plan, &out->kill, &error)
                     : revive_session(snapshot, session, &options, plan, &out->revive, &error);
    scene_end(&scene);
    if (out->kill.act.was_done && out->kill.act.has_transcript)
        find_resume_commands(c, out);
    if (out->code < 0)
        out->why = arena_strdup(&c->arena, error.text);
    else if (plan)
        out->code = scene_print_plan(&scene, text.p);
    buf_release(&text);
    return out->code;
}

static const struct sr_act *result_of(const struct act *a)
{
    return a->ends ? &a->kill.act : &a->revive.act;
}

/* ---- what has become of it ---------------------------------------------------------------- */

static void close_resume(const struct act *a, const char *id, struct closing *closing)
{
    const struct sr_session *s = a->session;
    for (size_t i = 0; i < a->resume_command_count; i++)
        closing_add_resume(closing, id, a->resume_commands[i], 0);
    if (a->resume_command_count)
        closing_add_caution(closing, s->caution);
    if (!a->kill.act.was_done || !a->kill.act.has_transcript || a->resume_command_count)
        return;
    if (s->twin_count)
        closing_add_resume(closing, id, NULL, s->twins[0]);
    else if (s->session_id)
        closing_add_nothing_to_resume(closing, id);
}

size_t act_close(const struct act *a, struct closing *closing,
                 struct session_log_row rows[static 2])
{
    const struct sr_act *result = result_of(a);
    const char *id = a->session->session_id ? a->session->session_id : "not known";
    int64_t size_bytes =
        result->has_transcript ? result->backup.size_bytes : a->session->size_bytes;
    size_t count = 0;
    closing->killed += a->kill.act.was_done;
    closing->revived += a->revive.act.was_done;
    close_resume(a, id, closing);
    if (result->has_backup) {
        closing->exported++;
        rows[count++] = (struct session_log_row){id, size_bytes, "Exported", true};
    }
    bool was_tried =
        result->was_done || (a->code < 0 && !result->was_refused && !result->was_declined);
    if (was_tried)
        rows[count++] = (struct session_log_row){id, size_bytes, a->ends ? "Killed" : "Revived",
                                                 result->was_done};
    if (a->code < 0 && was_tried)
        closing_add_cause(closing, a->why);
    return count;
}

static int print_json(const struct context *c, const struct act *a)
{
    struct buf out = {0};
    if (a->ends)
        view_json_kill(&out, a->session, &a->kill, a->why, a->resume_commands,
                       a->resume_command_count, c->pending_dir);
    else
        view_json_revive(&out, a->session, &a->revive, a->why, c->pending_dir);
    return context_print(&out);
}

static int do_and_tell(struct context *c, struct sr_snapshot *snapshot,
                       const struct sr_session *session, bool ends)
{
    struct closing closing = {.detected = named_count_running(snapshot)};
    struct session_log_row rows[2];
    struct act act;
    if (!context_answers(c, c->pending_dir))
        return EXIT_FAILED;
    int code = act_run(c, snapshot, session, ends, &act);
    const struct sr_act *result = result_of(&act);
    bool was_refused = result->was_refused || result->was_declined;
    int status = code == 0 ? EXIT_FINE : was_refused ? EXIT_REFUSED : EXIT_FAILED;
    if (c->options->dry_run) {
        if (act.why)
            context_complain(act.why);
        return closing_foresee(c, status);
    }
    if (c->options->json && print_json(c, &act) != 0)
        status = EXIT_FAILED;
    if (code < 0 && was_refused)
        context_complain(act.why);
    if (result->was_refused && !result->has_backup)
        return status; /* nothing was done or kept that the closing block has to tell */
    closing_log(&closing, c, rows, act_close(&act, &closing, rows));
    return closing_print(&closing, c, status);
}

static int end_found(struct context *c, struct sr_snapshot *snapshot,
                     const struct sr_session *session)
{
    return do_and_tell(c, snapshot, session, true);
}

static int revive_found(struct context *c, struct sr_snapshot *snapshot,
                        const struct sr_session *session)
{
    return do_and_tell(c, snapshot, session, false);
}

int act_command(struct context *c, bool ends)
{
    return named_with(c, ends ? end_found : revive_found);
}
