/*
 * stream_deltas: the pieces of streamed replies that memory holds, in any order,
 * and how much of a given text they cover.
 *
 *     struct stream_deltas reply = {0}, thinking = {0};
 *     stream_deltas_collect(runs, run_count, &arena, &reply, &thinking);
 *     size_t covered = stream_deltas_cover(&reply, text, &tiles);
 *     stream_deltas_release(&reply);
 */
#pragma once

#include "base/arena.h"
#include "base/memory_run.h"
#include "jsonl/js_string.h"

struct piece {
    struct js_string text; /* wide */
    struct piece *next;
};

enum { STREAM_DELTAS_BUCKETS = 1 << 14 };

struct stream_deltas {
    size_t count;                                 /* distinct pieces */
    struct piece *buckets[STREAM_DELTAS_BUCKETS]; /* by their last two units */
    uint32_t *steps; /* for each place in the text: pieces from there to its end, plus one */
    size_t step_capacity;
    size_t work; /* how many comparisons are still allowed */
};

/* Owner: the arena; stream_deltas_release. */
void stream_deltas_collect(const struct memory_run *runs, size_t run_count, struct arena *a,
                           struct stream_deltas *reply, struct stream_deltas *thinking);
void stream_deltas_release(struct stream_deltas *pieces);

/*
 * Covers a text with pieces, from its end towards its beginning, without gaps. Returns: how many
 * units at its end are covered; text.n: all. tiles: how many pieces were needed.
 */
size_t stream_deltas_cover(struct stream_deltas *pieces, struct js_string text, size_t *tiles);

/* Returns: how many units of a text are covered if gaps are allowed, by pieces of several units;
 * last_gap: the end of the last gap, 0: there is none. */
size_t stream_deltas_cover_in_parts(struct stream_deltas *pieces, struct js_string text,
                                    size_t *last_gap);
