#include "unit.h"

#include "agents/claude/events.h"
#include "conversation/message.h"

#include <errno.h>

static struct arena arena;
static struct event e;
static struct message m;

static void read_record(const char *record)
{
    assert_int_equal(event_claude.read_message(&arena, sv_of(record), &e, &m), 0);
}

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static void a_prompt_is_text(void **state)
{
    (void)state;
    read_record("{\"type\":\"user\",\"uuid\":\"a\",\"message\":{\"content\":\"hello\"}}");
    assert_int_equal(m.block_count, 1);
    assert_int_equal(m.blocks[0].kind, BLOCK_TEXT);
    assert_sv_equal(m.blocks[0].text, "hello");
    assert_int_equal(message_speaker(&e), SPEAKER_USER);
}

static void a_call_has_its_telling_argument(void **state)
{
    (void)state;
    read_record("{\"type\":\"assistant\",\"uuid\":\"a\",\"message\":{\"model\":\"m\",\"content\":[{"
                "\"type\":"
                "\"tool_use\",\"id\":\"t\",\"name\":\"Bash\",\"input\":{\"description\":\"list\","
                "\"command\":\"ls\"}}]}}");
    assert_int_equal(m.blocks[0].kind, BLOCK_CALL);
    assert_sv_equal(m.blocks[0].name, "Bash");
    assert_sv_equal(m.blocks[0].argument, "ls");
    assert_sv_equal(m.model, "m");
    assert_int_equal(message_speaker(&e), SPEAKER_AGENT);
}

static void a_result_joins_its_texts_and_names_its_pictures(void **state)
{
    (void)state;
    read_record(
        "{\"type\":\"user\",\"uuid\":\"a\",\"message\":{\"content\":[{\"type\":\"tool_result\","
        "\"tool_use_id\":\"t\",\"is_error\":true,\"content\":[{\"type\":\"text\",\"text\":\"one\"},"
        "{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":"
        "\"AAAAAA==\"}},{\"type\":\"text\",\"text\":\"two\"}]}]}}");
    assert_int_equal(m.block_count, 2);
    assert_int_equal(m.blocks[0].kind, BLOCK_RESULT);
    assert_sv_equal(m.blocks[0].id, "t");
    assert_sv_equal(m.blocks[0].text, "one\ntwo");
    assert_true(m.blocks[0].is_error);
    assert_int_equal(m.blocks[1].kind, BLOCK_IMAGE);
    assert_sv_equal(m.blocks[1].name, "image/png");
    assert_int_equal(m.blocks[1].size_bytes, 4);
    assert_int_equal(message_speaker(&e), SPEAKER_TOOL);
}

static void thinking_is_marked_with_and_without_text(void **state)
{
    (void)state;
    read_record(
        "{\"type\":\"assistant\",\"uuid\":\"a\",\"message\":{\"content\":[{\"type\":\"thinking\","
        "\"thinking\":\"hm\"},{\"type\":\"redacted_thinking\",\"data\":\"x\"}]}}");
    assert_int_equal(m.blocks[0].kind, BLOCK_THINKING);
    assert_sv_equal(m.blocks[0].text, "hm");
    assert_int_equal(m.blocks[1].kind, BLOCK_THINKING);
    assert_int_equal(m.blocks[1].text.n, 0);
}

static void input_typed_meanwhile_is_a_prompt(void **state)
{
    (void)state;
    read_record(
        "{\"type\":\"attachment\",\"uuid\":\"a\",\"attachment\":{\"type\":\"queued_command\","
        "\"prompt\":\"and this\"}}");
    assert_int_equal(e.kind, EVENT_PROMPT);
    assert_sv_equal(m.blocks[0].text, "and this");
}

static void an_attached_file_is_named(void **state)
{
    (void)state;
    read_record(
        "{\"type\":\"attachment\",\"uuid\":\"a\",\"attachment\":{\"type\":\"file\",\"filename\":"
        "\"/a/b\",\"content\":{\"type\":\"text\",\"file\":{\"content\":\"within\"}}}}");
    assert_int_equal(m.blocks[0].kind, BLOCK_FILE);
    assert_sv_equal(m.blocks[0].name, "/a/b");
    assert_sv_equal(m.blocks[0].text, "within");
    read_record(
        "{\"type\":\"attachment\",\"uuid\":\"a\",\"attachment\":{\"type\":\"skill_listing\"}}");
    assert_int_equal(m.block_count, 0);
}

static void wrong_types_say_nothing(void **state)
{
    (void)state;
    static const char *const records[] = {
        "{\"type\":\"user\",\"uuid\":\"a\"}",
        "{\"type\":\"user\",\"uuid\":\"a\",\"message\":3}",
        "{\"type\":\"user\",\"uuid\":\"a\",\"message\":{\"content\":null}}",
        "{\"type\":\"attachment\",\"uuid\":\"a\",\"attachment\":[]}",
        "{\"type\":\"api-request-blob\",\"message\":{\"content\":\"not said\"}}",
    };
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        read_record(records[i]);
        assert_int_equal(m.block_count, 0);
    }
    assert_int_equal(event_claude.read_message(&arena, SV("[]"), &e, &m), -EBADMSG);
}

static void words_are_what_was_said_and_nothing_encoded(void **state)
{
    (void)state;
    struct buf out = {0};
    read_record(
        "{\"type\":\"assistant\",\"uuid\":\"a\",\"message\":{\"content\":[{\"type\":\"text\","
        "\"text\":"
        "\"see\"},{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"Edit\",\"input\":{\"file_path\":"
        "\"/f\",\"edits\":[{\"new\":\"deep\"}],\"n\":1}},{\"type\":\"image\",\"source\":{\"data\":"
        "\"QUJD\"}}]}}");
    message_add_words(&e, &m, 1000, &out);
    assert_string_equal(out.p, "see\nEdit\n/f\ndeep\n");
    out.n = 0;
    message_add_words(&e, &m, 5, &out);
    assert_string_equal(out.p, "see\nE\n");
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_prompt_is_text, release),
        cmocka_unit_test_teardown(a_call_has_its_telling_argument, release),
        cmocka_unit_test_teardown(a_result_joins_its_texts_and_names_its_pictures, release),
        cmocka_unit_test_teardown(thinking_is_marked_with_and_without_text, release),
        cmocka_unit_test_teardown(input_typed_meanwhile_is_a_prompt, release),
        cmocka_unit_test_teardown(an_attached_file_is_named, release),
        cmocka_unit_test_teardown(wrong_types_say_nothing, release),
        cmocka_unit_test_teardown(words_are_what_was_said_and_nothing_encoded, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
