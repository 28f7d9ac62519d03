/*
 * A tmux server of the test's own, with one pane in which cat(1) runs.
 */
#include "live.h"
#include "scratch.h"

#include "platform/process/program.h"
#include "platform/terminal/tmux.h"

static struct tmux tmux;
static char tty[64];

static void run(const char *words)
{
    const char *command =
        arena_printf(&scratch_arena, "%s -f /dev/null -S %s %s", tmux.program, tmux.socket, words);
    if (system(command) != 0)
        fail_msg("failed: %s", command);
}

static int set_up(void **state)
{
    int r = scratch_setup(state);
    const char *path = "/usr/local/bin:/usr/bin:/bin";
    if (r != 0 || !program_find(&scratch_arena, "tmux", path))
        return r;
    struct sr_multiplexer m = {"tmux", arena_strdup(&scratch_arena, scratch("socket")), "%0"};
    assert_int_equal(tmux_open(&scratch_arena, &m, path, &tmux), 0);
    unsetenv("TMUX");
    run("new-session -d -x 80 -y 24 'exec cat'");
    run(arena_printf(&scratch_arena, "display-message -p -t %%0 '#{pane_tty}' >%s/tty",
                     scratch_path));
    struct sv text = scratch_read("tty");
    snprintf(tty, sizeof tty, "%.*s", (int)(text.n - 6), text.p + 5); /* "/dev/pts/4\n" */
    return 0;
}

static int tear_down(void **state)
{
    if (tmux.program)
        run("kill-server");
    return scratch_teardown(state);
}

static void need_tmux(void)
{
    if (!tmux.program)
        skip();
}

static bool shows(const char *words)
{
    const char *screen;
    return tmux_screen(&tmux, &scratch_arena, tty, &screen) == 0 && strstr(screen, words);
}

static void a_pane_is_known_by_its_terminal(void **state)
{
    (void)state;
    need_tmux();
    assert_true(tmux_has_terminal(&tmux, &scratch_arena, tty));
    assert_false(tmux_has_terminal(&tmux, &scratch_arena, "pts/99999"));
    assert_false(tmux_has_terminal(&tmux, &scratch_arena, NULL));
}

static void keys_arrive_even_where_it_was_scrolled_back(void **state)
{
    (void)state;
    need_tmux();
    assert_int_equal(tmux_type(&tmux, &scratch_arena, (const char *[]){"o", "n", "e", NULL}), 0);
    until(shows("one"));
    run("copy-mode -t %0");
    assert_int_equal(tmux_type(&tmux, &scratch_arena, (const char *[]){"t", "w", "o", NULL}), 0);
    until(shows("onetwo"));
}

static void what_is_no_pane_is_an_error(void **state)
{
    (void)state;
    need_tmux();
    struct tmux gone = tmux;
    gone.pane = "%77";
    assert_true(tmux_type(&gone, &scratch_arena, (const char *[]){"x", NULL}) < 0);
    gone.socket = scratch("none");
    assert_true(tmux_type(&gone, &scratch_arena, (const char *[]){"x", NULL}) < 0);
    assert_false(tmux_has_terminal(&gone, &scratch_arena, tty));
    const char *screen = "untouched";
    assert_true(tmux_screen(&gone, &scratch_arena, tty, &screen) < 0);
    assert_int_equal(tmux_screen(&tmux, &scratch_arena, "pts/99999", &screen), -ENOENT);
    assert_int_equal(tmux_screen(&tmux, &scratch_arena, NULL, &screen), -ENOENT);
    assert_string_equal(screen, "untouched");
    struct sr_multiplexer other = {"screen", "1234.pts-3.box", "0"};
    assert_int_equal(tmux_open(&scratch_arena, &other, "/usr/bin", &gone), -ENOENT);
}

/* A server that is stopped holds nobody up. */
static void a_server_that_does_not_answer_is_given_up(void **state)
{
    (void)state;
    need_tmux();
    const char *screen;
    run(arena_printf(&scratch_arena, "display-message -p '#{pid}' >%s/pid", scratch_path));
    struct sv text = scratch_read("pid");
    pid_t server = atoi(arena_strndup(&scratch_arena, text.p, text.n));
    assert_int_equal(kill(server, SIGSTOP), 0);
    int r = tmux_screen(&tmux, &scratch_arena, tty, &screen);
    kill(server, SIGCONT);
    assert_int_equal(r, -ETIMEDOUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pane_is_known_by_its_terminal),
        cmocka_unit_test(keys_arrive_even_where_it_was_scrolled_back),
        cmocka_unit_test(what_is_no_pane_is_an_error),
        cmocka_unit_test(a_server_that_does_not_answer_is_given_up),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
