#include "unit.h"

#include "agent/claude_screen.h"

#define RULE "\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80"
#define MARK "\xe2\x9d\xaf\xc2\xa0"

static struct arena arena;

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static void assert_typed(const char *screen, const char *expected)
{
    struct sv typed;
    assert_true(claude_screen_prompt(sv_of(screen), &arena, &typed));
    assert_sv_equal(typed, expected);
}

/* As tmux captured 2.1.197, the rules shortened. */
static void the_lines_of_the_box_are_read(void **state)
{
    (void)state;
    assert_typed("\x1b[38;5;239m\x1b[48;5;237m\xe2\x9d\xaf \x1b[38;5;231man older prompt\n"
                 "\x1b[38;5;244m" RULE "\n"
                 "\x1b[38;5;246m" MARK "\x1b[39mfirst line that is\n"
                 "  folded, surely\n"
                 "    second line > ! with \xe2\x9d\xaf in it\x1b[7m \x1b[0m\x1b[39m\x1b[49m\n"
                 "\x1b[38;5;244m" RULE "\n"
                 "\x1b[39m  \x1b[38;5;246mesc to interrupt\n\n",
                 "first line that is\nfolded, surely\n  second line > ! with \xe2\x9d\xaf in it");
}

static void an_empty_box_is_empty(void **state)
{
    (void)state;
    assert_typed(RULE "\n" MARK "\x1b[7m \x1b[0m\n" RULE "\n  esc\n", "");
}

static void a_hint_of_the_clients_is_not_typed(void **state)
{
    (void)state;
    assert_typed(RULE "\n" MARK "\x1b[2mTry \"edit <file>\"\x1b[22m\n" RULE "\n", "");
    assert_typed(RULE "\n" MARK "\x1b[38;5;246mTry \"edit <file>\"\x1b[39m\n" RULE "\n", "");
    assert_typed(RULE "\n" MARK "\x1b[38;5;111m/model\x1b[39m\x1b[38;5;246m [name]\x1b[39m\n" RULE
                      "\n",
                 "/model");
}

static void a_screen_without_a_box_has_none(void **state)
{
    (void)state;
    static const char *const screens[] = {
        "",
        "\n\n",
        "$ ls\nfile\n$ ",
        RULE "\n",
        RULE "\n" RULE "\n",
        MARK "text\n" RULE "\n",
        RULE "\n text\n" RULE "\n",
        RULE "\n" MARK "text",
    };
    for (size_t i = 0; i < sizeof screens / sizeof *screens; i++) {
        struct sv typed = SV("untouched");
        assert_false(claude_screen_prompt(sv_of(screens[i]), &arena, &typed));
        assert_sv_equal(typed, "untouched");
    }
}

static void escapes_that_break_off_are_passed_over(void **state)
{
    (void)state;
    assert_typed(RULE "\n" MARK "a\x1b]0;\x1b[38;5mb\x1b[;;;;;;;;;;;;;;;;;;;;;mc\n" RULE
                      "\n\x1b[38;5;",
                 "a0;bc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_lines_of_the_box_are_read, release),
        cmocka_unit_test_teardown(an_empty_box_is_empty, release),
        cmocka_unit_test_teardown(a_hint_of_the_clients_is_not_typed, release),
        cmocka_unit_test_teardown(a_screen_without_a_box_has_none, release),
        cmocka_unit_test_teardown(escapes_that_break_off_are_passed_over, release),
    };
    return cmocka_run_group_tests_name("claude_screen", tests, NULL, NULL);
}
