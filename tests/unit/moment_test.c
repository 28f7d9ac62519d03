/*
 * When something was stamped, though the wall clock was set in between.
 */
#include "session/evidence/moment.h"
#include "unit.h"

enum { S = 1000, H = 3600 * S, DAY = 24 * H };

/* Of a process that has lived for six hours. */
static const struct wall now = {1000000000000}, started = {1000000000000 - 6 * H};

static int64_t age_ms(int64_t stamped_ms, int64_t step_ms)
{
    return now.ms - moment_on_todays_clock((struct wall){stamped_ms}, step_ms, started, now).ms;
}

static void a_client_that_says_when_it_started_tells_how_far_the_clock_was_set(void **state)
{
    (void)state;
    assert_int_equal(moment_step_ms((struct wall){started.ms}, started), 0);
    assert_int_equal(moment_step_ms((struct wall){started.ms + 3 * S}, started), 0);
    assert_int_equal(moment_step_ms((struct wall){started.ms - DAY}, started), DAY);
    assert_int_equal(moment_step_ms((struct wall){started.ms + DAY}, started), -DAY);
    assert_int_equal(moment_step_ms((struct wall){0}, started), 0); /* it does not say */
}

static void a_clock_that_was_not_set_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(age_ms(now.ms - 5 * S, 0), 5 * S);
    assert_int_equal(age_ms(now.ms - DAY, 0), DAY); /* an earlier process's */
}

static void a_day_ahead(void **state)
{
    (void)state;
    assert_int_equal(age_ms(now.ms - DAY - 20 * S, DAY), 20 * S); /* stamped before */
    assert_int_equal(age_ms(now.ms - 20 * S, DAY), 20 * S);       /* and after */
    assert_int_equal(age_ms(now.ms - DAY - 7 * H, DAY), 7 * H);   /* by an earlier process */
}

static void a_day_back(void **state)
{
    (void)state;
    assert_int_equal(age_ms(now.ms + DAY - 20 * S, -DAY), 20 * S);
    assert_int_equal(age_ms(now.ms - 20 * S, -DAY), 20 * S);
    assert_int_equal(age_ms(now.ms + DAY - 7 * H, -DAY), 7 * H);
}

/* Both readings lie in the process's life: the younger one makes up no silence. */
static void an_hour_ahead_leaves_two_readings(void **state)
{
    (void)state;
    assert_int_equal(age_ms(now.ms - H - 20 * S, H), 20 * S);
    assert_int_equal(age_ms(now.ms - 20 * S, H), 20 * S);
    assert_int_equal(age_ms(now.ms + H - 20 * S, -H), 20 * S);
}

static void what_is_not_known_stays_so(void **state)
{
    (void)state;
    assert_false(wall_known(moment_on_todays_clock((struct wall){0}, DAY, started, now)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_that_says_when_it_started_tells_how_far_the_clock_was_set),
        cmocka_unit_test(a_clock_that_was_not_set_changes_nothing),
        cmocka_unit_test(a_day_ahead),
        cmocka_unit_test(a_day_back),
        cmocka_unit_test(an_hour_ahead_leaves_two_readings),
        cmocka_unit_test(what_is_not_known_stays_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
