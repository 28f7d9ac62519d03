/* When the word fg may be typed into a shell: what it would bring back, in captured copies. */
#include "scratch.h"

#include "control/keyboard.h"

static struct arena arena;

static int clean_up(void **state)
{
    arena_release(&arena);
    return scratch_teardown(state);
}

enum { TTY = 34817, SHELL = 200, CLIENT = 300 };

/* A job of the shell's terminal, in which the shell is in front. */
static void put(int pid, int ppid, const char *name, char run_state)
{
    char file[32], text[256];
    snprintf(file, sizeof file, "%d/stat", pid);
    snprintf(text, sizeof text, "%d (%s) %c %d %d %d %d %d 0 0 0 0 0 1 1 0 0 20 0 1 0 %d 0 0 0\n",
             pid, name, run_state, ppid, pid, SHELL, TTY, SHELL, pid);
    scratch_put(file, text);
}

static void put_children(const char *children)
{
    char name[64];
    snprintf(name, sizeof name, "%d/task/%d/children", SHELL, SHELL);
    scratch_put(name, children);
}

static const char *why_not(void)
{
    struct proc proc;
    struct proc_stat client;
    assert_int_equal(proc_open(&proc, scratch_path, NULL), 0);
    assert_int_equal(proc_read_stat(&proc, CLIENT, &client), 0);
    const struct pinned_session subject = {.proc = &proc};
    const char *why = keyboard_why_not_fg(&subject, &arena, &client);
    proc_close(&proc);
    return why;
}

static void fg_is_typed_where_it_can_mean_the_client_alone(void **state)
{
    (void)state;
    put(SHELL, 1, "bash", 'S');
    put(CLIENT, SHELL, "2.1.197", 'T');
    put_children("300 ");
    assert_null(why_not());
    put(400, SHELL, "vim", 'S');
    put_children("300 400 ");
    assert_null(why_not());
    put(400, SHELL, "vim", 'T');
    assert_string_equal(why_not(), "other jobs of that shell are stopped, too");
}

/* As sudo is with hidepid: a process that the kernel names, and nobody shows. */
static void not_where_a_job_of_the_shell_is_hidden(void **state)
{
    (void)state;
    put(SHELL, 1, "bash", 'S');
    put(CLIENT, SHELL, "2.1.197", 'T');
    put_children("300 500 ");
    assert_non_null(why_not());
}

/* As with hidepid=1 there always are. */
static void a_process_of_somebody_else_that_cannot_be_read_is_no_job_of_it(void **state)
{
    (void)state;
    put(SHELL, 1, "bash", 'S');
    put(CLIENT, SHELL, "2.1.197", 'T');
    put_children("300 ");
    scratch_put("900/stat/is a folder", "");
    assert_null(why_not());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fg_is_typed_where_it_can_mean_the_client_alone,
                                        scratch_setup, clean_up),
        cmocka_unit_test_setup_teardown(not_where_a_job_of_the_shell_is_hidden, scratch_setup,
                                        clean_up),
        cmocka_unit_test_setup_teardown(
            a_process_of_somebody_else_that_cannot_be_read_is_no_job_of_it, scratch_setup,
            clean_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
