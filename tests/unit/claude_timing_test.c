#include "unit.h"

#include "agents/claude/timing.h"

static int64_t after(const char *version, bool first_party, enum agent_silence silence)
{
    struct agent_waiting client = {version, first_party, 0};
    return claude_timing.gives_up_after_s(&client, silence);
}

static void a_try_that_is_never_answered(void **state)
{
    (void)state;
    assert_int_equal(after("2.1.197", true, AGENT_NO_ANSWER), 600);
    assert_int_equal(after("2.1.197", false, AGENT_NO_ANSWER), 300);
    assert_int_equal(after("2.0.0", true, AGENT_NO_ANSWER), 600);
    struct agent_waiting told = {"2.1.197", true, 45};
    assert_int_equal(claude_timing.gives_up_after_s(&told, AGENT_NO_ANSWER), 45);
    assert_int_equal(claude_timing.gives_up_after_s(&told, AGENT_MID_STREAM), 180);
}

static void a_stream_that_broke_off(void **state)
{
    (void)state;
    assert_int_equal(after("2.1.197", true, AGENT_MID_STREAM), 180);
    assert_int_equal(after("2.1.330", true, AGENT_MID_STREAM), 180);
    assert_int_equal(after("2.1.197", false, AGENT_MID_STREAM), 300);
    assert_int_equal(after("2.1.105", true, AGENT_MID_STREAM), 180);
    assert_int_equal(after("2.1.104", true, AGENT_MID_STREAM), 300);
}

static void a_stream_that_brings_pings_only(void **state)
{
    (void)state;
    assert_int_equal(after("2.1.104", true, AGENT_ONLY_PINGS), -1);
    assert_int_equal(after("2.1.105", true, AGENT_ONLY_PINGS), 300);
    assert_int_equal(after("2.1.329", true, AGENT_ONLY_PINGS), 300);
    assert_int_equal(after("2.1.330", true, AGENT_ONLY_PINGS), 601);
    assert_int_equal(after("2.2.0", true, AGENT_ONLY_PINGS), 601);
    assert_int_equal(after("3.0.1", false, AGENT_ONLY_PINGS), 601);
    assert_int_equal(after("1.9.999", true, AGENT_ONLY_PINGS), -1);
}

static void of_a_version_that_is_not_known_nothing_is_promised(void **state)
{
    (void)state;
    static const char *const versions[] = {NULL, "", "latest", "2.1"};
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
        for (int silence = AGENT_NO_ANSWER; silence <= AGENT_ONLY_PINGS; silence++)
            assert_int_equal(after(versions[i], true, (enum agent_silence)silence), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_try_that_is_never_answered),
        cmocka_unit_test(a_stream_that_broke_off),
        cmocka_unit_test(a_stream_that_brings_pings_only),
        cmocka_unit_test(of_a_version_that_is_not_known_nothing_is_promised),
    };
    return cmocka_run_group_tests_name("claude_timing", tests, NULL, NULL);
}
