#include "unit.h"

#include "agents/claude/events.h"
#include "base/io/fs.h"
#include "conversation/tail.h"

#include <fcntl.h>
#include <stdio.h>

/* Transcripts under tests/fixtures/transcripts begin at this time. */
static const int64_t START_MS = 1770285600000; /* 2026-02-05T10:00:00Z */

static struct arena arena;

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

/* What tail says of these bytes, as if they were a file. */
static struct tail_result tail_of(struct sv file)
{
    struct tail t;
    struct tail_result r;
    int64_t offset;
    size_t length;
    tail_init(&t, &event_claude, &arena, (int64_t)file.n);
    while (tail_wants(&t, &offset, &length)) {
        assert_true(length <= TAIL_READ_MAX);
        assert_true(offset >= 0 && (size_t)offset + length <= file.n);
        struct sv exact = unit_bytes(sv_slice(file, (size_t)offset, (size_t)offset + length));
        tail_feed(&t, exact.p, exact.n);
        free((void *)(uintptr_t)exact.p);
    }
    tail_finish(&t, &r);
    return r;
}

static struct sv fixture(const char *name)
{
    struct sv text;
    const char *path = arena_printf(&arena, "tests/fixtures/transcripts/%s.jsonl", name);
    assert_int_equal(fs_read_small(AT_FDCWD, path, 1024 * 1024, &arena, &text), 0);
    return text;
}

static struct tail_result tail_of_fixture(const char *name)
{
    return tail_of(fixture(name));
}

static int64_t since_start(struct wall t)
{
    return t.ms - START_MS;
}

#define assert_turn(result, word) assert_string_equal(tail_turn_word((result).turn), word)

/* States */

static void a_finished_turn_is_over(void **state)
{
    (void)state;
    struct tail_result r = tail_of_fixture("idle");
    assert_turn(r, "over");
    assert_false(r.turn_was_interrupted);
    assert_int_equal(since_start(r.last_event_at), 1010);
    assert_int_equal(r.leaf_kind, EVENT_TURN_OVER);
    assert_true(r.reached_start && r.found_turn_start);
}

static void the_newest_identity_is_told(void **state)
{
    (void)state;
    struct tail_result r = tail_of_fixture("idle");
    assert_string_equal(r.cwd, "/home/u/proj");
    assert_string_equal(r.version, "2.1.197");
    assert_string_equal(r.entrypoint, "cli");
    assert_int_equal(r.session_id_count, 1);
    assert_string_equal(r.session_ids[0], "5e551011-0000-4000-8000-000000000001");
}

static void a_prompt_without_an_answer_awaits_one(void **state)
{
    (void)state;
    struct tail_result r = tail_of_fixture("awaiting-reply");
    assert_turn(r, "awaits reply");
    assert_string_equal(r.prompt, "and count them");
    assert_int_equal(since_start(r.prompt_at), 60000);
    assert_int_equal(since_start(r.turn_began_at), 60000);
}

static void an_open_call_is_named_with_its_time(void **state)
{
    (void)state;
    struct tail_result r = tail_of_fixture("open-tool");
    assert_turn(r, "awaits tool");
    assert_int_equal(r.open_tool_count, 1);
    assert_string_equal(r.open_tools[0].name, "Bash");
    assert_string_equal(r.open_tools[0].id, "toolu_A");
    assert_int_equal(since_start(r.open_tools[0].since), 61500);
}

static void what_the_model_was_asked_with_is_dated(void **state)
{
    (void)state;
    struct tail_result r = tail_of_fixture("awaiting-reply");
    assert_int_equal(since_start(r.asked_at), 60000); /* a prompt */
    r = tail_of_fixture("parallel-tools-one-open");   /* one result alone asks nothing */
    assert_int_equal(since_start(r.asked_at), since_start(r.turn_began_at));
    r = tail_of_fixture("parallel-tools"); /* the last of them does */
    assert_true(since_start(r.asked_at) > since_start(r.turn_began_at));
    assert_true(since_start(r.asked_at) < since_start(r.last_event_at));
}

static void of_parallel_calls_the_one_without_a_result_is_open(void **state)
{
    (void)state;
    struct tail_result r = tail_of_fixture("parallel-tools-one-open");
    assert_turn(r, "awaits tool");
    assert_int_equal(r.open_tool_count, 1);
    assert_string_equal(r.open_tools[0].id, "toolu_A");
}

static void parallel_results_off_the_leaf_chain_close_their_calls(void **state)
{
    (void)state;
    struct tail_result r = tail_of_fixture("parallel-tools");
    assert_turn(r, "over");
    assert_int_equal(r.open_tool_count, 0);
}

static void children_written_before_their_parents_are_put_in_order(void **state)
{
    (void)state;
    struct tail_result r = tail_of_fixture("shuffled-first-turn");
    assert_turn(r, "over");
    assert_int_equal(r.leaf_kind, EVENT_TURN_OVER);
    assert_string_equal(r.prompt, "list the files");
    assert_string_equal(r.title, "Listing files");
}

static void an_interrupted_turn_is_over(void **state)
{
    (void)state;
    struct tail_result r = tail_of_fixture("interrupted");
    assert_turn(r, "over");
    assert_true(r.turn_was_interrupted);
    assert_int_equal(r.open_tool_count, 0);
}

static void an_api_error_ends_the_turn_and_is_told(void **state)
{
    (void)state;
    struct tail_result r = tail_of_fixture("api-error");
    assert_turn(r, "over");
    assert_string_equal(r.api_error, "API Error: 529 Overloaded.");
    assert_int_equal(since_start(r.api_error_at), 240000);
}

static void queued_input_is_counted_from_the_oldest(void **state)
{
    (void)state;
    struct tail_result r = tail_of_fixture("queued-input");
    assert_int_equal(r.queued_count, 2);
    assert_int_equal(since_start(r.queued_since), 90000);
    assert_turn(r, "awaits tool");
}

static void a_subagents_file_is_judged_as_a_conversation_of_its_own(void **state)
{
    (void)state;
    struct tail_result r = tail_of_fixture("sidechain");
    assert_true(r.only_sidechain);
    assert_turn(r, "awaits tool");
    assert_string_equal(r.agent_id, "a0123456789abcdef");
    assert_null(r.prompt);
}

static void after_its_own_compaction_the_agent_goes_on(void **state)
{
    (void)state;
    struct tail_result r = tail_of_fixture("compacted-automatically");
    assert_turn(r, "awaits reply");
    assert_int_equal(since_start(r.compacted_at), 300002);
}

static void after_the_users_compaction_it_waits(void **state)
{
    (void)state;
    assert_turn(tail_of_fixture("compacted-by-user"), "over");
}

static void a_notification_awaits_a_reply_and_is_not_the_last_prompt(void **state)
{
    (void)state;
    struct tail_result r = tail_of_fixture("notification");
    assert_turn(r, "awaits reply");
    assert_string_equal(r.prompt, "list the files");
    assert_int_equal(since_start(r.turn_began_at), 50200);
    assert_int_equal(r.queued_count, 0);
}

static void without_a_stop_reason_the_reply_may_go_on(void **state)
{
    (void)state;
    assert_turn(tail_of_fixture("old-version-no-stop-reason"), "replying");
}

/* Small transcripts, written here. */

#define AT(seconds) "\"timestamp\":\"2026-02-05T10:00:" seconds "Z\""
#define PROMPT(uuid, seconds, text)                                              \
    "{\"type\":\"user\",\"message\":{\"content\":\"" text "\"},\"uuid\":\"" uuid \
    "\"," AT(seconds) "}\n"
#define CALL(uuid, seconds, message, id)                     \
    "{\"type\":\"assistant\",\"message\":{\"id\":\"" message \
    "\",\"content\":[{\"type\":\"tool_use\",\"id\":\"" id    \
    "\",\"name\":\"Bash\"}]},\"uuid\":\"" uuid "\"," AT(seconds) "}\n"
#define QUEUE(operation, seconds, text)                                                 \
    "{\"type\":\"queue-operation\",\"operation\":\"" operation "\",\"content\":\"" text \
    "\"," AT(seconds) "}\n"

#define RESULT(uuid, seconds, id)                                                                  \
    "{\"type\":\"user\",\"message\":{\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"" id \
    "\"}]},\"uuid\":\"" uuid "\"," AT(seconds) "}\n"
#define TURN_OVER(uuid, seconds) \
    "{\"type\":\"system\",\"subtype\":\"turn_duration\",\"uuid\":\"" uuid "\"," AT(seconds) "}\n"
#define INTERRUPT(uuid, seconds) PROMPT(uuid, seconds, "[Request interrupted by user]")
#define LINKED(uuid, parent, seconds)             \
    "{\"type\":\"user\",\"parentUuid\":\"" parent \
    "\",\"message\":{\"content\":\"x\"},\"uuid\":\"" uuid "\"," AT(seconds) "}\n"
#define SIDECHAIN(type, uuid, seconds, more)                                                       \
    "{\"type\":\"" type "\",\"isSidechain\":true,\"message\":{\"content\":\"x\"},\"uuid\":\"" uuid \
    "\"," AT(seconds) more "}\n"

static void nothing_is_known_of_an_empty_file(void **state)
{
    (void)state;
    struct tail_result r = tail_of(SV(""));
    assert_turn(r, "unknown");
    assert_int_equal(r.bytes_read, 0);
    assert_false(wall_known(r.last_event_at));
    assert_false(r.only_sidechain);
}

static void metadata_alone_is_no_conversation(void **state)
{
    (void)state;
    struct tail_result r = tail_of(SV("{\"type\":\"mode\",\"mode\":\"default\"}\n"));
    assert_turn(r, "unknown");
    assert_false(r.only_sidechain);
}

static void a_child_as_old_as_its_parent_stands_behind_it(void **state)
{
    (void)state;
    struct tail_result r = tail_of(
        SV("{\"type\":\"assistant\",\"parentUuid\":\"a\",\"uuid\":\"b\",\"message\":{\"content\":[{"
           "\"type\":\"text\"}],\"stop_reason\":\"end_turn\"}," AT("07") "}\n" PROMPT(
               "a", "07", "same millisecond")));
    assert_turn(r, "over");
    assert_string_equal(r.leaf_uuid, "b");
}

static void a_child_older_than_its_parent_stands_behind_it(void **state)
{
    (void)state;
    struct tail_result r = tail_of(SV(
        PROMPT("a", "09", "clock set back") "{\"type\":\"assistant\",\"parentUuid\":\"a\",\"uuid\":"
                                            "\"b\",\"message\":{\"content\":[{"
                                            "\"type\":\"text\"}],\"stop_reason\":\"end_turn\"}," AT(
                                                "03") "}\n"));
    assert_turn(r, "over");
    assert_int_equal(since_start(r.last_event_at), 9000);
}

static void without_links_time_stamps_give_the_order(void **state)
{
    (void)state;
    struct tail_result r =
        tail_of(SV(TURN_OVER("b", "09") PROMPT("a", "01", "written behind its answer")));
    assert_turn(r, "over");
    assert_string_equal(r.leaf_uuid, "b");
}

static void a_chain_of_one_time_written_backwards_is_put_in_order(void **state)
{
    (void)state;
    struct tail_result r =
        tail_of(SV(LINKED("c", "b", "04") LINKED("b", "a", "04") LINKED("a", "none", "04")));
    assert_string_equal(r.leaf_uuid, "c");
}

static void a_long_chain_that_runs_backwards_in_time_keeps_its_order(void **state)
{
    (void)state;
    struct buf file = {0};
    for (int i = 0; i < 50; i++)
        buf_addf(&file,
                 "{\"type\":\"user\",\"parentUuid\":\"%d\",\"uuid\":\"%d\",\"message\":{"
                 "\"content\":\"x\"},\"timestamp\":\"2026-02-05T10:00:%02dZ\"}\n",
                 98 - i, 97 - i, 59 - i);
    struct tail_result r = tail_of((struct sv){file.p, file.n});
    assert_string_equal(r.leaf_uuid, "48");
    buf_release(&file);
}

static void a_cycle_of_parents_ends(void **state)
{
    (void)state;
    struct tail_result r = tail_of(SV(
        "{\"type\":\"user\",\"parentUuid\":\"b\",\"uuid\":\"a\",\"message\":{\"content\":\"x\"}}\n"
        "{\"type\":\"user\",\"parentUuid\":\"a\",\"uuid\":\"b\",\"message\":{\"content\":\"y\"}}\n"
        "{\"type\":\"user\",\"parentUuid\":\"c\",\"uuid\":\"c\",\"message\":{\"content\":\"z\"}}"
        "\n"));
    assert_turn(r, "awaits reply");
}

static void records_without_a_time_keep_their_place(void **state)
{
    (void)state;
    struct tail_result r =
        tail_of(SV(PROMPT("a", "05", "go") "{\"type\":\"assistant\",\"uuid\":\"b\",\"message\":{"
                                           "\"content\":[],\"stop_reason\":\"end_turn\"}}\n"));
    assert_turn(r, "over");
}

static void a_new_prompt_leaves_older_calls_behind(void **state)
{
    (void)state;
    struct tail_result r = tail_of(
        SV(PROMPT("a", "01", "one") CALL("b", "02", "m1", "toolu_A") PROMPT("c", "03", "two")));
    assert_turn(r, "awaits reply");
    assert_int_equal(r.open_tool_count, 0);
}

static void closing_the_first_of_two_calls_leaves_the_second(void **state)
{
    (void)state;
    struct tail_result r = tail_of(SV(PROMPT("a", "01", "one") CALL(
        "b", "02", "m1", "toolu_A") CALL("c", "03", "m1", "toolu_B") RESULT("d", "04", "toolu_A")));
    assert_turn(r, "awaits tool");
    assert_int_equal(r.open_tool_count, 1);
    assert_string_equal(r.open_tools[0].id, "toolu_B");
}

static void a_turn_that_is_over_has_no_open_calls(void **state)
{
    (void)state;
    struct tail_result r =
        tail_of(SV(PROMPT("a", "01", "one") CALL("b", "02", "m1", "toolu_A") TURN_OVER("c", "03")));
    assert_turn(r, "over");
    assert_int_equal(r.open_tool_count, 0);
}

static void calls_without_a_message_id_are_all_kept(void **state)
{
    (void)state;
    struct tail_result r = tail_of(
        SV(PROMPT("a", "01", "one") CALL("b", "02", "", "toolu_A") CALL("c", "03", "", "toolu_B")));
    assert_int_equal(r.open_tool_count, 2);
}

static void more_calls_than_fit_are_not_lost_silently_into_over(void **state)
{
    (void)state;
    struct buf file = {0};
    buf_adds(&file, PROMPT("a", "01", "many"));
    for (int i = 0; i < TAIL_OPEN_TOOLS_MAX + 5; i++)
        buf_addf(&file,
                 "{\"type\":\"assistant\",\"message\":{\"id\":\"m\",\"content\":[{\"type\":"
                 "\"tool_use\",\"id\":\"%d\"}]},\"uuid\":\"u%d\"," AT("02") "}\n",
                 i, i);
    struct tail_result r = tail_of((struct sv){file.p, file.n});
    assert_int_equal(r.open_tool_count, TAIL_OPEN_TOOLS_MAX);
    assert_turn(r, "awaits tool");
    buf_release(&file);
}

static void only_the_last_turn_counts_as_interrupted(void **state)
{
    (void)state;
    assert_true(tail_of(SV(PROMPT("a", "01", "x") INTERRUPT("b", "02"))).turn_was_interrupted);
    assert_false(tail_of(SV(PROMPT("a", "01", "x") INTERRUPT("b", "02") PROMPT("c", "03", "y")
                                TURN_OVER("d", "04")))
                     .turn_was_interrupted);
}

static void a_subagents_records_move_the_clock_and_not_the_turn(void **state)
{
    (void)state;
    struct tail_result r = tail_of(SV(PROMPT("a", "01", "one") CALL("b", "02", "m1", "toolu_A")
                                          SIDECHAIN("user", "s", "08", "")));
    assert_false(r.only_sidechain);
    assert_turn(r, "awaits tool");
    assert_string_equal(r.leaf_uuid, "b");
    assert_int_equal(since_start(r.last_event_at), 8000);
}

static void attachments_are_records_and_no_events(void **state)
{
    (void)state;
    struct tail_result r = tail_of(
        SV(PROMPT("a", "01", "one") "{\"type\":\"attachment\",\"uuid\":\"b\"," AT("05") "}\n"));
    assert_int_equal(since_start(r.last_event_at), 1000);
    assert_int_equal(since_start(r.last_record_at), 5000);
}

static void it_is_told_whether_the_file_ends_in_metadata(void **state)
{
    (void)state;
#define METADATA "{\"type\":\"mode\"}\n"
    assert_true(tail_of(SV(PROMPT("a", "01", "one") METADATA)).ends_in_metadata);
    assert_false(tail_of(SV(METADATA PROMPT("a", "01", "one"))).ends_in_metadata);
}

static void a_note_that_asks_waits_for_the_open_tools_too(void **state)
{
    (void)state;
#define FEEDBACK                                                                                  \
    "{\"type\":\"user\",\"isMeta\":true,\"message\":{\"content\":\"Stop hook feedback: x\"}," AT( \
        "09") "}\n"
    assert_turn(tail_of(SV(PROMPT("a", "01", "x") TURN_OVER("b", "02") FEEDBACK)), "awaits reply");
    assert_turn(tail_of(SV(PROMPT("a", "01", "x") CALL("b", "02", "m1", "toolu_A") FEEDBACK)),
                "awaits tool");
}

static void a_command_answered_by_the_model_is_not_ended_by_another(void **state)
{
    (void)state;
    struct tail_result r = tail_of(SV(
        PROMPT("a", "01", "<command-name>/review</command-name>")
            CALL("b", "02", "m1", "toolu_A") "{\"type\":\"system\",\"subtype\":\"local_command\","
                                             "\"uuid\":\"c\"," AT("03") "}\n"));
    assert_turn(r, "awaits tool");
}

static void a_later_message_means_that_earlier_calls_had_their_results(void **state)
{
    (void)state;
    struct tail_result r = tail_of(SV(PROMPT("a", "01", "one") CALL("b", "02", "m1", "toolu_A")
                                          CALL("c", "03", "m2", "toolu_B")));
    assert_int_equal(r.open_tool_count, 1);
    assert_string_equal(r.open_tools[0].id, "toolu_B");
}

static void a_call_written_twice_is_one_call(void **state)
{
    (void)state;
    struct tail_result r = tail_of(SV(PROMPT("a", "01", "one") CALL("b", "02", "m1", "toolu_A")
                                          CALL("b", "02", "m1", "toolu_A")));
    assert_int_equal(r.open_tool_count, 1);
}

static void a_command_that_the_client_answers_is_over(void **state)
{
    (void)state;
    const char *open = PROMPT("a", "01", "<command-name>/model</command-name>");
    assert_turn(tail_of(sv_of(open)), "awaits reply");
    assert_turn(tail_of(SV(PROMPT("a", "01", "<command-name>/model</command-name>")
                               PROMPT("b", "02", "<local-command-stdout>ok"))),
                "over");
}

#define COMPACTION(trigger)                                                                        \
    "{\"type\":\"system\",\"subtype\":\"compact_boundary\",\"compactMetadata\":{\"trigger\":"      \
    "\"" trigger "\"},\"uuid\":\"x\"," AT(                                                         \
        "20") "}\n{\"type\":\"user\",\"parentUuid\":\"x\","                                        \
              "\"isCompactSummary\":true,\"message\":{\"content\":\"so far\"},\"uuid\":\"y\"," AT( \
                  "20") "}\n"

static void compaction_settles_what_the_turn_was_at(void **state)
{
    (void)state;
    struct tail_result r =
        tail_of(SV(PROMPT("a", "01", "go") CALL("b", "02", "m1", "toolu_A") COMPACTION("auto")));
    assert_turn(r, "awaits reply");
    assert_int_equal(r.open_tool_count, 0);
    assert_turn(tail_of(SV(PROMPT("a", "01", "go") COMPACTION("manual"))), "over");
}

/* more: further members, as isSidechain, each with a comma behind */
#define REPLY(uuid, seconds, tokens, more)                                                      \
    "{" more "\"type\":\"assistant\",\"message\":{\"model\":\"claude-opus-4-8\",\"content\":[{" \
    "\"type\":\"text\"}],\"usage\":{\"input_tokens\":" tokens "}},\"uuid\":\"" uuid             \
    "\"," AT(seconds) "}\n"

static void the_last_reply_says_how_full_the_context_is(void **state)
{
    (void)state;
    struct tail_result r =
        tail_of(SV(REPLY("b", "02", "5000", "") REPLY("a", "01", "4000", "")
                       REPLY("s", "03", "77", "\"isSidechain\":true,") PROMPT("c", "04", "go")));
    assert_int_equal(r.context_tokens, 5000);
    assert_string_equal(r.context_model, "claude-opus-4-8");
}

static void a_compaction_leaves_the_context_unknown_until_the_next_reply(void **state)
{
    (void)state;
    struct tail_result r = tail_of(SV(REPLY("a", "01", "5000", "") COMPACTION("auto")));
    assert_int_equal(r.context_tokens, 0);
    assert_null(r.context_model);
    r = tail_of(SV(REPLY("a", "01", "5000", "") COMPACTION("auto") REPLY("b", "30", "700", "")));
    assert_int_equal(r.context_tokens, 700);
}

static void progress_clears_an_error_and_a_prompt_does_not(void **state)
{
    (void)state;
#define ERROR(uuid, seconds)                                                                  \
    "{\"type\":\"assistant\",\"isApiErrorMessage\":true,\"message\":{\"content\":[{\"type\":" \
    "\"text\",\"text\":\"API Error\"}]},\"uuid\":\"" uuid "\"," AT(seconds) "}\n"
    struct tail_result r = tail_of(SV(ERROR("a", "01") PROMPT("b", "02", "again")));
    assert_string_equal(r.api_error, "API Error");
    r = tail_of(SV(ERROR("a", "01") CALL("b", "02", "m1", "toolu_A")));
    assert_null(r.api_error);
    assert_false(wall_known(r.api_error_at));
}

static void an_api_error_needs_no_other_record_to_end_the_turn(void **state)
{
    (void)state;
    struct tail_result r =
        tail_of(SV(PROMPT("a", "01", "go") CALL("b", "02", "m1", "toolu_A") ERROR("c", "03")));
    assert_turn(r, "over");
    assert_int_equal(r.open_tool_count, 0);
    assert_int_equal(r.leaf_kind, EVENT_API_ERROR);
    assert_int_equal(since_start(r.leaf_at), 3000);
}

static void a_retry_is_told_until_the_model_speaks(void **state)
{
    (void)state;
#define RETRY "{\"type\":\"system\",\"subtype\":\"api_error\",\"uuid\":\"r\"," AT("02") "}\n"
    struct tail_result r = tail_of(SV(PROMPT("a", "01", "go") RETRY));
    assert_turn(r, "awaits reply");
    assert_int_equal(since_start(r.api_retry_at), 2000);
    r = tail_of(SV(PROMPT("a", "01", "go") RETRY CALL("b", "03", "m1", "toolu_A")));
    assert_false(wall_known(r.api_retry_at));
    r = tail_of(SV(PROMPT("a", "01", "go") RETRY RESULT("b", "03", "toolu_A")));
    assert_false(wall_known(r.api_retry_at));
    r = tail_of(SV(PROMPT("a", "01", "go") RETRY ERROR("b", "03")));
    assert_false(wall_known(r.api_retry_at));
}

static void input_taken_back_by_name_leaves_the_other(void **state)
{
    (void)state;
    struct tail_result r = tail_of(SV(QUEUE("enqueue", "01", "one") QUEUE("enqueue", "02", "two")
                                          QUEUE("remove", "03", "two")));
    assert_int_equal(r.queued_count, 1);
    assert_int_equal(since_start(r.queued_since), 1000);
}

static void input_taken_up_leaves_nothing(void **state)
{
    (void)state;
    assert_int_equal(
        tail_of(SV(QUEUE("enqueue", "01", "one") QUEUE("dequeue", "01", ""))).queued_count, 0);
    assert_int_equal(
        tail_of(SV(QUEUE("enqueue", "01", "one") QUEUE("popAll", "01", ""))).queued_count, 0);
    assert_int_equal(tail_of(SV(QUEUE("dequeue", "01", ""))).queued_count, 0);
}

static void the_users_title_beats_a_later_one_of_the_agent(void **state)
{
    (void)state;
    struct tail_result r = tail_of(SV("{\"type\":\"custom-title\",\"customTitle\":\"mine\"}\n"
                                      "{\"type\":\"ai-title\",\"aiTitle\":\"its\"}\n"));
    assert_string_equal(r.title, "mine");
}

static void an_empty_title_is_none(void **state)
{
    (void)state;
    struct tail_result r = tail_of(SV("{\"type\":\"ai-title\",\"aiTitle\":\"its\"}\n"
                                      "{\"type\":\"custom-title\",\"customTitle\":\"\"}\n"));
    assert_string_equal(r.title, "its");
}

static void of_two_titles_of_the_user_the_later_counts(void **state)
{
    (void)state;
    struct tail_result r = tail_of(SV("{\"type\":\"custom-title\",\"customTitle\":\"old\"}\n"
                                      "{\"type\":\"custom-title\",\"customTitle\":\"new\"}\n"));
    assert_string_equal(r.title, "new");
}

static void the_newest_directory_is_told(void **state)
{
    (void)state;
    struct tail_result r = tail_of(SV("{\"type\":\"system\",\"cwd\":\"/old\"}\n"
                                      "{\"type\":\"system\",\"cwd\":\"/new\"}\n"
                                      "{\"type\":\"system\"}\n"));
    assert_string_equal(r.cwd, "/new");
}

static void session_ids_are_told_once_the_newest_first(void **state)
{
    (void)state;
    struct tail_result r = tail_of(SV("{\"type\":\"mode\",\"sessionId\":\"old\"}\n"
                                      "{\"type\":\"mode\",\"sessionId\":\"new\"}\n"
                                      "{\"type\":\"mode\",\"sessionId\":\"new\"}\n"));
    assert_int_equal(r.session_id_count, 2);
    assert_string_equal(r.session_ids[0], "new");
    assert_string_equal(r.session_ids[1], "old");
}

static void a_long_prompt_is_cut_between_characters(void **state)
{
    (void)state;
    struct buf file = {0};
    buf_adds(&file, "{\"type\":\"user\",\"message\":{\"content\":\"x");
    for (int i = 0; i < 400; i++)
        buf_adds(&file, "\xc3\xa9");
    buf_adds(&file, "\"}}\n");
    struct tail_result r = tail_of((struct sv){file.p, file.n});
    assert_int_equal(strlen(r.prompt), TAIL_TEXT_MAX - 1);
    buf_release(&file);
}

/* Damage */

static void a_torn_last_line_is_named_and_not_counted(void **state)
{
    (void)state;
    struct tail_result r = tail_of_fixture("torn-tail");
    assert_true(r.oddities.last_line_is_torn && r.oddities.lacks_final_newline);
    assert_int_equal(r.oddities.torn_offset, 2136);
    assert_int_equal(r.oddities.unparsable_lines, 0);
    assert_int_equal(r.oddities.first_bad_offset, -1);
    assert_turn(r, "awaits reply");
}

static void a_whole_last_line_without_newline_is_not_torn(void **state)
{
    (void)state;
    struct sv idle = fixture("idle");
    struct tail_result r = tail_of(sv_slice(idle, 0, idle.n - 1));
    assert_true(r.oddities.lacks_final_newline);
    assert_false(r.oddities.last_line_is_torn);
    assert_turn(r, "over");
}

static void a_torn_line_in_the_middle_is_unparsable(void **state)
{
    (void)state;
    struct tail_result r = tail_of(SV("{\"type\":\"us\n" PROMPT("a", "01", "go")));
    assert_int_equal(r.oddities.unparsable_lines, 1);
    assert_int_equal(r.oddities.first_bad_offset, 0);
    assert_false(r.oddities.last_line_is_torn);
}

static void nuls_are_counted_and_the_record_behind_them_read(void **state)
{
    (void)state;
    struct tail_result r = tail_of_fixture("nul-padded");
    assert_int_equal(r.oddities.nul_lines, 2);
    assert_int_equal(r.oddities.first_bad_offset, 2136);
    assert_turn(r, "over");
}

static void crlf_is_counted_and_harmless(void **state)
{
    (void)state;
    struct tail_result r = tail_of_fixture("crlf");
    assert_int_equal(r.oddities.crlf_lines, 4);
    assert_int_equal(r.oddities.first_bad_offset, -1);
    assert_turn(r, "over");
}

static void the_record_behind_a_stub_is_read(void **state)
{
    (void)state;
    struct tail_result r = tail_of_fixture("glued");
    assert_int_equal(r.oddities.glued_lines, 1);
    assert_int_equal(r.oddities.unparsable_lines, 0);
    assert_turn(r, "over");
}

static void a_lone_surrogate_is_no_damage(void **state)
{
    (void)state;
    struct tail_result r = tail_of_fixture("lone-surrogate");
    assert_int_equal(r.oddities.unparsable_lines, 0);
    assert_int_equal(r.oddities.first_bad_offset, -1);
    assert_string_equal(r.prompt, "half an emoji \xef\xbf\xbd");
}

static void what_looks_whole_and_is_no_json_is_unparsable(void **state)
{
    (void)state;
    struct tail_result r = tail_of(SV("{\"n\":01}\n" PROMPT("a", "01", "go")));
    assert_int_equal(r.oddities.unparsable_lines, 1);
}

static void blank_lines_and_a_byte_order_mark_are_no_damage(void **state)
{
    (void)state;
    struct tail_result r = tail_of(SV("\xef\xbb\xbf" PROMPT("a", "01", "go") "\n  \n"));
    assert_int_equal(r.oddities.unparsable_lines, 0);
    assert_int_equal(r.oddities.first_bad_offset, -1);
    assert_string_equal(r.prompt, "go");
}

static void every_cut_of_a_file_gives_an_answer(void **state)
{
    (void)state;
    struct sv file = fixture("parallel-tools");
    for (size_t n = 0; n < file.n; n++) {
        struct tail_result r = tail_of(sv_slice(file, 0, n));
        bool inside_a_line = n && file.p[n - 1] != '\n';
        bool line_is_whole = file.p[n] == '\n';
        assert_int_equal(r.oddities.last_line_is_torn, inside_a_line && !line_is_whole);
        assert_int_equal(r.oddities.unparsable_lines, 0);
    }
}

/* Size */

static void add_filler(struct buf *file, size_t bytes)
{
    size_t end = file->n + bytes;
    while (file->n < end)
        buf_adds(file, "{\"type\":\"attachment\",\"uuid\":\"f\",\"attachment\":{\"type\":\"x\","
                       "\"content\":\"some text that fills the file\"}}\n");
}

static struct tail_result tail_of_buf(struct buf *file)
{
    struct tail_result r = tail_of((struct sv){file->p, file->n});
    buf_release(file);
    return r;
}

static void one_read_does_where_the_turn_is_short(void **state)
{
    (void)state;
    struct buf file = {0};
    add_filler(&file, 4000000);
    buf_adds(&file, REPLY("r", "00", "5000", "") PROMPT("a", "01", "go"));
    struct tail_result r = tail_of_buf(&file);
    assert_int_equal(r.bytes_read, TAIL_READ_FIRST);
    assert_false(r.reached_start);
    assert_string_equal(r.prompt, "go");
}

static void it_reads_back_to_the_beginning_of_the_turn(void **state)
{
    (void)state;
    struct buf file = {0};
    add_filler(&file, 4000000);
    buf_adds(&file, PROMPT("a", "01", "go"));
    add_filler(&file, 500000);
    buf_adds(&file, CALL("b", "02", "m1", "toolu_A"));
    struct tail_result r = tail_of_buf(&file);
    assert_string_equal(r.prompt, "go");
    assert_turn(r, "awaits tool");
    assert_true(r.bytes_read > 500000 && r.bytes_read <= TAIL_LIMIT);
}

static void the_reply_that_tells_of_the_context_is_looked_for_a_little_further(void **state)
{
    (void)state;
    struct buf file = {0};
    add_filler(&file, 4000000);
    buf_adds(&file, REPLY("r", "00", "5000", ""));
    add_filler(&file, 60000);
    buf_adds(&file, PROMPT("a", "01", "go"));
    struct tail_result r = tail_of_buf(&file);
    assert_int_equal(r.context_tokens, 5000);
    assert_int_equal(r.bytes_read, TAIL_CONTEXT);

    add_filler(&file, 4000000);
    buf_adds(&file, PROMPT("a", "01", "go"));
    r = tail_of_buf(&file);
    assert_int_equal(r.context_tokens, 0);
    assert_int_equal(r.bytes_read, TAIL_CONTEXT);
}

static void a_notification_does_not_stop_the_search_for_the_prompt(void **state)
{
    (void)state;
    struct buf file = {0};
    add_filler(&file, 1000000);
    buf_adds(&file, PROMPT("a", "01", "go"));
    add_filler(&file, 100000);
    buf_adds(&file, PROMPT("b", "02", "<task-notification>done"));
    add_filler(&file, 30000);
    assert_string_equal(tail_of_buf(&file).prompt, "go");
}

static void records_a_little_before_the_prompt_are_read_too(void **state)
{
    (void)state;
    /* The answer was flushed before its prompt, and the first read begins between the two. */
    struct buf file = {0};
    add_filler(&file, 300000);
    buf_adds(&file, TURN_OVER("b", "02"));
    add_filler(&file, 5000);
    buf_adds(&file, PROMPT("a", "01", "go"));
    add_filler(&file, TAIL_READ_FIRST - 3000);
    struct tail_result r = tail_of_buf(&file);
    assert_true(r.bytes_read > TAIL_READ_FIRST);
    assert_turn(r, "over");
}

static void a_subagents_file_is_read_back_to_its_own_prompt(void **state)
{
    (void)state;
    struct buf file = {0};
    add_filler(&file, 1000000);
    buf_adds(&file, SIDECHAIN("user", "s", "01", ",\"agentId\":\"a1\""));
    add_filler(&file, TAIL_READ_FIRST / 4);
    assert_int_equal(tail_of_buf(&file).bytes_read, TAIL_READ_FIRST);
}

static void a_subagents_prompt_in_the_main_file_does_not_stop_the_search(void **state)
{
    (void)state;
    /* Old versions kept subagents in the main file, without an agent id. */
    struct buf file = {0};
    add_filler(&file, 1000000);
    buf_adds(&file, PROMPT("a", "01", "go"));
    add_filler(&file, 100000);
    buf_adds(&file, SIDECHAIN("user", "s", "02", ""));
    add_filler(&file, 30000);
    struct tail_result r = tail_of_buf(&file);
    assert_string_equal(r.prompt, "go");
    assert_false(r.only_sidechain);
}

static void it_gives_up_looking_at_the_limit(void **state)
{
    (void)state;
    struct buf file = {0};
    buf_adds(&file, PROMPT("a", "01", "go"));
    add_filler(&file, 4000000);
    buf_adds(&file, CALL("b", "02", "m1", "toolu_A"));
    struct tail_result r = tail_of_buf(&file);
    assert_int_equal(r.bytes_read, TAIL_LIMIT);
    assert_false(r.found_turn_start);
    assert_false(r.oversized.is_there);
    assert_turn(r, "awaits tool");
}

static void records_split_between_reads_are_whole(void **state)
{
    (void)state;
    /* Lines of 100,000 bytes: every read begins and ends inside one. */
    struct buf file = {0};
    for (int i = 0; i < 12; i++) {
        buf_adds(&file, "{\"type\":\"attachment\",\"uuid\":\"f\",\"x\":\"");
        buf_fill(&file, 'x', 100000);
        buf_adds(&file, "\"}\n");
    }
    struct tail_result r = tail_of_buf(&file);
    assert_int_equal(r.bytes_read, TAIL_LIMIT);
    assert_int_equal(r.oddities.unparsable_lines, 0);
    assert_int_equal(r.oddities.first_bad_offset, -1);
}

enum { MONSTER = 13 * 1000 * 1000 }; /* a line of 12.8 million characters was reported */

/* A tool result whose own text is the long part, so that uuid and time stand behind it. */
static void add_monster_result(struct buf *file)
{
    buf_adds(file, "{\"parentUuid\":\"b\",\"isSidechain\":false,\"type\":\"user\",\"message\":{"
                   "\"role\":\"user\",\"content\":[{\"tool_use_id\":\"toolu_A\",\"type\":"
                   "\"tool_result\",\"content\":\"");
    for (size_t end = file->n + MONSTER; file->n < end;)
        buf_adds(file, "\\\\ \\\" , \\\"uuid\\\":\\\"no\\\", {[ ");
    buf_adds(file, "\"}]},\"uuid\":\"c\"," AT(
                       "03") ",\"sourceToolAssistantUUID\":\"b\",\"cwd\":\"/w\"}\n");
}

static void a_monster_line_at_the_end_is_described_from_its_end(void **state)
{
    (void)state;
    struct buf file = {0};
    buf_adds(&file, PROMPT("a", "01", "go") CALL("b", "02", "m1", "toolu_A"));
    add_monster_result(&file);
    struct tail_result r = tail_of_buf(&file);
    assert_int_equal(r.bytes_read, TAIL_LIMIT);
    assert_true(r.oversized.is_there && r.oversized.is_last);
    assert_int_equal(r.oversized.length_at_least, TAIL_LIMIT - 1);
    assert_int_equal(r.oversized.kind, EVENT_TOOL_RESULT);
    assert_int_equal(since_start(r.oversized.at), 3000);
    assert_int_equal(since_start(r.last_event_at), 3000);
    assert_turn(r, "awaits reply");
    assert_string_equal(r.leaf_uuid, "c");
    assert_string_equal(r.cwd, "/w");
}

static void a_monster_line_before_the_last_ones_is_described(void **state)
{
    (void)state;
    struct buf file = {0};
    add_monster_result(&file);
    buf_adds(&file, CALL("d", "04", "m2", "toolu_B"));
    struct tail_result r = tail_of_buf(&file);
    assert_true(r.oversized.is_there);
    assert_false(r.oversized.is_last);
    assert_turn(r, "awaits tool");
    assert_string_equal(r.leaf_uuid, "d");
}

static void a_monster_line_that_says_nothing_at_its_end_is_named_all_the_same(void **state)
{
    (void)state;
    struct buf file = {0};
    buf_adds(&file, "{\"type\":\"x\",\"long\":\"");
    buf_fill(&file, 'x', MONSTER);
    buf_adds(&file, "\"}\n");
    struct tail_result r = tail_of_buf(&file);
    assert_true(r.oversized.is_there);
    assert_int_equal(r.oversized.kind, EVENT_OTHER);
    assert_false(wall_known(r.oversized.at));
    assert_false(r.oddities.last_line_is_torn);
    assert_turn(r, "unknown");
}

static void a_monster_line_still_being_written_is_torn(void **state)
{
    (void)state;
    struct buf file = {0};
    add_monster_result(&file);
    file.n -= 300;
    struct tail_result r = tail_of_buf(&file);
    assert_true(r.oversized.is_there && r.oddities.last_line_is_torn);
    assert_true(r.oddities.lacks_final_newline);
    assert_int_equal(r.oddities.torn_offset, -1);
}

static void a_long_line_whose_beginning_is_in_reach_is_read(void **state)
{
    (void)state;
    struct buf file = {0};
    buf_adds(&file, PROMPT("a", "01", "go"));
    buf_adds(&file, "{\"type\":\"user\",\"uuid\":\"b\",\"message\":{\"content\":\"");
    buf_fill(&file, 'x', 700000);
    buf_adds(&file, "\"}," AT("02") "}\n");
    struct tail_result r = tail_of_buf(&file);
    assert_false(r.oversized.is_there);
    assert_int_equal(strlen(r.prompt), TAIL_TEXT_MAX);
    assert_int_equal(since_start(r.prompt_at), 2000);
}

/* Files that change while they are read */

static void a_file_cut_before_the_first_read_is_read_to_its_new_end(void **state)
{
    (void)state;
    struct sv file = SV(PROMPT("a", "01", "go"));
    struct tail t;
    struct tail_result r;
    tail_init(&t, &event_claude, &arena, (int64_t)file.n + 100);
    tail_feed(&t, file.p, file.n);
    tail_finish(&t, &r);
    assert_true(r.oddities.shrank);
    assert_string_equal(r.prompt, "go");
}

static void a_file_cut_between_reads_keeps_what_was_read(void **state)
{
    (void)state;
    struct buf file = {0};
    add_filler(&file, 300000);
    buf_adds(&file, CALL("b", "02", "m1", "toolu_A"));
    struct tail t;
    struct tail_result r;
    int64_t offset;
    size_t length;
    tail_init(&t, &event_claude, &arena, (int64_t)file.n);
    assert_true(tail_wants(&t, &offset, &length));
    tail_feed(&t, file.p + offset, length);
    assert_true(tail_wants(&t, &offset, &length));
    tail_feed(&t, file.p + offset, length - 1);
    assert_false(tail_wants(&t, &offset, &length));
    tail_finish(&t, &r);
    assert_true(r.oddities.shrank);
    assert_turn(r, "awaits tool");
    buf_release(&file);
}

static void a_failed_read_leaves_an_honest_nothing(void **state)
{
    (void)state;
    struct tail t;
    struct tail_result r;
    tail_init(&t, &event_claude, &arena, 1000);
    tail_finish(&t, &r);
    assert_turn(r, "unknown");
    assert_false(r.reached_start);
    assert_false(r.oversized.is_there);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_teardown(function, release)
    const struct CMUnitTest tests[] = {
        TEST(a_finished_turn_is_over),
        TEST(the_newest_identity_is_told),
        TEST(a_prompt_without_an_answer_awaits_one),
        TEST(an_open_call_is_named_with_its_time),
        TEST(what_the_model_was_asked_with_is_dated),
        TEST(of_parallel_calls_the_one_without_a_result_is_open),
        TEST(parallel_results_off_the_leaf_chain_close_their_calls),
        TEST(children_written_before_their_parents_are_put_in_order),
        TEST(an_interrupted_turn_is_over),
        TEST(an_api_error_ends_the_turn_and_is_told),
        TEST(queued_input_is_counted_from_the_oldest),
        TEST(a_subagents_file_is_judged_as_a_conversation_of_its_own),
        TEST(after_its_own_compaction_the_agent_goes_on),
        TEST(after_the_users_compaction_it_waits),
        TEST(a_notification_awaits_a_reply_and_is_not_the_last_prompt),
        TEST(without_a_stop_reason_the_reply_may_go_on),
        TEST(nothing_is_known_of_an_empty_file),
        TEST(metadata_alone_is_no_conversation),
        TEST(a_child_as_old_as_its_parent_stands_behind_it),
        TEST(a_child_older_than_its_parent_stands_behind_it),
        TEST(without_links_time_stamps_give_the_order),
        TEST(a_chain_of_one_time_written_backwards_is_put_in_order),
        TEST(a_long_chain_that_runs_backwards_in_time_keeps_its_order),
        TEST(a_cycle_of_parents_ends),
        TEST(records_without_a_time_keep_their_place),
        TEST(a_new_prompt_leaves_older_calls_behind),
        TEST(closing_the_first_of_two_calls_leaves_the_second),
        TEST(a_turn_that_is_over_has_no_open_calls),
        TEST(calls_without_a_message_id_are_all_kept),
        TEST(more_calls_than_fit_are_not_lost_silently_into_over),
        TEST(only_the_last_turn_counts_as_interrupted),
        TEST(a_subagents_records_move_the_clock_and_not_the_turn),
        TEST(attachments_are_records_and_no_events),
        TEST(it_is_told_whether_the_file_ends_in_metadata),
        TEST(a_note_that_asks_waits_for_the_open_tools_too),
        TEST(a_command_answered_by_the_model_is_not_ended_by_another),
        TEST(a_later_message_means_that_earlier_calls_had_their_results),
        TEST(a_call_written_twice_is_one_call),
        TEST(a_command_that_the_client_answers_is_over),
        TEST(compaction_settles_what_the_turn_was_at),
        TEST(the_last_reply_says_how_full_the_context_is),
        TEST(a_compaction_leaves_the_context_unknown_until_the_next_reply),
        TEST(progress_clears_an_error_and_a_prompt_does_not),
        TEST(an_api_error_needs_no_other_record_to_end_the_turn),
        TEST(a_retry_is_told_until_the_model_speaks),
        TEST(input_taken_back_by_name_leaves_the_other),
        TEST(input_taken_up_leaves_nothing),
        TEST(the_users_title_beats_a_later_one_of_the_agent),
        TEST(an_empty_title_is_none),
        TEST(of_two_titles_of_the_user_the_later_counts),
        TEST(the_newest_directory_is_told),
        TEST(session_ids_are_told_once_the_newest_first),
        TEST(a_long_prompt_is_cut_between_characters),
        TEST(a_torn_last_line_is_named_and_not_counted),
        TEST(a_whole_last_line_without_newline_is_not_torn),
        TEST(a_torn_line_in_the_middle_is_unparsable),
        TEST(nuls_are_counted_and_the_record_behind_them_read),
        TEST(crlf_is_counted_and_harmless),
        TEST(the_record_behind_a_stub_is_read),
        TEST(a_lone_surrogate_is_no_damage),
        TEST(what_looks_whole_and_is_no_json_is_unparsable),
        TEST(blank_lines_and_a_byte_order_mark_are_no_damage),
        TEST(every_cut_of_a_file_gives_an_answer),
        TEST(one_read_does_where_the_turn_is_short),
        TEST(it_reads_back_to_the_beginning_of_the_turn),
        TEST(the_reply_that_tells_of_the_context_is_looked_for_a_little_further),
        TEST(a_notification_does_not_stop_the_search_for_the_prompt),
        TEST(records_a_little_before_the_prompt_are_read_too),
        TEST(a_subagents_file_is_read_back_to_its_own_prompt),
        TEST(a_subagents_prompt_in_the_main_file_does_not_stop_the_search),
        TEST(it_gives_up_looking_at_the_limit),
        TEST(records_split_between_reads_are_whole),
        TEST(a_monster_line_at_the_end_is_described_from_its_end),
        TEST(a_monster_line_before_the_last_ones_is_described),
        TEST(a_monster_line_that_says_nothing_at_its_end_is_named_all_the_same),
        TEST(a_monster_line_still_being_written_is_torn),
        TEST(a_long_line_whose_beginning_is_in_reach_is_read),
        TEST(a_file_cut_before_the_first_read_is_read_to_its_new_end),
        TEST(a_file_cut_between_reads_keeps_what_was_read),
        TEST(a_failed_read_leaves_an_honest_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
