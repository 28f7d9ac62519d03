/* Sessions that no process has: which of a captured store are listed, and in which order. */
#include "world.h"

static struct sr_snapshot *list(size_t limit, const char *prefix)
{
    static const char *prefixes[1];
    struct sr_options with = {.stored_limit = limit};
    prefixes[0] = prefix;
    if (prefix) {
        with.stored_prefixes = prefixes;
        with.stored_prefix_count = 1;
    }
    return world_look(&with);
}

static void assert_listed(const struct sr_snapshot *s, size_t at, const char *id)
{
    assert_true(at < s->session_count);
    assert_string_equal(s->sessions[at].session_id, id);
}

static void the_last_word_decides_not_the_files_time(void **state)
{
    (void)state;
    world_transcript(WORLD_FOLDER, WORLD_A, WORLD_TALK(WORLD_A, "10"));
    world_transcript(WORLD_FOLDER, WORLD_B, WORLD_TALK(WORLD_B, "30"));
    world_transcript("-srv-q", WORLD_C, WORLD_TALK(WORLD_C, "20"));
    world_written_at("config/projects/" WORLD_FOLDER "/" WORLD_A ".jsonl", 1900000000);
    struct sr_snapshot *s = list(2, NULL);
    assert_int_equal(s->session_count, 2);
    assert_int_equal(s->stored_count, 3);
    assert_listed(s, 0, WORLD_B);
    assert_listed(s, 1, WORLD_C);
    sr_snapshot_free(s);
}

static void one_that_a_process_has_is_not_stored(void **state)
{
    (void)state;
    world_transcript(WORLD_FOLDER, WORLD_A, WORLD_TALK(WORLD_A, "10"));
    world_transcript(WORLD_FOLDER, WORLD_B, WORLD_TALK(WORLD_B, "20"));
    WORLD_CLIENT(4711, "");
    world_registered(4711, WORLD_A);
    struct sr_snapshot *s = list(10, NULL);
    assert_int_equal(s->session_count, 2);
    assert_int_equal(s->stored_count, 1);
    assert_int_equal(world_session(s, WORLD_A)->pid, 4711);
    assert_int_equal(world_session(s, WORLD_B)->pid, 0);
    sr_snapshot_free(s);
}

#define GOES_ON(id) "{\"type\":\"continued-in\",\"continuedInSessionId\":\"" id "\"}\n"

static void what_goes_on_is_asked_for_with_what_it_goes_on_from(void **state)
{
    (void)state;
    world_transcript(WORLD_FOLDER, WORLD_A, WORLD_TALK(WORLD_A, "30") GOES_ON(WORLD_B));
    world_transcript(WORLD_FOLDER, WORLD_B, WORLD_TALK(WORLD_B, "20"));
    world_transcript(WORLD_FOLDER, WORLD_C, WORLD_TALK(WORLD_C, "40"));
    struct sr_snapshot *s = list(10, "aaaaaaaa");
    assert_int_equal(s->session_count, 2);
    assert_listed(s, 0, WORLD_B); /* the end of a chain first, whatever the times */
    assert_listed(s, 1, WORLD_A);
    assert_int_equal(s->sessions[1].continuation, SR_CONTINUED);
    assert_string_equal(s->sessions[0].continues, WORLD_A);
    sr_snapshot_free(s);
}

static void where_a_chain_leads_is_told(void **state)
{
    (void)state;
    world_transcript(WORLD_FOLDER, WORLD_A, WORLD_TALK(WORLD_A, "10") GOES_ON(WORLD_B));
    struct sr_snapshot *s = list(10, NULL);
    assert_int_equal(world_session(s, WORLD_A)->continuation, SR_CONTINUATION_MISSING);
    sr_snapshot_free(s);

    world_transcript("-srv-q", WORLD_B, WORLD_TALK(WORLD_B, "20"));
    s = list(10, NULL);
    assert_int_equal(world_session(s, WORLD_A)->continuation, SR_CONTINUED_ELSEWHERE);
    sr_snapshot_free(s);

    world_transcript("-srv-q", WORLD_B, WORLD_TALK(WORLD_B, "20") GOES_ON(WORLD_A));
    s = list(10, NULL);
    assert_int_equal(world_session(s, WORLD_A)->continuation, SR_CONTINUED_IN_A_CIRCLE);
    assert_int_equal(world_session(s, WORLD_B)->continuation, SR_CONTINUED_IN_A_CIRCLE);
    sr_snapshot_free(s);
}

static void archived_ones_can_be_left_out_and_are_counted(void **state)
{
    (void)state;
    world_transcript(WORLD_FOLDER, WORLD_A, WORLD_TALK(WORLD_A, "10"));
    world_transcript(WORLD_FOLDER, WORLD_B, WORLD_TALK(WORLD_B, "20"));
    scratch_put("config/projects/" WORLD_FOLDER "/" WORLD_A "/archived.json",
                "{\"archived\":true,\"at\":\"2026-01-02T09:15:00.000Z\"}");
    struct sr_options with = {.stored_limit = 10, .hides_archived = true};
    struct sr_snapshot *s = world_look(&with);
    assert_null(world_session(s, WORLD_A));
    assert_int_equal(s->stored_count, 1);
    assert_int_equal(s->archived_count, 1);
    sr_snapshot_free(s);

    /* what a person typed since brings it back */
    world_transcript(WORLD_FOLDER, WORLD_A, WORLD_TALK(WORLD_A, "10") WORLD_TALK(WORLD_A, "50"));
    s = world_look(&with);
    assert_non_null(world_session(s, WORLD_A));
    assert_int_equal(s->archived_count, 0);
    sr_snapshot_free(s);
}

static void listed_alone_nothing_is_read_of_them(void **state)
{
    (void)state;
    world_transcript(WORLD_FOLDER, WORLD_A, WORLD_TALK(WORLD_A, "10"));
    world_transcript(WORLD_FOLDER, WORLD_B, WORLD_TALK(WORLD_B, "20"));
    world_written_at("config/projects/" WORLD_FOLDER "/" WORLD_A ".jsonl", 1900000000);
    struct sr_options with = {.stored_limit = 10, .lists_stored_alone = true};
    struct sr_snapshot *s = world_look(&with);
    assert_listed(s, 0, WORLD_A); /* by its file's time */
    assert_null(world_session(s, WORLD_A)->first_prompt);
    assert_null(world_session(s, WORLD_A)->cwd);
    sr_snapshot_free(s);
    with.lists_stored_alone = false;
    s = world_look(&with);
    assert_listed(s, 0, WORLD_B);
    assert_string_equal(world_session(s, WORLD_A)->first_prompt, "hello");
    assert_string_equal(world_session(s, WORLD_A)->cwd, "/home/u/p");
    sr_snapshot_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(the_last_word_decides_not_the_files_time),
        IN_WORLD(one_that_a_process_has_is_not_stored),
        IN_WORLD(what_goes_on_is_asked_for_with_what_it_goes_on_from),
        IN_WORLD(where_a_chain_leads_is_told),
        IN_WORLD(archived_ones_can_be_left_out_and_are_counted),
        IN_WORLD(listed_alone_nothing_is_read_of_them),
    };
    return cmocka_run_group_tests_name("stored", tests, NULL, NULL);
}
