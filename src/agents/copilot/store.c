/* The sessions in a store of Copilot's: a folder each, called by the id. */
#include "agents/copilot/copilot.h"
#include "agents/row_lines.h"
#include "agents/store_files.h"
#include "platform/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* One folder, whatever the directory. */
const char *copilot_project_folder(struct arena *a, const char *cwd)
{
    (void)a;
    (void)cwd;
    return COPILOT_TOP;
}

bool copilot_split(struct arena *a, const char *path, const char **store, const char **below)
{
    static const char top[] = "/" COPILOT_TOP "/";
    enum { ID = 36 };
    size_t n = strlen(path), tail = strlen(top) + ID + strlen(COPILOT_EVENTS);
    if (n <= tail || !str_ends_with(path, COPILOT_EVENTS) ||
        strncmp(path + n - tail, top, strlen(top)) != 0 ||
        !str_is_uuid((struct sv){path + n - strlen(COPILOT_EVENTS) - ID, ID}))
        return false;
    *store = arena_strndup(a, path, n - tail);
    *below = path + n - tail + 1;
    return true;
}

/* Absent too: a session in which nothing was said yet. */
struct lookup copilot_find(const struct agent_store *store, const char *session_id, const char *cwd,
                           struct agent_transcript *out)
{
    struct agent_transcript found = {.session_id = session_id};
    (void)cwd;
    struct lookup seen = store_look_at(
        store, arena_printf(store->arena, COPILOT_TOP "/%s" COPILOT_EVENTS, session_id), &found);
    if (seen.state == LOOKUP_FOUND)
        *out = found;
    return seen;
}

/* The ids of all sessions that have a folder. */
static struct lookup list_ids(const struct agent_store *store, const char ***ids, size_t *count)
{
    struct fs_name *names;
    size_t name_count, n = 0;
    struct lookup seen = store_list(store, COPILOT_TOP, &names, &name_count);
    const char **all = arena_alloc(store->arena, (name_count + 1) * sizeof *all);
    for (size_t i = 0; i < name_count; i++)
        if (names[i].may_be_dir && str_is_uuid(sv_of(names[i].name)))
            all[n++] = names[i].name;
    *ids = all;
    *count = n;
    return seen;
}

struct lookup copilot_list_all(const struct agent_store *store,
                               struct agent_transcript **transcripts, size_t *count)
{
    const char **ids;
    size_t id_count, n = 0;
    struct lookup seen = list_ids(store, &ids, &id_count);
    struct agent_transcript *all = arena_alloc(store->arena, (id_count + 1) * sizeof *all);
    for (size_t i = 0; i < id_count; i++) {
        struct lookup one = copilot_find(store, ids[i], NULL, &all[n]);
        n += one.state == LOOKUP_FOUND;
        store_join(&seen, one);
    }
    *transcripts = all;
    *count = n;
    return seen;
}

struct lookup copilot_list_folder(const struct agent_store *store, const char *folder,
                                  struct agent_transcript **transcripts, size_t *count)
{
    (void)folder;
    return copilot_list_all(store, transcripts, count);
}

/* A folder that cannot be listed is named by whoever reads it. */
void copilot_list_watched(const struct agent_store *store, const char *const **folders,
                          size_t *count)
{
    const char **ids;
    size_t id_count;
    list_ids(store, &ids, &id_count);
    const char **all = arena_alloc(store->arena, (id_count + 1) * sizeof *all);
    all[0] = COPILOT_TOP;
    for (size_t i = 0; i < id_count; i++)
        all[i + 1] = arena_printf(store->arena, COPILOT_TOP "/%s", ids[i]);
    *folders = all;
    *count = id_count + 1;
}

/* ---- who has them ------------------------------------------------------------------------- */

/* ".../session-state/<id>/inuse.<pid>.hold". Its folder is the store's by what the name leads to.
 */
static bool is_hold(const struct agent_store *store, const char *target, struct sv *id)
{
    enum { ID = 36 };
    static const char top[] = "/" COPILOT_TOP "/";
    const char *name = str_basename(target), *pid = name + strlen("inuse.");
    size_t n = (size_t)(name - target), before = strlen(top) + ID + 1;
    if (!str_starts_with(name, "inuse.") || !str_ends_with(name, ".hold") || n < before ||
        strspn(pid, "0123456789") != strlen(pid) - strlen(".hold"))
        return false;
    *id = (struct sv){name - 1 - ID, ID};
    struct stat st;
    return strncmp(target + n - before, top, strlen(top)) == 0 && str_is_uuid(*id) &&
           fstatat(store->fd, target + n - before + 1, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/*
 * 1.0.32 holds no file open: it leaves "inuse.<pid>.lock" in the folder of the session that it has,
 * and takes it away when it goes on to another. One that was killed leaves it behind: of a process
 * of that number that began later it says nothing, nor does one beside a ".hold" of newer versions.
 */
static struct lookup named_by_lock(const struct agent_store *store, const struct proc *proc,
                                   pid_t pid, struct agent_held *out, size_t *count)
{
    const char **ids;
    size_t id_count;
    struct proc_stat process;
    struct wall newest = {0};
    int r = proc_read_stat(proc, pid, &process);
    *count = 0;
    if (r < 0)
        return r == -ESRCH ? lookup_found() : lookup_unknown(r, "stat");
    struct wall started = proc_start_time(proc, process.start_ticks);
    struct lookup seen = list_ids(store, &ids, &id_count);
    for (size_t i = 0; i < id_count; i++) {
        struct stat lock, hold;
        const char *name = arena_printf(store->arena, COPILOT_TOP "/%s/inuse.%d", ids[i], (int)pid);
        const char *of_lock = arena_printf(store->arena, "%s.lock", name);
        if (fstatat(store->fd, of_lock, &lock, AT_SYMLINK_NOFOLLOW) < 0 ||
            fstatat(store->fd, arena_printf(store->arena, "%s.hold", name), &hold,
                    AT_SYMLINK_NOFOLLOW) == 0)
            continue;
        struct wall at = {lock.st_mtim.tv_sec * 1000 + lock.st_mtim.tv_nsec / 1000000};
        if (!S_ISREG(lock.st_mode) || at.ms < started.ms || at.ms < newest.ms)
            continue;
        newest = at;
        *out =
            (struct agent_held){.session_id = ids[i], .by = SR_MAPPED_BY_LOCK, .is_likely = true};
        *count = 1;
    }
    return seen.state == LOOKUP_ABSENT ? lookup_found() : seen;
}

struct lookup copilot_held(const struct agent_store *store, const struct proc *proc, pid_t pid,
                           struct agent_held **items, size_t *count)
{
    struct descriptor *all;
    size_t n = 0, kept = 0;
    const char *where = arena_printf(store->arena, "/proc/%d/fd", (int)pid);
    int r = descriptor_list(proc, pid, store->arena, &all, &n);
    *count = 0;
    if (r < 0 && r != -EFBIG)
        return r == -ESRCH ? lookup_found() : lookup_of(r, where);
    struct lookup seen = r < 0 ? lookup_unknown(r, where) : lookup_found();
    struct agent_held *held = arena_alloc(store->arena, (n + 1) * sizeof *held);
    for (size_t i = 0; i < n; i++) {
        struct sv id;
        if (all[i].kind != DESCRIPTOR_FILE || !is_hold(store, all[i].target, &id))
            continue;
        enum fact is_locked = descriptor_is_locked(proc, pid, all[i].fd);
        if (is_locked == FACT_YES)
            held[kept++] = (struct agent_held){
                .session_id = arena_strndup(store->arena, id.p, id.n), .by = SR_MAPPED_BY_LOCK};
        else if (is_locked == FACT_UNKNOWN)
            seen = lookup_unknown(-EACCES, where);
    }
    if (kept == 0 && seen.state == LOOKUP_FOUND)
        seen = named_by_lock(store, proc, pid, held, &kept);
    *items = held;
    *count = kept;
    return seen;
}

/* "inuse.<pid>.lock", "inuse.<pid>.hold" */
static int64_t named_pid(const char *name)
{
    static const char before[] = "inuse.";
    char *end;
    size_t n = strlen(before);
    if (!str_starts_with(name, before) || name[n] < '1' || name[n] > '9')
        return 0;
    long pid = strtol(name + n, &end, 10);
    return pid <= INT_MAX && (str_equals(end, ".lock") || str_equals(end, ".hold")) ? pid : 0;
}

void copilot_list_locks(const struct agent_store *store, const char *session_id,
                        struct agent_lock **items, size_t *count)
{
    struct fs_name *names;
    size_t name_count;
    const char *folder = arena_printf(store->arena, COPILOT_TOP "/%s", session_id);
    store_list(store, folder, &names, &name_count);
    *items = arena_alloc(store->arena, (name_count + 1) * sizeof **items);
    for (size_t i = 0; i < name_count; i++) {
        struct stat st;
        struct agent_lock lock = {
            .path = arena_printf(store->arena, "%s/%s", folder, names[i].name),
            .pid = named_pid(names[i].name),
        };
        if (!lock.pid || fstatat(store->fd, lock.path, &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        lock.at = (struct wall){st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000};
        (*items)[(*count)++] = lock;
    }
}

/* ---- a backup ----------------------------------------------------------------------------- */

static const char *why_not(const char *path)
{
    return str_starts_with(str_basename(path), "inuse.") ? "of the process that has the session"
                                                         : NULL;
}

/* Its full text is that of turns once more. */
static const struct row_table tables[] = {
    {"sessions", "SELECT * FROM sessions WHERE id = ?", {"id"}},
    {"turns", "SELECT * FROM turns WHERE session_id = ? ORDER BY turn_index", {"id"}},
    {"checkpoints", "SELECT * FROM checkpoints WHERE session_id = ? ORDER BY id", {"id"}},
    {"session_files", "SELECT * FROM session_files WHERE session_id = ? ORDER BY id", {"id"}},
    {"session_refs", "SELECT * FROM session_refs WHERE session_id = ? ORDER BY id", {"id"}},
    {"assistant_usage_events",
     "SELECT * FROM assistant_usage_events WHERE session_id = ? ORDER BY id",
     {"id"}},
};

static int write_index(const struct agent_store *store, const struct agent_transcript *of,
                       enum agent_extent extent, agent_sink *sink, void *context)
{
    (void)extent;
    return row_lines_write(store, of, tables, sizeof tables / sizeof *tables, sink, context);
}

void copilot_list_files(const struct agent_store *store, const struct agent_transcript *of,
                        const char *temporary, struct agent_listings *listings,
                        struct agent_files *out)
{
    (void)temporary;
    (void)listings;
    *out = (struct agent_files){.arena = store->arena, .outside = -1};
    if (of->path)
        store_add_file(store, of->path, AGENT_FILE_TRANSCRIPT, out);
    store_add_tree(store, arena_printf(store->arena, COPILOT_TOP "/%s", of->session_id),
                   AGENT_FILE_OWN, why_not, out);
    if (of->path)
        row_lines_list(store, COPILOT_INDEX, of->session_id, write_index, out);
}

/* "session-state/OLD/files/x" */
const char *copilot_renamed(struct arena *a, const char *name, const char *old_id,
                            const char *new_id, const char *project_folder)
{
    const char *own = arena_printf(a, COPILOT_TOP "/%s/", old_id);
    (void)project_folder;
    return str_starts_with(name, own)
               ? arena_printf(a, COPILOT_TOP "/%s/%s", new_id, name + strlen(own))
               : name;
}
