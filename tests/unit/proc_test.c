#include "live.h"

#include "platform/process/proc_files.h"
#include "scratch.h"

#include "base/io/fs.h"

static struct arena arena;

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static void lists_pids_in_order_and_nothing_else(void **state)
{
    (void)state;
    static const pid_t expected[] = {8710, 8711, 8714, 8716, 8717, 8720, 8722, 8723, 8727, 8730};
    struct proc proc = captured_proc("machine");
    pid_t *pids;
    size_t count;
    assert_int_equal(proc_list(&proc, &arena, &pids, &count), 0);
    assert_int_equal(count, sizeof expected / sizeof *expected);
    assert_memory_equal(pids, expected, sizeof expected);
    proc_close(&proc);
}

static void reads_a_name_with_parentheses(void **state)
{
    (void)state;
    struct proc proc = captured_proc("machine");
    struct proc_stat s;
    assert_int_equal(proc_read_stat(&proc, 8720, &s), 0);
    assert_string_equal(s.name, "a) Z 1 (b");
    assert_int_equal(s.state, 'S');
    assert_int_equal(s.pid, 8720);
    assert_int_equal(s.ppid, 8704);
    assert_int_equal(s.pgrp, 8691);
    assert_int_equal(s.start_ticks, 357897);
    proc_close(&proc);
}

static void reads_every_field_of_stat(void **state)
{
    (void)state;
    struct proc proc = captured_proc("machine");
    struct proc_stat s;
    assert_int_equal(proc_read_stat(&proc, 8716, &s), 0);
    assert_string_equal(s.name, "claude");
    assert_int_equal(s.ppid, 8711);
    assert_int_equal(s.pgrp, 8711);
    assert_int_equal(s.sid, 8711);
    assert_int_equal(s.tty, 34817); /* 136:1 */
    assert_int_equal(s.tty_pgrp, 8711);
    assert_int_equal(s.cpu_ticks, 111 + 18);
    assert_int_equal(s.threads, 8);
    assert_int_equal(s.start_ticks, 357894);
    assert_int_equal(s.rss_bytes, 62531 * sysconf(_SC_PAGESIZE));

    assert_int_equal(proc_read_stat(&proc, 8710, &s), 0);
    assert_int_equal(s.tty, 0);
    assert_int_equal(s.tty_pgrp, -1);
    proc_close(&proc);
}

static void start_times_count_from_the_boot_of_the_captured_machine(void **state)
{
    (void)state;
    struct proc proc = captured_proc("machine");
    struct sv text;
    int64_t boot_s;
    assert_int_equal(fs_read_small(proc.fd, "stat", 100, &arena, &text), 0);
    assert_true(sv_to_i64(sv_slice(text, strlen("btime "), text.n - 1), &boot_s));
    proc.ticks_per_s = 100;
    assert_int_equal(proc_start_time(&proc, 357894).ms, boot_s * 1000 + 3578940);
    proc_close(&proc);
}

static void a_pid_that_was_handed_out_again_has_another_start(void **state)
{
    (void)state;
    struct proc before = captured_proc("reuse-before"), after = captured_proc("reuse-after");
    struct proc_stat x, y;
    assert_int_equal(proc_read_stat(&before, 2, &x), 0);
    assert_int_equal(proc_read_stat(&after, 2, &y), 0);
    assert_int_equal(x.pid, y.pid);
    assert_string_equal(x.name, y.name);
    assert_true(x.start_ticks < y.start_ticks);
    proc_close(&before);
    proc_close(&after);
}

static void another_users_process_shows_its_user(void **state)
{
    (void)state;
    struct proc proc = captured_proc("machine");
    struct proc_status s;
    assert_int_equal(proc_read_status(&proc, 8723, &s), 0);
    assert_int_equal(s.uid, 65534);
    assert_int_equal(proc_read_status(&proc, 8716, &s), 0);
    assert_int_equal(s.uid, 0);
    assert_int_equal(s.tracer, 0);
    proc_close(&proc);
}

static void the_innermost_pid_is_the_last(void **state)
{
    (void)state;
    struct proc proc = captured_proc("machine");
    struct proc_status s;
    assert_int_equal(proc_read_status(&proc, 8727, &s), 0);
    assert_int_equal(s.innermost_pid, 1);
    assert_int_equal(proc_read_status(&proc, 8716, &s), 0);
    assert_int_equal(s.innermost_pid, 8716);
    proc_close(&proc);
}

static void a_process_that_has_gone_is_no_such_process(void **state)
{
    (void)state;
    struct proc proc = captured_proc("machine");
    struct proc_stat stat;
    struct proc_status status;
    struct proc_strings strings;
    const char *text;
    bool deleted;
    pid_t *pids;
    size_t count;
    /* 8730 went while it was looked at, 8731 was never there */
    for (pid_t pid = 8730; pid <= 8731; pid++) {
        assert_int_equal(proc_read_stat(&proc, pid, &stat), -ESRCH);
        assert_int_equal(proc_read_status(&proc, pid, &status), -ESRCH);
        assert_int_equal(proc_read_argv(&proc, pid, &arena, &strings), -ESRCH);
        assert_int_equal(proc_read_environ(&proc, pid, &arena, &strings), -ESRCH);
        assert_int_equal(proc_read_exe(&proc, pid, &arena, &text, &deleted), -ESRCH);
        assert_int_equal(proc_read_cwd(&proc, pid, &arena, &text), -ESRCH);
        assert_int_equal(proc_read_children(&proc, pid, &arena, &pids, &count), -ESRCH);
    }
    proc_close(&proc);
}

static void arguments_of_a_native_client_can_be_read(void **state)
{
    (void)state;
    struct proc proc = captured_proc("machine");
    struct proc_strings argv;
    assert_int_equal(proc_read_argv(&proc, 8716, &arena, &argv), 0);
    assert_int_equal(argv.count, 3);
    assert_string_equal(argv.items[0], "/home/u/bin/claude");
    assert_string_equal(argv.items[1], "--session-id");
    assert_string_equal(argv.items[2], "0195a7c2-3b1e-4f6d-9c8e-7a5d2b4c6e8f");
    proc_close(&proc);
}

static void overwritten_arguments_are_a_title_and_padding(void **state)
{
    (void)state;
    struct proc proc = captured_proc("machine");
    struct proc_strings argv;
    assert_int_equal(proc_read_argv(&proc, 8717, &arena, &argv), 0);
    assert_true(argv.count > 1);
    assert_string_equal(argv.items[0], "claude");
    for (size_t i = 1; i < argv.count; i++)
        assert_string_equal(argv.items[i], "");
    proc_close(&proc);
}

static void a_variable_is_found_by_its_whole_name(void **state)
{
    (void)state;
    struct proc proc = captured_proc("machine");
    struct proc_strings environment;
    assert_int_equal(proc_read_environ(&proc, 8716, &arena, &environment), 0);
    assert_string_equal(proc_variable(&environment, "TMUX_PANE"), "%0");
    assert_string_equal(proc_variable(&environment, "TMUX"), "/tmp/tmux-0/default,8710,0");
    assert_null(proc_variable(&environment, "TMU"));
    assert_null(proc_variable(&environment, "TMUX_PANE="));
    proc_close(&proc);
}

static void a_removed_program_file_is_said_and_its_name_is_clean(void **state)
{
    (void)state;
    struct proc proc = captured_proc("machine");
    const char *path;
    bool deleted;
    assert_int_equal(proc_read_exe(&proc, 8722, &arena, &path, &deleted), 0);
    assert_string_equal(path, "/home/u/bin/tool");
    assert_true(deleted);
    assert_int_equal(proc_read_exe(&proc, 8717, &arena, &path, &deleted), 0);
    assert_string_equal(path, "/usr/bin/node");
    assert_false(deleted);
    proc_close(&proc);
}

static void children_of_the_multiplexer_are_its_panes(void **state)
{
    (void)state;
    struct proc proc = captured_proc("machine");
    pid_t *pids;
    size_t count;
    assert_int_equal(proc_read_children(&proc, 8710, &arena, &pids, &count), 0);
    assert_int_equal(count, 2);
    assert_int_equal(pids[0], 8711);
    assert_int_equal(pids[1], 8714);
    assert_int_equal(proc_read_children(&proc, 8716, &arena, &pids, &count), 0);
    assert_int_equal(count, 0);
    proc_close(&proc);
}

static void only_the_running_kernel_is_live(void **state)
{
    (void)state;
    struct proc live = live_proc(), captured = captured_proc("machine");
    assert_true(live.is_live);
    assert_false(captured.is_live);
    proc_close(&live);
    proc_close(&captured);
}

static void a_file_is_cut_at_the_size_of_the_buffer(void **state)
{
    (void)state;
    struct proc proc = captured_proc("machine");
    char text[8];
    memset(text, 'x', sizeof text);
    assert_int_equal(proc_read_text(&proc, 8716, "status", text, sizeof text), 7);
    assert_string_equal(text, "Name:\tc");
    proc_close(&proc);
}

/* ---- what it could say: files of a process made for the test ------------------------------- */

static struct proc scratch_proc(void)
{
    struct proc proc;
    assert_int_equal(proc_open(&proc, scratch_path, NULL), 0);
    return proc;
}

static void a_folder_that_is_not_there_is_said(void **state)
{
    (void)state;
    struct proc proc;
    struct sr_error error;
    assert_int_equal(proc_open(&proc, "tests/fixtures/proc/nowhere", &error), -ENOENT);
    assert_non_null(strstr(error.text, "tests/fixtures/proc/nowhere"));
}

static void a_stat_that_breaks_off_is_refused(void **state)
{
    (void)state;
    static const char whole[] = "42 (a b) S 1 2 3 4 5 0 0 0 0 0 11 7 0 0 20 0 3 0 900 0 2 0";
    struct proc_stat s = {.pid = -1};
    assert_int_equal(proc_parse_stat(whole, 4096, &s), 0);
    assert_int_equal(s.pid, 42);
    assert_int_equal(s.cpu_ticks, 18);
    assert_int_equal(s.rss_bytes, 2 * 4096);
    /* no kernel says so; a sum past all bounds is for the sanitizer to see */
    assert_int_equal(proc_parse_stat("42 (a b) S 1 2 3 4 5 0 0 0 0 0 11 7 0 0 20 0 3 0 900 0 "
                                     "9223372036854775807 0",
                                     4096, &s),
                     0);

    static const char *const broken[] = {
        "",           "42",          "42 a b) S 1", "42 (a b S 1",
        "42 )a b( S", "42 (a b)S 1", "42 (a b) ",   "42 (a b) S 1 x"};
    struct proc_stat untouched = {.pid = -1};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        assert_int_equal(proc_parse_stat(broken[i], 4096, &untouched), -EBADMSG);
    char *cut = arena_strdup(&arena, whole);
    cut[strlen(whole) - strlen(" 2 0")] = '\0'; /* before the resident pages */
    assert_int_equal(proc_parse_stat(cut, 4096, &untouched), -EBADMSG);
    assert_int_equal(untouched.pid, -1);
}

static void a_status_that_names_no_user_is_refused(void **state)
{
    (void)state;
    struct proc_status s = {.uid = 77};
    assert_int_equal(proc_parse_status("Name:\tx\nTracerPid:\t0\n", &s), -EBADMSG);
    assert_int_equal(proc_parse_status("Name:\tx\nUid:\t1000\tx\n", &s), -EBADMSG);
    assert_int_equal(proc_parse_status("", &s), -EBADMSG);
    assert_int_equal(s.uid, 77);
    assert_int_equal(proc_parse_status("Uid:\t1000\t1001\t1002\t1001\nTracerPid:\t9", &s), 0);
    assert_int_equal(s.real_uid, 1000);
    assert_int_equal(s.uid, 1001);
    assert_int_equal(s.saved_uid, 1002);
    assert_int_equal(s.tracer, 9);
}

static void the_last_argument_needs_no_end(void **state)
{
    (void)state;
    static const char bytes[] = "a\0\0b"; /* as a title that overwrote all of them leaves it */
    struct proc_strings argv;
    proc_split(&arena, (struct sv){bytes, sizeof bytes - 1}, &argv);
    assert_int_equal(argv.count, 3);
    assert_string_equal(argv.items[0], "a");
    assert_string_equal(argv.items[1], "");
    assert_string_equal(argv.items[2], "b");
    proc_split(&arena, (struct sv){bytes, 0}, &argv);
    assert_int_equal(argv.count, 0);
}

static void children_of_all_threads_are_listed(void **state)
{
    (void)state;
    pid_t *pids;
    size_t count;
    scratch_put("5/task/5/children", "60 61 ");
    scratch_put("5/task/6/comm", "ended while it was looked at\n");
    scratch_put("5/task/7/children", "62 ?");
    scratch_put("8/task/8/comm", "of a kernel without CONFIG_PROC_CHILDREN\n");
    struct proc proc = scratch_proc();
    assert_int_equal(proc_read_children(&proc, 5, &arena, &pids, &count), 0);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++)
        assert_in_range(pids[i], 60, 62);
    assert_int_equal(proc_read_children(&proc, 8, &arena, &pids, &count), -ENOENT);
    proc_close(&proc);
}

static void what_users_may_trace_is_told(void **state)
{
    (void)state;
    struct proc proc = scratch_proc();
    assert_int_equal(proc_ptrace_scope(&proc), -ENOENT); /* a kernel without Yama */
    scratch_put("sys/kernel/yama/ptrace_scope", "2\n");
    assert_int_equal(proc_ptrace_scope(&proc), 2);
    proc_close(&proc);
}

static int scratch_release(void **state)
{
    release(state);
    return scratch_teardown(state);
}

static void wait_for_signals(const void *context)
{
    (void)context;
    for (;;)
        pause();
}

static void sees_its_own_child(void **state)
{
    (void)state;
    struct proc proc = live_proc();
    pid_t child = live_start(wait_for_signals, NULL), *pids;
    struct proc_stat s;
    size_t count;
    bool listed = false;
    until(proc_read_stat(&proc, child, &s) == 0 && s.state == 'S');
    assert_int_equal(s.ppid, getpid());
    int64_t age_ms = wall_now().ms - proc_start_time(&proc, s.start_ticks).ms;
    assert_true(age_ms > -1000 && age_ms < 60000);
    assert_int_equal(proc_list(&proc, &arena, &pids, &count), 0);
    for (size_t i = 0; i < count; i++)
        listed = listed || pids[i] == child;
    assert_true(listed);

    kill(child, SIGKILL);
    until(proc_read_stat(&proc, child, &s) == 0 && s.state == 'Z');
    live_end(child);
    assert_int_equal(proc_read_stat(&proc, child, &s), -ESRCH);
    proc_close(&proc);
}

/* Exit status: 0 when looking at the parent is refused as it should be. */
static void look_at_parent_as_nobody(const void *context)
{
    pid_t parent = *(const pid_t *)context;
    struct proc proc;
    struct proc_strings strings;
    struct arena a = {0};
    const char *target;
    if (setuid(65534) < 0 || proc_open(&proc, "/proc", NULL) < 0)
        _exit(2);
    _exit(proc_read_environ(&proc, parent, &a, &strings) == -EACCES &&
                  proc_read_link(&proc, parent, "cwd", &a, &target) == -EACCES
              ? 0
              : 1);
}

static void what_may_not_be_seen_is_not_absent(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    pid_t parent = getpid(), child = live_start(look_at_parent_as_nobody, &parent);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(lists_pids_in_order_and_nothing_else, release),
        cmocka_unit_test(reads_a_name_with_parentheses),
        cmocka_unit_test(reads_every_field_of_stat),
        cmocka_unit_test_teardown(start_times_count_from_the_boot_of_the_captured_machine, release),
        cmocka_unit_test(a_pid_that_was_handed_out_again_has_another_start),
        cmocka_unit_test(another_users_process_shows_its_user),
        cmocka_unit_test(the_innermost_pid_is_the_last),
        cmocka_unit_test_teardown(a_process_that_has_gone_is_no_such_process, release),
        cmocka_unit_test_teardown(arguments_of_a_native_client_can_be_read, release),
        cmocka_unit_test_teardown(overwritten_arguments_are_a_title_and_padding, release),
        cmocka_unit_test_teardown(a_variable_is_found_by_its_whole_name, release),
        cmocka_unit_test_teardown(a_removed_program_file_is_said_and_its_name_is_clean, release),
        cmocka_unit_test_teardown(children_of_the_multiplexer_are_its_panes, release),
        cmocka_unit_test(only_the_running_kernel_is_live),
        cmocka_unit_test(a_file_is_cut_at_the_size_of_the_buffer),
        cmocka_unit_test(a_folder_that_is_not_there_is_said),
        cmocka_unit_test_teardown(a_stat_that_breaks_off_is_refused, release),
        cmocka_unit_test(a_status_that_names_no_user_is_refused),
        cmocka_unit_test_teardown(the_last_argument_needs_no_end, release),
        cmocka_unit_test_setup_teardown(children_of_all_threads_are_listed, scratch_setup,
                                        scratch_release),
        cmocka_unit_test_setup_teardown(what_users_may_trace_is_told, scratch_setup,
                                        scratch_release),
        cmocka_unit_test_teardown(sees_its_own_child, release),
        cmocka_unit_test(what_may_not_be_seen_is_not_absent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
