#include "unit.h"

#include "conversation/loader/graph.h"

#include <stdio.h>

/*
 * A transcript as words, one a record: "a:u" is a prompt with the id a and no parent, "b<a:A/m@9"
 * an assistant's record of message m, parent a, at second 9. Roles: u prompt, r result, A
 * assistant, w the same with white space alone, l link, k boundary, s a subagent's prompt, v one
 * that is virtual. Without a time each record is a minute
 * after the one before it; "=yesterday" is a time that is no moment.
 */
static void add(struct graph *g, const char *word, uint32_t line)
{
    char id[16] = "", parent[16] = "", message[16] = "";
    const char *p = word;
    size_t n = strcspn(p, "<:");
    memcpy(id, p, n);
    p += n;
    if (*p == '<') {
        n = strcspn(++p, ":");
        memcpy(parent, p, n);
        p += n;
    }
    char role = *++p;
    int64_t second = (int64_t)line * 60;
    if (*++p == '/') {
        n = strcspn(++p, "@");
        memcpy(message, p, n);
        p += n;
    }
    if (*p == '@')
        second = atoi(p + 1);
    const char *stamp = strchr(word, '=');
    struct graph_record record = {
        .role = role == 'u' || role == 's' || role == 'v' ? GRAPH_USER
                : role == 'r'                             ? GRAPH_RESULT
                : role == 'A' || role == 'w'              ? GRAPH_ASSISTANT
                : role == 'k'                             ? GRAPH_BOUNDARY
                                                          : GRAPH_LINK,
        .uuid = sv_of(id),
        .parent_uuid = sv_of(parent),
        .message_id = sv_of(message),
        .at_ms = stamp ? 0 : second * 1000,
        .stamp = stamp ? sv_of(stamp + 1) : (struct sv){0},
        .offset = line,
        .line = line,
        .is_sidechain = role == 's',
        .is_virtual = role == 'v',
        .is_blank = role == 'w',
    };
    assert_int_equal(graph_add(g, &record), line - 1);
}

static void build(struct graph *g, const char *words)
{
    char text[512];
    uint32_t line = 0;
    graph_init(g);
    snprintf(text, sizeof text, "%s", words);
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
        add(g, word, ++line);
}

/* The order of what is reached, as the numbers of lines. */
static void assert_walk(struct graph *g, const char *lines, enum graph_end end)
{
    struct graph_walk w;
    struct buf text = {0};
    graph_walk(g, &w);
    buf_adds(&text, "");
    for (size_t i = 0; i < w.count; i++)
        buf_addf(&text, "%s%u", i ? " " : "", g->nodes[w.order[i]].line);
    assert_string_equal(text.p ? text.p : "", lines);
    assert_int_equal(w.end, end);
    buf_release(&text);
    graph_walk_release(&w);
}

static void assert_loads(const char *words, const char *lines, enum graph_end end)
{
    struct graph g;
    build(&g, words);
    graph_link(&g);
    assert_walk(&g, lines, end);
    graph_release(&g);
}

/* Of each record, in their order, whether it is shown alone. */
static void assert_shown(const char *words, int64_t version, const char *is_shown)
{
    struct graph g;
    struct graph_walk w;
    build(&g, words);
    graph_link(&g);
    graph_see_as(&g, version);
    graph_walk(&g, &w);
    assert_int_equal(g.count, strlen(is_shown));
    for (uint32_t i = 0; i < g.count; i++)
        assert_int_equal(graph_is_shown(&g, &w, i), is_shown[i] == '1');
    graph_walk_release(&w);
    graph_release(&g);
}

static void prompts_are_joined_where_white_space_is_left_out(void **state)
{
    (void)state;
    assert_shown("a:v b<a:u c<b:A", 2010268, "100");
    assert_shown("a:v b<a:u c<b:A d<c:w", 2010268, "1100");
    assert_shown("a:v b<a:u c<b:A d<c:w", 2010269, "1000");
    assert_shown("a:v b<a:l c<b:u d<c:w", 2010268, "1000");
    assert_shown("a:u b<a:w c<b:v d<c:A", 2010268, "0000");
}

static void nothing_has_no_leaf(void **state)
{
    (void)state;
    assert_loads("", "", GRAPH_END_NOTHING);
}

static void a_chain_is_walked_to_its_root(void **state)
{
    (void)state;
    assert_loads("a:u b<a:A c<b:u", "1 2 3", GRAPH_END_ROOT);
}

static void lines_need_not_be_in_order(void **state)
{
    (void)state;
    assert_loads("b<a:A@20 c<b:l@21 a:u@10", "3 1 2", GRAPH_END_ROOT);
}

static void the_last_end_is_the_leaf_whatever_its_time(void **state)
{
    (void)state;
    assert_loads("a:u@1 b<a:A@9 c<a:A@5", "1 3", GRAPH_END_ROOT);
}

static void subagents_are_no_leaves(void **state)
{
    (void)state;
    assert_loads("a:u b<a:A s<b:s", "1 2", GRAPH_END_ROOT);
}

static void only_subagents_is_nothing(void **state)
{
    (void)state;
    assert_loads("a:s b<a:s", "", GRAPH_END_NOTHING);
}

static void a_boundary_ends_the_walk(void **state)
{
    (void)state;
    assert_loads("a:u b<a:A k:k c<k:u d<c:A", "3 4 5", GRAPH_END_BOUNDARY);
}

static void a_missing_parent_loses_what_is_older(void **state)
{
    (void)state;
    assert_loads("a:u b<a:A c<gone:u d<c:A", "3 4", GRAPH_END_GAP);
}

static void a_missing_parent_is_bridged_within_five_seconds(void **state)
{
    (void)state;
    assert_loads("a:u@1 b<a:A@2 c<gone:u@7 d<c:A@90", "1 2 3 4", GRAPH_END_ROOT);
    assert_loads("a:u@1 b<a:A@2 c<gone:u@8 d<c:A@90", "3 4", GRAPH_END_GAP);
}

static void a_bridge_does_not_go_in_circles(void **state)
{
    (void)state;
    assert_loads("a<gone:u@5 b<gone:u@6 c<gone:u@7", "1 2 3", GRAPH_END_GAP);
}

static void a_cycle_ends_the_walk(void **state)
{
    (void)state;
    assert_loads("a<b:u b<a:A c<b:u", "1 2 3", GRAPH_END_CYCLE);
}

static void a_cycle_is_bridged_within_five_seconds(void **state)
{
    (void)state;
    assert_loads("a:u@1 b<a:A@2 c<c:u@4 d<c:A@90", "1 2 3 4", GRAPH_END_ROOT);
    assert_loads("a:u@1 b<a:A@2 c<c:u@9 d<c:A@90", "3 4", GRAPH_END_CYCLE);
}

static void what_a_compaction_preserved_stands_behind_its_summary(void **state)
{
    (void)state;
    struct graph g;
    build(&g, "a:u b<a:A c<b:u k:k s<k:u d<s:A");
    graph_preserve(&g, 3, graph_id_of(SV("b")));
    graph_preserve(&g, 3, graph_id_of(SV("c")));
    graph_compaction(&g, &(struct graph_compaction){.boundary = 3, .anchor = graph_id_of(SV("s"))});
    graph_link(&g);
    assert_walk(&g, "4 5 2 3 6", GRAPH_END_BOUNDARY);
    graph_release(&g);
}

static void what_is_hidden_is_taken_in_when_revealed(void **state)
{
    (void)state;
    struct graph g;
    build(&g, "a:u b<a:A c<b:u");
    struct graph_record record = {.role = GRAPH_ASSISTANT, .uuid = SV("d"), .parent_uuid = SV("c")};
    record.is_hidden = true;
    graph_add(&g, &record);
    add(&g, "e<d:u", 5);
    graph_link(&g);
    assert_walk(&g, "5", GRAPH_END_GAP);
    graph_reveal(&g);
    assert_walk(&g, "1 2 3 0 5", GRAPH_END_ROOT);
    graph_release(&g);
}

static void an_earlier_copy_takes_the_place_of_what_is_dropped(void **state)
{
    (void)state;
    struct graph g;
    build(&g, "a:u b<a:A b<a:A c<b:u");
    graph_link(&g);
    graph_drop(&g, 2);
    graph_settle(&g);
    assert_walk(&g, "1 2 4", GRAPH_END_ROOT);
    graph_release(&g);
}

static void a_record_may_be_its_own_parent(void **state)
{
    (void)state;
    assert_loads("a<a:u", "1", GRAPH_END_CYCLE);
}

static void where_all_go_in_circles_the_last_is_the_leaf(void **state)
{
    (void)state;
    assert_loads("a<b:u b<a:A", "1 2", GRAPH_END_CYCLE);
}

static void of_two_records_with_one_id_the_later_counts(void **state)
{
    (void)state;
    assert_loads("a:u b<a:A b<a:A c<b:u", "1 3 4", GRAPH_END_ROOT);
    assert_loads("a:u b<a:A c<b:u b<a:A", "1 4", GRAPH_END_ROOT);
}

/* use1 -> use2, each with its result; the next turn hangs on the result that was written last. */
static void parallel_calls_are_fetched_from_their_side_branches(void **state)
{
    (void)state;
    assert_loads("a:u b<a:A/m c<b:A/m r<c:r q<b:r d<q:A/n", "1 2 3 4 5 6", GRAPH_END_ROOT);
    /* as in the file, between the first and the last record of their message: seen of 2.1.332 */
    assert_loads("a:u b<a:A/m c<b:A/m q<b:r r<c:r d<r:A/n", "1 2 3 4 5 6", GRAPH_END_ROOT);
    assert_loads("q<b:r a:u b<a:A/m c<b:A/m r<c:r d<r:A/n", "2 3 1 4 5 6", GRAPH_END_ROOT);
}

static void another_branch_of_the_same_prompt_is_not_fetched(void **state)
{
    (void)state;
    assert_loads("a:u@1 b<a:A/m@2 r<b:r@3 c<a:A/n@9 d<c:u@10", "1 4 5", GRAPH_END_ROOT);
}

static void a_pointer_at_the_end_names_the_leaf(void **state)
{
    (void)state;
    struct graph g;
    build(&g, "a:u b<a:A c<b:u d<c:A");
    graph_point(&g, SV("b"), true);
    graph_link(&g);
    assert_walk(&g, "1 2", GRAPH_END_ROOT);
    graph_release(&g);
}

static void a_pointer_to_nothing_empties_the_conversation(void **state)
{
    (void)state;
    struct graph g;
    build(&g, "a:u b<a:A");
    graph_point(&g, (struct sv){0}, true);
    graph_link(&g);
    assert_walk(&g, "", GRAPH_END_NOTHING);
    graph_release(&g);
}

static void a_pointer_to_what_is_not_there_is_passed_over(void **state)
{
    (void)state;
    struct graph g;
    build(&g, "a:u b<a:A");
    graph_point(&g, SV("gone"), true);
    graph_link(&g);
    assert_walk(&g, "1 2", GRAPH_END_ROOT);
    graph_release(&g);
}

static void a_pointer_ends_with_the_next_record(void **state)
{
    (void)state;
    struct graph g;
    build(&g, "a:u b<a:A");
    graph_point(&g, SV("a"), true);
    add(&g, "c<b:u", 3);
    graph_link(&g);
    assert_walk(&g, "1 2 3", GRAPH_END_ROOT);
    graph_release(&g);
}

static void another_parent_brings_all_back(void **state)
{
    (void)state;
    struct graph g;
    build(&g, "a:u b<a:A c<gone:u d<c:A");
    graph_link(&g);
    assert_true(graph_lacks_parent(&g, 2));
    graph_set_parent(&g, 2, 1);
    assert_false(graph_lacks_parent(&g, 2));
    assert_walk(&g, "1 2 3 4", GRAPH_END_ROOT);
    graph_release(&g);
}

static void children_of_what_is_dropped_have_its_parent(void **state)
{
    (void)state;
    struct graph g;
    build(&g, "a:u b<a:A c<b:l d<c:u");
    graph_link(&g);
    graph_drop(&g, 1);
    graph_drop(&g, 2);
    assert_int_equal(graph_parent(&g, 3), 0);
    assert_walk(&g, "1 4", GRAPH_END_ROOT);
    graph_drop(&g, 0);
    assert_int_equal(graph_parent(&g, 3), GRAPH_NONE);
    assert_false(graph_lacks_parent(&g, 3));
    graph_release(&g);
}

static void children_of_what_is_dropped_lack_its_parent(void **state)
{
    (void)state;
    struct graph g;
    build(&g, "a<gone:u b<a:A");
    graph_link(&g);
    graph_drop(&g, 0);
    assert_true(graph_lacks_parent(&g, 1));
    graph_release(&g);
}

static void messages_are_counted_once(void **state)
{
    (void)state;
    struct graph g;
    struct graph_walk w;
    build(&g, "a:u b<a:A/m c<b:A/m r<c:r q<b:r d<q:A/n e<d:l");
    graph_link(&g);
    graph_walk(&g, &w);
    assert_int_equal(w.message_count, 5);
    graph_walk_release(&w);
    graph_release(&g);
}

static void subagents_are_a_conversation_where_a_file_is_theirs(void **state)
{
    (void)state;
    struct graph g;
    build(&g, "a:s b<a:s c<b:s");
    graph_link(&g);
    graph_adopt_sidechain(&g);
    assert_walk(&g, "1 2 3", GRAPH_END_ROOT);
    graph_release(&g);
}

static void a_later_copy_counts_also_when_the_earlier_is_revealed(void **state)
{
    (void)state;
    struct graph g;
    build(&g, "a:u");
    struct graph_record hidden = {.role = GRAPH_ASSISTANT, .uuid = SV("b"), .parent_uuid = SV("a")};
    hidden.is_hidden = true;
    graph_add(&g, &hidden);
    add(&g, "b<a:A", 3);
    add(&g, "c<b:u", 4);
    graph_link(&g);
    graph_reveal(&g);
    assert_true(g.nodes[1].is_superseded);
    assert_false(g.nodes[2].is_superseded);
    assert_walk(&g, "1 3 4", GRAPH_END_ROOT);
    graph_release(&g);
}

static void without_a_time_nothing_is_bridged(void **state)
{
    (void)state;
    assert_loads("a:u@1 b<gone:u@0", "2", GRAPH_END_GAP);
}

static void where_one_that_was_preserved_is_gone_none_is_kept(void **state)
{
    (void)state;
    struct graph g;
    build(&g, "a:u b<a:A k:k s<k:u");
    graph_preserve(&g, 2, graph_id_of(SV("gone")));
    graph_preserve(&g, 2, graph_id_of(SV("b")));
    graph_compaction(&g, &(struct graph_compaction){.boundary = 2, .anchor = graph_id_of(SV("s"))});
    graph_link(&g);
    assert_walk(&g, "3 4", GRAPH_END_BOUNDARY);
    graph_release(&g);
}

static void parallel_calls_of_two_turns_go_to_their_own(void **state)
{
    (void)state;
    assert_loads("a:u b<a:A/m c<b:A/m r<c:r q<b:r d<q:A/n e<d:A/n s<e:r t<d:r f<t:u",
                 "1 2 3 4 5 6 7 8 9 10", GRAPH_END_ROOT);
}

static void a_result_that_hangs_on_no_call_is_not_fetched(void **state)
{
    (void)state;
    assert_loads("a:u b<a:A/m x<a:u y<x:r c<b:u", "1 2 5", GRAPH_END_ROOT);
}

/* More than the index and the places of messages first have room for. */
static void a_long_chain_is_walked_whole(void **state)
{
    (void)state;
    enum { LENGTH = 3000 };
    struct graph g;
    struct graph_walk w;
    graph_init(&g);
    for (unsigned i = 1; i <= LENGTH; i++) {
        char word[64];
        snprintf(word, sizeof word, i == 1 ? "n%u:u" : "n%u<n%u:A/m%u", i, i - 1, i);
        add(&g, word, i);
    }
    graph_link(&g);
    graph_walk(&g, &w);
    assert_int_equal(w.count, LENGTH);
    for (size_t i = 0; i < w.count; i++)
        assert_int_equal(g.nodes[w.order[i]].line, i + 1);
    assert_int_equal(w.message_count, LENGTH);
    graph_walk_release(&w);
    graph_release(&g);
}

static void ids_differ(void **state)
{
    (void)state;
    assert_int_equal(graph_id_of((struct sv){0}), 0);
    assert_true(graph_id_of(SV("a")) != graph_id_of(SV("b")));
    assert_true(graph_id_of(SV("a")) != graph_id_of((struct sv){"a\0", 2}));
    assert_true(graph_id_of(SV("0f0c0a9e-9422-4986-8749-e00802273d54")) !=
                graph_id_of(SV("0f0c0a9e-9422-4986-8749-e00802273d55")));
}

static void without_a_pointer_the_newest_is_by_the_text_of_its_time(void **state)
{
    (void)state;
    struct graph g;
    build(&g, "a:u b<a:l c<b:A d<c:u=yesterday e<d:A b<a:l@61");
    graph_link(&g);
    assert_walk(&g, "1 6 3 4", GRAPH_END_ROOT);
    graph_release(&g);
    build(&g, "a:u b<a:l c<b:A d<c:u=+ e<d:A b<a:l@61");
    graph_link(&g);
    assert_walk(&g, "1 6 3 4 5", GRAPH_END_ROOT);
    graph_release(&g);
}

static void a_time_that_is_set_stands_in_the_order_of_times(void **state)
{
    (void)state;
    struct graph g;
    build(&g, "a:u b<a:l c<b:A d<c:u=yesterday e<d:A b<a:l@61");
    graph_link(&g);
    graph_set_time(&g, 3, 1000);
    assert_walk(&g, "1 6 3 4 5", GRAPH_END_ROOT);
    graph_release(&g);
}

static void a_compaction_behind_the_leaf_hides_all_before_it(void **state)
{
    (void)state;
    struct graph g;
    build(&g, "a:u b<a:A q<b:l k<q:k t<k:l");
    graph_link(&g);
    assert_walk(&g, "4 5", GRAPH_END_BOUNDARY);
    graph_see_as(&g, 2010110);
    assert_walk(&g, "1 2", GRAPH_END_ROOT);
    graph_release(&g);
}

static void a_node_stays_small(void **state)
{
    (void)state;
    assert_int_equal(sizeof(struct graph_node), 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_has_no_leaf),
        cmocka_unit_test(a_chain_is_walked_to_its_root),
        cmocka_unit_test(lines_need_not_be_in_order),
        cmocka_unit_test(the_last_end_is_the_leaf_whatever_its_time),
        cmocka_unit_test(subagents_are_no_leaves),
        cmocka_unit_test(only_subagents_is_nothing),
        cmocka_unit_test(a_boundary_ends_the_walk),
        cmocka_unit_test(a_missing_parent_loses_what_is_older),
        cmocka_unit_test(a_missing_parent_is_bridged_within_five_seconds),
        cmocka_unit_test(a_bridge_does_not_go_in_circles),
        cmocka_unit_test(a_cycle_ends_the_walk),
        cmocka_unit_test(a_cycle_is_bridged_within_five_seconds),
        cmocka_unit_test(what_a_compaction_preserved_stands_behind_its_summary),
        cmocka_unit_test(what_is_hidden_is_taken_in_when_revealed),
        cmocka_unit_test(an_earlier_copy_takes_the_place_of_what_is_dropped),
        cmocka_unit_test(a_record_may_be_its_own_parent),
        cmocka_unit_test(where_all_go_in_circles_the_last_is_the_leaf),
        cmocka_unit_test(of_two_records_with_one_id_the_later_counts),
        cmocka_unit_test(parallel_calls_are_fetched_from_their_side_branches),
        cmocka_unit_test(another_branch_of_the_same_prompt_is_not_fetched),
        cmocka_unit_test(a_pointer_at_the_end_names_the_leaf),
        cmocka_unit_test(a_pointer_to_nothing_empties_the_conversation),
        cmocka_unit_test(a_pointer_to_what_is_not_there_is_passed_over),
        cmocka_unit_test(a_pointer_ends_with_the_next_record),
        cmocka_unit_test(another_parent_brings_all_back),
        cmocka_unit_test(children_of_what_is_dropped_have_its_parent),
        cmocka_unit_test(children_of_what_is_dropped_lack_its_parent),
        cmocka_unit_test(messages_are_counted_once),
        cmocka_unit_test(subagents_are_a_conversation_where_a_file_is_theirs),
        cmocka_unit_test(a_later_copy_counts_also_when_the_earlier_is_revealed),
        cmocka_unit_test(without_a_time_nothing_is_bridged),
        cmocka_unit_test(where_one_that_was_preserved_is_gone_none_is_kept),
        cmocka_unit_test(parallel_calls_of_two_turns_go_to_their_own),
        cmocka_unit_test(a_result_that_hangs_on_no_call_is_not_fetched),
        cmocka_unit_test(a_long_chain_is_walked_whole),
        cmocka_unit_test(ids_differ),
        cmocka_unit_test(without_a_pointer_the_newest_is_by_the_text_of_its_time),
        cmocka_unit_test(a_time_that_is_set_stands_in_the_order_of_times),
        cmocka_unit_test(a_compaction_behind_the_leaf_hides_all_before_it),
        cmocka_unit_test(prompts_are_joined_where_white_space_is_left_out),
        cmocka_unit_test(a_node_stays_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
