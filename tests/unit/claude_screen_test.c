#include "unit.h"

#include "agents/claude/screen.h"

#include "base/io/fs.h"

#include <fcntl.h>

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

/* ---- the state ---------------------------------------------------------------------------- */

static bool state_of(const char *screen, struct agent_screen *out)
{
    claude_screen_read(sv_of(screen), &arena, out);
    return out->line != NULL;
}

static enum fact asks(const char *screen)
{
    struct agent_screen seen;
    claude_screen_read(sv_of(screen), &arena, &seen);
    return seen.asks;
}

/* As tmux showed 2.1.110, the rules shortened. */
static void a_question_stands_in_place_of_the_box(void **state)
{
    (void)state;
    assert_int_equal(asks(MARK "do it\n\n  Running\n" RULE "\n Bash command\n   touch changed\n"
                               " Do you want to proceed?\n"
                               " \x1b[38;5;153m\xe2\x9d\xaf \x1b[38;5;246m1. \x1b[38;5;153mYes\n"
                               "\x1b[39m   2. No\n Esc to cancel\n"),
                     FACT_YES);
    assert_int_equal(asks(RULE "\n Choice\nWhich way?\n  1. left\n\xe2\x9d\xaf 2. right\n" RULE
                               "\n  3. Chat about this\n"),
                     FACT_YES);
    assert_int_equal(asks(RULE "\n" MARK "1. is typed\n" RULE "\n  esc to interrupt\n"), FACT_NO);
    assert_int_equal(asks("$ make\n 1. a list\n"), FACT_UNKNOWN);
    assert_int_equal(asks(MARK "what was said before\n"), FACT_UNKNOWN);
    /* an echo of what was said, and a list in a reply */
    assert_int_equal(asks(MARK "1. fix the tests\n\n  Working\n"), FACT_UNKNOWN);
    assert_int_equal(asks(MARK "1. fix the tests\n" RULE "\n Transcript\n"), FACT_UNKNOWN);
    assert_int_equal(asks(RULE "\n" MARK "1. was said\n" RULE "\n Transcript\n"), FACT_NO);
    assert_int_equal(asks(""), FACT_UNKNOWN);
}

static const char *fixture(const char *name)
{
    struct sv text;
    const char *path = arena_printf(&arena, "tests/fixtures/client-screens/%s.txt", name);
    assert_int_equal(fs_read_small(AT_FDCWD, path, 1 << 20, &arena, &text), 0);
    return arena_strndup(&arena, text.p, text.n);
}

/* As tmux showed the real clients, of 140 columns or as many as the name says. */
static void retries_and_limits_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *name, *why, *due, *until;
        int64_t due_in_s, attempt, of;
    } cases[] = {
        {"2.1.197-refused", "Unable to connect to API (ConnectionRefused)", "6s", NULL, 6, 5, 10},
        {"2.1.197-overloaded", "API error", "5s", NULL, 5, 5, 10},
        {"2.1.197-overloaded-60", "API error", "3s", NULL, 3, 5, 10},
        {"2.1.197-limit", "Session limit reached", "1h", "5:55am", 3600, 1, 10},
        {"2.1.197-queued", "Unable to connect to API (ConnectionRefused)", "9s", NULL, 9, 5, 10},
        {"2.1.330-refused",
         "Connection refused \xe2\x80\x94 a firewall or proxy may be blocking it (ECONNREFUSED)",
         "7s", NULL, 7, 5, 10},
        {"2.1.330-refused-60", "Connection refused \xe2\x80\x94 a \xe2\x80\xa6", "8s", NULL, 8, 5,
         10},
        {"2.1.330-overloaded", "529 Overloaded", "6s", NULL, 6, 5, 10},
        {"2.1.330-limit", "5-hour limit reached", "1h", "5:54am", 3600, 1, 300},
        {"2.1.330-limit-40", "5-hour li\xe2\x80\xa6", "1h", "6:01am", 3600, 1, 300},
        {"2.1.330-queued",
         "Connection refused \xe2\x80\x94 a firewall or proxy may be blocking it (ECONNREFUSED)",
         "1s", NULL, 1, 4, 10},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct agent_screen s;
        print_message("%s\n", cases[i].name);
        assert_true(state_of(fixture(cases[i].name), &s));
        assert_true(s.is_retrying);
        assert_string_equal(s.why, cases[i].why);
        assert_string_equal(s.due, cases[i].due);
        assert_true(str_equals(s.until, cases[i].until) || (!s.until && !cases[i].until));
        assert_int_equal(s.due_in_s, cases[i].due_in_s);
        assert_int_equal(s.attempt, cases[i].attempt);
        assert_int_equal(s.of, cases[i].of);
    }
}

static void what_is_no_retry_is_none(void **state)
{
    (void)state;
    struct agent_screen s;
    assert_true(state_of(fixture("2.1.197-over"), &s));
    assert_string_equal(s.line, "Baked for 0s");
    assert_false(s.is_retrying);
    /* 2.1.110 tells of it elsewhere */
    assert_true(state_of(fixture("2.1.110-overloaded"), &s));
    assert_false(s.is_retrying);
    /* folded so that it cannot be put together */
    assert_false(state_of(fixture("2.1.197-limit-40"), &s));
}

#define STAR "\xe2\x9c\xbb "
#define DOT " \xc2\xb7 "
#define BOX "\n" RULE "\n" MARK "\n" RULE "\n  esc to interrupt\n"
#define RETRY "API error" DOT "Retrying in 2s" DOT "attempt 3/10"

static void only_the_line_of_the_state_counts(void **state)
{
    (void)state;
    struct agent_screen s;
    assert_true(state_of(STAR RETRY "\n" BOX, &s) && s.is_retrying);
    assert_true(state_of(STAR RETRY "\n  hint\n\n  1 task\n" BOX, &s) && s.is_retrying);
    /* what was said, by whomever, and by a client before it */
    static const char *const old[] = {
        "\xe2\x97\x8f " STAR RETRY "\n" BOX,
        "  " STAR RETRY "\n" BOX,
        MARK STAR RETRY "\n" BOX,
        STAR RETRY "\n$ claude\n" BOX,
        STAR RETRY "\n\xe2\x97\x8f The answer.\n\n" STAR "Baked for 3s\n" BOX,
        STAR "Thinking\n" RULE "\n" MARK STAR RETRY "\n" RULE "\n",
        STAR RETRY "\n", /* a dialog is up, no box */
        STAR RETRY "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n" BOX,
        "",
        RULE,
        BOX,
    };
    for (size_t i = 0; i < sizeof old / sizeof *old; i++)
        assert_false(state_of(old[i], &s) && s.is_retrying);
}

static void a_retry_is_read_strictly(void **state)
{
    (void)state;
    struct agent_screen s;
    static const char *const odd[] = {
        "Retrying in 2s" DOT "attempt 3/",
        "API error" DOT "Retrying in 2s" DOT "attempt /10",
        "API error" DOT "Retrying in 2s" DOT "attempt 3/10x",
        "API error" DOT "Retrying in s" DOT "attempt 3/10",
        "API error" DOT "Retrying in 2" DOT "attempt 3/10",
        "API error" DOT "Retrying in 2s 1h" DOT "attempt 3/10",
        "API error" DOT "Retrying in 2w" DOT "attempt 3/10",
        "API error" DOT "Retrying in " DOT "attempt 3/10",
        "API error" DOT "Retry" DOT "attempt 3/10",
        "attempt 3/10",
        DOT DOT DOT,
    };
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        const char *screen = arena_printf(&arena, STAR "%s\n" BOX, odd[i]);
        assert_true(state_of(screen, &s));
        assert_false(s.is_retrying);
    }
    assert_true(state_of(STAR "x" DOT "retrying in 1d 2h 3m 4s" DOT "attempt 1/2\n" BOX, &s));
    assert_int_equal(s.due_in_s, 93784);
    assert_true(state_of(STAR "x" DOT "retrying\xe2\x80\xa6" DOT "attempt 1/2\n" BOX, &s));
    assert_true(s.is_retrying && s.due_in_s == 0 && !s.due);
    assert_true(state_of(STAR "x" DOT "retrying, waiting up to 5m" DOT "attempt 2/10\n" BOX, &s));
    assert_true(s.is_retrying && s.due_in_s == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_lines_of_the_box_are_read, release),
        cmocka_unit_test_teardown(an_empty_box_is_empty, release),
        cmocka_unit_test_teardown(a_hint_of_the_clients_is_not_typed, release),
        cmocka_unit_test_teardown(a_screen_without_a_box_has_none, release),
        cmocka_unit_test_teardown(escapes_that_break_off_are_passed_over, release),
        cmocka_unit_test_teardown(a_question_stands_in_place_of_the_box, release),
        cmocka_unit_test_teardown(retries_and_limits_are_read, release),
        cmocka_unit_test_teardown(what_is_no_retry_is_none, release),
        cmocka_unit_test_teardown(only_the_line_of_the_state_counts, release),
        cmocka_unit_test_teardown(a_retry_is_read_strictly, release),
    };
    return cmocka_run_group_tests_name("claude_screen", tests, NULL, NULL);
}
