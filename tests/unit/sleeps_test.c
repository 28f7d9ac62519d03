#include "unit.h"

#include "base/sleeps.h"

enum { S = 1000, H = 3600 * 1000 };

static void note(struct sr_sleeps *s, int64_t since_boot_ms, int64_t slept_ms)
{
    sleeps_note(s, (struct sleeps_mark){since_boot_ms, slept_ms});
}

#define assert_bounds(s, ago_ms, least, most)              \
    do {                                                   \
        struct sleeps_bounds b_ = sleeps_since(s, ago_ms); \
        assert_int_equal(b_.at_least_ms, least);           \
        assert_int_equal(b_.at_most_ms, most);             \
    } while (0)

static void where_nobody_has_looked_nothing_is_said(void **state)
{
    (void)state;
    struct sr_sleeps s = {0};
    assert_bounds(&s, 10 * H, 0, 0);
}

static void one_look_knows_no_more_than_the_sum(void **state)
{
    (void)state;
    struct sr_sleeps s = {0};
    note(&s, 20 * H, 8 * H);
    assert_bounds(&s, 1 * H, 0, 1 * H); /* no more than all of it */
    assert_bounds(&s, 10 * H, 0, 8 * H);
    assert_bounds(&s, 0, 0, 0);
    assert_bounds(&s, -5, 0, 0);
}

static void what_never_slept_is_exact(void **state)
{
    (void)state;
    struct sr_sleeps s = {0};
    note(&s, 20 * H, 3); /* two clocks, read one after the other */
    assert_bounds(&s, 1 * H, 0, 0);
}

static void a_sleep_between_two_looks_is_known_outside_of_them(void **state)
{
    (void)state;
    struct sr_sleeps s = {0};
    note(&s, 10 * H, 2 * H);
    note(&s, 11 * H, 2 * H);
    note(&s, 15 * H, 5 * H); /* it slept for three of these four hours */
    note(&s, 16 * H, 5 * H + 7);
    assert_int_equal(s.count, 4);
    assert_bounds(&s, H / 2, 0, 0);         /* since */
    assert_bounds(&s, 1 * H, 0, 0);         /* at the look after it */
    assert_bounds(&s, 2 * H, 0, 2 * H);     /* in the middle of it: it may have been later */
    assert_bounds(&s, 4 * H, 0, 3 * H + 7); /* likewise, not quite an hour in */
    assert_bounds(&s, 5 * H, 3 * H + 7, 3 * H + 7); /* at the look before it */
    assert_bounds(&s, 11 * H / 2, 3 * H + 7, 3 * H + 7);
    assert_bounds(&s, 7 * H, 3 * H + 7, 5 * H + 7); /* before the first look */
}

static void awake_it_keeps_two_marks_however_often_it_looks(void **state)
{
    (void)state;
    struct sr_sleeps s = {0};
    for (int i = 0; i < 100000; i++)
        note(&s, i * S, i % 3); /* the clocks tremble */
    assert_int_equal(s.count, 2);
    assert_bounds(&s, 99999 * (int64_t)S, 0, 0);
}

static void a_slow_drift_is_no_sleep_and_is_not_lost(void **state)
{
    (void)state;
    struct sr_sleeps s = {0};
    for (int i = 0; i < 2000; i++)
        note(&s, i * S, i); /* a millisecond a second */
    assert_true(s.count < 10);
    assert_true(sleeps_since(&s, 1999 * (int64_t)S).at_most_ms <= 1999);
}

static void the_oldest_sleeps_are_forgotten_and_the_bounds_still_hold(void **state)
{
    (void)state;
    struct sr_sleeps s = {0};
    enum { NIGHTS = 100 };
    for (int i = 0; i < NIGHTS; i++) {
        note(&s, (int64_t)i * 24 * H, (int64_t)i * 8 * H);
        note(&s, (int64_t)i * 24 * H + 16 * H, (int64_t)i * 8 * H);
    }
    assert_int_equal(s.count, SLEEPS_MARKS_MAX);
    assert_bounds(&s, 8 * H, 0, 0);
    assert_bounds(&s, 40 * H, 8 * H, 8 * H); /* the evening of the day before */
    int64_t all = (int64_t)(NIGHTS - 1) * 8 * H, since_boot = all * 3 + 16 * H;
    struct sleeps_bounds b = sleeps_since(&s, since_boot); /* at boot: true is all of it */
    assert_true(b.at_least_ms <= all && b.at_most_ms == all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_nobody_has_looked_nothing_is_said),
        cmocka_unit_test(one_look_knows_no_more_than_the_sum),
        cmocka_unit_test(what_never_slept_is_exact),
        cmocka_unit_test(a_sleep_between_two_looks_is_known_outside_of_them),
        cmocka_unit_test(awake_it_keeps_two_marks_however_often_it_looks),
        cmocka_unit_test(a_slow_drift_is_no_sleep_and_is_not_lost),
        cmocka_unit_test(the_oldest_sleeps_are_forgotten_and_the_bounds_still_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
