#include "unit.h"

#include "app/commands/commands.h"
#include "app/options.h"

#include <errno.h>

#define ARGV(...)                                                                  \
    (char *[]){(char[]){"session-rescue"}, __VA_ARGS__ __VA_OPT__(, ) NULL},       \
        (int)(sizeof((char *[]){(char[]){"x"}, __VA_ARGS__ __VA_OPT__(, ) NULL}) / \
              sizeof(char *)) -                                                    \
            1

/* String literals stand for what the system hands over. */
static int parse(char **argv, int argc, struct options *o, struct sr_error *error)
{
    return options_parse(argc, argv, o, error);
}

static struct options accepted(char **argv, int argc)
{
    struct options o;
    struct sr_error error = {0};
    if (parse(argv, argc, &o, &error) < 0)
        fail_msg("refused: %s", error.text);
    return o;
}

static void refused(const char *reason, char **argv, int argc)
{
    struct options o = {.command = &command_version};
    struct sr_error error = {0};
    assert_int_equal(parse(argv, argc, &o, &error), -EINVAL);
    if (!strstr(error.text, reason))
        fail_msg("'%s' does not say '%s'", error.text, reason);
    assert_null(strchr(error.text, '\n'));
    assert_true(o.command == &command_version); /* untouched */
}

#define W(text) (char *)(uintptr_t)(text)

static void without_a_mode_none_is_set(void **state)
{
    (void)state;
    struct options o = accepted(ARGV());
    assert_true(o.command == &command_none);
    assert_true(o.timeout_minutes == 10);
    assert_false(o.json || o.all || o.quiet || o.verbose || o.no_color);
    assert_int_equal(o.config_dir_count, 0);
    options_release(&o);
    o = accepted(ARGV(W("--json"), W("-v"), W("-q"), W("--no-color"), W("--agent"), W("claude")));
    assert_true(o.json && o.verbose && o.quiet && o.no_color);
    assert_string_equal(o.agent, "claude");
    options_release(&o);
}

static void options_may_stand_anywhere_and_be_cut_short(void **state)
{
    (void)state;
    struct options o = accepted(ARGV(W("--resume"), W("pts/4"), W("--config-dir=/a"), W("4711"),
                                     W("--config-dir"), W("/b"), W("--all")));
    assert_true(o.command == &command_resume);
    assert_int_equal(o.which_count, 2);
    assert_string_equal(o.which[0], "pts/4");
    assert_string_equal(o.which[1], "4711");
    assert_int_equal(o.config_dir_count, 2);
    assert_string_equal(o.config_dirs[0], "/a");
    assert_string_equal(o.config_dirs[1], "/b");
    assert_true(o.all);
    options_release(&o);
    o = accepted(ARGV(W("--resume"), W("--"), W("--status")));
    assert_true(o.command == &command_resume);
    assert_string_equal(o.which[0], "--status");
    options_release(&o);
    o = accepted(ARGV(W("--status"), W("--status"), W("--time"), W("2.5")));
    assert_true(o.timeout_minutes == 2.5);
    options_release(&o);
}

static void times_are_numbers_of_minutes(void **state)
{
    (void)state;
    struct options o = accepted(ARGV(W("--timeout"), W("0")));
    assert_true(o.timeout_minutes == 0);
    options_release(&o);
    static const char *const wrong[] = {"", "x", "1m", "-1", "nan", "inf", "1e7", "1,5", "1 "};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        refused("--timeout", ARGV(W("--timeout"), W(wrong[i])));
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    refused("--frobnicate", ARGV(W("--frobnicate")));
    refused("-x", ARGV(W("-x")));
    refused("-x", ARGV(W("-qx")));
    refused("--timeout takes a value", ARGV(W("--timeout")));
    refused("--json", ARGV(W("--json=yes")));
    refused("at most one mode", ARGV(W("--status"), W("--resume")));
    refused("'extra'", ARGV(W("extra")));
    refused("'extra'", ARGV(W("--watch"), W("extra")));
    refused("--all", ARGV(W("--all")));
    refused("'gpt'", ARGV(W("--agent"), W("claude,gpt")));
    refused("''", ARGV(W("--agent"), W("claude,")));
    refused("--list and --dry-run", ARGV(W("--export"), W("--list"), W("--dry-run")));
    refused("--list goes with --export", ARGV(W("--status"), W("--list")));
    refused("'gpt'", ARGV(W("--agent"), W("gpt")));
    refused("--config-dir", ARGV(W("--config-dir"), W("")));
    refused("--cwd takes a directory", ARGV(W("--cwd"), W("")));
    refused("--grace takes 0 to 3600 seconds", ARGV(W("--grace"), W("3601")));
}

static void what_does_not_go_together_is_named(void **state)
{
    (void)state;
    refused("--dry-run goes with --export, --repair, --restore, --kill and --revive",
            ARGV(W("--status"), W("--dry-run")));
    refused("--all goes with --resume, --export, --context and --search",
            ARGV(W("--verify"), W("--all")));
    refused("--new-id goes with --restore", ARGV(W("--new-id")));
    refused("--grace goes with --kill and --revive", ARGV(W("--grace"), W("10"), W("--status")));
    refused("--force goes with", ARGV(W("--force"), W("--export")));
    refused("--kill takes one session", ARGV(W("--kill")));
    refused("--revive takes one session", ARGV(W("--revive")));
    refused("('b')", ARGV(W("--kill"), W("a"), W("b")));
    refused("--restore takes one --config-dir",
            ARGV(W("--restore"), W("x"), W("--config-dir=a"), W("--config-dir=b")));
    refused("--all and 'x'", ARGV(W("--export"), W("--all"), W("x")));
}

/* Every line has its text in one column, and fits a terminal. */
static void the_help_is_a_table(void **state)
{
    (void)state;
    struct buf help = {0};
    options_help(&help);
    const char *expected[] = {
        "  --resume [WHICH...]  sessions that can be resumed",
        "  -h, --help           this text\n",
        "  --grace SEC          --kill, --revive: wait",
        "                       also those without a process",
        "  -q, --quiet          no hints",
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        if (!strstr(help.p, expected[i]))
            fail_msg("no '%s' in:\n%s", expected[i], help.p);
    for (const char *line = help.p, *end; (end = strchr(line, '\n')); line = end + 1)
        assert_true(end - line <= 90);
    buf_release(&help);
}

static void help_and_version_ask_for_nothing_else(void **state)
{
    (void)state;
    struct options o = accepted(ARGV(W("-h")));
    assert_true(o.command == &command_help);
    options_release(&o);
    o = accepted(ARGV(W("--version")));
    assert_true(o.command == &command_version);
    options_release(&o);
}

static void how_full_a_window_must_be_is_a_percentage(void **state)
{
    (void)state;
    struct options o = accepted(ARGV(W("--export")));
    assert_true(o.if_context == -1);
    assert_int_equal(o.context_window, 0);
    options_release(&o);
    o = accepted(ARGV(W("--export"), W("--if-context"), W("72.5"), W("--context-window=400000")));
    assert_true(o.if_context == 72.5);
    assert_int_equal(o.context_window, 400000);
    options_release(&o);
    refused("0 to 100 percent", ARGV(W("--export"), W("--if-context"), W("101")));
    refused("0 to 100 percent", ARGV(W("--export"), W("--if-context"), W("nan")));
    refused("goes with --export", ARGV(W("--status"), W("--if-context"), W("75")));
    refused("not '200k'", ARGV(W("--context-window"), W("200k")));
    refused("not '0'", ARGV(W("--context-window"), W("0")));
}

static bool is_an_option(const char *name)
{
    struct option_shape row;
    for (size_t i = 0; options_shape(i, &row); i++)
        if (!row.command && strcmp(row.name, name) == 0)
            return true;
    return false;
}

static void commands_name_options_that_are_there(void **state)
{
    (void)state;
    for (size_t i = 0; i <= COMMANDS; i++) {
        const struct command *c = i < COMMANDS ? commands[i] : &command_none;
        assert_true(!!c->run + !!c->start == 1);
        for (const char *const *at = c->options; at && *at; at++)
            if (!is_an_option(*at))
                fail_msg("--%s names '%s', which is no option", c->name, *at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_mode_none_is_set),
        cmocka_unit_test(options_may_stand_anywhere_and_be_cut_short),
        cmocka_unit_test(times_are_numbers_of_minutes),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(what_does_not_go_together_is_named),
        cmocka_unit_test(the_help_is_a_table),
        cmocka_unit_test(help_and_version_ask_for_nothing_else),
        cmocka_unit_test(how_full_a_window_must_be_is_a_percentage),
        cmocka_unit_test(commands_name_options_that_are_there),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
