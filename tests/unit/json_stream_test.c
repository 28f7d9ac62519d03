#include "unit.h"

#include "base/json.h"
#include "conversation/json_stream.h"
#include "conversation/loader/graph.h"
#include "jsonl/line_check.h"

#include <stdio.h>

static struct json_stream skim;

/* Skims one line, fed in pieces. Released by the next. */
static void read_line(struct sv line, size_t piece)
{
    json_stream_release(&skim);
    json_stream_begin(&skim, 100);
    skim.keeps_bad_text = true;
    for (size_t at = 0; at < line.n && !skim.is_over;) {
        size_t n = line.n - at < piece ? line.n - at : piece;
        at += json_stream_feed(&skim, line.p + at, n);
    }
    json_stream_end(&skim);
    assert_true(skim.is_over);
}

static void assert_shape(const char *line, enum json_stream_shape shape)
{
    read_line(sv_of(line), 1);
    assert_int_equal(skim.shape, shape);
    read_line(sv_of(line), 1000);
    assert_int_equal(skim.shape, shape);
}

static void a_line_is_a_record_or_broken_or_blank(void **state)
{
    (void)state;
    assert_shape("{}\n", JSON_STREAM_RECORD);
    assert_shape(" {\"a\":[1,-2.5e3,true,false,null,\"x\",{}]} \r\n", JSON_STREAM_RECORD);
    assert_shape("\xef\xbb\xbf{\"a\":1}", JSON_STREAM_BROKEN); /* inside a file */
    assert_shape(" \t\r\n", JSON_STREAM_BLANK);
    assert_shape("{\"a\":1}{\"b\":2}\n", JSON_STREAM_BROKEN);
    assert_shape("{\"a\":1\n", JSON_STREAM_BROKEN);
    assert_shape("{\"a\":\"x\n", JSON_STREAM_BROKEN);
    assert_shape("{\"a\":\"\\x\"}\n", JSON_STREAM_BROKEN);
    assert_shape("{\"a\":tru}\n", JSON_STREAM_BROKEN);
    assert_shape("[1]\n", JSON_STREAM_BROKEN);
    assert_shape("x\n", JSON_STREAM_BROKEN);
    assert_shape("{\"a\":[]}\n", JSON_STREAM_RECORD);
    assert_shape("{\"a\":?}\n", JSON_STREAM_BROKEN);
    assert_shape("{\"a\" 1}\n", JSON_STREAM_BROKEN);
    assert_shape("{\"a\":1 \"b\":2}\n", JSON_STREAM_BROKEN);
    assert_shape("{\"a\":[1}}\n", JSON_STREAM_BROKEN);
    assert_shape("{\"a\":1,}\n", JSON_STREAM_BROKEN);
    assert_shape("{1:2}\n", JSON_STREAM_BROKEN);
    assert_shape("{\"a\":\"\\u12g4\"}\n", JSON_STREAM_BROKEN);
    assert_shape("{\"a\":\"\\u00E9\"}\n", JSON_STREAM_RECORD);
}

/* With one of these as a value the line is a record here, to line_check and to the parser, or to
 * none of them. */
static void assert_number(const char *number, bool is_one)
{
    char line[64];
    struct line_check check;
    struct arena a = {0};
    const struct json_value *root;
    for (size_t i = 0; i < 2; i++) {
        struct sv text = {
            line, (size_t)snprintf(line, sizeof line, i ? "{\"a\":[%s]}" : "{\"a\":%s}", number)};
        assert_shape(line, is_one ? JSON_STREAM_RECORD : JSON_STREAM_BROKEN);
        line_check_line(text, SV("{\"parentUuid\":"), &check);
        assert_int_equal(check.kind == LINE_CHECK_WHOLE, is_one);
        assert_int_equal(json_parse(&a, text, &root) == 0, is_one);
    }
    arena_release(&a);
}

static void a_number_is_what_the_parser_takes_for_one(void **state)
{
    static const char *const numbers[] = {"0",
                                          "-0",
                                          "7",
                                          "-12",
                                          "1.0",
                                          "0.05",
                                          "1e5",
                                          "1E+05",
                                          "0e-0",
                                          "2.5e3",
                                          "1e400",
                                          "-9.75E-2",
                                          "12345678901234567890123"};
    static const char *const others[] = {"099",  "00",    "-01", "-",   "+1",    ".5",  "1.",
                                         "1.e2", "1e",    "1e+", "1-2", "1.2.3", "--1", "1e2e3",
                                         "0x1",  "1e2.5", "0-",  "-e1", "1+",    "-.5"};
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        assert_number(numbers[i], true);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_number(others[i], false);
}

static void whether_a_number_is_nought_is_known(void **state)
{
    static const struct {
        const char *line;
        bool is_nonzero;
    } lines[] = {
        {"{\"isSidechain\":0}\n", false},    {"{\"isSidechain\":-0.00e5}\n", false},
        {"{\"isSidechain\":-3}\n", true},    {"{\"isSidechain\":0.01}\n", true},
        {"{\"isSidechain\":10E-1}\n", true}, {"{\"a\":1,\"isSidechain\":0}\n", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        read_line(sv_of(lines[i].line), 1);
        assert_int_equal(skim.members[JSON_STREAM_IS_SIDECHAIN].is_nonzero, lines[i].is_nonzero);
    }
}

static void a_mark_stands_at_the_beginning_of_a_file_alone(void **state)
{
    static const char line[] = "\xef\xbb\xbf{\"a\":1}";
    (void)state;
    json_stream_restart(&skim, 0);
    json_stream_feed(&skim, line, sizeof line - 1);
    json_stream_end(&skim);
    assert_int_equal(skim.shape, JSON_STREAM_RECORD);
    assert_int_equal(skim.record.from, 3);
}

static void control_characters_are_taken_where_that_is_asked_for(void **state)
{
    (void)state;
    assert_shape("{\"uuid\":\"a\tb\"}", JSON_STREAM_BROKEN);
    skim.takes_raw = true;
    static const char line[] = "{\"uuid\":\"a\tb\"}";
    json_stream_restart(&skim, 0);
    json_stream_feed(&skim, line, sizeof line - 1);
    json_stream_end(&skim);
    skim.takes_raw = false;
    assert_int_equal(skim.shape, JSON_STREAM_RECORD);
    assert_true(json_stream_is(&skim, JSON_STREAM_UUID, "a\tb"));
}

static void what_is_escaped_reads_as_the_rest(void **state)
{
    (void)state;
    static const char line[] = "{\"\\u0075uid\":\"\\u00e9\\/\\u20acx\",\"type\":\"\\u0061b\"}\n";
    read_line(sv_of(line), 1);
    assert_true(json_stream_is(&skim, JSON_STREAM_UUID, "\xc3\xa9/\xe2\x82\xacx"));
    assert_true(json_stream_is(&skim, JSON_STREAM_TYPE, "ab"));
}

static void a_line_may_be_nested_deeply_but_not_without_end(void **state)
{
    (void)state;
    for (size_t depth = 65536; depth <= 65537; depth++) {
        struct buf line = {0};
        buf_adds(&line, "{\"a\":");
        buf_fill(&line, '[', depth - 1); /* the record itself is one */
        buf_fill(&line, ']', depth - 1);
        buf_adds(&line, "}\n");
        assert_shape(line.p, depth == 65536 ? JSON_STREAM_RECORD : JSON_STREAM_BROKEN);
        buf_release(&line);
    }
}

static void blocks_past_the_limit_are_left_out_and_said(void **state)
{
    (void)state;
    for (size_t count = JSON_STREAM_BLOCKS_MAX; count <= JSON_STREAM_BLOCKS_MAX + 1; count++) {
        struct buf line = {0};
        buf_adds(&line, "{\"message\":{\"content\":[");
        for (size_t i = 0; i < count; i++)
            buf_addf(&line, "%s{\"type\":\"document\"}", i ? "," : "");
        buf_adds(&line, "]}}");
        read_line((struct sv){line.p, line.n}, 1000);
        assert_int_equal(skim.shape, JSON_STREAM_RECORD);
        assert_int_equal(skim.block_count, JSON_STREAM_BLOCKS_MAX);
        assert_int_equal(skim.blocks[0].kind, JSON_STREAM_BLOCK_OTHER);
        assert_int_equal(skim.has_more_blocks, count > JSON_STREAM_BLOCKS_MAX);
        buf_release(&line);
    }
}

static void texts_among_the_blocks_are_no_blocks(void **state)
{
    (void)state;
    read_line(SV("{\"message\":{\"content\":[\"x\",{\"type\":\"text\",\"text\":\"a\"}]}}"), 5);
    assert_int_equal(skim.block_count, 1);
    assert_int_equal(skim.shape, JSON_STREAM_RECORD);
}

static void members_say_what_they_are_and_where_they_stand(void **state)
{
    (void)state;
    struct sv line = SV(
        "{\"parentUuid\":null,\"uuid\":\"u1\",\"isSidechain\":true,"
        "\"message\":{\"id\":\"m\",\"content\":\"hi \\\"you\\\"\"},\"other\":{\"uuid\":\"no\"}}\n");
    for (size_t piece = 1; piece < 40; piece += 13) {
        read_line(line, piece);
        assert_int_equal(skim.members[JSON_STREAM_PARENT].kind, JSON_STREAM_NULL);
        assert_int_equal(skim.members[JSON_STREAM_PARENT].span.from, 100 + 14);
        assert_int_equal(skim.members[JSON_STREAM_PARENT].span.to, 100 + 18);
        assert_sv_equal(json_stream_text(&skim, JSON_STREAM_UUID), "u1");
        assert_int_equal(skim.members[JSON_STREAM_IS_SIDECHAIN].kind, JSON_STREAM_TRUE);
        assert_sv_equal(json_stream_text(&skim, JSON_STREAM_MESSAGE_ID), "m");
        assert_int_equal(skim.members[JSON_STREAM_CONTENT].kind, JSON_STREAM_STRING);
        assert_int_equal(skim.members[JSON_STREAM_MESSAGE].kind, JSON_STREAM_OBJECT);
        assert_int_equal(skim.members[JSON_STREAM_TIMESTAMP].kind, JSON_STREAM_ABSENT);
        assert_sv_equal(sv_slice(line, (size_t)skim.text.from - 100, (size_t)skim.text.to - 100),
                        "hi \\\"you\\\"");
    }
}

static void blocks_are_found_with_what_is_nested_in_them(void **state)
{
    (void)state;
    read_line(SV("{\"message\":{\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"t1\","
                 "\"content\":"
                 "[{\"type\":\"text\",\"text\":\"\"},{\"type\":\"image\",\"source\":{\"type\":"
                 "\"base64\",\"data\":\"AAAA\"}}]},"
                 "{\"type\":\"tool_use\",\"id\":\"t2\",\"input\":{\"type\":\"image\"}},{\"type\":"
                 "\"text\",\"text\":\" \\n\"}]}}"),
              7);
    assert_int_equal(skim.block_count, 5);
    assert_int_equal(skim.top_count, 3);
    assert_int_equal(skim.blocks[0].kind, JSON_STREAM_BLOCK_TOOL_RESULT);
    assert_true(skim.blocks[0].tool == graph_id_of(SV("t1")));
    assert_true(skim.blocks[1].is_nested && skim.blocks[1].is_empty);
    assert_true(skim.blocks[2].is_nested && skim.blocks[2].kind == JSON_STREAM_BLOCK_IMAGE);
    assert_int_equal(skim.blocks[2].data.to - skim.blocks[2].data.from, 4);
    assert_int_equal(skim.blocks[3].kind, JSON_STREAM_BLOCK_TOOL_USE);
    assert_int_equal(skim.blocks[3].before, skim.blocks[0].span.to);
    assert_true(skim.blocks[4].is_empty && skim.blocks[4].index == 2);
}

static void the_last_of_two_contents_counts(void **state)
{
    (void)state;
    read_line(
        SV("{\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"a\"}],\"content\":\"b\"}}"),
        9);
    assert_int_equal(skim.block_count, 0);
    assert_int_equal(skim.members[JSON_STREAM_CONTENT].kind, JSON_STREAM_STRING);
}

static size_t bad_texts(struct sv line)
{
    read_line(line, 1);
    size_t slow = skim.bad_text_count;
    read_line(line, 1000);
    assert_int_equal(skim.bad_text_count, slow);
    assert_int_equal(skim.shape, JSON_STREAM_RECORD);
    return slow;
}

static void text_that_cannot_be_sent_is_found(void **state)
{
    (void)state;
    assert_int_equal(
        bad_texts(SV(
            "{\"message\":{\"content\":\"\\ud83d\\ude00 \\\\ud83d \xf0\x9f\x98\x80 \xc3\xa9\"}}")),
        0);
    assert_int_equal(bad_texts(SV("{\"message\":{\"content\":\"x\\ud83d\"}}")), 1);
    assert_int_equal(skim.bad_text[0].offset, 100 + 24);
    assert_int_equal(skim.bad_text[0].length, 6);
    assert_int_equal(bad_texts(SV("{\"message\":{\"content\":\"\\ud83d\\ud83d\\ude00\"}}")), 1);
    assert_int_equal(
        bad_texts(SV("{\"message\":{\"content\":\"\\ude00\\u0000\\ud83dx\\ud83d\\n\"}}")), 4);
    assert_true(bad_texts(SV("{\"message\":{\"content\":\"\xed\xa0\xbd\xff\xc3\"}}")) >= 3);
    assert_int_equal(
        bad_texts(SV("{\"cwd\":\"\\ud83d\",\"message\":{\"content\":\"x\"},\"a\":\"\\ud83d\"}")),
        0);
}

static void the_size_of_an_image_is_read(void **state)
{
    (void)state;
    /* the first 33 bytes of a PNG of 8001 x 3 */
    read_line(SV("{\"message\":{\"content\":[{\"type\":\"image\",\"source\":{\"data\":"
                 "\"iVBORw0KGgoAAAANSUhEUgAAH0EAAAADCAYAAAA=\"}}]}}"),
              11);
    assert_int_equal(skim.blocks[0].width, 8001);
    assert_int_equal(skim.blocks[0].height, 3);
}

static void what_a_compaction_preserved_is_read(void **state)
{
    (void)state;
    read_line(SV("{\"compactMetadata\":{\"preservedMessages\":{\"uuids\":[\"a\",\"b\"],"
                 "\"allUuids\":[\"c\"]}}}"),
              3);
    assert_int_equal(skim.preserved_count, 2);
    assert_true(skim.preserved[1] == graph_id_of(SV("b")));
}

static void a_line_ends_where_the_next_begins(void **state)
{
    (void)state;
    struct sv lines = SV("{\"uuid\":\"a\"}\n{\"uuid\":\"b\"}");
    json_stream_release(&skim);
    json_stream_begin(&skim, 0);
    size_t took = json_stream_feed(&skim, lines.p, lines.n);
    assert_int_equal(took, 13);
    assert_true(skim.is_over && skim.has_newline);
    json_stream_next(&skim);
    took += json_stream_feed(&skim, lines.p + took, lines.n - took);
    assert_false(skim.is_over);
    json_stream_end(&skim);
    assert_true(skim.is_over && !skim.has_newline);
    assert_sv_equal(json_stream_text(&skim, JSON_STREAM_UUID), "b");
    assert_int_equal(skim.line.from, 13);
    json_stream_release(&skim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_a_record_or_broken_or_blank),
        cmocka_unit_test(a_number_is_what_the_parser_takes_for_one),
        cmocka_unit_test(whether_a_number_is_nought_is_known),
        cmocka_unit_test(a_mark_stands_at_the_beginning_of_a_file_alone),
        cmocka_unit_test(control_characters_are_taken_where_that_is_asked_for),
        cmocka_unit_test(what_is_escaped_reads_as_the_rest),
        cmocka_unit_test(a_line_may_be_nested_deeply_but_not_without_end),
        cmocka_unit_test(blocks_past_the_limit_are_left_out_and_said),
        cmocka_unit_test(texts_among_the_blocks_are_no_blocks),
        cmocka_unit_test(members_say_what_they_are_and_where_they_stand),
        cmocka_unit_test(blocks_are_found_with_what_is_nested_in_them),
        cmocka_unit_test(the_last_of_two_contents_counts),
        cmocka_unit_test(text_that_cannot_be_sent_is_found),
        cmocka_unit_test(the_size_of_an_image_is_read),
        cmocka_unit_test(what_a_compaction_preserved_is_read),
        cmocka_unit_test(a_line_ends_where_the_next_begins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
