#include "agents/store_files.h"

#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

enum {
    NAME_LIMIT = 1000000,
    DEPTH_LIMIT = 32,
};

static const char *shown(const struct agent_store *store, const char *path)
{
    return arena_printf(store->arena, "%s/%s", store->path, path);
}

/* Of a path below the store, what became of looking at it. */
static struct lookup seen_of(const struct agent_store *store, const char *path, int code)
{
    if (code == -ENOENT)
        code = fs_why_absent(store->fd, path);
    struct lookup seen = lookup_of(code, shown(store, path));
    if (seen.state == LOOKUP_UNKNOWN)
        problems_add(store->problems, seen.where, code, NULL);
    return seen;
}

void store_join(struct lookup *all, struct lookup one)
{
    if (one.state == LOOKUP_UNKNOWN && all->state != LOOKUP_UNKNOWN)
        *all = one;
}

struct lookup store_list(const struct agent_store *store, const char *folder,
                         struct fs_name **names, size_t *count)
{
    *names = NULL;
    *count = 0;
    int r = fs_list(store->fd, folder, NAME_LIMIT, store->arena, names, count);
    if (r < 0 && r != -EFBIG)
        *count = 0;
    return seen_of(store, folder, r);
}

struct lookup store_list_folders(const struct agent_store *store, const char *top,
                                 const char *begins, const char *const **folders, size_t *count)
{
    struct fs_name *names;
    size_t name_count, n = 0;
    struct lookup seen = store_list(store, top, &names, &name_count);
    const char **all = arena_alloc(store->arena, (name_count + 1) * sizeof *all);
    for (size_t i = 0; i < name_count; i++)
        if (names[i].may_be_dir && str_starts_with(names[i].name, begins))
            all[n++] = arena_printf(store->arena, "%s/%s", top, names[i].name);
    *folders = all;
    *count = n;
    return seen;
}

struct lookup store_look_at(const struct agent_store *store, const char *path,
                            struct agent_transcript *out)
{
    struct stat st;
    int r = fstatat(store->fd, path, &st, 0) < 0 ? -errno : 0;
    if (r == 0 && !S_ISREG(st.st_mode))
        r = S_ISDIR(st.st_mode) ? -EISDIR : -ENXIO;
    struct lookup seen = seen_of(store, path, r);
    if (seen.state != LOOKUP_FOUND)
        return seen;
    out->path = path;
    out->size_bytes = (int64_t)st.st_size;
    out->modified_at.ms = fs_file_of(&st).mtime_ms;
    return seen;
}

/* SQLite opens what stands beside a database. */
static int look_beside(const struct agent_store *store, const char *file)
{
    static const char *const ends[] = {"-journal", "-wal", "-shm"};
    struct stat st;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (fstatat(store->fd, arena_printf(store->arena, "%s%s", file, ends[i]), &st, 0) == 0 &&
            !S_ISREG(st.st_mode))
            return -ENXIO;
    return 0;
}

int store_look_at_database(const struct agent_store *store, const char *file)
{
    struct stat name, here, there;
    if (fstatat(store->fd, file, &here, 0) < 0)
        return errno == ENOENT ? fs_why_absent(store->fd, file) : -errno;
    if (!S_ISREG(here.st_mode))
        return S_ISDIR(here.st_mode) ? -EISDIR : -ENXIO;
    if (stat(shown(store, file), &there) < 0)
        return errno == ENOENT ? -EXDEV : -errno; /* it is here, below another root */
    if (fstatat(store->fd, file, &name, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    if (name.st_uid != here.st_uid || here.st_dev != there.st_dev || here.st_ino != there.st_ino)
        return -EXDEV;
    return look_beside(store, file);
}

/* ---- what a backup holds ------------------------------------------------------------------ */

struct walk {
    const struct agent_store *store;
    enum agent_file_kind kind;
    store_reason *why_not;
    struct agent_files *out;
    const char **known; /* of out, what lies in the tree */
    size_t known_count;
};

static void add(const struct walk *w, const char *path, const struct stat *st)
{
    *ARENA_PUSH(w->out->arena, w->out->items, w->out->count, w->out->capacity) =
        (struct agent_file){
            .kind = w->kind,
            .at = w->store->fd,
            .path = path,
            .name = path,
            .is_lines = str_ends_with(path, ".jsonl"),
            .seen = fs_file_of(st),
        };
}

static void leave_out(const struct walk *w, const char *path, const char *why, bool is_lost)
{
    agent_leave_out(w->out, shown(w->store, path), why, is_lost);
}

/* A walk meets each file once: only what stood in out before can be there already. */
static bool is_there_already(const struct walk *w, const char *path)
{
    for (size_t i = 0; i < w->known_count; i++)
        if (str_equals(w->known[i], path))
            return true;
    return false;
}

static void note_known(struct walk *w, const char *folder)
{
    struct arena *a = w->store->arena;
    const char *begins = arena_printf(a, "%s/", folder);
    w->known = arena_alloc(a, (w->out->count + 1) * sizeof *w->known);
    for (size_t i = 0; i < w->out->count; i++)
        if (w->out->items[i].at == w->store->fd && str_starts_with(w->out->items[i].path, begins))
            w->known[w->known_count++] = w->out->items[i].path;
}

static void add_tree(const struct walk *w, const char *folder, int depth);

static void add_any(const struct walk *w, const char *path, int depth)
{
    struct stat st;
    const char *target, *why = w->why_not ? w->why_not(path) : NULL;
    if (why) {
        leave_out(w, path, why, false);
    } else if (fstatat(w->store->fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0) {
        if (errno != ENOENT)
            leave_out(w, path, err_reason(-errno), true);
    } else if (S_ISDIR(st.st_mode)) {
        add_tree(w, path, depth);
    } else if (S_ISREG(st.st_mode)) {
        if (!is_there_already(w, path))
            add(w, path, &st);
    } else if (S_ISLNK(st.st_mode) &&
               fs_read_link(w->store->fd, path, w->store->arena, &target) == 0) {
        leave_out(w, path, arena_printf(w->store->arena, "symbolic link to %s", target), true);
    } else {
        leave_out(w, path, err_reason(-ENXIO), false);
    }
}

static void add_tree(const struct walk *w, const char *folder, int depth)
{
    struct fs_name *names;
    size_t count;
    int r = depth < DEPTH_LIMIT
                ? fs_list(w->store->fd, folder, NAME_LIMIT, w->store->arena, &names, &count)
                : -ELOOP;
    if (r < 0) {
        if (r != -ENOENT)
            leave_out(w, folder, err_reason(r), true);
        return;
    }
    for (size_t i = 0; i < count; i++)
        add_any(w, arena_printf(w->store->arena, "%s/%s", folder, names[i].name), depth + 1);
}

void store_add_file(const struct agent_store *store, const char *path, enum agent_file_kind kind,
                    struct agent_files *out)
{
    struct walk w = {.store = store, .kind = kind, .out = out};
    struct stat st = {0};
    fstatat(store->fd, path, &st, 0);
    add(&w, path, &st);
}

void store_add_tree(const struct agent_store *store, const char *folder, enum agent_file_kind kind,
                    store_reason *why_not, struct agent_files *out)
{
    struct walk w = {.store = store, .kind = kind, .why_not = why_not, .out = out};
    note_known(&w, folder);
    add_tree(&w, folder, 0);
}
