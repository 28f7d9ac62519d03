#include "live.h"

#include "platform/terminal/multiplexer.h"

static struct arena arena;

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static bool find(const char *const *variables, size_t count, pid_t ppid, struct sr_multiplexer *out)
{
    struct proc proc = captured_proc("machine");
    struct proc_strings environment = {variables, count};
    bool found = multiplexer_find(&proc, &environment, ppid, &arena, out);
    proc_close(&proc);
    return found;
}

static void a_client_in_a_pane_is_found_there(void **state)
{
    (void)state;
    struct proc proc = captured_proc("machine");
    struct proc_strings environment;
    struct proc_stat stat;
    struct sr_multiplexer m;
    assert_int_equal(proc_read_environ(&proc, 8717, &arena, &environment), 0);
    assert_int_equal(proc_read_stat(&proc, 8717, &stat), 0);
    assert_true(multiplexer_find(&proc, &environment, stat.ppid, &arena, &m));
    assert_string_equal(m.kind, "tmux");
    assert_string_equal(m.server, "/tmp/tmux-0/default");
    assert_string_equal(m.pane, "%1");
    proc_close(&proc);
}

static void inherited_variables_are_not_believed(void **state)
{
    (void)state;
    const char *const variables[] = {"TMUX=/tmp/tmux-0/default,8710,0", "TMUX_PANE=%0"};
    struct sr_multiplexer m;
    /* the parent of 8722 is no descendant of the server */
    assert_false(find(variables, 2, 8704, &m));
    assert_false(find(variables, 2, 1, &m));
    assert_true(find(variables, 2, 8714, &m));
}

static void a_server_without_a_pane_is_not_enough(void **state)
{
    (void)state;
    const char *const variables[] = {"TMUX=/tmp/tmux-0/default,8710,0"};
    struct sr_multiplexer m;
    assert_false(find(variables, 1, 8714, &m));
}

static void variables_of_another_multiplexer_do_not_pass_for_this_one(void **state)
{
    (void)state;
    const char *const variables[] = {"STY=1234.pts-3.box", "WINDOW=0", "ZELLIJ_SESSION_NAME=w",
                                     "ZELLIJ_PANE_ID=1"};
    struct sr_multiplexer m;
    assert_false(find(variables, 4, 8714, &m));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_client_in_a_pane_is_found_there, release),
        cmocka_unit_test_teardown(inherited_variables_are_not_believed, release),
        cmocka_unit_test_teardown(a_server_without_a_pane_is_not_enough, release),
        cmocka_unit_test_teardown(variables_of_another_multiplexer_do_not_pass_for_this_one,
                                  release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
