#include "unit.h"

#include "platform/terminal/tty.h"

#include <sys/sysmacros.h>

static struct arena arena;

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

#define assert_name(major_number, minor_number, expected) \
    assert_true(str_equals(tty_name(&arena, makedev(major_number, minor_number)), expected))

static void a_device_number_has_the_name_that_people_write(void **state)
{
    (void)state;
    assert_name(136, 0, "pts/0");
    assert_name(136, 4, "pts/4");
    assert_name(137, 1, "pts/257");
    assert_name(143, 255, "pts/2047");
    assert_name(4, 1, "tty1");
    assert_name(4, 63, "tty63");
    assert_name(4, 64, "ttyS0");
    assert_name(229, 0, "hvc0");
}

static void what_is_no_terminal_has_no_name(void **state)
{
    (void)state;
    assert_null(tty_name(&arena, 0));
    assert_name(1, 3, NULL);   /* /dev/null */
    assert_name(135, 0, NULL); /* beside the first of the pts */
    assert_name(144, 0, NULL);
    assert_name(4, 0, NULL); /* /dev/tty0 is whichever console is in front */
}

static void what_stat_shows_is_a_device_number(void **state)
{
    (void)state;
    /* field tty_nr of a client on pts/1 */
    assert_string_equal(tty_name(&arena, 34817), "pts/1");
    /* minors above 255 are split around the major: 136:300 */
    assert_string_equal(tty_name(&arena, (1 << 20) | (136 << 8) | 44), "pts/300");
}

#define assert_canonical(text, expected) \
    assert_true(str_equals(tty_canonical(&arena, text), expected))

static void each_way_of_writing_comes_to_one(void **state)
{
    (void)state;
    assert_canonical("pts/4", "pts/4");
    assert_canonical("/dev/pts/4", "pts/4");
    assert_canonical("tty1", "tty1");
    assert_canonical("/dev/tty1", "tty1");
    assert_canonical("ttyS0", "ttyS0");
    assert_canonical("hvc0", "hvc0");
    assert_canonical("s013", "s013");
    assert_canonical("ttys013", "s013");
    assert_canonical("/dev/ttys013", "s013");
}

static void what_names_no_terminal_is_refused(void **state)
{
    (void)state;
    static const char *const garbage[] = {
        "",           "/dev/", "pts/",    "pts/x",  "pts/4x", "pts/-1",  "pts/4 ",
        "/dev/null",  "tty",   "ttys",    "s",      "s1a",    "ttys01x", "hvc",
        "hvcx",       "4",     "?",       "??",     "\n",     "sleep",   "ptsx4",
        "pts/4/../5", "dev/",  "console", "tty1/x", "tty x",  "ttyx\n",
    };
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++)
        if (tty_canonical(&arena, garbage[i]))
            fail_msg("\"%s\" passes for a terminal", garbage[i]);
}

static void a_terminal_that_is_gone_is_told_by_its_link(void **state)
{
    (void)state;
    assert_true(tty_link_is_gone("/dev/pts/4 (deleted)"));
    assert_false(tty_link_is_gone("/dev/pts/4"));
    assert_false(tty_link_is_gone("/tmp/out (deleted)"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_device_number_has_the_name_that_people_write, release),
        cmocka_unit_test_teardown(what_is_no_terminal_has_no_name, release),
        cmocka_unit_test_teardown(what_stat_shows_is_a_device_number, release),
        cmocka_unit_test_teardown(each_way_of_writing_comes_to_one, release),
        cmocka_unit_test_teardown(what_names_no_terminal_is_refused, release),
        cmocka_unit_test(a_terminal_that_is_gone_is_told_by_its_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
