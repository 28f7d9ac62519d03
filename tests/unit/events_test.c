#include "unit.h"

#include "base/json.h"
#include "view/events.h"

static struct arena arena;

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static struct change_event event(enum change_kind kind)
{
    struct change_events events = {.arena = &arena};
    struct change_event *e = change_add(&events, kind);
    e->at_ms = 1770286272000;
    return *e;
}

static const char *json(const struct change_event *e)
{
    const struct json_value *root;
    struct buf out = {0};
    view_json_event(&out, e);
    const char *text = arena_strndup(&arena, out.p, out.n);
    assert_ptr_equal(strchr(text, '\n'), text + out.n - 1); /* one line */
    assert_int_equal(json_parse(&arena, (struct sv){text, out.n}, &root), 0);
    buf_release(&out);
    return text;
}

static const char *text_of(const struct change_event *e)
{
    struct buf out = {0};
    view_text_event(&out, e);
    const char *text = arena_strndup(&arena, out.p, out.n);
    buf_release(&out);
    return text;
}

static void every_kind_is_one_line_of_json(void **state)
{
    (void)state;
    for (int kind = CHANGE_WATCHING; kind <= CHANGE_STOPPED; kind++) {
        struct change_event e = event((enum change_kind)kind);
        assert_non_null(
            strstr(json(&e), arena_printf(&arena,
                                          "{\"schema\":\"session-rescue/1\",\"event\":\"%s\","
                                          "\"at\":\"2026-02-05T10:11:12Z\"",
                                          change_word((enum change_kind)kind))));
        text_of(&e);
    }
}

static void a_hang_is_told_with_its_evidence(void **state)
{
    (void)state;
    const char *evidence[] = {"socket silent 2455 s"};
    struct change_event e = event(CHANGE_HUNG);
    e.session_id = "01e5af14-9422-4986-8749-e00802273d54";
    e.pid = 3354;
    e.tty = "pts/13";
    e.cwd = "/home/u/p\x1b[2J";
    e.verdict = SR_HUNG;
    e.cause = "reply-stalled";
    e.confidence = "high";
    e.evidence = evidence;
    e.evidence_count = 1;
    assert_string_equal(
        text_of(&e), "2026-02-05T10:11:12Z hung 01e5af14 (pid 3354 on pts/13) in "
                     "/home/u/p\\x1b[2J: reply-stalled (high confidence); socket silent 2455 s\n");
    assert_non_null(strstr(json(&e), "\"verdict\":\"hung\",\"cause\":\"reply-stalled\""));
    assert_non_null(strstr(json(&e), "\"size_bytes\":null"));
}

static void a_notification_cannot_drive_the_desktop(void **state)
{
    (void)state;
    struct change_event e = event(CHANGE_EXPIRING);
    struct buf title = {0}, body = {0};
    e.session_id = "01e5af14-9422-4986-8749-e00802273d54";
    e.cwd = "/<a href=\"x\">&\n";
    e.deleted_at_ms = 1770286272000;
    view_notification(&title, &body, &e, 1);
    assert_string_equal(title.p, "A session will be deleted");
    assert_string_equal(body.p, "01e5af14 in /&lt;a href=\"x\"&gt;&amp;\\n: will be deleted from "
                                "2026-02-05T10:11:12Z on");
    title.n = body.n = 0;
    view_notification(&title, &body, &e, 400);
    assert_string_equal(title.p, "400 sessions will be deleted");
    buf_release(&title);
    buf_release(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_kind_is_one_line_of_json, release),
        cmocka_unit_test_teardown(a_hang_is_told_with_its_evidence, release),
        cmocka_unit_test_teardown(a_notification_cannot_drive_the_desktop, release),
    };
    return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
