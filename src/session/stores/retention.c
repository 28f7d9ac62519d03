#include "session/stores/retention.h"

#include "session/stores/watched.h"

enum { DAY_MS = 24 * 60 * 60 * 1000 };

static void find_in(const struct stores *stores, const struct store *store, struct wall now,
                    struct retention **items, size_t *count, size_t *capacity)
{
    struct agent_transcript *transcripts;
    size_t n;
    int64_t kept_ms;
    int64_t before_ms = (int64_t)RETENTION_DAYS_BEFORE * DAY_MS;
    if (!store->agent->home->read_settings)
        return; /* nothing is known that its client deletes */
    if (__builtin_mul_overflow(store->settings.days_kept, DAY_MS, &kept_ms))
        return; /* it deletes nothing, ever */
    if (before_ms > kept_ms / 2)
        before_ms = kept_ms / 2;
    store->agent->stored->list_all(&store->io, &transcripts, &n); /* those that can be seen */
    for (size_t i = 0; i < n; i++) {
        struct wall deleted_at;
        if (__builtin_add_overflow(transcripts[i].modified_at.ms, kept_ms, &deleted_at.ms))
            deleted_at.ms = INT64_MAX;
        if (transcripts[i].listed && transcripts[i].listed->danger)
            deleted_at = now; /* as soon as a client starts */
        if (deleted_at.ms - before_ms > now.ms)
            continue;
        *ARENA_PUSH(stores->arena, *items, *count, *capacity) =
            (struct retention){store, transcripts[i], deleted_at};
    }
}

void retention_find(const struct stores *stores, const struct sr_options *options, struct wall now,
                    struct retention **found, size_t *count)
{
    struct retention *items = NULL;
    size_t n = 0, capacity = 0;
    for (size_t i = 0; i < stores->count; i++) {
        const struct store *store = stores->items[i];
        if (!store->wanted || store->code < 0 || !watched_enter(options, store->io.path))
            continue;
        find_in(stores, store, now, &items, &n, &capacity);
        watched_leave(options);
    }
    *found = items;
    *count = n;
}
