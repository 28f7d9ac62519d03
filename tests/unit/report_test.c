#include "unit.h"

#include "app/watch/report.h"

#include <errno.h>

static struct arena arena;

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static struct report read_back(const struct report *r)
{
    struct report back;
    struct buf text = {0};
    report_write(r, &text);
    assert_non_null(strchr(text.p, '\n'));
    assert_null(strchr(strchr(text.p, '\n') + 1, '\n'));
    assert_int_equal(report_read(&arena, (struct sv){text.p, text.n}, &back), 0);
    buf_release(&text);
    return back;
}

static void a_look_is_read_back_as_it_was(void **state)
{
    (void)state;
    const char *evidence[] = {"socket silent\x1b", "\xff"};
    const char *problems[] = {"/nfs: does not answer"}, *stores[] = {"/home/u/.claude", "/c"};
    const struct sr_session sessions[] = {
        {.pid = 4711,
         .start_ticks = 99,
         .session_id = "id",
         .config_dir = "/c",
         .transcript = "/c/t.jsonl",
         .tty = "pts/4",
         .size_bytes = 5000000000,
         .verdict = SR_HUNG,
         .cause = "no-reply",
         .confidence = "high",
         .advice = "revive",
         .persistence = SR_PERSISTENCE_BEHIND,
         .unsaved_since_ms = 1234,
         .unsaved_why = "disk-full",
         .saving = "how it shows",
         .evidence = evidence,
         .evidence_count = 2,
         .context_tokens = 150000,
         .context_window = 200000},
        {.pid = 4712, .size_bytes = -1, .context_tokens = -1, .context_window = -1},
    };
    const struct change_expiring expiring[] = {{"x", "/c", "/c/x.jsonl", 3, 4, 5}};
    struct report r = {
        .look = {.sessions = sessions,
                 .session_count = 2,
                 .has_expiring = true,
                 .expiring = expiring,
                 .expiring_count = 1,
                 .problems = problems,
                 .problem_count = 1},
        .stores = stores,
        .store_count = 2,
        .blind = "too many",
    };
    struct report back = read_back(&r);
    assert_int_equal(back.look.session_count, 2);
    const struct sr_session *s = back.look.sessions;
    assert_int_equal(s->pid, 4711);
    assert_int_equal(s->start_ticks, 99);
    assert_string_equal(s->session_id, "id");
    assert_string_equal(s->transcript, "/c/t.jsonl");
    assert_null(s->cwd);
    assert_int_equal(s->size_bytes, 5000000000);
    assert_int_equal(s->verdict, SR_HUNG);
    assert_string_equal(s->cause, "no-reply");
    assert_int_equal(s->persistence, SR_PERSISTENCE_BEHIND);
    assert_int_equal(s->unsaved_since_ms, 1234);
    assert_string_equal(s->unsaved_why, "disk-full");
    assert_string_equal(s->saving, "how it shows");
    assert_int_equal(s->evidence_count, 2);
    assert_string_equal(s->evidence[0], "socket silent\x1b");
    assert_true(s->context_percent == 75);
    assert_true(back.look.sessions[1].context_percent < 0);
    assert_null(back.look.sessions[1].session_id);
    assert_true(back.look.has_expiring);
    assert_int_equal(back.look.expiring[0].deleted_at_ms, 5);
    assert_string_equal(back.look.problems[0], problems[0]);
    assert_string_equal(back.stores[1], "/c");
    assert_string_equal(back.blind, "too many");

    struct report empty = {0};
    back = read_back(&empty);
    assert_false(back.look.has_expiring);
    assert_int_equal(back.look.session_count + back.look.problem_count + back.store_count, 0);
    assert_null(back.blind);
}

static void a_backups_result_is_a_line(void **state)
{
    (void)state;
    struct change_result result = {CHANGE_FAILED, NULL, "no\nspace"}, back;
    struct buf line = {0};
    size_t number = 0;
    report_write_backup(3, &result, &line);
    assert_int_equal(report_read_backup(&arena, (struct sv){line.p, line.n - 1}, &number, &back),
                     0);
    assert_int_equal(number, 3);
    assert_int_equal(back.outcome, CHANGE_FAILED);
    assert_null(back.backup);
    assert_string_equal(back.error, "no\nspace");
    buf_release(&line);
}

static void what_broke_off_is_no_report(void **state)
{
    (void)state;
    struct report r;
    struct change_result result;
    size_t number;
    assert_int_equal(report_read(&arena, SV(""), &r), -EBADMSG);
    assert_int_equal(report_read(&arena, SV("{\"sessions\":[{\"pid\""), &r), -EBADMSG);
    assert_int_equal(report_read(&arena, SV("[]"), &r), -EBADMSG);
    assert_int_equal(report_read_backup(&arena, SV("{}"), &number, &result), -EBADMSG);
    assert_int_equal(
        report_read_backup(&arena, SV("{\"number\":0,\"outcome\":99}"), &number, &result),
        -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_look_is_read_back_as_it_was, release),
        cmocka_unit_test_teardown(a_backups_result_is_a_line, release),
        cmocka_unit_test_teardown(what_broke_off_is_no_report, release),
    };
    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
