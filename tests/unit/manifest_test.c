#include "unit.h"

#include "backup/manifest.h"

#include <errno.h>
#include <string.h>

static const char sum[] = "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a";

static const struct sr_session process = {
    .pid = 4711, .ppid = 1, .version = "2.1.197", .tty = "pts/4", .verdict = SR_HUNG};

/* A backup with what was saved from memory, as text. */
static void write_one(struct buf *out)
{
    struct manifest_part parts[] = {{"reply", "high", false, 10, 20, ""},
                                    {"prompt", "low", true, 40, 7, ""}};
    struct manifest_file files[] = {
        {.kind = AGENT_FILE_TRANSCRIPT, .name = "projects/-p/a.jsonl", .source = "/p/a.jsonl"},
        {.kind = AGENT_FILE_SALVAGE, .name = "salvage", .parts = parts, .part_count = 2},
    };
    struct agent_left_out left_out = {"/p/link", "symbolic link to /x", true};
    struct manifest m = {
        .agent = "claude",
        .session_id = "88850122-0000-4000-8000-000000000001",
        .cwd = "/p",
        .config_dir = "/c",
        .tool = "0.1.0",
        .host = "box",
        .why = "kill",
        .taken_at = {1770000000000},
        .process = &process,
        .files = files,
        .file_count = 2,
        .left_out = &left_out,
        .left_out_count = 1,
    };
    for (size_t i = 0; i < 2; i++) {
        memcpy(parts[i].sha256, sum, sizeof sum);
        memcpy(files[i].copied.sha256, sum, sizeof sum);
        files[i].copied.size_bytes = 100;
    }
    manifest_write(&m, out);
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    struct arena a = {0};
    struct buf text = {0};
    struct manifest m;
    const char *wrong = NULL;
    write_one(&text);
    assert_int_equal(manifest_parse(&a, (struct sv){text.p, text.n}, &m, &wrong), 0);
    assert_string_equal(m.session_id, "88850122-0000-4000-8000-000000000001");
    assert_string_equal(m.why, "kill");
    assert_int_equal(m.taken_at.ms, 1770000000000);
    assert_int_equal(m.lost_count, 1);
    assert_int_equal(m.file_count, 2);
    assert_int_equal(m.files[1].kind, AGENT_FILE_SALVAGE);
    assert_int_equal(m.files[1].part_count, 2);
    const struct manifest_part *p = m.files[1].parts;
    assert_string_equal(p[0].kind, "reply");
    assert_string_equal(p[0].sureness, "high");
    assert_false(p[0].is_json);
    assert_int_equal(p[0].offset_bytes, 10);
    assert_int_equal(p[0].size_bytes, 20);
    assert_string_equal(p[0].sha256, sum);
    assert_string_equal(p[1].kind, "prompt");
    assert_true(p[1].is_json);
    buf_release(&text);
    arena_release(&a);
}

/* Each in the place of what stands there: the manifest is refused, and says what is wrong. */
static void a_part_that_cannot_be_is_refused(void **state)
{
    (void)state;
    static const char *const changes[][2] = {
        {"\"offset_bytes\": 10", "\"offset_bytes\": -1"},
        {"\"size_bytes\": 20", "\"size_bytes\": -9"},
        {"\"kind\": \"reply\"", "\"kind\": 12345  "},
        {"\"sure\": \"high\"", "\"sure\": [     ]"},
        {"\"kind\": \"prompt\"", "\"what\": \"prompt\""},
        {"\"offset_bytes\": 40", "\"offset_bytes\": \"\""},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct arena a = {0};
        struct buf text = {0}, changed = {0};
        struct manifest m;
        const char *wrong = NULL;
        write_one(&text);
        const char *at = strstr(text.p, changes[i][0]);
        assert_non_null(at);
        buf_add(&changed, text.p, (size_t)(at - text.p));
        buf_adds(&changed, changes[i][1]);
        buf_adds(&changed, at + strlen(changes[i][0]));
        assert_int_equal(manifest_parse(&a, (struct sv){changed.p, changed.n}, &m, &wrong),
                         -EBADMSG);
        assert_non_null(wrong);
        buf_release(&text);
        buf_release(&changed);
        arena_release(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(a_part_that_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
