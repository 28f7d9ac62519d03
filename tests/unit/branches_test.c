#include "unit.h"

#include "conversation/loader/branches.h"

/* One a record, a minute after the one before it: an id, its parent ('-': none), its role (u
 * prompt, A assistant, l link, k boundary, s a subagent's). */
static void build(struct graph *g, const char *words)
{
    graph_init(g);
    for (uint32_t line = 1; *words; line++, words += words[3] ? 4 : 3) {
        char role = words[2];
        struct graph_record record = {
            .role = role == 'u' || role == 's' ? GRAPH_USER
                    : role == 'A'              ? GRAPH_ASSISTANT
                    : role == 'k'              ? GRAPH_BOUNDARY
                                               : GRAPH_LINK,
            .uuid = {words, 1},
            .parent_uuid = {words + 1, words[1] != '-'},
            .at_ms = line * 60000,
            .offset = line,
            .line = line,
            .is_sidechain = role == 's',
        };
        assert_int_equal(graph_add(g, &record), line - 1);
    }
    graph_link(g);
}

/* What the walk from the record on a line leaves, one a branch, the newest first: the lines of its
 * end and of what it hangs on (0: nothing), its messages. */
static void assert_left(const char *words, uint32_t leaf_line, const char *expected)
{
    struct arena a = {0};
    struct graph g;
    struct graph_walk w;
    struct buf text = {0};
    build(&g, words);
    graph_walk_from(&g, leaf_line - 1, &w);
    struct branches b = branches_find(&g, &w, &a);
    buf_adds(&text, "");
    for (size_t i = 0; i < b.count; i++)
        buf_addf(&text, "%s%u<%u:%zu%s%s", i ? " " : "", g.nodes[b.items[i].end].line,
                 b.items[i].fork == GRAPH_NONE ? 0 : g.nodes[b.items[i].fork].line,
                 b.items[i].message_count, b.items[i].is_summed_up ? " summed up" : "",
                 b.items[i].holds_leaf ? " goes on" : "");
    assert_string_equal(text.p, expected);
    for (uint32_t i = 0; i < g.count; i++) /* what is loaded is on no branch */
        assert_false(w.marks[i] != GRAPH_UNREACHED && b.of[i]);
    buf_release(&text);
    graph_walk_release(&w);
    graph_release(&g);
    arena_release(&a);
}

static void a_chain_has_no_branch(void **state)
{
    (void)state;
    assert_left("a-u baA cbu", 3, "");
}

static void what_was_left_hangs_on_where_it_was_left(void **state)
{
    (void)state;
    assert_left("a-u baA cbu dcA ebu feA", 6, "4<2:2");
}

static void of_several_with_one_stem_the_newest_has_it(void **state)
{
    (void)state;
    assert_left("a-u baA cbu dcA ecA fbu", 6, "5<2:2 4<3:1");
}

static void links_are_no_messages_and_subagents_no_branch(void **state)
{
    (void)state;
    assert_left("a-u baA cbu dcl ebu fas", 5, "3<2:1");
}

static void what_stands_behind_the_end_goes_on(void **state)
{
    (void)state;
    assert_left("a-u baA cbu dcA", 2, "4<2:2 goes on");
}

static void what_was_typed_behind_the_end_is_no_other_branch(void **state)
{
    (void)state;
    assert_left("a-u baA cbl dcl edA fau", 2, "6<1:1 5<4:1 goes on");
}

static void what_hangs_on_nothing_is_a_branch_too(void **state)
{
    (void)state;
    assert_left("a-u baA c-u dcA", 4, "2<0:2");
}

static void what_was_compacted_is_summed_up(void **state)
{
    (void)state;
    assert_left("a-u baA k-k sku tsA", 5, "2<0:2 summed up");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_has_no_branch),
        cmocka_unit_test(what_was_left_hangs_on_where_it_was_left),
        cmocka_unit_test(of_several_with_one_stem_the_newest_has_it),
        cmocka_unit_test(links_are_no_messages_and_subagents_no_branch),
        cmocka_unit_test(what_stands_behind_the_end_goes_on),
        cmocka_unit_test(what_was_typed_behind_the_end_is_no_other_branch),
        cmocka_unit_test(what_hangs_on_nothing_is_a_branch_too),
        cmocka_unit_test(what_was_compacted_is_summed_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
