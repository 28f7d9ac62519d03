#include "repair/check_tool_calls.h"

/* Of each node. */
struct places {
    bool *is_prompt; /* a result that becomes a text is a prompt from then on */
    bool *was_last, *is_last;
};

/*
 * The last message of the conversation has not been answered yet: that is how a session ends that
 * was left while a tool ran. Of such a message every record is one, and so is what is on a branch
 * that is not resumed: nobody asks for its result.
 */
static bool *find_last(struct repair_steps *m, const struct graph_walk *w, const bool *is_prompt)
{
    const struct graph *g = m->g;
    bool *is_last = arena_alloc(m->arena, g->count + 1);
    uint32_t last = GRAPH_NONE; /* the last message */
    for (uint32_t i = 0; i < g->count; i++)
        is_last[i] = w->marks[i] == GRAPH_UNREACHED;
    for (size_t i = w->count; i-- > 0;) {
        uint32_t node = w->order[i];
        const struct graph_node *n = &g->nodes[node];
        if (!repair_steps_is_message(g, node) || (n->role == GRAPH_RESULT && !is_prompt[node])) {
            is_last[node] = last == GRAPH_NONE;
            continue;
        }
        if (last == GRAPH_NONE)
            last = node;
        else if (!n->message || n->message != g->nodes[last].message)
            break;
        is_last[node] = true;
    }
    return is_last;
}

static struct places find_places(struct repair_steps *m, const struct graph_walk *after)
{
    size_t size = m->g->count + 1;
    struct places p = {.is_prompt = arena_alloc(m->arena, size)};
    p.was_last = find_last(m, &m->before, p.is_prompt);
    for (size_t i = 0; i < m->step_count; i++)
        if (m->steps[i].what == REPAIR_STEPS_SAY)
            p.is_prompt[m->steps[i].node] = true;
    p.is_last = find_last(m, after, p.is_prompt);
    return p;
}

static void judge_call(struct repair_steps *m, const struct places *places,
                       const struct graph_tool *call)
{
    enum damage_severity severity = repair_steps_severity(m, DAMAGE_UNANSWERED_TOOL);
    bool loses_words = m->before.marks[call->node] != GRAPH_UNREACHED &&
                       graph_is_left_out(m->g, &m->before, call->node);
    if (places->is_last[call->node] && !loses_words)
        return;
    /* the client answers it at the end, and leaves it out where something follows */
    bool was_last = m->before.marks[call->node] != GRAPH_UNREACHED && places->was_last[call->node];
    if (was_last || loses_words)
        severity = DAMAGE_HURTS;
    struct repair_plan_problem *p =
        repair_steps_add_node_problem(m, DAMAGE_UNANSWERED_TOOL, severity, call->node);
    if (was_last)
        p->consequence = "the client would leave it out once the messages behind it are loaded";
    else if (loses_words)
        p->consequence = "the client leaves it out, with the text beside it";
    if (severity != DAMAGE_HURTS)
        return;
    repair_steps_add_step(m, REPAIR_STEPS_ANSWER, DAMAGE_UNANSWERED_TOOL, call->node, call->block);
    graph_answer(m->g, call->node);
}

/* As a text it would be a prompt, which is not fetched: one that is loaded only as what belongs to
 * a message on the way, is left as it is. */
static void judge_result(struct repair_steps *m, const struct graph_walk *after,
                         const struct graph_tool *result)
{
    enum damage_severity severity = repair_steps_severity(m, DAMAGE_ORPHAN_RESULT);
    struct repair_plan_problem *p =
        repair_steps_add_node_problem(m, DAMAGE_ORPHAN_RESULT, severity, result->node);
    if (severity == DAMAGE_MILD)
        p->consequence = "the model sees nothing of it";
    if (severity == DAMAGE_MILD && after->marks[result->node] == GRAPH_BESIDE)
        p->is_mended = false;
    else if (severity > DAMAGE_HARMLESS)
        repair_steps_add_step(m, REPAIR_STEPS_SAY, DAMAGE_ORPHAN_RESULT, result->node,
                              result->block);
}

static void judge_twin(struct repair_steps *m, const struct graph_tool *call)
{
    enum damage_severity severity = repair_steps_severity(m, DAMAGE_DUPLICATE_TOOL_ID);
    repair_steps_add_node_problem(m, DAMAGE_DUPLICATE_TOOL_ID, severity, call->node);
    if (severity == DAMAGE_HURTS)
        repair_steps_add_step(m, REPAIR_STEPS_BLOCK, DAMAGE_DUPLICATE_TOOL_ID, call->node,
                              call->block);
}

/* All calls and results of one id. places: of calls that have no result, where they are judged. */
static void judge_tool(struct repair_steps *m, const struct graph_walk *after,
                       const struct places *places, const struct graph_tool *tools, size_t count)
{
    const struct graph_tool *call = NULL;
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
            if (!has_call && after && !places)
                judge_result(m, after, &tools[i]);
        } else if (!call) {
            call = &tools[i];
        } else if (!after) {
            judge_twin(m, &tools[i]);
        }
    }
    if (call && !has_result && places)
        judge_call(m, places, call);
}

static void judge_tools(struct repair_steps *m, const struct graph_walk *after,
                        const struct places *places)
{
    const struct graph *g = m->g;
    for (size_t from = 0, to; from < g->tool_count; from = to) {
        for (to = from + 1; to < g->tool_count && g->tools[to].id == g->tools[from].id; to++)
            ;
        judge_tool(m, after, places, &g->tools[from], to - from);
    }
}

void check_tool_calls_judge(struct repair_steps *m, const struct graph_walk *after)
{
    judge_tools(m, after, NULL);
    if (!after)
        return;
    /* now that it is known which results become texts */
    struct places places = find_places(m, after);
    judge_tools(m, after, &places);
}
