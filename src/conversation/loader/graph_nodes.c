#include "conversation/loader/graph_nodes.h"

#include "base/clock.h"

static bool has_block(const struct skim *s, enum skim_block_kind kind)
{
    for (size_t i = 0; i < s->block_count; i++)
        if (s->blocks[i].kind == kind && !s->blocks[i].is_nested)
            return true;
    return false;
}

static enum graph_role role_of(const struct skim *s)
{
    if (skim_is(s, SKIM_TYPE, "assistant"))
        return GRAPH_ASSISTANT;
    if (skim_is(s, SKIM_TYPE, "user"))
        return has_block(s, SKIM_BLOCK_TOOL_RESULT) ? GRAPH_RESULT : GRAPH_USER;
    if (skim_is(s, SKIM_TYPE, "progress"))
        return GRAPH_PROGRESS;
    return skim_is(s, SKIM_SUBTYPE, "compact_boundary") ? GRAPH_BOUNDARY : GRAPH_LINK;
}

bool nodes_has_blocks(const struct skim *s, enum graph_role role)
{
    enum skim_kind content = s->members[SKIM_CONTENT].kind;
    return role >= GRAPH_USER && s->members[SKIM_MESSAGE].kind == SKIM_OBJECT &&
           (content == SKIM_ARRAY || (role != GRAPH_ASSISTANT && content == SKIM_STRING)) &&
           s->members[SKIM_IS_API_ERROR].kind != SKIM_TRUE;
}

static void add_tools(struct graph *g, const struct skim *s, uint32_t node)
{
    for (size_t i = 0; i < s->block_count; i++) {
        const struct skim_block *b = &s->blocks[i];
        if (!b->is_nested && b->tool &&
            (b->kind == SKIM_BLOCK_TOOL_USE || b->kind == SKIM_BLOCK_TOOL_RESULT))
            graph_add_tool(g, &(struct graph_tool){
                                  .id = b->tool,
                                  .node = node,
                                  .block = (uint32_t)i & 0x7fffffff,
                                  .is_result = b->kind == SKIM_BLOCK_TOOL_RESULT,
                              });
    }
}

static void add_compaction(struct graph *g, const struct skim *s, uint32_t node)
{
    for (size_t i = 0; i < s->preserved_count; i++)
        graph_preserve(g, node, s->preserved[i]);
    if (s->preserved_count || skim_text(s, SKIM_TAIL).n)
        graph_compaction(g, &(struct graph_compaction){
                                .boundary = node,
                                .has_segment = skim_text(s, SKIM_TAIL).n > 0,
                                .anchor = graph_id_of(skim_text(s, SKIM_ANCHOR)),
                                .head = graph_id_of(skim_text(s, SKIM_HEAD)),
                                .tail = graph_id_of(skim_text(s, SKIM_TAIL)),
                            });
}

uint32_t nodes_add(struct graph *g, const struct skim *s, const struct nodes_place *place)
{
    struct wall at = {0};
    if (skim_text(s, SKIM_UUID).n == 0) {
        if (s->members[SKIM_LEAF].kind != SKIM_ABSENT && skim_is(s, SKIM_TYPE, "last-prompt") &&
            !place->is_hidden)
            graph_point(g, skim_text(s, SKIM_LEAF), s->members[SKIM_EXPLICIT].kind == SKIM_TRUE);
        return GRAPH_NONE;
    }
    enum graph_role role = role_of(s);
    wall_parse(skim_text(s, SKIM_TIMESTAMP), &at);
    struct graph_record record = {
        .role = role,
        .uuid = skim_text(s, SKIM_UUID),
        .parent_uuid = skim_text(s, SKIM_PARENT),
        .message_id = role == GRAPH_ASSISTANT ? skim_text(s, SKIM_MESSAGE_ID) : (struct sv){0},
        .at_ms = at.ms,
        .offset = s->record.from,
        .line = place->line,
        .is_sidechain = s->members[SKIM_IS_SIDECHAIN].kind == SKIM_TRUE,
        .is_summary = s->members[SKIM_IS_SUMMARY].kind == SKIM_TRUE,
        .is_hidden = place->is_hidden,
        .is_beside = place->is_beside,
    };
    uint32_t node = graph_add(g, &record);
    if (node != GRAPH_NONE && role == GRAPH_BOUNDARY)
        add_compaction(g, s, node);
    if (node != GRAPH_NONE && nodes_has_blocks(s, role))
        add_tools(g, s, node);
    return node;
}
