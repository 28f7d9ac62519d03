#include "unit.h"

#include "base/utf8.h"

static const char *finish(struct buf *out)
{
    static char text[512];
    strncpy(text, out->p ? out->p : "(nothing)", sizeof text - 1);
    buf_release(out);
    return text;
}

static const char *valid(struct sv s)
{
    struct buf out = {0};
    struct sv exact = unit_bytes(s);
    utf8_add_valid(&out, exact);
    free((void *)(uintptr_t)exact.p);
    return finish(&out);
}

static const char *printable(struct sv s, size_t columns)
{
    struct buf out = {0};
    struct sv exact = unit_bytes(s);
    utf8_add_printable(&out, exact, columns);
    free((void *)(uintptr_t)exact.p);
    return finish(&out);
}

#define REPLACED "\xef\xbf\xbd"
#define assert_valid(bytes, expected) assert_string_equal(valid(SV(bytes)), expected)
#define assert_printable(bytes, expected) assert_string_equal(printable(SV(bytes), 0), expected)
#define assert_cut(bytes, columns, expected) \
    assert_string_equal(printable(SV(bytes), columns), expected)

static void valid_text_is_unchanged(void **state)
{
    (void)state;
    assert_valid("a \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
                 "a \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
    assert_valid("", "");
}

static void bytes_that_are_not_utf8_are_replaced_one_by_one(void **state)
{
    (void)state;
    assert_valid("a\xff\xfe z", "a" REPLACED REPLACED " z");
    assert_valid("\x80", REPLACED);
    assert_valid("\xc3(", REPLACED "(");
}

static void a_sequence_cut_at_the_end_is_replaced(void **state)
{
    (void)state;
    assert_valid("a\xe2\x82", "a" REPLACED REPLACED);
    assert_valid("a\xf0\x9f\x98", "a" REPLACED REPLACED REPLACED);
}

static void overlong_surrogate_and_too_large_codes_are_replaced(void **state)
{
    (void)state;
    assert_valid("\xc0\xaf", REPLACED REPLACED);
    assert_valid("\xe0\x80\xaf", REPLACED REPLACED REPLACED);
    assert_valid("\xed\xa0\x80", REPLACED REPLACED REPLACED);
    assert_valid("\xf4\x90\x80\x80", REPLACED REPLACED REPLACED REPLACED);
}

static void an_empty_view_without_memory_is_empty_text(void **state)
{
    (void)state;
    struct buf out = {0};
    utf8_add_valid(&out, (struct sv){NULL, 0});
    utf8_add_printable(&out, (struct sv){NULL, 0}, 10);
    assert_int_equal(out.n, 0);
    buf_release(&out);
}

static void escape_sequences_become_visible(void **state)
{
    (void)state;
    assert_printable("\x1b[31mred\x07", "\\x1b[31mred\\x07");
    assert_printable("a\tb\nc\rd", "a\\tb\\nc\\rd");
    assert_printable("\x7f\0", "\\x7f\\x00");
}

static void c1_controls_become_visible_in_both_forms(void **state)
{
    (void)state;
    assert_printable("\xc2\x9b"
                     "31m",
                     "\\x9b31m"); /* CSI as a character */
    assert_printable("\x9b"
                     "31m",
                     "\\x9b31m"); /* and as a byte */
}

static void marks_that_reorder_or_hide_become_visible(void **state)
{
    (void)state;
    assert_printable("\xe2\x80\xae", "\\u202e");       /* right-to-left override */
    assert_printable("\xe2\x81\xa6", "\\u2066");       /* isolate */
    assert_printable("\xe2\x80\x8b", "\\u200b");       /* zero width space */
    assert_printable("\xe2\x80\xa8", "\\u2028");       /* line separator */
    assert_printable("\xc2\xad", "\\xad");             /* soft hyphen */
    assert_printable("\xd8\x9c", "\\u061c");           /* Arabic letter mark */
    assert_printable("\xef\xbb\xbf", "\\ufeff");       /* byte order mark */
    assert_printable("\xf3\xa0\x81\x81", "\\U0e0041"); /* a tag */
}

static void bytes_that_are_not_utf8_become_visible(void **state)
{
    (void)state;
    assert_printable("a\xff", "a\\xff");
    assert_printable("\xe2\x82", "\\xe2\\x82");
}

static void text_that_fits_exactly_is_not_cut(void **state)
{
    (void)state;
    assert_cut("abcdef", 6, "abcdef");
    assert_cut("abcdef", 7, "abcdef");
}

static void text_that_does_not_fit_ends_in_dots_within_the_columns(void **state)
{
    (void)state;
    assert_cut("abcdefg", 6, "abc...");
    assert_cut("abcdefg", 3, "...");
    assert_cut("abcdefg", 2, "ab");
}

static void wide_characters_take_two_columns(void **state)
{
    (void)state;
    assert_cut("\xe6\x96\x87\xe5\xad\x97", 4, "\xe6\x96\x87\xe5\xad\x97");
    assert_cut("\xe6\x96\x87\xe5\xad\x97", 3, "...");
    assert_cut("\xed\x95\x9c\xf0\x9f\x9a\x80", 3, "...");            /* Hangul, a rocket */
    assert_cut("\xef\xbc\xa1\xf0\xa0\x80\x80", 3, "...");            /* full width, extension B */
    assert_cut("\xc3\xa9 \xe2\x82\xac", 3, "\xc3\xa9 \xe2\x82\xac"); /* these are narrow */
    assert_cut("\xe6\x96\x87\xe5\xad\x97\xe6\x96\x87", 5, "\xe6\x96\x87...");
}

static void combining_marks_take_none(void **state)
{
    (void)state;
    assert_cut("e\xcc\x81"
               "bc",
               3,
               "e\xcc\x81"
               "bc");
}

static void an_escaped_character_is_cut_whole_or_not_at_all(void **state)
{
    (void)state;
    assert_cut("ab\x1b"
               "cd",
               6, "ab...");
    assert_cut("ab\x1b", 6, "ab\\x1b");
}

static void columns_are_counted_as_text_is_shown(void **state)
{
    (void)state;
    assert_int_equal(utf8_columns(SV("")), 0);
    assert_int_equal(utf8_columns(SV("abc")), 3);
    assert_int_equal(utf8_columns(SV("\xc3\xa9")), 1);     /* e with acute */
    assert_int_equal(utf8_columns(SV("e\xcc\x81")), 1);    /* the same, combined */
    assert_int_equal(utf8_columns(SV("\xe6\x96\x87")), 2); /* CJK */
    assert_int_equal(utf8_columns(SV("\x1b[2J")), 7);      /* \x1b[2J */
    assert_int_equal(utf8_columns(SV("a\xff")), 5);        /* a\xff */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_text_is_unchanged),
        cmocka_unit_test(bytes_that_are_not_utf8_are_replaced_one_by_one),
        cmocka_unit_test(a_sequence_cut_at_the_end_is_replaced),
        cmocka_unit_test(overlong_surrogate_and_too_large_codes_are_replaced),
        cmocka_unit_test(an_empty_view_without_memory_is_empty_text),
        cmocka_unit_test(escape_sequences_become_visible),
        cmocka_unit_test(c1_controls_become_visible_in_both_forms),
        cmocka_unit_test(marks_that_reorder_or_hide_become_visible),
        cmocka_unit_test(bytes_that_are_not_utf8_become_visible),
        cmocka_unit_test(text_that_fits_exactly_is_not_cut),
        cmocka_unit_test(text_that_does_not_fit_ends_in_dots_within_the_columns),
        cmocka_unit_test(wide_characters_take_two_columns),
        cmocka_unit_test(combining_marks_take_none),
        cmocka_unit_test(an_escaped_character_is_cut_whole_or_not_at_all),
        cmocka_unit_test(columns_are_counted_as_text_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
