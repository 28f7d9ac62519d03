#include "scratch.h"

#include "app/watch/notifier.h"
#include "base/clock.h"

#include <errno.h>
#include <poll.h>

/* "a|b c": the words of a command. */
static const char *words_of(const char *command)
{
    char **words = notifier_words(command);
    const char *text = words ? "" : "none";
    for (size_t i = 0; words && words[i]; i++)
        text = arena_printf(&scratch_arena, "%s%s%s", text, i ? "|" : "", words[i]);
    notifier_free_words(words);
    return text;
}

static void a_command_is_cut_as_a_shell_would(void **state)
{
    (void)state;
    assert_string_equal(words_of("notify me"), "notify|me");
    assert_string_equal(words_of("  a\t'b c'  \"d 'e\" "), "a|b c|d 'e");
    assert_string_equal(words_of("a''b \"\" x\\ y '\\'"), "ab||x y|\\");
    assert_string_equal(words_of("echo \"a\\\"b\" $HOME `x` *"), "echo|a\"b|$HOME|`x`|*");
    assert_string_equal(words_of(""), "none");
    assert_string_equal(words_of("  "), "none");
    assert_string_equal(words_of("a 'b"), "none");
    assert_string_equal(words_of("a \"b\\\""), "none");
}

static void a_program_is_a_file_that_may_be_run(void **state)
{
    (void)state;
    char *path = NULL;
    scratch_put("bin/tool", "#!/bin/sh\n");
    const char *folders = arena_printf(&scratch_arena, "/nowhere:%s", scratch("bin"));
    assert_int_equal(notifier_find("tool", folders, &path), -EACCES);
    assert_int_equal(chmod(scratch("bin/tool"), 0700), 0);
    assert_int_equal(notifier_find("tool", folders, &path), 0);
    assert_string_equal(path, scratch("bin/tool"));
    free(path);
    assert_int_equal(notifier_find(scratch("bin/tool"), NULL, &path), 0);
    free(path);
    assert_int_equal(notifier_find(scratch("bin"), NULL, &path), -EACCES);
    assert_int_equal(notifier_find("no-such-tool", folders, &path), -ENOENT);
    assert_int_equal(notifier_find("", folders, &path), -ENOENT);
}

static char last_failure[256];

static void note_failure(void *context, const char *why)
{
    (void)context;
    snprintf(last_failure, sizeof last_failure, "%s", why);
}

static void run_to_the_end(struct notifier *n)
{
    int64_t pause_ms;
    while ((pause_ms = notifier_run(n, clock_since_boot_ms(), note_failure, NULL)) >= 0) {
        struct pollfd p = {.fd = n->pidfd, .events = POLLIN};
        poll(&p, 1, (int)(pause_ms < 20000 ? pause_ms : 20000));
    }
}

static void commands_run_one_after_the_other_with_their_input(void **state)
{
    (void)state;
    struct notifier n;
    const char *script =
        arena_printf(&scratch_arena, "cat >>%s; echo \"$0\" >>%s", scratch("got"), scratch("got"));
    const char *first[] = {"sh", "-c", script, "one", NULL};
    const char *second[] = {"sh", "-c", script, "two; $(three)", NULL};
    struct buf large = {0};
    buf_fill(&large, 'x', 200000); /* more than a pipe takes */
    buf_adds(&large, "\n");
    last_failure[0] = '\0';
    notifier_init(&n, 60000);
    notifier_add(&n, "/bin/sh", first, (struct sv){large.p, large.n});
    notifier_add(&n, "/bin/sh", second, SV("{}\n"));
    run_to_the_end(&n);
    struct sv got = scratch_read("got");
    assert_int_equal(got.n, large.n + strlen("one\n{}\ntwo; $(three)\n"));
    assert_sv_equal(sv_slice(got, large.n, got.n), "one\n{}\ntwo; $(three)\n");
    assert_string_equal(last_failure, "");
    notifier_release(&n);
    buf_release(&large);
}

static void one_that_takes_too_long_is_ended(void **state)
{
    (void)state;
    struct notifier n;
    const char *argv[] = {"sleep", "1000", NULL};
    notifier_init(&n, 50);
    notifier_add(&n, "/bin/sleep", argv, SV(""));
    run_to_the_end(&n);
    assert_non_null(strstr(last_failure, "sleep took longer than"));
    notifier_release(&n);
}

static void too_many_that_wait_are_counted_and_not_kept(void **state)
{
    (void)state;
    struct notifier n;
    const char *argv[] = {"true", NULL};
    notifier_init(&n, 1000);
    for (int i = 0; i < 1000; i++)
        notifier_add(&n, "/bin/true", argv, SV(""));
    assert_int_equal(n.waiting + n.dropped, 1000);
    assert_true(n.waiting <= 256);
    notifier_release(&n);
    assert_null(n.first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_is_cut_as_a_shell_would),
        cmocka_unit_test_setup_teardown(a_program_is_a_file_that_may_be_run, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(commands_run_one_after_the_other_with_their_input,
                                        scratch_setup, scratch_teardown),
        cmocka_unit_test(one_that_takes_too_long_is_ended),
        cmocka_unit_test(too_many_that_wait_are_counted_and_not_kept),
    };
    return cmocka_run_group_tests_name("notifier", tests, NULL, NULL);
}
