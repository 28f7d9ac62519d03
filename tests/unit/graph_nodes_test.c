#include "unit.h"

#include "conversation/loader/graph_nodes.h"

/* One record, into the graph. Returns: its node, or GRAPH_NONE. */
static uint32_t add(struct graph *g, const char *record, bool is_hidden)
{
    struct json_stream s;
    json_stream_begin(&s, 0);
    json_stream_feed(&s, record, strlen(record));
    json_stream_end(&s);
    assert_int_equal(s.shape, JSON_STREAM_RECORD);
    uint32_t node =
        graph_nodes_add(g, &s, &(struct graph_nodes_place){.line = 7, .is_hidden = is_hidden});
    json_stream_release(&s);
    return node;
}

static void assert_role(const char *type_and_more, uint32_t role)
{
    struct graph g;
    struct buf record = {0};
    graph_init(&g);
    buf_addf(&record, "{\"uuid\":\"a\",%s}", type_and_more);
    uint32_t node = add(&g, record.p, false);
    assert_int_equal(node == GRAPH_NONE ? GRAPH_NONE : g.nodes[node].role, role);
    buf_release(&record);
    graph_release(&g);
}

static void a_type_has_its_role(void **state)
{
    (void)state;
    assert_role("\"type\":\"user\",\"message\":{\"content\":\"hello\"}", GRAPH_USER);
    assert_role("\"type\":\"user\",\"message\":{\"content\":[{\"type\":\"tool_result\","
                "\"tool_use_id\":\"t\"}]}",
                GRAPH_RESULT);
    assert_role("\"type\":\"assistant\",\"message\":{\"content\":[]}", GRAPH_ASSISTANT);
    assert_role("\"type\":\"progress\"", GRAPH_PROGRESS);
    assert_role("\"type\":\"attachment\"", GRAPH_LINK);
    assert_role("\"type\":\"system\",\"subtype\":\"turn_duration\"", GRAPH_LINK);
    assert_role("\"type\":\"system\",\"subtype\":\"compact_boundary\"", GRAPH_BOUNDARY);
}

static void what_is_not_on_the_chain_is_no_node(void **state)
{
    (void)state;
    struct graph g;
    graph_init(&g);
    assert_role("\"type\":\"something new\"", GRAPH_NONE);
    assert_role("\"cwd\":\"/\"", GRAPH_NONE);
    assert_int_equal(add(&g, "{\"type\":\"user\",\"message\":{\"content\":\"no id\"}}", false),
                     GRAPH_NONE);
    assert_int_equal(g.count, 0);
    graph_release(&g);
}

static void a_record_is_taken_as_it_says(void **state)
{
    (void)state;
    struct graph g;
    graph_init(&g);
    assert_int_equal(add(&g,
                         "{\"parentUuid\":\"p\",\"isSidechain\":true,\"type\":\"assistant\","
                         "\"uuid\":\"a\",\"timestamp\":\"2026-01-02T03:04:05.000Z\",\"message\":"
                         "{\"id\":\"m\",\"content\":[{\"type\":\"tool_use\",\"id\":\"t\"}]}}",
                         true),
                     0);
    const struct graph_node *n = &g.nodes[0];
    assert_int_equal(n->id, graph_id_of(SV("a")));
    assert_int_equal(n->parent_id, graph_id_of(SV("p")));
    assert_int_equal(n->at_ms, 1767323045000);
    assert_int_equal(n->line, 7);
    assert_true(n->is_sidechain);
    assert_true(n->is_hidden);
    assert_true(n->message);
    assert_int_equal(g.tool_count, 1);
    assert_int_equal(g.tools[0].id, graph_id_of(SV("t")));
    assert_false(g.tools[0].is_result);
    graph_release(&g);
}

static void a_pointer_is_taken_from_what_the_client_sees(void **state)
{
    (void)state;
    static const char *const pointer = "{\"type\":\"last-prompt\",\"leafUuid\":\"a\"}";
    struct graph g;
    graph_init(&g);
    assert_int_equal(add(&g, pointer, true), GRAPH_NONE);
    assert_int_equal(g.pointer_count, 0);
    assert_int_equal(add(&g, pointer, false), GRAPH_NONE);
    assert_int_equal(g.pointer_count, 1);
    assert_int_equal(g.pointers[0].id, graph_id_of(SV("a")));
    graph_release(&g);
}

static void a_sidechain_is_what_the_client_takes_for_true(void **state)
{
    (void)state;
    static const char *const yes[] = {"true", "1", "-2.5", "0.01", "1e0", "\"no\"", "{}", "[]"};
    static const char *const no[] = {"false", "0", "-0", "0.00", "0e5", "\"\"", "null"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes + sizeof no / sizeof *no; i++) {
        bool is_yes = i < sizeof yes / sizeof *yes;
        struct graph g;
        struct buf record = {0};
        graph_init(&g);
        buf_addf(&record, "{\"n\":7,\"uuid\":\"a\",\"type\":\"user\",\"isSidechain\":%s,\"m\":8}",
                 is_yes ? yes[i] : no[i - sizeof yes / sizeof *yes]);
        uint32_t node = add(&g, record.p, false);
        assert_int_equal(g.nodes[node].is_sidechain, is_yes);
        buf_release(&record);
        graph_release(&g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sidechain_is_what_the_client_takes_for_true),
        cmocka_unit_test(a_type_has_its_role),
        cmocka_unit_test(what_is_not_on_the_chain_is_no_node),
        cmocka_unit_test(a_record_is_taken_as_it_says),
        cmocka_unit_test(a_pointer_is_taken_from_what_the_client_sees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
