#include "unit.h"

#include "base/charset.h"

#include <string.h>

static void converts(const char *codeset, const char *text, const char *expected)
{
    struct charset *c = charset_new(codeset);
    struct buf out = {0};
    charset_add(c, &out, sv_of(text));
    assert_int_equal(out.n, strlen(expected));
    assert_memory_equal(out.p, expected, out.n);
    buf_release(&out);
    charset_free(c);
}

static void utf8_stays_as_it_is(void **state)
{
    (void)state;
    assert_null(charset_new("UTF-8"));
    converts("UTF-8", "gr\xc3\xbc\xc3\x9f \xe2\x9c\x85 \xff",
             "gr\xc3\xbc\xc3\x9f \xe2\x9c\x85 \xff");
}

static void what_the_set_has_is_written_in_it(void **state)
{
    (void)state;
    converts("ISO-8859-1", "gr\xc3\xbc\xc3\x9f", "gr\xfc\xdf");
    converts("ISO-8859-1", "\xc2\xb7 \xc2\xa0", "\xb7 \xa0");
}

static void our_signs_get_a_likeness(void **state)
{
    (void)state;
    const char *sets[] = {"ISO-8859-1", "ANSI_X3.4-1968"};
    for (size_t i = 0; i < 2; i++) {
        converts(sets[i], "\xe2\x9c\x85 \xe2\x9d\x8c", "[ok] [failed]");
        converts(sets[i], "\xe2\x94\x8c\xe2\x94\x80\xe2\x94\x90\xe2\x94\x82", "+-+|");
        converts(sets[i],
                 "\xe2\x80\x9c"
                 "a\xe2\x80\x9d \xe2\x80\x98"
                 "b\xe2\x80\x99",
                 "\"a\" 'b'");
        converts(sets[i], "\xe2\x86\x92\xe2\x80\xa6\xe2\x80\x93\xe2\x80\xa2", "->...-*");
    }
}

static void the_rest_is_escaped(void **state)
{
    (void)state;
    converts("ISO-8859-1", "\xe6\xbc\xa2 \xf0\x9f\x98\x80", "\\u6f22 \\U01f600");
    converts("ANSI_X3.4-1968", "gr\xc3\xbc", "gr\\u00fc");
}

static void what_is_no_utf8_is_escaped_byte_by_byte(void **state)
{
    (void)state;
    converts("ISO-8859-1",
             "a\xff"
             "b\xc3",
             "a\\xffb\\xc3");
    converts("ANSI_X3.4-1968", "\xe6\xbc", "\\xe6\\xbc");
}

static void ascii_stays_with_its_line_ends_and_sequences(void **state)
{
    (void)state;
    converts("ANSI_X3.4-1968", "a\tb\r\n\x1b[1mc\x1b[0m", "a\tb\r\n\x1b[1mc\x1b[0m");
    converts("ANSI_X3.4-1968", "", "");
}

static void a_set_that_is_not_known_counts_as_ascii(void **state)
{
    (void)state;
    converts("no-such-set", "gr\xc3\xbc", "gr\\u00fc");
    converts(NULL, "gr\xc3\xbc", "gr\\u00fc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_stays_as_it_is),
        cmocka_unit_test(what_the_set_has_is_written_in_it),
        cmocka_unit_test(our_signs_get_a_likeness),
        cmocka_unit_test(the_rest_is_escaped),
        cmocka_unit_test(what_is_no_utf8_is_escaped_byte_by_byte),
        cmocka_unit_test(ascii_stays_with_its_line_ends_and_sequences),
        cmocka_unit_test(a_set_that_is_not_known_counts_as_ascii),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
