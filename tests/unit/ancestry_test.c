/* Trees of processes as files, and the running one. */
#include "scratch.h"

#include "live.h"

#include "platform/process/ancestry.h"

static void put(int pid, int ppid, int tty, int start_ticks)
{
    char name[32], text[256];
    snprintf(name, sizeof name, "%d/stat", pid);
    snprintf(text, sizeof text, "%d (p%d) S %d %d %d %d -1 0 0 0 0 0 1 1 0 0 20 0 1 0 %d 0 0 0\n",
             pid, pid, ppid, pid, pid, tty, start_ticks);
    scratch_put(name, text);
}

/* 1, 200, 300, 400: each the parent of the next. */
static struct proc line_of_four(void)
{
    struct proc proc;
    put(1, 0, 0, 1);
    put(200, 1, 0, 20);
    put(300, 200, 34817, 30);
    put(400, 300, 34818, 40);
    assert_int_equal(proc_open(&proc, scratch_path, NULL), 0);
    return proc;
}

static void take_away(const char *name)
{
    assert_int_equal(unlink(scratch(name)), 0);
}

static enum fact is_above(const struct proc *proc, pid_t pid, pid_t above)
{
    struct ancestry up;
    assert_int_equal(ancestry_begin(&up, proc, pid), 0);
    return ancestry_find(&up, above);
}

static void the_way_leads_to_the_top(void **state)
{
    (void)state;
    struct proc proc = line_of_four();
    static const pid_t expected[] = {400, 300, 200, 1};
    struct ancestry up;
    size_t n = 0;
    assert_int_equal(ancestry_begin(&up, &proc, 400), 0);
    do {
        assert_true(n < 4);
        assert_int_equal(up.at.pid, expected[n++]);
    } while (ancestry_up(&up));
    assert_int_equal(n, 4);
    assert_int_equal(up.unread, 0);
    assert_int_equal(ancestry_end(&up), FACT_NO);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(is_above(&proc, 400, expected[i]), FACT_YES);
    assert_int_equal(is_above(&proc, 400, 500), FACT_NO);
    assert_int_equal(is_above(&proc, 300, 400), FACT_NO);
    assert_int_equal(ancestry_begin(&up, &proc, 401), -ESRCH);
    proc_close(&proc);
}

static void above_a_parent_that_is_not_shown_nobody_is_known(void **state)
{
    (void)state;
    struct proc proc = line_of_four();
    struct ancestry up;
    take_away("200/stat");
    assert_int_equal(is_above(&proc, 400, 300), FACT_YES);
    assert_int_equal(is_above(&proc, 400, 200), FACT_YES); /* by its number */
    assert_int_equal(is_above(&proc, 400, 1), FACT_UNKNOWN);
    assert_int_equal(is_above(&proc, 400, 500), FACT_UNKNOWN);
    assert_int_equal(ancestry_begin(&up, &proc, 400), 0);
    while (ancestry_up(&up))
        ;
    assert_int_equal(up.at.pid, 300);
    assert_int_equal(up.unread, 200);
    assert_int_equal(up.code, -EACCES);
    assert_int_equal(ancestry_end(&up), FACT_UNKNOWN);
    proc_close(&proc);
}

static void nor_above_one_that_cannot_be_read(void **state)
{
    (void)state;
    struct proc proc = line_of_four();
    take_away("200/stat");
    scratch_put("200/stat/in-its-place", "");
    assert_int_equal(is_above(&proc, 400, 500), FACT_UNKNOWN);
    scratch_put("300/stat", "300 garbage\n");
    assert_int_equal(is_above(&proc, 400, 500), FACT_UNKNOWN);
    proc_close(&proc);
}

static void process_1_is_the_top_unread_too(void **state)
{
    (void)state;
    struct proc proc = line_of_four();
    take_away("1/stat");
    assert_int_equal(is_above(&proc, 400, 500), FACT_NO);
    assert_int_equal(is_above(&proc, 400, 1), FACT_YES);
    proc_close(&proc);
}

/* The number of a parent that has ended was given to a younger process. */
static void a_process_younger_than_its_child_is_not_its_parent(void **state)
{
    (void)state;
    struct proc proc = line_of_four();
    put(200, 1, 0, 31);
    struct ancestry up;
    assert_int_equal(is_above(&proc, 400, 1), FACT_UNKNOWN);
    assert_int_equal(ancestry_begin(&up, &proc, 400), 0);
    while (ancestry_up(&up))
        assert_int_not_equal(up.at.pid, 200);
    assert_int_equal(up.unread, 200);
    proc_close(&proc);
}

static void a_loop_ends_unknown(void **state)
{
    (void)state;
    struct proc proc = line_of_four();
    put(500, 501, 0, 50);
    put(501, 500, 0, 50);
    assert_int_equal(is_above(&proc, 500, 1), FACT_UNKNOWN);
    proc_close(&proc);
}

static enum fact can_lead(const struct proc *proc, int pid)
{
    struct ancestry up;
    struct proc_stat other;
    assert_int_equal(ancestry_begin(&up, proc, 400), 0);
    while (ancestry_up(&up))
        ;
    assert_int_equal(proc_read_stat(proc, pid, &other), 0);
    return ancestry_can_lead_to(&up, &other);
}

/* put() makes each the leader of a session. */
static void put_member(int pid, int sid, int tty, int start_ticks)
{
    char name[32], text[256];
    snprintf(name, sizeof name, "%d/stat", pid);
    snprintf(text, sizeof text, "%d (p%d) S 1 %d %d %d -1 0 0 0 0 0 1 1 0 0 20 0 1 0 %d 0 0 0\n",
             pid, pid, pid, sid, tty, start_ticks);
    scratch_put(name, text);
}

/* The last that can be read is 300, of 30. */
static void what_was_started_later_is_not_above(void **state)
{
    (void)state;
    struct proc proc = line_of_four();
    put(500, 1, 0, 31);
    put(510, 1, 34819, 31);
    put(520, 1, 34819, 30); /* at the same time: it may be older */
    put(530, 1, 0, 29);
    put_member(540, 510, 34819, 35);
    put_member(550, 520, 34819, 35); /* an older one of its session may be above */
    put_member(560, 999, 34819, 35); /* its leader is gone */
    put_member(570, 999, 0, 35);
    for (int pid = 500; pid <= 570; pid += 10)
        assert_int_equal(can_lead(&proc, pid), FACT_NO); /* the way led to the top */
    take_away("200/stat");
    static const int no[] = {500, 510, 540, 570}, unknown[] = {520, 530, 550, 560};
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        assert_int_equal(can_lead(&proc, no[i]), FACT_NO);
        assert_int_equal(can_lead(&proc, unknown[i]), FACT_UNKNOWN);
    }
    proc_close(&proc);
}

static void of_the_running_machine_the_whole_way_is_known(void **state)
{
    (void)state;
    struct proc proc = live_proc();
    assert_int_equal(is_above(&proc, getpid(), getppid()), FACT_YES);
    assert_int_equal(is_above(&proc, getpid(), getpid()), FACT_YES);
    assert_int_equal(is_above(&proc, getppid(), getpid()), FACT_NO);
    proc_close(&proc);
}

#define in_scratch(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_scratch(the_way_leads_to_the_top),
        in_scratch(above_a_parent_that_is_not_shown_nobody_is_known),
        in_scratch(nor_above_one_that_cannot_be_read),
        in_scratch(process_1_is_the_top_unread_too),
        in_scratch(a_process_younger_than_its_child_is_not_its_parent),
        in_scratch(a_loop_ends_unknown),
        in_scratch(what_was_started_later_is_not_above),
        cmocka_unit_test(of_the_running_machine_the_whole_way_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
