/* What counts as a transcript that holds a conversation. */
#include "scratch.h"

#include "agents/claude/events.h"
#include "backup/content.h"

#include <errno.h>

static const char said[] = "{\"parentUuid\":null,\"type\":\"user\",\"uuid\":\"a\",\"timestamp\":"
                           "\"2026-01-02T03:04:05.000Z\",\"message\":{\"role\":\"user\","
                           "\"content\":\"hello\"}}";
static const char title[] = "{\"type\":\"custom-title\",\"customTitle\":\"a\",\"sessionId\":\"b\"}";

static enum content of(const struct buf *text)
{
    enum content found = CONTENT_NONE;
    scratch_write("t.jsonl", text->p ? text->p : "", text->n);
    assert_int_equal(content_read(AT_FDCWD, scratch("t.jsonl"), &event_claude, &found), 0);
    return found;
}

static void a_conversation_is_found_wherever_it_stands(void **state)
{
    (void)state;
    struct buf text = {0};
    assert_int_equal(of(&text), CONTENT_NONE);
    buf_adds(&text, title);
    assert_int_equal(of(&text), CONTENT_METADATA);
    buf_adds(&text, "\n");
    assert_int_equal(of(&text), CONTENT_METADATA);
    buf_fill(&text, '\0', 200 * 1024);
    assert_int_equal(of(&text), CONTENT_METADATA);
    buf_adds(&text, said); /* behind NULs, and without an end of line */
    assert_int_equal(of(&text), CONTENT_CONVERSATION);
    buf_release(&text);
}

static void what_is_no_whole_record_is_none(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_fill(&text, '\0', 300 * 1024);
    assert_int_equal(of(&text), CONTENT_NONE);
    text.n = 0;
    buf_add(&text, said, sizeof said - 3);
    assert_int_equal(of(&text), CONTENT_NONE);
    buf_adds(&text, "\n[1, 2]\n\"a\"\nno json\n");
    assert_int_equal(of(&text), CONTENT_NONE);
    text.n = 0;
    buf_adds(&text, "{\"parentUuid\":null,\"uuid\":\"a\",\"type\":\"user\",\"message\":{\"role\":"
                    "\"user\",\"content\":\"");
    buf_fill(&text, 'x', 200 * 1024); /* longer than is read at once */
    assert_int_equal(of(&text), CONTENT_NONE);
    buf_adds(&text, "\"}}");
    assert_int_equal(of(&text), CONTENT_CONVERSATION);
    buf_release(&text);
}

static void one_that_cannot_be_read_is_neither(void **state)
{
    (void)state;
    enum content found = CONTENT_METADATA;
    assert_int_equal(content_read(AT_FDCWD, scratch("none"), &event_claude, &found), -ENOENT);
    assert_int_equal(found, CONTENT_METADATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_conversation_is_found_wherever_it_stands),
        cmocka_unit_test(what_is_no_whole_record_is_none),
        cmocka_unit_test(one_that_cannot_be_read_is_neither),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
