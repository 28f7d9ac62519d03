#include "live.h"

#include "platform/terminal/terminal.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>

/* A terminal and a process in its foreground. */
struct scene {
    struct proc proc;
    int master;
    char name[64];
    uint64_t device;
    pid_t child;
};

static void use_terminal(const void *context)
{
    const struct scene *s = context;
    signal(SIGHUP, SIG_IGN);
    setsid();
    close(s->master);
    int fd = open(s->name, O_RDWR); /* a session's first terminal becomes its own */
    dup2(fd, 0);
    for (;;)
        pause();
}

static int set_up(void **state)
{
    static struct scene s;
    int slave;
    struct winsize size = {.ws_row = 40, .ws_col = 100};
    struct stat st;
    s.proc = live_proc();
    if (openpty(&s.master, &slave, s.name, NULL, &size) < 0 || fstat(slave, &st) < 0)
        return -1;
    s.device = st.st_rdev;
    s.child = live_start(use_terminal, &s);
    struct proc_stat stat;
    until(proc_read_stat(&s.proc, s.child, &stat) == 0 && stat.tty == s.device &&
          stat.state == 'S');
    close(slave);
    *state = &s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    live_end(s->child);
    close(s->master);
    proc_close(&s->proc);
    return 0;
}

static void size_modes_and_foreground_are_read(void **state)
{
    struct scene *s = *state;
    struct terminal t;
    assert_int_equal(terminal_read(&s->proc, s->child, s->device, &t), 0);
    assert_int_equal(t.rows, 40);
    assert_int_equal(t.columns, 100);
    assert_true(t.canonical);
    assert_true(t.echo);
    assert_true(t.signals);
    assert_true(t.stops_output);
    assert_int_equal(t.input_bytes, 0);
    assert_int_equal(t.foreground_pgrp, s->child);
}

static void a_raw_terminal_is_told_from_a_canonical_one(void **state)
{
    struct scene *s = *state;
    struct terminal t;
    struct termios modes;
    assert_int_equal(tcgetattr(s->master, &modes), 0);
    cfmakeraw(&modes);
    assert_int_equal(tcsetattr(s->master, TCSANOW, &modes), 0);
    assert_int_equal(terminal_read(&s->proc, s->child, s->device, &t), 0);
    assert_false(t.canonical);
    assert_false(t.echo);
    assert_false(t.signals);
    assert_false(t.stops_output);
}

static int64_t input_bytes(const struct scene *s)
{
    struct terminal t;
    assert_int_equal(terminal_read(&s->proc, s->child, s->device, &t), 0);
    return t.input_bytes;
}

static void what_was_typed_and_not_read_is_counted(void **state)
{
    struct scene *s = *state;
    assert_int_equal(write(s->master, "yes", 3), 3);
    assert_int_equal(input_bytes(s), 0); /* no line yet */
    assert_int_equal(write(s->master, "\n", 1), 1);
    until(input_bytes(s) == 4);
}

static void looking_changes_nothing(void **state)
{
    struct scene *s = *state;
    struct terminal t;
    struct proc_stat before, after;
    struct termios modes_before = {0}, modes_after = {0};
    assert_int_equal(tcgetattr(s->master, &modes_before), 0);
    assert_int_equal(proc_read_stat(&s->proc, getpid(), &before), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(terminal_read(&s->proc, s->child, s->device, &t), 0);
    assert_int_equal(proc_read_stat(&s->proc, getpid(), &after), 0);
    assert_int_equal(before.tty, after.tty);
    assert_int_equal(tcgetattr(s->master, &modes_after), 0);
    assert_memory_equal(&modes_before, &modes_after, sizeof modes_before);
    /* not hung up: the master would read an error */
    char byte;
    fcntl(s->master, F_SETFL, O_NONBLOCK);
    assert_int_equal(read(s->master, &byte, 1), -1);
    assert_int_equal(errno, EAGAIN);
}

static void a_session_leader_does_not_get_it_for_its_own(void **state)
{
    struct scene *s = *state;
    int master, slave;
    struct stat st;
    /* one that is no session's: whoever leads a session and opens it carelessly gets it */
    assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
    assert_int_equal(fstat(slave, &st), 0);
    pid_t holder = getpid(), pid = fork();
    if (pid == 0) {
        struct terminal t;
        struct proc_stat self;
        setsid();
        int r = terminal_read(&s->proc, holder, st.st_rdev, &t);
        _exit(r == 0 && proc_read_stat(&s->proc, getpid(), &self) == 0 && self.tty == 0 ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 0);
    close(slave);
    close(master);
}

static void another_device_is_not_taken_for_it(void **state)
{
    struct scene *s = *state;
    struct terminal t = {.rows = -1};
    assert_int_equal(terminal_read(&s->proc, s->child, s->device + 1, &t), -ENXIO);
    assert_int_equal(terminal_read(&s->proc, s->child, 0, &t), -ENXIO);
    assert_int_equal(t.rows, -1);
}

static void a_terminal_whose_other_side_is_gone_is_hung_up(void **state)
{
    struct scene *s = *state;
    struct terminal t;
    close(s->master);
    until(terminal_read(&s->proc, s->child, s->device, &t) == -EIO);
    s->master = -1;
}

static void a_process_that_is_gone_has_none(void **state)
{
    struct scene *s = *state;
    struct terminal t;
    pid_t gone = live_start(use_terminal, s);
    live_end(gone);
    assert_int_equal(terminal_read(&s->proc, gone, s->device, &t), -ESRCH);
}

static void links_of_a_captured_process_are_not_followed(void **state)
{
    (void)state;
    struct proc proc = captured_proc("machine");
    struct terminal t;
    struct proc_stat stat;
    assert_int_equal(proc_read_stat(&proc, 8717, &stat), 0);
    assert_int_equal(terminal_read(&proc, 8717, stat.tty, &t), -ENXIO);
    proc_close(&proc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(size_modes_and_foreground_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_raw_terminal_is_told_from_a_canonical_one, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_was_typed_and_not_read_is_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(looking_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_session_leader_does_not_get_it_for_its_own, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(another_device_is_not_taken_for_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_terminal_whose_other_side_is_gone_is_hung_up, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_process_that_is_gone_has_none, set_up, tear_down),
        cmocka_unit_test(links_of_a_captured_process_are_not_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
