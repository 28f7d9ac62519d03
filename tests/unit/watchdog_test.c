#include "unit.h"

#include "diagnose/watchdog.h"

static int64_t after(const char *version, bool first_party, enum watchdog_silence silence)
{
    struct watchdog_client client = {version, first_party, 0};
    return watchdog_after_s(&client, silence);
}

static void a_try_that_is_never_answered(void **state)
{
    (void)state;
    assert_int_equal(after("2.1.197", true, WATCHDOG_NO_ANSWER), 600);
    assert_int_equal(after("2.1.197", false, WATCHDOG_NO_ANSWER), 300);
    assert_int_equal(after("2.0.0", true, WATCHDOG_NO_ANSWER), 600);
    struct watchdog_client told = {"2.1.197", true, 45};
    assert_int_equal(watchdog_after_s(&told, WATCHDOG_NO_ANSWER), 45);
    assert_int_equal(watchdog_after_s(&told, WATCHDOG_MID_STREAM), 180);
}

static void a_stream_that_broke_off(void **state)
{
    (void)state;
    assert_int_equal(after("2.1.197", true, WATCHDOG_MID_STREAM), 180);
    assert_int_equal(after("2.1.330", true, WATCHDOG_MID_STREAM), 180);
    assert_int_equal(after("2.1.197", false, WATCHDOG_MID_STREAM), 300);
    assert_int_equal(after("2.1.105", true, WATCHDOG_MID_STREAM), 180);
    assert_int_equal(after("2.1.104", true, WATCHDOG_MID_STREAM), 300);
}

static void a_stream_that_brings_pings_only(void **state)
{
    (void)state;
    assert_int_equal(after("2.1.104", true, WATCHDOG_ONLY_PINGS), -1);
    assert_int_equal(after("2.1.105", true, WATCHDOG_ONLY_PINGS), 300);
    assert_int_equal(after("2.1.329", true, WATCHDOG_ONLY_PINGS), 300);
    assert_int_equal(after("2.1.330", true, WATCHDOG_ONLY_PINGS), 601);
    assert_int_equal(after("2.2.0", true, WATCHDOG_ONLY_PINGS), 601);
    assert_int_equal(after("3.0.1", false, WATCHDOG_ONLY_PINGS), 601);
    assert_int_equal(after("1.9.999", true, WATCHDOG_ONLY_PINGS), -1);
}

static void of_a_version_that_is_not_known_nothing_is_promised(void **state)
{
    (void)state;
    static const char *const versions[] = {NULL, "", "latest", "2.1"};
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
        for (int silence = WATCHDOG_NO_ANSWER; silence <= WATCHDOG_ONLY_PINGS; silence++)
            assert_int_equal(after(versions[i], true, (enum watchdog_silence)silence), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_try_that_is_never_answered),
        cmocka_unit_test(a_stream_that_broke_off),
        cmocka_unit_test(a_stream_that_brings_pings_only),
        cmocka_unit_test(of_a_version_that_is_not_known_nothing_is_promised),
    };
    return cmocka_run_group_tests_name("watchdog", tests, NULL, NULL);
}
