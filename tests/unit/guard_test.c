#include "live.h"

#include "platform/guard.h"

#include <sys/mman.h>

/* Shared with the children that guard_run starts. */
struct record {
    pid_t pids[32];
    size_t runs;
    size_t stuck_count; /* in the last run */
    char stuck[2][64];
};

static struct record *record;

static int share(void **state)
{
    (void)state;
    record = mmap(NULL, sizeof *record, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return record == MAP_FAILED;
}

static int unshare_record(void **state)
{
    (void)state;
    return munmap(record, sizeof *record);
}

static void note_run(const char *const *stuck, size_t stuck_count)
{
    record->pids[record->runs++ % 32] = getpid();
    record->stuck_count = stuck_count;
    for (size_t i = 0; i < stuck_count && i < 2; i++)
        snprintf(record->stuck[i], sizeof record->stuck[i], "%s", stuck[i]);
}

static bool is_listed(const char *const *stuck, size_t stuck_count, const char *path)
{
    for (size_t i = 0; i < stuck_count; i++)
        if (str_equals(stuck[i], path))
            return true;
    return false;
}

/* Reads three paths; those in context do not answer. */
static int read_paths(struct guard *g, const char *const *stuck, size_t stuck_count, void *context)
{
    static const char *const paths[] = {"/mnt/one", "/mnt/two", "/mnt/three"};
    const char *silent = context;
    note_run(stuck, stuck_count);
    for (size_t i = 0; i < 3; i++) {
        if (is_listed(stuck, stuck_count, paths[i]))
            continue;
        guard_enter(g, paths[i]);
        while (strstr(silent, paths[i]))
            pause();
    }
    guard_enter(g, NULL);
    return 40 + (int)stuck_count;
}

static void work_that_answers_runs_once(void **state)
{
    (void)state;
    assert_int_equal(guard_run(read_paths, (char[]){""}, 5000, NULL), 40);
    assert_int_equal(record->runs, 1);
}

static void a_path_that_does_not_answer_is_left_behind_and_named(void **state)
{
    (void)state;
    assert_int_equal(guard_run(read_paths, (char[]){"/mnt/two"}, 300, NULL), 41);
    assert_int_equal(record->runs, 2);
    assert_int_equal(record->stuck_count, 1);
    assert_string_equal(record->stuck[0], "/mnt/two");
    /* what was left behind does not live on */
    until(kill(record->pids[0], 0) < 0 || waitpid(record->pids[0], NULL, WNOHANG) != 0);
}

static void several_are_each_left_behind(void **state)
{
    (void)state;
    assert_int_equal(guard_run(read_paths, (char[]){"/mnt/one /mnt/three"}, 300, NULL), 42);
    assert_int_equal(record->runs, 3);
    assert_string_equal(record->stuck[0], "/mnt/one");
    assert_string_equal(record->stuck[1], "/mnt/three");
}

/* Every path it goes to is another one, and none answers. */
static int never_come_to_an_end(struct guard *g, const char *const *stuck, size_t stuck_count,
                                void *context)
{
    (void)context;
    char path[32];
    note_run(stuck, stuck_count);
    snprintf(path, sizeof path, "/mnt/%zu", stuck_count);
    guard_enter(g, path);
    while (pause() < 0)
        ;
    return 0;
}

static void it_gives_up_in_the_end_and_says_where(void **state)
{
    (void)state;
    struct sr_error error;
    assert_int_equal(guard_run(never_come_to_an_end, NULL, 20, &error), -ETIMEDOUT);
    assert_non_null(strstr(error.text, "/mnt/16"));
    assert_int_equal(record->runs, 17);
}

/* Slow, but it moves on, or is nowhere that could get stuck. */
static int move_slowly(struct guard *g, const char *const *stuck, size_t stuck_count, void *context)
{
    (void)context;
    note_run(stuck, stuck_count);
    char path[32];
    for (int i = 0; i < 10; i++) {
        snprintf(path, sizeof path, "/mnt/%d", i);
        guard_enter(g, path);
        usleep(100000);
    }
    guard_enter(g, NULL);
    usleep(1500000);
    return 7;
}

static void slow_work_is_not_stuck(void **state)
{
    (void)state;
    assert_int_equal(guard_run(move_slowly, NULL, 700, NULL), 7);
    assert_int_equal(record->runs, 1);
}

/* At one path for much longer than patience, and at work all the time. */
static int compute(struct guard *g, const char *const *stuck, size_t stuck_count, void *context)
{
    (void)context;
    note_run(stuck, stuck_count);
    guard_enter(g, "/mnt/one");
    struct awake began = awake_now();
    while (awake_now().ns - began.ns < 1500000000)
        ;
    guard_enter(g, NULL);
    return 8;
}

static void work_that_computes_is_not_stuck(void **state)
{
    (void)state;
    assert_int_equal(guard_run(compute, NULL, 200, NULL), 8);
    assert_int_equal(record->runs, 1);
}

static int be_killed(struct guard *g, const char *const *stuck, size_t stuck_count, void *context)
{
    (void)g;
    (void)context;
    note_run(stuck, stuck_count);
    kill(getpid(), SIGKILL);
    return 0;
}

static void a_signal_is_an_error(void **state)
{
    (void)state;
    struct sr_error error;
    assert_int_equal(guard_run(be_killed, NULL, 5000, &error), -EINTR);
    assert_non_null(strstr(error.text, "signal"));
    assert_int_equal(record->runs, 1);
}

/* Ctrl-C at a terminal goes to both. */
static int interrupt_both_and_go_on(struct guard *g, const char *const *stuck, size_t stuck_count,
                                    void *context)
{
    (void)g;
    (void)context;
    note_run(stuck, stuck_count);
    signal(SIGINT, SIG_IGN);
    kill(getppid(), SIGINT);
    kill(getpid(), SIGINT);
    return 9;
}

static void what_is_typed_is_left_to_the_child(void **state)
{
    (void)state;
    assert_int_equal(guard_run(interrupt_both_and_go_on, NULL, 5000, NULL), 9);
    struct sigaction after;
    assert_int_equal(sigaction(SIGINT, NULL, &after), 0);
    assert_true(after.sa_handler == SIG_DFL);
}

static int be_interrupted(struct guard *g, const char *const *stuck, size_t stuck_count,
                          void *context)
{
    (void)g;
    (void)context;
    note_run(stuck, stuck_count);
    kill(getpid(), SIGINT);
    return 0;
}

static void a_child_that_is_interrupted_interrupts_us(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        guard_run(be_interrupted, NULL, 5000, NULL);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
}

static int write_for_nobody(struct guard *g, const char *const *stuck, size_t stuck_count,
                            void *context)
{
    (void)g;
    (void)context;
    note_run(stuck, stuck_count);
    kill(getpid(), SIGPIPE);
    return 0;
}

static void where_nobody_reads_on_the_caller_ends_with_its_child(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGPIPE, SIG_DFL);
        guard_run(write_for_nobody, NULL, 5000, NULL);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
}

static void nobody_watches_outside_a_guard(void **state)
{
    (void)state;
    guard_enter(NULL, "/mnt/one");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(work_that_answers_runs_once, share, unshare_record),
        cmocka_unit_test_setup_teardown(a_path_that_does_not_answer_is_left_behind_and_named, share,
                                        unshare_record),
        cmocka_unit_test_setup_teardown(several_are_each_left_behind, share, unshare_record),
        cmocka_unit_test_setup_teardown(it_gives_up_in_the_end_and_says_where, share,
                                        unshare_record),
        cmocka_unit_test_setup_teardown(slow_work_is_not_stuck, share, unshare_record),
        cmocka_unit_test_setup_teardown(work_that_computes_is_not_stuck, share, unshare_record),
        cmocka_unit_test_setup_teardown(where_nobody_reads_on_the_caller_ends_with_its_child, share,
                                        unshare_record),
        cmocka_unit_test_setup_teardown(a_signal_is_an_error, share, unshare_record),
        cmocka_unit_test_setup_teardown(what_is_typed_is_left_to_the_child, share, unshare_record),
        cmocka_unit_test_setup_teardown(a_child_that_is_interrupted_interrupts_us, share,
                                        unshare_record),
        cmocka_unit_test(nobody_watches_outside_a_guard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
