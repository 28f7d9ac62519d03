#include "session/stored.h"

#include <stdlib.h>
#include <string.h>

/* A transcript, and the store it is in: what is sorted before anything is read. */
struct item {
    struct store *store;
    struct agent_transcript transcript;
};

static int newest_first(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    int64_t s = x->transcript.modified_at.ms, t = y->transcript.modified_at.ms;
    if (s != t)
        return s < t ? 1 : -1;
    return strcmp(x->transcript.path, y->transcript.path);
}

static bool is_held(const struct session *live, size_t count, const struct store *store,
                    const char *session_id)
{
    for (size_t i = 0; i < count; i++)
        if (live[i].store == store && str_equals(live[i].session_id, session_id))
            return true;
    return false;
}

static bool is_asked_for(const struct sr_options *options, const char *session_id)
{
    for (size_t i = 0; i < options->stored_prefix_count; i++)
        if (str_starts_with(session_id, options->stored_prefixes[i]))
            return true;
    return options->stored_prefix_count == 0;
}

static void list_store(const struct sr_options *options, struct store *store,
                       const struct session *live, size_t live_count, struct arena *a,
                       struct item **items, size_t *count, size_t *capacity)
{
    struct agent_transcript *transcripts;
    size_t n;
    store->agent->list_all(&store->io, &transcripts, &n); /* the store's problems say what is not in
                                                             it */
    for (size_t i = 0; i < n; i++) {
        if (!is_asked_for(options, transcripts[i].session_id) ||
            is_held(live, live_count, store, transcripts[i].session_id))
            continue;
        void *grown = *items;
        struct item *slot = arena_push(a, &grown, count, capacity, sizeof *slot);
        *items = grown;
        *slot = (struct item){store, transcripts[i]};
    }
}

size_t stored_find(const struct stores *stores, struct arena *a, size_t limit,
                   const struct session *live, size_t live_count, struct session **found,
                   size_t *found_count)
{
    struct item *items = NULL;
    size_t count = 0, capacity = 0;
    for (size_t i = 0; i < stores->count; i++) {
        struct store *store = stores->items[i];
        if (!store->wanted || store->code < 0 || !stores_enter(stores, store->io.path))
            continue;
        list_store(stores->options, store, live, live_count, a, &items, &count, &capacity);
        stores_leave(stores);
    }
    if (count)
        qsort(items, count, sizeof *items, newest_first);

    size_t shown = count < limit ? count : limit;
    struct session *sessions = arena_alloc(a, (shown + 1) * sizeof *sessions);
    for (size_t i = 0; i < shown; i++)
        sessions[i] = (struct session){
            .store = items[i].store,
            .session_id = items[i].transcript.session_id,
            .mapped_by = SR_MAPPED_BY_STORE,
            .certainty = SR_EXACT,
            .which = lookup_found(),
            .has_transcript = lookup_found(),
            .transcript = items[i].transcript,
        };
    *found = sessions;
    *found_count = shown;
    return count;
}
