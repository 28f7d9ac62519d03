/*
 * Which sessions a process has, and which it draws.
 *
 * Exact: the rollouts that it has open, and the locks of who writes them ("thread-writer-locks",
 * from 0.154 on, held from the session's start). What draws a session for the daemon has neither:
 * the daemon's own log ("logs_2.sqlite") says which of its connections asked for which session, and
 * the first thing that a client says on its connection, "thread/attachment/list", is logged within
 * 2 ms of the client's own "connected app-server" (0.169.0, 0.171.0).
 */
#include "agents/codex/codex.h"
#include "agents/store_files.h"
#include "base/err.h"
#include "base/io/database.h"
#include "base/io/fs.h"
#include "platform/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DELETED " (deleted)"
#define CONNECTION "connection_id=ConnectionId("
#define ASKED_ON "app_server.connection_id="

enum {
    ID_LENGTH = 36,
    CONNECT_MS = 100,
    STARTED_MS = 5000, /* a session is begun within so long of the connection; 0.1 to 0.6 s seen */
    HEAD_BYTES = 4096,
    LOG_PATIENCE_MS = 300, /* for one client; a listing has to be there at once */
};

/* ---- what it has open --------------------------------------------------------------------- */

struct one {
    struct agent_held held;
    bool is_child; /* another has started it for itself, and it is a part of that one */
};

struct found {
    struct one *items;
    size_t count, capacity;
};

static struct one *add(struct arena *a, struct found *found, struct sv id, enum sr_mapping by)
{
    for (size_t i = 0; i < found->count; i++)
        if (sv_equals(sv_of(found->items[i].held.session_id), id))
            return &found->items[i];
    struct one *one = ARENA_PUSH(a, found->items, found->count, found->capacity);
    *one = (struct one){.held = {.session_id = arena_strndup(a, id.p, id.n), .by = by}};
    return one;
}

/* Where it lies below the store; it must be there. Returns: FACT_UNKNOWN where that cannot be
 * looked at. */
static enum fact is_below(const struct agent_store *store, const char *target, const char *folder,
                          const char **path)
{
    struct stat st;
    enum fact is = FACT_NO;
    for (const char *at = target; (at = strstr(at, folder)); at++) {
        if (fstatat(store->fd, at + 1, &st, 0) == 0) {
            *path = at + 1;
            return FACT_YES;
        }
        if (errno != ENOENT && errno != ENOTDIR)
            is = FACT_UNKNOWN;
    }
    return is;
}

/* The name of a rollout of this store that was deleted while it is open. Returns: NULL: it is none.
 */
static const char *deleted_rollout(const struct agent_store *store, const char *target)
{
    struct stat own, its;
    size_t n = strlen(target) - (str_ends_with(target, DELETED) ? strlen(DELETED) : 0);
    const char *at = NULL, *next = target;
    while ((next = strstr(next, "/" CODEX_SESSIONS "/")))
        at = next++;
    if (!target[n] || !at || fstat(store->fd, &own) < 0 ||
        stat(arena_strndup(store->arena, target, (size_t)(at - target)), &its) < 0 ||
        own.st_dev != its.st_dev || own.st_ino != its.st_ino)
        return NULL;
    return arena_strndup(store->arena, at + 1, n - (size_t)(at + 1 - target));
}

static bool names_lock(const char *path, struct sv *id)
{
    const char *name = str_basename(path);
    *id = (struct sv){name, ID_LENGTH};
    return strlen(name) == ID_LENGTH + strlen(".lock") && str_ends_with(name, ".lock") &&
           str_is_uuid(*id);
}

/* Returns: FACT_UNKNOWN where it may be one, and cannot be told. */
static enum fact look_at(const struct agent_store *store, const struct proc *proc, pid_t pid,
                         const struct descriptor *d, struct found *found)
{
    struct sv id;
    const char *path = NULL, *parent;
    enum fact is_lock = is_below(store, d->target, "/" CODEX_LOCKS "/", &path);
    if (is_lock == FACT_YES && names_lock(path, &id)) {
        enum fact is_locked = descriptor_is_locked(proc, pid, d->fd);
        if (is_locked == FACT_YES)
            add(store->arena, found, id, SR_MAPPED_BY_LOCK);
        return is_locked;
    }
    enum fact is_rollout = is_below(store, d->target, "/" CODEX_SESSIONS "/", &path);
    if (is_rollout == FACT_NO && (path = deleted_rollout(store, d->target)))
        is_rollout = FACT_YES;
    if (is_rollout == FACT_YES && d->writes && codex_names_rollout(str_basename(path), &id)) {
        struct one *one = add(store->arena, found, id, SR_MAPPED_BY_DESCRIPTOR);
        one->held.by = SR_MAPPED_BY_DESCRIPTOR;
        one->is_child = codex_is_child(store, path, &parent) == FACT_YES;
    }
    return is_lock == FACT_UNKNOWN || is_rollout == FACT_UNKNOWN ? FACT_UNKNOWN : FACT_NO;
}

struct lookup codex_held(const struct agent_store *store, const struct proc *proc, pid_t pid,
                         struct agent_held **items, size_t *count)
{
    struct descriptor *open;
    struct found found = {0};
    size_t n = 0, kept = 0;
    bool is_unknown = false;
    const char *where = arena_printf(store->arena, "/proc/%d/fd", (int)pid);
    int r = descriptor_list(proc, pid, store->arena, &open, &n);
    *items = NULL;
    *count = 0;
    if (r == -ESRCH)
        return lookup_found();
    if (r < 0 && r != -EFBIG)
        return lookup_unknown(r, where);
    for (size_t i = 0; i < n; i++)
        if (open[i].kind == DESCRIPTOR_FILE &&
            look_at(store, proc, pid, &open[i], &found) == FACT_UNKNOWN)
            is_unknown = true;
    *items = arena_alloc(store->arena, (found.count + 1) * sizeof **items);
    for (size_t i = 0; i < found.count; i++)
        if (!found.items[i].is_child)
            (*items)[kept++] = found.items[i].held;
    *count = kept;
    return r < 0 || is_unknown ? lookup_unknown(r < 0 ? r : -EACCES, where) : lookup_found();
}

void codex_list_locks(const struct agent_store *store, const char *session_id,
                      struct agent_lock **items, size_t *count)
{
    struct stat st;
    const char *path = arena_printf(store->arena, CODEX_LOCKS "/%s.lock", session_id);
    if (fstatat(store->fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return;
    *items = arena_alloc(store->arena, sizeof **items);
    (*items)[(*count)++] = (struct agent_lock){.path = path};
}

/* ---- what it draws ------------------------------------------------------------------------ */

/* Of a process with that number, since it was started: when it last came to be connected. */
#define CONNECTED                                                                            \
    "SELECT ts, ts_nanos FROM logs WHERE thread_id IS NULL AND process_uuid GLOB ? AND "     \
    "target = 'codex_tui::app::startup' AND feedback_log_body GLOB 'connected app-server*' " \
    "AND ts >= ? ORDER BY ts DESC, ts_nanos DESC LIMIT 1"

#define ATTACHED                                                                               \
    "SELECT ts, ts_nanos, process_uuid, feedback_log_body FROM logs WHERE ts >= ? AND "        \
    "ts <= ? AND feedback_log_body GLOB 'app-server request: thread/attachment/list *' ORDER " \
    "BY ts, ts_nanos"

/* The newest session that was asked for on a connection. */
#define ASKED                                                                              \
    "SELECT thread_id FROM logs WHERE target = 'codex_core::shell_snapshot' AND "          \
    "thread_id IS NOT NULL AND process_uuid = ? AND feedback_log_body GLOB ? AND ts >= ? " \
    "ORDER BY ts DESC, ts_nanos DESC LIMIT 1"

/* The log keeps the last 1000 lines of a process, and as many of each session: those of how a
 * session was begun are there for longer than those of its connection. */
#define BEGUN                                                                                  \
    "SELECT ts, ts_nanos, process_uuid, feedback_log_body, thread_id FROM logs WHERE "         \
    "thread_id IS NOT NULL AND ts >= ? AND ts <= ? AND target = "                              \
    "'codex_core::shell_snapshot' AND feedback_log_body GLOB '*otel.name=\"thread/start\" *' " \
    "ORDER BY ts, ts_nanos"

struct daemon_connection {
    const char *process;
    long number;
};

static int64_t ms_of(struct rows *rows)
{
    return database_integer(rows, 0) * 1000 + database_integer(rows, 1) / 1000000;
}

static bool connected_at(struct database *db, const struct agent_store *store,
                         const struct agent_drawing *of, int64_t *at_ms)
{
    const char *pattern = arena_printf(store->arena, "pid:%d:*", (int)of->pid);
    struct rows *rows =
        database_rows(db, CONNECTED, "ti", sv_of(pattern), of->started_at.ms / 1000 - 1);
    bool found = database_next(rows);
    if (found)
        *at_ms = ms_of(rows);
    database_stop(rows);
    return found;
}

/* The one connection that spoke first just then. Returns: false, too, where several did. */
static bool connection_of(struct database *db, struct arena *a, int64_t at_ms,
                          struct daemon_connection *out)
{
    size_t count = 0;
    struct rows *rows = database_rows(db, ATTACHED, "ii", at_ms / 1000, at_ms / 1000 + 1);
    while (database_next(rows)) {
        struct sv body = database_text(rows, 3), process = database_text(rows, 2);
        int64_t after_ms = ms_of(rows) - at_ms;
        size_t at = sv_find(body, 0, SV(CONNECTION));
        if (after_ms < 0 || after_ms > CONNECT_MS || at == body.n)
            continue;
        if (count++ > 0)
            continue;
        struct sv rest = sv_slice(body, at + strlen(CONNECTION), body.n);
        out->process = arena_strndup(a, process.p, process.n);
        out->number = strtol(arena_strndup(a, rest.p, rest.n), NULL, 10);
    }
    database_stop(rows);
    return count == 1;
}

/* The directory of a session is another; also where nothing of it is written. */
static bool is_elsewhere(const struct agent_store *store, const char *session_id, const char *cwd)
{
    struct agent_transcript t;
    struct fs_file file;
    char bytes[HEAD_BYTES];
    if (codex_find(store, session_id, NULL, &t).state != LOOKUP_FOUND ||
        fs_open_file(store->fd, t.path, &file) < 0)
        return false;
    ssize_t n = fs_read_at(file.fd, bytes, sizeof bytes, 0);
    fs_close(&file.fd);
    struct sv head = {bytes, n > 0 ? (size_t)n : 0};
    const char *mark = arena_printf(store->arena, "\"cwd\":\"%s\"", cwd);
    return sv_find(head, 0, sv_of(mark)) == head.n;
}

/* By the one session that was begun just after, in the client's directory. */
static bool connection_by_session(struct database *db, const struct agent_store *store,
                                  const struct agent_drawing *of, int64_t at_ms,
                                  struct daemon_connection *out)
{
    struct arena *a = store->arena;
    size_t count = 0;
    struct rows *rows =
        database_rows(db, BEGUN, "ii", at_ms / 1000, (at_ms + STARTED_MS) / 1000 + 1);
    while (of->cwd && database_next(rows)) {
        struct sv process = database_text(rows, 2), body = database_text(rows, 3),
                  id = database_text(rows, 4);
        int64_t after_ms = ms_of(rows) - at_ms;
        size_t at = sv_find(body, 0, SV(ASKED_ON));
        if (after_ms < 0 || after_ms > STARTED_MS || at == body.n ||
            is_elsewhere(store, arena_strndup(a, id.p, id.n), of->cwd) || count++ > 0)
            continue;
        struct sv rest = sv_slice(body, at + strlen(ASKED_ON), body.n);
        out->process = arena_strndup(a, process.p, process.n);
        out->number = strtol(arena_strndup(a, rest.p, rest.n), NULL, 10);
    }
    database_stop(rows);
    return count == 1;
}

static struct lookup tell_unread(const struct agent_store *store, const char *path, int code,
                                 const char *why)
{
    problems_add(
        store->problems, path, code,
        arena_printf(store->arena, "which client draws which session cannot be read: %s", why));
    return lookup_unknown(code, path);
}

/* "logs_2.sqlite": the number is of the form of its tables, and the highest is written to. Returns:
 * NULL: there is none. */
static const char *newest_log(const struct agent_store *store, struct lookup *seen)
{
    struct fs_name *names;
    size_t count;
    long newest = -1;
    const char *log = NULL;
    *seen = store_list(store, ".", &names, &count);
    for (size_t i = 0; i < count; i++) {
        const char *name = names[i].name;
        char *end;
        if (!str_starts_with(name, "logs_") || name[5] < '0' || name[5] > '9')
            continue;
        long number = strtol(name + 5, &end, 10);
        if (str_equals(end, ".sqlite") && number > newest) {
            newest = number;
            log = name;
        }
    }
    return log;
}

struct lookup codex_drawn(const struct agent_store *store, const struct agent_drawing *of,
                          const char **session_id)
{
    struct daemon_connection c;
    int64_t at_ms;
    struct lookup listed;
    const char *log = newest_log(store, &listed);
    if (!log)
        return listed.state == LOOKUP_FOUND ? lookup_absent() : listed;
    const char *path = arena_printf(store->arena, "%s/%s", store->path, log);
    int r = store_look_at_database(store, log);
    if (r == -ENOENT)
        return lookup_absent();
    if (r < 0)
        return tell_unread(store, path, r, err_reason(r));
    struct database *db = database_open_foreign(path);
    database_limit(db, LOG_PATIENCE_MS);
    if (connected_at(db, store, of, &at_ms) && (connection_of(db, store->arena, at_ms, &c) ||
                                                connection_by_session(db, store, of, at_ms, &c))) {
        const char *pattern = arena_printf(store->arena, "*" ASKED_ON "%ld *", c.number);
        struct rows *rows =
            database_rows(db, ASKED, "tti", sv_of(c.process), sv_of(pattern), at_ms / 1000 - 1);
        struct sv id = {0};
        if (database_next(rows))
            id = database_text(rows, 0);
        if (str_is_uuid(id))
            *session_id = arena_strndup(store->arena, id.p, id.n);
        database_stop(rows);
    }
    r = database_code(db);
    struct lookup seen =
        r < 0 ? tell_unread(store, path, r == -EBADMSG ? -EIO : r, database_reason(db))
              : lookup_found();
    database_close(db);
    return seen;
}
