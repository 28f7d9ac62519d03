#include "app/watch/jobs.h"

#include "agents/agent.h"
#include "app/watch/report.h"
#include "backup/backup.h"
#include "backup/backup_dir.h"
#include "backup/salvage_memory.h"
#include "backup/session_log.h"
#include "base/err.h"
#include "base/io/durable.h"
#include "session/stores/retention.h"
#include "session/stores/watched.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { BACKUP_PATIENCE_MS = 30000 };

static void tell_guard(void *context, const char *path)
{
    guard_enter(((struct context *)context)->guard, path);
}

static void take_over(struct context *c, struct guard *guard, const char *const *skipped,
                      size_t skipped_count)
{
    c->guard = guard;
    c->look.skipped_paths = skipped;
    c->look.skipped_path_count = skipped_count;
    c->look.entering = tell_guard;
    c->look.context = c;
}

/* ---- watching folders --------------------------------------------------------------------- */

struct watching {
    const struct watch_look *look;
    struct arena *arena;
    int code; /* the first failure */
};

static void note(struct watching *w, int code)
{
    if (code < 0 && code != -ENOENT && code != -ENOTDIR && code != -EACCES && w->code == 0)
        w->code = code;
}

/* The folder in which a config directory is to appear, or one above it. */
static void watch_above(struct watching *w, const char *path)
{
    char *above = arena_strdup(w->arena, path);
    for (char *slash; (slash = strrchr(above, '/'));) {
        slash[slash == above] = '\0';
        int r = notice_watch_names(w->look->notice, above);
        if (r != -ENOENT || slash == above) {
            note(w, r);
            return;
        }
    }
}

static void watch_store(struct watching *w, const char *path)
{
    struct problems problems = {.arena = w->arena};
    const struct sr_options *o = &w->look->context->look;
    if (!watched_enter(o, path))
        return;
    struct agent_store store = {
        .fd = fs_open_dir(AT_FDCWD, path), .path = path, .arena = w->arena, .problems = &problems};
    if (store.fd < 0)
        watch_above(w, path);
    for (size_t i = 0; store.fd >= 0 && agents[i]; i++) {
        const char *const *folders;
        size_t count;
        agent_list_watched(agents[i], &store, &folders, &count);
        for (size_t j = 0; j < count && w->code == 0; j++)
            note(w,
                 notice_watch(w->look->notice, arena_printf(w->arena, "%s/%s", path, folders[j])));
    }
    fs_close(&store.fd);
    watched_leave(o);
}

/* Before they are read, so that nothing falls between the two. Returns: why not, NULL: all are. */
static const char *watch_stores(const struct watch_look *look, struct arena *a)
{
    struct watching w = {look, a, 0};
    if (!look->notice)
        return NULL;
    for (size_t i = 0; i < look->store_count; i++)
        watch_store(&w, look->stores[i]);
    if (w.code == -ENOSPC)
        return "as many folders are watched as the system allows this user "
               "(fs.inotify.max_user_watches)";
    return w.code < 0 ? err_reason(w.code) : NULL;
}

/* ---- a look ------------------------------------------------------------------------------- */

static void add_expiring(struct snapshot *snap, const struct sr_options *options,
                         struct change_look *look)
{
    struct retention *found;
    size_t count;
    retention_find(&snap->stores, options, wall_now(), &found, &count);
    struct change_expiring *items = arena_alloc(&snap->arena, (count + 1) * sizeof *items);
    for (size_t i = 0; i < count; i++) {
        const char *folder = found[i].store->io.path;
        items[i] = (struct change_expiring){
            .session_id = found[i].transcript.session_id,
            .config_dir = folder,
            .transcript = arena_printf(&snap->arena, "%s/%s", folder, found[i].transcript.path),
            .size_bytes = found[i].transcript.size_bytes,
            .modified_at_ms = found[i].transcript.modified_at.ms,
            .deleted_at_ms = found[i].deleted_at.ms,
        };
    }
    look->has_expiring = true;
    look->expiring = items;
    look->expiring_count = count;
}

static void add_stores(struct snapshot *snap, struct report *r)
{
    const char **stores = arena_alloc(&snap->arena, (snap->stores.count + 1) * sizeof *stores);
    for (size_t i = 0; i < snap->stores.count; i++)
        if (snap->stores.items[i]->wanted && snap->stores.items[i]->code == 0)
            stores[r->store_count++] = snap->stores.items[i]->io.path;
    r->stores = stores;
}

static void add_problems(struct snapshot *snap, struct change_look *look)
{
    const char **lines = arena_alloc(&snap->arena, (snap->shown.problem_count + 1) * sizeof *lines);
    for (size_t i = 0; i < snap->shown.problem_count; i++)
        lines[i] = snap->shown.problems[i].text;
    look->problems = lines;
    look->problem_count = snap->shown.problem_count;
}

/* The registry entries that are there: one of a process that is gone was not removed by it. */
static void add_left(struct snapshot *snap, struct change_look *look)
{
    size_t count = 0, room = 1;
    for (size_t i = 0; i < snap->stores.count; i++)
        room += snap->stores.items[i]->registration_count;
    int64_t *left = arena_alloc(&snap->arena, room * sizeof *left);
    for (size_t i = 0; i < snap->stores.count; i++)
        for (size_t j = 0; j < snap->stores.items[i]->registration_count; j++)
            left[count++] = snap->stores.items[i]->registrations[j].pid;
    look->left = left;
    look->left_count = count;
}

static void say(int out, const struct buf *text)
{
    durable_write(out, text->p ? text->p : "", text->n);
}

void watch_look(struct guard *guard, int out, void *context)
{
    const struct watch_look *look = context;
    struct context *c = look->context;
    ARENA_RELEASE struct arena a = {0};
    struct sr_snapshot *snapshot = NULL;
    struct sr_error error;
    BUF_RELEASE struct buf text = {0};
    take_over(c, guard, look->skipped, look->skipped_count);
    struct report r = {.blind = watch_stores(look, &a)};
    const char *failure = error.text;
    int code = sr_detect_processes(&c->look, &snapshot, &error);
    if (code == 0) {
        struct snapshot *snap = snapshot_of(snapshot);
        sr_detect_hung_sessions(snapshot, c->options->timeout_minutes);
        r.look.sessions = snapshot->sessions;
        r.look.session_count = snapshot->session_count;
        if (look->has_expiring)
            add_expiring(snap, &c->look, &r.look);
        add_stores(snap, &r);
        add_problems(snap, &r.look);
        add_left(snap, &r.look);
    } else if (code != -ENOENT) { /* that a directory is still to appear is no problem */
        r.look.problems = &failure;
        r.look.problem_count = 1;
    }
    report_write(&r, &text);
    say(out, &text);
    sr_snapshot_free(snapshot);
}

/* ---- backups ------------------------------------------------------------------------------ */

struct backing_up {
    const struct watch_backups *asked;
    int out;
    struct context *context;
    struct sr_snapshot *snapshot;
    struct backup_run run;
    struct sr_export_options options;
};

static const struct sr_session *find(const struct backing_up *b, const struct change_backup *what)
{
    const struct sr_session *found = NULL;
    for (size_t i = 0; i < b->snapshot->session_count; i++) {
        const struct sr_session *s = &b->snapshot->sessions[i];
        if (!str_equals(s->session_id, what->session_id) || !s->part_count)
            continue;
        if (!found || str_equals(s->config_dir, what->config_dir))
            found = s;
    }
    return found;
}

static void say_result(const struct backing_up *b, size_t i, enum change_outcome outcome,
                       const char *backup, const char *error)
{
    struct change_result result = {outcome, backup, error};
    BUF_RELEASE struct buf line = {0};
    report_write_backup(i, &result, &line);
    say(b->out, &line);
}

static void log_export(const struct backing_up *b, const struct change_backup *what,
                       const struct sr_export *e)
{
    char name[SESSION_LOG_NAME_SIZE];
    struct sr_error error;
    struct session_log_row row = {what->session_id, e ? e->size_bytes : -1, "Exported", e != NULL};
    if (session_log_append(b->context->log_dir, wall_now(), &row, 1, name, &error) < 0)
        context_complain(error.text);
}

static void back_up(struct backing_up *b, size_t i)
{
    const struct change_backup *what = &b->asked->items[i];
    const struct sr_session *s = find(b, what);
    const char *pending_dir = b->context->pending_dir;
    struct backup_source source;
    struct salvage_memory salvage;
    struct sr_export e;
    struct sr_error error;
    if (!s) {
        say_result(b, i, CHANGE_GONE, NULL, NULL);
        return;
    }
    if (str_equals(what->why, "context") && backup_dir_is_recent(pending_dir, what->session_id)) {
        say_result(b, i, CHANGE_RECENT, NULL, NULL);
        return;
    }
    int r =
        backup_source_code(backup_source_of(b->snapshot, s, NULL, b->run.options, &source, &error));
    b->options.why = what->why;
    if (r == 0) {
        salvage_memory_take(b->snapshot, s, false, &salvage);
        source.salvage = &salvage;
        guard_enter(b->context->guard, s->parts[0].path);
        r = backup_take(&b->run, &source, &e, &error);
        guard_enter(b->context->guard, NULL);
        salvage_memory_release(&salvage);
    }
    if (r < 0) {
        log_export(b, what, NULL);
        say_result(b, i, CHANGE_FAILED, NULL, error.text);
        return;
    }
    if (e.outcome == SR_EXPORTED)
        log_export(b, what, &e);
    say_result(b, i, e.outcome == SR_EXPORTED ? CHANGE_MADE : CHANGE_UNCHANGED,
               arena_printf(&b->context->arena, "%s/%s" BACKUP_TRANSCRIPT, pending_dir, e.stem),
               NULL);
}

/* It moves on, wherever it is. */
static void make_step(void *context, int64_t done_bytes, int64_t total_bytes)
{
    struct backing_up *b = context;
    (void)done_bytes;
    (void)total_bytes;
    guard_enter(b->context->guard, b->context->pending_dir);
}

static void fail_all(const struct backing_up *b, const char *why)
{
    for (size_t i = 0; i < b->asked->count; i++)
        say_result(b, i, CHANGE_FAILED, NULL, why);
}

static int look_for_them(struct backing_up *b, struct sr_error *error)
{
    struct context *c = b->context;
    const char **ids = arena_alloc(&c->arena, (b->asked->count + 1) * sizeof *ids);
    for (size_t i = 0; i < b->asked->count; i++)
        ids[i] = b->asked->items[i].session_id;
    c->look.stored_prefixes = ids;
    c->look.stored_prefix_count = b->asked->count;
    c->look.stored_limit = SIZE_MAX;
    return sr_detect_processes(&c->look, &b->snapshot, error);
}

void watch_backups(struct guard *guard, int out, void *context)
{
    const struct watch_backups *asked = context;
    struct backing_up b = {.asked = asked, .out = out, .context = asked->context};
    struct context *c = b.context;
    struct sr_error error;
    take_over(c, guard, asked->skipped, asked->skipped_count);
    if (look_for_them(&b, &error) < 0) {
        fail_all(&b, error.text);
        return;
    }
    sr_detect_hung_sessions(b.snapshot, c->options->timeout_minutes); /* for the manifest */
    b.options = (struct sr_export_options){
        .pending_dir = c->pending_dir,
        .temporary_dir = c->temporary_dir,
        .lock_patience_ms = BACKUP_PATIENCE_MS,
        .progress = make_step,
        .context = &b,
    };
    bool answers = context_answers(c, c->pending_dir);
    if (!answers || backup_begin(&b.run, &b.options, &error) < 0) {
        fail_all(&b, answers ? error.text : "the pending directory does not answer");
        return;
    }
    for (size_t i = 0; i < asked->count; i++)
        back_up(&b, i);
    backup_end(&b.run);
    sr_snapshot_free(b.snapshot);
}
