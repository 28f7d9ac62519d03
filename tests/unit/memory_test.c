#include "live.h"

#include "platform/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGES = 4096, NOBODY = 65534 };

/* ASan's shadow alone takes some 10 s. */
static const struct memory_limits generous = {1ll << 31, 240000};
static struct proc proc;

static const char mark[] = "a mark that stands in no other process: marmalade";

static int open_proc(void **state)
{
    (void)state;
    struct sr_error error;
    return proc_open(&proc, "/proc", &error);
}

static int close_proc(void **state)
{
    (void)state;
    proc_close(&proc);
    return 0;
}

/* Reserves much, and uses two pages of it. */
static void use_little(const void *context)
{
    const int *ready = context;
    size_t page = (size_t)sysconf(_SC_PAGESIZE), size = PAGES * page;
    char *room = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED)
        _exit(1);
    madvise(room, size, MADV_NOHUGEPAGE);
    for (size_t i = 0; i < sizeof mark; i++) {
        room[7 * page + i] = mark[i];
        room[2000 * page + i] = mark[i];
    }
    if (write(ready[1], &room, sizeof room) != sizeof room)
        _exit(1);
    for (;;)
        pause();
}

static bool rests(pid_t pid)
{
    struct proc_stat stat;
    return proc_read_stat(&proc, pid, &stat) == 0 && stat.state == 'S';
}

/* Until it rests it touches pages of its own: its first pause() is looked up. */
static pid_t start(uint64_t *room)
{
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t pid = live_start(use_little, ready);
    assert_int_equal(read(ready[0], room, sizeof *room), sizeof *room);
    close(ready[0]);
    close(ready[1]);
    until(rests(pid));
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static const struct memory_run *run_at(const struct memory_image *image, uint64_t address)
{
    for (size_t i = 0; i < image->run_count; i++)
        if (image->runs[i].address <= address &&
            address < image->runs[i].address + image->runs[i].n)
            return &image->runs[i];
    return NULL;
}

static void used_pages_are_read_and_others_are_not(void **state)
{
    (void)state;
    uint64_t room, page = (uint64_t)proc.page_bytes;
    pid_t pid = start(&room);
    struct memory_image image;
    assert_int_equal(memory_read(&proc, pid, &generous, &image), 0);
    const uint64_t used[] = {room + 7 * page, room + 2000 * page};
    for (size_t i = 0; i < 2; i++) {
        const struct memory_run *run = run_at(&image, used[i]);
        assert_non_null(run);
        assert_memory_equal(run->bytes + (used[i] - run->address), mark, sizeof mark);
    }
    assert_null(run_at(&image, room + 100 * page));
    assert_null(run_at(&image, room + (PAGES - 1) * page));
    for (size_t i = 1; i < image.run_count; i++)
        assert_true(image.runs[i - 1].address + image.runs[i - 1].n < image.runs[i].address);
    memory_release(&image);
    end(pid);
}

/* "Rss:  1234 kB"; counted at once, where /proc/PID/stat is a batch of pages behind. */
static long used_kb(pid_t pid)
{
    char path[64], line[256];
    long kb = -1;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (kb < 0 && fgets(line, sizeof line, f))
        if (strncmp(line, "Rss:", 4) == 0)
            kb = strtol(line + 4, NULL, 10);
    fclose(f);
    assert_true(kb > 0);
    return kb;
}

static void reading_leaves_the_process_as_it_was(void **state)
{
    (void)state;
    uint64_t room;
    pid_t pid = start(&room);
    struct memory_image image;
    struct proc_stat before, after;
    assert_int_equal(proc_read_stat(&proc, pid, &before), 0);
    long used = used_kb(pid);
    assert_int_equal(memory_read(&proc, pid, &generous, &image), 0);
    assert_int_equal(used_kb(pid), used);
    assert_int_equal(proc_read_stat(&proc, pid, &after), 0);
    assert_true(image.table_bytes_before > 0);
    assert_int_equal(image.table_bytes_before, image.table_bytes_after);
    assert_int_equal(before.start_ticks, after.start_ticks);
    memory_release(&image);
    end(pid);
}

static void too_much_is_not_read(void **state)
{
    (void)state;
    uint64_t room;
    pid_t pid = start(&room);
    const struct memory_limits narrow = {proc.page_bytes, 60000};
    struct memory_image image = {.run_count = 77};
    assert_int_equal(memory_read(&proc, pid, &narrow, &image), -EFBIG);
    assert_int_equal(image.run_count, 77);
    end(pid);
}

static void a_process_that_is_gone_is_said_to_be(void **state)
{
    (void)state;
    uint64_t room;
    pid_t pid = start(&room);
    end(pid);
    struct memory_image image;
    assert_int_equal(memory_read(&proc, pid, &generous, &image), -ESRCH);
}

/* Of root's process, as another user. */
static void read_as_nobody(const void *context)
{
    struct memory_image image;
    if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) < 0)
        _exit(2);
    int r = memory_read(&proc, *(const pid_t *)context, &generous, &image);
    _exit(r == -EACCES || r == -EPERM ? 0 : 1);
}

static void another_users_process_may_not_be_read(void **state)
{
    (void)state;
    uint64_t room;
    pid_t pid = start(&room), target = geteuid() == 0 ? pid : 1;
    pid_t reader = live_start(read_as_nobody, &target);
    int status;
    assert_int_equal(waitpid(reader, &status, 0), reader);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    end(pid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(used_pages_are_read_and_others_are_not),
        cmocka_unit_test(reading_leaves_the_process_as_it_was),
        cmocka_unit_test(too_much_is_not_read),
        cmocka_unit_test(a_process_that_is_gone_is_said_to_be),
        cmocka_unit_test(another_users_process_may_not_be_read),
    };
    return cmocka_run_group_tests_name("memory", tests, open_proc, close_proc);
}
