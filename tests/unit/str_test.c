#include "unit.h"

#include "base/str.h"

static void views_compare_by_their_bytes(void **state)
{
    (void)state;
    assert_true(sv_equals(SV("ab"), sv_of("ab")));
    assert_false(sv_equals(SV("ab"), SV("abc")));
    assert_false(sv_equals(SV("a\0b"), SV("a\0c")));
    assert_true(sv_equals(sv_of(NULL), SV("")));
}

static void lines_are_cut_off_until_nothing_is_left(void **state)
{
    (void)state;
    struct sv rest = SV("a\n\nbc"), line;
    assert_true(sv_cut_line(&rest, &line) && sv_equals(line, SV("a")));
    assert_true(sv_cut_line(&rest, &line) && sv_equals(line, SV("")));
    assert_false(sv_cut_line(&rest, &line));
    assert_true(sv_equals(line, SV("bc")) && rest.n == 0);
    assert_false(sv_cut_line(&rest, &line) || line.n);
    rest = SV("d\n");
    assert_true(sv_cut_line(&rest, &line) && sv_equals(line, SV("d")) && rest.n == 0);
}

static void beginnings_and_ends(void **state)
{
    (void)state;
    assert_true(sv_starts_with(SV("abc"), SV("ab")) && sv_starts_with(SV("abc"), SV("")));
    assert_true(sv_starts_with(SV("ab"), SV("ab")));
    assert_false(sv_starts_with(SV("a"), SV("ab")) || sv_starts_with(SV("acd"), SV("ab")));
    assert_true(sv_ends_with(SV("abc"), SV("bc")) && sv_ends_with(SV(""), SV("")));
    assert_false(sv_ends_with(SV("c"), SV("bc")) || sv_ends_with(SV("abd"), SV("bc")));
    assert_true(str_starts_with("abc", "ab") && str_ends_with("abc", "bc"));
    assert_false(str_starts_with("abc", "b") || str_ends_with("abc", "b"));
}

static void finding_looks_from_an_offset_on(void **state)
{
    (void)state;
    assert_int_equal(sv_find(SV("abcabc"), 0, SV("bc")), 1);
    assert_int_equal(sv_find(SV("abcabc"), 2, SV("bc")), 4);
    assert_int_equal(sv_find(SV("abcabc"), 5, SV("bc")), 6);
    assert_int_equal(sv_find(SV("abc"), 9, SV("a")), 3);
    assert_int_equal(sv_find(SV("a\0b"), 0, SV("\0b")), 1);
}

static void a_slice_stays_inside(void **state)
{
    (void)state;
    assert_sv_equal(sv_slice(SV("abcd"), 1, 3), "bc");
    assert_sv_equal(sv_slice(SV("abcd"), 2, 99), "cd");
    assert_sv_equal(sv_slice(SV("abcd"), 9, 99), "");
    assert_sv_equal(sv_slice(SV("abcd"), 3, 1), "");
    assert_sv_equal(sv_slice(sv_of(NULL), 0, 1), "");
}

static void a_whole_number_is_read(void **state)
{
    (void)state;
    int64_t n = 0;
    assert_true(sv_to_i64(SV("-120"), &n) && n == -120);
    assert_true(sv_to_i64(SV("9223372036854775807"), &n) && n == INT64_MAX);
}

static void what_is_no_number_leaves_the_output_alone(void **state)
{
    (void)state;
    static const char *const texts[] = {"",   "-",  "+1",  "1 ",
                                        " 1", "1a", "0x1", "9223372036854775808"};
    int64_t n = 7;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_false(sv_to_i64(sv_of(texts[i]), &n));
    assert_int_equal(n, 7);
}

static void null_equals_only_null(void **state)
{
    (void)state;
    assert_true(str_equals(NULL, NULL) && str_equals("a", "a"));
    assert_false(str_equals(NULL, "") || str_equals("a", NULL) || str_equals("a", "b"));
}

static void the_basename_follows_the_last_slash(void **state)
{
    (void)state;
    assert_string_equal(str_basename("/usr/bin/node"), "node");
    assert_string_equal(str_basename("node"), "node");
    assert_string_equal(str_basename("/usr/"), "");
}

static void a_uuid_has_its_dashes_and_nothing_else(void **state)
{
    (void)state;
    assert_true(str_is_uuid(SV("5e551011-0000-4000-8000-00000000ABCD")));
    assert_false(str_is_uuid(SV("5e551011-0000-4000-8000-00000000abc")));
    assert_false(str_is_uuid(SV("5e551011-0000-4000-8000-00000000abcde")));
    assert_false(str_is_uuid(SV("5e551011-0000-4000-80000-0000000abcd")));
    assert_false(str_is_uuid(SV("5e551011-0000-4000-8000-00000000abcg")));
    assert_false(str_is_uuid(SV("../../../../../../../../etc/passwd00")));
}

static void sizes_are_for_people(void **state)
{
    (void)state;
    char text[STR_SIZE_TEXT];
    assert_string_equal(str_format_size(0, text), "0B");
    assert_string_equal(str_format_size(999, text), "999B");
    assert_string_equal(str_format_size(2100, text), "2.1kB");
    assert_string_equal(str_format_size(9960, text), "10kB");
    assert_string_equal(str_format_size(999600, text), "1.0MB");
    assert_string_equal(str_format_size(56000000, text), "56MB");
    assert_string_equal(str_format_size(INT64_MAX, text), "9223372TB");
}

static void a_buffer_grows_and_stays_a_string(void **state)
{
    (void)state;
    struct buf b = {0};
    for (int i = 0; i < 1000; i++)
        buf_addf(&b, "%d,", i);
    assert_int_equal(b.n, 3890);
    assert_int_equal(strlen(b.p), b.n);
    assert_string_equal(b.p + b.n - 8, "998,999,");
    buf_release(&b);
    assert_null(b.p);
    assert_int_equal(b.n, 0);
}

static void a_buffer_takes_nuls_and_nothing(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_add(&b, NULL, 0);
    assert_string_equal(b.p, "");
    buf_add(&b, "a\0b", 3);
    buf_fill(&b, '-', 300);
    assert_int_equal(b.n, 303);
    assert_memory_equal(b.p, "a\0b--", 5);
    assert_int_equal(b.p[b.n], '\0');
    buf_release(&b);
}

static void a_format_exactly_as_long_as_the_room_fits(void **state)
{
    (void)state;
    for (int n = 250; n < 260; n++) { /* the first allocation is of 256 bytes */
        struct buf b = {0};
        buf_addf(&b, "%*d", n, 1);
        assert_int_equal(b.n, n);
        assert_int_equal(strlen(b.p), n);
        buf_release(&b);
    }
}

static void a_word_is_one_of_a_list_only_as_a_whole(void **state)
{
    (void)state;
    const char *const list = "bash sh --config";
    assert_true(str_in("bash", list) && str_in("sh", list) && str_in("--config", list));
    assert_false(str_in("bas", list) || str_in("ash", list) || str_in("sh --config", list + 5));
    assert_false(str_in("", list) || str_in(NULL, list) || str_in(" ", list) || str_in("sh", ""));
    assert_true(sv_is(SV("sh"), "sh"));
    assert_false(sv_is(SV("s"), "sh"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_compare_by_their_bytes),
        cmocka_unit_test(lines_are_cut_off_until_nothing_is_left),
        cmocka_unit_test(beginnings_and_ends),
        cmocka_unit_test(finding_looks_from_an_offset_on),
        cmocka_unit_test(a_slice_stays_inside),
        cmocka_unit_test(a_whole_number_is_read),
        cmocka_unit_test(what_is_no_number_leaves_the_output_alone),
        cmocka_unit_test(null_equals_only_null),
        cmocka_unit_test(a_word_is_one_of_a_list_only_as_a_whole),
        cmocka_unit_test(the_basename_follows_the_last_slash),
        cmocka_unit_test(a_uuid_has_its_dashes_and_nothing_else),
        cmocka_unit_test(sizes_are_for_people),
        cmocka_unit_test(a_buffer_grows_and_stays_a_string),
        cmocka_unit_test(a_buffer_takes_nuls_and_nothing),
        cmocka_unit_test(a_format_exactly_as_long_as_the_room_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
