/*
 * --repair: a damaged transcript is mended by the plan that --dry-run shows,
 * after a verified backup and a question.
 */
#include "app/commands/commands.h"

#include "app/act/closing.h"
#include "app/act/scene.h"
#include "app/prompt.h"
#include "app/select/named.h"
#include "app/select/selection.h"
#include "app/select/targets.h"
#include "backup/backup_dir.h"
#include "base/utf8.h"
#include "control/repair_apply.h"
#include "session/evidence/context_usage.h"
#include "session/resume.h"
#include "view/outcome/repair.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

struct work {
    struct context *context;
    const struct target *target;
    struct sr_snapshot *snapshot;
    struct scene scene;
    struct repair_examined e;
    struct repair_applied mended;
    struct view_repair view;
};

static int print(struct work *w, void (*draw)(struct buf *, const struct view_repair *))
{
    struct buf out = {0};
    draw(&out, &w->view);
    return context_print(&out);
}

static int print_json(struct work *w)
{
    struct buf out = {0};
    view_json_repair(&out, &w->view, w->context->options->verbose);
    return context_print(&out);
}

static int print_plan(struct work *w)
{
    struct buf out = {0};
    view_text_repair_plan(&out, &w->view, w->context->options->verbose);
    return context_print(&out);
}

/* Nothing was done, for that reason. Returns: the exit status. */
static int leave(struct work *w, enum view_repair_outcome outcome, const char *why, int status)
{
    w->view.outcome = outcome;
    w->view.why = why;
    if (why)
        context_complain(why);
    if (w->context->options->json && print_json(w) != 0)
        return EXIT_FAILED;
    return status;
}

static bool agrees(struct work *w)
{
    BUF_RELEASE struct buf question = {0};
    char size[STR_SIZE_TEXT];
    buf_addf(&question, "Repair this transcript (%s, ",
             str_format_size(w->e.file.size_bytes, size));
    view_add_form(&question, &w->e.form);
    buf_addf(&question, "%s%zu changes%s)?", w->e.form.is_other ? ", " : "", w->e.plan.edit_count,
             w->context->options->as_copy ? ", as a copy" : "");
    return scene_ask(&w->scene, question.p);
}

/* As the listing shows the session by now. */
static const char *find_command(struct work *w)
{
    struct context *c = w->context;
    struct sr_options look = c->look;
    struct sr_snapshot *snapshot;
    BUF_RELEASE struct buf command = {0};
    const char *id = w->mended.new_id ? w->mended.new_id : w->target->session_id, *found = NULL;
    if (!w->target->session || !id)
        return NULL;
    look.config_dirs = &w->target->session->config_dir;
    look.config_dir_count = 1;
    look.stored_prefixes = &id;
    look.stored_prefix_count = 1;
    look.stored_limit = 1;
    if (sr_detect_processes(&look, &snapshot, NULL) < 0)
        return NULL;
    for (size_t i = 0; i < snapshot->session_count && !found; i++)
        if (!snapshot->sessions[i].pid && str_equals(snapshot->sessions[i].session_id, id) &&
            resume_add_command(&command, &snapshot->sessions[i]) == 0)
            found = arena_strdup(&c->arena, command.p);
    sr_snapshot_free(snapshot);
    return found;
}

static void describe(struct work *w)
{
    struct arena *a = &w->context->arena;
    const struct repair_applied *m = &w->mended;
    if (m->has_backup)
        w->view.backup =
            arena_printf(a, "%s/%s" BACKUP_TRANSCRIPT, w->context->pending_dir, m->backup.stem);
    if (w->view.outcome != VIEW_REPAIRED)
        return;
    w->view.quarantine = m->quarantine;
    w->view.new_id = m->new_id;
    w->view.new_path = m->new_id ? m->path : NULL;
    w->view.after = &m->messages;
    w->view.can_resume_after = m->can_resume;
    w->view.resume_command = find_command(w);
}

static int close_and_log(struct work *w, const char *why)
{
    struct context *c = w->context;
    struct closing closing = {.detected = w->snapshot ? named_count_running(w->snapshot) : 0};
    struct session_log_row rows[2];
    const char *id = w->view.checked.session_id ? w->view.checked.session_id : "(a file)";
    size_t count = 0;
    if (w->mended.has_backup && w->mended.backup.outcome == SR_EXPORTED) {
        closing.exported++;
        rows[count++] = (struct session_log_row){id, w->mended.backup.size_bytes, "Exported", true};
    }
    rows[count++] = (struct session_log_row){id, why ? w->e.file.size_bytes : w->mended.size_bytes,
                                             "Repaired", why == NULL};
    if (why)
        closing_add_cause(&closing, why);
    closing_log(&closing, c, rows, count);
    closing_add_resume(&closing, id, w->view.resume_command, 0);
    return closing_print(&closing, c, EXIT_FINE);
}

static int carry_out(struct work *w)
{
    struct context *c = w->context;
    struct sr_error error;
    struct repair_apply_request request = {
        .agent = w->target->agent,
        .path = w->target->path,
        .session_id = w->target->session_id,
        .snapshot = w->snapshot,
        .session = w->target->session,
        .look = &c->look,
        .backup = &w->scene.backup,
        .as_copy = c->options->as_copy,
        .shrinks = c->options->shrink,
        .client_version = c->options->client_version,
    };
    int r = repair_apply(&request, &w->e, &c->arena, &w->mended, &error);
    meter_end(&w->scene.meter);
    if (w->mended.leftover)
        context_complain(
            arena_printf(&c->arena,
                         "%s is left of an earlier repair, and may be the only copy of "
                         "an original: look into it; it is left as it is",
                         w->mended.leftover));
    if (r == 0 && w->mended.has_other_names)
        context_complain(arena_printf(&c->arena,
                                      "%s has other names (hard links), which keep the file as it "
                                      "was",
                                      w->target->path));
    bool is_refused = w->mended.was_refused || r == -EBUSY || r == -EAGAIN;
    w->view.outcome = r == 0       ? VIEW_REPAIRED
                      : is_refused ? VIEW_REPAIR_REFUSED
                                   : VIEW_REPAIR_FAILED;
    describe(w);
    if (w->view.outcome == VIEW_REPAIR_REFUSED)
        return leave(w, VIEW_REPAIR_REFUSED, arena_strdup(&c->arena, error.text), EXIT_REFUSED);
    const char *why = r < 0 ? arena_strdup(&c->arena, error.text) : NULL;
    w->view.why = why;
    int status = c->options->json ? print_json(w) : r == 0 ? print(w, view_text_repaired) : 0;
    int closed = close_and_log(w, why);
    return status ? status : closed;
}

static const char *why_unfit(struct work *w)
{
    const struct repair_plan_fit *fit = &w->e.plan.fit;
    if (fit->results + fit->images + fit->thinking == 0)
        return "no tool result, image or thinking in it is long enough to be cut: nothing was "
               "changed; a model with a larger window may take it (--context-window)";
    return arena_printf(&w->context->arena,
                        "without all of its older tool results, images and thinking it would still "
                        "be about %lld tokens, and no more than %lld are to be left: nothing was "
                        "changed; a model with a larger window may take it (--context-window)",
                        (long long)fit->tokens_after, (long long)fit->target);
}

static int refuse_owner(struct work *w)
{
    const struct target *t = w->target;
    const char *why = arena_printf(
        &w->context->arena, "pid %d %s: end it first (--kill); nothing was changed", t->live_pid,
        t->owner_is_unsure ? "may have the session: which it has is not known" : "has the session");
    return leave(w, VIEW_REPAIR_REFUSED, why, EXIT_REFUSED);
}

static bool is_too_long(const struct repair_plan *plan)
{
    for (size_t i = 0; i < plan->problem_count; i++)
        if (plan->problems[i].kind == DAMAGE_TOO_LONG)
            return true;
    return false;
}

static int decide(struct work *w)
{
    const struct options *o = w->context->options;
    const struct repair_plan *plan = &w->e.plan;
    if (w->target->live_pid)
        return refuse_owner(w);
    if (w->e.form.packer)
        return leave(w, VIEW_REPAIR_REFUSED,
                     arena_printf(&w->context->arena,
                                  "it is packed (%s): unpack it first; nothing was changed",
                                  w->e.form.packer),
                     EXIT_REFUSED);
    if (w->e.form.product)
        return leave(w, VIEW_REPAIR_REFUSED,
                     arena_printf(&w->context->arena,
                                  "it is a transcript of %s; nothing was changed",
                                  w->e.form.product),
                     EXIT_REFUSED);
    if (w->e.file.size_bytes > 0 && w->e.survey.session_records == 0)
        return leave(
            w, VIEW_REPAIR_REFUSED,
            w->e.form.remark
                ? arena_printf(&w->context->arena, "%s; nothing was changed", w->e.form.remark)
                : "not one whole record of a session is in it: not a transcript; nothing "
                  "was changed",
            EXIT_REFUSED);
    if (w->e.form.obstacle)
        return leave(w, VIEW_REPAIR_REFUSED,
                     arena_printf(&w->context->arena,
                                  "%s: it is to be taken apart by hand (doc/repair.md, Another "
                                  "form); nothing was changed",
                                  w->e.form.obstacle),
                     EXIT_REFUSED);
    if (!o->json && print_plan(w) != 0)
        return EXIT_FAILED;
    if (plan->is_unsettled)
        return leave(w, VIEW_REPAIR_FAILED,
                     "each change would call for another: nothing was changed; please report this",
                     EXIT_FAILED);
    if (o->fit && !plan->fit.fits)
        return leave(w, VIEW_REPAIR_FAILED, why_unfit(w), EXIT_FAILED);
    if (plan->edit_count == 0 && !w->e.form.is_other) {
        if (!o->json && !o->quiet)
            puts(!o->fit && is_too_long(plan)
                     ? "Nothing to repair without --fit, which cuts what is too long."
                     : "Nothing to repair.");
        return leave(w, VIEW_NOTHING_TO_REPAIR, NULL, plan->hurts ? EXIT_ATTENTION : EXIT_FINE);
    }
    if (o->dry_run) {
        struct sr_error error;
        if (backup_dir_foresee(w->context->pending_dir, w->e.file.size_bytes, &error) < 0)
            return leave(w, VIEW_REPAIR_FAILED, arena_strdup(&w->context->arena, error.text),
                         EXIT_FAILED);
        if (!o->json)
            puts("Nothing was changed (--dry-run).");
        return closing_foresee(w->context, leave(w, VIEW_WOULD_REPAIR, NULL, EXIT_FINE));
    }
    if (!o->force && !prompt_can_ask())
        return leave(w, VIEW_REPAIR_REFUSED,
                     "nobody is there to be asked: --force repairs without a question",
                     EXIT_REFUSED);
    if (!o->force && !agrees(w))
        return leave(w, VIEW_REPAIR_DECLINED, "nothing was changed", EXIT_REFUSED);
    return carry_out(w);
}

/* What the model of a session takes; 0: its transcript alone is to tell. */
static int64_t model_window(struct work *w)
{
    struct context *c = w->context;
    const struct target *t = w->target;
    struct context_usage fullness = {0};
    if (!c->options->fit || !t->session || !t->session_id ||
        context_usage_look(t->agent,
                           &(struct context_usage_place){
                               .config_dir = t->session->config_dir,
                               .session_id = t->session_id,
                               .asked_model = c->asked_model,
                           },
                           &c->look, &fullness) < 0)
        return 0;
    return fullness.window > 0 ? fullness.window : 0;
}

static int repair(struct work *w)
{
    struct context *c = w->context;
    struct sr_error error;
    const struct target *t = w->target;
    struct repair_examine_request request = {
        .at = AT_FDCWD,
        .path = t->path,
        .shown = t->path,
        .agent = t->agent,
        .options = {.is_live = t->live_pid != 0,
                    .file_id = t->session_id,
                    .shrinks = c->options->shrink,
                    .fits = c->options->fit,
                    .window = c->look.context_window,
                    .model_window = model_window(w),
                    .wants_edits = true,
                    .client_version = c->options->client_version},
    };
    if (repair_examine(&request, &c->arena, &w->e, &error) < 0)
        return context_fail(error.text, EXIT_FAILED);
    w->view.checked = (struct view_checked){
        .agent = t->agent,
        .session_id = t->session_id               ? t->session_id
                      : w->e.survey.session_id[0] ? w->e.survey.session_id
                                                  : NULL,
        .path = t->path,
        .size_bytes = w->e.file.size_bytes,
        .live_pid = t->live_pid,
        .form = &w->e.form,
        .survey = &w->e.survey,
        .plan = &w->e.plan,
    };
    scene_begin(&w->scene, c, t->session, "repair");
    int status = decide(w);
    scene_end(&w->scene);
    repair_examine_release(&w->e);
    return status;
}

/* Of several files that one word names, the user has to choose. */
static int refuse_several(const struct targets *targets)
{
    struct buf listed = {0};
    for (size_t i = 0; i < targets->count; i++) {
        buf_adds(&listed, "  session-rescue --repair ");
        resume_add_quoted(&listed, targets->items[i].path);
        buf_adds(&listed, "\n");
    }
    context_complain_of("it lies in several places where the client does not look; nothing was "
                        "changed. Name the file (--check tells what each holds):",
                        &listed);
    buf_release(&listed);
    return EXIT_USAGE;
}

static int run(struct context *context)
{
    struct work w = {.context = context};
    struct targets targets;
    if (!context_has_folders(context))
        return EXIT_FAILED;
    int status = targets_find(context, context->options->which, 1, false, &targets);
    if (status) /* nothing was done, where it may be there and is not seen, too */
        return status == EXIT_ATTENTION ? EXIT_FAILED : status;
    w.target = &targets.items[0];
    w.snapshot = targets.snapshot;
    if (targets.count > 1) {
        status = refuse_several(&targets);
        targets_release(&targets);
        return status;
    }
    selection_tell_strays(targets.strays, targets.stray_count);
    status = context_answers(context, context->pending_dir) ? repair(&w) : EXIT_FAILED;
    targets_release(&targets);
    return status;
}

const struct command command_repair = {
    .name = "repair",
    .words = "WHICH|FILE",
    ONE("one session or file"),
    .help = "mend a damaged transcript; it is backed up first; asks first",
    .run = run,
    .options = (const char *const[]){"dry-run", "force", "client-version", "as-copy", "shrink",
                                     "fit", NULL},
};
