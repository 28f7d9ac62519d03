/*
 * --check: transcripts read for damage; changes nothing. One is read and told
 * of at a time, so that thousands take no more memory than the longest.
 */
#include "app/commands/commands.h"

#include "agents/agent.h"
#include "app/meter.h"
#include "app/select/backups.h"
#include "app/select/targets.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io/fs.h"
#include "control/repair_examine.h"
#include "conversation/head.h"
#include "conversation/tail.h"
#include "session/stores/watched.h"
#include "view/check.h"
#include "view/json.h"
#include "view/text.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

struct work {
    struct context *context;
    struct meter meter;
    struct view_check_json json;
    size_t counts[VIEW_CHECKED_VERDICTS]; /* by enum view_checked_verdict */
    bool shows_sound;
    size_t fuller_count; /* of those that are sound: a backup holds more */
    bool may_be_fuller;  /* of one it is not known whether a backup does */
};

/* Returns: 0 or an exit status. */
static int tell(struct work *w, const struct view_checked *checked)
{
    const struct options *o = w->context->options;
    enum view_checked_verdict verdict = view_checked_verdict(checked);
    w->counts[verdict]++;
    w->fuller_count += verdict == VIEW_SOUND && checked->fuller;
    if (o->json) {
        view_json_checked(&w->json, checked, o->verbose);
        return 0;
    }
    if (verdict == VIEW_SOUND && !w->shows_sound && !checked->fuller)
        return 0;
    struct buf out = {0};
    meter_end(&w->meter);
    view_text_checked(&out, checked, o->verbose, false);
    view_text_explained(&out, checked, o->verbose);
    return context_print(&out);
}

/* There is nothing to be read. */
static int tell_gone(struct work *w, const struct target *target)
{
    struct view_checked checked = {
        .session_id = target->session_id,
        .path = target->path,
        .size_bytes = -1,
        .left = target->left,
        .why = target->left->is_sure ? NULL : "no transcript is seen, and not all could be read",
    };
    return tell(w, &checked);
}

/* The first directory that a transcript names and that is there; NULL: none is, or that is not
 * known. */
static const char *first_directory(struct context *c, const struct agent *agent, const char *path,
                                   struct arena *a)
{
    struct fs_file file;
    struct head head;
    struct stat st;
    char bytes[HEAD_READ_FIRST];
    if (fs_open_linked(AT_FDCWD, path, &file) < 0)
        return NULL;
    ssize_t n = fs_read_at(file.fd, bytes, sizeof bytes, 0);
    fs_close(&file.fd);
    head_read(agent->reader, a, (struct sv){bytes, n > 0 ? (size_t)n : 0}, true, &head);
    for (size_t i = 0; i < head.cwd_count; i++) {
        if (!watched_enter(&c->look, head.cwds[i]))
            return NULL;
        bool is_there = stat(head.cwds[i], &st) == 0 && S_ISDIR(st.st_mode);
        watched_leave(&c->look);
        if (is_there)
            return head.cwds[i];
    }
    return NULL;
}

/* Where the client would not look for it; NULL: it would, or that is not known. Of a session that
 * is named alone: a whole store is not to be looked at twice. */
static const char *started_elsewhere(struct context *c, const struct target *target,
                                     struct arena *a)
{
    const struct sr_session *s = target->session;
    if (!s || target->live_pid || s->cwd_is_gone || s->cwd_is_unknown)
        return NULL;
    if (s->cwd)
        return s->cwd_is_elsewhere ? s->cwd : NULL;
    return first_directory(c, target->agent, target->path, a);
}

/* Records that are in no file: their agent's own look. */
static int look_at_rows(const struct target *target, struct arena *a, struct agent_findings *out,
                        struct sr_error *error)
{
    struct problems problems = {.arena = a};
    struct agent_transcript of;
    FS_CLOSE int fd = fs_open_dir(AT_FDCWD, target->rows_in);
    if (fd < 0)
        return err_set(error, fd, "open %s: %s", target->rows_in, err_reason(fd));
    struct agent_store store = {
        .fd = fd, .path = target->rows_in, .arena = a, .problems = &problems};
    struct lookup seen = target->agent->stored->find(&store, target->session_id, NULL, &of);
    int r = seen.state == LOOKUP_FOUND
                ? target->agent->records->check(&store, &of, target->live_pid != 0, out)
            : seen.state == LOOKUP_ABSENT ? -ENOENT
                                          : seen.code;
    if (r < 0)
        err_set(error, r, "read %s: %s", target->path,
                problems.count ? problems.items[0].text : err_reason(r));
    return r;
}

/* What its last turn still lacks. Whoever was listed was looked at. */
static const char *what_is_unfinished(const struct target *target, const struct repair_examined *e,
                                      struct arena *a)
{
    struct tail_result tail;
    int fd = e->file.fd;
    if (target->session)
        return target->session->unfinished;
    if (target->live_pid || e->form.is_other || e->form.obstacle)
        return NULL;
    struct record_source source = {
        .read = fs_read_source, .context = &fd, .size_bytes = e->file.size_bytes};
    return tail_read(target->agent->reader, &source, a, &tail) < 0
               ? NULL
               : tail_lacks(target->agent->reader, &tail, a);
}

static int check_rows(struct work *w, const struct target *target)
{
    struct arena arena = {0};
    struct agent_findings findings = {0};
    struct repair_examined_form form = {0};
    struct transcript_scan survey = {0};
    struct repair_plan plan = {.lines_only = true, .can_resume = true};
    struct sr_error error;
    int r = look_at_rows(target, &arena, &findings, &error);
    for (size_t i = 0; i < findings.count; i++) {
        enum damage_kind kind = findings.items[i].kind;
        *ARENA_PUSH(&arena, plan.problems, plan.problem_count, plan.problem_capacity) =
            (struct repair_plan_problem){.kind = kind,
                                         .severity = damages[kind].severity,
                                         .length = -1,
                                         .detail = findings.items[i].where,
                                         .node = GRAPH_NONE};
        plan.hurts = plan.hurts || damages[kind].severity == DAMAGE_HURTS;
    }
    survey.all_lines = survey.all_records = survey.session_records =
        (uint32_t)findings.record_count;
    struct view_checked checked = {
        .agent = target->agent,
        .session_id = target->session_id,
        .path = target->path,
        .size_bytes = r == 0 ? findings.size_bytes : -1,
        .live_pid = target->live_pid,
        .unfinished = target->session ? target->session->unfinished : NULL,
        .why = r < 0 ? error.text : NULL,
        .form = &form,
        .survey = &survey,
        .plan = &plan,
    };
    int status = tell(w, &checked);
    arena_release(&arena);
    return status;
}

static int check_one(struct work *w, const struct target *target)
{
    if (target->left)
        return tell_gone(w, target);
    if (target->rows_in)
        return check_rows(w, target);
    ARENA_RELEASE struct arena arena = {0};
    struct repair_examined e = {0};
    struct sr_error error;
    struct repair_examine_request request = {
        .at = AT_FDCWD,
        .path = target->path,
        .shown = target->path,
        .agent = target->agent,
        .options = {.is_live = target->live_pid != 0,
                    .file_id = target->session_id,
                    .started_in = started_elsewhere(w->context, target, &arena),
                    .client_version = w->context->options->client_version},
        .progress = meter_move,
        .context = &w->meter,
    };
    int r = repair_examine(&request, &arena, &e, &error);
    struct view_checked checked = {
        .agent = target->agent,
        .session_id = target->session_id                 ? target->session_id
                      : r == 0 && e.survey.session_id[0] ? e.survey.session_id
                                                         : NULL,
        .path = target->path,
        .size_bytes = r == 0 ? e.file.size_bytes : -1,
        .live_pid = target->live_pid,
        .unfinished = r == 0 ? what_is_unfinished(target, &e, &arena) : NULL,
        .danger = target->session ? target->session->danger : NULL,
        .why = r < 0 ? error.text : NULL,
        .form = &e.form,
        .survey = &e.survey,
        .plan = &e.plan,
    };
    if (r == 0)
        checked.fuller_is_unknown =
            !backups_fullest(w->context, checked.session_id, e.file.fd, checked.size_bytes,
                             &checked.fuller, &checked.fuller_bytes);
    w->may_be_fuller = w->may_be_fuller || checked.fuller_is_unknown;
    int status = tell(w, &checked);
    if (r == 0)
        repair_examine_release(&e);
    return status;
}

static int finish(struct work *w, const struct targets *targets)
{
    const struct context *c = w->context;
    struct buf out = {0};
    size_t all = 0;
    for (size_t i = 0; i < VIEW_CHECKED_VERDICTS; i++)
        all += w->counts[i];
    if (c->options->json) {
        view_json_put_strays(w->json.document, w->json.root, targets->strays, targets->stray_count);
        view_json_put_problems(w->json.document, w->json.root, targets->problems,
                               targets->problem_count);
        view_json_check_end(&w->json, &out);
    } else {
        buf_addf(&out, "%zu transcript%s: %zu sound", all, all == 1 ? "" : "s",
                 w->counts[VIEW_SOUND]);
        if (w->fuller_count)
            buf_addf(&out, " (of %zu a backup holds more)", w->fuller_count);
        if (w->counts[VIEW_DAMAGED])
            buf_addf(&out, ", %zu damaged", w->counts[VIEW_DAMAGED]);
        if (w->counts[VIEW_EMPTY])
            buf_addf(&out, ", %zu empty", w->counts[VIEW_EMPTY]);
        if (w->counts[VIEW_NO_TRANSCRIPT])
            buf_addf(&out, ", %zu no transcript", w->counts[VIEW_NO_TRANSCRIPT]);
        if (w->counts[VIEW_GONE])
            buf_addf(&out, ", %zu gone", w->counts[VIEW_GONE]);
        if (w->counts[VIEW_OTHER_FORM])
            buf_addf(&out, ", %zu in another form", w->counts[VIEW_OTHER_FORM]);
        if (w->counts[VIEW_UNREADABLE])
            buf_addf(&out, ", %zu unreadable", w->counts[VIEW_UNREADABLE]);
        buf_adds(&out, targets->may_lack ? "; not all could be looked at\n" : "\n");
        if (w->counts[VIEW_DAMAGED] + w->counts[VIEW_OTHER_FORM] && !c->options->quiet)
            buf_adds(&out,
                     "To mend one: session-rescue --repair WHICH|FILE (--dry-run shows how)\n");
        view_text_strays(&out, targets->strays, targets->stray_count, c->options->verbose);
    }
    int status = context_print(&out);
    if (status)
        return status;
    if (w->counts[VIEW_UNREADABLE])
        return EXIT_FAILED;
    return targets->may_lack || w->fuller_count || w->may_be_fuller || all > w->counts[VIEW_SOUND]
               ? EXIT_ATTENTION
               : EXIT_FINE;
}

static int run(struct context *context)
{
    const struct options *o = context->options;
    struct work w = {.context = context, .shows_sound = o->which_count || o->verbose};
    struct targets targets;
    int status = targets_find(context, o->which, o->which_count, true, &targets);
    if (status)
        return status;
    if (o->json)
        view_json_check_begin(&w.json, wall_now().ms);
    meter_begin(&w.meter, context->shows_progress);
    for (size_t i = 0; i < targets.count && status == 0; i++)
        status = check_one(&w, &targets.items[i]);
    meter_end(&w.meter);
    if (status == 0)
        status = finish(&w, &targets);
    targets_release(&targets);
    return status;
}

const struct command command_check = {
    .name = "check",
    .words = "[WHICH...|FILE...]",
    ANY_NUMBER,
    .help = "read transcripts for damage; changes nothing",
    .run = run,
    .options = (const char *const[]){"client-version", NULL},
};
