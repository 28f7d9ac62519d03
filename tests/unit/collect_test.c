/* The first look's evidence, of a captured client and what it has written. */
#include "session/evidence/collect.h"

#include "world.h"

#define CALL(id, minute, tool)                                                                  \
    WORLD_RECORD(id, minute,                                                                    \
                 "\"parentUuid\":null,\"type\":\"assistant\",\"message\":{\"role\":"            \
                 "\"assistant\",\"id\":\"m" minute "\",\"stop_reason\":\"tool_use\","           \
                 "\"content\":[{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"" tool "\"" \
                 ",\"input\":{}}]}")
#define SUBAGENT "config/projects/" WORLD_FOLDER "/" WORLD_A "/subagents/agent-1.jsonl"

static struct sr_snapshot *snapshot;

/* lines NULL: it has written none. */
static struct evidence look(const char *lines)
{
    struct sr_options with = {0};
    struct evidence e;
    WORLD_CLIENT(4711, "");
    world_registered(4711, WORLD_A);
    if (lines)
        world_transcript(WORLD_FOLDER, WORLD_A, lines);
    snapshot = world_look(&with);
    struct snapshot *snap = snapshot_of(snapshot);
    assert_int_equal(snapshot->session_count, 1);
    collect_first(snap, &snap->sessions[0], 30, &e);
    return e;
}

static int teardown(void **state)
{
    sr_snapshot_free(snapshot);
    snapshot = NULL;
    return scratch_teardown(state);
}

static void a_turn_that_is_over(void **state)
{
    (void)state;
    struct evidence e = look(WORLD_TALK(WORLD_A, "10"));
    assert_int_equal(e.status, CLIENT_IDLE);
    assert_int_equal(e.has_transcript, FACT_YES);
    assert_int_equal(e.turn, TAIL_TURN_OVER);
    assert_null(e.open_tool);
    assert_int_equal(e.subagent_is_busy, FACT_NO);
}

static void a_call_without_a_result(void **state)
{
    (void)state;
    struct evidence e = look(WORLD_PROMPT(WORLD_A, "10", "go") CALL(WORLD_A, "11", "mcp__x__y"));
    assert_int_equal(e.turn, TAIL_TURN_AWAITS_TOOL);
    assert_string_equal(e.open_tool, "mcp__x__y");
    assert_int_equal(e.open_tool_count, 1);
    assert_true(e.open_tool_is_mcp);
    assert_true(e.open_tool_age_s >= 0);
}

/* The client has taken it up again, and done nothing since. */
static void what_an_earlier_process_wrote_is_over(void **state)
{
    (void)state;
    struct evidence e =
        look("{\"type\":\"user\",\"parentUuid\":null,\"sessionId\":\"" WORLD_A "\",\"uuid\":"
             "\"dddddddd-1111-4222-8333-444444444400\",\"timestamp\":\"2001-01-02T09:00:00.000Z\","
             "\"message\":{\"role\":\"user\",\"content\":\"go\"}}\n");
    assert_int_equal(e.turn, TAIL_TURN_OVER);
    assert_int_equal(e.has_transcript, FACT_YES);
}

static void no_transcript_is_said_to_be_none(void **state)
{
    (void)state;
    struct evidence e = look(NULL);
    assert_int_equal(e.has_transcript, FACT_NO);
    assert_int_equal(e.subagent_is_busy, FACT_NO);
}

static void a_subagent_of_this_turn_alone_is_busy(void **state)
{
    (void)state;
    scratch_put(SUBAGENT, WORLD_PROMPT(WORLD_A, "12", "look"));
    struct evidence e = look(WORLD_PROMPT(WORLD_A, "10", "go") CALL(WORLD_A, "11", "Task"));
    assert_int_equal(e.subagent_is_busy, FACT_YES);
    assert_false(e.open_tool_is_mcp);
}

static void one_that_an_earlier_turn_left_is_not(void **state)
{
    (void)state;
    scratch_put(SUBAGENT, WORLD_PROMPT(WORLD_A, "09", "look"));
    struct evidence e = look(WORLD_PROMPT(WORLD_A, "10", "go") CALL(WORLD_A, "11", "Task"));
    assert_int_equal(e.subagent_is_busy, FACT_NO);
}

static void a_status_that_nobody_knows_says_nothing(void **state)
{
    (void)state;
    const struct agent_registration busy = {.status = "busy"}, odd = {.status = "dancing"};
    assert_int_equal(client_status_of(&busy), CLIENT_BUSY);
    assert_int_equal(client_status_of(&odd), CLIENT_SAYS_NOTHING);
    assert_int_equal(client_status_of(NULL), CLIENT_SAYS_NOTHING);
}

#define IN_WORLD_OF_ONE(test) cmocka_unit_test_setup_teardown(test, scratch_setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD_OF_ONE(a_turn_that_is_over),
        IN_WORLD_OF_ONE(a_call_without_a_result),
        IN_WORLD_OF_ONE(what_an_earlier_process_wrote_is_over),
        IN_WORLD_OF_ONE(no_transcript_is_said_to_be_none),
        IN_WORLD_OF_ONE(a_subagent_of_this_turn_alone_is_busy),
        IN_WORLD_OF_ONE(one_that_an_earlier_turn_left_is_not),
        cmocka_unit_test(a_status_that_nobody_knows_says_nothing),
    };
    return cmocka_run_group_tests_name("collect", tests, NULL, NULL);
}
