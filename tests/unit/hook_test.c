#include "unit.h"

#include "app/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ID "0a0a0a0a-1111-4222-8333-444444444444"
#define WORDS "{\"session_id\":\"" ID "\",\"transcript_path\":\"/c/projects/-p/x.jsonl\"}"

static struct arena arena;

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

/* What is made of these bytes when they come through a pipe (or a socket, as some runtimes use). */
static int hear(const char *bytes, bool by_socket, struct hook *out)
{
    int ends[2];
    assert_int_equal(by_socket ? socketpair(AF_UNIX, SOCK_STREAM, 0, ends) : pipe(ends), 0);
    assert_int_equal(write(ends[1], bytes, strlen(bytes)), (ssize_t)strlen(bytes));
    close(ends[1]);
    int r = hook_read(ends[0], &arena, out);
    close(ends[0]);
    return r;
}

static void a_session_and_its_transcript_are_named(void **state)
{
    (void)state;
    for (int by_socket = 0; by_socket < 2; by_socket++) {
        struct hook h;
        assert_int_equal(hear(WORDS, by_socket, &h), 0);
        assert_string_equal(h.session_id, ID);
        assert_string_equal(h.transcript_path, "/c/projects/-p/x.jsonl");
    }
}

static void what_names_no_session_is_nothing(void **state)
{
    (void)state;
    static const char *const words[] = {"",
                                        "{",
                                        "7",
                                        "[\"" ID "\"]",
                                        "{\"session_id\":5}",
                                        "{\"session_id\":\"/etc/passwd\"}",
                                        "{\"transcript_path\":\"/x.jsonl\"}",
                                        WORDS WORDS};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct hook h = {"untouched", NULL};
        assert_int_equal(hear(words[i], false, &h), -ENODATA);
        assert_string_equal(h.session_id, "untouched");
    }
}

static void a_device_and_a_closed_descriptor_are_not_read(void **state)
{
    (void)state;
    struct hook h;
    int zeros = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    assert_int_equal(hook_read(zeros, &arena, &h), -ENODATA);
    close(zeros);
    assert_int_equal(hook_read(-1, &arena, &h), -ENODATA);
}

static void a_pipe_that_nobody_writes_into_is_left(void **state)
{
    (void)state;
    struct hook h;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(hook_read(ends[0], &arena, &h), -ENODATA); /* it does come back */
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_session_and_its_transcript_are_named, release),
        cmocka_unit_test_teardown(what_names_no_session_is_nothing, release),
        cmocka_unit_test_teardown(a_device_and_a_closed_descriptor_are_not_read, release),
        cmocka_unit_test_teardown(a_pipe_that_nobody_writes_into_is_left, release),
    };
    return cmocka_run_group_tests_name("hook", tests, NULL, NULL);
}
