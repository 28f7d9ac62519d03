#include "unit.h"

#include "base/json.h"
#include "view/json.h"

static struct arena arena;

static int forget_all(void **state)
{
    (void)state;
    arena_release(&arena);
    arena = (struct arena){0};
    return 0;
}

static const struct json_value *written(const struct sr_snapshot *snapshot)
{
    const struct json_value *root;
    struct buf out = {0};
    view_json_sessions(&out, snapshot, 16);
    assert_non_null(strstr(out.p, "\"not_asked_for\": 16"));
    assert_int_equal(out.p[out.n - 1], '\n');
    const char *copy = arena_strndup(&arena, out.p, out.n);
    assert_int_equal(json_parse(&arena, (struct sv){copy, out.n}, &root), 0);
    buf_release(&out);
    return root;
}

static void says(const struct json_value *object, const char *key, const char *expected)
{
    struct sv s;
    assert_true(json_string(json_get(object, key), &s));
    assert_sv_equal(s, expected);
}

static void counts(const struct json_value *object, const char *key, int64_t expected)
{
    int64_t n;
    assert_true(json_integer(json_get(object, key), &n));
    assert_int_equal(n, expected);
}

static const char *text_of(const struct sr_snapshot *snapshot)
{
    struct buf out = {0};
    view_json_sessions(&out, snapshot, 0);
    const char *text = arena_strndup(&arena, out.p, out.n);
    buf_release(&out);
    return text;
}

static void an_empty_listing_is_a_whole_document(void **state)
{
    (void)state;
    struct sr_snapshot snapshot = {.taken_at_ms = 1770286272000, .host = "box"};
    const struct json_value *root = written(&snapshot);
    says(root, "schema", "session-rescue/1");
    says(root, "taken_at", "2026-02-05T10:11:12Z");
    says(root, "host", "box");
    counts(json_get(root, "counts"), "detected", 0);
    counts(json_get(root, "counts"), "hung", 0);
    assert_non_null(strstr(text_of(&snapshot), "\"sessions\": []"));
    assert_non_null(strstr(text_of(&snapshot), "\"problems\": []"));
}

static void the_owner_is_told_from_what_draws(void **state)
{
    (void)state;
    const struct sr_attachment all[] = {{12, 1, SR_ROLE_UI, "pts/1"},
                                        {13, 1, SR_ROLE_WRAPPER, "pts/1"},
                                        {14, 1, SR_ROLE_OWNER, NULL},
                                        {15, 1, SR_ROLE_UI, "pts/2"}};
    const struct sr_session session = {
        .agent = "claude", .pid = 12, .attachments = all, .attachment_count = 4};
    struct sr_snapshot snapshot = {.sessions = &session, .session_count = 1};
    assert_int_equal(sr_session_owner(&session)->pid, 14);
    const char *text = text_of(&snapshot);
    assert_non_null(strstr(text, "\"owner_pid\": 14"));
    assert_non_null(strstr(text, "\"ui_pids\": [\n        12,\n        15\n"));
    const struct sr_session stored = {.agent = "claude"};
    assert_null(sr_session_owner(&stored));
}

static void what_is_not_known_is_null(void **state)
{
    (void)state;
    static const char *const nullable[] = {
        "pid",
        "ppid",
        "uid",
        "started_at",
        "version",
        "kind",
        "entrypoint",
        "tty",
        "multiplexer",
        "parent_pid",
        "parent_session_id",
        "container",
        "container_pid",
        "session_id",
        "transcript",
        "size_bytes",
        "cwd",
        "config_dir",
        "first_prompt",
        "last_activity_at",
        "silent_s",
        "verdict",
        "cause",
        "confidence",
        "advice",
        "resume_command",
        "cpu_percent",
        "rss_bytes",
    };
    struct sr_session s = {.uid = -1,
                           .started_at_ms = -1,
                           .cpu_percent = -1,
                           .rss_bytes = -1,
                           .size_bytes = -1,
                           .last_activity_at_ms = -1,
                           .silent_s = -1};
    struct sr_snapshot snapshot = {.sessions = &s, .session_count = 1};
    const char *text = text_of(&snapshot);
    for (size_t i = 0; i < sizeof nullable / sizeof *nullable; i++)
        if (!strstr(text, arena_printf(&arena, "\"%s\": null", nullable[i])))
            fail_msg("%s is not null in %s", nullable[i], text);
    assert_non_null(strstr(text, "\"current\": false"));
    assert_non_null(strstr(text, "\"by\": \"none\""));
}

static void zero_is_not_unknown(void **state)
{
    (void)state;
    struct sr_session s = {.pid = 1, .session_id = "x"};
    struct sr_snapshot snapshot = {.sessions = &s, .session_count = 1};
    const char *text = text_of(&snapshot);
    assert_non_null(strstr(text, "\"uid\": 0"));
    assert_non_null(strstr(text, "\"size_bytes\": 0"));
    assert_non_null(strstr(text, "\"silent_s\": 0"));
    assert_non_null(strstr(text, "\"rss_bytes\": 0"));
    assert_non_null(strstr(text, "\"cpu_percent\": 0.0"));
}

static void live_and_hung_are_counted(void **state)
{
    (void)state;
    const struct sr_session sessions[] = {
        {.pid = 1, .verdict = SR_HUNG}, {.pid = 2, .verdict = SR_IDLE}, {.session_id = "stored"}};
    const struct sr_problem problems[] = {{"/x", -13, "/x: permission denied"}};
    struct sr_snapshot snapshot = {.sessions = sessions,
                                   .session_count = 3,
                                   .stored_count = 40,
                                   .problems = problems,
                                   .problem_count = 1};
    const struct json_value *root = written(&snapshot);
    counts(json_get(root, "counts"), "detected", 2);
    counts(json_get(root, "counts"), "hung", 1);
    counts(json_get(root, "counts"), "stored", 40);
    assert_non_null(strstr(text_of(&snapshot), "\"text\": \"/x: permission denied\""));
}

static void text_from_elsewhere_is_escaped(void **state)
{
    (void)state;
    struct sr_session s = {.pid = 1, .cwd = "/a\nb\x1b[2J\"\\", .tty = "\xff\x9b"};
    struct sr_snapshot snapshot = {.sessions = &s, .session_count = 1, .host = "h\x7f"};
    const char *text = text_of(&snapshot);
    for (const char *p = text; *p; p++)
        assert_false((unsigned char)*p < ' ' && *p != '\n');
    assert_non_null(strstr(text, "\"/a\\nb\\u001B[2J\\\"\\\\\""));
    written(&snapshot); /* which is valid JSON */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(an_empty_listing_is_a_whole_document, forget_all),
        cmocka_unit_test_teardown(the_owner_is_told_from_what_draws, forget_all),
        cmocka_unit_test_teardown(what_is_not_known_is_null, forget_all),
        cmocka_unit_test_teardown(zero_is_not_unknown, forget_all),
        cmocka_unit_test_teardown(live_and_hung_are_counted, forget_all),
        cmocka_unit_test_teardown(text_from_elsewhere_is_escaped, forget_all),
    };
    return cmocka_run_group_tests_name("json_view", tests, NULL, NULL);
}
