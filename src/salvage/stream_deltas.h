/*
 * pieces: the text of the events of a streamed reply, found in memory in
 * whatever order, and texts laid out with them.
 *
 *     struct pieces reply = {0}, thinking = {0};
 *     pieces_collect(runs, run_count, &arena, &reply, &thinking);
 *     size_t covered = pieces_cover(&reply, text, &tiles);
 *     pieces_release(&reply);
 */
#pragma once

#include "base/arena.h"
#include "base/memory_run.h"
#include "jsonl/js_string.h"

struct piece {
    struct units text; /* wide */
    struct piece *next;
};

enum { PIECES_BUCKETS = 1 << 14 };

struct pieces {
    size_t count;                          /* distinct ones */
    struct piece *buckets[PIECES_BUCKETS]; /* by their last two units */
    uint32_t *steps; /* of the text that is being laid out: tiles from its end, and one */
    size_t step_capacity;
    size_t work; /* comparisons that may still be made */
};

/* Owner: the arena; pieces_release. */
void pieces_collect(const struct memory_run *runs, size_t run_count, struct arena *a,
                    struct pieces *reply, struct pieces *thinking);
void pieces_release(struct pieces *pieces);

/*
 * Lays out a text with pieces, from its end towards its beginning. Returns: how many units at its
 * end are covered; text.n: all. tiles: how many pieces that took.
 */
size_t pieces_cover(struct pieces *pieces, struct units text, size_t *tiles);

/* Returns: how many units of a text are covered when gaps are allowed, by pieces of several units;
 * last_gap: the end of the last gap, 0: there is none. */
size_t pieces_cover_in_parts(struct pieces *pieces, struct units text, size_t *last_gap);
