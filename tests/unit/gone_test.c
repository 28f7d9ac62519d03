/* Sessions of which something is left in a captured store, and no transcript. */
#include "world.h"

#define LEFT "config/projects/" WORLD_FOLDER "/" WORLD_A
#define SAID(id, ms)                                                                            \
    "{\"display\":\"typed\",\"timestamp\":" ms ",\"project\":\"/home/u/p\",\"sessionId\":\"" id \
    "\"}\n"

static void put_remains(void)
{
    scratch_put(LEFT "/subagents/agent-1.jsonl", WORLD_TALK(WORLD_A, "10"));
    scratch_put(LEFT "/tool-results/x.txt", "long\n");
    world_transcript(WORLD_FOLDER, WORLD_B, WORLD_TALK(WORLD_B, "20"));
}

static void what_is_left_is_counted(void **state)
{
    (void)state;
    struct sr_options with = {.stored_limit = 10, .gone_limit = 10};
    put_remains();
    scratch_put("config/history.jsonl", SAID(WORLD_A, "1767344400000") SAID(WORLD_B, "1"));
    struct sr_snapshot *s = world_look(&with);
    const struct sr_session *gone = world_session(s, WORLD_A);
    assert_int_equal(s->gone_count, 1);
    assert_non_null(gone->left);
    assert_true(gone->left->is_sure);
    assert_int_equal(gone->left->subagent_count, 1);
    assert_int_equal(gone->left->tool_result_count, 1);
    assert_int_equal(gone->left->prompt_count, 1);
    assert_string_equal(gone->left->place, scratch(LEFT ".jsonl"));
    assert_string_equal(gone->cwd, "/home/u/p");
    assert_string_equal(gone->first_prompt, "typed");
    assert_null(gone->transcript);
    assert_null(world_session(s, WORLD_B)->left);
    sr_snapshot_free(s);
}

static void with_a_transcript_it_is_not_gone(void **state)
{
    (void)state;
    struct sr_options with = {.stored_limit = 10, .gone_limit = 10};
    put_remains();
    world_transcript("-srv-q", WORLD_A, WORLD_TALK(WORLD_A, "10")); /* in whatever folder */
    struct sr_snapshot *s = world_look(&with);
    assert_int_equal(s->gone_count, 0);
    assert_null(world_session(s, WORLD_A)->left);
    sr_snapshot_free(s);
}

static void one_that_a_process_has_is_not_gone(void **state)
{
    (void)state;
    struct sr_options with = {.stored_limit = 10, .gone_limit = 10};
    put_remains();
    WORLD_CLIENT(4711, "");
    world_registered(4711, WORLD_A);
    struct sr_snapshot *s = world_look(&with);
    assert_int_equal(s->gone_count, 0);
    assert_int_equal(world_session(s, WORLD_A)->pid, 4711);
    sr_snapshot_free(s);
}

static void where_a_folder_cannot_be_read_nothing_is_gone_for_sure(void **state)
{
    (void)state;
    struct sr_options with = {.stored_limit = 10, .gone_limit = 10};
    put_remains();
    assert_int_equal(symlink("-loop", scratch("config/projects/-loop")), 0);
    struct sr_snapshot *s = world_look(&with);
    assert_false(world_session(s, WORLD_A)->left->is_sure);
    assert_true(s->may_lack_stored);
    sr_snapshot_free(s);
}

static void prompts_alone_are_listed_where_they_are_asked_for(void **state)
{
    (void)state;
    const char *asked = "cccccccc";
    struct sr_options with = {.stored_limit = 10, .gone_limit = 10};
    world_transcript(WORLD_FOLDER, WORLD_B, WORLD_TALK(WORLD_B, "20"));
    scratch_put("config/history.jsonl", SAID(WORLD_C, "1767344400000"));
    struct sr_snapshot *s = world_look(&with);
    assert_null(world_session(s, WORLD_C));
    assert_int_equal(s->prompted_count, 1);
    sr_snapshot_free(s);
    with.stored_prefixes = &asked;
    with.stored_prefix_count = 1;
    s = world_look(&with);
    assert_non_null(world_session(s, WORLD_C));
    assert_int_equal(world_session(s, WORLD_C)->left->prompt_count, 1);
    assert_null(world_session(s, WORLD_C)->left->place);
    sr_snapshot_free(s);
}

static bool find_backup(void *context, const char *session_id, const char **stem,
                        int64_t *size_bytes)
{
    assert_string_equal(session_id, WORLD_A);
    *stem = "a-backup";
    *size_bytes = 7;
    return *(bool *)context;
}

static void its_fullest_backup_is_named_or_not_known(void **state)
{
    (void)state;
    bool can_list = true;
    struct sr_options with = {.stored_limit = 10, .gone_limit = 10, .find_backup = find_backup};
    with.context = &can_list;
    put_remains();
    struct sr_snapshot *s = world_look(&with);
    assert_string_equal(world_session(s, WORLD_A)->left->backup, "a-backup");
    assert_false(world_session(s, WORLD_A)->left->backup_is_unknown);
    sr_snapshot_free(s);
    can_list = false;
    s = world_look(&with);
    assert_true(world_session(s, WORLD_A)->left->backup_is_unknown);
    sr_snapshot_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(what_is_left_is_counted),
        IN_WORLD(with_a_transcript_it_is_not_gone),
        IN_WORLD(one_that_a_process_has_is_not_gone),
        IN_WORLD(where_a_folder_cannot_be_read_nothing_is_gone_for_sure),
        IN_WORLD(prompts_alone_are_listed_where_they_are_asked_for),
        IN_WORLD(its_fullest_backup_is_named_or_not_known),
    };
    return cmocka_run_group_tests_name("gone", tests, NULL, NULL);
}
