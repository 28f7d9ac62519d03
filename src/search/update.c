#include "search/update.h"

#include "base/io/fs.h"
#include "search/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file that is to be read. */
struct todo {
    const struct source *source;
    struct index_file known;
};

int64_t *update_roots(struct index *ix, struct sources *sources)
{
    int64_t *roots = arena_alloc(&sources->arena, (sources->root_count + 1) * sizeof *roots);
    for (size_t i = 0; i < sources->root_count; i++)
        roots[i] = index_root(ix, sources->roots[i].path);
    return roots;
}

static void complain(struct update *u, const struct source *source, int code)
{
    const char *path = arena_printf(&u->sources->arena, "%s/%s",
                                    u->sources->roots[source->root].path, source->path);
    problems_add(&u->sources->problems, path, code, NULL);
}

/* What is not as the index knows it. */
static size_t look(struct update *u, const int64_t *roots, struct todo *todo)
{
    size_t count = 0;
    for (size_t i = 0; i < u->sources->count; i++) {
        const struct source *source = &u->sources->items[i];
        struct index_file known = {0};
        struct fs_file seen;
        if (sources_see(u->sources, source, &seen) < 0)
            continue; /* it has just gone: forgotten at the next update */
        if (index_find_file(u->ix, roots[source->root], source->path, &known) &&
            feed_is_known(&known, &seen))
            continue;
        u->total_bytes += seen.size_bytes < 0                  ? 0
                          : seen.size_bytes > known.read_bytes ? seen.size_bytes - known.read_bytes
                                                               : seen.size_bytes;
        todo[count++] = (struct todo){source, known};
    }
    return count;
}

static void count_bytes(void *context, int64_t bytes)
{
    struct update *u = context;
    u->done_bytes += bytes;
    if (u->done_bytes > u->total_bytes) /* it grew meanwhile */
        u->total_bytes = u->done_bytes;
    if (u->progress)
        u->progress(u->context, u->done_bytes, u->total_bytes);
}

static void read_one(struct update *u, const int64_t *roots, struct todo *todo)
{
    const struct source *source = todo->source;
    struct feed feed = {
        .ix = u->ix,
        .reader = source->agent->reader,
        .root = roots[source->root],
        .path = source->path,
        .session_id = source->session_id,
        .progress = count_bytes,
        .context = u,
    };
    struct fs_file file;
    int r = sources_open(u->sources, source, &file);
    if (r == -ENOENT)
        return;
    if (r < 0) {
        complain(u, source, r);
        return;
    }
    r = feed_file(&feed, &file, &todo->known);
    close(file.fd);
    if (r < 0)
        complain(u, source, r);
}

/* What the index knows below a root, and is not among the sources. */
static void forget_vanished(struct update *u, size_t place, int64_t root)
{
    ARENA_RELEASE struct arena a = {0};
    struct index_known *known;
    size_t known_count, count = 0;
    const char **paths = arena_alloc(&a, (u->sources->count + 1) * sizeof *paths);
    index_list_files(u->ix, root, &a, &known, &known_count);
    for (size_t i = 0; i < u->sources->count; i++)
        if (u->sources->items[i].root == place)
            paths[count++] = u->sources->items[i].path;
    if (count)
        qsort(paths, count, sizeof *paths, str_compare);
    for (size_t i = 0; i < known_count; i++)
        if (!count || !bsearch(&known[i].path, paths, count, sizeof *paths, str_compare))
            index_forget_file(u->ix, known[i].id);
}

/* Roots of processes with mounts of their own ("/proc/4711/root/...") end with the process. */
static void forget_ended(struct update *u)
{
    ARENA_RELEASE struct arena a = {0};
    struct index_known *roots;
    size_t count;
    index_list_roots(u->ix, &a, &roots, &count);
    for (size_t i = 0; i < count; i++) {
        struct stat st;
        if (!str_starts_with(roots[i].path, "/proc/") || stat(roots[i].path, &st) == 0 ||
            errno != ENOENT)
            continue;
        struct index_known *files;
        size_t file_count;
        index_list_files(u->ix, roots[i].id, &a, &files, &file_count);
        for (size_t j = 0; j < file_count; j++)
            index_forget_file(u->ix, files[j].id);
    }
}

int update_run(struct update *u, const int64_t *roots, struct sr_error *error)
{
    struct todo *todo = mem_resize(NULL, (u->sources->count + 1) * sizeof *todo);
    size_t count = look(u, roots, todo);
    index_begin(u->ix);
    for (size_t i = 0; i < count && index_code(u->ix, NULL) == 0; i++)
        read_one(u, roots, &todo[i]);
    /* After the reading: what has moved stands in both places for a moment, and stays known. */
    for (size_t i = 0; i < u->sources->root_count; i++)
        if (!u->sources->roots[i].is_incomplete)
            forget_vanished(u, i, roots[i]);
    forget_ended(u);
    index_commit(u->ix);
    free(todo);
    return index_code(u->ix, error);
}
