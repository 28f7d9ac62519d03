#include "unit.h"

#include "base/clock.h"

static int64_t parsed(const char *text)
{
    struct wall t = {0};
    assert_true(wall_parse(sv_of(text), &t));
    return t.ms;
}

static void a_time_stamp_is_read_to_the_millisecond(void **state)
{
    (void)state;
    assert_int_equal(parsed("1970-01-01T00:00:01Z"), 1000);
    assert_int_equal(parsed("2026-02-05T10:11:12.345Z"), 1770286272345);
    assert_int_equal(parsed("2024-02-29T23:59:59.9Z"), 1709251199900);
    assert_int_equal(parsed("2026-12-31T00:00:00.010Z"), 1798675200010);
    assert_int_equal(parsed("2016-12-31T23:59:60Z"), 1483228800000); /* a leap second */
}

static void finer_fractions_are_cut(void **state)
{
    (void)state;
    assert_int_equal(parsed("1970-01-01T00:00:00.123999999Z"), 123);
}

/* As JavaScript reads them, and so the client. */
static void what_other_programs_write_is_read(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "2026-02-05T10:11:12+00:00",      "2026-02-05T10:11:12",
        "2026-02-05 10:11:12Z",           "2026-02-05T12:11:12.000000+02:00",
        "2026-02-05 04:41:12.000 -0530",  "Thu, 05 Feb 2026 10:11:12 GMT",
        "Thu, 5 Feb 2026 10:11:12 +0000", "05 Feb 2026 11:11:12 +0100",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(parsed(texts[i]), 1770286272000);
}

static void anything_else_is_refused_and_the_output_left_alone(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "2026-02-05",
        "2026-02-05T10:11:12.Z",
        "2026-02-05T10:11:12.3x5Z",
        "2026-02-05T10:11:12ZZ",
        "2026-02-05T10:11:12+1:00",
        "2026-02-05T10:11:12+24:00",
        "Thu, 05 Fab 2026 10:11:12 GMT",
        "Thu, 05 Feb 2026 10:11",
        "Thu, 05 Feb 2026 10:11:12 CEST",
        "05 Feb 26 10:11:12 GMT",
        "2026-02-05T10:11:12x345Z",
        "2026/02-05T10:11:12Z",
        "2026-02/05T10:11:12Z",
        "2026-02-05T10:11.12Z",
        "2026-02-32T10:11:12Z",
        "2026-02-05T10:11:61Z",
        "2026-13-05T10:11:12Z",
        "2026-00-05T10:11:12Z",
        "2026-02-00T10:11:12Z",
        "2026-02-05T24:11:12Z",
        "2026-02-05T10:60:12Z",
        "2026-02--5T10:11:12Z",
        "-026-02-05T10:11:12Z",
        "1770286272345",
    };
    struct wall t = {42};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_false(wall_parse(sv_of(texts[i]), &t));
    assert_int_equal(t.ms, 42);
}

static void only_a_positive_time_is_known(void **state)
{
    (void)state;
    assert_false(wall_known((struct wall){0}));
    assert_true(wall_known((struct wall){1}));
}

static void a_time_is_written_as_it_is_read(void **state)
{
    (void)state;
    char text[WALL_TEXT_SIZE];
    assert_string_equal(wall_format((struct wall){1770286272345}, text), "2026-02-05T10:11:12Z");
    assert_string_equal(wall_format_ms((struct wall){1770286272345}, text),
                        "2026-02-05T10:11:12.345Z");
    assert_string_equal(wall_format_ms((struct wall){1770286272005}, text),
                        "2026-02-05T10:11:12.005Z");
    assert_string_equal(wall_format_ms((struct wall){-1}, text), "1969-12-31T23:59:59.999Z");
}

static void the_clocks_of_this_machine_run(void **state)
{
    (void)state;
    struct awake before = awake_now();
    assert_true(wall_known(wall_now()));
    assert_true(awake_now().ns >= before.ns);
    /* time since boot counts sleep too, so it is never behind awake time */
    assert_true(clock_since_boot_ms() >= before.ns / 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_stamp_is_read_to_the_millisecond),
        cmocka_unit_test(finer_fractions_are_cut),
        cmocka_unit_test(what_other_programs_write_is_read),
        cmocka_unit_test(anything_else_is_refused_and_the_output_left_alone),
        cmocka_unit_test(only_a_positive_time_is_known),
        cmocka_unit_test(a_time_is_written_as_it_is_read),
        cmocka_unit_test(the_clocks_of_this_machine_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
