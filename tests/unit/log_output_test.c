#include "scratch.h"

#include "app/watch/log_output.h"

#include <errno.h>
#include <signal.h>

static void add(struct log_output *o, const char *text)
{
    log_output_add(o, text, strlen(text));
}

static void a_file_that_was_moved_is_made_again(void **state)
{
    (void)state;
    struct log_output o;
    scratch_put("log", "before\n");
    log_output_init(&o, open(scratch("log"), O_WRONLY | O_CLOEXEC));
    add(&o, "one\n");
    assert_false(log_output_flush(&o));
    assert_sv_equal(scratch_read("log"), "before\none\n"); /* at its end, however it was opened */
    assert_int_equal(rename(scratch("log"), scratch("log.1")), 0);
    add(&o, "two\n");
    assert_false(log_output_flush(&o));
    assert_sv_equal(scratch_read("log"), "two\n");
    assert_int_equal(scratch_mode("log"), 0600);
    assert_sv_equal(scratch_read("log.1"), "before\none\n");
    assert_int_equal(truncate(scratch("log"), 0), 0);
    add(&o, "three\n");
    log_output_flush(&o);
    assert_sv_equal(scratch_read("log"), "three\n");
    close(o.fd);
    log_output_release(&o);
}

static void a_pipe_that_nobody_empties_holds_up_nobody(void **state)
{
    (void)state;
    struct log_output o;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    log_output_init(&o, ends[1]);
    for (int i = 0; i < 100000; i++)
        add(&o, "0123456789012345678901234567890123456789012345678901234567890\n");
    assert_true(log_output_flush(&o)); /* comes back, with something left */
    assert_true(o.waiting.n > 0 && o.waiting.n <= 256 * 1024);
    char first[62];
    assert_int_equal(read(ends[0], first, sizeof first), sizeof first);
    assert_int_equal(first[sizeof first - 1], '\n'); /* what was given up were whole lines */
    close(ends[0]);
    close(ends[1]);
    log_output_release(&o);
}

static void a_pipe_without_a_reader_is_broken(void **state)
{
    (void)state;
    struct log_output o;
    int ends[2];
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    log_output_init(&o, ends[1]);
    add(&o, "one\n");
    assert_false(log_output_flush(&o));
    assert_true(o.is_broken);
    close(ends[1]);
    log_output_release(&o);
}

static void a_full_disk_is_waited_for(void **state)
{
    (void)state;
    struct log_output o;
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (full < 0)
        skip();
    log_output_init(&o, full);
    add(&o, "one\n");
    assert_true(log_output_flush(&o));
    assert_false(o.is_broken);
    assert_int_equal(o.failed, -ENOSPC);
    close(full);
    log_output_release(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_that_was_moved_is_made_again, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test(a_pipe_that_nobody_empties_holds_up_nobody),
        cmocka_unit_test(a_pipe_without_a_reader_is_broken),
        cmocka_unit_test(a_full_disk_is_waited_for),
    };
    return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
