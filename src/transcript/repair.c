#include "transcript/repair.h"

#include "transcript/mending.h"
#include "transcript/overlay.h"

#include <stdlib.h>
#include <string.h>

/* The first version that leaves an empty text out whatever stands beside it. */
enum { EMPTY_LEFT_OUT = 2010330 };

enum { ROUNDS_MAX = 16 };

/* ---- what is written down ----------------------------------------------------------------- */

void mending_add_step(struct mending *m, enum mending_what what, enum damage_kind kind,
                      uint32_t node, int64_t argument)
{
    if (m->step_count == m->step_capacity) {
        m->step_capacity = m->step_capacity ? m->step_capacity * 2 : 32;
        m->steps = mem_resize(m->steps, m->step_capacity * sizeof *m->steps);
    }
    m->steps[m->step_count++] = (struct mending_step){
        .what = what,
        .kind = kind,
        .node = node,
        .line = node == GRAPH_NONE ? 0 : m->g->nodes[node].line,
        .offset = node == GRAPH_NONE ? 0 : (int64_t)m->g->nodes[node].offset,
        .argument = argument,
    };
    m->mended_kinds |= 1u << kind;
}

struct repair_edit *mending_add_edit(struct mending *m, enum damage_kind kind,
                                     enum damage_cure action, uint32_t line, int64_t from,
                                     int64_t to, const char *text)
{
    struct repair_plan *plan = m->plan;
    void *items = plan->edits;
    struct repair_edit *edit =
        arena_push(m->arena, &items, &plan->edit_count, &plan->edit_capacity, sizeof *edit);
    plan->edits = items;
    *edit = (struct repair_edit){
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

struct repair_problem *mending_add_problem(struct mending *m, enum damage_kind kind,
                                           enum damage_severity severity, uint32_t line,
                                           int64_t offset)
{
    struct repair_plan *plan = m->plan;
    void *items = plan->problems;
    struct repair_problem *p =
        arena_push(m->arena, &items, &plan->problem_count, &plan->problem_capacity, sizeof *p);
    plan->problems = items;
    *p = (struct repair_problem){
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

static struct repair_problem *add_at(struct mending *m, const struct survey_spot *spot,
                                     enum damage_severity severity)
{
    int64_t offset =
        spot->node == GRAPH_NONE ? spot->offset : (int64_t)m->g->nodes[spot->node].offset;
    return mending_add_problem(m, (enum damage_kind)spot->kind, severity, spot->line, offset);
}

static struct repair_problem *add_node(struct mending *m, enum damage_kind kind,
                                       enum damage_severity severity, uint32_t node)
{
    const struct graph_node *n = &m->g->nodes[node];
    struct repair_problem *p = mending_add_problem(m, kind, severity, n->line, (int64_t)n->offset);
    p->node = node;
    return p;
}

/* By the client that wrote the file last, and by what the API said last. */
static enum damage_severity severity_of(const struct mending *m, enum damage_kind kind)
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

static bool is_message(const struct graph *g, uint32_t node)
{
    return g->nodes[node].role >= GRAPH_USER;
}

/* ---- records that are dropped or rewritten ------------------------------------------------ */

/* By message id, whatever hangs on what: a repair changes the links, and must not change this. */
static bool shares_message(const struct mending *m, uint32_t node)
{
    const struct graph *g = m->g;
    uint32_t message = g->nodes[node].message;
    for (uint32_t i = 0; message && i < g->count; i++)
        if (i != node && g->nodes[i].message == message && graph_is_in_play(g, i))
            return true;
    return false;
}

/* An empty text alone in its message is left out by the client; beside other blocks 2.1.197 sends
 * it, 2.1.330 does not. */
static void judge_empty_text(struct mending *m, const struct survey_spot *spot)
{
    enum damage_severity severity = severity_of(m, DAMAGE_EMPTY_TEXT);
    if (m->newest_version < EMPTY_LEFT_OUT && (spot->side > 1 || shares_message(m, spot->node)))
        severity = DAMAGE_HURTS;
    add_at(m, spot, severity);
    if (severity == DAMAGE_HURTS)
        mending_add_step(m, MENDING_BLOCK, DAMAGE_EMPTY_TEXT, spot->node, spot->block);
}

static void judge_image(struct mending *m, const struct survey_spot *spot)
{
    char size[STR_SIZE_TEXT];
    bool is_many = m->v->image_count > REPAIR_MANY_IMAGES;
    bool is_long = spot->number > REPAIR_IMAGE_MAX;
    if (!is_long && spot->side <= (is_many ? REPAIR_SIDE_OF_MANY : REPAIR_SIDE_MAX))
        return;
    struct repair_problem *p = add_at(m, spot, DAMAGE_HURTS);
    p->detail = is_long ? arena_printf(m->arena, "%s of base64, 5.2MB are taken",
                                       str_format_size(spot->number, size))
                        : arena_printf(m->arena, "%u pixels wide or high, of %zu images in all",
                                       spot->side, m->v->image_count);
    mending_add_step(m, MENDING_IMAGE, DAMAGE_OVERSIZED_IMAGE, spot->node, spot->block);
}

/* With all records of its id: none of them is to take its place. */
void mending_drop(struct mending *m, enum damage_kind kind, uint32_t node)
{
    struct graph *g = m->g;
    bool has_copies = m->v->has_copies;
    for (uint32_t i = has_copies ? 0 : node; i < (has_copies ? g->count : node + 1); i++) {
        if (g->nodes[i].is_dropped || g->nodes[i].id != g->nodes[node].id)
            continue;
        mending_add_step(m, MENDING_DROP, kind, i, 0);
        graph_drop(g, i);
    }
}

static void judge_content(struct mending *m, const struct survey_spot *spot)
{
    struct repair_problem *p = add_at(m, spot, severity_of(m, DAMAGE_BAD_CONTENT));
    p->detail = spot->number ? "a text" : "nothing that could be kept";
    if (spot->number)
        mending_add_step(m, MENDING_WRAP, DAMAGE_BAD_CONTENT, spot->node, 0);
    else
        mending_drop(m, DAMAGE_BAD_CONTENT, spot->node);
}

static void judge_pointer(struct mending *m, const struct survey_spot *spot)
{
    if (graph_find(m->g, (uint64_t)spot->number) != GRAPH_NONE)
        return;
    enum damage_severity severity = severity_of(m, DAMAGE_STALE_LEAF);
    add_at(m, spot, severity);
    if (severity != DAMAGE_HURTS)
        return;
    mending_add_step(m, MENDING_DROP, DAMAGE_STALE_LEAF, GRAPH_NONE, 0);
    m->steps[m->step_count - 1].offset = spot->offset;
    m->steps[m->step_count - 1].line = spot->line;
}

static void judge_pointers(struct mending *m)
{
    for (size_t i = 0; i < m->v->spot_count; i++)
        if (m->v->spots[i].kind == DAMAGE_STALE_LEAF)
            judge_pointer(m, &m->v->spots[i]);
}

static void judge_huge(struct mending *m, const struct survey_spot *spot)
{
    char size[STR_SIZE_TEXT];
    bool trims = m->options->shrinks && spot->node != GRAPH_NONE;
    struct repair_problem *p = add_at(m, spot, DAMAGE_HARMLESS);
    p->detail = arena_printf(m->arena, "%s", str_format_size(spot->number, size));
    p->is_mended = trims;
    if (trims)
        mending_add_step(m, MENDING_TRIM, DAMAGE_HUGE_RECORD, spot->node, 0);
}

static void judge_spot(struct mending *m, const struct survey_spot *spot)
{
    enum damage_kind kind = (enum damage_kind)spot->kind;
    enum damage_severity severity = severity_of(m, kind);
    switch (kind) {
    case DAMAGE_EMPTY_TEXT:
        judge_empty_text(m, spot);
        break;
    case DAMAGE_OVERSIZED_IMAGE:
        judge_image(m, spot);
        break;
    case DAMAGE_BAD_CONTENT:
        judge_content(m, spot);
        break;
    case DAMAGE_HUGE_RECORD:
        judge_huge(m, spot);
        break;
    case DAMAGE_BOUNDARY_PARENT_GONE:
        if (graph_find(m->g, (uint64_t)spot->number) == GRAPH_NONE)
            add_at(m, spot, DAMAGE_HARMLESS);
        break;
    case DAMAGE_BAD_TEXT:
        add_at(m, spot, severity)->detail =
            arena_printf(m->arena, "%lld in this record", (long long)spot->number);
        if (severity == DAMAGE_HURTS && spot->node != GRAPH_NONE)
            mending_add_step(m, MENDING_TEXT, kind, spot->node, 0);
        break;
    case DAMAGE_NO_MESSAGE:
    case DAMAGE_MALFORMED_METADATA:
        if (spot->node == GRAPH_NONE)
            break; /* a record that the client does not put on its chain */
        add_at(m, spot, severity);
        if (severity > DAMAGE_HARMLESS)
            mending_drop(m, kind, spot->node);
        break;
    default:
        break; /* errors and pointers: once it is known what is mended, and what is dropped */
    }
}

/* ---- calls and results -------------------------------------------------------------------- */

static int compare_tools(const void *a, const void *b)
{
    const struct survey_tool *x = a, *y = b;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    if (x->is_result != y->is_result)
        return x->is_result ? 1 : -1;
    if (x->node != y->node)
        return x->node < y->node ? -1 : 1;
    return (x->block > y->block) - (x->block < y->block);
}

/* The last message of the conversation has not been answered yet: that is how a session ends that
 * was left while a tool ran. */
static bool is_last_message(const struct graph *g, const struct graph_walk *w, uint32_t node)
{
    if (w->marks[node] == GRAPH_UNREACHED)
        return true; /* on a branch that is not resumed: nobody asks for its result */
    for (size_t i = w->count; i-- > 0;) {
        uint32_t other = w->order[i];
        if (other == node)
            return true;
        if (!is_message(g, other) || g->nodes[other].role == GRAPH_RESULT)
            continue;
        if (!g->nodes[node].message || g->nodes[other].message != g->nodes[node].message)
            return false;
    }
    return true;
}

static void judge_call(struct mending *m, const struct graph_walk *after,
                       const struct survey_tool *call)
{
    enum damage_severity severity = severity_of(m, DAMAGE_UNANSWERED_TOOL);
    if (is_last_message(m->g, after, call->node))
        return;
    add_node(m, DAMAGE_UNANSWERED_TOOL, severity, call->node);
    if (severity == DAMAGE_HURTS)
        mending_add_step(m, MENDING_ANSWER, DAMAGE_UNANSWERED_TOOL, call->node, call->block);
}

static void judge_result(struct mending *m, const struct survey_tool *result)
{
    enum damage_severity severity = severity_of(m, DAMAGE_ORPHAN_RESULT);
    add_node(m, DAMAGE_ORPHAN_RESULT, severity, result->node);
    if (severity == DAMAGE_HURTS)
        mending_add_step(m, MENDING_BLOCK, DAMAGE_ORPHAN_RESULT, result->node, result->block);
}

static void judge_twin(struct mending *m, const struct survey_tool *call)
{
    enum damage_severity severity = severity_of(m, DAMAGE_DUPLICATE_TOOL_ID);
    add_node(m, DAMAGE_DUPLICATE_TOOL_ID, severity, call->node);
    if (severity == DAMAGE_HURTS)
        mending_add_step(m, MENDING_BLOCK, DAMAGE_DUPLICATE_TOOL_ID, call->node, call->block);
}

/*
 * All calls and results of one id. Twice: without a walk, what has to be dropped; then, on the way
 * of the mended conversation, what has to be answered.
 */
static void judge_tool(struct mending *m, const struct graph_walk *after,
                       const struct survey_tool *tools, size_t count)
{
    const struct survey_tool *call = NULL;
    bool has_result = false, has_call = false;
    for (size_t i = 0; i < count; i++) { /* what goes away with its record does not count */
        bool is_there = !m->g->nodes[tools[i].node].is_dropped;
        has_result = has_result || (is_there && tools[i].is_result);
        has_call = has_call || (is_there && !tools[i].is_result);
    }
    for (size_t i = 0; i < count; i++) {
        if (!graph_is_in_play(m->g, tools[i].node))
            continue;
        if (tools[i].is_result) {
            if (!has_call && !after)
                judge_result(m, &tools[i]);
        } else if (!call) {
            call = &tools[i];
        } else if (!after) {
            judge_twin(m, &tools[i]);
        }
    }
    if (call && !has_result && after)
        judge_call(m, after, call);
}

static void judge_tools(struct mending *m, const struct graph_walk *after)
{
    struct survey *v = m->v;
    if (v->tool_count)
        qsort(v->tools, v->tool_count, sizeof *v->tools, compare_tools);
    for (size_t from = 0, to; from < v->tool_count; from = to) {
        for (to = from + 1; to < v->tool_count && v->tools[to].id == v->tools[from].id; to++)
            ;
        judge_tool(m, after, &v->tools[from], to - from);
    }
}

/* ---- thinking ----------------------------------------------------------------------------- */

/* Takes the thinking out of the records of one message; 0: of all. Returns: 0 or negative errno. */
static int drop_thinking(struct mending *m, uint32_t message, size_t *found)
{
    for (uint32_t i = 0; i < m->g->count; i++) {
        const struct graph_node *node = &m->g->nodes[i];
        if (node->role != GRAPH_ASSISTANT || (message && node->message != message) ||
            !graph_is_in_play(m->g, i))
            continue;
        int r = survey_skim(m->source, (int64_t)node->offset, m->skim);
        if (r < 0)
            return r;
        for (size_t j = 0; j < m->skim->block_count; j++)
            if (m->skim->blocks[j].kind == SKIM_BLOCK_THINKING && !m->skim->blocks[j].is_nested) {
                mending_add_step(m, MENDING_BLOCK, DAMAGE_STALE_THINKING, i, (int64_t)j);
                ++*found;
            }
    }
    return 0;
}

/* Only where the API said so: first of the message before its error; where that has none, of all.
 */
static int judge_thinking(struct mending *m)
{
    const struct survey *v = m->v;
    size_t found = 0, steps = m->step_count;
    uint32_t message = 0, error = GRAPH_NONE;
    if (!(v->error_kinds >> DAMAGE_STALE_THINKING & 1))
        return 0;
    for (size_t i = v->last_error; i < v->spot_count && error == GRAPH_NONE; i++)
        if (v->spots[i].kind == DAMAGE_ERROR_TAIL)
            error = v->spots[i].node;
    for (uint32_t i = error; i != GRAPH_NONE && i-- > 0 && !message;)
        if (m->g->nodes[i].role == GRAPH_ASSISTANT && graph_is_in_play(m->g, i))
            message = m->g->nodes[i].message;
    int r = message ? drop_thinking(m, message, &found) : 0;
    if (r == 0 && found == 0)
        r = drop_thinking(m, 0, &found);
    for (size_t i = steps; r == 0 && i < m->step_count; i++)
        if (i == steps || m->steps[i].node != m->steps[i - 1].node)
            add_node(m, DAMAGE_STALE_THINKING, DAMAGE_HURTS, m->steps[i].node);
    return r;
}

/* ---- errors ------------------------------------------------------------------------------- */

/* An error whose cause is mended goes with it: the next repair would take it for a new one. */
static void judge_errors(struct mending *m)
{
    const struct survey *v = m->v;
    for (size_t i = 0; i < v->spot_count; i++) {
        const struct survey_spot *spot = &v->spots[i];
        bool is_cured = i >= v->last_error && ((uint32_t)spot->number & m->mended_kinds);
        if (spot->kind != DAMAGE_ERROR_TAIL || i < v->last_error)
            continue;
        /* what has its id would go with it */
        is_cured =
            is_cured && !m->g->nodes[spot->node].has_copy && !m->g->nodes[spot->node].is_superseded;
        add_at(m, spot, is_cured ? DAMAGE_MILD : DAMAGE_HARMLESS);
        if (is_cured)
            mending_drop(m, DAMAGE_ERROR_TAIL, spot->node);
    }
}

/* ---- links -------------------------------------------------------------------------------- */

/* The top of the chain above each node, as far as it was looked for. */
struct tops {
    uint32_t *jump;
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

/* What the client's own bridge by time does with it decides how bad it is. */
static enum damage_severity severity_of_gap(const struct mending *m, uint32_t node)
{
    const struct graph_walk *w = &m->before;
    bool is_bridged = w->marks[node] == GRAPH_ON_CHAIN && w->stopped_at != node;
    return is_bridged ? DAMAGE_MILD : DAMAGE_HURTS;
}

static void relink(struct mending *m, struct tops *t, enum damage_kind kind, uint32_t node)
{
    struct graph *g = m->g;
    uint32_t parent = g->nodes[node].is_summary ? GRAPH_NONE : find_parent(g, t, node);
    if (parent == GRAPH_NONE && kind == DAMAGE_MISSING_PARENT) {
        /* the first of the file, or a compaction's summary: nothing may stand before them */
        add_node(m, kind, DAMAGE_HARMLESS, node);
        return;
    }
    struct repair_problem *p = add_node(m, kind, severity_of_gap(m, node), node);
    p->is_guess = true;
    if (p->severity == DAMAGE_MILD)
        p->consequence = "the client bridges the gap by time";
    if (parent != GRAPH_NONE)
        p->detail =
            arena_printf(m->arena, "the record on line %u takes its place", g->nodes[parent].line);
    graph_set_parent(g, node, parent);
    mending_add_step(m, MENDING_RELINK, kind, node, 0);
    m->steps[m->step_count - 1].is_guess = true;
}

/* Cuts each cycle where its first line names a later one. Returns: how many, stored in order. */
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
        uint32_t first = node;
        for (uint32_t on = graph_parent(g, node); on != node; on = graph_parent(g, on))
            first = on < first ? on : first;
        graph_set_parent(g, first, GRAPH_NONE);
        cut[count++] = first;
    }
    free(seen);
    return count;
}

static void judge_cycles(struct mending *m, struct tops *t)
{
    uint32_t *cut = mem_resize(NULL, (m->g->count + 1) * sizeof *cut);
    size_t count = cut_cycles(m->g, cut);
    for (size_t i = 0; i < count; i++)
        relink(m, t, DAMAGE_CYCLE, cut[i]);
    free(cut);
}

static void judge_gaps(struct mending *m, struct tops *t)
{
    struct graph *g = m->g;
    for (uint32_t i = 0; i < g->count; i++)
        if (graph_is_in_play(g, i) && graph_lacks_parent(g, i))
            relink(m, t, DAMAGE_MISSING_PARENT, i);
}

/* A parent that is a progress record on a later line: old clients stripped those in one pass. */
static void judge_forks(struct mending *m)
{
    struct graph *g = m->g;
    for (uint32_t i = 0; i < g->count; i++) {
        uint32_t parent = graph_is_in_play(g, i) ? graph_parent(g, i) : GRAPH_NONE;
        if (parent == GRAPH_NONE || parent < i || g->nodes[parent].role != GRAPH_PROGRESS ||
            g->nodes[i].role == GRAPH_PROGRESS)
            continue;
        enum damage_severity severity = severity_of(m, DAMAGE_PROGRESS_FORK);
        add_node(m, DAMAGE_PROGRESS_FORK, severity, i);
        for (size_t n = 0;
             n < g->count && parent != GRAPH_NONE && g->nodes[parent].role == GRAPH_PROGRESS; n++)
            parent = graph_parent(g, parent);
        if (severity != DAMAGE_HURTS || graph_parent(g, i) == parent)
            continue;
        graph_set_parent(g, i, parent);
        mending_add_step(m, MENDING_RELINK, DAMAGE_PROGRESS_FORK, i, 0);
    }
}

/* Children of what is dropped name its parent. */
static void follow_drops(struct mending *m)
{
    struct graph *g = m->g;
    for (uint32_t i = 0; i < g->count; i++) {
        const struct graph_node *node = &g->nodes[i];
        if (node->is_dropped || node->lacks_parent || node->parent == GRAPH_NONE ||
            !g->nodes[node->parent].is_dropped || graph_lacks_parent(g, i))
            continue;
        uint32_t dropped = node->parent;
        graph_set_parent(g, i, graph_parent(g, i));
        mending_add_step(m, MENDING_RELINK, DAMAGE_ERROR_TAIL, i, 0);
        for (size_t s = 0; s < m->step_count; s++) /* why it was dropped */
            if (m->steps[s].what == MENDING_DROP && m->steps[s].node == dropped) {
                m->steps[m->step_count - 1].kind = m->steps[s].kind;
                break;
            }
    }
}

static void mend_links(struct mending *m)
{
    struct graph *g = m->g;
    struct tops t = {mem_resize(NULL, (g->count + 1) * sizeof *t.jump)};
    for (size_t i = 0; i < g->count; i++)
        t.jump[i] = GRAPH_NONE;
    graph_settle(g);
    follow_drops(m);
    judge_forks(m);
    judge_cycles(m, &t);
    judge_gaps(m, &t);
    free(t.jump);
}

/* ---- the whole ---------------------------------------------------------------------------- */

/*
 * The newest message, where the last end of the file leads elsewhere, and to less. *after becomes
 * the way from there. Returns: GRAPH_NONE where all is well.
 */
static uint32_t find_newer_leaf(struct mending *m, struct graph_walk *after)
{
    struct graph *g = m->g;
    uint32_t best = GRAPH_NONE;
    if (after->leaf == GRAPH_NONE || g->has_pointer)
        return GRAPH_NONE;
    for (uint32_t i = 0; i < g->count; i++)
        if (graph_is_in_play(g, i) && is_message(g, i) && after->marks[i] == GRAPH_UNREACHED &&
            (best == GRAPH_NONE || g->nodes[i].at_ms >= g->nodes[best].at_ms))
            best = i;
    if (best == GRAPH_NONE || g->nodes[best].at_ms <= g->nodes[after->leaf].at_ms)
        return GRAPH_NONE;
    struct graph_walk other;
    graph_walk_from(g, best, &other);
    if (other.message_count <= after->message_count) {
        graph_walk_release(&other);
        return GRAPH_NONE;
    }
    add_node(m, DAMAGE_DEAD_END_LEAF, DAMAGE_HURTS, after->leaf)->is_guess = true;
    graph_walk_release(after);
    *after = other;
    return best;
}

static void count_messages(struct mending *m, const struct graph_walk *after)
{
    struct repair_messages *c = &m->plan->messages;
    for (uint32_t i = 0; i < m->g->count; i++) {
        if (!graph_is_in_play(m->g, i) || !graph_begins_message(m->g, i))
            continue;
        c->in_file++;
        c->expected += after->marks[i] != GRAPH_UNREACHED;
        c->reached += after->marks[i] != GRAPH_UNREACHED && m->before.marks[i] != GRAPH_UNREACHED;
    }
}

/* A gap on a branch that is not resumed costs nothing; one that ends the way says what it does. */
static void weigh_gaps(struct mending *m, const struct graph_walk *after)
{
    struct repair_plan *plan = m->plan;
    const struct repair_messages *c = &plan->messages;
    plan->hurts = false;
    for (size_t i = 0; i < plan->problem_count; i++) {
        struct repair_problem *p = &plan->problems[i];
        bool is_gap = p->kind == DAMAGE_MISSING_PARENT || p->kind == DAMAGE_CYCLE;
        if (is_gap && p->severity == DAMAGE_HURTS && after->marks[p->node] == GRAPH_UNREACHED) {
            p->severity = DAMAGE_MILD;
            p->consequence = NULL;
        } else if (is_gap && p->node == m->before.stopped_at && c->reached < c->expected) {
            p->consequence = arena_printf(m->arena, "resume would lose %zu of %zu messages",
                                          c->expected - c->reached, c->expected);
        }
        plan->hurts = plan->hurts || p->severity == DAMAGE_HURTS;
    }
}

static void judge_times(struct mending *m)
{
    struct graph *g = m->g;
    enum damage_severity severity = severity_of(m, DAMAGE_NO_TIMESTAMPS);
    for (uint32_t i = 0; i < g->count; i++)
        if (g->nodes[i].at_ms && !g->nodes[i].is_dropped)
            return;
    if (!g->has_main_chain)
        return;
    mending_add_problem(m, DAMAGE_NO_TIMESTAMPS, severity, 0, 0)->is_guess = true;
    for (uint32_t i = 0; severity == DAMAGE_HURTS && i < g->count; i++) {
        if (g->nodes[i].is_dropped || g->nodes[i].is_sidechain)
            continue;
        int64_t at_ms = m->options->modified_ms - ((int64_t)g->count - 1 - i);
        mending_add_step(m, MENDING_TIME, DAMAGE_NO_TIMESTAMPS, i, at_ms > 0 ? at_ms : i);
        m->steps[m->step_count - 1].is_guess = true;
    }
}

static void judge_file(struct mending *m)
{
    const struct survey *v = m->v;
    if (!v->graph.has_main_chain)
        mending_add_problem(m, DAMAGE_NO_CONVERSATION,
                            v->graph.has_sidechain ? DAMAGE_HURTS : DAMAGE_HARMLESS, 0, 0);
    if (v->foreign_ids)
        mending_add_problem(m, DAMAGE_FOREIGN_SESSION_ID, DAMAGE_HARMLESS, v->foreign_line, 0)
            ->detail = arena_printf(m->arena, "%zu records", v->foreign_ids);
    if (v->blank_lines || v->crlf_lines || v->has_mark ||
        (v->lacks_final_newline && v->size_bytes && !v->line_count))
        mending_add_problem(m, DAMAGE_ODD_BYTES, DAMAGE_HARMLESS, 0, 0);
    for (uint32_t i = 0; i < v->graph.count; i++)
        if (v->graph.nodes[i].is_superseded && !v->graph.nodes[i].is_dropped)
            add_node(m, DAMAGE_DUPLICATE_RECORD, DAMAGE_HARMLESS, i);
}

static int compare_problems(const void *a, const void *b)
{
    const struct repair_problem *x = a, *y = b;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    return (x->kind > y->kind) - (x->kind < y->kind);
}

static void sort_problems(struct repair_plan *plan)
{
    if (plan->problem_count)
        qsort(plan->problems, plan->problem_count, sizeof *plan->problems, compare_problems);
}

/* Where every record of the conversation would have to be dropped, none is: nothing would come of
 * it, and what is left would look like something else. */
static bool leaves_anything(const struct mending *m)
{
    for (uint32_t i = 0; i < m->g->count; i++)
        if (graph_is_in_play(m->g, i))
            return true;
    return !m->g->has_main_chain;
}

static int judge(struct mending *m)
{
    struct graph_walk after = {0};
    int r = mending_lines(m);
    graph_reveal(m->g);
    m->newest_version = survey_newest_version(m->v);
    for (size_t i = 0; i < m->g->count; i++) /* what was hidden may be a copy, too */
        m->v->has_copies = m->v->has_copies || m->g->nodes[i].is_superseded;
    for (size_t i = 0; r == 0 && i < m->v->spot_count; i++)
        if (m->v->spots[i].node == GRAPH_NONE || graph_is_in_play(m->g, m->v->spots[i].node))
            judge_spot(m, &m->v->spots[i]);
    if (r == 0)
        r = mending_settle_blocks(m);
    if (r == 0)
        judge_tools(m, NULL);
    if (r == 0)
        r = judge_thinking(m);
    if (r == 0)
        r = mending_settle_blocks(m);
    if (r < 0)
        return r;
    mend_links(m);
    graph_walk(m->g, &after);
    uint32_t leaf = find_newer_leaf(m, &after);
    judge_tools(m, &after);
    judge_errors(m);
    graph_settle(m->g);
    follow_drops(m);
    judge_pointers(m);
    if (!leaves_anything(m))
        m->step_count = 0;
    else
        judge_times(m);
    judge_file(m);
    graph_walk_release(&after);
    for (size_t i = 0; i < m->g->count && leaf != GRAPH_NONE && m->g->nodes[leaf].is_dropped; i++)
        leaf = graph_parent(m->g, leaf);
    if (leaf == GRAPH_NONE)
        graph_walk(m->g, &after);
    else
        graph_walk_from(m->g, leaf, &after);
    if (leaf != GRAPH_NONE)
        r = mending_point(m, leaf);
    count_messages(m, &after);
    weigh_gaps(m, &after);
    graph_walk_release(&after);
    return r;
}

static bool can_resume(const struct mending *m)
{
    const struct repair_plan *p = m->plan;
    bool fails = m->before.leaf == GRAPH_NONE;
    for (size_t i = 0; i < p->problem_count; i++)
        fails = fails || (p->problems[i].severity == DAMAGE_HURTS &&
                          (p->problems[i].kind == DAMAGE_NO_MESSAGE ||
                           p->problems[i].kind == DAMAGE_MALFORMED_METADATA ||
                           p->problems[i].kind == DAMAGE_NO_TIMESTAMPS));
    return !fails;
}

/* What is to be done with the file as it is; of what comes of that nothing is known yet. */
static int plan_round(const struct survey_source *source, struct survey *v,
                      const struct repair_options *options, struct arena *a,
                      struct repair_plan *out)
{
    struct repair_plan plan = {0};
    struct mending m = {
        .source = source,
        .v = v,
        .g = &v->graph,
        .options = options,
        .arena = a,
        .plan = &plan,
        .skim = mem_resize(NULL, sizeof *m.skim),
        .other = mem_resize(NULL, sizeof *m.other),
    };
    skim_begin(m.skim, 0);
    skim_begin(m.other, 0);
    graph_walk(m.g, &m.before);
    int r = judge(&m);
    if (r == 0 && options->wants_edits)
        r = mending_edits(&m);
    plan.can_resume = can_resume(&m);
    graph_walk_release(&m.before);
    skim_release(m.skim);
    skim_release(m.other);
    free(m.skim);
    free(m.other);
    free(m.steps);
    if (r == 0)
        *out = plan;
    return r;
}

/* What came to light once the rounds before were made, beside what was known of the file. */
static void add_problems(const struct overlay *made, const struct repair_plan *later,
                         struct arena *a, struct repair_plan *plan)
{
    size_t known = plan->problem_count;
    sort_problems(plan);
    for (size_t i = 0; i < later->problem_count; i++) {
        struct repair_problem p = later->problems[i];
        overlay_origin(made, &p.offset, &p.line);
        if (!p.is_mended ||
            (known && bsearch(&p, plan->problems, known, sizeof p, compare_problems)))
            continue;
        void *items = plan->problems;
        struct repair_problem *added =
            arena_push(a, &items, &plan->problem_count, &plan->problem_capacity, sizeof *added);
        plan->problems = items;
        *added = p;
        added->node = GRAPH_NONE;
    }
}

/*
 * What a plan makes is planned for in its turn, until nothing is left to do: one mending can bring
 * another damage to light, and a second repair is to find nothing. Real transcripts need one round.
 */
static int settle(const struct survey_source *source, const struct repair_options *options,
                  struct arena *a, struct repair_plan *plan)
{
    struct overlay made;
    struct repair_plan later = *plan;
    size_t rounds = 0;
    int r;
    overlay_init(&made, source);
    do {
        struct survey survey;
        r = overlay_apply(&made, later.edits, later.edit_count);
        struct survey_source view = overlay_source(&made);
        if (r == 0)
            r = survey_read(&view, &survey);
        if (r < 0)
            break;
        r = plan_round(&view, &survey, options, a, &later);
        survey_release(&survey);
        if (r == 0 && later.edit_count)
            add_problems(&made, &later, a, plan);
    } while (r == 0 && later.edit_count && ++rounds < ROUNDS_MAX);
    plan->is_unsettled = r == 0 && later.edit_count;
    if (r == 0 && rounds)
        overlay_edits(&made, a, &plan->edits, &plan->edit_count);
    if (plan->is_unsettled)
        plan->edit_count = 0;
    for (size_t i = 0; plan->is_unsettled && i < plan->problem_count; i++)
        plan->problems[i].is_mended = false;
    overlay_release(&made);
    return r;
}

int repair_plan(const struct survey_source *source, struct survey *v,
                const struct repair_options *options, struct arena *a, struct repair_plan *out)
{
    struct repair_plan plan;
    int r = plan_round(source, v, options, a, &plan);
    if (r == 0 && options->wants_edits && plan.edit_count)
        r = settle(source, options, a, &plan);
    if (r < 0)
        return r;
    sort_problems(&plan);
    *out = plan;
    return 0;
}
