/* Tables of processes, from files and of the running machine. */
#include "scratch.h"

#include "live.h"

#include "platform/process/process_table.h"

static struct arena arena;

static int clean_up(void **state)
{
    arena_release(&arena);
    return scratch_teardown(state);
}

static void put(int pid, int ppid, int start_ticks)
{
    char name[32], text[256];
    snprintf(name, sizeof name, "%d/stat", pid);
    snprintf(text, sizeof text, "%d (p%d) S %d %d %d 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 %d 0 0 0\n",
             pid, pid, ppid, pid, pid, start_ticks);
    scratch_put(name, text);
}

static void put_children(int pid, const char *children)
{
    char name[64];
    snprintf(name, sizeof name, "%d/task/%d/children", pid, pid);
    scratch_put(name, children);
}

static struct process_table read_table(struct proc *proc)
{
    struct process_table table;
    assert_int_equal(proc_open(proc, scratch_path, NULL), 0);
    assert_int_equal(process_table_read(proc, &arena, &table), 0);
    return table;
}

static enum fact is_below(const struct process_table *table, pid_t pid, pid_t above)
{
    return process_table_is_below(table, process_table_find(table, pid), above);
}

/* What has ended meanwhile is none; what is there and cannot be read is said to be left out. */
static void it_says_whether_it_has_everybody(void **state)
{
    (void)state;
    struct proc proc;
    put(7, 1, 1000);
    scratch_put("8/nothing", "");
    struct process_table table = read_table(&proc);
    assert_int_equal(table.count, 1);
    assert_true(table.complete);
    proc_close(&proc);
    scratch_put("9/stat/is a folder", ""); /* not to be read, by root either */
    table = read_table(&proc);
    assert_int_equal(table.count, 1);
    assert_int_equal(table.items[0].pid, 7);
    assert_false(table.complete);
    proc_close(&proc);
}

static void who_is_below_whom_is_told(void **state)
{
    (void)state;
    struct proc proc;
    put(1, 0, 1);
    put(200, 1, 20);
    put(300, 200, 30);
    put(1000, 300, 40);
    put(1100, 1, 50);
    struct process_table table = read_table(&proc);
    assert_int_equal(is_below(&table, 1000, 200), FACT_YES);
    assert_int_equal(is_below(&table, 1000, 1000), FACT_YES);
    assert_int_equal(is_below(&table, 1100, 200), FACT_NO);
    assert_int_equal(is_below(&table, 200, 1000), FACT_NO);
    assert_null(process_table_find(&table, 201));
    proc_close(&proc);
}

/* Nor is one that is younger than its child its parent. */
static void behind_a_parent_that_is_not_shown_it_is_not_known(void **state)
{
    (void)state;
    struct proc proc;
    put(1, 0, 1);
    put(200, 1, 20);
    put(400, 300, 40);
    put(500, 600, 50);
    put(600, 200, 60);
    struct process_table table = read_table(&proc);
    assert_int_equal(is_below(&table, 400, 300), FACT_YES);
    assert_int_equal(is_below(&table, 400, 200), FACT_UNKNOWN);
    assert_null(process_table_parent(&table, process_table_find(&table, 500)));
    assert_int_equal(is_below(&table, 500, 200), FACT_UNKNOWN);
    proc_close(&proc);
}

static void a_loop_ends(void **state)
{
    (void)state;
    struct proc proc;
    put(200, 300, 20);
    put(300, 200, 20);
    struct process_table table = read_table(&proc);
    assert_int_equal(is_below(&table, 200, 1), FACT_UNKNOWN);
    proc_close(&proc);
}

static void a_child_that_the_kernel_names_and_nobody_shows_is_hidden(void **state)
{
    (void)state;
    struct proc proc;
    put(1, 0, 1);
    put(200, 1, 20);
    put(300, 200, 30);
    put_children(200, "300 ");
    put_children(300, "400 ");
    struct process_table table = read_table(&proc);
    assert_int_equal(process_table_hides_child(&table, 200), FACT_NO);
    assert_int_equal(process_table_hides_child(&table, 300), FACT_UNKNOWN); /* of a copy */
    put(400, 300, 40);
    assert_int_equal(process_table_hides_child(&table, 300), FACT_NO); /* begun since */
    assert_int_equal(process_table_hides_child(&table, 500), FACT_NO); /* ended */
    proc_close(&proc);
}

/* Where the kernel lists no children, a table that has process 1 shows those of others, too. */
static void without_a_list_of_children_the_table_is_asked(void **state)
{
    (void)state;
    struct proc proc;
    put(200, 1, 20);
    scratch_put("200/task/200/stat", "");
    struct process_table table = read_table(&proc);
    assert_int_equal(process_table_hides_child(&table, 200), FACT_UNKNOWN);
    proc_close(&proc);
    put(1, 0, 1);
    table = read_table(&proc);
    assert_int_equal(process_table_hides_child(&table, 200), FACT_NO);
    proc_close(&proc);
}

static void rest(const void *context)
{
    (void)context;
    for (;;)
        pause();
}

static void of_the_running_machine_nothing_is_hidden_from_us(void **state)
{
    (void)state;
    struct proc proc;
    struct process_table table;
    pid_t child = live_start(rest, NULL);
    assert_int_equal(proc_open(&proc, "/proc", NULL), 0);
    assert_int_equal(process_table_read(&proc, &arena, &table), 0);
    assert_int_equal(is_below(&table, child, getpid()), FACT_YES);
    assert_int_equal(is_below(&table, getpid(), child), FACT_NO);
    assert_int_equal(process_table_hides_child(&table, getpid()), FACT_NO);
    live_end(child);
    proc_close(&proc);
}

#define in_scratch(test) cmocka_unit_test_setup_teardown(test, scratch_setup, clean_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_scratch(it_says_whether_it_has_everybody),
        in_scratch(who_is_below_whom_is_told),
        in_scratch(behind_a_parent_that_is_not_shown_it_is_not_known),
        in_scratch(a_loop_ends),
        in_scratch(a_child_that_the_kernel_names_and_nobody_shows_is_hidden),
        in_scratch(without_a_list_of_children_the_table_is_asked),
        cmocka_unit_test(of_the_running_machine_nothing_is_hidden_from_us),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
