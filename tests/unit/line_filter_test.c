#include "unit.h"

#include "jsonl/line_filter.h"

/* The bytes in pieces of that size. Owner: the caller. */
static struct buf taken(struct line_filter *m, struct sv bytes, size_t piece)
{
    struct buf out = {0};
    for (size_t at = 0; at < bytes.n; at += piece)
        line_filter_feed(m, sv_slice(bytes, at, at + piece), &out);
    line_filter_release(m);
    return out;
}

static void assert_takes(struct sv bytes, const char *expected, size_t limit, size_t too_long)
{
    for (size_t piece = 1; piece <= bytes.n; piece++) {
        struct line_filter m = {.mark = SV("mark"), .limit = limit};
        struct buf out = taken(&m, bytes, piece);
        assert_string_equal(out.p ? out.p : "", expected);
        assert_int_equal(m.too_long, too_long);
        buf_release(&out);
    }
}

static void lines_with_the_mark_are_kept_byte_for_byte(void **state)
{
    (void)state;
    assert_takes(SV("a mark\nnone\nmark\r\n\nmarmark\n"), "a mark\nmark\r\nmarmark\n", 100, 0);
}

static void a_line_without_its_end_is_not_taken(void **state)
{
    (void)state;
    assert_takes(SV("mark 1\nmark 2"), "mark 1\n", 100, 0);
}

static void a_mark_does_not_reach_over_a_line_end(void **state)
{
    (void)state;
    assert_takes(SV("ma\nrk\nmark\n"), "mark\n", 100, 0);
}

/* Once, such a line was kept without its end, and grew together with the next. */
static void a_line_past_the_limit_is_counted_and_harms_no_other(void **state)
{
    (void)state;
    assert_takes(SV("mark 1\nmark and much more\nmark 2\n"), "mark 1\nmark 2\n", 10, 1);
}

static void a_line_of_just_the_limit_is_taken(void **state)
{
    (void)state;
    assert_takes(SV("mark 67890\n"), "", 10, 1);
    assert_takes(SV("mark 6789\n"), "mark 6789\n", 10, 0);
}

static void a_mark_with_a_key_is_the_value_of_that_key(void **state)
{
    (void)state;
    static const char all[] =
        "{\"id\":\"mark\"}\n{\"id\" : \"mark\",\"x\":1}\n{\"text\":\"mark\"}\n"
        "[\"id\",\"mark\"]\n{\"x\":\"mark\",\"id\":\"mark\"}\n"
        "{\"text\":\"\\\"id\\\":\\\"mark\\\"\"}\n{\"id\"::\"mark\"}\n";
    struct line_filter m = {.key = SV("\"id\""), .mark = SV("\"mark\""), .limit = 100};
    struct buf out = taken(&m, sv_of(all), 7);
    assert_string_equal(out.p, "{\"id\":\"mark\"}\n{\"id\" : \"mark\",\"x\":1}\n"
                               "{\"x\":\"mark\",\"id\":\"mark\"}\n");
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_with_the_mark_are_kept_byte_for_byte),
        cmocka_unit_test(a_line_without_its_end_is_not_taken),
        cmocka_unit_test(a_mark_does_not_reach_over_a_line_end),
        cmocka_unit_test(a_line_past_the_limit_is_counted_and_harms_no_other),
        cmocka_unit_test(a_line_of_just_the_limit_is_taken),
        cmocka_unit_test(a_mark_with_a_key_is_the_value_of_that_key),
    };
    return cmocka_run_group_tests_name("marked", tests, NULL, NULL);
}
