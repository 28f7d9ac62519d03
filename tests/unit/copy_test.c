#include "scratch.h"

#include "backup/io/copy.h"

#include <errno.h>
#include <sys/time.h>

enum { BIG = 3 * 1024 * 1024 + 17 };

/* What happens to the source when a piece of it has been copied. */
struct meddling {
    void (*act)(void);
    int times;
};

static void meddle(void *context, int64_t bytes)
{
    struct meddling *m = context;
    (void)bytes;
    if (m->act && m->times-- > 0)
        m->act();
}

static int copy(const char *name, struct meddling *m, struct copied *out, struct sr_error *error)
{
    FS_CLOSE int at = fs_open_dir(AT_FDCWD, scratch_path);
    struct copy_request request = {
        .from_at = at,
        .from = name,
        .from_shown = name,
        .to_at = at,
        .to = "copy",
        .to_shown = "copy",
        .is_lines = true,
        .torn_at = at,
        .torn = "torn",
        .progress = meddle,
        .context = m,
    };
    return copy_file(&request, out, error);
}

static void a_file_is_copied_to_the_byte(void **state)
{
    (void)state;
    struct copied c;
    struct meddling nothing = {0};
    char *bytes = malloc(BIG);
    for (size_t i = 0; i < BIG; i++)
        bytes[i] = (char)(i * 7 + i / 251);
    scratch_write("source", bytes, BIG);
    assert_int_equal(copy("source", &nothing, &c, NULL), 0);
    assert_int_equal(c.state, COPY_STABLE);
    assert_int_equal(c.size_bytes, BIG);
    assert_int_equal(scratch_read("copy").n, BIG);
    assert_memory_equal(scratch_read("copy").p, bytes, BIG);
    assert_int_equal(scratch_mode("copy"), 0600);
    free(bytes);
}

static void an_empty_file_is_copied(void **state)
{
    (void)state;
    struct copied c;
    struct meddling nothing = {0};
    scratch_put("source", "");
    assert_int_equal(copy("source", &nothing, &c, NULL), 0);
    assert_int_equal(c.size_bytes, 0);
    assert_true(c.ends_in_newline);
    assert_true(scratch_has("copy"));
}

static void a_torn_line_at_rest_is_copied_and_said(void **state)
{
    (void)state;
    struct copied c;
    struct meddling nothing = {0};
    scratch_put("source", "{\"a\":1}\n{\"b\":");
    assert_int_equal(copy("source", &nothing, &c, NULL), 0);
    assert_int_equal(c.state, COPY_STABLE);
    assert_false(c.ends_in_newline);
    assert_sv_equal(scratch_read("copy"), "{\"a\":1}\n{\"b\":");
    assert_false(scratch_has("torn"));
}

static void finish_the_line(void)
{
    scratch_append("source", "2}\n{\"c\":3}\n");
}

static void a_file_that_grows_is_cut_at_a_line_end(void **state)
{
    (void)state;
    struct copied c;
    struct meddling m = {finish_the_line, 1};
    scratch_put("source", "{\"a\":1}\n{\"b\":");
    assert_int_equal(copy("source", &m, &c, NULL), 0);
    assert_int_equal(c.state, COPY_GREW);
    assert_sv_equal(scratch_read("copy"), "{\"a\":1}\n");
    assert_sv_equal(scratch_read("torn"), "{\"b\":");
    assert_int_equal(c.torn_bytes, 5);
    assert_sv_equal(scratch_read("source"), "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n");
}

static void rewrite(void)
{
    static int version;
    char text[32];
    snprintf(text, sizeof text, "{\"version\":%d}\n", ++version);
    scratch_put("source", text);
}

static void a_file_rewritten_once_is_copied_again(void **state)
{
    (void)state;
    struct copied c;
    struct meddling m = {rewrite, 1};
    scratch_put("source", "{\"version\":?}\n");
    assert_int_equal(copy("source", &m, &c, NULL), 0);
    assert_int_equal(c.state, COPY_STABLE);
    assert_sv_equal(scratch_read("copy"), "{\"version\":1}\n");
}

static void a_file_rewritten_each_time_is_said_to_be(void **state)
{
    (void)state;
    struct copied c;
    struct meddling m = {rewrite, 1000};
    scratch_put("source", "{\"version\":?}\n");
    assert_int_equal(copy("source", &m, &c, NULL), 0);
    assert_int_equal(c.state, COPY_UNSTABLE);
    assert_int_equal(scratch_read("copy").n, c.size_bytes);
}

static void replace(void)
{
    scratch_put("other", "{\"new\":true}\n");
    rename(scratch("other"), scratch("source"));
}

static void of_a_file_that_is_replaced_the_new_one_is_copied(void **state)
{
    (void)state;
    struct copied c;
    struct meddling m = {replace, 1};
    scratch_put("source", "{\"old\":true}\n");
    assert_int_equal(copy("source", &m, &c, NULL), 0);
    assert_sv_equal(scratch_read("copy"), "{\"new\":true}\n");
}

static void cut_to_half(void)
{
    assert_int_equal(truncate(scratch("source"), 8), 0);
}

static void of_a_file_that_is_cut_what_is_left_is_copied(void **state)
{
    (void)state;
    struct copied c;
    struct meddling m = {cut_to_half, 1};
    scratch_put("source", "{\"a\":1}\n{\"b\":2}\n");
    assert_int_equal(copy("source", &m, &c, NULL), 0);
    assert_sv_equal(scratch_read("copy"), "{\"a\":1}\n");
    assert_int_equal(c.state, COPY_STABLE);
}

static void vanish(void)
{
    unlink(scratch("source"));
}

static void a_file_that_vanishes_is_copied_all_the_same(void **state)
{
    (void)state;
    struct copied c;
    struct meddling m = {vanish, 1};
    scratch_put("source", "{\"a\":1}\n");
    assert_int_equal(copy("source", &m, &c, NULL), 0);
    assert_sv_equal(scratch_read("copy"), "{\"a\":1}\n");
}

static void a_link_is_followed_only_inside(void **state)
{
    (void)state;
    struct copied c;
    struct meddling nothing = {0};
    struct sr_error error;
    scratch_put("real", "{\"a\":1}\n");
    assert_int_equal(symlink("real", scratch("source")), 0);
    assert_int_equal(copy("source", &nothing, &c, NULL), 0);
    assert_sv_equal(scratch_read("copy"), "{\"a\":1}\n");
    unlink(scratch("source"));
    unlink(scratch("copy"));
    assert_int_equal(symlink("/etc/hostname", scratch("source")), 0);
    assert_int_equal(copy("source", &nothing, &c, &error), COPY_SOURCE_FAILED);
    assert_int_equal(error.code, -EXDEV);
    assert_non_null(strstr(error.text, "source"));
    assert_false(scratch_has("copy"));
}

static void what_is_no_file_is_refused_at_once(void **state)
{
    (void)state;
    struct copied c;
    struct meddling nothing = {0};
    struct sr_error error;
    assert_int_equal(mkfifo(scratch("source"), 0600), 0);
    assert_int_equal(copy("source", &nothing, &c, &error), COPY_SOURCE_FAILED);
    assert_int_equal(error.code, -ENXIO);
}

static void the_source_keeps_its_times(void **state)
{
    (void)state;
    struct copied c;
    struct meddling nothing = {0};
    struct stat before, after;
    scratch_put("source", "{\"a\":1}\n");
    /* read long ago, so that relatime would renew it */
    struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1100000000}};
    assert_int_equal(utimensat(AT_FDCWD, scratch("source"), times, 0), 0);
    assert_int_equal(stat(scratch("source"), &before), 0);
    assert_int_equal(copy("source", &nothing, &c, NULL), 0);
    assert_int_equal(stat(scratch("source"), &after), 0);
    assert_memory_equal(&before.st_atim, &after.st_atim, sizeof before.st_atim);
    assert_memory_equal(&before.st_mtim, &after.st_mtim, sizeof before.st_mtim);
    assert_int_equal(before.st_ino, after.st_ino);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(a_file_is_copied_to_the_byte),
        IN_SCRATCH(an_empty_file_is_copied),
        IN_SCRATCH(a_torn_line_at_rest_is_copied_and_said),
        IN_SCRATCH(a_file_that_grows_is_cut_at_a_line_end),
        IN_SCRATCH(a_file_rewritten_once_is_copied_again),
        IN_SCRATCH(a_file_rewritten_each_time_is_said_to_be),
        IN_SCRATCH(of_a_file_that_is_replaced_the_new_one_is_copied),
        IN_SCRATCH(of_a_file_that_is_cut_what_is_left_is_copied),
        IN_SCRATCH(a_file_that_vanishes_is_copied_all_the_same),
        IN_SCRATCH(a_link_is_followed_only_inside),
        IN_SCRATCH(what_is_no_file_is_refused_at_once),
        IN_SCRATCH(the_source_keeps_its_times),
    };
    return cmocka_run_group_tests_name("copy", tests, NULL, NULL);
}
