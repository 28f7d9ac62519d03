#include "live.h"

#include "platform/terminal/terminal_hold.h"

#include <fcntl.h>
#include <pty.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <termios.h>

/*
 * A terminal with a shell (the leader of its session) and a client, which has a
 * group of its own in front and made the terminal raw.
 */
struct scene {
    struct proc proc;
    int master;
    pid_t shell, client;
    struct termios before;
    bool shell_comes_back; /* takes the terminal when the client has ended */
};

static void wait_for_ever(void)
{
    for (;;)
        pause();
}

static void be_client(void)
{
    struct termios modes;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGTTOU, SIG_IGN);
    setpgid(0, 0);
    tcsetpgrp(0, getpid());
    tcgetattr(0, &modes);
    cfmakeraw(&modes);
    modes.c_oflag |= OPOST | ONLCR; /* as clients do */
    tcsetattr(0, TCSANOW, &modes);
    if (write(1, "up", 2) == 2)
        wait_for_ever();
}

static void be_shell(const void *context)
{
    const struct scene *s = context;
    signal(SIGTTOU, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    pid_t client = fork();
    if (client == 0)
        be_client();
    waitpid(client, NULL, 0);
    if (s->shell_comes_back)
        tcsetpgrp(0, getpid());
    wait_for_ever();
}

static pid_t child_of(const struct proc *proc, pid_t parent)
{
    struct arena scratch = {0};
    pid_t *pids, found = 0;
    size_t count;
    if (proc_read_children(proc, parent, &scratch, &pids, &count) == 0 && count)
        found = pids[0];
    arena_release(&scratch);
    return found;
}

static bool is_raw(int fd)
{
    struct termios modes;
    return tcgetattr(fd, &modes) == 0 && !(modes.c_lflag & ICANON);
}

static struct scene *begin(bool shell_comes_back)
{
    static struct scene s;
    s = (struct scene){.proc = live_proc(), .shell_comes_back = shell_comes_back};
    pid_t test = getpid();
    s.shell = forkpty(&s.master, NULL, NULL, NULL);
    assert_true(s.shell >= 0);
    if (s.shell == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == test)
            be_shell(&s);
        _exit(1);
    }
    assert_int_equal(tcgetattr(s.master, &s.before), 0);
    /* what the client says once all is set */
    char said[2];
    size_t n = 0;
    while (n < sizeof said) {
        ssize_t got = read(s.master, said + n, sizeof said - n);
        assert_true(got > 0);
        n += (size_t)got;
    }
    assert_memory_equal(said, "up", 2);
    s.client = child_of(&s.proc, s.shell);
    assert_true(s.client > 0);
    fcntl(s.master, F_SETFL, O_NONBLOCK);
    return &s;
}

static void end(struct scene *s)
{
    kill(s->client, SIGKILL); /* the shell's child; not reused while the shell has not ended */
    live_end(s->shell);
    close(s->master);
    proc_close(&s->proc);
}

static void kill_client(struct scene *s)
{
    kill(s->client, SIGKILL);
    until(child_of(&s->proc, s->shell) == 0);
}

static size_t heard(const struct scene *s, char *bytes, size_t size)
{
    ssize_t n = read(s->master, bytes, size - 1);
    bytes[n > 0 ? n : 0] = '\0';
    return n > 0 ? (size_t)n : 0;
}

static void a_terminal_that_was_left_raw_is_as_it_was_before(void **state)
{
    (void)state;
    struct scene *s = begin(true);
    struct terminal_hold hold;
    struct termios after;
    char said[1024];
    assert_true(is_raw(s->master));
    assert_int_equal(terminal_hold_open(&s->proc, s->client, &hold), 0);
    kill_client(s);
    assert_true(is_raw(s->master));

    assert_int_equal(terminal_hold_restore(&s->proc, &hold, true), TERMINAL_RESTORED);
    assert_int_equal(tcgetattr(s->master, &after), 0);
    assert_int_equal(after.c_iflag, s->before.c_iflag);
    assert_int_equal(after.c_oflag, s->before.c_oflag);
    assert_int_equal(after.c_cflag, s->before.c_cflag);
    assert_int_equal(after.c_lflag, s->before.c_lflag);
    heard(s, said, sizeof said);
    assert_non_null(strstr(said, "\x1b[?2004l"));
    assert_non_null(strstr(said, "\x1b[?1006l"));
    assert_non_null(strstr(said, "\x1b[<u"));
    assert_non_null(strstr(said, "\x1b[?25h"));
    terminal_hold_close(&hold);
    end(s);
}

static void one_that_was_put_in_order_is_not_written_to(void **state)
{
    (void)state;
    struct scene *s = begin(true);
    struct terminal_hold hold;
    char said[64];
    assert_int_equal(terminal_hold_open(&s->proc, s->client, &hold), 0);
    assert_int_equal(tcsetattr(s->master, TCSANOW, &s->before), 0);
    kill_client(s);
    assert_int_equal(terminal_hold_restore(&s->proc, &hold, false), TERMINAL_WAS_FINE);
    assert_int_equal(heard(s, said, sizeof said), 0);
    terminal_hold_close(&hold);
    end(s);
}

/* bash sets its own modes when its job is killed; the reports are still on. */
static void reports_are_switched_off_where_the_shell_has_set_its_modes(void **state)
{
    (void)state;
    struct scene *s = begin(true);
    struct terminal_hold hold;
    struct termios line_editor = s->before, after;
    char said[1024];
    line_editor.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    assert_int_equal(terminal_hold_open(&s->proc, s->client, &hold), 0);
    kill_client(s);
    assert_int_equal(tcsetattr(s->master, TCSANOW, &line_editor), 0);
    assert_int_equal(terminal_hold_restore(&s->proc, &hold, true), TERMINAL_RESTORED);
    assert_int_equal(tcgetattr(s->master, &after), 0);
    assert_int_equal(after.c_lflag, line_editor.c_lflag);
    heard(s, said, sizeof said);
    assert_non_null(strstr(said, "\x1b[?1000l"));
    terminal_hold_close(&hold);
    end(s);
}

static void one_with_another_program_in_front_is_left_alone(void **state)
{
    (void)state;
    struct scene *s = begin(false);
    struct terminal_hold hold;
    char said[64];
    assert_int_equal(terminal_hold_open(&s->proc, s->client, &hold), 0);
    kill_client(s);
    assert_int_equal(terminal_hold_restore(&s->proc, &hold, true), TERMINAL_IN_USE);
    assert_true(is_raw(s->master));
    assert_int_equal(heard(s, said, sizeof said), 0);
    terminal_hold_close(&hold);
    end(s);
}

static void what_was_typed_at_a_hung_client_does_not_reach_the_shell(void **state)
{
    (void)state;
    struct scene *s = begin(true);
    struct terminal_hold hold;
    int left;
    assert_int_equal(write(s->master, "rm -r x\r", 8), 8);
    assert_int_equal(terminal_hold_open(&s->proc, s->client, &hold), 0);
    until(ioctl(hold.fd, TIOCINQ, &left) == 0 && left == 8);
    assert_int_equal(terminal_hold_discard_input(&hold), 8);
    assert_int_equal(ioctl(hold.fd, TIOCINQ, &left), 0);
    assert_int_equal(left, 0);
    assert_int_equal(terminal_hold_discard_input(&hold), 0);
    terminal_hold_close(&hold);
    end(s);
}

static void the_terminal_of_a_session_leader_goes_with_it(void **state)
{
    (void)state;
    struct scene *s = begin(true);
    struct terminal_hold hold;
    assert_int_equal(terminal_hold_open(&s->proc, s->shell, &hold), 0);
    assert_true(hold.is_leader);
    assert_int_equal(terminal_hold_restore(&s->proc, &hold, true), TERMINAL_IS_GONE);
    terminal_hold_close(&hold);
    end(s);
}

static void a_process_without_a_terminal_has_none_to_hold(void **state)
{
    (void)state;
    struct proc proc = live_proc();
    struct terminal_hold hold = {.fd = -7};
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setsid();
        wait_for_ever();
    }
    struct proc_stat stat;
    until(proc_read_stat(&proc, child, &stat) == 0 && stat.tty == 0 && stat.state == 'S');
    assert_int_equal(terminal_hold_open(&proc, child, &hold), -ENXIO);
    assert_int_equal(hold.fd, -7);
    live_end(child);
    proc_close(&proc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_terminal_that_was_left_raw_is_as_it_was_before),
        cmocka_unit_test(one_that_was_put_in_order_is_not_written_to),
        cmocka_unit_test(reports_are_switched_off_where_the_shell_has_set_its_modes),
        cmocka_unit_test(one_with_another_program_in_front_is_left_alone),
        cmocka_unit_test(what_was_typed_at_a_hung_client_does_not_reach_the_shell),
        cmocka_unit_test(the_terminal_of_a_session_leader_goes_with_it),
        cmocka_unit_test(a_process_without_a_terminal_has_none_to_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
