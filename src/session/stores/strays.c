#include "session/stores/strays.h"

#include <string.h>
#include <sys/stat.h>

static const char *word(enum agent_stray_kind kind)
{
    static const char *const words[] = {
        [AGENT_STRAY_NAME] = "name",
        [AGENT_STRAY_DEEP] = "too-deep",
        [AGENT_STRAY_TOP] = "beside-the-folders",
    };
    return words[kind];
}

/* The folder of the directory that its records name, the last of them. */
static const char *folder_by_records(const struct store *store,
                                     const struct agent_transcript *transcript)
{
    struct tail_result tail;
    struct head head;
    const char *cwd = NULL;
    if (activity_read_tail(store, transcript, &tail) == 0)
        cwd = tail.relocated_to;
    if (!cwd && activity_read_head(store, transcript, &head) == 0 && head.cwd_count)
        cwd = head.cwds[0];
    return cwd ? agent_project_folder(store->agent, &store->io, cwd) : NULL;
}

static struct sr_stray show(struct snapshot *snap, const struct store *store,
                            const struct agent_stray *stray)
{
    struct arena *a = &snap->arena;
    const char *root = store->io.path, *name = str_basename(stray->path);
    struct agent_transcript found,
        transcript = {stray->session_id, stray->path, stray->size_bytes, .modified_at = {0}};
    struct sr_stray shown = {
        .session_id = stray->session_id,
        .path = arena_printf(a, "%s/%s", root, stray->path),
        .why = word(stray->kind),
        .size_bytes = stray->size_bytes,
        .home = {store->agent->name, root},
    };
    struct lookup seen = store->agent->stored->find(&store->io, stray->session_id, NULL, &found);
    if (seen.state == LOOKUP_FOUND)
        shown.found_by = arena_printf(a, "%s/%s", root, found.path);
    const char *folder = stray->folder ? stray->folder : folder_by_records(store, &transcript);
    if (folder && seen.state == LOOKUP_ABSENT)
        shown.belongs = arena_printf(a, "%s/%s/%s%s", root, folder, stray->session_id,
                                     store->agent->stored->suffix);
    const char *beside =
        arena_printf(a, "%.*s%s", (int)(name - stray->path), stray->path, stray->session_id);
    struct stat st;
    if (stray->kind != AGENT_STRAY_NAME && fstatat(store->io.fd, beside, &st, 0) == 0 &&
        S_ISDIR(st.st_mode))
        shown.beside = arena_printf(a, "%s/%s", root, beside);
    return shown;
}

/* Of one session there are few. */
static void count_rivals(struct sr_stray *strays, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++)
            strays[i].rivals +=
                i != j && strays[i].belongs && str_equals(strays[i].belongs, strays[j].belongs);
}

void strays_find(struct snapshot *snap)
{
    size_t count = 0, capacity = 0;
    struct sr_stray *all = NULL;
    for (size_t i = 0; i < snap->stores.count; i++) {
        const struct store *store = snap->stores.items[i];
        struct agent_stray *strays;
        size_t n;
        if (!store->wanted || store->code < 0 || !stores_enter(&snap->stores, store->io.path))
            continue;
        /* a folder that cannot be listed is a problem of the listing that went before */
        struct agent_store io = store->io;
        struct problems quiet = {.arena = &snap->arena};
        io.problems = &quiet;
        agent_list_strays(store->agent, &io, &strays, &n);
        for (size_t j = 0; j < n; j++)
            *ARENA_PUSH(&snap->arena, all, count, capacity) = show(snap, store, &strays[j]);
        stores_leave(&snap->stores);
    }
    count_rivals(all, count);
    snap->shown.strays = all;
    snap->shown.stray_count = count;
}
