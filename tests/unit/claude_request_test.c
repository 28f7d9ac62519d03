#include "unit.h"

#include "agents/claude/request.h"
#include "base/json.h"
#include "salvage/memory_search.h"

#include <stdio.h>

#define ID "11111111-2222-4333-8444-555555555555"
#define NEW_ID "66666666-7777-4888-8999-000000000000"
#define TAIL(id)                                                                              \
    ",\"system\":[],\"tools\":[{\"name\":\"AskUserQuestion\"}],\"metadata\":{\"user_id\":\"{" \
    "\\\"session_id\\\":\\\"" id "\\\"}\"}}"
#define SAY(role, text) "{\"role\":\"" role "\",\"content\":\"" text "\"}"
#define BODY(messages, id) "\"messages\":[" messages "]" TAIL(id)

static struct arena arena;
static struct agent_recall recall;
static struct {
    char bytes[64 * 1024];
    size_t n;
} memory;

static int begin(void **state)
{
    (void)state;
    memset(memory.bytes, 0, sizeof memory.bytes);
    memory.n = 64;
    return 0;
}

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

/* Its first bytes are written over, as an allocator does. */
static void put(const char *text, bool is_wide)
{
    for (size_t i = 0; text[i]; i++) {
        memory.bytes[memory.n++] = text[i];
        memory.n += is_wide;
    }
    memory.n += 64;
}

static bool look(void)
{
    const struct memory_run run = {0x7f0000001000, memory.bytes, sizeof memory.bytes};
    const struct memory_search_search search = {&run, 1, NULL, NULL};
    const struct agent_recall_request request = {.search = &search,
                                                 .session_id = ID,
                                                 .new_id = NEW_ID,
                                                 .cwd = "/work",
                                                 .version = "2.1.197",
                                                 .began = {1000}};
    return claude_recall(&request, &arena, &recall);
}

static const struct json_value *record(size_t wanted)
{
    struct sv rest = recall.records, line = {0};
    const struct json_value *root = NULL;
    for (size_t i = 0; i <= wanted; i++) {
        assert_true(rest.n > 0);
        sv_cut_line(&rest, &line);
    }
    assert_int_equal(json_parse(&arena, line, &root), 0);
    return root;
}

static struct sv text_of(size_t wanted)
{
    return json_text_at(json_first(json_path(record(wanted), "message", "content", NULL)), "text");
}

static void assert_found(size_t count)
{
    assert_true(look());
    assert_int_equal(recall.message_count, count);
}

static void takes_the_longest_request_in_order(void **state)
{
    (void)state;
    put(BODY(SAY("user", "one"), ID), true);
    put(BODY(SAY("user", "one") "," SAY("assistant", "two") "," SAY("user", "three"), ID), false);
    assert_found(3);
    assert_sv_equal(text_of(0), "one");
    assert_sv_equal(text_of(1), "two");
    assert_sv_equal(text_of(2), "three");
    assert_sv_equal(json_text_at(record(1), "parentUuid"),
                    json_copy_text(&arena, record(0), "uuid"));
    assert_sv_equal(json_text_at(record(2), "sessionId"), NEW_ID);
    assert_sv_equal(json_text_at(json_get(record(0), "salvaged"), "sure"), "high");
    assert_sv_equal(json_text_at(json_get(record(2), "salvaged"), "sure"), "medium");
    assert_int_equal(recall.sure_count, 1);
}

static void takes_none_of_another_session(void **state)
{
    (void)state;
    put(BODY(SAY("user", "one") "," SAY("assistant", "two"), NEW_ID), false);
    assert_false(look());
}

static void takes_none_that_is_cut(void **state)
{
    (void)state;
    put("\"messages\":[" SAY("user", "one") "],\"system\":[\"a\x01\"]" TAIL(ID), false);
    assert_false(look());
}

static void takes_no_subagents(void **state)
{
    (void)state;
    put("\"messages\":[" SAY(
            "user", "errand") "],\"system\":[{\"text\":\"x: cc_is_subagent=true;\"}],"
                              "\"tools\":[{\"name\":\"Bash\"}],\"metadata\":{\"user_id\":\"" ID
                              "\"}}",
        false);
    assert_false(look());
}

static void keeps_what_only_another_request_has(void **state)
{
    (void)state;
    put(BODY(SAY("user", "one") "," SAY("assistant", "two") "," SAY("user", "three"), ID), false);
    put(BODY(SAY("user", "one") "," SAY("assistant", "taken back"), ID), false);
    assert_found(3);
    assert_int_equal(recall.other_count, 1);
    assert_true(sv_find(recall.others, 0, SV("taken back")) < recall.others.n);
    assert_true(sv_find(recall.records, 0, SV("taken back")) == recall.records.n);
}

static void leaves_out_what_the_client_put_in(void **state)
{
    (void)state;
    put(BODY("{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"<system-reminder>x</"
             "system-reminder>\"},"
             "{\"type\":\"text\",\"text\":\"one\",\"cache_control\":{\"type\":\"ephemeral\"}}]}"
             "," SAY("system", "agents"),
             ID),
        false);
    assert_found(1);
    assert_sv_equal(text_of(0), "one");
    assert_true(sv_find(recall.records, 0, SV("cache_control")) == recall.records.n);
    assert_true(sv_find(recall.request, 0, SV("system-reminder")) < recall.request.n);
}

static void leaves_credentials_out(void **state)
{
    (void)state;
    put(BODY("{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"my "
             "sk-ant-api03-abcdefgh12345678 key\"}]},"
             "{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"t\",\"name\":"
             "\"Bash\","
             "\"input\":{\"API_KEY\":\"hunter2hunter2\"}}]}",
             ID),
        false);
    assert_found(2);
    assert_int_equal(recall.redacted, 2);
    const struct sv all[] = {recall.records, recall.request};
    for (size_t i = 0; i < 2; i++) {
        assert_true(sv_find(all[i], 0, SV("abcdefgh")) == all[i].n);
        assert_true(sv_find(all[i], 0, SV("hunter2")) == all[i].n);
    }
    assert_sv_equal(text_of(0), "my [redacted: looks like a credential, 29 bytes] key");
}

static void many_beginnings_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2000; i++) {
        memory.n += (size_t)snprintf(memory.bytes + memory.n, 32, "\"messages\":[{\"role\":");
    }
    assert_false(look());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(takes_the_longest_request_in_order, begin, release),
        cmocka_unit_test_setup_teardown(takes_none_of_another_session, begin, release),
        cmocka_unit_test_setup_teardown(takes_none_that_is_cut, begin, release),
        cmocka_unit_test_setup_teardown(takes_no_subagents, begin, release),
        cmocka_unit_test_setup_teardown(keeps_what_only_another_request_has, begin, release),
        cmocka_unit_test_setup_teardown(leaves_out_what_the_client_put_in, begin, release),
        cmocka_unit_test_setup_teardown(leaves_credentials_out, begin, release),
        cmocka_unit_test_setup_teardown(many_beginnings_end, begin, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
