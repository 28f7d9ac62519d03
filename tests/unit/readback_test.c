#include "scratch.h"

#include "backup/io/readback.h"

#include <errno.h>
#include <sys/vfs.h>

static const char *digest_of(const char *bytes, size_t n)
{
    static char text[DIGEST_TEXT_SIZE];
    struct digest d;
    digest_init(&d);
    digest_add(&d, bytes, n);
    digest_end(&d, text);
    return text;
}

static int check(size_t n, const char *sha256, enum readback_way *way)
{
    FS_CLOSE int at = fs_open_dir(AT_FDCWD, scratch_path);
    return readback_check(at, "file", (int64_t)n, sha256, way);
}

/* What is read around the cache is read in whole blocks; files seldom are. */
static void any_length_is_read_whole(void **state)
{
    (void)state;
    static const size_t lengths[] = {0,       1,       511,           4095,          4096,
                                     4097,    1 << 20, (1 << 20) - 1, (1 << 20) + 1, (4 << 20),
                                     5000001, 9999999};
    char *bytes = malloc(10000000);
    for (size_t i = 0; i < 10000000; i++)
        bytes[i] = (char)(i * 7 + i / 251);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        enum readback_way way;
        FS_CLOSE int at = fs_open_dir(AT_FDCWD, scratch_path);
        assert_int_equal(readback_put(at, "file", bytes, lengths[i], &way), 0);
        assert_int_equal(check(lengths[i], digest_of(bytes, lengths[i]), NULL), 0);
        if (lengths[i]) {
            assert_int_equal(check(lengths[i], digest_of(bytes, lengths[i] - 1), NULL), -EIO);
            assert_int_equal(check(lengths[i] - 1, digest_of(bytes, lengths[i]), NULL), -EIO);
        }
        assert_int_equal(unlinkat(at, "file", 0), 0);
    }
    free(bytes);
}

static void a_name_that_is_taken_is_left_alone(void **state)
{
    (void)state;
    FS_CLOSE int at = fs_open_dir(AT_FDCWD, scratch_path);
    scratch_put("file", "old");
    assert_int_equal(readback_put(at, "file", "new", 3, NULL), -EEXIST);
    assert_sv_equal(scratch_read("file"), "old");
}

static void what_was_read_from_is_said(void **state)
{
    struct statfs fs;
    enum readback_way way = READBACK_CACHE;
    scratch_put("file", "text\n");
    FS_CLOSE int fd = open(scratch("file"), O_RDONLY | O_CLOEXEC);
    assert_int_equal(fsync(fd), 0);
    assert_int_equal(fstatfs(fd, &fs), 0);
    assert_int_equal(check(5, digest_of("text\n", 5), &way), 0);
    if (fs.f_type == 0xef53) /* ext4: its pages can be dropped */
        assert_int_not_equal(way, READBACK_CACHE);

    /* tmpfs has no disk */
    assert_int_equal(scratch_teardown(state), 0);
    strcpy(scratch_path, "/dev/shm/sr-unit-XXXXXX");
    assert_non_null(mkdtemp(scratch_path));
    scratch_put("file", "text\n");
    assert_int_equal(check(5, digest_of("text\n", 5), &way), 0);
    assert_int_equal(statfs(scratch_path, &fs), 0);
    if (fs.f_type == 0x01021994)
        assert_int_equal(way, READBACK_CACHE);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(any_length_is_read_whole),
        IN_SCRATCH(a_name_that_is_taken_is_left_alone),
        IN_SCRATCH(what_was_read_from_is_said),
    };
    return cmocka_run_group_tests_name("readback", tests, NULL, NULL);
}
