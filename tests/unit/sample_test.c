#include "live.h"

#include "platform/process/sample.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>

static struct arena arena;

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

/* ---- captured ------------------------------------------------------------------------------ */

static void every_number_of_a_captured_client_is_read(void **state)
{
    (void)state;
    struct proc proc = captured_proc("machine");
    proc.ticks_per_s = 100;
    struct sample s;
    assert_int_equal(sample_take(&proc, 8716, &s), 0);
    assert_string_equal(s.name, "claude");
    assert_int_equal(s.state, 'S');
    assert_int_equal(s.ppid, 8711);
    assert_int_equal(s.threads, 8);
    assert_int_equal(s.cpu_ticks_ns, (111 + 18) * 10000000LL);
    assert_true(s.main_cpu_ns > 0 && s.cpu_ns > s.main_cpu_ns);
    assert_int_equal(s.read_chars, 1054011);
    assert_int_equal(s.voluntary_switches, 268);
    assert_int_equal(s.involuntary_switches, 925);
    assert_string_equal(s.wchan, "do_epoll_wait");
    assert_int_equal(s.syscall_number, 441);
    assert_int_equal(s.syscall_arguments[0], 4);
    assert_int_equal(s.syscall_arguments[2], 0x400);
    proc_close(&proc);
}

static void what_another_users_process_hides_is_not_zero(void **state)
{
    (void)state;
    struct proc proc = captured_proc("machine");
    struct sample s;
    struct sample_wait wait;
    assert_int_equal(sample_take(&proc, 8723, &s), 0);
    assert_int_equal(s.read_chars, -ENOENT);
    assert_int_equal(s.write_bytes, -ENOENT);
    assert_int_equal(s.syscall_number, -ENOENT);
    assert_string_equal(s.wchan, "");
    assert_true(s.cpu_ns >= 0);
    assert_true(s.voluntary_switches >= 0);
    assert_int_equal(sample_find_wait(&proc, &s, &arena, &wait), 0);
    assert_int_equal(wait.kind, SAMPLE_WAIT_UNKNOWN);
    assert_int_equal(wait.fd, -1);
    assert_null(wait.target);

    assert_int_equal(sample_take(&proc, 8730, &s), -ESRCH);
    proc_close(&proc);
}

static struct sample_wait captured_wait(pid_t pid, bool syscall_is_hidden)
{
    struct proc proc = captured_proc("machine");
    struct sample s;
    struct sample_wait wait;
    assert_int_equal(sample_take(&proc, pid, &s), 0);
    if (syscall_is_hidden)
        s.syscall_number = -EACCES;
    assert_int_equal(sample_find_wait(&proc, &s, &arena, &wait), 0);
    proc_close(&proc);
    return wait;
}

#if defined(__x86_64__) /* numbers in the captured files are this machine's */
static void captured_processes_wait_for_what_they_did(void **state)
{
    (void)state;
    assert_int_equal(captured_wait(8711, false).kind, SAMPLE_WAIT_CHILD);
    assert_int_equal(captured_wait(8716, false).kind, SAMPLE_WAIT_EVENTS);
    assert_int_equal(captured_wait(8716, false).fd, 4);
    assert_int_equal(captured_wait(8717, false).kind, SAMPLE_WAIT_EVENTS);
    assert_int_equal(captured_wait(8720, false).kind, SAMPLE_WAIT_FIFO_OPEN);
    assert_int_equal(captured_wait(8722, false).kind, SAMPLE_WAIT_TIME);
}
#endif

static void the_kernel_function_alone_tells_the_kind(void **state)
{
    (void)state;
    assert_int_equal(captured_wait(8711, true).kind, SAMPLE_WAIT_CHILD);
    assert_int_equal(captured_wait(8710, true).kind, SAMPLE_WAIT_EVENTS);
    assert_int_equal(captured_wait(8717, true).kind, SAMPLE_WAIT_EVENTS);
    assert_int_equal(captured_wait(8720, true).kind, SAMPLE_WAIT_FIFO_OPEN);
    assert_int_equal(captured_wait(8722, true).kind, SAMPLE_WAIT_TIME);
}

static void a_sample_of_another_process_with_the_pid_is_refused(void **state)
{
    (void)state;
    struct proc before = captured_proc("reuse-before"), after = captured_proc("reuse-after");
    struct sample x, y;
    struct sample_usage used = {.cpu_ns = 42};
    struct sample_wait wait;
    assert_int_equal(sample_take(&before, 2, &x), 0);
    assert_int_equal(sample_take(&after, 2, &y), 0);
    assert_int_equal(sample_subtract(&x, &y, &used), -ESRCH);
    assert_int_equal(used.cpu_ns, 42);
    assert_int_equal(sample_find_wait(&after, &x, &arena, &wait), -ESRCH);
    proc_close(&before);
    proc_close(&after);
}

/* ---- arithmetic ---------------------------------------------------------------------------- */

static struct sample some_sample(pid_t pid, int64_t cpu_ms)
{
    return (struct sample){.pid = pid,
                           .start_ticks = 1000,
                           .cpu_ns = cpu_ms * 1000000,
                           .cpu_ticks_ns = cpu_ms * 1000000,
                           .main_cpu_ns = cpu_ms * 1000000};
}

static void what_was_used_is_the_difference(void **state)
{
    (void)state;
    struct sample first = some_sample(7, 100), second = some_sample(7, 350);
    struct sample_usage used;
    first.at.ns = 5000000000;
    second.at.ns = 8000000000;
    first.read_chars = 10;
    second.read_chars = 35;
    first.rss_bytes = 5000;
    second.rss_bytes = 4000;
    second.voluntary_switches = 3;
    assert_int_equal(sample_subtract(&first, &second, &used), 0);
    assert_int_equal(used.elapsed_ns, 3000000000);
    assert_int_equal(used.cpu_ns, 250000000);
    assert_int_equal(used.main_cpu_ns, 250000000);
    assert_int_equal(used.read_chars, 25);
    assert_int_equal(used.write_chars, 0);
    assert_int_equal(used.voluntary_switches, 3);
    assert_int_equal(used.rss_growth_bytes, -1000);
}

static void the_difference_to_the_unknown_is_unknown(void **state)
{
    (void)state;
    struct sample first = some_sample(7, 100), second = some_sample(7, 350);
    struct sample_usage used;
    first.read_chars = -EACCES;
    second.read_chars = 35;
    second.write_chars = -ENOENT;
    assert_int_equal(sample_subtract(&first, &second, &used), 0);
    assert_int_equal(used.read_chars, -EACCES);
    assert_int_equal(used.write_chars, -ENOENT);

    first.cpu_ns = second.cpu_ns = -ENOENT; /* a kernel without schedstat: ticks */
    assert_int_equal(sample_subtract(&first, &second, &used), 0);
    assert_int_equal(used.cpu_ns, 250000000);
}

static void a_thread_that_ended_does_not_hide_what_was_used(void **state)
{
    (void)state;
    struct sample first = some_sample(7, 9000), second = some_sample(7, 9500);
    struct sample_usage used;
    second.cpu_ns = 200000000; /* the thread that had used 9 s is gone */
    assert_int_equal(sample_subtract(&first, &second, &used), 0);
    assert_in_range(used.cpu_ns, 480000000, 500000000);

    /* at rest, the error of the ticks is no use of a processor */
    second = first;
    second.cpu_ticks_ns += 10000000;
    assert_int_equal(sample_subtract(&first, &second, &used), 0);
    assert_int_equal(used.cpu_ns, 0);
}

/* ---- live: where a child stands ------------------------------------------------------------ */

static struct proc proc;

static int open_proc(void **state)
{
    (void)state;
    proc = live_proc();
    return 0;
}

static int close_proc(void **state)
{
    (void)state;
    proc_close(&proc);
    arena_release(&arena);
    return 0;
}

static struct sample_wait wait_of(pid_t pid, bool syscall_is_hidden)
{
    struct sample s;
    struct sample_wait wait = {.kind = SAMPLE_WAIT_NOTHING};
    assert_int_equal(sample_take(&proc, pid, &s), 0);
    if (syscall_is_hidden)
        s.syscall_number = -EACCES; /* as Yama answers */
    assert_int_equal(sample_find_wait(&proc, &s, &arena, &wait), 0);
    return wait;
}

/* Waits until the child stands where it should, seen in both ways. Returns: what the first saw. */
static struct sample_wait expect_wait(pid_t pid, enum sample_wait_kind kind,
                                      enum sample_wait_kind kind_by_place)
{
    until(wait_of(pid, false).kind == kind);
    assert_int_equal(wait_of(pid, true).kind, kind_by_place);
    return wait_of(pid, false);
}

static void read_descriptor(const void *context)
{
    char byte;
    while (read(*(const int *)context, &byte, 1) >= 0)
        ;
}

static void write_descriptor(const void *context)
{
    char bytes[4096] = {0};
    while (write(*(const int *)context, bytes, sizeof bytes) >= 0)
        ;
}

static void poll_descriptor(const void *context)
{
    struct pollfd p[] = {{.fd = -1}, {.fd = *(const int *)context, .events = POLLIN}};
    poll(p, 2, 90000000);
}

static void select_descriptor(const void *context)
{
    int fd = *(const int *)context;
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fd, &set);
    select(fd + 1, &set, NULL, NULL, NULL);
}

static void poll_two(const void *context)
{
    const int *fds = context;
    struct pollfd p[] = {{.fd = fds[0], .events = POLLIN}, {.fd = fds[1], .events = POLLIN}};
    poll(p, 2, -1);
}

static void select_two(const void *context)
{
    const int *fds = context;
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fds[0], &set);
    FD_SET(fds[1], &set);
    select((fds[0] > fds[1] ? fds[0] : fds[1]) + 1, &set, NULL, NULL, NULL);
}

static void somebody_must_type(void **state)
{
    (void)state;
    int master, slave;
    char name[64];
    assert_int_equal(openpty(&master, &slave, name, NULL, NULL), 0);
    void (*const ways[])(const void *) = {read_descriptor, poll_descriptor, select_descriptor};
    const enum sample_wait_kind by_place[] = {SAMPLE_WAIT_TTY, SAMPLE_WAIT_EVENTS,
                                              SAMPLE_WAIT_EVENTS};
    for (size_t i = 0; i < 3; i++) {
        pid_t child = live_start(ways[i], &slave);
        struct sample_wait wait = expect_wait(child, SAMPLE_WAIT_TTY_INPUT, by_place[i]);
        assert_int_equal(wait.fd, slave);
        assert_string_equal(wait.target, name);
        assert_int_equal(wait.limit_ms, ways[i] == poll_descriptor ? 90000000 : -1);
        live_end(child);
    }
    close(slave);
    close(master);
}

static void nobody_reads_the_terminal(void **state)
{
    (void)state;
    int master, slave;
    char name[64];
    assert_int_equal(openpty(&master, &slave, name, NULL, NULL), 0);
    pid_t child = live_start(write_descriptor, &slave);
    struct sample_wait wait = expect_wait(child, SAMPLE_WAIT_TTY_OUTPUT, SAMPLE_WAIT_TTY);
    assert_int_equal(wait.fd, slave);
    assert_string_equal(wait.target, name);
    live_end(child);
    close(slave);
    close(master);
}

static void a_pipe_is_empty_or_full(void **state)
{
    (void)state;
    int ends[2];
    struct stat st;
    char target[64];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fstat(ends[0], &st), 0);
    snprintf(target, sizeof target, "pipe:[%llu]", (unsigned long long)st.st_ino);

    pid_t reader = live_start(read_descriptor, &ends[0]);
    struct sample_wait wait = expect_wait(reader, SAMPLE_WAIT_PIPE_INPUT, SAMPLE_WAIT_PIPE_INPUT);
    assert_int_equal(wait.fd, ends[0]);
    assert_string_equal(wait.target, target);
    assert_string_equal(wait_of(reader, true).target, target); /* the only one that it reads */
    live_end(reader);

    pid_t writer = live_start(write_descriptor, &ends[1]);
    wait = expect_wait(writer, SAMPLE_WAIT_PIPE_OUTPUT, SAMPLE_WAIT_PIPE_OUTPUT);
    assert_int_equal(wait.fd, ends[1]);
    live_end(writer);
    close(ends[0]);
    close(ends[1]);
}

static void several_descriptors_are_an_event_loop(void **state)
{
    (void)state;
    int a[2], b[2];
    assert_int_equal(pipe(a), 0);
    assert_int_equal(pipe(b), 0);
    int both[] = {a[0], b[0]};
    void (*const ways[])(const void *) = {poll_two, select_two};
    for (size_t i = 0; i < 2; i++) {
        pid_t child = live_start(ways[i], both);
        struct sample_wait wait = expect_wait(child, SAMPLE_WAIT_EVENTS, SAMPLE_WAIT_EVENTS);
        assert_int_equal(wait.fd, -1);
        live_end(child);
    }
    for (int i = 0; i < 2; i++) {
        close(a[i]);
        close(b[i]);
    }
}

static void open_for_reading(const void *context)
{
    open(context, O_RDONLY);
}

static void read_fifo(const void *context)
{
    int fd = open(context, O_RDWR);
    read_descriptor(&fd);
}

static void a_fifo_has_no_other_side(void **state)
{
    (void)state;
    char folder[] = "/tmp/sample-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/fifo", folder);
    assert_int_equal(mkfifo(path, 0600), 0);

    pid_t child = live_start(open_for_reading, path);
    struct sample_wait wait = expect_wait(child, SAMPLE_WAIT_FIFO_OPEN, SAMPLE_WAIT_FIFO_OPEN);
    assert_int_equal(wait.fd, -1);
    assert_string_equal(wait.target, path);
    assert_null(wait_of(child, true).target); /* which one is in its memory only */
    live_end(child);

    child = live_start(read_fifo, path);
    wait = expect_wait(child, SAMPLE_WAIT_PIPE_INPUT, SAMPLE_WAIT_PIPE_INPUT);
    assert_string_equal(wait.target, path);
    live_end(child);
    unlink(path);
    rmdir(folder);
}

static void sleep_long(const void *context)
{
    (void)context;
    const struct timespec t = {.tv_sec = 4000, .tv_nsec = 500000000};
    nanosleep(&t, NULL);
}

static void sleep_is_by_design_and_has_an_end(void **state)
{
    (void)state;
    pid_t child = live_start(sleep_long, NULL);
    assert_int_equal(expect_wait(child, SAMPLE_WAIT_TIME, SAMPLE_WAIT_TIME).limit_ms, 4000500);
    live_end(child);
}

static void wait_for_signal(const void *context)
{
    (void)context;
    sigset_t none;
    sigemptyset(&none);
    sigsuspend(&none);
}

static void wait_for_child(const void *context)
{
    pid_t pid = live_start(sleep_long, context);
    waitpid(pid, NULL, 0);
}

static void receive(const void *context)
{
    char byte;
    recv(*(const int *)context, &byte, 1, 0);
}

static void lock(const void *context)
{
    int fd = open(context, O_RDONLY);
    flock(fd, LOCK_EX);
}

static void other_waits_are_told_apart(void **state)
{
    (void)state;
    pid_t child = live_start(wait_for_signal, NULL);
    expect_wait(child, SAMPLE_WAIT_SIGNAL, SAMPLE_WAIT_SIGNAL);
    live_end(child);

    child = live_start(wait_for_child, NULL);
    expect_wait(child, SAMPLE_WAIT_CHILD, SAMPLE_WAIT_CHILD);
    live_end(child);

    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    child = live_start(receive, &ends[0]);
    until(wait_of(child, false).kind == SAMPLE_WAIT_SOCKET);
    assert_int_equal(wait_of(child, false).fd, ends[0]);
    assert_int_equal(wait_of(child, true).kind, SAMPLE_WAIT_SOCKET);
    live_end(child);
    close(ends[0]);
    close(ends[1]);

    char path[] = "/tmp/sample-XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    child = live_start(lock, path);
    until(wait_of(child, false).kind == SAMPLE_WAIT_LOCK);
    live_end(child);
    close(fd);
    unlink(path);
}

static void spin(const void *context)
{
    (void)context;
    for (volatile uint64_t i = 0;; i++)
        ;
}

static void a_spinning_process_uses_the_processor_and_waits_for_nothing(void **state)
{
    (void)state;
    struct sample first, now;
    struct sample_usage used = {0};
    pid_t child = live_start(spin, NULL);
    assert_int_equal(sample_take(&proc, child, &first), 0);
    until(sample_take(&proc, child, &now) == 0 && sample_subtract(&first, &now, &used) == 0 &&
          used.cpu_ns > 100000000);
    assert_int_equal(now.state, 'R');
    assert_int_equal(wait_of(child, false).kind, SAMPLE_WAIT_NOTHING);
    assert_true(used.main_cpu_ns > 0 && used.main_cpu_ns <= used.cpu_ns);
    assert_true(used.cpu_ns <= used.elapsed_ns + 50000000);
    assert_int_equal(used.voluntary_switches, 0);
    assert_int_equal(used.read_calls, 0);
    live_end(child);
}

static void a_sleeping_process_uses_nothing(void **state)
{
    (void)state;
    struct sample first, second;
    struct sample_usage used;
    pid_t child = live_start(sleep_long, NULL);
    until(wait_of(child, false).kind == SAMPLE_WAIT_TIME);
    assert_int_equal(sample_take(&proc, child, &first), 0);
    usleep(50000);
    assert_int_equal(sample_take(&proc, child, &second), 0);
    assert_int_equal(sample_subtract(&first, &second, &used), 0);
    assert_int_equal(used.cpu_ns, 0);
    assert_int_equal(used.voluntary_switches, 0);
    assert_true(used.elapsed_ns >= 50000000);
    live_end(child);
}

static void what_goes_through_descriptors_is_counted(void **state)
{
    (void)state;
    struct sample first, now;
    struct sample_usage used = {0};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = live_start(read_descriptor, &ends[0]);
    until(wait_of(child, false).kind == SAMPLE_WAIT_PIPE_INPUT);
    assert_int_equal(sample_take(&proc, child, &first), 0);
    assert_int_equal(write(ends[1], "12345", 5), 5);
    until(sample_take(&proc, child, &now) == 0 && sample_subtract(&first, &now, &used) == 0 &&
          used.read_chars == 5);
    until(sample_take(&proc, child, &now) == 0 && sample_subtract(&first, &now, &used) == 0 &&
          used.read_calls == 5);
    assert_int_equal(used.write_chars, 0);
    live_end(child);
    close(ends[0]);
    close(ends[1]);
}

static void stopped_and_dead_are_told(void **state)
{
    (void)state;
    struct sample s;
    pid_t child = live_start(sleep_long, NULL);
    until(wait_of(child, false).kind == SAMPLE_WAIT_TIME);
    kill(child, SIGSTOP);
    until(wait_of(child, false).kind == SAMPLE_WAIT_CONTINUE);
    assert_int_equal(sample_take(&proc, child, &s), 0);
    assert_int_equal(s.state, 'T');

    /* after it goes on, the kernel shows restart_syscall for what it was in */
    kill(child, SIGCONT);
    until(wait_of(child, false).kind == SAMPLE_WAIT_TIME);

    kill(child, SIGKILL);
    until(wait_of(child, false).kind == SAMPLE_WAIT_PARENT);
    live_end(child);
    assert_int_equal(sample_take(&proc, child, &s), -ESRCH);
}

static void grow_a_branch(const void *context)
{
    setsid();
    wait_for_child(context);
    sleep_long(context);
}

/* Starts a child in a session of its own, which starts one too. */
static void grow_a_tree(const void *context)
{
    live_start(grow_a_branch, context);
    sleep_long(context);
}

static size_t members(pid_t root, struct sample_tree *tree)
{
    assert_int_equal(sample_take_tree(&proc, root, &arena, tree), 0);
    assert_true(tree->complete);
    return tree->count;
}

static void descendants_are_found_across_sessions(void **state)
{
    (void)state;
    struct sample_tree first, second;
    pid_t root = live_start(grow_a_tree, NULL);
    until(members(root, &first) == 3);
    assert_int_equal(first.items[0].pid, root);
    assert_int_equal(first.items[1].ppid, root);
    assert_int_equal(first.items[2].ppid, first.items[1].pid);

    kill(first.items[2].pid, SIGKILL);
    until(members(root, &second) == 2);
    assert_int_equal(second.items[1].pid, first.items[1].pid);

    live_end(root);
    assert_int_equal(sample_take_tree(&proc, root, &arena, &first), -ESRCH);
}

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void descendants_are_found_where_the_kernel_lists_none(void **state)
{
    (void)state;
    /* no task/N/children: a kernel without CONFIG_PROC_CHILDREN */
    static const int family[][2] = {{10, 1}, {11, 10}, {12, 11}, {13, 1}, {14, 10}};
    char folder[] = "/tmp/sample-XXXXXX", name[64], line[256];
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "%s/%d", folder, family[i][0]);
        assert_int_equal(mkdir(name, 0700), 0);
        snprintf(name, sizeof name, "%s/%d/task", folder, family[i][0]);
        assert_int_equal(mkdir(name, 0700), 0);
        snprintf(name, sizeof name, "%s/%d/task/%d", folder, family[i][0], family[i][0]);
        assert_int_equal(mkdir(name, 0700), 0);
        snprintf(line, sizeof line,
                 "%d (x) S %d 1 1 0 -1 0 0 0 0 0 5 5 0 0 20 0 1 0 100 0 0 0 0 0\n", family[i][0],
                 family[i][1]);
        snprintf(name, sizeof name, "%d/stat", family[i][0]);
        write_file(folder, name, line);
    }
    struct proc captured;
    struct sample_tree tree;
    assert_int_equal(proc_open(&captured, folder, NULL), 0);
    assert_int_equal(sample_take_tree(&captured, 10, &arena, &tree), 0);
    assert_int_equal(tree.count, 4);
    assert_int_equal(tree.items[1].pid, 11);
    assert_int_equal(tree.items[2].pid, 14);
    assert_int_equal(tree.items[3].pid, 12);
    assert_true(tree.complete);

    /* of one that cannot be read it is not known whose child it is */
    snprintf(line, sizeof line, "%s/13/stat", folder);
    assert_int_equal(unlink(line), 0);
    assert_int_equal(mkdir(line, 0700), 0);
    assert_int_equal(sample_take_tree(&captured, 10, &arena, &tree), 0);
    assert_int_equal(tree.count, 4);
    assert_false(tree.complete);
    proc_close(&captured);

    for (size_t i = 0; i < 5; i++) {
        snprintf(line, sizeof line, "%s/%d/stat", folder, family[i][0]);
        remove(line);
        snprintf(line, sizeof line, "%s/%d/task/%d", folder, family[i][0], family[i][0]);
        rmdir(line);
        snprintf(line, sizeof line, "%s/%d/task", folder, family[i][0]);
        rmdir(line);
        snprintf(line, sizeof line, "%s/%d", folder, family[i][0]);
        rmdir(line);
    }
    rmdir(folder);
}

/* Exit status: 0 when what is hidden is said to be hidden. */
static void sample_as_nobody(const void *context)
{
    pid_t parent = *(const pid_t *)context;
    struct proc p;
    struct sample s;
    if (setuid(65534) < 0 || proc_open(&p, "/proc", NULL) < 0 || sample_take(&p, parent, &s) < 0)
        _exit(2);
    _exit(s.read_chars == -EACCES && s.syscall_number == -EACCES && s.cpu_ns >= 0 &&
                  s.voluntary_switches >= 0
              ? 0
              : 1);
}

static void what_may_not_be_seen_is_said_so(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    int status;
    pid_t parent = getpid(), child = live_start(sample_as_nobody, &parent);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

#define LIVE(test) cmocka_unit_test_setup_teardown(test, open_proc, close_proc)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_number_of_a_captured_client_is_read, release),
        cmocka_unit_test_teardown(what_another_users_process_hides_is_not_zero, release),
#if defined(__x86_64__)
        cmocka_unit_test_teardown(captured_processes_wait_for_what_they_did, release),
#endif
        cmocka_unit_test_teardown(the_kernel_function_alone_tells_the_kind, release),
        cmocka_unit_test_teardown(a_sample_of_another_process_with_the_pid_is_refused, release),
        cmocka_unit_test(what_was_used_is_the_difference),
        cmocka_unit_test(the_difference_to_the_unknown_is_unknown),
        cmocka_unit_test(a_thread_that_ended_does_not_hide_what_was_used),
        LIVE(somebody_must_type),
        LIVE(nobody_reads_the_terminal),
        LIVE(a_pipe_is_empty_or_full),
        LIVE(several_descriptors_are_an_event_loop),
        LIVE(a_fifo_has_no_other_side),
        LIVE(sleep_is_by_design_and_has_an_end),
        LIVE(other_waits_are_told_apart),
        LIVE(a_spinning_process_uses_the_processor_and_waits_for_nothing),
        LIVE(a_sleeping_process_uses_nothing),
        LIVE(what_goes_through_descriptors_is_counted),
        LIVE(stopped_and_dead_are_told),
        LIVE(descendants_are_found_across_sessions),
        LIVE(descendants_are_found_where_the_kernel_lists_none),
        LIVE(what_may_not_be_seen_is_said_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
