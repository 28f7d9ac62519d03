#include "repair/id_clashes.h"

/* Whether words of a are lost where b counts: a record that was written once more, or anew with
 * more in it, or with its result as a text, is no other one. */
static bool is_another(const struct graph_node *a, const struct graph_node *b)
{
    if (a->role < GRAPH_USER && !a->is_sent)
        return false;
    bool is_user = a->role != GRAPH_ASSISTANT && b->role >= GRAPH_USER;
    bool is_alike = a->role == b->role || (is_user && b->role != GRAPH_ASSISTANT);
    if (!is_alike || a->is_sidechain != b->is_sidechain)
        return true;
    return a->role == GRAPH_ASSISTANT ? a->message != b->message : a->at_ms != b->at_ms;
}

/* Of two with one id a child hangs on the one that was said last before it; so, of several, on the
 * one that wins over each. */
static bool hangs_on_earlier(const struct graph *g, uint32_t child, uint32_t earlier,
                             uint32_t later)
{
    int64_t at_ms = g->nodes[child].at_ms, later_ms = g->nodes[later].at_ms;
    int64_t earlier_ms = g->nodes[earlier].at_ms;
    if (at_ms && later_ms && later_ms != earlier_ms)
        return earlier_ms < later_ms ? at_ms < later_ms : at_ms >= earlier_ms;
    return earlier < child && child < later;
}

/* Of each node: the last of the other records that had its id, in the order of the file, and the
 * one of them before that; GRAPH_NONE: none. */
struct namesakes {
    uint32_t *last, *before;
};

static struct namesakes no_namesakes(struct repair_steps *m)
{
    size_t size = (m->g->count + 1) * sizeof(uint32_t);
    struct namesakes n = {arena_alloc(m->arena, size), arena_alloc(m->arena, size)};
    for (size_t i = 0; i < m->g->count; i++)
        n.last[i] = n.before[i] = GRAPH_NONE;
    return n;
}

static void rename_node(struct repair_steps *m, struct namesakes *names, uint32_t node,
                        uint32_t later)
{
    struct graph *g = m->g;
    struct repair_plan_problem *p =
        repair_steps_add_node_problem(m, DAMAGE_ID_CLASH, DAMAGE_HURTS, node);
    p->detail = arena_printf(m->arena, "the one on line %u counts", g->nodes[later].line);
    p->is_guess = true;
    repair_steps_name(m, node);
    repair_steps_add_step(m, REPAIR_STEPS_NAME, DAMAGE_ID_CLASH, node, 0)->is_guess = true;
    names->before[node] = names->last[later];
    names->last[later] = node;
}

/* From the last record of an id to the one that was meant. */
static void hang_children(struct repair_steps *m, const struct namesakes *names)
{
    struct graph *g = m->g;
    for (uint32_t i = 0; i < g->count; i++) {
        const struct graph_node *child = &g->nodes[i];
        uint32_t later = child->lacks_parent ? GRAPH_NONE : child->parent;
        uint32_t meant = later;
        if (later == GRAPH_NONE || later == i || child->is_dropped)
            continue;
        for (uint32_t n = names->last[later]; n != GRAPH_NONE; n = names->before[n])
            if (n != i && hangs_on_earlier(g, i, n, meant))
                meant = n;
        if (meant == later)
            continue;
        graph_set_parent(g, i, meant);
        repair_steps_add_step(m, REPAIR_STEPS_RELINK, DAMAGE_ID_CLASH, i, 0)->is_guess = true;
    }
}

/* Its first copy: there the client holds a record. */
static uint32_t first_of(const struct graph *g, uint32_t node)
{
    if (!g->nodes[node].has_copy)
        return node;
    for (uint32_t i = 0; i < node; i++)
        if (g->nodes[i].id == g->nodes[node].id && !g->nodes[i].is_dropped)
            return i;
    return node;
}

/* Without a compaction that says what it kept nothing is forgotten. */
static bool has_keeping(const struct graph *g)
{
    for (size_t i = 0; i < g->compaction_count; i++)
        if (graph_is_in_play(g, g->compactions[i].boundary) &&
            (g->compactions[i].has_segment || graph_knows_pointers(g)))
            return true;
    return false;
}

/* The compaction before which all is forgotten; GRAPH_NONE: none. */
static uint32_t last_boundary(const struct graph *g)
{
    uint32_t boundary = GRAPH_NONE;
    if (!has_keeping(g))
        return GRAPH_NONE;
    for (uint32_t i = 0; i < g->count; i++)
        if (g->nodes[i].role == GRAPH_BOUNDARY && graph_is_in_play(g, i) &&
            (boundary == GRAPH_NONE || first_of(g, i) > first_of(g, boundary)))
            boundary = i;
    return boundary;
}

enum { BELOW_NO = 1, BELOW_YES = 2 };

/* Of each node: whether it hangs on that one. */
static unsigned char *find_below(struct repair_steps *m, uint32_t top)
{
    const struct graph *g = m->g;
    unsigned char *below = arena_alloc(m->arena, g->count + 1);
    uint32_t *way = arena_alloc(m->arena, (g->count + 1) * sizeof *way);
    below[top] = BELOW_YES;
    for (uint32_t i = 0; i < g->count; i++) {
        size_t n = 0;
        uint32_t node = i;
        for (; node != GRAPH_NONE && !below[node]; node = graph_parent(g, node)) {
            below[node] = BELOW_NO;
            way[n++] = node;
        }
        unsigned char found = node == GRAPH_NONE ? BELOW_NO : below[node];
        while (n > 0)
            below[way[--n]] = found;
    }
    return below;
}

static bool is_below(const struct graph *g, const unsigned char *below, uint64_t id)
{
    uint32_t node = graph_find(g, id);
    return node != GRAPH_NONE && below[node] == BELOW_YES;
}

static bool has_message_before(const struct graph *g, const unsigned char *below, uint32_t end)
{
    for (uint32_t i = 0; i < end; i++)
        if (below[i] == BELOW_YES && graph_is_in_play(g, i) && repair_steps_is_message(g, i))
            return true;
    return false;
}

/* A compaction that stands before the place `end` followed, or kept, what hangs on this one: that
 * it is the later one is proven so. The clock proves nothing: it may have been set back. */
static bool has_later_before(const struct repair_steps *m, const unsigned char *below, uint32_t end)
{
    const struct graph *g = m->g;
    for (size_t i = 0; i < m->v->spot_count; i++) {
        const struct transcript_scan_spot *spot = &m->v->spots[i];
        if (spot->kind == DAMAGE_BOUNDARY_PARENT_GONE && spot->node < end &&
            graph_is_in_play(g, spot->node) && is_below(g, below, (uint64_t)spot->number))
            return true;
    }
    for (size_t i = 0; i < g->compaction_count; i++)
        if (g->compactions[i].boundary < end && graph_is_in_play(g, g->compactions[i].boundary) &&
            is_below(g, below, g->compactions[i].tail))
            return true;
    for (size_t i = 0; i < g->preserved_count; i++)
        if (g->preserved[i].boundary < end && graph_is_in_play(g, g->preserved[i].boundary) &&
            is_below(g, below, g->preserved[i].id))
            return true;
    return false;
}

void id_clashes_move_boundary(struct repair_steps *m)
{
    uint32_t boundary = m->keeps_boundary ? GRAPH_NONE : last_boundary(m->g);
    if (boundary == GRAPH_NONE)
        return;
    const unsigned char *below = find_below(m, boundary);
    uint32_t end = first_of(m->g, boundary);
    m->plan->is_reordered = has_later_before(m, below, end);
    if (!m->plan->is_reordered && !has_message_before(m->g, below, end))
        return;
    repair_steps_add_node_problem(m, DAMAGE_LATE_BOUNDARY, DAMAGE_HURTS, boundary)->is_guess = true;
    repair_steps_add_step(m, REPAIR_STEPS_FRONT, DAMAGE_LATE_BOUNDARY, boundary, 0)->is_guess =
        true;
}

/*
 * What stands before a compaction that says what it kept is forgotten, and a record stands where
 * its first copy does: copies before it of what was said behind it go.
 */
static bool drop_before_compaction(struct repair_steps *m)
{
    struct graph *g = m->g;
    uint32_t boundary = last_boundary(g);
    bool has_dropped = false;
    if (boundary == GRAPH_NONE)
        return false;
    uint32_t first = first_of(g, boundary);
    for (uint32_t i = 0; i < first; i++) {
        if (!g->nodes[i].is_superseded || g->nodes[i].is_dropped)
            continue;
        uint32_t later = graph_find(g, g->nodes[i].id);
        if (later == GRAPH_NONE || later <= boundary || is_another(&g->nodes[i], &g->nodes[later]))
            continue; /* another record gets an id of its own */
        repair_steps_add_node_problem(m, DAMAGE_EARLY_COPY, DAMAGE_HURTS, i)->detail =
            arena_printf(m->arena, "it stands again on line %u", g->nodes[later].line);
        repair_steps_add_step(m, REPAIR_STEPS_DROP, DAMAGE_EARLY_COPY, i, 0);
        graph_drop(g, i);
        has_dropped = true;
    }
    return has_dropped;
}

void id_clashes_mend(struct repair_steps *m)
{
    struct graph *g = m->g;
    struct namesakes names = no_namesakes(m);
    bool has_changed = m->v->has_copies && drop_before_compaction(m);
    for (uint32_t i = 0; i < g->count && m->v->has_copies; i++) {
        if (!g->nodes[i].is_superseded || g->nodes[i].is_sidechain || g->nodes[i].is_dropped)
            continue;
        uint32_t later = graph_find(g, g->nodes[i].id);
        if (later == GRAPH_NONE || !is_another(&g->nodes[i], &g->nodes[later]))
            continue;
        rename_node(m, &names, i, later);
        has_changed = true;
    }
    hang_children(m, &names);
    if (has_changed)
        graph_settle(g);
}
