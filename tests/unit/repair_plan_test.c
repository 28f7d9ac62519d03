#include "unit.h"

#include "conversation/loader/client_version.h"
#include "repair/repair_plan.h"

#include <glob.h>
#include <stdio.h>

/* A transcript in memory: what is wrong with it, and what a repair makes of it. */
struct scene {
    struct arena arena;
    struct buf file, made, removed;
    struct repair_plan plan;
};

static int keep(void *context, const char *bytes, size_t n)
{
    struct scene *s = context;
    buf_add(&s->made, bytes, n);
    return 0;
}

static int keep_removed(void *context, const struct repair_plan_edit *edit, const char *bytes,
                        size_t n, bool is_first)
{
    struct scene *s = context;
    (void)edit;
    (void)is_first;
    buf_add(&s->removed, bytes, n);
    return 0;
}

static struct repair_plan make_plan(struct scene *s, struct buf *file, bool shrinks)
{
    struct transcript_scan survey;
    struct repair_plan plan;
    struct sv text = {file->p, file->n};
    struct record_source source = record_source_of_text(&text, SV("{\"parentUuid\":"));
    struct repair_plan_options options = {
        .shrinks = shrinks, .wants_edits = true, .modified_ms = 1770000000000};
    assert_int_equal(transcript_scan_read(&source, &survey), 0);
    assert_int_equal(repair_plan_make(&source, &survey, &options, &s->arena, &plan), 0);
    transcript_scan_release(&survey);
    return plan;
}

/* Plans, mends, and sees that a second plan is empty. */
static void repair_as(struct scene *s, bool shrinks)
{
    struct sv text = {s->file.p, s->file.n};
    struct record_source source = record_source_of_text(&text, SV("{\"parentUuid\":"));
    struct repair_plan_sink sink = {keep, keep_removed, s};
    s->plan = make_plan(s, &s->file, shrinks);
    assert_int_equal(repair_plan_write(&source, &s->plan, "BACKUP", &sink), 0);
    if (s->made.n)
        assert_int_equal(make_plan(s, &s->made, shrinks).edit_count, 0);
    buf_add(&s->made, "", 1); /* ends in NUL for string comparison */
    s->made.n--;
}

static void repair_it(struct scene *s)
{
    repair_as(s, false);
}

static void end(struct scene *s)
{
    arena_release(&s->arena);
    buf_release(&s->file);
    buf_release(&s->made);
    buf_release(&s->removed);
}

static int minute;

/* A record; parent "" says that it has none. content: the message's, as JSON. */
static void add(struct scene *s, const char *uuid, const char *parent, const char *role,
                const char *content)
{
    buf_adds(&s->file, "{\"parentUuid\":");
    buf_addf(&s->file, *parent ? "\"%s\"" : "null%s", parent);
    buf_addf(&s->file,
             ",\"type\":\"%s\",\"message\":{\"id\":\"m%s\",\"role\":\"%s\",\"content\":%s},"
             "\"uuid\":\"%s\","
             "\"timestamp\":\"2026-01-02T03:%02d:05.000Z\",\"version\":\"2.1.197\"}\n",
             role, uuid, role, content, uuid, minute++ % 60);
}

#define WORDS "[{\"type\":\"text\",\"text\":\"words\"}]"

static void four_turns(struct scene *s)
{
    minute = 0;
    add(s, "a", "", "user", "\"one\"");
    add(s, "b", "a", "assistant", WORDS);
    add(s, "c", "b", "user", "\"two\"");
    add(s, "d", "c", "assistant", WORDS);
}

static bool has_problem(const struct scene *s, enum damage_kind kind, enum damage_severity severity)
{
    for (size_t i = 0; i < s->plan.problem_count; i++)
        if (s->plan.problems[i].kind == kind && s->plan.problems[i].severity == severity)
            return true;
    return false;
}

static void assert_messages(const struct scene *s, size_t reached, size_t expected)
{
    assert_int_equal(s->plan.messages.reached, reached);
    assert_int_equal(s->plan.messages.expected, expected);
}

static void a_healthy_transcript_is_left_alone(void **state)
{
    (void)state;
    struct scene s = {0};
    four_turns(&s);
    repair_it(&s);
    assert_int_equal(s.plan.edit_count, 0);
    assert_int_equal(s.plan.problem_count, 0);
    assert_messages(&s, 4, 4);
    assert_true(s.plan.can_resume);
    end(&s);
}

static void an_empty_file_is_left_alone(void **state)
{
    (void)state;
    struct scene s = {0};
    repair_it(&s);
    assert_int_equal(s.plan.edit_count, 0);
    assert_false(s.plan.hurts);
    end(&s);
}

static void a_missing_parent_is_linked_to_the_line_before(void **state)
{
    (void)state;
    struct scene s = {0};
    four_turns(&s);
    add(&s, "f", "gone", "user", "\"three\"");
    repair_it(&s);
    assert_true(has_problem(&s, DAMAGE_MISSING_PARENT, DAMAGE_HURTS));
    assert_messages(&s, 1, 5);
    assert_int_equal(s.plan.edit_count, 1);
    assert_true(s.plan.edits[0].is_guess);
    assert_string_equal(s.plan.edits[0].text, "\"d\"");
    assert_sv_equal(((struct sv){s.removed.p, s.removed.n}), "\"gone\"");
    end(&s);
}

/* A person's words that were typed while the agent worked, and what a command of theirs said: both
 * are lost above the gap. */
static void what_is_sent_and_is_no_message_counts_as_one(void **state)
{
    (void)state;
    struct scene s = {0};
    four_turns(&s);
    buf_adds(&s.file, "{\"parentUuid\":\"d\",\"type\":\"attachment\",\"attachment\":{\"type\":"
                      "\"queued_command\",\"prompt\":\"and the pears\"},\"uuid\":\"q\","
                      "\"timestamp\":\"2026-01-02T03:10:05.000Z\"}\n"
                      "{\"parentUuid\":\"q\",\"type\":\"attachment\",\"attachment\":{\"type\":"
                      "\"hook_success\"},\"uuid\":\"h\","
                      "\"timestamp\":\"2026-01-02T03:10:06.000Z\"}\n"
                      "{\"parentUuid\":\"h\",\"type\":\"system\",\"subtype\":\"local_command\","
                      "\"content\":\"said\",\"uuid\":\"l\","
                      "\"timestamp\":\"2026-01-02T03:10:07.000Z\"}\n");
    minute = 11;
    add(&s, "e", "l", "assistant", WORDS);
    add(&s, "f", "gone", "user", "\"three\"");
    repair_it(&s);
    assert_messages(&s, 1, 8);
    end(&s);
}

static void what_was_typed_and_is_not_sent_is_named(void **state)
{
    (void)state;
    static const char typed[] = "{\"parentUuid\":\"%s\",\"type\":\"attachment\",\"attachment\":{"
                                "\"type\":\"queued_command\",\"prompt\":\"and the pears\"},"
                                "\"uuid\":\"q\",\"timestamp\":\"2026-01-02T03:10:05.000Z\"}\n";
    struct scene s = {0};
    four_turns(&s);
    buf_addf(&s.file, typed, "d"); /* behind the last message: it is sent */
    repair_it(&s);
    assert_messages(&s, 5, 5);
    assert_int_equal(s.plan.left_count, 0);
    end(&s);
    s = (struct scene){0};
    four_turns(&s);
    buf_addf(&s.file, typed, "b"); /* beside the way */
    minute = 11;
    add(&s, "e", "d", "user", "\"three\"");
    repair_it(&s);
    assert_messages(&s, 5, 5);
    assert_int_equal(s.plan.left_count, 1);
    assert_int_equal(s.plan.left[0].line, 5);
    end(&s);
}

/* The client looks for the lost parent by time, and finds what hangs on the record itself. */
static void a_gap_is_not_bridged_by_what_hangs_on_its_record(void **state)
{
    (void)state;
    struct scene s = {0};
    four_turns(&s);
    add(&s, "f", "gone", "user", "\"three\"");
    buf_adds(&s.file, "{\"parentUuid\":\"f\",\"type\":\"attachment\",\"attachment\":{\"type\":"
                      "\"queued_command\",\"prompt\":\"and the pears\"},\"uuid\":\"q\","
                      "\"timestamp\":\"2026-01-02T03:04:05.000Z\"}\n");
    repair_it(&s);
    assert_messages(&s, 2, 6);
    assert_true(has_problem(&s, DAMAGE_MISSING_PARENT, DAMAGE_HURTS));
    assert_true(s.plan.hurts);
    end(&s);
}

static void a_line_written_before_its_parent_is_no_place_to_link_to(void **state)
{
    (void)state;
    struct scene s = {0};
    minute = 10;
    add(&s, "b", "a", "assistant", WORDS);
    minute = 0;
    add(&s, "a", "", "user", "\"one\"");
    minute = 20;
    add(&s, "f", "gone", "user", "\"three\"");
    repair_it(&s);
    assert_string_equal(s.plan.edits[0].text, "\"b\"");
    assert_messages(&s, 1, 3);
    end(&s);
}

static void nothing_is_linked_across_a_compaction(void **state)
{
    (void)state;
    struct scene s = {0};
    four_turns(&s);
    buf_adds(
        &s.file,
        "{\"parentUuid\":null,\"type\":\"system\",\"subtype\":\"compact_boundary\",\"uuid\":\"k\","
        "\"timestamp\":\"2026-01-02T03:10:05.000Z\",\"version\":\"2.1.197\"}\n");
    minute = 11;
    add(&s, "f", "gone", "user", "\"three\"");
    repair_it(&s);
    assert_string_equal(s.plan.edits[0].text, "\"k\"");
    end(&s);
}

static void the_first_record_may_have_a_parent_elsewhere(void **state)
{
    (void)state;
    struct scene s = {0};
    minute = 0;
    add(&s, "a", "elsewhere", "user", "\"one\"");
    add(&s, "b", "a", "assistant", WORDS);
    repair_it(&s);
    assert_true(has_problem(&s, DAMAGE_MISSING_PARENT, DAMAGE_HARMLESS));
    assert_int_equal(s.plan.edit_count, 0);
    end(&s);
}

static void a_stub_goes_and_the_record_behind_it_stays(void **state)
{
    (void)state;
    struct scene s = {0};
    minute = 0;
    add(&s, "a", "", "user", "\"one\"");
    buf_adds(&s.file, "{\"type\":\"pr-link\",\"prNu");
    size_t at = s.file.n;
    add(&s, "b", "a", "assistant", WORDS);
    repair_it(&s);
    assert_true(has_problem(&s, DAMAGE_STUB, DAMAGE_HURTS));
    assert_messages(&s, 1, 2);
    assert_true(s.made.n > s.file.n - at);
    assert_string_equal(s.made.p + s.made.n - (s.file.n - at), s.file.p + at);
    assert_sv_equal(((struct sv){s.removed.p, s.removed.n}), "{\"type\":\"pr-link\",\"prNu");
    end(&s);
}

/* A client's parser refuses its line, and then lacks a parent. */
static void a_record_with_a_number_that_is_none_is_a_stub(void **state)
{
    (void)state;
    struct scene s = {0};
    minute = 0;
    add(&s, "a", "", "user", "\"one\"");
    add(&s, "b", "a", "assistant", WORDS);
    buf_adds(&s.file, "{\"parentUuid\":\"b\",\"type\":\"system\",\"subtype\":\"turn_duration\","
                      "\"durationMs\":099,\"uuid\":\"c\","
                      "\"timestamp\":\"2026-01-02T03:01:06.000Z\"}\n");
    add(&s, "d", "c", "user", "\"two\"");
    repair_it(&s);
    assert_true(has_problem(&s, DAMAGE_STUB, DAMAGE_HURTS));
    assert_true(has_problem(&s, DAMAGE_MISSING_PARENT, DAMAGE_HURTS));
    assert_messages(&s, 1, 3);
    end(&s);
}

static void glued_records_get_a_line_each(void **state)
{
    (void)state;
    struct scene s = {0};
    minute = 0;
    add(&s, "a", "", "user", "\"one\"");
    s.file.n--;
    add(&s, "b", "a", "assistant", WORDS);
    repair_it(&s);
    assert_true(has_problem(&s, DAMAGE_GLUED, DAMAGE_HURTS));
    assert_int_equal(s.removed.n, 0);
    assert_int_equal(s.made.n, s.file.n + 1);
    end(&s);
}

static void of_several_blocks_one_is_dropped_with_its_comma(void **state)
{
    (void)state;
    struct scene s = {0};
    minute = 0;
    add(&s, "a", "", "user", "\"one\"");
    add(&s, "b", "a", "assistant",
        "[{\"type\":\"text\",\"text\":\"\"}, "
        "{\"type\":\"text\",\"text\":\"x\"},{\"type\":\"text\",\"text\":\" \"}]");
    repair_it(&s);
    assert_non_null(strstr(s.made.p, "\"content\":[{\"type\":\"text\",\"text\":\"x\"}]"));
    end(&s);
}

static void a_record_that_is_dropped_leaves_its_parent_to_its_children(void **state)
{
    (void)state;
    struct scene s = {0};
    minute = 0;
    add(&s, "a", "", "user", "\"one\"");
    add(&s, "b", "a", "assistant", "null");
    add(&s, "c", "b", "user", "\"two\"");
    repair_it(&s);
    assert_true(has_problem(&s, DAMAGE_BAD_CONTENT, DAMAGE_HURTS));
    assert_null(strstr(s.made.p, "\"uuid\":\"b\""));
    assert_non_null(
        strstr(s.made.p, "{\"parentUuid\":\"a\",\"type\":\"user\",\"message\":{\"id\":\"mc\""));
    end(&s);
}

static void what_the_api_refuses_is_mended_and_its_error_goes(void **state)
{
    (void)state;
    struct scene s = {0};
    minute = 0;
    add(&s, "a", "", "user", "\"one\"");
    add(&s, "b", "a", "assistant",
        "[{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"Bash\",\"input\":{}}]");
    add(&s, "c", "b", "user", "\"two\"");
    size_t quiet = s.file.n;
    repair_it(&s);
    assert_int_equal(s.plan.edit_count, 0);
    assert_true(has_problem(&s, DAMAGE_UNANSWERED_TOOL, DAMAGE_HARMLESS));
    s.made.n = s.removed.n = 0;
    buf_adds(&s.file, "{\"parentUuid\":\"c\",\"isApiErrorMessage\":true,\"type\":\"assistant\","
                      "\"uuid\":\"e\",\"timestamp\":"
                      "\"2026-01-02T03:09:05.000Z\",\"message\":{\"id\":\"me\",\"role\":"
                      "\"assistant\",\"content\":[{\"type\":"
                      "\"text\",\"text\":\"API Error: 400 `tool_use` ids were found without "
                      "`tool_result` blocks\"}]}}\n");
    repair_it(&s);
    assert_true(has_problem(&s, DAMAGE_UNANSWERED_TOOL, DAMAGE_HURTS));
    assert_non_null(strstr(s.made.p, "\"is_error\":true,\"tool_use_id\":\"t1\""));
    assert_null(strstr(s.made.p, "isApiErrorMessage"));
    assert_int_equal(s.removed.n, s.file.n - quiet);
    end(&s);
}

static void an_image_becomes_a_text_that_says_where_it_is(void **state)
{
    (void)state;
    struct scene s = {0};
    struct buf content = {0};
    minute = 0;
    buf_adds(&content, "[{\"type\":\"text\",\"text\":\"see\"},{\"type\":\"image\",\"source\":{"
                       "\"type\":\"base64\",\"data\":\"");
    buf_fill(&content, 'A', 5242884);
    buf_adds(&content, "\"}}]");
    add(&s, "a", "", "user", content.p);
    repair_it(&s);
    assert_true(has_problem(&s, DAMAGE_OVERSIZED_IMAGE, DAMAGE_HURTS));
    assert_non_null(strstr(
        s.made.p, "{\"type\":\"text\",\"text\":\"[image removed by session-rescue: 3932163 bytes, "
                  "sha256 "));
    assert_non_null(strstr(s.made.p, "; the original is in the backup BACKUP]\"}]"));
    buf_release(&content);
    end(&s);
}

static void only_shrinking_trims_what_is_merely_long(void **state)
{
    (void)state;
    struct scene s = {0};
    minute = 0;
    buf_adds(&s.file, "{\"parentUuid\":null,\"type\":\"user\",\"uuid\":\"a\",\"version\":\"2.1."
                      "197\",\"timestamp\":"
                      "\"2026-01-02T03:00:05.000Z\",\"message\":{\"role\":\"user\",\"content\":"
                      "\"x\"},\"toolUseResult\":\"");
    buf_fill(&s.file, 'x', 100000);
    buf_adds(&s.file, "\"}\n");
    repair_it(&s);
    assert_int_equal(s.plan.edit_count, 0);
    s.made.n = 0;
    repair_as(&s, true);
    assert_non_null(strstr(
        s.made.p, "\"toolUseResult\":\"[100002 bytes trimmed by session-rescue; the original is in "
                  "the backup BACKUP]\"}\n"));
    end(&s);
}

static void a_branch_that_ends_last_does_not_hide_the_newer_one(void **state)
{
    (void)state;
    struct scene s = {0};
    four_turns(&s);
    minute = 0;
    add(&s, "x", "a", "assistant", WORDS);
    repair_it(&s);
    assert_true(has_problem(&s, DAMAGE_DEAD_END_LEAF, DAMAGE_HURTS));
    assert_non_null(strstr(s.made.p, "\"leafUuid\":\"d\",\"explicit\":true"));
    end(&s);
}

/* The reader keeps the first 64 bytes of it, which end within an escape here. */
static void a_long_id_is_named_whole(void **state)
{
    (void)state;
    struct scene s = {0};
    char id[80] = {0};
    memset(id, 'i', 63);
    memcpy(id + 63, "\\n-end", 6);
    minute = 0;
    add(&s, id, "", "user", "\"one\"");
    add(&s, "b", "gone", "assistant", WORDS);
    repair_it(&s);
    assert_int_equal(s.plan.edit_count, 1);
    assert_non_null(strstr(s.made.p, "{\"parentUuid\":\"iiii"));
    assert_non_null(strstr(s.made.p, "iii\\n-end\",\"type\":\"assistant\""));
    end(&s);
}

/* Behind the byte that chooses the target's options. What fuzzing found was mended once and damaged
 * again by that. */
static void what_fuzzing_found_is_mended_for_good(void **state)
{
    (void)state;
    glob_t seeds;
    assert_int_equal(glob("tests/fuzz/corpus/repair/*", 0, NULL, &seeds), 0);
    for (size_t i = 0; i < seeds.gl_pathc; i++) {
        struct scene s = {0};
        char bytes[8192];
        FILE *seed = fopen(seeds.gl_pathv[i], "r");
        assert_non_null(seed);
        size_t n = fread(bytes, 1, sizeof bytes, seed);
        fclose(seed);
        assert_in_range(n, 1, sizeof bytes - 1);
        buf_add(&s.file, bytes + 1, n - 1);
        repair_as(&s, bytes[0] & 1);
        if (s.plan.is_unsettled)
            fail_msg("%s", seeds.gl_pathv[i]);
        end(&s);
    }
    globfree(&seeds);
}

/* Clients find no conversation where a pointer names a subagent's record. */
static void a_pointer_at_a_subagent_is_taken_away(void **state)
{
    struct scene s = {0};
    (void)state;
    four_turns(&s);
    buf_adds(&s.file,
             "{\"parentUuid\":null,\"isSidechain\":true,\"type\":\"user\",\"message\":{\"role\":"
             "\"user\",\"content\":\"aside\"},\"uuid\":\"s\",\"timestamp\":"
             "\"2026-01-02T03:20:05.000Z\"}\n");
    size_t kept = s.file.n;
    buf_adds(&s.file, "{\"type\":\"last-prompt\",\"leafUuid\":\"s\",\"sessionId\":\"x\"}\n");
    repair_it(&s);
    assert_false(s.plan.can_resume);
    assert_true(has_problem(&s, DAMAGE_DEAD_POINTER, DAMAGE_HURTS));
    assert_messages(&s, 0, 4);
    assert_int_equal(s.made.n, kept);
    assert_memory_equal(s.made.p, s.file.p, kept);
    end(&s);
}

/* The client does not put it on its chain: what names it for its parent lacks one. */
static void a_record_of_an_unknown_type_is_no_parent(void **state)
{
    struct scene s = {0};
    (void)state;
    minute = 0;
    add(&s, "a", "", "user", "\"one\"");
    add(&s, "b", "a", "assistant", WORDS);
    add(&s, "x", "b", "moon-phase", "\"full\"");
    add(&s, "c", "x", "user", "\"two\"");
    add(&s, "d", "c", "assistant", WORDS);
    repair_it(&s);
    assert_true(has_problem(&s, DAMAGE_MISSING_PARENT, DAMAGE_HURTS));
    assert_messages(&s, 2, 4);
    assert_non_null(strstr(s.made.p, "{\"parentUuid\":\"b\",\"type\":\"user\""));
    assert_non_null(strstr(s.made.p, "moon-phase"));
    end(&s);
}

static void a_control_character_in_a_text_is_escaped_and_its_record_stays(void **state)
{
    struct scene s = {0};
    (void)state;
    minute = 0;
    add(&s, "a", "", "user", "\"o\tne\"");
    add(&s, "b", "a", "assistant", "[{\"type\":\"text\",\"text\":\"a\tb\x1f\"}]");
    add(&s, "c", "b", "user", "\"two\"");
    repair_it(&s);
    assert_true(has_problem(&s, DAMAGE_RAW_CONTROL, DAMAGE_HURTS));
    assert_messages(&s, 1, 3);
    assert_non_null(strstr(s.made.p, "\"o\\u0009ne\""));
    assert_non_null(strstr(s.made.p, "\"a\\u0009b\\u001f\""));
    assert_non_null(strstr(s.made.p, "{\"parentUuid\":\"b\""));
    end(&s);
}

/* Two files joined: since 2.1.197 clients pass over the record behind the mark. */
static void a_mark_inside_the_file_goes(void **state)
{
    struct scene s = {0};
    (void)state;
    minute = 0;
    add(&s, "a", "", "user", "\"one\"");
    add(&s, "b", "a", "assistant", WORDS);
    buf_adds(&s.file, "\xef\xbb\xbf");
    add(&s, "c", "b", "user", "\"two\"");
    add(&s, "d", "c", "assistant", WORDS);
    repair_it(&s);
    assert_true(has_problem(&s, DAMAGE_INNER_MARK, DAMAGE_HURTS));
    assert_messages(&s, 1, 4);
    assert_int_equal(s.made.n, s.file.n - 3);
    assert_null(strstr(s.made.p, "\xef\xbb\xbf"));
    end(&s);
}

static void null_in_the_place_of_a_block_becomes_a_text(void **state)
{
    struct scene s = {0};
    (void)state;
    minute = 0;
    add(&s, "a", "", "user", "[null,{\"type\":\"text\",\"text\":\"one\"}]");
    add(&s, "b", "a", "assistant",
        "[{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"N\",\"input\":{}}]");
    add(&s, "c", "b", "user",
        "[{\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"content\":[null]}]");
    repair_it(&s);
    assert_false(s.plan.can_resume);
    assert_true(has_problem(&s, DAMAGE_NULL_BLOCK, DAMAGE_HURTS));
    assert_null(strstr(s.made.p, "[null,"));
    assert_non_null(
        strstr(s.made.p,
               "[{\"type\":\"text\",\"text\":\"[null]\"},{\"type\":\"text\",\"text\":\"one\"}]"));
    assert_non_null(strstr(s.made.p, "\"content\":[{\"type\":\"text\",\"text\":\"[null]\"}]}]"));
    end(&s);
}

static void a_line_of_null_fails_the_resume_and_goes(void **state)
{
    struct scene s = {0};
    (void)state;
    four_turns(&s);
    size_t whole = s.file.n;
    buf_adds(&s.file, " null\n");
    repair_it(&s);
    assert_false(s.plan.can_resume);
    assert_true(has_problem(&s, DAMAGE_NULL_LINE, DAMAGE_HURTS));
    assert_int_equal(s.made.n, whole);
    end(&s);
}

/* As a text it would be a prompt, and those are not fetched from beside the way. */
static void an_orphan_result_beside_the_way_is_left(void **state)
{
    struct scene s = {0};
    (void)state;
    four_turns(&s);
    add(&s, "r", "b", "user",
        "[{\"type\":\"tool_result\",\"tool_use_id\":\"gone\",\"content\":\"ripe\"}]");
    add(&s, "e", "d", "user", "\"three\"");
    repair_it(&s);
    assert_true(has_problem(&s, DAMAGE_ORPHAN_RESULT, DAMAGE_MILD));
    assert_int_equal(s.plan.edit_count, 0);
    assert_messages(&s, 6, 6);
    end(&s);
}

/* Before a compaction that keeps something; it is no early copy, and gets an id of its own. */
static void another_record_of_one_id_is_not_dropped(void **state)
{
    struct scene s = {0};
    (void)state;
    minute = 0;
    add(&s, "a", "", "user", "\"one\"");
    add(&s, "d", "a", "assistant", "[{\"type\":\"text\",\"text\":\"said once\"}]");
    buf_adds(
        &s.file,
        "{\"parentUuid\":null,\"type\":\"system\",\"subtype\":\"compact_boundary\",\"uuid\":\"k\","
        "\"timestamp\":\"2026-01-02T03:02:00.000Z\",\"compactMetadata\":{"
        "\"preservedMessages\":{\"uuids\":[\"a\"],\"anchorUuid\":\"k\"}}}\n");
    add(&s, "c", "k", "user", "\"two\"");
    add(&s, "d", "c", "user", "\"three\"");
    repair_it(&s);
    assert_true(has_problem(&s, DAMAGE_ID_CLASH, DAMAGE_HURTS));
    assert_false(has_problem(&s, DAMAGE_EARLY_COPY, DAMAGE_HURTS));
    assert_non_null(strstr(s.made.p, "said once"));
    end(&s);
}

static void versions_are_compared_as_numbers(void **state)
{
    (void)state;
    assert_true(client_version(SV("2.1.9")) < client_version(SV("2.1.10")));
    assert_true(client_version(SV("2.1.330")) < client_version(SV("2.2.0")));
    assert_true(client_version(SV("2.1.30-beta")) == client_version(SV("2.1.30")));
    assert_int_equal(client_version(SV("new")), 0);
    assert_int_equal(client_version(SV("2.1")), 0);
}

/* What the client of that version makes of it. */
static struct repair_plan_messages seen_by(struct scene *s, int64_t version, bool *can_resume)
{
    struct transcript_scan survey;
    struct sv text = {s->file.p, s->file.n};
    struct record_source source = record_source_of_text(&text, SV("{\"parentUuid\":"));
    struct repair_plan_options options = {.client_version = version};
    assert_int_equal(transcript_scan_read(&source, &survey), 0);
    assert_int_equal(repair_plan_make(&source, &survey, &options, &s->arena, &s->plan), 0);
    transcript_scan_release(&survey);
    *can_resume = s->plan.can_resume;
    return s->plan.messages;
}

/* Each was tried with the two versions, which stand beside each other. */
static void what_changed_with_a_version_changes_there(void **state)
{
    (void)state;
    struct scene null = {0}, pointed = {0}, marked = {0};
    bool can_resume;
    four_turns(&null);
    buf_adds(&null.file, "null\n");
    add(&null, "e", "d", "user", "\"three\"");
    assert_int_equal(seen_by(&null, CLIENT_VERSION(2, 1, 114), &can_resume).reached, 4);
    assert_true(can_resume);
    seen_by(&null, CLIENT_VERSION(2, 1, 116), &can_resume);
    assert_false(can_resume);
    seen_by(&null, CLIENT_VERSION(2, 1, 227), &can_resume);
    assert_false(can_resume);
    assert_int_equal(seen_by(&null, CLIENT_VERSION(2, 1, 228), &can_resume).reached, 5);
    assert_true(can_resume);

    four_turns(&pointed);
    add(&pointed, "e", "b", "user", "\"another\"");
    add(&pointed, "f", "e", "assistant", WORDS);
    buf_adds(&pointed.file, "{\"type\":\"last-prompt\",\"leafUuid\":\"d\"}\n");
    seen_by(&pointed, CLIENT_VERSION(2, 1, 119), &can_resume);
    assert_false(has_problem(&pointed, DAMAGE_DEAD_END_LEAF, DAMAGE_HURTS));
    seen_by(&pointed, CLIENT_VERSION(2, 1, 120), &can_resume);
    assert_true(has_problem(&pointed, DAMAGE_DEAD_END_LEAF, DAMAGE_HURTS));

    four_turns(&marked);
    buf_adds(&marked.file, "\xef\xbb\xbf");
    add(&marked, "e", "d", "user", "\"three\"");
    seen_by(&marked, CLIENT_VERSION(2, 1, 112), &can_resume);
    assert_false(has_problem(&marked, DAMAGE_INNER_MARK, DAMAGE_HURTS));
    seen_by(&marked, CLIENT_VERSION(2, 1, 113), &can_resume);
    assert_true(has_problem(&marked, DAMAGE_INNER_MARK, DAMAGE_HURTS));
    end(&null);
    end(&pointed);
    end(&marked);
}

static void of_two_prompts_with_one_id_the_earlier_gets_its_own(void **state)
{
    (void)state;
    struct scene s = {0};
    four_turns(&s);
    add(&s, "c", "d", "user", "\"three\"");
    add(&s, "e", "c", "assistant", WORDS);
    repair_it(&s);
    assert_true(has_problem(&s, DAMAGE_ID_CLASH, DAMAGE_HURTS));
    assert_int_equal(s.plan.messages.expected, 6);
    assert_true(s.plan.messages.reached < 6);
    /* what was said before the later one hangs on the earlier; the later keeps its id and child */
    assert_null(strstr(s.made.p, "\"content\":\"two\"},\"uuid\":\"c\""));
    assert_null(strstr(s.made.p,
                       "{\"parentUuid\":\"c\",\"type\":\"assistant\",\"message\":{\"id\":\"md\""));
    assert_non_null(strstr(s.made.p, "\"content\":\"three\"},\"uuid\":\"c\""));
    assert_non_null(strstr(
        s.made.p, "{\"parentUuid\":\"c\",\"type\":\"assistant\",\"message\":{\"id\":\"me\""));
    struct repair_plan again = make_plan(&s, &s.made, false);
    assert_int_equal(again.messages.reached, 6);
    end(&s);
}

static void a_record_that_was_written_twice_is_no_clash(void **state)
{
    (void)state;
    struct scene s = {0};
    four_turns(&s);
    minute = 3;
    add(&s, "d", "c", "assistant", WORDS);
    repair_it(&s);
    assert_false(has_problem(&s, DAMAGE_ID_CLASH, DAMAGE_HURTS));
    assert_messages(&s, 4, 4);
    end(&s);
}

/* The key is not there at all: it is put in. */
static void a_result_without_the_key_of_its_parent_gets_one(void **state)
{
    (void)state;
    struct scene s = {0};
    minute = 0;
    add(&s, "a", "", "user", "\"one\"");
    add(&s, "b", "a", "assistant",
        "[{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"Bash\",\"input\":{}}]");
    buf_adds(&s.file, "{\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":[{\"type\":"
                      "\"tool_result\",\"tool_use_id\":\"t\",\"content\":\"ok\"}]},\"uuid\":\"r\","
                      "\"timestamp\":\"2026-01-02T03:05:00.000Z\",\"version\":\"2.1.197\"}\n");
    minute = 6;
    add(&s, "c", "r", "assistant", WORDS);
    repair_it(&s);
    assert_true(has_problem(&s, DAMAGE_MISSING_PARENT, DAMAGE_HURTS));
    assert_non_null(strstr(s.made.p, "\"uuid\":\"r\",\"parentUuid\":\"b\",\"timestamp\""));
    assert_int_equal(make_plan(&s, &s.made, false).messages.reached, 4);
    end(&s);
}

/* 2.1.330 fetches the result of a call on the way wherever it hangs. */
static void a_result_that_the_client_fetches_does_not_hurt(void **state)
{
    (void)state;
    static const char *const records[] = {
        "{\"parentUuid\":null,\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":\"one\"}"
        ","
        "\"uuid\":\"a\"",
        "{\"parentUuid\":\"a\",\"type\":\"assistant\",\"message\":{\"id\":\"m\",\"role\":"
        "\"assistant\","
        "\"content\":[{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"Bash\",\"input\":{}}]},"
        "\"uuid\":"
        "\"b\"",
        "{\"parentUuid\":null,\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":[{"
        "\"type\":"
        "\"tool_result\",\"tool_use_id\":\"t\",\"content\":\"ok\"}]},\"uuid\":\"r\"",
        "{\"parentUuid\":\"b\",\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":"
        "\"two\"},"
        "\"uuid\":\"c\"",
    };
    struct scene s = {0};
    for (size_t i = 0; i < 4; i++)
        buf_addf(&s.file,
                 "%s,\"timestamp\":\"2026-01-02T03:0%zu:00.000Z\",\"version\":\"2.1.330\"}\n",
                 records[i], i);
    repair_it(&s);
    assert_true(has_problem(&s, DAMAGE_MISSING_PARENT, DAMAGE_MILD));
    assert_false(has_problem(&s, DAMAGE_MISSING_PARENT, DAMAGE_HURTS));
    assert_false(s.plan.hurts);
    assert_messages(&s, 4, 4);
    end(&s);
}

static void add_boundary(struct scene *s, const char *uuid, const char *before, const char *kept)
{
    buf_addf(
        &s->file,
        "{\"parentUuid\":null,\"logicalParentUuid\":\"%s\",\"type\":\"system\",\"subtype\":"
        "\"compact_boundary\",\"uuid\":\"%s\",\"timestamp\":\"2026-01-02T03:%02d:00.000Z\"%s}\n",
        before, uuid, minute++, kept);
}

static void a_compaction_without_its_summary_is_taken_away_where_it_hides(void **state)
{
    (void)state;
    struct scene s = {0};
    four_turns(&s);
    add_boundary(&s, "k", "d", "");
    add(&s, "e", "k", "user", "\"three\"");
    repair_it(&s);
    assert_true(has_problem(&s, DAMAGE_SUMMARY_GONE, DAMAGE_HURTS));
    assert_int_equal(make_plan(&s, &s.made, false).messages.reached, 5);
    end(&s);
    s = (struct scene){0}; /* what it followed is not there: what stands before it, as a guess */
    four_turns(&s);
    add_boundary(&s, "k", "gone", "");
    add(&s, "e", "k", "user", "\"three\"");
    repair_it(&s);
    assert_true(has_problem(&s, DAMAGE_SUMMARY_GONE, DAMAGE_HURTS));
    assert_int_equal(make_plan(&s, &s.made, false).messages.reached, 5);
    end(&s);
}

/* A later one hides all that, and the earlier with it; or what it kept is not there, and the client
 * gives up on it. */
static void a_compaction_that_hides_nothing_needs_no_summary(void **state)
{
    (void)state;
    static const char kept[] = ",\"compactMetadata\":{\"preservedMessages\":{\"uuids\":[\"%s\"],"
                               "\"anchorUuid\":\"k\"}}";
    char keeps[256];
    struct scene s = {0};
    four_turns(&s);
    snprintf(keeps, sizeof keeps, kept, "d");
    add_boundary(&s, "k", "d", keeps);
    add(&s, "e", "k", "user", "\"three\"");
    add_boundary(&s, "l", "e", "");
    buf_adds(&s.file,
             "{\"parentUuid\":\"l\",\"type\":\"user\",\"isCompactSummary\":true,\"message\":{"
             "\"role\":\"user\",\"content\":\"all of it\"},\"uuid\":\"f\",\"timestamp\":"
             "\"2026-01-02T03:30:00.000Z\",\"version\":\"2.1.197\"}\n");
    add(&s, "g", "f", "assistant", WORDS);
    repair_it(&s);
    assert_false(has_problem(&s, DAMAGE_SUMMARY_GONE, DAMAGE_HURTS));
    assert_int_equal(s.plan.edit_count, 0);
    end(&s);
    s = (struct scene){0};
    four_turns(&s);
    snprintf(keeps, sizeof keeps, kept, "gone");
    add_boundary(&s, "k", "d", keeps);
    add(&s, "e", "d", "user", "\"three\"");
    repair_it(&s);
    assert_false(has_problem(&s, DAMAGE_SUMMARY_GONE, DAMAGE_HURTS));
    assert_messages(&s, 5, 5);
    end(&s);
}

/* With the second of its day: clocks are set back. */
static void add_at(struct scene *s, const char *uuid, const char *parent, const char *role,
                   int second)
{
    bool is_user = *role != 'a';
    buf_adds(&s->file, "{\"parentUuid\":");
    buf_addf(&s->file, *parent ? "\"%s\"" : "null%s", parent);
    buf_addf(&s->file,
             ",\"type\":\"%s\",\"isCompactSummary\":%s,\"message\":{\"id\":\"m%s\",\"role\":"
             "\"%s\",\"content\":%s},\"uuid\":\"%s\",\"timestamp\":"
             "\"2026-01-02T03:%02d:%02d.000Z\",\"version\":\"2.1.332\"}\n",
             is_user ? "user" : "assistant", *role == 's' ? "true" : "false", uuid,
             is_user ? "user" : "assistant", is_user ? "\"words\"" : WORDS, uuid, second / 60,
             second % 60);
}

/* A compaction that kept what it followed. */
static void add_keeping(struct scene *s, const char *uuid, const char *before, const char *anchor,
                        int second)
{
    buf_addf(&s->file,
             "{\"parentUuid\":null,\"logicalParentUuid\":\"%s\",\"type\":\"system\","
             "\"subtype\":\"compact_boundary\",\"uuid\":\"%s\",\"timestamp\":"
             "\"2026-01-02T03:%02d:%02d.000Z\",\"version\":\"2.1.332\",\"compactMetadata\":{"
             "\"preservedSegment\":{\"headUuid\":\"%s\",\"anchorUuid\":\"%s\",\"tailUuid\":"
             "\"%s\"}}}\n",
             before, uuid, second / 60, second % 60, before, anchor, before);
}

/* The seconds of the second turn, of the compaction behind it, and of the third turn. */
static void two_compactions(struct scene *s, int two, int compaction, int three)
{
    add_at(s, "u1", "", "user", 1);
    add_at(s, "a1", "u1", "assistant", 2);
    add_keeping(s, "k1", "a1", "s1", 100);
    add_at(s, "s1", "k1", "summary", 100);
    add_at(s, "u2", "s1", "user", two);
    add_at(s, "a2", "u2", "assistant", two + 1);
    add_keeping(s, "k2", "a2", "s2", compaction);
    add_at(s, "s2", "k2", "summary", compaction);
    add_at(s, "u3", "s2", "user", three);
    add_at(s, "a3", "u3", "assistant", three + 1);
}

static void a_clock_that_was_set_back_between_compactions_is_no_damage(void **state)
{
    (void)state;
    static const struct {
        int two, compaction, three;
    } CLOCKS[] = {{201, 50, 51}, {85, 95, 101}, {101, 203, 205}};
    for (size_t i = 0; i < sizeof CLOCKS / sizeof *CLOCKS; i++) {
        struct scene s = {0};
        two_compactions(&s, CLOCKS[i].two, CLOCKS[i].compaction, CLOCKS[i].three);
        repair_it(&s);
        assert_int_equal(s.plan.edit_count, 0);
        assert_false(s.plan.hurts);
        assert_messages(&s, 4, 4);
        end(&s);
    }
}

/* One that stands behind another that followed it stays, where what is loaded would not be: all
 * that is not loaded is named. */
static void a_compaction_is_not_moved_over_what_is_loaded(void **state)
{
    (void)state;
    for (int compaction = 50; compaction < 300; compaction += 200) {
        struct scene s = {0};
        add_at(&s, "u1", "", "user", 1);
        add_at(&s, "a1", "u1", "assistant", 2);
        add_keeping(&s, "k2", "a2", "s2", compaction);
        add_at(&s, "s2", "k2", "summary", compaction);
        add_at(&s, "u3", "s2", "user", 251);
        add_at(&s, "a3", "u3", "assistant", 252);
        add_keeping(&s, "k1", "a1", "s1", 100);
        add_at(&s, "s1", "k1", "summary", 100);
        add_at(&s, "u2", "s1", "user", 201);
        add_at(&s, "a2", "u2", "assistant", 202);
        repair_it(&s);
        assert_int_equal(s.plan.edit_count, 0);
        assert_messages(&s, 4, 4);
        assert_int_equal(s.plan.left_count, 4);
        end(&s);
    }
}

/* What is shown and never sent is no newer branch, and no message. */
static void what_is_shown_alone_is_no_newer_leaf(void **state)
{
    (void)state;
    static const char shown[] = "\"isVirtual\":true,\"type\"";
    struct scene s = {0};
    for (int is_beside = 0; is_beside < 2; is_beside++) {
        add_at(&s, "u1", "", "user", 1);
        add_at(&s, "a1", "u1", "assistant", 2);
        size_t from = s.file.n;
        add_at(&s, "v", "a1", "assistant", 60);
        buf_add(&s.file, "", 1); /* ends in NUL for the search */
        s.file.n--;
        char *type = strstr(s.file.p + from, "\"type\""); /* the record's own stands first */
        struct buf rest = {0};
        buf_adds(&rest, type + strlen("\"type\""));
        s.file.n = (size_t)(type - s.file.p);
        buf_adds(&s.file, shown);
        buf_add(&s.file, rest.p, rest.n);
        buf_release(&rest);
        add_at(&s, "u2", is_beside ? "a1" : "v", "user", 30);
        add_at(&s, "a2", "u2", "assistant", 31);
        repair_it(&s);
        assert_int_equal(s.plan.edit_count, 0);
        assert_messages(&s, 4, 4);
        assert_int_equal(s.plan.messages.in_file, 4);
        assert_int_equal(s.plan.branch_count, 0);
        end(&s);
        s = (struct scene){0};
    }
}

/* A line that is too long to be looked into stands between a record that breaks off and the last
 * line, which is not waited for so. */
static void a_line_too_long_to_look_into_is_a_line(void **state)
{
    (void)state;
    struct scene s = {0};
    add_at(&s, "u1", "", "user", 1);
    add_at(&s, "a1", "u1", "assistant", 2);
    buf_adds(&s.file, "{\"parentUuid\":\"a1\",\"type\":\"user\",\"uuid\":\"x\",\"message\":\n");
    size_t end_at = s.file.n + TRANSCRIPT_SCAN_LINE_MAX;
    buf_adds(&s.file, "{\"torn");
    while (s.file.n <= end_at)
        buf_adds(&s.file, " and words and words and words and words");
    buf_adds(&s.file, "\n");
    add_at(&s, "u2", "a1", "user", 3);
    s.plan = make_plan(&s, &s.file, false);
    assert_int_equal(s.plan.loaded_count, 3);
    end(&s);
}

/* Nothing is linked across a compaction. */
static void a_result_behind_a_compaction_is_not_linked_to_its_call(void **state)
{
    (void)state;
    for (int has_compaction = 0; has_compaction < 2; has_compaction++) {
        struct scene s = {0};
        minute = 0;
        add(&s, "a", "", "user", "\"one\"");
        add(&s, "b", "a", "assistant",
            "[{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"Bash\",\"input\":{}}]");
        if (has_compaction)
            add_boundary(&s, "k", "b", "");
        add(&s, "r", "", "user",
            "[{\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"content\":\"ok\"}]");
        add(&s, "c", "r", "assistant", WORDS);
        repair_it(&s);
        assert_int_equal(strstr(s.made.p, "{\"parentUuid\":\"b\"") == NULL, has_compaction);
        end(&s);
    }
}

static void of_three_prompts_with_one_id_each_keeps_its_answer(void **state)
{
    (void)state;
    struct scene s = {0};
    four_turns(&s);
    add(&s, "c", "d", "user", "\"three\"");
    add(&s, "e", "c", "assistant", WORDS);
    add(&s, "c", "e", "user", "\"four\"");
    add(&s, "f", "c", "assistant", WORDS);
    repair_it(&s);
    struct repair_plan again = make_plan(&s, &s.made, false);
    assert_int_equal(again.messages.reached, 8);
    for (size_t i = 0; i < again.loaded_count; i++) /* one behind another, as they were said */
        assert_int_equal(again.loaded[i].line, i + 1);
    end(&s);
}

/* However long it is, and however it is written. One that is not sent does no harm. */
static void a_prompt_of_white_space_hurts_where_it_is_sent(void **state)
{
    (void)state;
    static const char blanks[] = "          ";
    struct scene s = {0};
    for (int i = 0; i < 3; i++) {
        four_turns(&s);
        struct buf prompt = {0};
        buf_adds(&prompt, "\"");
        for (int n = 0; n < 20; n++)
            buf_adds(&prompt, i ? "\\u0020\\u000a\\n" : blanks);
        buf_adds(&prompt, "\"");
        buf_add(&prompt, "", 1);
        add(&s, "x", i == 2 ? "b" : "d", "user", prompt.p);
        add(&s, "e", "d", "user", "\"three\"");
        if (i < 2)
            add(&s, "y", "x", "assistant", WORDS);
        else
            add(&s, "f", "e", "assistant", WORDS);
        repair_it(&s);
        assert_int_equal(has_problem(&s, DAMAGE_BAD_CONTENT, DAMAGE_HURTS), i < 2);
        buf_release(&prompt);
        end(&s);
        s = (struct scene){0};
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_prompt_of_white_space_hurts_where_it_is_sent),
        cmocka_unit_test(of_three_prompts_with_one_id_each_keeps_its_answer),
        cmocka_unit_test(a_result_behind_a_compaction_is_not_linked_to_its_call),
        cmocka_unit_test(a_compaction_without_its_summary_is_taken_away_where_it_hides),
        cmocka_unit_test(a_compaction_that_hides_nothing_needs_no_summary),
        cmocka_unit_test(a_clock_that_was_set_back_between_compactions_is_no_damage),
        cmocka_unit_test(a_line_too_long_to_look_into_is_a_line),
        cmocka_unit_test(what_is_shown_alone_is_no_newer_leaf),
        cmocka_unit_test(a_compaction_is_not_moved_over_what_is_loaded),
        cmocka_unit_test(a_result_that_the_client_fetches_does_not_hurt),
        cmocka_unit_test(a_result_without_the_key_of_its_parent_gets_one),
        cmocka_unit_test(what_changed_with_a_version_changes_there),
        cmocka_unit_test(of_two_prompts_with_one_id_the_earlier_gets_its_own),
        cmocka_unit_test(a_record_that_was_written_twice_is_no_clash),
        cmocka_unit_test(a_healthy_transcript_is_left_alone),
        cmocka_unit_test(an_empty_file_is_left_alone),
        cmocka_unit_test(a_missing_parent_is_linked_to_the_line_before),
        cmocka_unit_test(what_is_sent_and_is_no_message_counts_as_one),
        cmocka_unit_test(what_was_typed_and_is_not_sent_is_named),
        cmocka_unit_test(a_gap_is_not_bridged_by_what_hangs_on_its_record),
        cmocka_unit_test(a_line_written_before_its_parent_is_no_place_to_link_to),
        cmocka_unit_test(nothing_is_linked_across_a_compaction),
        cmocka_unit_test(the_first_record_may_have_a_parent_elsewhere),
        cmocka_unit_test(a_stub_goes_and_the_record_behind_it_stays),
        cmocka_unit_test(a_record_with_a_number_that_is_none_is_a_stub),
        cmocka_unit_test(glued_records_get_a_line_each),
        cmocka_unit_test(of_several_blocks_one_is_dropped_with_its_comma),
        cmocka_unit_test(a_record_that_is_dropped_leaves_its_parent_to_its_children),
        cmocka_unit_test(what_the_api_refuses_is_mended_and_its_error_goes),
        cmocka_unit_test(an_image_becomes_a_text_that_says_where_it_is),
        cmocka_unit_test(only_shrinking_trims_what_is_merely_long),
        cmocka_unit_test(a_branch_that_ends_last_does_not_hide_the_newer_one),
        cmocka_unit_test(a_long_id_is_named_whole),
        cmocka_unit_test(what_fuzzing_found_is_mended_for_good),
        cmocka_unit_test(a_pointer_at_a_subagent_is_taken_away),
        cmocka_unit_test(a_record_of_an_unknown_type_is_no_parent),
        cmocka_unit_test(a_control_character_in_a_text_is_escaped_and_its_record_stays),
        cmocka_unit_test(a_mark_inside_the_file_goes),
        cmocka_unit_test(null_in_the_place_of_a_block_becomes_a_text),
        cmocka_unit_test(a_line_of_null_fails_the_resume_and_goes),
        cmocka_unit_test(an_orphan_result_beside_the_way_is_left),
        cmocka_unit_test(another_record_of_one_id_is_not_dropped),
        cmocka_unit_test(versions_are_compared_as_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
