#include "conversation/loader/graph_nodes.h"

#include "base/clock.h"

static bool has_block(const struct json_stream *s, enum json_stream_block_kind kind)
{
    for (size_t i = 0; i < s->block_count; i++)
        if (s->blocks[i].kind == kind && !s->blocks[i].is_nested)
            return true;
    return false;
}

/* The records that the client puts on its chain; what has another type, or none, is no parent of
 * anything. Measured on 2.1.110, 2.1.197, 2.1.330 and 2.1.332. */
bool graph_nodes_is_on_chain(const struct json_stream *s)
{
    static const char *const types[] = {"user", "assistant", "attachment", "system", "progress"};
    if (json_stream_text(s, JSON_STREAM_UUID).n)
        for (size_t i = 0; i < sizeof types / sizeof *types; i++)
            if (json_stream_is(s, JSON_STREAM_TYPE, types[i]))
                return true;
    return false;
}

/* As JavaScript takes a value for true. */
static bool is_truthy(const struct json_stream_value *v)
{
    return v->kind == JSON_STREAM_TRUE || v->kind == JSON_STREAM_OBJECT ||
           v->kind == JSON_STREAM_ARRAY || (v->kind == JSON_STREAM_NUMBER && v->is_nonzero) ||
           (v->kind == JSON_STREAM_STRING && v->span.to - v->span.from > 2);
}

static enum graph_role role_of(const struct json_stream *s)
{
    if (json_stream_is(s, JSON_STREAM_TYPE, "assistant"))
        return GRAPH_ASSISTANT;
    if (json_stream_is(s, JSON_STREAM_TYPE, "user"))
        return has_block(s, JSON_STREAM_BLOCK_TOOL_RESULT) ? GRAPH_RESULT : GRAPH_USER;
    if (json_stream_is(s, JSON_STREAM_TYPE, "progress"))
        return GRAPH_PROGRESS;
    return json_stream_is(s, JSON_STREAM_SUBTYPE, "compact_boundary") ? GRAPH_BOUNDARY : GRAPH_LINK;
}

/* What was typed while the agent worked, and what the user's own commands said: 2.1.197, 2.1.330.
 */
static bool is_sent(const struct json_stream *s)
{
    return (json_stream_is(s, JSON_STREAM_TYPE, "attachment") &&
            json_stream_is(s, JSON_STREAM_ATTACHMENT_TYPE, "queued_command")) ||
           (json_stream_is(s, JSON_STREAM_TYPE, "system") &&
            json_stream_is(s, JSON_STREAM_SUBTYPE, "local_command"));
}

bool graph_nodes_has_blocks(const struct json_stream *s, enum graph_role role)
{
    enum json_stream_kind content = s->members[JSON_STREAM_CONTENT].kind;
    return role >= GRAPH_USER && s->members[JSON_STREAM_MESSAGE].kind == JSON_STREAM_OBJECT &&
           (content == JSON_STREAM_ARRAY ||
            (role != GRAPH_ASSISTANT && content == JSON_STREAM_STRING)) &&
           s->members[JSON_STREAM_IS_API_ERROR].kind != JSON_STREAM_TRUE;
}

static void add_tools(struct graph *g, const struct json_stream *s, uint32_t node)
{
    for (size_t i = 0; i < s->block_count; i++) {
        const struct json_stream_block *b = &s->blocks[i];
        if (!b->is_nested && b->tool &&
            (b->kind == JSON_STREAM_BLOCK_TOOL_USE || b->kind == JSON_STREAM_BLOCK_TOOL_RESULT))
            graph_add_tool(g, &(struct graph_tool){
                                  .id = b->tool,
                                  .node = node,
                                  .block = (uint32_t)i & 0x7fffffff,
                                  .is_result = b->kind == JSON_STREAM_BLOCK_TOOL_RESULT,
                              });
    }
}

static void add_compaction(struct graph *g, const struct json_stream *s, uint32_t node)
{
    for (size_t i = 0; i < s->preserved_count; i++)
        graph_preserve(g, node, s->preserved[i]);
    if (s->preserved_count || json_stream_text(s, JSON_STREAM_TAIL).n)
        graph_compaction(g, &(struct graph_compaction){
                                .boundary = node,
                                .has_segment = json_stream_text(s, JSON_STREAM_TAIL).n > 0,
                                .anchor = graph_id_of(json_stream_text(s, JSON_STREAM_ANCHOR)),
                                .head = graph_id_of(json_stream_text(s, JSON_STREAM_HEAD)),
                                .tail = graph_id_of(json_stream_text(s, JSON_STREAM_TAIL)),
                            });
}

/* An assistant's record has blocks, and all are of that kind; texts are of white space alone. */
static bool is_just(const struct json_stream *s, enum json_stream_block_kind kind)
{
    bool is_text = kind == JSON_STREAM_BLOCK_TEXT;
    if (!json_stream_is(s, JSON_STREAM_TYPE, "assistant") || s->block_count != s->top_count)
        return false;
    for (size_t i = 0; i < s->block_count; i++)
        if (s->blocks[i].kind != kind || s->blocks[i].is_nested ||
            (is_text && !s->blocks[i].is_empty))
            return false;
    return s->block_count > 0;
}

/* An assistant's record with calls, and a text beside them. */
static bool has_words(const struct json_stream *s)
{
    if (!json_stream_is(s, JSON_STREAM_TYPE, "assistant") ||
        !has_block(s, JSON_STREAM_BLOCK_TOOL_USE))
        return false;
    for (size_t i = 0; i < s->block_count; i++)
        if (s->blocks[i].kind == JSON_STREAM_BLOCK_TEXT && !s->blocks[i].is_nested &&
            !s->blocks[i].is_empty)
            return true;
    return false;
}

uint32_t graph_nodes_add(struct graph *g, const struct json_stream *s,
                         const struct graph_nodes_place *place)
{
    struct wall at = {0};
    if (!graph_nodes_is_on_chain(s)) {
        if (s->members[JSON_STREAM_LEAF].kind != JSON_STREAM_ABSENT &&
            json_stream_is(s, JSON_STREAM_TYPE, "last-prompt") && !place->is_hidden &&
            !place->is_marked)
            graph_point(g, json_stream_text(s, JSON_STREAM_LEAF),
                        s->members[JSON_STREAM_EXPLICIT].kind == JSON_STREAM_TRUE);
        return GRAPH_NONE;
    }
    enum graph_role role = role_of(s);
    wall_parse(json_stream_text(s, JSON_STREAM_TIMESTAMP), &at);
    struct graph_record record = {
        .role = role,
        .uuid = json_stream_text(s, JSON_STREAM_UUID),
        .parent_uuid = json_stream_text(s, JSON_STREAM_PARENT),
        .message_id =
            role == GRAPH_ASSISTANT ? json_stream_text(s, JSON_STREAM_MESSAGE_ID) : (struct sv){0},
        .at_ms = at.ms,
        .stamp = json_stream_text(s, JSON_STREAM_TIMESTAMP),
        .lacks_time = s->members[JSON_STREAM_TIMESTAMP].kind != JSON_STREAM_STRING,
        .offset = s->record.from,
        .line = place->line,
        .is_sidechain = is_truthy(&s->members[JSON_STREAM_IS_SIDECHAIN]),
        .is_summary = s->members[JSON_STREAM_IS_SUMMARY].kind == JSON_STREAM_TRUE,
        .is_virtual = s->members[JSON_STREAM_IS_VIRTUAL].kind == JSON_STREAM_TRUE,
        .is_blank = is_just(s, JSON_STREAM_BLOCK_TEXT),
        .is_thinking = is_just(s, JSON_STREAM_BLOCK_THINKING),
        .has_words = has_words(s),
        .is_sent = is_sent(s),
        .is_hidden = place->is_hidden,
        .is_beside = place->is_beside,
        .is_marked = place->is_marked,
    };
    uint32_t node = graph_add(g, &record);
    if (node != GRAPH_NONE && role == GRAPH_BOUNDARY)
        add_compaction(g, s, node);
    if (node != GRAPH_NONE && graph_nodes_has_blocks(s, role))
        add_tools(g, s, node);
    return node;
}
