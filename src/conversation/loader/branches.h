/*
 * branches: what a conversation left, and what a compaction summed up: the
 * messages that a walk did not reach.
 *
 * A branch is told by its last message. Of several that share a stem the newest
 * has it. Records of subagents are none.
 */
#pragma once

#include "base/arena.h"
#include "conversation/loader/graph.h"

struct branch {
    uint32_t end;         /* its last message */
    int64_t at_ms;        /* of that one */
    uint32_t fork;        /* the record that it hangs on; GRAPH_NONE: on nothing */
    size_t message_count; /* its own; records with one message id are one */
    bool is_summed_up;    /* it ended before the compaction that the walk begins with */
    bool holds_leaf;      /* it goes on where the walk ends */
};

struct branches {
    struct branch *items; /* the newest first */
    size_t count;
    uint32_t *of; /* of each node: the branch, plus one; 0: none */
};

/* After graph_link, or whatever the mending made of it. Owner: the arena. */
struct branches branches_find(const struct graph *g, const struct graph_walk *w, struct arena *a);
