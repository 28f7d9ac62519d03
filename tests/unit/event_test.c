#include "unit.h"

#include "agents/claude/events.h"
#include "conversation/event.h"

#include <errno.h>

/* Every record here in the order of keys and with the members that the client writes. */

static struct arena arena;

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static struct event read_as(const char *record)
{
    struct event e;
    assert_int_equal(event_claude.read(&arena, sv_of(record), &e), 0);
    return e;
}

#define USER(content)                                                                       \
    "{\"parentUuid\":\"p1\",\"isSidechain\":false,\"type\":\"user\",\"message\":{\"role\":" \
    "\"user\",\"content\":" content "},\"uuid\":\"u1\",\"timestamp\":\"2026-02-05T10:00:00.250Z\""
#define ASSISTANT(content, stop_reason)                                                    \
    "{\"parentUuid\":\"p1\",\"isSidechain\":false,\"message\":{\"id\":\"msg_1\",\"role\":" \
    "\"assistant\",\"content\":[" content "],\"stop_reason\":" stop_reason                 \
    "},\"type\":\"assistant\",\"uuid\":\"u1\",\"timestamp\":\"2026-02-05T10:00:00.250Z\""

static void what_is_not_one_json_object_is_refused(void **state)
{
    (void)state;
    struct event e;
    assert_int_equal(event_claude.read(&arena, SV("{\"type\":\"us"), &e), -EBADMSG);
    assert_int_equal(event_claude.read(&arena, SV("[1]"), &e), -EBADMSG);
    assert_int_equal(event_claude.read(&arena, SV("{}{}"), &e), -EBADMSG);
    assert_int_equal(event_claude.read(&arena, SV(""), &e), -EBADMSG);
}

static void fields_of_the_wrong_type_are_not_known(void **state)
{
    (void)state;
    struct event e = read_as("{\"type\":7,\"uuid\":[],\"timestamp\":{},\"message\":\"x\"}");
    assert_int_equal(e.uuid.n, 0);
    assert_false(wall_known(e.at));
    e = read_as("{\"type\":\"user\",\"message\":{\"content\":{\"type\":\"text\"}}}");
    assert_int_equal(e.text.n, 0);
    e = read_as("{\"type\":\"assistant\",\"message\":null}");
    assert_int_equal(e.kind, EVENT_ASSISTANT_TEXT);
}

static void the_common_fields_are_read(void **state)
{
    (void)state;
    struct event e =
        read_as(USER("\"hi\"") ",\"agentId\":\"a1\",\"entrypoint\":\"cli\",\"cwd\":\"/home/u\","
                               "\"sessionId\":\"s1\",\"version\":\"2.1.197\"}");
    assert_int_equal(e.at.ms, 1770285600250);
    assert_sv_equal(e.uuid, "u1");
    assert_sv_equal(e.parent_uuid, "p1");
    assert_sv_equal(e.agent_id, "a1");
    assert_sv_equal(e.entrypoint, "cli");
    assert_sv_equal(e.cwd, "/home/u");
    assert_sv_equal(e.session_id, "s1");
    assert_sv_equal(e.version, "2.1.197");
    assert_false(e.is_root);
}

static void a_null_parent_makes_a_root_and_an_absent_one_does_not(void **state)
{
    (void)state;
    assert_true(read_as("{\"parentUuid\":null,\"type\":\"user\"}").is_root);
    assert_false(read_as("{\"type\":\"user\"}").is_root);
}

static void text_is_a_prompt_of_a_person(void **state)
{
    (void)state;
    struct event e = read_as(USER("\"fix the build\"") "}");
    assert_int_equal(e.kind, EVENT_PROMPT);
    assert_true(e.is_human && e.expects_reply);
    assert_sv_equal(e.text, "fix the build");
}

static void a_prompt_in_blocks_gives_its_first_words(void **state)
{
    (void)state;
    struct event e = read_as(USER("[{\"type\":\"image\",\"source\":{}},{\"type\":\"text\",\"text\":"
                                  "\"what is this?\"}]") "}");
    assert_int_equal(e.kind, EVENT_PROMPT);
    assert_sv_equal(e.text, "what is this?");
}

static void a_subagents_prompt_is_no_persons(void **state)
{
    (void)state;
    struct event e = read_as("{\"parentUuid\":null,\"isSidechain\":true,\"type\":\"user\","
                             "\"message\":{\"content\":\"look around\"}}");
    assert_int_equal(e.kind, EVENT_PROMPT);
    assert_false(e.is_human);
    assert_true(read_as("{\"type\":\"user\",\"isSidechain\":1}").is_sidechain);
    assert_true(read_as("{\"type\":\"user\",\"isSidechain\":\"no\"}").is_sidechain);
    assert_false(read_as("{\"type\":\"user\",\"isSidechain\":0}").is_sidechain);
    assert_false(read_as("{\"type\":\"user\"}").is_sidechain);
}

static void a_notification_begins_a_turn_and_is_no_persons(void **state)
{
    (void)state;
    struct event e = read_as(USER("\"<task-notification>done\"") "}");
    assert_int_equal(e.kind, EVENT_PROMPT);
    assert_false(e.is_human);
    e = read_as(USER("\"done\"") ",\"origin\":{\"kind\":\"task-notification\"}}");
    assert_false(e.is_human);
    e = read_as(USER("\"done\"") ",\"origin\":{\"kind\":\"human\"}}");
    assert_true(e.is_human);
}

static void what_the_client_says_to_itself_is_no_prompt(void **state)
{
    (void)state;
    assert_int_equal(read_as(USER("\"<command-name>/model</command-name>\"") "}").kind,
                     EVENT_COMMAND);
    assert_int_equal(read_as(USER("\"<bash-input>ls</bash-input>\"") "}").kind, EVENT_COMMAND);
    assert_int_equal(read_as(USER("\"<local-command-stdout>ok</local-command-stdout>\"") "}").kind,
                     EVENT_LOCAL_OUTPUT);
    assert_int_equal(read_as(USER("\"Caveat: The messages below were generated\"") "}").kind,
                     EVENT_NOTE);
    assert_int_equal(read_as(USER("\"anything\"") ",\"isMeta\":true}").kind, EVENT_NOTE);
}

static void commands_and_results_expect_a_reply_and_outputs_do_not(void **state)
{
    (void)state;
    assert_true(read_as(USER("\"<command-name>/x\"") "}").expects_reply);
    assert_true(read_as(USER("[{\"type\":\"tool_result\"}]") "}").expects_reply);
    assert_false(read_as(USER("\"<bash-stdout>x\"") "}").expects_reply);
    assert_false(read_as(USER("\"[Request interrupted by user]\"") "}").expects_reply);
}

static void only_some_notes_are_sent_to_the_model_at_once(void **state)
{
    (void)state;
    assert_true(
        read_as(USER("\"Stop hook feedback:\\nrun the tests\"") ",\"isMeta\":true}").expects_reply);
    assert_false(read_as(USER("\"<system-reminder>named\"") ",\"isMeta\":true}").expects_reply);
}

static void tool_results_name_their_calls(void **state)
{
    (void)state;
    struct event e = read_as(USER("[{\"tool_use_id\":\"toolu_A\",\"type\":\"tool_result\"},"
                                  "{\"type\":\"tool_result\",\"tool_use_id\":\"toolu_B\"}]") "}");
    assert_int_equal(e.kind, EVENT_TOOL_RESULT);
    assert_int_equal(e.result_count, 2);
    assert_sv_equal(e.results[0].id, "toolu_A");
    assert_sv_equal(e.results[1].id, "toolu_B");
}

static void tool_calls_have_a_name(void **state)
{
    (void)state;
    struct event e = read_as(
        ASSISTANT("{\"type\":\"tool_use\",\"id\":\"toolu_A\",\"name\":\"Bash\",\"input\":{}}",
                  "\"tool_use\"") "}");
    assert_int_equal(e.kind, EVENT_TOOL_USE);
    assert_int_equal(e.call_count, 1);
    assert_sv_equal(e.calls[0].name, "Bash");
    assert_sv_equal(e.message_id, "msg_1");
    assert_false(e.ends_turn);
}

static void text_ends_the_turn_when_it_says_so(void **state)
{
    (void)state;
    assert_true(read_as(ASSISTANT("{\"type\":\"text\"}", "\"end_turn\"") "}").ends_turn);
    assert_true(read_as(ASSISTANT("{\"type\":\"text\"}", "\"stop_sequence\"") "}").ends_turn);
    assert_false(read_as(ASSISTANT("{\"type\":\"text\"}", "\"tool_use\"") "}").ends_turn);
    assert_false(read_as(ASSISTANT("{\"type\":\"text\"}", "null") "}").ends_turn);
}

static void thinking_does_not_end_a_turn_whatever_it_says(void **state)
{
    (void)state;
    struct event e = read_as(ASSISTANT("{\"type\":\"thinking\"}", "\"end_turn\"") "}");
    assert_int_equal(e.kind, EVENT_ASSISTANT_THINKING);
    assert_false(e.ends_turn);
}

#define USAGE(model)                                                                       \
    "{\"type\":\"assistant\",\"message\":{\"model\":\"" model "\",\"content\":[{\"type\":" \
    "\"text\"}],\"usage\":{\"input_tokens\":10,\"cache_creation_input_tokens\":2000,"      \
    "\"cache_read_input_tokens\":30000,\"output_tokens\":400}}}"

static void a_reply_says_how_much_of_the_window_is_used(void **state)
{
    (void)state;
    struct event e = read_as(USAGE("claude-opus-4-8"));
    assert_int_equal(e.context_tokens, 32410);
    assert_sv_equal(e.model, "claude-opus-4-8");
    assert_int_equal(read_as(ASSISTANT("{\"type\":\"text\"}", "null") "}").context_tokens, 0);
}

static void what_the_client_itself_wrote_counts_nothing(void **state)
{
    (void)state;
    assert_int_equal(read_as(USAGE("<synthetic>")).context_tokens, 0);
    assert_int_equal(read_as("{\"type\":\"assistant\",\"isApiErrorMessage\":true,\"message\":"
                             "{\"model\":\"m\",\"usage\":{\"input_tokens\":5}}}")
                         .context_tokens,
                     0);
    assert_int_equal(read_as("{\"type\":\"assistant\",\"message\":{\"model\":\"m\",\"usage\":"
                             "{\"input_tokens\":-5,\"output_tokens\":\"9\","
                             "\"cache_read_input_tokens\":9223372036854775807}}}")
                         .context_tokens,
                     0);
}

static void an_api_error_is_not_a_reply(void **state)
{
    (void)state;
    struct event e = read_as(ASSISTANT("{\"type\":\"text\",\"text\":\"API Error: 529\"}",
                                       "\"stop_sequence\"") ",\"isApiErrorMessage\":true}");
    assert_int_equal(e.kind, EVENT_API_ERROR);
    assert_true(e.ends_turn);
    assert_sv_equal(e.text, "API Error: 529");
    e = read_as(
        ASSISTANT("{\"type\":\"text\"}", "\"stop_sequence\"") ",\"isApiErrorMessage\":false}");
    assert_int_equal(e.kind, EVENT_ASSISTANT_TEXT);
}

static void both_interrupt_markers_are_known(void **state)
{
    (void)state;
    const char *idle = USER("[{\"type\":\"text\",\"text\":\"[Request interrupted by user]\"}]") "}";
    const char *tool =
        USER("[{\"type\":\"text\",\"text\":\"[Request interrupted by user for tool use]\"}]") "}";
    assert_int_equal(read_as(idle).kind, EVENT_INTERRUPTED);
    assert_int_equal(read_as(tool).kind, EVENT_INTERRUPTED);
    assert_true(read_as(tool).ends_turn);
}

static void system_records_are_told_apart(void **state)
{
    (void)state;
    assert_int_equal(read_as("{\"type\":\"system\",\"subtype\":\"turn_duration\"}").kind,
                     EVENT_TURN_OVER);
    assert_true(read_as("{\"type\":\"system\",\"subtype\":\"turn_duration\"}").ends_turn);
    assert_int_equal(read_as("{\"type\":\"system\",\"subtype\":\"local_command\"}").kind,
                     EVENT_LOCAL_OUTPUT);
    assert_int_equal(read_as("{\"type\":\"system\",\"subtype\":\"api_error\"}").kind,
                     EVENT_API_RETRY);
    assert_int_equal(read_as("{\"type\":\"system\",\"subtype\":\"away_summary\"}").kind,
                     EVENT_OTHER);
}

static void a_compaction_says_who_asked_for_it(void **state)
{
    (void)state;
    struct event e = read_as("{\"type\":\"system\",\"subtype\":\"compact_boundary\","
                             "\"compactMetadata\":{\"trigger\":\"auto\"}}");
    assert_int_equal(e.kind, EVENT_COMPACT_BOUNDARY);
    assert_true(e.is_automatic);
    e = read_as("{\"type\":\"system\",\"subtype\":\"compact_boundary\","
                "\"compactMetadata\":{\"trigger\":\"manual\"}}");
    assert_false(e.is_automatic);
    assert_int_equal(read_as(USER("\"This session\"") ",\"isCompactSummary\":true}").kind,
                     EVENT_COMPACT_SUMMARY);
}

static void queue_operations_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *operation;
        enum event_kind kind;
    } cases[] = {{"enqueue", EVENT_ENQUEUE},
                 {"dequeue", EVENT_DEQUEUE},
                 {"remove", EVENT_QUEUE_REMOVE},
                 {"popAll", EVENT_QUEUE_CLEAR}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *record = arena_printf(
            &arena, "{\"type\":\"queue-operation\",\"operation\":\"%s\"}", cases[i].operation);
        assert_int_equal(read_as(record).kind, cases[i].kind);
    }
}

static void the_users_title_is_told_from_the_agents(void **state)
{
    (void)state;
    struct event e = read_as("{\"type\":\"custom-title\",\"customTitle\":\"mine\"}");
    assert_sv_equal(e.title, "mine");
    assert_false(e.is_automatic);
    e = read_as("{\"type\":\"ai-title\",\"aiTitle\":\"its\"}");
    assert_sv_equal(e.title, "its");
    assert_true(e.is_automatic);
    e = read_as("{\"type\":\"summary\",\"summary\":\"older form\"}");
    assert_sv_equal(e.title, "older form");
    assert_true(e.is_automatic);
}

static void unknown_types_are_no_damage(void **state)
{
    (void)state;
    assert_int_equal(read_as("{\"type\":\"atis-latch\",\"x\":1}").kind, EVENT_METADATA);
    assert_int_equal(read_as("{\"type\":\"new\",\"uuid\":\"u\"}").kind, EVENT_OTHER);
    assert_int_equal(read_as("{\"type\":\"attachment\",\"uuid\":\"u\"}").kind, EVENT_ATTACHMENT);
}

static void a_lone_surrogate_reads_as_the_replacement_character(void **state)
{
    (void)state;
    assert_sv_equal(read_as(USER("\"half \\ud83d\"") "}").text, "half \xef\xbf\xbd");
}

static void the_end_of_a_record_still_says_what_it_was(void **state)
{
    (void)state;
    struct event e = read_as("{\"sourceToolAssistantUUID\":\"a\",\"sessionId\":\"s\"}");
    assert_int_equal(e.kind, EVENT_TOOL_RESULT);
    assert_true(e.expects_reply);
    assert_int_equal(read_as("{\"toolUseResult\":{}}").kind, EVENT_TOOL_RESULT);
    e = read_as("{\"uuid\":\"u\",\"timestamp\":\"2026-02-05T10:00:00Z\",\"permissionMode\":\"x\"}");
    assert_int_equal(e.kind, EVENT_PROMPT);
    assert_true(e.expects_reply && e.is_human);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_teardown(function, release)
    const struct CMUnitTest tests[] = {
        TEST(what_is_not_one_json_object_is_refused),
        TEST(fields_of_the_wrong_type_are_not_known),
        TEST(the_common_fields_are_read),
        TEST(a_null_parent_makes_a_root_and_an_absent_one_does_not),
        TEST(text_is_a_prompt_of_a_person),
        TEST(a_prompt_in_blocks_gives_its_first_words),
        TEST(a_subagents_prompt_is_no_persons),
        TEST(a_notification_begins_a_turn_and_is_no_persons),
        TEST(what_the_client_says_to_itself_is_no_prompt),
        TEST(commands_and_results_expect_a_reply_and_outputs_do_not),
        TEST(only_some_notes_are_sent_to_the_model_at_once),
        TEST(tool_results_name_their_calls),
        TEST(tool_calls_have_a_name),
        TEST(text_ends_the_turn_when_it_says_so),
        TEST(thinking_does_not_end_a_turn_whatever_it_says),
        TEST(a_reply_says_how_much_of_the_window_is_used),
        TEST(what_the_client_itself_wrote_counts_nothing),
        TEST(an_api_error_is_not_a_reply),
        TEST(both_interrupt_markers_are_known),
        TEST(system_records_are_told_apart),
        TEST(a_compaction_says_who_asked_for_it),
        TEST(queue_operations_are_told_apart),
        TEST(the_users_title_is_told_from_the_agents),
        TEST(unknown_types_are_no_damage),
        TEST(a_lone_surrogate_reads_as_the_replacement_character),
        TEST(the_end_of_a_record_still_says_what_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
