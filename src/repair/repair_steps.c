#include "repair/repair_steps.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(DAMAGE_KINDS <= 63, "mended_kinds and error_kinds have a bit for each");

/* ---- what is written down ----------------------------------------------------------------- */

struct repair_steps_step *repair_steps_add_step(struct repair_steps *m, enum repair_steps_what what,
                                                enum damage_kind kind, uint32_t node,
                                                int64_t argument)
{
    struct repair_steps_step *step = MEM_PUSH(m->steps, m->step_count, m->step_capacity);
    *step = (struct repair_steps_step){
        .what = what,
        .kind = kind,
        .node = node,
        .line = node == GRAPH_NONE ? 0 : m->g->nodes[node].line,
        .offset = node == GRAPH_NONE ? 0 : (int64_t)m->g->nodes[node].offset,
        .argument = argument,
    };
    m->mended_kinds |= 1ull << kind;
    return step;
}

struct repair_plan_edit *repair_steps_add_edit(struct repair_steps *m, enum damage_kind kind,
                                               enum damage_cure action, uint32_t line, int64_t from,
                                               int64_t to, const char *text)
{
    struct repair_plan *plan = m->plan;
    struct repair_plan_edit *edit =
        ARENA_PUSH(m->arena, plan->edits, plan->edit_count, plan->edit_capacity);
    *edit = (struct repair_plan_edit){
        .from = from,
        .to = to,
        .text = text,
        .text_length = text ? strlen(text) : 0,
        .kind = kind,
        .action = action,
        .line = line,
    };
    return edit;
}

struct repair_plan_problem *repair_steps_add_problem(struct repair_steps *m, enum damage_kind kind,
                                                     enum damage_severity severity, uint32_t line,
                                                     int64_t offset)
{
    struct repair_plan *plan = m->plan;
    struct repair_plan_problem *p =
        ARENA_PUSH(m->arena, plan->problems, plan->problem_count, plan->problem_capacity);
    *p = (struct repair_plan_problem){
        .kind = kind,
        .severity = severity,
        .line = line,
        .offset = offset,
        .length = -1,
        .node = GRAPH_NONE,
        .consequence = severity == DAMAGE_HURTS ? damages[kind].consequence : NULL,
        .is_mended = severity > DAMAGE_HARMLESS && damages[kind].cure != DAMAGE_CURE_NONE,
    };
    return p;
}

struct repair_plan_problem *repair_steps_add_node_problem(struct repair_steps *m,
                                                          enum damage_kind kind,
                                                          enum damage_severity severity,
                                                          uint32_t node)
{
    const struct graph_node *n = &m->g->nodes[node];
    struct repair_plan_problem *p =
        repair_steps_add_problem(m, kind, severity, n->line, (int64_t)n->offset);
    p->node = node;
    return p;
}

/* By the client that wrote the file last, and by what the API said last. */
enum damage_severity repair_steps_severity(const struct repair_steps *m, enum damage_kind kind)
{
    const struct damage *d = &damages[kind];
    int64_t version = m->newest_version;
    if (m->v->error_kinds >> kind & 1)
        return DAMAGE_HURTS;
    if (d->tolerated_since && d->severity == DAMAGE_HURTS)
        return version >= d->tolerated_since ? DAMAGE_MILD : DAMAGE_HURTS;
    if (d->tolerated_since)
        return version && version < d->tolerated_since ? DAMAGE_HURTS : DAMAGE_HARMLESS;
    return d->severity;
}

bool repair_steps_is_message(const struct graph *g, uint32_t node)
{
    return g->nodes[node].role >= GRAPH_USER;
}

/* ---- records of one id, and of one message ------------------------------------------------ */

static int compare_grouped(const void *a, const void *b)
{
    const struct repair_steps_group *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->node > y->node) - (x->node < y->node);
}

static struct repair_steps_group *group_nodes(struct repair_steps *m, bool is_by_message)
{
    const struct graph *g = m->g;
    struct repair_steps_group *all = arena_alloc(m->arena, (g->count + 1) * sizeof *all);
    for (uint32_t i = 0; i < g->count; i++)
        all[i] =
            (struct repair_steps_group){is_by_message ? g->nodes[i].message : g->nodes[i].id, i};
    if (g->count)
        qsort(all, g->count, sizeof *all, compare_grouped);
    return all;
}

/* Returns: the place of the first with that key, or of the next one. */
static size_t first_of_group(const struct repair_steps *m, const struct repair_steps_group *all,
                             uint64_t key)
{
    size_t low = 0, high = m->g->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (all[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool repair_steps_shares_message(struct repair_steps *m, uint32_t node)
{
    const struct graph *g = m->g;
    uint32_t message = g->nodes[node].message;
    if (!message)
        return false;
    if (!m->by_message)
        m->by_message = group_nodes(m, true);
    for (size_t i = first_of_group(m, m->by_message, message);
         i < g->count && m->by_message[i].key == message; i++)
        if (m->by_message[i].node != node && graph_is_in_play(g, m->by_message[i].node))
            return true;
    return false;
}

static void drop_one(struct repair_steps *m, enum damage_kind kind, uint32_t node)
{
    if (m->g->nodes[node].is_dropped)
        return;
    repair_steps_add_step(m, REPAIR_STEPS_DROP, kind, node, 0);
    graph_drop(m->g, node);
}

/* With all records of its id: none of them is to take its place. Ids stay as they are by now. */
void repair_steps_drop(struct repair_steps *m, enum damage_kind kind, uint32_t node)
{
    const struct graph *g = m->g;
    uint64_t id = g->nodes[node].id;
    if (!g->nodes[node].has_copy && !g->nodes[node].is_superseded) {
        drop_one(m, kind, node);
        return;
    }
    if (!m->by_id)
        m->by_id = group_nodes(m, false);
    for (size_t i = first_of_group(m, m->by_id, id); i < g->count && m->by_id[i].key == id; i++)
        drop_one(m, kind, m->by_id[i].node);
}

const char *repair_steps_made_uuid(struct repair_steps *m, uint64_t a, uint64_t b)
{
    return arena_printf(m->arena, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32),
                        (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff),
                        (unsigned)(b >> 48 & 0x3fff) | 0x8000,
                        (unsigned long long)(b & 0xffffffffffff));
}

void repair_steps_name(struct repair_steps *m, uint32_t node)
{
    struct graph_node *n = &m->g->nodes[node];
    if (!m->names)
        m->names = arena_alloc(m->arena, (m->g->count + 1) * sizeof *m->names);
    const char *place = arena_printf(m->arena, "%llu", (unsigned long long)n->offset);
    const char *uuid = repair_steps_made_uuid(m, n->id, graph_id_of(sv_of(place)));
    n->id = graph_id_of(sv_of(uuid));
    m->names[node] = arena_printf(m->arena, "\"%s\"", uuid);
}

/* ---- steps -------------------------------------------------------------------------------- */

static int compare_steps(const void *a, const void *b)
{
    const struct repair_steps_step *x = a, *y = b;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    if (x->what != y->what)
        return x->what < y->what ? -1 : 1;
    return (x->argument > y->argument) - (x->argument < y->argument);
}

void repair_steps_sort_steps(struct repair_steps *m)
{
    if (m->step_count)
        qsort(m->steps, m->step_count, sizeof *m->steps, compare_steps);
}

bool repair_steps_takes_block(const struct repair_steps *m, size_t from, size_t to, size_t block)
{
    for (size_t i = from; i < to; i++)
        if (m->steps[i].what == REPAIR_STEPS_BLOCK && m->steps[i].argument == (int64_t)block)
            return true;
    return false;
}

static size_t count_kept(const struct repair_steps *m, const struct json_stream *s, size_t from,
                         size_t to)
{
    size_t kept = s->top_count;
    for (size_t i = 0; i < s->block_count; i++)
        kept -= !s->blocks[i].is_nested && repair_steps_takes_block(m, from, to, i);
    return kept + s->has_more_blocks;
}

int repair_steps_settle_blocks(struct repair_steps *m)
{
    repair_steps_sort_steps(m);
    size_t steps = m->step_count; /* dropping adds more */
    for (size_t from = 0, to; from < steps; from = to) {
        bool has_blocks = false;
        to = from;
        for (; to < steps && m->steps[to].offset == m->steps[from].offset; to++)
            has_blocks = has_blocks || m->steps[to].what == REPAIR_STEPS_BLOCK;
        if (!has_blocks)
            continue;
        int r = transcript_scan_skim(m->source, m->steps[from].offset, m->skim);
        if (r < 0)
            return r;
        if (count_kept(m, m->skim, from, to) == 0)
            repair_steps_drop(m, m->steps[from].kind, m->steps[from].node);
    }
    return 0;
}
