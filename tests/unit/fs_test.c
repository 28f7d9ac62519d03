#include "unit.h"

#include "base/io/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Each test has an empty directory, open as `dir`; it is removed afterwards. */
static char path[64];
static int dir;
static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/fs_test.XXXXXX");
    if (!mkdtemp(path))
        return -1;
    dir = open(path, O_RDONLY | O_DIRECTORY);
    return dir < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    DIR *d = fdopendir(dir);
    for (struct dirent *entry; d && (entry = readdir(d));)
        if (unlinkat(dir, entry->d_name, 0) < 0)
            unlinkat(dir, entry->d_name, AT_REMOVEDIR);
    closedir(d);
    arena_release(&arena);
    return rmdir(path);
}

static void put(const char *name, const char *bytes, size_t n)
{
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, bytes, n), n);
    close(fd);
}

static int open_result(const char *name)
{
    struct fs_file file = {.fd = -1};
    int r = fs_open_file(dir, name, &file);
    fs_close(&file.fd);
    return r;
}

static void a_file_is_opened_with_its_facts(void **state)
{
    (void)state;
    put("f", "hello", 5);
    struct stat st;
    struct fs_file file;
    assert_int_equal(fs_open_file(dir, "f", &file), 0);
    assert_int_equal(fstatat(dir, "f", &st, 0), 0);
    assert_int_equal(file.size_bytes, 5);
    assert_int_equal(file.inode, st.st_ino);
    assert_int_equal(file.mtime_ms / 1000, st.st_mtim.tv_sec);
    assert_true(fcntl(file.fd, F_GETFD) & FD_CLOEXEC);
    int was = file.fd;
    fs_close(&file.fd);
    assert_int_equal(file.fd, -1);
    assert_int_equal(fcntl(was, F_GETFD), -1);
}

static void what_is_no_file_is_refused_by_name(void **state)
{
    (void)state;
    assert_int_equal(mkdirat(dir, "d", 0700), 0);
    assert_int_equal(symlinkat("loop", dir, "loop"), 0);
    assert_int_equal(symlinkat("nowhere", dir, "dangling"), 0);
    assert_int_equal(open_result("absent"), -ENOENT);
    assert_int_equal(open_result("d"), -EISDIR);
    assert_int_equal(open_result("loop"), -ELOOP);
    assert_int_equal(open_result("dangling"), -ENOENT);
    assert_int_equal(open_result("d/../d/x/y"), -ENOENT);
    put("f", "", 0);
    assert_int_equal(open_result("f/x"), -ENOTDIR);
}

static void a_fifo_without_a_writer_does_not_block(void **state)
{
    (void)state;
    assert_int_equal(mkfifoat(dir, "fifo", 0600), 0);
    assert_int_equal(open_result("fifo"), -ENXIO);
}

static void sockets_and_devices_are_refused(void **state)
{
    (void)state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", path);
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(s, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(open_result("socket"), -ENXIO);
    close(s);
    assert_int_equal(open_result("/dev/null"), -ENXIO);
}

static void a_link_to_a_file_is_followed(void **state)
{
    (void)state;
    put("f", "hello", 5);
    assert_int_equal(symlinkat("f", dir, "link"), 0);
    assert_int_equal(open_result("link"), 0);
}

static void reading_gives_what_is_there(void **state)
{
    (void)state;
    char bytes[16];
    put("f", "hello", 5);
    FS_CLOSE int fd = openat(dir, "f", O_RDONLY);
    assert_int_equal(fs_read_at(fd, bytes, sizeof bytes, 1), 4);
    assert_memory_equal(bytes, "ello", 4);
    assert_int_equal(fs_read_at(fd, bytes, 2, 0), 2);
    assert_int_equal(fs_read_at(fd, bytes, sizeof bytes, 99), 0);
    assert_int_equal(fs_read_at(-1, bytes, sizeof bytes, 0), -EBADF);
}

static void a_small_file_is_read_whole_and_ends_in_nul(void **state)
{
    (void)state;
    struct sv text;
    put("f", "a\0b", 3);
    assert_int_equal(fs_read_small(dir, "f", 100, &arena, &text), 0);
    assert_int_equal(text.n, 3);
    assert_memory_equal(text.p, "a\0b\0", 4);
    put("empty", "", 0);
    assert_int_equal(fs_read_small(dir, "empty", 100, &arena, &text), 0);
    assert_int_equal(text.n, 0);
    assert_int_equal(text.p[0], '\0');
}

static void the_limit_is_the_last_size_that_is_read(void **state)
{
    (void)state;
    struct sv text = {0};
    put("f", "12345678", 8);
    assert_int_equal(fs_read_small(dir, "f", 8, &arena, &text), 0);
    assert_int_equal(text.n, 8);
    text.n = 99;
    assert_int_equal(fs_read_small(dir, "f", 7, &arena, &text), -EFBIG);
    assert_int_equal(text.n, 99);
}

static void a_proc_file_is_read_though_it_says_it_is_empty(void **state)
{
    (void)state;
    struct sv text;
    struct stat st;
    assert_int_equal(stat("/proc/self/status", &st), 0);
    assert_int_equal(st.st_size, 0);
    assert_int_equal(fs_read_small(AT_FDCWD, "/proc/self/status", 65536, &arena, &text), 0);
    assert_true(sv_starts_with(text, SV("Name:\tfs_test")));
    assert_int_equal(fs_read_small(AT_FDCWD, "/proc/self/status", 10, &arena, &text), -EFBIG);
}

static void a_proc_file_longer_than_a_page_is_read_whole(void **state)
{
    (void)state;
    struct sv text;
    assert_int_equal(fs_read_small(AT_FDCWD, "/proc/self/smaps", 1 << 24, &arena, &text), 0);
    assert_true(text.n > 4096);
    assert_true(text.p[text.n - 1] == '\n');
    assert_true(sv_find(text, 0, SV("[stack]")) < text.n);
}

static void a_links_target_is_told(void **state)
{
    (void)state;
    const char *target = NULL;
    assert_int_equal(symlinkat("some where", dir, "link"), 0);
    assert_int_equal(fs_read_link(dir, "link", &arena, &target), 0);
    assert_string_equal(target, "some where");
    put("f", "", 0);
    assert_int_equal(fs_read_link(dir, "f", &arena, &target), -EINVAL);
}

static void names_are_listed_without_the_dots(void **state)
{
    (void)state;
    struct fs_name *names;
    size_t count;
    put("f", "", 0);
    assert_int_equal(mkdirat(dir, "d", 0700), 0);
    assert_int_equal(fs_list(dir, ".", 10, &arena, &names, &count), 0);
    assert_int_equal(count, 2);
    for (size_t i = 0; i < count; i++) {
        bool is_d = names[i].name[0] == 'd';
        assert_string_equal(names[i].name, is_d ? "d" : "f");
        if (is_d)
            assert_true(names[i].may_be_dir);
    }
}

static void too_many_names_are_cut_and_said_so(void **state)
{
    (void)state;
    struct fs_name *names;
    size_t count = 99;
    for (int i = 0; i < 5; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        put(name, "", 0);
    }
    assert_int_equal(fs_list(dir, ".", 5, &arena, &names, &count), 0);
    assert_int_equal(count, 5);
    assert_int_equal(fs_list(dir, ".", 3, &arena, &names, &count), -EFBIG);
    assert_int_equal(count, 3);
}

static void listing_what_is_no_directory_fails(void **state)
{
    (void)state;
    struct fs_name *names;
    size_t count;
    put("f", "", 0);
    assert_int_equal(fs_list(dir, "f", 5, &arena, &names, &count), -ENOTDIR);
    assert_int_equal(fs_list(dir, "absent", 5, &arena, &names, &count), -ENOENT);
    assert_int_equal(mkfifoat(dir, "fifo", 0600), 0);
    assert_int_equal(fs_list(dir, "fifo", 5, &arena, &names, &count), -ENOTDIR);
}

static void pieces_are_the_whole_file_and_overlap(void **state)
{
    (void)state;
    static const char *const expected[] = {"abcd", "cdefgh", "ghij"};
    struct fs_file file;
    struct sv piece;
    put("f", "abcdefghij", 10);
    assert_int_equal(fs_open_file(dir, "f", &file), 0);
    struct fs_pieces p = {.fd = file.fd, .size = 4, .overlap = 2};
    size_t n = 0;
    for (; fs_next_piece(&p, &piece); n++)
        assert_true(n < 3 && sv_equals(piece, sv_of(expected[n])));
    assert_int_equal(n, 3);
    assert_int_equal(fs_end_pieces(&p), 0);
    p = (struct fs_pieces){.fd = file.fd, .size = 64, .offset = 7};
    assert_true(fs_next_piece(&p, &piece) && sv_equals(piece, SV("hij")));
    assert_int_equal(fs_end_pieces(&p), 0); /* before its end */
    fs_close(&file.fd);
    p = (struct fs_pieces){.fd = dir, .size = 4};
    assert_false(fs_next_piece(&p, &piece));
    assert_int_equal(fs_end_pieces(&p), -EISDIR);
}

/* What is looked for lies across each place where one read ends and the next begins. */
static void what_lies_across_two_reads_is_found(void **state)
{
    (void)state;
    struct buf text = {0};
    for (size_t before = 1024 * 1024 - 6; before <= 1024 * 1024; before++) {
        text.n = 0;
        buf_fill(&text, 'n', before);
        buf_adds(&text, "needle");
        put("f", text.p, text.n);
        assert_int_equal(fs_find(dir, "f", SV("needle")).state, LOOKUP_FOUND);
        assert_int_equal(fs_find(dir, "f", SV("needles")).state, LOOKUP_ABSENT);
        unlinkat(dir, "f", 0);
    }
    buf_release(&text);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_opened_with_its_facts),
        TEST(what_is_no_file_is_refused_by_name),
        TEST(a_fifo_without_a_writer_does_not_block),
        TEST(sockets_and_devices_are_refused),
        TEST(a_link_to_a_file_is_followed),
        TEST(reading_gives_what_is_there),
        TEST(a_small_file_is_read_whole_and_ends_in_nul),
        TEST(the_limit_is_the_last_size_that_is_read),
        TEST(a_proc_file_is_read_though_it_says_it_is_empty),
        TEST(a_proc_file_longer_than_a_page_is_read_whole),
        TEST(a_links_target_is_told),
        TEST(names_are_listed_without_the_dots),
        TEST(too_many_names_are_cut_and_said_so),
        TEST(listing_what_is_no_directory_fails),
        TEST(pieces_are_the_whole_file_and_overlap),
        TEST(what_lies_across_two_reads_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
