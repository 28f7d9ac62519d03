/*
 * --export: a lossless, verified copy of each session.
 *
 * The listing is done under the guard; copying is not: a long copy is no
 * reason to end it, and the store has just answered.
 */
#include "app/commands/commands.h"

#include "app/act/closing.h"
#include "app/meter.h"
#include "app/select/named.h"
#include "app/select/selection.h"
#include "backup/backup.h"
#include "base/err.h"
#include "control/empty.h"
#include "platform/privilege.h"
#include "session/resume.h"
#include "view/json.h"
#include "view/outcome/backups.h"
#include "view/text.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { LOCK_PATIENCE_MS = 30000 };

/* A session that is to be exported; of one that is not told apart, each candidate. */
struct wanted {
    const struct sr_session *session;
    const char *candidate;
    struct backup_listing *listing; /* of one without a transcript */
    const struct sr_stray *stray;   /* instead of a session: where the client does not look */
    bool is_from_memory;            /* the conversation that its process has in memory */
};

struct work {
    struct context *context;
    const struct sr_snapshot *snapshot;
    struct wanted *wanted;
    size_t wanted_count, wanted_capacity;
    size_t chosen_count; /* of wanted, before any is passed over */
    struct view_export *rows;
    struct meter meter;
    struct closing closing;
    const struct sr_session **unsaved; /* sessions of which not all, or nothing, is on disk */
    size_t unsaved_count, unsaved_capacity;
    struct view_doubt *doubts; /* sessions without a transcript, in which something may be said */
    size_t doubt_count, doubt_capacity;
    bool has_waited;
    bool may_lack; /* there may be more of what was asked for than could be seen */
};

static void move_meter(void *context, int64_t done_bytes, int64_t total_bytes)
{
    struct work *w = context;
    meter_move(&w->meter, done_bytes, total_bytes);
}

static void say_waiting(void *context, const char *holder)
{
    struct work *w = context;
    if (!w->context->options->quiet && !w->has_waited)
        context_complainf("waiting for another export, by %s", holder);
    w->has_waited = true; /* it is locked anew for each session: once is enough */
}

/* ---- which -------------------------------------------------------------------------------- */

/* By the file: copies of a session in two folders are two. */
static bool is_wanted_already(const struct work *w, const struct sr_session *s, const char *id)
{
    for (size_t i = 0; i < w->wanted_count; i++) {
        const struct wanted *x = &w->wanted[i];
        if (!x->stray && !x->is_from_memory &&
            str_equals(x->candidate ? x->candidate : x->session->session_id, id) &&
            str_equals(x->session->config_dir, s->config_dir) &&
            str_equals(x->session->transcript, s->transcript))
            return true;
    }
    return false;
}

static void want(struct work *w, const struct sr_session *s, const char *candidate,
                 struct backup_listing *listing)
{
    *ARENA_PUSH(&w->context->arena, w->wanted, w->wanted_count, w->wanted_capacity) =
        (struct wanted){.session = s, .candidate = candidate, .listing = listing};
}

/* What words name that no session is: transcripts that lie where the client does not look. */
static void want_strays(struct work *w, struct selection *selection)
{
    struct sr_stray *strays;
    size_t count = selection_take_strays(selection, &w->context->arena, w->snapshot, &strays);
    selection_tell_strays(strays, count);
    for (size_t i = 0; i < count; i++)
        *ARENA_PUSH(&w->context->arena, w->wanted, w->wanted_count, w->wanted_capacity) =
            (struct wanted){.stray = &strays[i]};
}

/* Not with --if-context where there is room left, or where it was copied a short time ago. */
static bool is_due(const struct work *w, const struct sr_session *s)
{
    double percent = w->context->options->if_context;
    return percent < 0 || (s->context_percent >= percent &&
                           !backup_dir_is_recent(w->context->pending_dir, s->session_id));
}

/* Not for whoever runs after every tool of a session. */
static void doubt(struct work *w, const struct sr_session *s, const char *why)
{
    if (w->context->options->if_context >= 0 || s->persistence == SR_PERSISTENCE_NONE)
        return;
    *ARENA_PUSH(&w->context->arena, w->doubts, w->doubt_count, w->doubt_capacity) =
        (struct view_doubt){s, arena_strdup(&w->context->arena, why)};
    context_complainf(
        "pid %d has no transcript, and it is not proven that nothing was said in it: %s", s->pid,
        why);
}

/* Without a transcript: what else is left is, and what cannot be looked for is to be said. */
static void want_rest(struct work *w, const struct sr_session *s)
{
    const struct sr_export_options options = {.temporary_dir = w->context->temporary_dir};
    struct backup_source source;
    struct sr_error error;
    struct lookup found = backup_source_of(w->snapshot, s, NULL, &options, &source, &error);
    if (found.state == LOOKUP_UNKNOWN)
        want(w, s, NULL, NULL);
    if (found.state != LOOKUP_ABSENT)
        return;
    backup_list(&source);
    if (backup_has_something(&source)) {
        want(w, s, NULL, source.listing);
        return;
    }
    if (s->pid && empty_prove(w->snapshot, s, &source, &error) < 0)
        doubt(w, s, error.text);
    backup_source_release(&source);
}

/* Its transcript may be any, in any folder. One that has ended has no memory that could be lost. */
static bool is_nameless(const struct sr_session *s)
{
    return s->pid && !s->session_id && !s->part_count && s->candidate_count == 0 &&
           !str_equals(s->cause, "zombie");
}

static void want_session(struct work *w, const struct sr_session *s)
{
    if (is_nameless(s))
        doubt(w, s, "which session it has is not known");
    if (!is_due(w, s))
        return;
    bool is_new = s->session_id && !is_wanted_already(w, s, s->session_id); /* no twin */
    if (is_new && s->part_count)
        want(w, s, NULL, NULL);
    else if (is_new && (s->pid || s->left))
        want_rest(w, s);
    for (size_t i = 0; i < s->candidate_count; i++)
        if (!is_wanted_already(w, s, s->candidates[i]))
            want(w, s, s->candidates[i], NULL);
}

/* Beside what is on disk: as a session of its own. */
static void want_memory(struct work *w, const struct sr_session *s)
{
    const struct options *o = w->context->options;
    if (s->pid && o->if_context < 0 && (sr_is_unsaved(s->persistence) || o->from_memory))
        *ARENA_PUSH(&w->context->arena, w->wanted, w->wanted_count, w->wanted_capacity) =
            (struct wanted){.session = s, .is_from_memory = true};
}

/* No copy of its files has what is in a client's memory alone. */
static void say_unsaved(struct work *w, const struct sr_session *s)
{
    if (!sr_is_unsaved(s->persistence))
        return;
    *ARENA_PUSH(&w->context->arena, w->unsaved, w->unsaved_count, w->unsaved_capacity) = s;
    context_complainf("pid %d, %s; no copy of its files has what is in its memory alone", s->pid,
                      s->saving);
}

static void say_nothing_there(struct work *w, const struct sr_session *s)
{
    w->may_lack = w->may_lack || w->snapshot->may_lack_sessions;
    context_complainf(w->snapshot->may_lack_sessions
                          ? "pid %d: no transcript was found; not all could be looked at"
                          : "pid %d has no transcript yet: there is nothing to export",
                      s->pid);
}

/* Returns: 0, or an exit status. */
static int choose(struct work *w, struct selection *selection)
{
    bool is_all = selection->count == 0;
    if (!is_all)
        want_strays(w, selection);
    size_t count = selection->count;
    const struct sr_session **named = arena_alloc(&w->context->arena, (count + 1) * sizeof *named);
    int status = selection_find(w->context, selection, w->snapshot, named);
    if (status) /* nothing was copied, also where it may be there */
        return status == EXIT_ATTENTION ? EXIT_FAILED : status;
    for (size_t i = 0; i < count; i++) {
        size_t before = w->wanted_count + w->doubt_count;
        want_session(w, named[i]);
        if (w->wanted_count + w->doubt_count == before && !named[i]->part_count &&
            named[i]->candidate_count == 0 && named[i]->persistence != SR_PERSISTENCE_NONE)
            say_nothing_there(w, named[i]);
        say_unsaved(w, named[i]);
        want_memory(w, named[i]);
    }
    for (size_t i = 0; is_all && i < w->snapshot->session_count; i++) {
        if (w->context->options->if_context < 0)
            say_unsaved(w, &w->snapshot->sessions[i]);
        want_session(w, &w->snapshot->sessions[i]);
        want_memory(w, &w->snapshot->sessions[i]);
    }
    w->chosen_count = w->wanted_count;
    return 0;
}

/* ---- doing it ----------------------------------------------------------------------------- */

static void export_stray(struct work *w, struct backup_run *run, const struct sr_stray *stray,
                         struct view_export *row)
{
    struct backup_source source;
    struct sr_error error;
    *row = (struct view_export){.session_id = stray->session_id};
    row->code = backup_source_of_stray(w->snapshot, stray, run->options, &source);
    if (row->code < 0)
        err_set(&error, row->code, "its store cannot be read: %s", stray->path);
    else
        row->code = backup_take(run, &source, &row->result, &error);
    if (row->code < 0)
        row->why = arena_strdup(&w->context->arena, error.text);
}

static void export_one(struct work *w, struct backup_run *run, const struct wanted *wanted,
                       struct view_export *row)
{
    struct arena *a = &w->context->arena;
    const struct sr_session *s = wanted->session;
    struct backup_source source;
    struct salvage_memory salvage;
    struct sr_error error;
    BUF_RELEASE struct buf command = {0};
    *row = (struct view_export){
        .session_id = wanted->candidate ? wanted->candidate : s->session_id,
        .held_by = s->pid           ? s->pid
                   : s->owner_count ? s->owners[0]
                                    : 0,
    };
    struct lookup found =
        backup_source_of(w->snapshot, s, wanted->candidate, run->options, &source, &error);
    int r = backup_source_code(found);
    if (r == 0 || found.state == LOOKUP_ABSENT) {
        source.listing = found.state == LOOKUP_ABSENT ? wanted->listing : NULL;
        salvage_memory_take(w->snapshot, s, run->options->dry_run, &salvage);
        source.salvage = &salvage;
        r = backup_take(run, &source, &row->result, &error);
        salvage_memory_release(&salvage);
    }
    row->code = r < 0 ? r : 0;
    if (r < 0)
        row->why = arena_strdup(a, error.text);
    if (!wanted->candidate && s->part_count && resume_add_command(&command, s) == 0)
        row->resume_command = arena_strdup(a, command.p);
    row->caution = s->caution;
}

/* Returns: false: there is none, and it was said why. */
static bool export_memory(struct work *w, struct backup_run *run, const struct sr_session *s,
                          struct view_export *row)
{
    struct salvage_memory recalled;
    struct sr_error error;
    salvage_memory_recall(w->snapshot, s, run->options->dry_run, &recalled);
    *row = (struct view_export){.held_by = 0};
    if (recalled.records.n == 0) {
        if (recalled.note)
            context_complain(recalled.note);
        salvage_memory_release(&recalled);
        return false;
    }
    row->session_id = arena_strdup(&w->context->arena, recalled.new_id);
    int r = backup_take_recalled(run, w->snapshot, s, &recalled, &row->result, &error);
    salvage_memory_release(&recalled);
    row->code = r < 0 ? r : 0;
    if (r < 0)
        row->why = arena_strdup(&w->context->arena, error.text);
    return true;
}

static void close_and_log(struct work *w)
{
    struct session_log_row *log =
        arena_alloc(&w->context->arena, (w->wanted_count + 1) * sizeof *log);
    size_t count = 0;
    for (size_t i = 0; i < w->wanted_count; i++) {
        const struct view_export *row = &w->rows[i];
        if (row->code < 0)
            closing_add_cause(&w->closing, row->why);
        else
            closing_add_resume(&w->closing, row->session_id, row->resume_command, row->held_by);
        if (row->code == 0 && row->resume_command)
            closing_add_caution(&w->closing, row->caution);
        if (row->code == 0 && row->result.outcome == SR_ALREADY_EXPORTED)
            continue;
        w->closing.exported += row->code == 0;
        log[count++] = (struct session_log_row){
            .session_id = row->session_id,
            .size_bytes = row->code == 0 ? row->result.size_bytes : -1,
            .action = "Exported",
            .is_done = row->code == 0,
        };
    }
    if (!w->context->options->dry_run)
        closing_log(&w->closing, w->context, log, count);
}

/* It lost something since an earlier backup, or may have: said each time where nothing is left,
 * else once. */
static bool has_shrunk(const struct sr_export *e)
{
    return (e->fuller_stem[0] || e->unread_stem[0]) &&
           (e->outcome != SR_ALREADY_EXPORTED || e->size_bytes == 0);
}

static bool needs_attention(const struct work *w)
{
    if (w->may_lack)
        return true;
    for (size_t i = 0; i < w->wanted_count; i++) {
        const struct sr_export *e = &w->rows[i].result;
        if (w->rows[i].code == 0 && (e->lost_count || e->was_rewritten || has_shrunk(e)))
            return true;
    }
    return w->unsaved_count + w->doubt_count > 0;
}

static int print_rows(const struct work *w)
{
    const struct context *c = w->context;
    const struct view_exports all = {
        .rows = w->rows,
        .count = w->wanted_count,
        .unsaved = w->unsaved,
        .unsaved_count = w->unsaved_count,
        .doubts = w->doubts,
        .doubt_count = w->doubt_count,
    };
    struct buf out = {0};
    if (c->options->json)
        view_json_exports(&out, &all, c->pending_dir);
    else
        view_text_exports(&out, w->rows, w->wanted_count, c->pending_dir);
    if (c->options->dry_run && !c->options->json)
        buf_adds(&out, "Nothing was changed (--dry-run).\n");
    return context_print(&out);
}

/* Whoever runs after every tool need not wait for another export, nor speak of it: it comes again.
 */
static void forget_busy(struct work *w)
{
    size_t kept = 0;
    for (size_t i = 0; i < w->wanted_count; i++)
        if (w->rows[i].code != -EBUSY)
            w->rows[kept++] = w->rows[i];
    w->wanted_count = kept;
}

static int say_none(const struct work *w)
{
    struct buf out = {0};
    if (w->unsaved_count)
        buf_adds(&out, "Nothing was exported: it is not on disk.\n");
    else if (w->may_lack)
        buf_adds(&out, "No session to export was found; not all could be looked at.\n");
    else if (w->doubt_count)
        buf_adds(&out, "Nothing was exported: there is no transcript.\n");
    else if (w->closing.detected)
        buf_adds(&out, "No session to export.\n");
    else
        view_text_none(&out, w->context->options->agent, false);
    int status = context_print(&out);
    if (w->may_lack)
        return EXIT_FAILED;
    return status == 0 && w->unsaved_count + w->doubt_count ? EXIT_ATTENTION : status;
}

static int export_all(struct work *w)
{
    struct context *c = w->context;
    struct sr_export_options options = {
        .pending_dir = c->pending_dir,
        .temporary_dir = c->temporary_dir,
        .why = "export",
        .dry_run = c->options->dry_run,
        .lock_patience_ms = c->options->if_context < 0 ? LOCK_PATIENCE_MS : 0,
        .waiting = say_waiting,
        .progress = move_meter,
        .context = w,
    };
    struct backup_run run;
    struct sr_error error;
    if (backup_begin(&run, &options, &error) < 0) {
        closing_add_cause(&w->closing, error.text);
        return closing_print(&w->closing, c, EXIT_FAILED);
    }
    w->rows = arena_alloc(&c->arena, (w->wanted_count + 1) * sizeof *w->rows);
    meter_begin(&w->meter, c->shows_progress);
    size_t row_count = 0;
    for (size_t i = 0; i < w->wanted_count; i++) {
        const struct wanted *wanted = &w->wanted[i];
        struct view_export *row = &w->rows[row_count];
        if (wanted->is_from_memory) {
            row_count += export_memory(w, &run, wanted->session, row);
            continue;
        }
        if (wanted->stray)
            export_stray(w, &run, wanted->stray, row);
        else
            export_one(w, &run, wanted, row);
        row_count++;
    }
    w->wanted_count = row_count; /* of rows, from here on */
    meter_end(&w->meter);
    backup_end(&run);
    if (c->options->if_context >= 0) {
        forget_busy(w);
        if (w->wanted_count == 0)
            return c->options->json ? print_rows(w) : 0;
    }

    if (w->wanted_count == 0 && w->chosen_count && !c->options->json)
        return say_none(w);
    close_and_log(w);
    int status = print_rows(w);
    if (status == 0 && needs_attention(w))
        status = EXIT_ATTENTION;
    if (c->options->dry_run && w->closing.failed == 0)
        return w->closing.exported ? closing_foresee(c, status) : status;
    return closing_print(&w->closing, c, status);
}

/* --list: what would be backed up; no backup is looked at. */
static int print_list(const struct work *w)
{
    struct arena *a = &w->context->arena;
    struct sr_session *listed = arena_alloc(a, (w->wanted_count + 1) * sizeof *listed);
    struct sr_snapshot picked = *w->snapshot;
    struct buf out = {0};
    picked.sessions = listed;
    picked.session_count = 0;
    for (size_t i = 0; i < w->wanted_count; i++) {
        if (w->wanted[i].stray || w->wanted[i].is_from_memory) /* has been told */
            continue;
        listed[picked.session_count] = *w->wanted[i].session;
        if (w->wanted[i].candidate)
            listed[picked.session_count].session_id = w->wanted[i].candidate;
        picked.session_count++;
    }
    if (w->context->options->json)
        view_json_sessions(&out, &picked, w->snapshot->session_count - picked.session_count);
    else
        view_text_list(&out, listed, picked.session_count);
    int status = context_print(&out);
    return status == 0 && w->may_lack ? EXIT_ATTENTION : status;
}

static int export_found(struct work *w, struct selection *selection)
{
    struct context *c = w->context;
    w->closing.detected = named_count_running(w->snapshot);
    w->may_lack = selection->count == 0 && w->snapshot->may_lack_sessions;
    int status = choose(w, selection);
    if (status)
        return status;
    if (w->wanted_count == 0 && c->options->if_context >= 0)
        return c->options->json ? print_rows(w) : 0;
    if (w->wanted_count == 0 && !c->options->json)
        return say_none(w);
    if (c->options->list)
        return print_list(w);
    if (!context_answers(c, c->pending_dir))
        return EXIT_FAILED;
    return export_all(w);
}

int export_run(struct context *context)
{
    const struct options *o = context->options;
    struct work w = {.context = context};
    struct selection selection;
    struct sr_error error;
    if (selection_parse(&selection, &context->arena, o->which, o->which_count, &error) < 0)
        return context_fail(error.text, EXIT_USAGE);
    if (!context_has_folders(context))
        return EXIT_FAILED;
    selection_narrow(&selection, &context->look);
    context->look.looks_for_strays = selection.prefix_count > 0;
    if (o->all)
        context->look.stored_limit = context->look.gone_limit = SIZE_MAX;
    struct sr_snapshot *snapshot;
    if (!context_look(context, &snapshot))
        return EXIT_FAILED;
    sr_detect_hung_sessions(snapshot, o->timeout_minutes); /* the manifest tells of it */
    w.snapshot = snapshot;
    int status = export_found(&w, &selection);
    for (size_t i = 0; i < w.chosen_count; i++)
        backup_source_release(&(struct backup_source){.listing = w.wanted[i].listing});
    sr_snapshot_free(snapshot);
    return status;
}

static int check_options(const struct options *o, struct sr_error *error)
{
    if (o->list && (o->dry_run || o->if_context >= 0))
        return err_set(error, -EINVAL, "--list and %s do not go together",
                       o->dry_run ? "--dry-run" : "--if-context");
    if (o->all && o->which_count)
        return err_set(error, -EINVAL, "--all and '%s' do not go together", o->which[0]);
    return 0;
}

static int start(const struct options *options)
{
    return options->if_context >= 0 ? export_if_context(options) : context_run(options, export_run);
}

const struct command command_export = {
    .name = "export",
    .words = "[WHICH...]",
    ANY_NUMBER,
    .help = "lossless, verified copy of each session (none named: all active)",
    .rights = PRIVILEGE_TRACE,
    .options = (const char *const[]){"all", "dry-run", "from-memory", "if-context", "list", NULL},
    .start = start,
    .check = check_options,
};
