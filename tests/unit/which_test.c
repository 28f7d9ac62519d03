#include "unit.h"

#include "app/select/which.h"

#include <errno.h>

#define ID_A "01e5af14-9422-4986-8749-e00802273d54"
#define ID_B "01e5af14-0000-4000-8000-000000000002"
#define ID_C "cccccccc-0000-4000-8000-000000000003"

static struct arena arena;

static int forget_all(void **state)
{
    (void)state;
    arena_release(&arena);
    arena = (struct arena){0};
    return 0;
}

static struct which parsed(const char *word)
{
    struct which w;
    struct sr_error error;
    if (which_parse(&arena, word, &w, &error) < 0)
        fail_msg("'%s': %s", word, error.text);
    return w;
}

static void a_word_is_a_terminal_a_process_or_a_session(void **state)
{
    (void)state;
    assert_int_equal(parsed("pts/4").kind, WHICH_TERMINAL);
    assert_string_equal(parsed("/dev/pts/4").tty, "pts/4");
    assert_string_equal(parsed("ttys013").tty, "s013");
    assert_string_equal(parsed("s013").tty, "s013");
    assert_int_equal(parsed("4711").kind, WHICH_PID);
    assert_int_equal(parsed("4194304").pid, 4194304);
    assert_int_equal(parsed(ID_A).kind, WHICH_SESSION);
    assert_string_equal(parsed("01E5AF14").prefix, "01e5af14");
    /* no pid has eight digits */
    assert_int_equal(parsed("12345678").kind, WHICH_SESSION);
}

static void what_can_name_nothing_is_refused(void **state)
{
    (void)state;
    static const char *const words[] = {"",      "0",      "-1",       "abc", "01e5af1",  "pts/",
                                        "pts/x", ID_A "0", "zzzzzzzz", "~",   "01e5af14*"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct which w = {.word = "untouched"};
        struct sr_error error;
        assert_int_equal(which_parse(&arena, words[i], &w, &error), -EINVAL);
        assert_string_equal(w.word, "untouched");
        assert_non_null(strstr(error.text, words[i]));
    }
}

static const struct sr_session sessions[] = {
    {.pid = 101, .tty = "pts/1", .session_id = ID_A},
    {.pid = 102, .tty = "pts/2", .candidates = (const char *[]){ID_C, ID_B}, .candidate_count = 2},
    {.pid = 103, .tty = "pts/2", .session_id = NULL},
    {.session_id = ID_C},
};
static const struct sr_snapshot snapshot = {.sessions = sessions, .session_count = 4};

static void finds(const char *word, const struct sr_session *expected)
{
    struct which w = parsed(word);
    const struct sr_session *found = NULL;
    struct buf listed = {0};
    struct sr_error error;
    assert_int_equal(which_find(&w, &snapshot, &found, &listed, &error), 0);
    assert_ptr_equal(found, expected);
    buf_release(&listed);
}

static void finds_none(const char *word, int code, const char *const *says)
{
    struct which w = parsed(word);
    const struct sr_session *found = NULL;
    struct buf text = {0};
    struct sr_error error;
    assert_int_equal(which_find(&w, &snapshot, &found, &text, &error), code);
    assert_null(found);
    buf_adds(&text, error.text);
    for (; *says; says++)
        if (!strstr(text.p, *says))
            fail_msg("'%s' does not say '%s'", text.p, *says);
    buf_release(&text);
}

static void one_is_found(void **state)
{
    (void)state;
    finds("pts/1", &sessions[0]);
    finds("103", &sessions[2]);
    finds(ID_A, &sessions[0]);
    finds("01e5af14-94", &sessions[0]);
    finds("01e5af14-00", &sessions[1]); /* it may have it */
    finds(ID_C, &sessions[3]);          /* so may pid 102, which is no other session */
}

static void a_copy_is_named_by_its_folder_or_its_path(void **state)
{
    (void)state;
    struct which w = parsed("-home-u-new/01E5AF14");
    assert_int_equal(w.kind, WHICH_SESSION);
    assert_string_equal(w.prefix, "01e5af14");
    assert_string_equal(w.folder, "-home-u-new");
    w = parsed("projects/-home-u-new/" ID_A);
    assert_string_equal(w.folder, "-home-u-new");
    assert_false(which_is_file("-home-u-new/01e5af14"));
    w = parsed("/x/" ID_A ".jsonl");
    assert_int_equal(w.kind, WHICH_FILE);
    assert_string_equal(w.prefix, ID_A);
    assert_true(which_is_file("/x/" ID_A ".jsonl"));
    assert_false(which_is_file("pts/999"));
    assert_false(which_is_file("/dev/pts/4"));
    assert_true(which_is_file("./pts/4"));
}

static const struct sr_session copies[] = {
    {.agent = "claude",
     .session_id = ID_A,
     .transcript = "/p/-home-u-old/" ID_A ".jsonl",
     .last_activity_at_ms = 1},
    {.agent = "claude",
     .session_id = ID_A,
     .transcript = "/p/-home-u-new/" ID_A ".jsonl",
     .last_activity_at_ms = 2},
    {.agent = "claude",
     .session_id = ID_C,
     .transcript = "/p/-home-u-new/" ID_C ".jsonl",
     .last_activity_at_ms = 3},
    {.agent = "claude",
     .session_id = ID_C,
     .transcript = "/p/-home-u-old/" ID_C ".jsonl",
     .pid = 7},
};
static const struct sr_snapshot with_copies = {.sessions = copies, .session_count = 4};

static void of_copies(const char *word, int returns, const struct sr_session *expected,
                      const char *names)
{
    struct which w = parsed(word);
    const struct sr_session *found = NULL;
    struct buf listed = {0};
    struct sr_error error;
    assert_int_equal(which_find(&w, &with_copies, &found, &listed, &error), returns);
    assert_ptr_equal(found, expected);
    if (names)
        assert_non_null(strstr(listed.p, names));
    else
        assert_null(listed.p);
    buf_release(&listed);
}

static void
of_copies_the_one_that_runs_or_the_newest_is_taken_and_the_others_are_named(void **state)
{
    (void)state;
    of_copies("01e5af14", 1, &copies[1], "-home-u-old/" ID_A);
    of_copies(ID_C, 1, &copies[3], "-home-u-new/" ID_C);
    of_copies("-home-u-old/01e5af14", 0, &copies[0], NULL);
    of_copies("u-old/01e5af14", -ENOENT, NULL, ID_A);
}

static void none_or_several_are_named_and_nothing_is_guessed(void **state)
{
    (void)state;
    finds_none("pts/9", -ENOENT, (const char *[]){"'pts/9'", "pid 101", ID_A, ID_C, NULL});
    finds_none("104", -ENOENT, (const char *[]){"'104'", NULL});
    finds_none("dddddddd", -ENOENT, (const char *[]){"'dddddddd'", NULL});
    finds_none("pts/2", -EEXIST, (const char *[]){"2 sessions", "pid 102", "pid 103", NULL});
    finds_none("01e5af14", -EEXIST, (const char *[]){"2 sessions", "pid 101", "pid 102", NULL});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_word_is_a_terminal_a_process_or_a_session, forget_all),
        cmocka_unit_test_teardown(what_can_name_nothing_is_refused, forget_all),
        cmocka_unit_test_teardown(one_is_found, forget_all),
        cmocka_unit_test_teardown(a_copy_is_named_by_its_folder_or_its_path, forget_all),
        cmocka_unit_test_teardown(
            of_copies_the_one_that_runs_or_the_newest_is_taken_and_the_others_are_named,
            forget_all),
        cmocka_unit_test_teardown(none_or_several_are_named_and_nothing_is_guessed, forget_all),
    };
    return cmocka_run_group_tests_name("which", tests, NULL, NULL);
}
