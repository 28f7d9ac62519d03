#include "app/act/ending.h"

#include "app/act/scene.h"
#include "app/prompt.h"
#include "base/utf8.h"
#include "control/proof.h"
#include "control/stop.h"
#include "session/resume.h"
#include "view/screen.h"

static bool ask(void *context, enum sr_kill_question question, const char *text)
{
    struct scene *scene = context;
    struct buf line = {0};
    if (text)
        utf8_adds_printable(&line, text);
    switch (question) {
    case SR_KILL_SESSION:
        screen_add_kill_question(&line, scene->session);
        break;
    case SR_KILL_BY_FORCE:
        buf_adds(&line, ". Send SIGKILL? What it has not written yet is lost.");
        break;
    case SR_KILL_HELPERS:
        buf_adds(&line, ". Send them SIGKILL?");
        break;
    case SR_KILL_WANTED:
        buf_adds(&line, ". End it too?");
        break;
    case SR_KILL_INCOMPLETE:
        buf_adds(&line, ". End it all the same?");
        break;
    }
    bool yes = scene_ask(scene, line.p);
    buf_release(&line);
    return yes;
}

static struct sr_kill_options kill_options(struct scene *scene)
{
    const struct context *c = scene->context;
    return (struct sr_kill_options){
        .look = &c->look,
        .timeout_minutes = c->options->timeout_minutes,
        .backup = &scene->backup,
        .force = c->options->force,
        .grace_ms = (int64_t)(c->options->grace_s * 1000),
        .ask = prompt_can_ask() ? ask : NULL,
        .tell = scene_tell,
        .context = scene,
        .without_backup = c->options->without_backup,
        .ask_for = prompt_can_ask() ? scene_ask_to_give_up : NULL,
    };
}

/* Once it has no process any more. Of a session that is not told apart, one for each candidate. */
static void find_resume_commands(struct context *c, struct ending *e)
{
    struct sr_session gone = *e->outcome.session;
    size_t count = gone.candidate_count ? gone.candidate_count : 1;
    const char **commands = arena_alloc(&c->arena, count * sizeof *commands);
    gone.pid = 0;
    gone.owners = gone.twins;
    gone.owner_count = gone.twin_count;
    for (size_t i = 0; i < count; i++) {
        struct buf command = {0};
        if (gone.candidate_count)
            gone.session_id = gone.candidates[i];
        if (resume_add_command(&command, &gone) == 0)
            commands[e->resume_command_count++] = arena_strdup(&c->arena, command.p);
        buf_release(&command);
    }
    e->resume_commands = commands;
}

/* What the result says, and why it says so. */
static int note(struct ending *v, struct context *c, int code, const struct sr_error *error)
{
    v->outcome.code = code;
    v->outcome.why = code < 0 ? arena_strdup(&c->arena, error->text) : NULL;
    v->outcome.was_refused = v->result.was_refused;
    v->outcome.was_declined = v->result.was_declined;
    v->outcome.was_reached = v->result.has_ended;
    v->outcome.has_backup = v->result.has_backup;
    v->outcome.backup = v->result.has_transcript ? &v->result.backup : NULL;
    return code;
}

int ending_preview(struct context *c, struct sr_snapshot *snapshot,
                   const struct sr_session *session, struct ending *out)
{
    struct scene scene;
    struct stop stop;
    struct sr_error error;
    struct buf text = {0};
    scene_begin(&scene, c, session, "kill");
    const struct sr_kill_options options = kill_options(&scene);
    *out = (struct ending){.outcome.session = session};
    int code = stop_plan(&stop, snapshot, session, &options, &error);
    out->result = stop.result;
    if (code < 0)
        return note(out, c, code, &error);
    code = proof_foresee(&stop.subject, &error);
    out->result.was_refused = stop.subject.was_refused;
    if (code == 0)
        stop_describe(&stop, &text);
    stop_release(&stop);
    if (code < 0)
        return note(out, c, code, &error);
    out->outcome.code = scene_print_plan(&scene, text.p);
    buf_release(&text);
    return out->outcome.code;
}

int ending_run(struct context *c, struct sr_snapshot *snapshot, const struct sr_session *session,
               struct ending *out)
{
    struct scene scene;
    struct sr_error error;
    scene_begin(&scene, c, session, "kill");
    const struct sr_kill_options options = kill_options(&scene);
    *out = (struct ending){.outcome.session = session};
    int code = sr_kill_process(snapshot, session, &options, &out->result, &error);
    scene_end(&scene);
    if (out->result.has_ended && out->result.has_transcript)
        find_resume_commands(c, out);
    return note(out, c, code, &error);
}

size_t ending_close(const struct ending *e, struct closing *closing,
                    struct session_log_row rows[static 2])
{
    const struct sr_session *s = e->outcome.session;
    const struct sr_kill *k = &e->result;
    const char *id = outcome_session_id(&e->outcome);
    closing->killed += k->has_ended;
    for (size_t i = 0; i < e->resume_command_count; i++)
        closing_add_resume(closing, id, e->resume_commands[i], 0);
    bool has_none = k->has_ended && k->has_transcript && e->resume_command_count == 0;
    if (has_none && s->twin_count)
        closing_add_resume(closing, id, NULL, s->twins[0]);
    else if (has_none && s->session_id)
        closing_add_nothing_to_resume(closing, id);
    return outcome_close(&e->outcome, "Killed", closing, rows);
}
