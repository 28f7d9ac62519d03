#include "unit.h"

#include "jsonl/line_check.h"

#include <stdio.h>

static const struct sv MARK = {"{\"parentUuid\":", 14};

/* "glued: stub 0-5, record 5-12": the whole judgement in a line. */
static const char *judged(struct sv literal)
{
    static const char *const words[] = {
        [LINE_CHECK_BLANK] = "blank",
        [LINE_CHECK_WHOLE] = "whole",
        [LINE_CHECK_TORN] = "torn",
        [LINE_CHECK_GLUED] = "glued",
        [LINE_CHECK_NUL_PADDED] = "padded with NULs",
        [LINE_CHECK_NULS] = "only NULs",
        [LINE_CHECK_GARBAGE] = "garbage",
    };
    static const char *const kinds[] = {[LINE_CHECK_RECORD] = "record",
                                        [LINE_CHECK_STUB] = "stub",
                                        [LINE_CHECK_NUL] = "NULs",
                                        [LINE_CHECK_NOISE] = "noise",
                                        [LINE_CHECK_RAW] = "raw"};
    static char text[1024];
    struct sv line = unit_bytes(literal);
    struct line_check scan;
    line_check_line(line, MARK, &scan);
    int n = snprintf(text, sizeof text, "%s", words[scan.kind]);
    for (size_t i = 0; i < scan.piece_count; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%s %s %zu-%zu", i ? "," : ":",
                      kinds[scan.pieces[i].kind], scan.pieces[i].from, scan.pieces[i].to);
    free((void *)(uintptr_t)line.p);
    return text;
}

static struct line_check scan_of(struct sv line)
{
    struct line_check scan;
    line_check_line(line, MARK, &scan);
    return scan;
}

#define assert_judged(literal, expected) assert_string_equal(judged(SV(literal)), expected)

/* A record to stand behind others: 33 bytes. */
#define NEXT "{\"parentUuid\":null,\"type\":\"user\"}"

static void an_object_is_whole(void **state)
{
    (void)state;
    assert_judged("{}", "whole: record 0-2");
    assert_judged("{\"a\":[1,-2.5e3,true,false,null,\"x\",{},[]],\"b\":{\"c\":\"d\"}}",
                  "whole: record 0-56");
}

/* A client's parser refuses the line. What is nested behind the number is no record. */
static void a_number_that_is_none_breaks_its_line(void **state)
{
    (void)state;
    assert_judged("{\"a\":099}", "torn: stub 0-9");
    assert_judged("{\"a\":099,\"b\":{\"c\":1}}", "torn: stub 0-21");
    assert_judged("{\"a\":1." NEXT, "glued: stub 0-7, record 7-40");
    assert_judged("{\"a\":1.", "torn: stub 0-7");
    assert_int_equal(scan_of(SV("{\"a\":099}")).breaks_at, 6);
}

static void white_space_belongs_to_no_piece(void **state)
{
    (void)state;
    assert_judged("  {\"a\" : 1}\t\r", "whole: record 2-11");
    assert_judged(" \t", "blank");
    assert_judged("", "blank");
}

static void a_byte_order_mark_is_no_damage(void **state)
{
    (void)state;
    assert_judged("\xef\xbb\xbf{\"a\":1}", "whole: record 3-10");
}

static void braces_in_text_are_text(void **state)
{
    (void)state;
    assert_judged("{\"a\":\"}{][\"}", "whole: record 0-12");
}

static void escaped_quotes_do_not_end_a_text(void **state)
{
    (void)state;
    assert_judged("{\"a\":\"\\\"}\\\\\"}", "whole: record 0-13");
}

static void what_a_text_says_is_not_damage(void **state)
{
    (void)state;
    assert_judged("{\"a\":\"\\ud83d b\\uFAfa\"}", "whole: record 0-22");
    assert_judged("{\"a\":\"\xed\xa0\xbd\"}", "whole: record 0-11");
}

static void a_record_that_breaks_off_is_torn_wherever_it_does(void **state)
{
    (void)state;
    const char whole[] = "{\"a\":\"x\\n\\u00e9\",\"b\":[1,true,{\"c\":null}]}";
    for (size_t n = 1; n < sizeof whole - 1; n++) {
        struct sv cut = unit_bytes((struct sv){whole, n});
        struct line_check scan = scan_of(cut);
        assert_int_equal(scan.kind, LINE_CHECK_TORN);
        assert_int_equal(scan.breaks_at, n);
        assert_int_equal(scan.record_count, 0);
        free((void *)(uintptr_t)cut.p);
    }
}

static void two_records_on_a_line_are_glued(void **state)
{
    (void)state;
    assert_judged("{\"a\":1}{\"b\":2}", "glued: record 0-7, record 7-14");
    assert_judged("{\"a\":1} {\"b\":2} {\"c\":3}", "glued: record 0-7, record 8-15, record 16-23");
}

static void a_record_with_a_stub_behind_it_keeps_the_record(void **state)
{
    (void)state;
    assert_judged("{\"a\":1}{\"b\":", "glued: record 0-7, stub 7-12");
}

static void a_stub_cut_anywhere_gives_back_the_record_behind_it(void **state)
{
    (void)state;
    const char stub[] =
        "{\"type\":\"pr-link\",\"n\":[12,true,{\"k\\u00e9y\":\"te\\\"xt\"}],\"z\":null}";
    for (size_t n = 1; n < sizeof stub - 1; n++) {
        char line[256];
        int length = snprintf(line, sizeof line, "%.*s%s", (int)n, stub, NEXT);
        struct line_check scan = scan_of((struct sv){line, (size_t)length});
        assert_int_equal(scan.kind, LINE_CHECK_GLUED);
        assert_int_equal(scan.record_count, 1);
        assert_int_equal(scan.piece_count, 2);
        assert_int_equal(scan.pieces[0].kind, LINE_CHECK_STUB);
        assert_int_equal(scan.pieces[1].kind, LINE_CHECK_RECORD);
        assert_int_equal(scan.pieces[1].from, n);
        assert_int_equal(scan.pieces[1].to, length);
    }
}

static void an_object_inside_a_torn_record_is_no_record(void **state)
{
    (void)state;
    assert_judged("{\"type\":\"user\",\"message\":{\"type\":\"x\"}", "torn: stub 0-37");
    assert_judged("{\"a\":{\"parentUuid\":1,\"b", "torn: stub 0-23");
}

static void a_record_between_two_stubs_is_found(void **state)
{
    (void)state;
    assert_judged("{\"a\":\"b" NEXT "{\"c\":", "glued: stub 0-7, record 7-40, stub 40-45");
}

static void nuls_around_a_record_are_pieces(void **state)
{
    (void)state;
    assert_judged("\0\0\0{\"a\":1}", "padded with NULs: NULs 0-3, record 3-10");
    assert_judged("{\"a\":1}\0\0", "padded with NULs: record 0-7, NULs 7-9");
}

static void a_line_of_nuls_is_named_so(void **state)
{
    (void)state;
    assert_judged("\0\0\0\0", "only NULs: NULs 0-4");
}

static void nuls_inside_a_text_break_it(void **state)
{
    (void)state;
    assert_judged("{\"a\":\"b\0\0\0", "torn: stub 0-7, NULs 7-10");
    assert_judged("{\"a\":\"b\0\0\0" NEXT, "glued: stub 0-7, NULs 7-10, record 10-43");
}

static void a_fragment_is_garbage(void **state)
{
    (void)state;
    assert_judged("pbi/gUEKpQ\",\"type\":\"thinking\"}]}}", "garbage: noise 0-33");
}

static void an_object_inside_a_fragment_is_no_record(void **state)
{
    (void)state;
    assert_judged("xx\",\"usage\":{\"in\":1},\"type\":\"a\"}", "garbage: noise 0-32");
    assert_judged("x {\"a\":1} ,", "garbage: noise 0-11");
}

static void a_record_behind_a_fragment_is_found(void **state)
{
    (void)state;
    assert_judged("xx\"}]}" NEXT, "glued: noise 0-6, record 6-39");
}

static void json_that_is_no_object_is_garbage(void **state)
{
    (void)state;
    assert_judged("[1,2]", "garbage: noise 0-5");
    assert_judged("12", "garbage: noise 0-2");
}

static void the_byte_that_breaks_is_named(void **state)
{
    (void)state;
    assert_int_equal(scan_of(SV("{\"a\" 1}")).breaks_at, 5);
    assert_int_equal(scan_of(SV("{\"a\":[1}")).breaks_at, 7);
    assert_int_equal(scan_of(SV("{\"a\":tree}")).breaks_at, 7);
    assert_int_equal(scan_of(SV("{1:2}")).breaks_at, 1);
    assert_int_equal(scan_of(SV("{\"a\":\"\\x\"}")).breaks_at, 7);
    assert_int_equal(scan_of(SV("{\"a\":\"\\u12g4\"}")).breaks_at, 10);
    assert_int_equal(scan_of(SV("{\"type\":" NEXT)).breaks_at, 8);
    assert_int_equal(scan_of(SV("{\"a\":1}")).breaks_at, 7);
}

static void control_characters_in_a_text_break_it(void **state)
{
    (void)state;
    assert_int_equal(scan_of(SV("{\"a\":\"b\tc\"}")).breaks_at, 7);
}

static void ten_thousand_levels_are_survived(void **state)
{
    (void)state;
    struct buf line = {0};
    buf_adds(&line, "{\"a\":");
    buf_fill(&line, '[', 10000);
    assert_int_equal(scan_of((struct sv){line.p, line.n}).kind, LINE_CHECK_TORN);
    buf_fill(&line, ']', 10000);
    buf_adds(&line, "}");
    assert_int_equal(scan_of((struct sv){line.p, line.n}).kind, LINE_CHECK_WHOLE);
    buf_release(&line);
}

static void a_million_levels_are_broken_and_survived(void **state)
{
    (void)state;
    struct buf line = {0};
    buf_adds(&line, "{\"a\":");
    buf_fill(&line, '[', 1000000);
    struct line_check scan = scan_of((struct sv){line.p, line.n});
    assert_int_equal(scan.record_count, 0);
    assert_true(scan.breaks_at < line.n);
    buf_release(&line);
}

static void more_pieces_than_fit_are_said_to_be_there(void **state)
{
    (void)state;
    struct buf line = {0};
    for (int i = 0; i < LINE_CHECK_PIECES_MAX + 1; i++)
        buf_adds(&line, "{}");
    struct line_check scan = scan_of((struct sv){line.p, line.n});
    assert_true(scan.has_more);
    assert_int_equal(scan.piece_count, LINE_CHECK_PIECES_MAX);
    assert_int_equal(scan.record_count, LINE_CHECK_PIECES_MAX - 1);
    assert_int_equal(scan.pieces[LINE_CHECK_PIECES_MAX - 1].kind, LINE_CHECK_NOISE);
    assert_int_equal(scan.pieces[LINE_CHECK_PIECES_MAX - 1].to, line.n);
    buf_release(&line);
}

/* Completing what was cut */

static const char *completed(const char *cut)
{
    static char text[256];
    struct buf out = {0};
    snprintf(text, sizeof text, "%s", line_check_complete(sv_of(cut), &out) ? out.p : "(no)");
    buf_release(&out);
    return text;
}

static void a_cut_text_is_closed(void **state)
{
    (void)state;
    assert_string_equal(completed("{\"a\":{\"b\":[\"some te"), "{\"a\":{\"b\":[\"some te\"]}}");
}

static void a_cut_escape_is_dropped(void **state)
{
    (void)state;
    assert_string_equal(completed("{\"a\":\"x\\"), "{\"a\":\"x\"}");
    assert_string_equal(completed("{\"a\":\"x\\u00"), "{\"a\":\"x\"}");
}

static void a_member_that_lacks_its_value_is_dropped(void **state)
{
    (void)state;
    assert_string_equal(completed("{\"a\":1,\"b\":"), "{\"a\":1}");
    assert_string_equal(completed("{\"a\":1,\"b"), "{\"a\":1}");
    assert_string_equal(completed("{\"a\":1,\"b\":tr"), "{\"a\":1}");
}

static void what_is_no_record_is_not_completed(void **state)
{
    (void)state;
    assert_string_equal(completed("abc"), "(no)");
    assert_string_equal(completed("  "), "(no)");
    assert_string_equal(completed(" {\"a\":1"), " {}");
}

/* Last members */

static const char *last_members(const char *tail)
{
    return tail + line_check_last_members(sv_of(tail));
}

static void the_members_behind_a_long_one_are_found(void **state)
{
    (void)state;
    assert_string_equal(last_members("te\\\"xt, more\"}]},\"uuid\":\"u,{\",\"n\":[1,{\"x\":2}]}"),
                        "\"uuid\":\"u,{\",\"n\":[1,{\"x\":2}]}");
}

static void without_a_whole_member_there_is_none(void **state)
{
    (void)state;
    assert_string_equal(last_members("all of it is text\"}]}}"), "");
    assert_string_equal(last_members("cut in a text"), "");
    assert_string_equal(last_members(""), "");
}

static void an_object_that_is_all_there_gives_all_its_members(void **state)
{
    (void)state;
    assert_string_equal(last_members("x{\"a\":1,\"b\":2}"), "\"a\":1,\"b\":2}");
    assert_string_equal(last_members("t\",\"a\":1} \r"), "\"a\":1} \r");
}

static void backslashes_before_quotes_are_counted_backwards(void **state)
{
    (void)state;
    assert_string_equal(last_members("x\",\"a\":\"\\\\\",\"b\":\"\\\\\\\",\\\"\"}"),
                        "\"a\":\"\\\\\",\"b\":\"\\\\\\\",\\\"\"}");
}

static void a_stub_is_open_where_a_value_is_to_come(void **state)
{
    (void)state;
    static const char *const open[] = {"{\"a\":", "{\"a\":{\"b\": ", "{\"a\":[", "{\"a\":[1,",
                                       "{\"a\":[{\"b\":\"\\\"]\"},"};
    static const char *const closed[] = {
        "",          "{",         "{\"a\"",      "{\"a\":1",
        "{\"a\":1,", "{\"a\":[1", "{\"a\":\"b:", "{\"a\":[{\"b\":1,",
        "{\"a\":[]"};
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        assert_true(line_check_is_open(sv_of(open[i])));
    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++)
        assert_false(line_check_is_open(sv_of(closed[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_is_whole),
        cmocka_unit_test(a_stub_is_open_where_a_value_is_to_come),
        cmocka_unit_test(a_number_that_is_none_breaks_its_line),
        cmocka_unit_test(white_space_belongs_to_no_piece),
        cmocka_unit_test(a_byte_order_mark_is_no_damage),
        cmocka_unit_test(braces_in_text_are_text),
        cmocka_unit_test(escaped_quotes_do_not_end_a_text),
        cmocka_unit_test(what_a_text_says_is_not_damage),
        cmocka_unit_test(a_record_that_breaks_off_is_torn_wherever_it_does),
        cmocka_unit_test(two_records_on_a_line_are_glued),
        cmocka_unit_test(a_record_with_a_stub_behind_it_keeps_the_record),
        cmocka_unit_test(a_stub_cut_anywhere_gives_back_the_record_behind_it),
        cmocka_unit_test(an_object_inside_a_torn_record_is_no_record),
        cmocka_unit_test(a_record_between_two_stubs_is_found),
        cmocka_unit_test(nuls_around_a_record_are_pieces),
        cmocka_unit_test(a_line_of_nuls_is_named_so),
        cmocka_unit_test(nuls_inside_a_text_break_it),
        cmocka_unit_test(a_fragment_is_garbage),
        cmocka_unit_test(an_object_inside_a_fragment_is_no_record),
        cmocka_unit_test(a_record_behind_a_fragment_is_found),
        cmocka_unit_test(json_that_is_no_object_is_garbage),
        cmocka_unit_test(the_byte_that_breaks_is_named),
        cmocka_unit_test(control_characters_in_a_text_break_it),
        cmocka_unit_test(ten_thousand_levels_are_survived),
        cmocka_unit_test(a_million_levels_are_broken_and_survived),
        cmocka_unit_test(more_pieces_than_fit_are_said_to_be_there),
        cmocka_unit_test(a_cut_text_is_closed),
        cmocka_unit_test(a_cut_escape_is_dropped),
        cmocka_unit_test(a_member_that_lacks_its_value_is_dropped),
        cmocka_unit_test(what_is_no_record_is_not_completed),
        cmocka_unit_test(the_members_behind_a_long_one_are_found),
        cmocka_unit_test(without_a_whole_member_there_is_none),
        cmocka_unit_test(an_object_that_is_all_there_gives_all_its_members),
        cmocka_unit_test(backslashes_before_quotes_are_counted_backwards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
