#include "scratch.h"

#include "backup/session_log.h"

#include <errno.h>
#include <sys/wait.h>

static const struct wall noon = {1770286272000}; /* 2026-02-05T10:11:12Z */

static const char *const entry = "### 2026-02-05T10:11:12Z - [ADMIN] Session Rescue\n"
                                 "\n"
                                 "**Sessions Recovered:**\n"
                                 "\n"
                                 "| UUID | Size | Action | Result |\n"
                                 "|------|------|--------|--------|\n"
                                 "| abc12345... | 56MB | Exported | ✅ |\n"
                                 "| def45678... | - | Killed | ❌ |\n"
                                 "\n";

static const struct session_log_row rows[] = {
    {"abc12345-2222-4333-8444-555555555555", 56000000, "Exported", true},
    {"def45678-2222-4333-8444-555555555555", -1, "Killed", false},
};

static int append(struct wall at)
{
    char name[SESSION_LOG_NAME_SIZE];
    return session_log_append(scratch("log"), at, rows, 2, name, NULL);
}

static void an_entry_is_a_table(void **state)
{
    (void)state;
    char name[SESSION_LOG_NAME_SIZE];
    assert_int_equal(session_log_append(scratch("log/deep"), noon, rows, 2, name, NULL), 0);
    assert_string_equal(name, "SESSION-LOG-2026-02-05.md");
    assert_sv_equal(scratch_read("log/deep/SESSION-LOG-2026-02-05.md"), entry);
    assert_int_equal(scratch_mode("log/deep"), 0700);
    assert_int_equal(scratch_mode("log/deep/SESSION-LOG-2026-02-05.md"), 0600);
}

static void the_day_is_the_utc_day(void **state)
{
    (void)state;
    struct wall last = {1770335999999}, first = {1770336000000}; /* 23:59:59.999 and 00:00 */
    setenv("TZ", "Asia/Tokyo", 1);
    assert_int_equal(append(last), 0);
    assert_int_equal(append(first), 0);
    unsetenv("TZ");
    assert_true(scratch_has("log/SESSION-LOG-2026-02-05.md"));
    assert_true(scratch_has("log/SESSION-LOG-2026-02-06.md"));
}

static void entries_follow_each_other(void **state)
{
    (void)state;
    assert_int_equal(append(noon), 0);
    assert_int_equal(append(noon), 0);
    struct sv text = scratch_read("log/SESSION-LOG-2026-02-05.md");
    assert_int_equal(text.n, 2 * strlen(entry));
    assert_memory_equal(text.p + strlen(entry), entry, strlen(entry));
}

static void what_was_torn_is_closed(void **state)
{
    (void)state;
    scratch_put("log/SESSION-LOG-2026-02-05.md", "### 2026-02-05T09:00:00Z - [ADM");
    assert_int_equal(append(noon), 0);
    struct sv text = scratch_read("log/SESSION-LOG-2026-02-05.md");
    assert_true(sv_starts_with(text, SV("### 2026-02-05T09:00:00Z - [ADM\n\n### 2026")));
}

static void many_writers_tear_nothing(void **state)
{
    (void)state;
    enum { WRITERS = 4, ENTRIES = 25 };
    pid_t children[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            int r = 0;
            for (int j = 0; j < ENTRIES && r == 0; j++)
                r = append(noon);
            _exit(r != 0);
        }
    }
    for (int i = 0; i < WRITERS; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    struct sv text = scratch_read("log/SESSION-LOG-2026-02-05.md");
    size_t n = strlen(entry);
    assert_int_equal(text.n, WRITERS * ENTRIES * n);
    for (size_t i = 0; i < WRITERS * ENTRIES; i++)
        assert_memory_equal(text.p + i * n, entry, n);
}

static void a_folder_that_cannot_be_made_is_named(void **state)
{
    (void)state;
    struct sr_error error;
    char name[SESSION_LOG_NAME_SIZE];
    scratch_put("file", "");
    assert_int_equal(session_log_append(scratch("file/log"), noon, rows, 2, name, &error),
                     -ENOTDIR);
    assert_non_null(strstr(error.text, "session log update failed"));
    assert_non_null(strstr(error.text, scratch("file/log")));
}

static void a_link_is_not_written_through(void **state)
{
    (void)state;
    scratch_put("victim", "keep\n");
    mkdir(scratch("log"), 0700);
    assert_int_equal(symlink("../victim", scratch("log/SESSION-LOG-2026-02-05.md")), 0);
    assert_int_equal(append(noon), -ELOOP);
    assert_sv_equal(scratch_read("victim"), "keep\n");
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(an_entry_is_a_table),
        IN_SCRATCH(the_day_is_the_utc_day),
        IN_SCRATCH(entries_follow_each_other),
        IN_SCRATCH(what_was_torn_is_closed),
        IN_SCRATCH(many_writers_tear_nothing),
        IN_SCRATCH(a_folder_that_cannot_be_made_is_named),
        IN_SCRATCH(a_link_is_not_written_through),
    };
    return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
