/*
 * branches: the messages that a walk did not reach: abandoned branches, and what
 * a compaction summed up.
 *
 * A branch is identified by its last message. Messages that several branches share
 * belong to the newest of them. Records of subagents belong to no branch.
 */
#pragma once

#include "base/arena.h"
#include "conversation/loader/graph.h"

struct branch {
    uint32_t end;         /* its last message */
    int64_t at_ms;        /* of that one */
    uint32_t fork;        /* the record at which it branches off; GRAPH_NONE: none */
    size_t message_count; /* its own; records with one message id are one message */
    bool is_summed_up;    /* it ended before the compaction with which the walk begins */
    bool holds_leaf;      /* it continues after the walk's last record */
};

struct branches {
    struct branch *items; /* newest first */
    size_t count;
    uint32_t *of; /* of each node: the branch, plus one; 0: none */
};

/* After graph_link, and after any repair of the graph. Owner: the arena. */
struct branches branches_find(const struct graph *g, const struct graph_walk *w, struct arena *a);
