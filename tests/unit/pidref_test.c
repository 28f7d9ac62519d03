#include "live.h"

#include "base/io/fs.h"
#include "platform/process/pidref.h"

#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/syscall.h>

/* In place of the library's: a kernel that has no memory left for it. */
static bool poll_fails;

int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    if (!poll_fails)
        return (int)syscall(SYS_poll, fds, count, timeout_ms);
    errno = ENOMEM;
    return -1;
}

static void wait_for_a_signal(const void *context)
{
    (void)context;
    for (;;)
        pause();
}

static void ignore_sigterm(const void *context)
{
    signal(SIGTERM, SIG_IGN);
    wait_for_a_signal(context);
}

static struct proc_stat stat_of(const struct proc *proc, pid_t pid)
{
    struct proc_stat stat;
    until(proc_read_stat(proc, pid, &stat) == 0 && stat.state == 'S');
    return stat;
}

/* Ended by a signal, and not yet collected by us. */
static void until_ended(pid_t pid)
{
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static void the_process_that_was_seen_is_signalled(void **state)
{
    (void)state;
    struct proc proc = live_proc();
    struct proc_stat now;
    struct pidref p;
    pid_t child = live_start(wait_for_a_signal, NULL);
    uint64_t start = stat_of(&proc, child).start_ticks;

    assert_int_equal(pidref_open(&proc, child, start, &p), 0);
    assert_int_equal(pidref_look(&p, &proc, &now), 0);
    assert_int_equal(now.pid, child);
    assert_int_equal(pidref_has_ended(&p), FACT_NO);
    assert_int_equal(pidref_signal(&p, SIGTERM), 0);
    assert_int_equal(pidref_wait(&p, 30000), FACT_YES);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    pidref_close(&p);
    proc_close(&proc);
}

static void another_process_with_that_pid_is_not_taken_for_it(void **state)
{
    (void)state;
    struct proc proc = live_proc();
    struct pidref p = {.fd = -7};
    pid_t child = live_start(wait_for_a_signal, NULL);
    uint64_t start = stat_of(&proc, child).start_ticks;

    assert_int_equal(pidref_open(&proc, child, start + 1, &p), -ESRCH);
    assert_int_equal(pidref_open(&proc, child, start - 1, &p), -ESRCH);
    assert_int_equal(p.fd, -7);
    live_end(child);
    proc_close(&proc);
}

/* The number now belongs to another, by all that the files of that pid say: it is not reached. */
static void a_pid_that_was_given_away_is_not_reached(void **state)
{
    (void)state;
    struct proc proc = live_proc();
    struct proc_stat now;
    struct pidref p;
    pid_t first = live_start(wait_for_a_signal, NULL);
    pid_t second = live_start(wait_for_a_signal, NULL);
    assert_int_equal(pidref_open(&proc, first, stat_of(&proc, first).start_ticks, &p), 0);
    live_end(first);
    p.pid = second;
    p.start_ticks = stat_of(&proc, second).start_ticks;

    assert_int_equal(pidref_look(&p, &proc, &now), -ESRCH);
    assert_int_equal(pidref_signal(&p, SIGKILL), -ESRCH);
    assert_int_equal(stat_of(&proc, second).pid, second);
    pidref_close(&p);
    live_end(second);
    proc_close(&proc);
}

static void a_process_that_ignores_the_signal_is_waited_for_in_bounds(void **state)
{
    (void)state;
    struct proc proc = live_proc();
    struct pidref p;
    pid_t child = live_start(ignore_sigterm, NULL);
    assert_int_equal(pidref_open(&proc, child, stat_of(&proc, child).start_ticks, &p), 0);
    struct awake before = awake_now();
    assert_int_equal(pidref_signal(&p, SIGTERM), 0);
    assert_int_equal(pidref_wait(&p, 50), FACT_NO);
    assert_true(awake_now().ns - before.ns >= 50 * 1000000);
    pidref_close(&p);
    live_end(child);
    proc_close(&proc);
}

static void one_that_cannot_be_waited_for_has_not_ended(void **state)
{
    (void)state;
    struct proc proc = live_proc();
    struct proc_stat now;
    struct pidref p;
    pid_t child = live_start(wait_for_a_signal, NULL);
    assert_int_equal(pidref_open(&proc, child, stat_of(&proc, child).start_ticks, &p), 0);
    poll_fails = true;
    struct awake before = awake_now();
    assert_int_equal(pidref_wait(&p, 50), FACT_UNKNOWN);
    assert_true(awake_now().ns - before.ns >= 50 * 1000000); /* who asks in a loop does not spin */
    assert_int_equal(pidref_has_ended(&p), FACT_UNKNOWN);
    assert_int_equal(pidref_look(&p, &proc, &now), -EIO);
    poll_fails = false;
    assert_int_equal(pidref_has_ended(&p), FACT_NO);
    pidref_close(&p);
    assert_int_equal(pidref_has_ended(&p), FACT_UNKNOWN); /* nothing to ask by */
    live_end(child);
    proc_close(&proc);
}

/* hidepid: its files are missing while it lives. A copy of /proc that is empty shows as little. */
static void one_that_is_not_shown_has_not_ended(void **state)
{
    (void)state;
    struct proc proc = live_proc(), empty = captured_proc("machine");
    struct proc_stat now;
    struct pidref p, again = {.fd = -7};
    pid_t child = live_start(wait_for_a_signal, NULL);
    uint64_t start = stat_of(&proc, child).start_ticks;
    assert_int_equal(pidref_open(&proc, child, start, &p), 0);
    fs_close(&empty.fd);
    empty.fd = open("/var/empty", O_RDONLY | O_DIRECTORY);
    if (empty.fd < 0)
        empty.fd = open("src", O_RDONLY | O_DIRECTORY);
    empty.is_live = true;
    assert_int_equal(pidref_look(&p, &empty, &now), -EACCES);
    assert_int_equal(pidref_open(&empty, child, start, &again), -EACCES);
    assert_int_equal(again.fd, -7);
    kill(child, SIGKILL);
    until_ended(child);
    assert_int_equal(pidref_look(&p, &empty, &now), -ESRCH);
    live_end(child);
    assert_int_equal(pidref_open(&empty, child, start, &again), -ESRCH);
    pidref_close(&p);
    proc_close(&empty);
    proc_close(&proc);
}

static void the_kernel_says_whether_there_is_a_process(void **state)
{
    (void)state;
    struct proc proc = live_proc(), captured = captured_proc("machine");
    pid_t child = live_start(wait_for_a_signal, NULL);
    assert_int_equal(pidref_is_there(&proc, child), FACT_YES);
    assert_int_equal(pidref_is_there(&proc, 1), FACT_YES); /* another user's, maybe */
    assert_int_equal(pidref_is_there(&captured, child), FACT_UNKNOWN);
    assert_int_equal(pidref_is_there(&proc, 0), FACT_UNKNOWN); /* kill() would mean our group */
    assert_int_equal(pidref_is_there(&proc, -1), FACT_UNKNOWN);
    live_end(child);
    assert_int_equal(pidref_is_there(&proc, child), FACT_NO);
    proc_close(&captured);
    proc_close(&proc);
}

static void one_that_nobody_collects_has_ended(void **state)
{
    (void)state;
    struct proc proc = live_proc();
    struct proc_stat now;
    struct pidref p;
    pid_t child = live_start(wait_for_a_signal, NULL);
    uint64_t start = stat_of(&proc, child).start_ticks;
    assert_int_equal(pidref_open(&proc, child, start, &p), 0);
    kill(child, SIGKILL);
    until_ended(child);

    assert_int_equal(proc_read_stat(&proc, child, &now), 0);
    assert_int_equal(now.state, 'Z');
    assert_int_equal(pidref_look(&p, &proc, &now), -ESRCH);
    assert_int_equal(pidref_has_ended(&p), FACT_YES);
    struct pidref again = {.fd = -7};
    assert_int_equal(pidref_open(&proc, child, start, &again), -ESRCH);
    assert_int_equal(again.fd, -7);
    live_end(child);
    assert_int_equal(pidref_open(&proc, child, start, &again), -ESRCH);
    pidref_close(&p);
    proc_close(&proc);
}

static void no_process_of_a_captured_machine_is_one_of_ours(void **state)
{
    (void)state;
    struct proc proc = captured_proc("machine");
    struct proc_stat stat;
    struct pidref p = {.fd = -7};
    assert_int_equal(proc_read_stat(&proc, 8716, &stat), 0);
    assert_int_equal(pidref_open(&proc, 8716, stat.start_ticks, &p), -ESRCH);
    assert_int_equal(p.fd, -7);
    proc_close(&proc);
}

static void no_group_and_not_everybody_can_be_meant(void **state)
{
    (void)state;
    struct proc proc = live_proc();
    struct pidref p = {.fd = -7};
    assert_int_equal(pidref_open(&proc, 0, 1, &p), -ESRCH);
    assert_int_equal(pidref_open(&proc, -1, 1, &p), -ESRCH);
    assert_int_equal(p.fd, -7);
    proc_close(&proc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_process_that_was_seen_is_signalled),
        cmocka_unit_test(another_process_with_that_pid_is_not_taken_for_it),
        cmocka_unit_test(a_pid_that_was_given_away_is_not_reached),
        cmocka_unit_test(a_process_that_ignores_the_signal_is_waited_for_in_bounds),
        cmocka_unit_test(one_that_cannot_be_waited_for_has_not_ended),
        cmocka_unit_test(one_that_is_not_shown_has_not_ended),
        cmocka_unit_test(the_kernel_says_whether_there_is_a_process),
        cmocka_unit_test(one_that_nobody_collects_has_ended),
        cmocka_unit_test(no_process_of_a_captured_machine_is_one_of_ours),
        cmocka_unit_test(no_group_and_not_everybody_can_be_meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
