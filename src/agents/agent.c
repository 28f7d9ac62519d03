#include "agents/agent.h"

#include <stdlib.h>

#include <errno.h>
#include <sys/stat.h>

enum {
    NAME_LIMIT = 1000000,
    SETTLED_NS = 2000000000, /* a change within the same tick of the clock leaves no other time */
    REGISTRY_FRESH_NS = 1000000000,
};

struct agent_listing {
    struct arena arena;    /* of the names */
    struct fs_file folder; /* when it was listed */
    int64_t listed_ns;
    struct fs_name *names;
    size_t count;
};

const struct agent *const agents[] = {&agent_claude, NULL};

const struct agent *agent_by_name(const char *name)
{
    for (size_t i = 0; agents[i]; i++)
        if (str_equals(agents[i]->name, name))
            return agents[i];
    return NULL;
}

void agent_leave_out(struct agent_files *files, const char *path, const char *why, bool is_lost)
{
    void *items = files->left_out;
    struct agent_left_out *slot = arena_push(files->arena, &items, &files->left_out_count,
                                             &files->left_out_capacity, sizeof *slot);
    files->left_out = items;
    *slot = (struct agent_left_out){path, why, is_lost};
}

static bool is_current(const struct agent_listing *l, const struct fs_file *folder)
{
    return l->folder.mtime_ns == folder->mtime_ns && l->folder.ctime_ns == folder->ctime_ns &&
           l->folder.ctime_ns < l->listed_ns - SETTLED_NS;
}

int agent_list_folder(struct agent_listings *listings, int at, const char *path,
                      struct fs_name **names, size_t *count)
{
    struct stat st;
    if (fstatat(at, path, &st, 0) < 0)
        return -errno;
    struct fs_file folder = fs_file_of(&st);
    struct agent_listing *slot = NULL;
    for (size_t i = 0; i < listings->count && !slot; i++)
        if (listings->items[i].folder.inode == folder.inode &&
            listings->items[i].folder.device == folder.device)
            slot = &listings->items[i];
    if (!slot) {
        void *items = listings->items;
        slot = arena_push(&listings->arena, &items, &listings->count, &listings->capacity,
                          sizeof *slot);
        listings->items = items;
    }
    if (!is_current(slot, &folder)) {
        arena_release(&slot->arena);
        *slot = (struct agent_listing){.folder = folder, .listed_ns = wall_now().ms * 1000000};
        int r = fs_list(at, path, NAME_LIMIT, &slot->arena, &slot->names, &slot->count);
        if (r < 0) {
            slot->listed_ns = 0; /* of which nothing is current */
            return r;
        }
    }
    *names = slot->names;
    *count = slot->count;
    return 0;
}

struct lookup agent_list_registry(struct agent_listings *listings, const struct agent *agent,
                                  const struct agent_store *store,
                                  struct agent_registration **entries, size_t *count)
{
    struct awake now = awake_now();
    bool is_fresh = listings->registry_store && str_equals(listings->registry_store, store->path) &&
                    now.ns - listings->registry_at.ns < REGISTRY_FRESH_NS;
    if (!is_fresh) {
        listings->registry_of = *store;
        listings->registry_of.arena = &listings->registry_arena;
        arena_release(&listings->registry_arena);
        listings->registry_store = NULL;
        listings->registry_lookup = agent->read_registry(
            &listings->registry_of, &listings->registry, &listings->registry_count);
        listings->registry_store = arena_strdup(&listings->registry_arena, store->path);
        listings->registry_at = now;
    }
    *entries = listings->registry;
    *count = listings->registry_count;
    return listings->registry_lookup;
}

void agent_listings_release(struct agent_listings *listings)
{
    arena_release(&listings->registry_arena);
    for (size_t i = 0; i < listings->count; i++)
        arena_release(&listings->items[i].arena);
    arena_release(&listings->arena);
}

void agent_files_release(struct agent_files *files)
{
    fs_close(&files->outside);
    for (size_t i = 0; i < files->place_count; i++)
        fs_close(&files->places[i]);
    files->place_count = 0;
}

static int newest_first(const void *a, const void *b)
{
    const struct agent_transcript *x = a, *y = b;
    return (x->modified_at.ms < y->modified_at.ms) - (x->modified_at.ms > y->modified_at.ms);
}

void agent_sort_newest_first(struct agent_transcript *transcripts, size_t count)
{
    if (count)
        qsort(transcripts, count, sizeof *transcripts, newest_first);
}
