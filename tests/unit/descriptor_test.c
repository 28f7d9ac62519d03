#include "live.h"

#include "platform/descriptor.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/stat.h>

static struct arena arena;

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static const struct descriptor *by_number(const struct descriptor *items, size_t count, int fd)
{
    for (size_t i = 0; i < count; i++)
        if (items[i].fd == fd)
            return &items[i];
    fail_msg("descriptor %d is not listed", fd);
    return NULL;
}

static void descriptors_of_a_captured_client(void **state)
{
    (void)state;
    struct proc proc = captured_proc("machine");
    struct descriptor *items;
    size_t count;
    assert_int_equal(descriptor_list(&proc, 8717, &arena, &items, &count), 0);
    assert_int_equal(count, 22);
    for (size_t i = 1; i < count; i++)
        assert_true(items[i - 1].fd < items[i].fd);

    const struct descriptor *d = by_number(items, count, 0);
    assert_int_equal(d->kind, DESCRIPTOR_TTY);
    assert_string_equal(d->target, "/dev/pts/2");
    assert_true(d->access_known && d->reads && d->writes);
    d = by_number(items, count, 4);
    assert_int_equal(d->kind, DESCRIPTOR_PIPE);
    assert_int_equal(d->inode, 468963);
    assert_true(d->access_known && d->reads && !d->writes);
    d = by_number(items, count, 5);
    assert_int_equal(d->inode, 468963);
    assert_true(d->access_known && !d->reads && d->writes);
    d = by_number(items, count, 13);
    assert_int_equal(d->kind, DESCRIPTOR_OTHER);
    assert_string_equal(d->target, "anon_inode:[eventpoll]");
    assert_int_equal(by_number(items, count, 18)->kind, DESCRIPTOR_OTHER); /* /dev/null */

    struct descriptor one;
    assert_int_equal(descriptor_read(&proc, 8710, 6, &arena, &one), 0);
    assert_int_equal(one.kind, DESCRIPTOR_SOCKET);
    assert_int_equal(one.inode, 469818);
    assert_int_equal(descriptor_read(&proc, 8710, 5, &arena, &one), 0);
    assert_int_equal(one.kind, DESCRIPTOR_OTHER); /* the master side of a terminal is none */
    assert_int_equal(descriptor_read(&proc, 8710, 99, &arena, &one), -EBADF);
    assert_int_equal(descriptor_read(&proc, 8730, 0, &arena, &one), -ESRCH);
    assert_int_equal(descriptor_list(&proc, 8730, &arena, &items, &count), -ESRCH);
    proc_close(&proc);
}

static void the_master_is_found_by_the_terminals_number(void **state)
{
    (void)state;
    struct proc proc = captured_proc("machine");
    struct descriptor_holders h;
    for (unsigned number = 1; number <= 2; number++) {
        assert_int_equal(descriptor_find_pty_masters(&proc, number, &arena, &h), 0);
        assert_int_equal(h.count, 1);
        assert_int_equal(h.items[0].pid, 8710);
        assert_string_equal(h.items[0].name, "tmux: server");
        assert_int_equal(h.items[0].fd, number == 1 ? 5 : 8);
        assert_int_equal(h.items[0].start_ticks, 357890);
    }
    assert_int_equal(descriptor_find_pty_masters(&proc, 3, &arena, &h), 0);
    assert_int_equal(h.count, 0);
    proc_close(&proc);
}

static bool holds(const struct descriptor_holders *h, pid_t pid)
{
    for (size_t i = 0; i < h->count; i++)
        if (h->items[i].pid == pid)
            return true;
    return false;
}

static void a_terminal_of_ours_has_us_for_its_master(void **state)
{
    (void)state;
    int master, slave;
    char name[64];
    unsigned number;
    struct proc proc = live_proc();
    struct descriptor_holders h;
    assert_int_equal(openpty(&master, &slave, name, NULL, NULL), 0);
    assert_int_equal(sscanf(name, "/dev/pts/%u", &number), 1);
    assert_int_equal(descriptor_find_pty_masters(&proc, number, &arena, &h), 0);
    assert_true(holds(&h, getpid()));
    struct descriptor d;
    assert_int_equal(descriptor_read(&proc, getpid(), slave, &arena, &d), 0);
    assert_int_equal(d.kind, DESCRIPTOR_TTY);
    close(master);
    assert_int_equal(descriptor_find_pty_masters(&proc, number, &arena, &h), 0);
    assert_false(holds(&h, getpid()));
    close(slave);
    proc_close(&proc);
}

static void kinds_and_directions_are_told(void **state)
{
    (void)state;
    struct proc proc = live_proc();
    struct descriptor d;
    struct {
        int fd;
        enum descriptor_kind kind;
        bool reads, writes;
    } cases[] = {
        {open("/etc/passwd", O_RDONLY), DESCRIPTOR_FILE, true, false},
        {open("/tmp", O_WRONLY | O_TMPFILE, 0600), DESCRIPTOR_FILE, false, true},
        {open("/dev/null", O_RDWR), DESCRIPTOR_OTHER, true, true},
        {open("/etc/passwd", O_PATH), DESCRIPTOR_FILE, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (cases[i].fd < 0)
            continue; /* no O_TMPFILE there */
        assert_int_equal(descriptor_read(&proc, getpid(), cases[i].fd, &arena, &d), 0);
        assert_int_equal(d.kind, cases[i].kind);
        assert_true(d.access_known);
        assert_int_equal(d.reads, cases[i].reads);
        assert_int_equal(d.writes, cases[i].writes);
        close(cases[i].fd);
    }
    proc_close(&proc);
}

/* Starts a grandchild in a session of its own, tells its pid, and ends. */
static void leave_a_daemon(const void *context)
{
    const int *told = context;
    pid_t pid = fork();
    if (pid == 0) {
        setsid();
        for (;;)
            pause();
    }
    if (write(*told, &pid, sizeof pid) != sizeof pid)
        _exit(1);
}

static void a_pipe_held_by_a_daemon_is_found_out(void **state)
{
    (void)state;
    int output[2], told[2];
    pid_t daemon;
    struct proc proc = live_proc();
    struct descriptor_holders h;
    struct stat st;
    char target[64];
    assert_int_equal(pipe(output), 0);
    assert_int_equal(pipe(told), 0);
    assert_int_equal(fstat(output[0], &st), 0);
    snprintf(target, sizeof target, "pipe:[%llu]", (unsigned long long)st.st_ino);

    pid_t child = live_start(leave_a_daemon, &told[1]);
    assert_int_equal(read(told[0], &daemon, sizeof daemon), sizeof daemon);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(descriptor_find_writers(&proc, target, 0, &arena, &h), 0);
    assert_int_equal(h.count, 2); /* we too have both ends */
    close(output[1]);

    /* the read end, which both still have, is none that keeps the reader waiting */
    assert_int_equal(descriptor_find_writers(&proc, target, 0, &arena, &h), 0);
    assert_int_equal(h.count, 1);
    assert_int_equal(h.items[0].pid, daemon);
    assert_int_equal(h.items[0].fd, output[1]);
    assert_int_equal(descriptor_find_writers(&proc, target, daemon, &arena, &h), 0);
    assert_int_equal(h.count, 0);

    char byte;
    kill(daemon, SIGKILL); /* its parent has ended: whoever adopted it waits for it */
    assert_int_equal(read(output[0], &byte, 1), 0);
    assert_int_equal(descriptor_find_writers(&proc, target, 0, &arena, &h), 0);
    assert_int_equal(h.count, 0);
    close(output[0]);
    close(told[0]);
    close(told[1]);
    proc_close(&proc);
}

static void the_writer_of_a_fifo_is_found_by_its_path(void **state)
{
    (void)state;
    char folder[] = "/tmp/descriptor-XXXXXX", path[64];
    struct proc proc = live_proc();
    struct descriptor_holders h;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/fifo", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK);
    assert_int_equal(descriptor_find_writers(&proc, path, 0, &arena, &h), 0);
    assert_int_equal(h.count, 0);
    int writer = open(path, O_WRONLY | O_NONBLOCK);
    assert_true(writer >= 0);
    assert_int_equal(descriptor_find_writers(&proc, path, 0, &arena, &h), 0);
    assert_int_equal(h.count, 1);
    assert_int_equal(h.items[0].fd, writer);
    close(writer);
    close(reader);
    unlink(path);
    rmdir(folder);
    proc_close(&proc);
}

/* Exit status: 0 when the parent could not be looked into, and that was counted. */
static void search_as_nobody(const void *context)
{
    pid_t parent = *(const pid_t *)context;
    struct proc proc;
    struct arena a = {0};
    struct descriptor *items;
    struct descriptor_holders h;
    size_t count;
    if (setuid(65534) < 0 || proc_open(&proc, "/proc", NULL) < 0)
        _exit(2);
    if (descriptor_list(&proc, parent, &a, &items, &count) != -EACCES)
        _exit(3);
    if (descriptor_find_writers(&proc, "pipe:[1]", 0, &a, &h) < 0 || h.unreadable == 0)
        _exit(4);
}

static void who_could_not_be_looked_into_is_counted(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    int status;
    pid_t parent = getpid(), child = live_start(search_as_nobody, &parent);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);

    struct proc proc = live_proc();
    struct descriptor_holders h;
    assert_int_equal(descriptor_find_writers(&proc, "pipe:[1]", 0, &arena, &h), 0);
    assert_int_equal(h.count, 0);
    proc_close(&proc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(descriptors_of_a_captured_client, release),
        cmocka_unit_test_teardown(the_master_is_found_by_the_terminals_number, release),
        cmocka_unit_test_teardown(a_terminal_of_ours_has_us_for_its_master, release),
        cmocka_unit_test_teardown(kinds_and_directions_are_told, release),
        cmocka_unit_test_teardown(a_pipe_held_by_a_daemon_is_found_out, release),
        cmocka_unit_test_teardown(the_writer_of_a_fifo_is_found_by_its_path, release),
        cmocka_unit_test_teardown(who_could_not_be_looked_into_is_counted, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
