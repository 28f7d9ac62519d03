#include "scratch.h"

#include "base/io/durable.h"
#include "base/io/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static int append(const char *closing, const char *text)
{
    FS_CLOSE int fd = durable_open(AT_FDCWD, scratch("log"), O_RDWR | O_APPEND | O_CREAT);
    assert_true(fd >= 0);
    return durable_append(fd, closing, text, strlen(text));
}

static void what_is_appended_stands_at_the_end(void **state)
{
    (void)state;
    assert_int_equal(append("\n", "one\n"), 0);
    assert_int_equal(append("\n", "two\n"), 0);
    assert_sv_equal(scratch_read("log"), "one\ntwo\n");
}

static void a_torn_line_is_closed_first(void **state)
{
    (void)state;
    scratch_put("log", "tor");
    assert_int_equal(append("\n", "one\n"), 0);
    assert_sv_equal(scratch_read("log"), "tor\none\n");
}

/* By a limit on the size, which lets a part of a write through. */
static void a_write_that_breaks_off_is_taken_back(void **state)
{
    (void)state;
    scratch_put("log", "12345678");
    pid_t child = fork();
    if (child == 0) {
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){12, 12});
        _exit(append("\n", "abcdefgh\n") == -EFBIG ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_sv_equal(scratch_read("log"), "12345678");
}

/* As the client does, which takes no lock. */
static void nothing_of_another_writer_is_cut_off(void **state)
{
    (void)state;
    enum { LINES = 300 };
    pid_t child = fork();
    if (child == 0) {
        FS_CLOSE int fd = durable_open(AT_FDCWD, scratch("log"), O_WRONLY | O_APPEND | O_CREAT);
        for (int i = 0; i < LINES; i++)
            if (durable_write(fd, "theirs\n", 7) < 0)
                _exit(1);
        _exit(0);
    }
    for (int i = 0; i < LINES; i++)
        assert_int_equal(append("\n", "ours\n"), 0);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    struct sv text = scratch_read("log");
    assert_int_equal(text.n, LINES * 7 + LINES * 5);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(what_is_appended_stands_at_the_end),
        IN_SCRATCH(a_torn_line_is_closed_first),
        IN_SCRATCH(a_write_that_breaks_off_is_taken_back),
        IN_SCRATCH(nothing_of_another_writer_is_cut_off),
    };
    return cmocka_run_group_tests_name("durable", tests, NULL, NULL);
}
