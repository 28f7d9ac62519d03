#include "repair/check_parents.h"

#include <stdlib.h>
#include <string.h>

/* The top of the chain above each node, as far as it was looked for. */
struct tops {
    uint32_t *jump;
    struct dated *by_time; /* NULL: not sorted yet */
    size_t dated_count;
    uint32_t *boundaries;  /* how many compactions stand before each node; NULL: not counted yet */
    uint32_t *compactions; /* the boundaries; NULL: not looked for yet */
    size_t compaction_count;
};

struct dated {
    int64_t at_ms;
    uint32_t node;
};

static uint32_t top_of(const struct graph *g, struct tops *t, uint32_t node)
{
    uint32_t top = node, parent;
    for (size_t i = 0; i <= g->count; i++) {
        if (t->jump[top] != GRAPH_NONE)
            top = t->jump[top];
        else if ((parent = graph_parent(g, top)) != GRAPH_NONE)
            top = parent;
        else
            break;
    }
    while (node != top) {
        uint32_t next = t->jump[node] != GRAPH_NONE ? t->jump[node] : graph_parent(g, node);
        t->jump[node] = top;
        node = next;
    }
    return top;
}

enum { WINDOW = 64 }; /* records of one flush, which need not be in order */

static bool may_be_parent(const struct graph *g, struct tops *t, uint32_t candidate, uint32_t child)
{
    return graph_is_in_play(g, candidate) && g->nodes[candidate].role != GRAPH_PROGRESS &&
           top_of(g, t, candidate) != child;
}

static int compare_dated(const void *a, const void *b)
{
    const struct dated *x = a, *y = b;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return (x->node > y->node) - (x->node < y->node);
}

static void sort_by_time(const struct graph *g, struct tops *t)
{
    t->by_time = mem_resize(NULL, (g->count + 1) * sizeof *t->by_time);
    for (uint32_t i = 0; i < g->count; i++)
        if (g->nodes[i].at_ms)
            t->by_time[t->dated_count++] = (struct dated){g->nodes[i].at_ms, i};
    qsort(t->by_time, t->dated_count, sizeof *t->by_time, compare_dated);
}

/* The newest record that is no younger than the child, or the end of what hangs on that one: a
 * flush need not be in order. */
static uint32_t find_by_time(const struct graph *g, struct tops *t, uint32_t child)
{
    if (!t->by_time)
        sort_by_time(g, t);
    size_t low = 0, high = t->dated_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->by_time[middle].at_ms <= g->nodes[child].at_ms)
            low = middle + 1;
        else
            high = middle;
    }
    size_t first = low > WINDOW ? low - WINDOW : 0;
    uint32_t found = GRAPH_NONE, next = GRAPH_NONE;
    for (size_t i = low; i-- > first && found == GRAPH_NONE;)
        if (t->by_time[i].node != child && may_be_parent(g, t, t->by_time[i].node, child))
            found = t->by_time[i].node;
    for (int steps = 0; found != GRAPH_NONE && steps < WINDOW; steps++, found = next) {
        next = GRAPH_NONE;
        for (size_t i = low; i-- > first && next == GRAPH_NONE;)
            if (graph_parent(g, t->by_time[i].node) == found &&
                may_be_parent(g, t, t->by_time[i].node, child))
                next = t->by_time[i].node;
        if (next == GRAPH_NONE)
            break;
    }
    return found;
}

/* Lines in another order than they were written in say nothing of what came before. */
static bool is_out_of_order(const struct graph *g, uint32_t before, uint32_t child)
{
    return g->nodes[child].at_ms &&
           (before == GRAPH_NONE ||
            g->nodes[before].at_ms > g->nodes[child].at_ms + GRAPH_BRIDGE_MS);
}

static void find_compactions(const struct graph *g, struct tops *t)
{
    t->compactions = mem_resize(NULL, (g->count + 1) * sizeof *t->compactions);
    for (uint32_t i = 0; i < g->count; i++)
        if (g->nodes[i].role == GRAPH_BOUNDARY && graph_is_in_play(g, i))
            t->compactions[t->compaction_count++] = i;
}

/* A compaction stands, by the clock, between a record that does not hang on it and the child. */
static bool is_summed_up(const struct graph *g, struct tops *t, uint32_t record, uint32_t child)
{
    if (!t->compactions)
        find_compactions(g, t);
    for (size_t i = 0; i < t->compaction_count && g->nodes[record].at_ms; i++) {
        int64_t at_ms = g->nodes[t->compactions[i]].at_ms;
        if (at_ms > g->nodes[record].at_ms && at_ms <= g->nodes[child].at_ms &&
            top_of(g, t, record) != t->compactions[i])
            return true;
    }
    return false;
}

/*
 * The record that was the last one before a gap: the nearest line before it; where that one has
 * children which were written before it, the newest end of what hangs on it. A compaction's
 * boundary is a record like others, so nothing is linked across one.
 */
static uint32_t find_parent(const struct graph *g, struct tops *t, uint32_t child)
{
    uint32_t found = GRAPH_NONE;
    for (uint32_t i = child; i-- > 0 && found == GRAPH_NONE;)
        if (may_be_parent(g, t, i, child))
            found = i;
    if (is_out_of_order(g, found, child) ||
        (found != GRAPH_NONE && is_summed_up(g, t, found, child))) {
        uint32_t older = find_by_time(g, t, child);
        if (older != GRAPH_NONE)
            return older;
    }
    uint32_t first = child > WINDOW ? child - WINDOW : 0;
    for (int steps = 0; found != GRAPH_NONE && steps < WINDOW; steps++) {
        uint32_t next = GRAPH_NONE;
        for (uint32_t i = first; i < child; i++)
            if (graph_parent(g, i) == found && may_be_parent(g, t, i, child) &&
                (next == GRAPH_NONE || g->nodes[i].at_ms >= g->nodes[next].at_ms))
                next = i;
        if (next == GRAPH_NONE)
            break;
        found = next;
    }
    return found;
}

/* What the client would bridge a gap by, where a circle is cut that it met elsewhere. */
static uint32_t find_just_before(const struct graph *g, struct tops *t, uint32_t child)
{
    uint32_t found = g->nodes[child].at_ms ? find_by_time(g, t, child) : GRAPH_NONE;
    return found != GRAPH_NONE && g->nodes[found].at_ms >= g->nodes[child].at_ms - GRAPH_BRIDGE_MS
               ? found
               : GRAPH_NONE;
}

/* What the client's own bridge by time does with it decides how bad it is. */
static enum damage_severity severity_of_gap(const struct repair_steps *m, uint32_t node)
{
    const struct graph_walk *w = &m->before;
    bool is_bridged = w->marks[node] == GRAPH_ON_CHAIN && w->stopped_at != node;
    return is_bridged || w->marks[node] == GRAPH_BESIDE ? DAMAGE_MILD : DAMAGE_HURTS;
}

static const char *consequence_of_gap(const struct repair_steps *m, uint32_t node)
{
    return severity_of_gap(m, node) != DAMAGE_MILD ? NULL
           : m->before.marks[node] == GRAPH_BESIDE ? "the client fetches it all the same"
                                                   : "the client bridges the gap by time";
}

/* What the client itself takes for the parent of a record; GRAPH_NONE: nothing. */
static uint32_t bridged_to(const struct repair_steps *m, uint32_t node)
{
    for (size_t i = 0; i < m->before.bridged; i++)
        if (m->before.bridges[i].node == node &&
            graph_is_in_play(m->g, m->before.bridges[i].parent))
            return m->before.bridges[i].parent;
    return GRAPH_NONE;
}

/*
 * The way from a parent leads back to its child: it is cut where a record on it hangs on one of a
 * later line that is younger by far. Returns: that record, to be linked anew; GRAPH_NONE: none is.
 */
static uint32_t cut_way(struct graph *g, struct tops *t, uint32_t parent, uint32_t child)
{
    for (uint32_t node = parent; node != child && node != GRAPH_NONE;
         node = graph_parent(g, node)) {
        uint32_t up = graph_parent(g, node);
        if (up == GRAPH_NONE || up < node || !g->nodes[node].at_ms ||
            g->nodes[up].at_ms <= g->nodes[node].at_ms + GRAPH_BRIDGE_MS)
            continue;
        graph_set_parent(g, node, GRAPH_NONE);
        for (size_t i = 0; i < g->count; i++)
            t->jump[i] = GRAPH_NONE;
        return node;
    }
    return GRAPH_NONE;
}

static void relink(struct repair_steps *m, struct tops *t, enum damage_kind kind, uint32_t node)
{
    struct graph *g = m->g;
    uint32_t parent = bridged_to(m, node);
    uint32_t cut = GRAPH_NONE;
    if (parent != GRAPH_NONE && top_of(g, t, parent) == node) {
        cut = cut_way(g, t, parent, node);
        parent = cut == GRAPH_NONE ? GRAPH_NONE : parent;
    }
    if (parent == GRAPH_NONE && kind == DAMAGE_CYCLE)
        parent = find_just_before(g, t, node);
    if (parent == GRAPH_NONE)
        parent = g->nodes[node].is_summary ? GRAPH_NONE : find_parent(g, t, node);
    if (parent == GRAPH_NONE && kind == DAMAGE_MISSING_PARENT) {
        /* the first of the file, or a compaction's summary: nothing may stand before them */
        repair_steps_add_node_problem(m, kind, DAMAGE_HARMLESS, node);
        return;
    }
    struct repair_plan_problem *p =
        repair_steps_add_node_problem(m, kind, severity_of_gap(m, node), node);
    p->is_guess = true;
    p->consequence = consequence_of_gap(m, node);
    if (parent != GRAPH_NONE)
        p->detail =
            arena_printf(m->arena, "the record on line %u takes its place", g->nodes[parent].line);
    graph_set_parent(g, node, parent);
    repair_steps_add_step(m, REPAIR_STEPS_RELINK, kind, node, 0)->is_guess = true;
    if (cut != GRAPH_NONE)
        relink(m, t, DAMAGE_CYCLE, cut);
}

/* Where a cycle goes on with a parent that is younger by far than its child; where none does, its
 * first line. */
static uint32_t find_cut(const struct graph *g, uint32_t on_cycle)
{
    uint32_t first = on_cycle, late = GRAPH_NONE, node = on_cycle;
    int64_t late_ms = GRAPH_BRIDGE_MS;
    do {
        uint32_t up = graph_parent(g, node);
        int64_t by_ms = g->nodes[node].at_ms ? g->nodes[up].at_ms - g->nodes[node].at_ms : 0;
        if (by_ms > late_ms) {
            late = node;
            late_ms = by_ms;
        }
        first = node < first ? node : first;
        node = up;
    } while (node != on_cycle);
    return late == GRAPH_NONE ? first : late;
}

/* Cuts each cycle at one place. Returns: how many, stored in order. */
static size_t cut_cycles(struct graph *g, uint32_t *cut)
{
    uint32_t *seen = mem_resize(NULL, (g->count + 1) * sizeof *seen); /* in which walk; 0: none */
    size_t count = 0;
    memset(seen, 0, (g->count + 1) * sizeof *seen);
    for (uint32_t i = 0; i < g->count; i++) {
        uint32_t node = i;
        while (node != GRAPH_NONE && !seen[node] && graph_is_in_play(g, node)) {
            seen[node] = i + 1;
            node = graph_parent(g, node);
        }
        if (node == GRAPH_NONE || seen[node] != i + 1)
            continue;
        cut[count] = find_cut(g, node);
        graph_set_parent(g, cut[count++], GRAPH_NONE);
    }
    free(seen);
    return count;
}

static void judge_cycles(struct repair_steps *m, struct tops *t)
{
    uint32_t *cut = mem_resize(NULL, (m->g->count + 1) * sizeof *cut);
    size_t count = cut_cycles(m->g, cut);
    for (size_t i = 0; i < count; i++)
        relink(m, t, DAMAGE_CYCLE, cut[i]);
    free(cut);
}

static bool has_boundary_between(const struct graph *g, struct tops *t, uint32_t a, uint32_t b)
{
    uint32_t count = 0;
    if (!t->boundaries) {
        t->boundaries = mem_resize(NULL, (g->count + 1) * sizeof *t->boundaries);
        for (uint32_t i = 0; i < g->count; i++) {
            t->boundaries[i] = count;
            count += g->nodes[i].role == GRAPH_BOUNDARY && graph_is_in_play(g, i);
        }
    }
    return t->boundaries[a] != t->boundaries[b];
}

/* A result that has no parent hangs on its call, which it names. */
static void relink_result(struct repair_steps *m, struct tops *t, uint32_t call, uint32_t result)
{
    struct graph *g = m->g;
    if (!graph_is_in_play(g, result) || graph_parent(g, result) != GRAPH_NONE ||
        bridged_to(m, result) != GRAPH_NONE || top_of(g, t, call) == result ||
        has_boundary_between(g, t, call, result))
        return;
    struct repair_plan_problem *p =
        repair_steps_add_node_problem(m, DAMAGE_MISSING_PARENT, severity_of_gap(m, result), result);
    p->detail = arena_printf(m->arena, "its call on line %u is", g->nodes[call].line);
    p->consequence = consequence_of_gap(m, result);
    graph_set_parent(g, result, call);
    repair_steps_add_step(m, REPAIR_STEPS_RELINK, DAMAGE_MISSING_PARENT, result, 0);
}

static void judge_results(struct repair_steps *m, struct tops *t)
{
    const struct graph *g = m->g;
    const struct graph_tool *call = NULL;
    for (size_t i = 0; i < g->tool_count; i++) {
        const struct graph_tool *tool = &g->tools[i];
        if (call && call->id != tool->id)
            call = NULL;
        if (!tool->is_result && !call && graph_is_in_play(g, tool->node))
            call = tool;
        else if (tool->is_result && call)
            relink_result(m, t, call->node, tool->node);
    }
}

static void judge_gaps(struct repair_steps *m, struct tops *t)
{
    struct graph *g = m->g;
    for (uint32_t i = 0; i < g->count; i++)
        if (graph_is_in_play(g, i) && graph_lacks_parent(g, i))
            relink(m, t, DAMAGE_MISSING_PARENT, i);
}

/* A parent that is a progress record on a later line: old clients stripped those in one pass. */
static void judge_forks(struct repair_steps *m)
{
    struct graph *g = m->g;
    for (uint32_t i = 0; i < g->count; i++) {
        uint32_t parent = graph_is_in_play(g, i) ? graph_parent(g, i) : GRAPH_NONE;
        if (parent == GRAPH_NONE || parent < i || g->nodes[parent].role != GRAPH_PROGRESS ||
            g->nodes[i].role == GRAPH_PROGRESS)
            continue;
        enum damage_severity severity = repair_steps_severity(m, DAMAGE_PROGRESS_FORK);
        repair_steps_add_node_problem(m, DAMAGE_PROGRESS_FORK, severity, i);
        for (size_t n = 0;
             n < g->count && parent != GRAPH_NONE && g->nodes[parent].role == GRAPH_PROGRESS; n++)
            parent = graph_parent(g, parent);
        if (severity != DAMAGE_HURTS || graph_parent(g, i) == parent)
            continue;
        graph_set_parent(g, i, parent);
        repair_steps_add_step(m, REPAIR_STEPS_RELINK, DAMAGE_PROGRESS_FORK, i, 0);
    }
}

void check_parents_follow_drops(struct repair_steps *m)
{
    struct graph *g = m->g;
    unsigned char *why = mem_resize(NULL, g->count + 1); /* each was dropped */
    memset(why, DAMAGE_ERROR_TAIL, g->count + 1);
    for (size_t s = m->step_count; s-- > 0;)
        if (m->steps[s].what == REPAIR_STEPS_DROP && m->steps[s].node != GRAPH_NONE)
            why[m->steps[s].node] = (unsigned char)m->steps[s].kind;
    for (uint32_t i = 0; i < g->count; i++) {
        const struct graph_node *node = &g->nodes[i];
        if (node->is_dropped || node->lacks_parent || node->parent == GRAPH_NONE ||
            !g->nodes[node->parent].is_dropped || graph_lacks_parent(g, i))
            continue;
        uint32_t dropped = node->parent;
        graph_set_parent(g, i, graph_parent(g, i));
        repair_steps_add_step(m, REPAIR_STEPS_RELINK, (enum damage_kind)why[dropped], i, 0);
    }
    free(why);
}

void check_parents_mend(struct repair_steps *m)
{
    struct graph *g = m->g;
    struct tops t = {.jump = mem_resize(NULL, (g->count + 1) * sizeof *t.jump)};
    for (size_t i = 0; i < g->count; i++)
        t.jump[i] = GRAPH_NONE;
    graph_settle(g);
    check_parents_follow_drops(m);
    judge_forks(m);
    judge_cycles(m, &t);
    judge_results(m, &t);
    judge_gaps(m, &t);
    free(t.jump);
    free(t.by_time);
    free(t.boundaries);
    free(t.compactions);
}

static bool is_above(const struct graph *g, uint32_t node, uint32_t above)
{
    for (size_t i = 0; i <= g->count && node != GRAPH_NONE; i++) {
        if (node == above)
            return true;
        node = graph_parent(g, node);
    }
    return false;
}

/* Of the calls and results of one id: a result that was loaded and would not be any more. Returns:
 * it; GRAPH_NONE: all is well. */
static uint32_t result_lost(const struct repair_steps *m, const struct graph_walk *after,
                            const struct graph_tool *tools, size_t count, uint32_t *call)
{
    uint32_t lost = GRAPH_NONE;
    *call = GRAPH_NONE;
    for (size_t i = 0; i < count; i++) {
        uint32_t node = tools[i].node;
        bool was_loaded = m->before.marks[node] != GRAPH_UNREACHED;
        if (!graph_is_in_play(m->g, node))
            continue;
        if (tools[i].is_result && after->marks[node] != GRAPH_UNREACHED)
            return GRAPH_NONE;
        if (tools[i].is_result && was_loaded && lost == GRAPH_NONE)
            lost = node;
        if (!tools[i].is_result && was_loaded && after->marks[node] != GRAPH_UNREACHED)
            *call = node;
    }
    if (lost == GRAPH_NONE || *call == GRAPH_NONE || is_above(m->g, *call, lost))
        return GRAPH_NONE;
    return lost;
}

static void hang_on_call(struct repair_steps *m, uint32_t call, uint32_t result)
{
    struct repair_plan_problem *p = NULL;
    for (size_t i = 0; i < m->plan->problem_count && !p; i++)
        if (m->plan->problems[i].node == result &&
            (m->plan->problems[i].kind == DAMAGE_CYCLE ||
             m->plan->problems[i].kind == DAMAGE_MISSING_PARENT))
            p = &m->plan->problems[i];
    if (!p)
        p = repair_steps_add_node_problem(m, DAMAGE_UNANSWERED_TOOL, DAMAGE_MILD, result);
    p->is_guess = false;
    p->detail = arena_printf(m->arena, "its call on line %u takes it", m->g->nodes[call].line);
    graph_set_parent(m->g, result, call);
    repair_steps_add_step(m, REPAIR_STEPS_RELINK, p->kind, result, 0);
}

bool check_parents_keep_results(struct repair_steps *m, const struct graph_walk *after)
{
    const struct graph *g = m->g;
    struct tops t = {0};
    bool has_changed = false;
    for (size_t from = 0, to; from < g->tool_count; from = to) {
        for (to = from + 1; to < g->tool_count && g->tools[to].id == g->tools[from].id; to++)
            ;
        uint32_t call;
        uint32_t result = result_lost(m, after, &g->tools[from], to - from, &call);
        if (result == GRAPH_NONE || has_boundary_between(g, &t, call, result))
            continue;
        hang_on_call(m, call, result);
        has_changed = true;
    }
    free(t.boundaries);
    return has_changed;
}
