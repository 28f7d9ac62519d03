/*
 * A child on a pseudo terminal of the test's own, which is pushed from outside.
 */
#include "live.h"

#include "platform/terminal/terminal.h"
#include "platform/terminal/terminal_push.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>

struct scene {
    int master;
    pid_t child;
    struct proc proc;
    struct proc_stat stat;
};

static int set_up(void **state)
{
    static struct scene s;
    s = (struct scene){.proc = live_proc()};
    s.child = forkpty(&s.master, NULL, NULL, &(struct winsize){.ws_row = 1, .ws_col = 145});
    assert_true(s.child >= 0);
    if (s.child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            pause();
    }
    until(proc_read_stat(&s.proc, s.child, &s.stat) == 0 && s.stat.tty);
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

static struct terminal look(const struct scene *s)
{
    struct terminal t;
    assert_int_equal(terminal_read(&s->proc, s->child, s->stat.tty, &t), 0);
    return t;
}

static void its_raw_mode_is_given_back(void **state)
{
    struct scene *s = *state;
    assert_true(look(s).canonical);
    assert_int_equal(terminal_make_raw(&s->proc, s->child, s->stat.tty), 0);
    struct terminal t = look(s);
    assert_false(t.canonical || t.echo || t.signals || t.stops_output);
    /* a key is there at once, and Ctrl-C is one */
    assert_int_equal(write(s->master, "\x03", 1), 1);
    until(look(s).input_bytes == 1);
    assert_int_equal(waitpid(s->child, NULL, WNOHANG), 0);
}

static void its_size_is_set(void **state)
{
    struct scene *s = *state;
    assert_int_equal(look(s).rows, 1);
    assert_int_equal(terminal_set_size(&s->proc, s->child, s->stat.tty, 24, 145), 0);
    assert_int_equal(look(s).rows, 24);
    assert_int_equal(look(s).columns, 145);
    struct winsize size;
    assert_int_equal(ioctl(s->master, TIOCGWINSZ, &size), 0);
    assert_int_equal(size.ws_row, 24);
}

static void keys_are_typed_where_that_is_allowed(void **state)
{
    struct scene *s = *state;
    assert_int_equal(terminal_make_raw(&s->proc, s->child, s->stat.tty), 0);
    int r = terminal_type(&s->proc, s->child, s->stat.tty, "fg\r", 3);
    if (!terminal_can_type()) {
        assert_true(r == -EPERM || r == -EIO);
        assert_int_equal(look(s).input_bytes, 0);
        skip();
    }
    assert_int_equal(r, 0);
    assert_int_equal(look(s).input_bytes, 3);
}

static void another_terminal_is_not_touched(void **state)
{
    struct scene *s = *state;
    uint64_t other = s->stat.tty + 1;
    assert_int_equal(terminal_make_raw(&s->proc, s->child, other), -ENXIO);
    assert_int_equal(terminal_set_size(&s->proc, s->child, other, 24, 80), -ENXIO);
    assert_int_equal(terminal_type(&s->proc, s->child, other, "x", 1), -ENXIO);
    assert_true(look(s).canonical);
    assert_int_equal(look(s).rows, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(its_raw_mode_is_given_back),
        TEST(its_size_is_set),
        TEST(keys_are_typed_where_that_is_allowed),
        TEST(another_terminal_is_not_touched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
