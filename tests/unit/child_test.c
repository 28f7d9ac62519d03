/*
 * A parent that ends between fork and the moment from which its child is told:
 * prctl of this file stands in place of the library's, and lets that happen.
 */
#include "live.h"

#include "platform/guard.h"
#include "platform/process/child.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>

/* Shared with those that are forked. */
struct shared {
    volatile bool is_delayed, has_arrived, may_go, has_worked;
    volatile pid_t child;
};

static struct shared *shared;

int prctl(int option, ...)
{
    va_list args;
    va_start(args, option);
    unsigned long argument = va_arg(args, unsigned long);
    va_end(args);
    if (option == PR_SET_PDEATHSIG && shared && shared->is_delayed && argument == SIGTERM) {
        shared->child = getpid();
        shared->has_arrived = true;
        until(shared->may_go);
    }
    return (int)syscall(SYS_prctl, option, argument, 0, 0, 0);
}

static int set_up(void **state)
{
    (void)state;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    /* whoever loses its parent becomes ours, so that its end can be waited for */
    return shared == MAP_FAILED || syscall(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0;
}

static int tear_down(void **state)
{
    (void)state;
    return munmap(shared, sizeof *shared);
}

static int work(struct guard *g, const char *const *stuck, size_t stuck_count, void *context)
{
    (void)g;
    (void)stuck;
    (void)stuck_count;
    (void)context;
    shared->has_worked = true;
    return 0;
}

static void run_guarded(const void *context)
{
    (void)context;
    guard_run(work, NULL, 100000, NULL);
}

static void run_alone(const void *context)
{
    (void)context;
    if (child_fork() == 0) {
        shared->has_worked = true;
        _exit(0);
    }
    pause();
}

static void lose_parent(void (*run)(const void *))
{
    shared->is_delayed = true;
    pid_t parent = live_start(run, NULL);
    until(shared->has_arrived);
    live_end(parent);
    shared->may_go = true;
    int status;
    assert_int_equal(waitpid(shared->child, &status, 0), shared->child);
    assert_false(shared->has_worked);
}

static void a_child_that_has_lost_its_parent_does_nothing(void **state)
{
    (void)state;
    lose_parent(run_alone);
}

static void nor_does_one_that_is_watched_over(void **state)
{
    (void)state;
    lose_parent(run_guarded);
}

static void one_that_has_a_parent_works(void **state)
{
    (void)state;
    assert_int_equal(guard_run(work, NULL, 100000, NULL), 0);
    assert_true(shared->has_worked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_child_that_has_lost_its_parent_does_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nor_does_one_that_is_watched_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_has_a_parent_works, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
