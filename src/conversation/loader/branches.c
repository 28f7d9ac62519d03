#include "conversation/loader/branches.h"

#include <stdlib.h>

static bool is_left(const struct graph *g, const struct graph_walk *w, uint32_t node)
{
    return graph_is_in_play(g, node) && w->marks[node] == GRAPH_UNREACHED &&
           g->nodes[node].role != GRAPH_PROGRESS;
}

/* What is shown alone is none: it is no newer end than what is sent. */
static bool is_message(const struct graph *g, uint32_t node)
{
    return g->nodes[node].role >= GRAPH_USER && !g->nodes[node].is_virtual;
}

/* The messages that no other hangs on. */
static void find_ends(const struct graph *g, const struct graph_walk *w, struct arena *a,
                      struct branches *b)
{
    bool *has_message_below = arena_alloc(a, (g->count + 1) * sizeof *has_message_below);
    size_t left = 0;
    for (uint32_t i = 0; i < g->count; i++) {
        if (!is_left(g, w, i) || !is_message(g, i))
            continue;
        left++;
        uint32_t up = graph_parent(g, i);
        for (size_t n = 0; up != GRAPH_NONE && !has_message_below[up] && n < g->count; n++) {
            has_message_below[up] = true;
            up = is_message(g, up) ? GRAPH_NONE : graph_parent(g, up);
        }
    }
    b->items = arena_alloc(a, (left + 1) * sizeof *b->items);
    for (uint32_t i = 0; i < g->count; i++)
        if (is_left(g, w, i) && is_message(g, i) && !has_message_below[i])
            b->items[b->count++] = (struct branch){.end = i, .at_ms = g->nodes[i].at_ms};
}

static int compare_newest_first(const void *a, const void *b)
{
    const struct branch *x = a, *y = b;
    if (x->at_ms != y->at_ms)
        return x->at_ms > y->at_ms ? -1 : 1;
    return (x->end < y->end) - (x->end > y->end);
}

/* The last compaction on the way. */
static uint32_t boundary_of(const struct graph *g, const struct graph_walk *w)
{
    for (size_t i = w->count; i-- > 0;)
        if (g->nodes[w->order[i]].role == GRAPH_BOUNDARY)
            return w->order[i];
    return GRAPH_NONE;
}

/* Whether a record that a branch hangs on is the end of the way, or stands behind it there. */
static bool is_at_leaf(const struct graph *g, const struct graph_walk *w, uint32_t node)
{
    for (size_t n = 0; n < g->count && node != GRAPH_NONE && w->marks[node] == GRAPH_BESIDE &&
                       g->nodes[node].role < GRAPH_USER;
         n++)
        node = graph_parent(g, node);
    return node != GRAPH_NONE && node == w->leaf;
}

struct branches branches_find(const struct graph *g, const struct graph_walk *w, struct arena *a)
{
    struct branches b = {.of = arena_alloc(a, (g->count + 1) * sizeof *b.of)};
    uint32_t boundary = boundary_of(g, w);
    find_ends(g, w, a, &b);
    if (b.count)
        qsort(b.items, b.count, sizeof *b.items, compare_newest_first);
    for (size_t i = 0; i < b.count; i++) {
        struct branch *branch = &b.items[i];
        uint32_t node = branch->end;
        for (; node != GRAPH_NONE && w->marks[node] == GRAPH_UNREACHED && !b.of[node];
             node = graph_parent(g, node)) {
            b.of[node] = (uint32_t)i + 1;
            branch->message_count += graph_begins_message(g, w, node);
        }
        branch->fork = node;
        branch->is_summed_up = boundary != GRAPH_NONE && branch->at_ms <= g->nodes[boundary].at_ms;
        branch->holds_leaf = is_at_leaf(g, w, node);
    }
    return b;
}
