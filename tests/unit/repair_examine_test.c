#include "scratch.h"

#include "control/repair_examine.h"

#include <errno.h>

#define RECORD(uuid, parent, second, text)                                                    \
    "{\"parentUuid\":" parent ",\"isSidechain\":false,\"type\":\"user\",\"uuid\":\"" uuid     \
    "\",\"timestamp\":\"2026-02-02T02:40:0" second                                            \
    ".000Z\",\"sessionId\":\"11111111-2222-4333-8444-555555555555\",\"version\":\"2.1.197\"," \
    "\"message\":{\"role\":\"user\",\"content\":\"" text "\"}}"
#define FIRST RECORD("a0000000-0000-4000-8000-000000000001", "null", "1", "one") "\n"
#define SECOND                                                                                 \
    RECORD("a0000000-0000-4000-8000-000000000002", "\"a0000000-0000-4000-8000-000000000001\"", \
           "2", "two")
#define TORN "{\"parentUuid\":\"a0000000-0000-4000-8000-0000\n"

static struct arena arena;

static void examine(struct buf *text, struct repair_examined *e)
{
    struct repair_examine_request q = {
        .agent = agents[0], .at = AT_FDCWD, .path = scratch("t.jsonl"), .shown = "t.jsonl"};
    struct sr_error error;
    scratch_write("t.jsonl", text->p, text->n);
    buf_release(text);
    assert_int_equal(repair_examine(&q, &arena, e, &error), 0);
}

/* Of an agent whose client's rules nobody knows nothing is judged, nor changed. */
static void without_rules_nothing_is_said_of_a_transcript(void **state)
{
    (void)state;
    const struct agent bare = {.name = "bare", .title = "Bare"};
    struct repair_examine_request q = {
        .agent = &bare, .at = AT_FDCWD, .path = scratch("t.jsonl"), .shown = "t.jsonl"};
    struct repair_examined e;
    struct sr_error error;
    scratch_put("t.jsonl", "{\n");
    assert_int_equal(repair_examine(&q, &arena, &e, &error), -EOPNOTSUPP);
    assert_string_equal(error.text, "t.jsonl: what is wrong with a transcript of Bare, and what "
                                    "mends it, is not known");
}

static const char *does_with(enum damage_kind kind)
{
    return kind == DAMAGE_STUB ? "it passes over it" : NULL;
}

/* What its records say is nobody's to judge: bytes that are no record are damage all the same. */
static void without_rules_the_lines_are_judged_and_nothing_is_mended(void **state)
{
    (void)state;
    static const struct event_reader reader = {.record_start = {"{\"at\":", 6}};
    static const struct agent_lines lines = {.client_does = does_with};
    static const struct agent bare = {
        .name = "bare", .title = "Bare", .reader = &reader, .lines = &lines};
    static const char text[] = "{\"at\":1,\"parent\":\"none that is there\"}\n"
                               "{\"at\":2,\"sa\n"
                               "{\"at\":3}{\"at\":4}\n"
                               "\0\0\0\n"
                               "says: nothing\n"
                               "{\"at\":5}\n"
                               "{\"at\":6,";
    static const enum damage_kind expected[] = {DAMAGE_STUB, DAMAGE_GLUED, DAMAGE_NUL_PADDING,
                                                DAMAGE_FRAGMENT, DAMAGE_TORN_TAIL};
    struct repair_examine_request q = {
        .agent = &bare, .at = AT_FDCWD, .path = scratch("t.jsonl"), .shown = "t.jsonl"};
    struct repair_examined e;
    struct sr_error error;
    scratch_write("t.jsonl", text, sizeof text - 1);
    assert_int_equal(repair_examine(&q, &arena, &e, &error), 0);
    assert_true(e.plan.lines_only && e.plan.hurts);
    assert_int_equal(e.survey.session_records, 4);
    assert_int_equal(e.plan.problem_count, sizeof expected / sizeof *expected);
    for (size_t i = 0; i < e.plan.problem_count; i++) {
        assert_int_equal(e.plan.problems[i].kind, expected[i]);
        assert_int_equal(e.plan.problems[i].severity, DAMAGE_HURTS);
        assert_null(e.plan.problems[i].consequence);
        assert_false(e.plan.problems[i].is_mended);
    }
    assert_int_equal(e.plan.edit_count, 0);
    repair_examine_release(&e);

    q.options.is_live = true; /* the last one may be being written */
    assert_int_equal(repair_examine(&q, &arena, &e, &error), 0);
    assert_int_equal(e.plan.problems[4].severity, DAMAGE_HARMLESS);
    repair_examine_release(&e);

    q.options.wants_edits = true;
    assert_int_equal(repair_examine(&q, &arena, &e, &error), -EOPNOTSUPP);
    arena_release(&arena);
}

static void end(struct repair_examined *e)
{
    repair_examine_release(e);
    arena_release(&arena);
}

static void assert_obstacle(struct buf *text, const char *expected)
{
    struct repair_examined e;
    examine(text, &e);
    assert_string_equal(e.form.obstacle ? e.form.obstacle : "none", expected);
    end(&e);
}

static void assert_count(struct buf *text, size_t expected)
{
    struct repair_examined e;
    size_t count;
    examine(text, &e);
    assert_int_equal(repair_examine_count(&e, &count), 0);
    assert_int_equal(count, expected);
    end(&e);
}

static void add_utf16(struct buf *text, const char *from)
{
    for (; *from; from++) {
        buf_add(text, from, 1);
        buf_add(text, "", 1);
    }
}

/* As long as no line is judged. */
static void add_long(struct buf *text, const char *before, const char *piece, const char *behind)
{
    size_t end = text->n + TRANSCRIPT_SCAN_LINE_MAX;
    buf_adds(text, before);
    while (text->n <= end)
        buf_adds(text, piece);
    buf_adds(text, behind);
}

static void nuls_in_a_sound_file_are_no_other_encoding(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_adds(&text, FIRST);
    for (int i = 0; i < 100000; i++)
        buf_add(&text, "", 1);
    buf_adds(&text, SECOND "\n");
    assert_obstacle(&text, "none");
}

static void two_encodings_in_one_file_are_an_obstacle(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_adds(&text, FIRST);
    add_utf16(&text, SECOND "\n" SECOND "\n");
    assert_obstacle(&text, "a part of it is UTF-8, and a part is UTF-16");
    add_utf16(&text, FIRST FIRST);
    buf_adds(&text, SECOND "\n");
    assert_obstacle(&text, "a part of it is UTF-8, and a part is UTF-16");
}

/* In the pieces of 16 KiB that a file is read in, NULs and records stand at every place. */
static void records_between_nuls_are_counted_where_they_stand(void **state)
{
    (void)state;
    struct buf text = {0};
    size_t records = 0;
    for (; text.n < 64 * 1024; records++) {
        for (size_t i = 0; i < records % 7 + 1; i++)
            buf_add(&text, "{\"a\":", 5), buf_add(&text, "", 1);
        buf_adds(&text, "{}\n");
        buf_adds(&text, FIRST);
    }
    assert_count(&text, 2 * records);
    buf_adds(&text, FIRST "torn ");
    buf_add(&text, "", 1);
    buf_adds(&text, SECOND " \r\n" SECOND " x\n{\"a\"\n" SECOND);
    assert_count(&text, 3);
}

static void a_line_too_long_to_look_into_is_an_obstacle(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_adds(&text, FIRST);
    add_long(&text, "{\"messages\":[", SECOND ",", SECOND "]}\n" SECOND "\n");
    assert_obstacle(&text, "its line 2 is too much to see whether whole records are inside");
}

/* The pieces of it that are short enough are not taken for a line. */
static void a_record_too_long_to_hold_is_none(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_adds(&text, FIRST TORN);
    add_long(
        &text,
        "{\"parentUuid\":null,\"type\":\"user\",\"uuid\":\"u1\",\"message\":{\"role\":\"user\","
        "\"content\":\"",
        "words and words ", "\"}}\n" SECOND "\n");
    assert_obstacle(&text, "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_rules_the_lines_are_judged_and_nothing_is_mended,
                                        scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(without_rules_nothing_is_said_of_a_transcript,
                                        scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(nuls_in_a_sound_file_are_no_other_encoding, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(two_encodings_in_one_file_are_an_obstacle, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(records_between_nuls_are_counted_where_they_stand,
                                        scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_line_too_long_to_look_into_is_an_obstacle, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(a_record_too_long_to_hold_is_none, scratch_setup,
                                        scratch_teardown),
    };
    return cmocka_run_group_tests_name("repair_examine", tests, NULL, NULL);
}
