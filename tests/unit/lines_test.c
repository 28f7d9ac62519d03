#include "unit.h"

#include "jsonl/lines.h"

static struct sv text_of(const char *bytes, size_t index)
{
    struct lines it = lines_of(sv_of(bytes), 0);
    struct line line = {0};
    for (size_t i = 0; i <= index; i++)
        assert_true(lines_next(&it, &line));
    return line.text;
}

static size_t count_of(const char *bytes)
{
    struct lines it = lines_of(sv_of(bytes), 0);
    struct line line;
    size_t count = 0;
    while (lines_next(&it, &line))
        count++;
    return count;
}

static void empty_bytes_have_no_line(void **state)
{
    (void)state;
    assert_int_equal(count_of(""), 0);
}

static void each_newline_ends_a_line(void **state)
{
    (void)state;
    assert_int_equal(count_of("a\nb\n"), 2);
    assert_sv_equal(text_of("a\nb\n", 1), "b");
}

static void the_last_line_may_lack_its_newline(void **state)
{
    (void)state;
    struct lines it = lines_of(SV("a\nb"), 0);
    struct line line;
    assert_true(lines_next(&it, &line) && line.has_newline);
    assert_true(lines_next(&it, &line) && !line.has_newline);
    assert_sv_equal(line.text, "b");
}

static void a_blank_line_is_a_line(void **state)
{
    (void)state;
    assert_int_equal(count_of("a\n\nb\n"), 3);
    assert_sv_equal(text_of("a\n\nb\n", 1), "");
}

static void crlf_is_no_part_of_the_text(void **state)
{
    (void)state;
    struct lines it = lines_of(SV("a\r\nb\n"), 0);
    struct line line;
    assert_true(lines_next(&it, &line) && line.has_return);
    assert_sv_equal(line.text, "a");
    assert_true(lines_next(&it, &line) && !line.has_return);
}

static void a_return_inside_or_at_the_very_end_is_text(void **state)
{
    (void)state;
    assert_sv_equal(text_of("a\rb\n", 0), "a\rb");
    assert_sv_equal(text_of("a\r", 0), "a\r");
}

static void offsets_are_those_of_the_file(void **state)
{
    (void)state;
    struct lines it = lines_of(SV("ab\r\ncd\n"), 1000);
    struct line line;
    assert_true(lines_next(&it, &line));
    assert_int_equal(line.offset, 1000);
    assert_true(lines_next(&it, &line));
    assert_int_equal(line.offset, 1004);
}

static void nuls_do_not_end_a_line(void **state)
{
    (void)state;
    struct lines it = lines_of(SV("a\0b\nc"), 0);
    struct line line;
    assert_true(lines_next(&it, &line));
    assert_int_equal(line.text.n, 3);
}

static void backwards_gives_the_same_lines(void **state)
{
    (void)state;
    struct sv bytes = SV("one\r\n\ntwo\nthree");
    struct line forward[8];
    size_t count = 0;
    struct lines it = lines_of(bytes, 7);
    while (lines_next(&it, &forward[count]))
        count++;

    it = lines_of(bytes, 7);
    for (size_t i = count; i-- > 0;) {
        struct line line;
        assert_true(lines_previous(&it, &line));
        assert_ptr_equal(line.text.p, forward[i].text.p);
        assert_int_equal(line.text.n, forward[i].text.n);
        assert_int_equal(line.offset, forward[i].offset);
        assert_int_equal(line.has_newline, forward[i].has_newline);
        assert_int_equal(line.has_return, forward[i].has_return);
    }
    struct line none;
    assert_false(lines_previous(&it, &none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_bytes_have_no_line),
        cmocka_unit_test(each_newline_ends_a_line),
        cmocka_unit_test(the_last_line_may_lack_its_newline),
        cmocka_unit_test(a_blank_line_is_a_line),
        cmocka_unit_test(crlf_is_no_part_of_the_text),
        cmocka_unit_test(a_return_inside_or_at_the_very_end_is_text),
        cmocka_unit_test(offsets_are_those_of_the_file),
        cmocka_unit_test(nuls_do_not_end_a_line),
        cmocka_unit_test(backwards_gives_the_same_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
