#include "repair/findings.h"

#include "base/json.h"

#include <stdlib.h>

/* The first version that leaves an empty text out whatever stands beside it, and the first that
 * sends one which other records of its message stand beside. */
enum { EMPTY_LEFT_OUT = 2010277, EMPTY_SENT = 2010111 };

/* 2.1.110 passes over a reminder without its list, and 2.1.197 fails; between them it was not
 * tried. */
enum { REMINDER_FAILS = 2010111 };

static struct repair_plan_problem *add_at(struct repair_steps *m,
                                          const struct transcript_scan_spot *spot,
                                          enum damage_severity severity)
{
    int64_t offset =
        spot->node == GRAPH_NONE ? spot->offset : (int64_t)m->g->nodes[spot->node].offset;
    return repair_steps_add_problem(m, (enum damage_kind)spot->kind, severity, spot->line, offset);
}

/* Nothing stands between the quotes, not even white space. */
static bool has_no_text(struct repair_steps *m, const struct transcript_scan_spot *spot)
{
    BUF_RELEASE struct buf block = {0};
    const struct json_value *root;
    struct sv text = SV(" ");
    int64_t offset = (int64_t)m->g->nodes[spot->node].offset;
    int r = transcript_scan_skim(m->source, offset, m->other);
    if (r == 0 && spot->block < m->other->block_count) {
        struct json_stream_span span = m->other->blocks[spot->block].span;
        r = transcript_scan_bytes(m->source, span.from, span.to, &block);
    }
    if (r == 0 && block.n && json_parse(m->arena, (struct sv){block.p, block.n}, &root) == 0)
        json_string(json_get(root, "text"), &text);
    return text.n == 0;
}

/* White space alone in its record, and "" alone in its message, are left out by the client; beside
 * other blocks 2.1.197 sends them, 2.1.330 does not. */
static void judge_empty_text(struct repair_steps *m, const struct transcript_scan_spot *spot)
{
    enum damage_severity severity = repair_steps_severity(m, DAMAGE_EMPTY_TEXT);
    bool is_sent_beside = !m->newest_version || m->newest_version >= EMPTY_SENT;
    if (m->newest_version < EMPTY_LEFT_OUT &&
        (spot->side > 1 ||
         (is_sent_beside && repair_steps_shares_message(m, spot->node) && has_no_text(m, spot))))
        severity = DAMAGE_HURTS;
    add_at(m, spot, severity);
    if (severity == DAMAGE_HURTS)
        repair_steps_add_step(m, REPAIR_STEPS_BLOCK, DAMAGE_EMPTY_TEXT, spot->node, spot->block);
}

static void judge_image(struct repair_steps *m, const struct transcript_scan_spot *spot)
{
    char size[STR_SIZE_TEXT];
    bool is_many = m->v->image_count > REPAIR_PLAN_MANY_IMAGES;
    bool is_long = spot->number > REPAIR_PLAN_IMAGE_MAX;
    if (!is_long && spot->side <= (is_many ? REPAIR_PLAN_SIDE_OF_MANY : REPAIR_PLAN_SIDE_MAX))
        return;
    struct repair_plan_problem *p = add_at(m, spot, DAMAGE_HURTS);
    p->detail = is_long ? arena_printf(m->arena, "%s of base64, 5.2MB are taken",
                                       str_format_size(spot->number, size))
                        : arena_printf(m->arena, "%u pixels wide or high, of %zu images in all",
                                       spot->side, m->v->image_count);
    repair_steps_add_step(m, REPAIR_STEPS_IMAGE, DAMAGE_OVERSIZED_IMAGE, spot->node, spot->block);
}

static void judge_content(struct repair_steps *m, const struct transcript_scan_spot *spot)
{
    enum damage_severity severity = repair_steps_severity(m, DAMAGE_BAD_CONTENT);
    if (spot->side && m->before.marks[spot->node] == GRAPH_UNREACHED)
        return; /* a prompt that is not sent; where a mending brings it back, that is seen then */
    if (spot->side == TRANSCRIPT_SCAN_NOTHING && severity != DAMAGE_HURTS)
        return; /* later clients leave it out */
    if (spot->side == TRANSCRIPT_SCAN_WHITE)
        severity = DAMAGE_HURTS;
    struct repair_plan_problem *p = add_at(m, spot, severity);
    p->detail = spot->number ? "a text" : "nothing that could be kept";
    if (spot->number)
        repair_steps_add_step(m, REPAIR_STEPS_WRAP, DAMAGE_BAD_CONTENT, spot->node, 0);
    else
        repair_steps_drop(m, DAMAGE_BAD_CONTENT, spot->node);
}

static void drop_pointer(struct repair_steps *m, enum damage_kind kind,
                         const struct transcript_scan_spot *spot)
{
    struct repair_steps_step *step =
        repair_steps_add_step(m, REPAIR_STEPS_DROP, kind, GRAPH_NONE, 0);
    step->offset = spot->offset;
    step->line = spot->line;
}

static void judge_pointer(struct repair_steps *m, const struct transcript_scan_spot *spot)
{
    if (graph_find(m->g, (uint64_t)spot->number) != GRAPH_NONE)
        return;
    enum damage_severity severity = repair_steps_severity(m, DAMAGE_STALE_LEAF);
    add_at(m, spot, severity);
    if (severity == DAMAGE_HURTS)
        drop_pointer(m, DAMAGE_STALE_LEAF, spot);
}

void findings_judge_leaf(struct repair_steps *m, struct graph_walk *after)
{
    const struct transcript_scan *v = m->v;
    uint64_t id;
    while (m->g->has_main_chain && after->leaf == GRAPH_NONE && !graph_user_cleared(m->g) &&
           after->undated == GRAPH_NONE && (id = graph_pointed(m->g))) {
        for (size_t i = 0; i < v->spot_count; i++) {
            const struct transcript_scan_spot *spot = &v->spots[i];
            if (spot->kind != DAMAGE_STALE_LEAF || (uint64_t)spot->number != id)
                continue;
            repair_steps_add_problem(m, DAMAGE_DEAD_POINTER, DAMAGE_HURTS, spot->line,
                                     spot->offset);
            drop_pointer(m, DAMAGE_DEAD_POINTER, spot);
        }
        graph_unpoint(m->g, id);
        graph_walk_release(after);
        graph_walk(m->g, after);
    }
}

void findings_judge_pointers(struct repair_steps *m)
{
    for (size_t i = 0; i < m->v->spot_count; i++)
        if (m->v->spots[i].kind == DAMAGE_STALE_LEAF)
            judge_pointer(m, &m->v->spots[i]);
}

/* What a boundary says that it kept, or NULL. */
static const struct graph_compaction *kept_by(const struct graph *g, uint32_t boundary)
{
    for (size_t i = 0; i < g->compaction_count; i++)
        if (g->compactions[i].boundary == boundary)
            return &g->compactions[i];
    return NULL;
}

/* The summary hangs on the boundary, or is the anchor of what the boundary kept. One that hangs
 * elsewhere may be anyone's. */
static bool has_summary(const struct graph *g, uint32_t boundary)
{
    const struct graph_compaction *kept = kept_by(g, boundary);
    for (uint32_t i = 0; i < g->count; i++) {
        if (!g->nodes[i].is_summary || !graph_is_in_play(g, i))
            continue;
        uint32_t parent = graph_parent(g, i);
        if (parent == boundary || parent == GRAPH_NONE ||
            (kept && g->nodes[i].id == kept->anchor) || g->nodes[parent].role != GRAPH_BOUNDARY)
            return true;
    }
    return false;
}

static bool hangs_on(const struct graph *g, uint32_t node, uint32_t above)
{
    for (size_t i = 0; i <= g->count && node != GRAPH_NONE; i++, node = graph_parent(g, node))
        if (node == above)
            return true;
    return false;
}

/* The client loads nothing of what stands before it: the way ends there, or it was cut. */
static bool hides(const struct graph_walk *w, uint32_t boundary)
{
    return boundary != GRAPH_NONE &&
           (w->cut_at == boundary || (w->end == GRAPH_END_BOUNDARY && w->stopped_at == boundary));
}

/* The last message that stands before it in the file. */
static uint32_t message_before(const struct graph *g, uint32_t boundary)
{
    for (uint32_t i = boundary; i > 0; i--)
        if (graph_is_in_play(g, i - 1) && repair_steps_is_message(g, i - 1))
            return i - 1;
    return GRAPH_NONE;
}

/* Without its summary a compaction hides what was said before it: that comes back. What it followed
 * is a guess where it names nothing that is there. */
static void judge_boundary(struct repair_steps *m, const struct transcript_scan_spot *spot)
{
    struct graph *g = m->g;
    uint32_t before =
        spot->number ? graph_find(g, (uint64_t)spot->number) : graph_parent(g, spot->node);
    bool is_guess = before == GRAPH_NONE && spot->number;
    if (is_guess) {
        add_at(m, spot, DAMAGE_HARMLESS);
        before = message_before(g, spot->node);
    }
    if (before == GRAPH_NONE || !hides(&m->before, spot->node) || has_summary(g, spot->node) ||
        hangs_on(g, before, spot->node))
        return;
    struct repair_plan_problem *p =
        repair_steps_add_node_problem(m, DAMAGE_SUMMARY_GONE, DAMAGE_HURTS, spot->node);
    p->is_guess = is_guess;
    if (is_guess)
        p->detail =
            arena_printf(m->arena, "what it followed is not known; line %u stands before it",
                         g->nodes[before].line);
    graph_set_parent(g, spot->node, before);
    repair_steps_drop(m, DAMAGE_SUMMARY_GONE, spot->node);
}

static void judge_huge(struct repair_steps *m, const struct transcript_scan_spot *spot)
{
    char size[STR_SIZE_TEXT];
    bool trims = m->options->shrinks && spot->node != GRAPH_NONE;
    struct repair_plan_problem *p = add_at(m, spot, DAMAGE_HARMLESS);
    p->detail = arena_printf(m->arena, "%s", str_format_size(spot->number, size));
    p->is_mended = trims;
    if (trims)
        repair_steps_add_step(m, REPAIR_STEPS_TRIM, DAMAGE_HUGE_RECORD, spot->node, spot->block);
}

/* A prompt's null ends the reading of all that is held, unless a result stands before it. */
static bool ends_reading(const struct repair_steps *m, const struct transcript_scan_spot *spot)
{
    const struct graph *g = m->g;
    if (spot->side || g->nodes[spot->node].role == GRAPH_ASSISTANT)
        return false;
    for (size_t i = 0; i < g->tool_count; i++)
        if (g->tools[i].node == spot->node && g->tools[i].is_result &&
            g->tools[i].block < spot->block)
            return false;
    return true;
}

/* Whether the client comes upon it: some it does not see in what it does not load. Where the user
 * rewound to nothing, it sees none. */
static bool is_met(const struct repair_steps *m, const struct transcript_scan_spot *spot)
{
    const struct graph_walk *w = &m->before;
    if (graph_user_cleared(m->g))
        return false;
    if (spot->kind == DAMAGE_NO_MESSAGE ||
        (spot->kind == DAMAGE_NULL_BLOCK && ends_reading(m, spot)))
        return !w->is_cut || !w->is_cut[spot->node];
    return w->marks[spot->node] != GRAPH_UNREACHED;
}

static enum damage_severity if_met(const struct repair_steps *m,
                                   const struct transcript_scan_spot *spot)
{
    if (spot->kind == DAMAGE_MALFORMED_METADATA && spot->side && m->newest_version &&
        m->newest_version < REMINDER_FAILS)
        return DAMAGE_HARMLESS;
    enum damage_severity severity = repair_steps_severity(m, (enum damage_kind)spot->kind);
    return severity == DAMAGE_HURTS && !is_met(m, spot) ? DAMAGE_MILD : severity;
}

static void judge_spot(struct repair_steps *m, const struct transcript_scan_spot *spot)
{
    enum damage_kind kind = (enum damage_kind)spot->kind;
    enum damage_severity severity = repair_steps_severity(m, kind);
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
    case DAMAGE_NULL_BLOCK:
        add_at(m, spot, if_met(m, spot));
        repair_steps_add_step(m, REPAIR_STEPS_NULL, kind, spot->node, spot->block);
        break;
    case DAMAGE_HUGE_RECORD:
        judge_huge(m, spot);
        break;
    case DAMAGE_BOUNDARY_PARENT_GONE:
        judge_boundary(m, spot);
        break;
    case DAMAGE_BAD_TEXT:
        add_at(m, spot, severity)->detail =
            arena_printf(m->arena, "%lld in this record", (long long)spot->number);
        if (severity == DAMAGE_HURTS && spot->node != GRAPH_NONE)
            repair_steps_add_step(m, REPAIR_STEPS_TEXT, kind, spot->node, 0);
        break;
    case DAMAGE_NO_MESSAGE:
    case DAMAGE_MALFORMED_METADATA:
        if (spot->node == GRAPH_NONE)
            break; /* a record that the client does not put on its chain */
        severity = if_met(m, spot);
        add_at(m, spot, severity);
        if (severity > DAMAGE_HARMLESS)
            repair_steps_drop(m, kind, spot->node);
        break;
    default:
        break; /* errors and pointers: once it is known what is mended, and what is dropped */
    }
}

/* Of subagents' records too the client looks up the message's id. */
static bool lacks_message_aside(const struct graph *g, const struct transcript_scan_spot *spot)
{
    const struct graph_node *n = &g->nodes[spot->node];
    return spot->kind == DAMAGE_NO_MESSAGE && n->role == GRAPH_ASSISTANT && n->is_sidechain &&
           !n->is_superseded && !n->is_dropped && !n->is_hidden;
}

void findings_judge(struct repair_steps *m)
{
    const struct transcript_scan *v = m->v;
    for (size_t i = 0; i < v->spot_count; i++)
        if (v->spots[i].node == GRAPH_NONE || graph_is_in_play(m->g, v->spots[i].node) ||
            lacks_message_aside(m->g, &v->spots[i]))
            judge_spot(m, &v->spots[i]);
}

/* ---- thinking ----------------------------------------------------------------------------- */

/* Takes the thinking out of the records of one message; 0: of all. Returns: 0 or negative errno. */
static int drop_thinking(struct repair_steps *m, uint32_t message, size_t *found)
{
    for (uint32_t i = 0; i < m->g->count; i++) {
        const struct graph_node *node = &m->g->nodes[i];
        if (node->role != GRAPH_ASSISTANT || (message && node->message != message) ||
            !graph_is_in_play(m->g, i))
            continue;
        int r = transcript_scan_skim(m->source, (int64_t)node->offset, m->skim);
        if (r < 0)
            return r;
        for (size_t j = 0; j < m->skim->block_count; j++)
            if (m->skim->blocks[j].kind == JSON_STREAM_BLOCK_THINKING &&
                !m->skim->blocks[j].is_nested) {
                repair_steps_add_step(m, REPAIR_STEPS_BLOCK, DAMAGE_STALE_THINKING, i, (int64_t)j);
                ++*found;
            }
    }
    return 0;
}

/* Only where the API said so: first of the message before its error; where that has none, of all.
 */
int findings_judge_thinking(struct repair_steps *m)
{
    const struct transcript_scan *v = m->v;
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
            repair_steps_add_node_problem(m, DAMAGE_STALE_THINKING, DAMAGE_HURTS, m->steps[i].node);
    return r;
}

/* ---- errors ------------------------------------------------------------------------------- */

/* An error whose cause is mended goes with it: the next repair would take it for a new one. */
void findings_judge_errors(struct repair_steps *m)
{
    const struct transcript_scan *v = m->v;
    for (size_t i = 0; i < v->spot_count; i++) {
        const struct transcript_scan_spot *spot = &v->spots[i];
        bool is_cured = i >= v->last_error && ((uint64_t)spot->number & m->mended_kinds);
        if (spot->kind != DAMAGE_ERROR_TAIL || i < v->last_error)
            continue;
        /* what has its id would go with it */
        is_cured =
            is_cured && !m->g->nodes[spot->node].has_copy && !m->g->nodes[spot->node].is_superseded;
        add_at(m, spot, is_cured ? DAMAGE_MILD : DAMAGE_HARMLESS);
        if (is_cured)
            repair_steps_drop(m, DAMAGE_ERROR_TAIL, spot->node);
    }
}
