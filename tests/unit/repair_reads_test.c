#include "unit.h"

#include "repair/repair_plan.h"

#include <errno.h>

#define SESSION "11111111-2222-4333-8444-555555555555"
#define OTHER "99999999-2222-4333-8444-555555555555"
#define STAMP(second) "\"timestamp\":\"2026-02-02T02:40:0" second ".000Z\""
#define RECORD(type, uuid, parent, second, content)                                           \
    "{\"parentUuid\":" parent ",\"isSidechain\":false,\"type\":\"" type "\",\"uuid\":\"" uuid \
    "\"," STAMP(second) ",\"sessionId\":\"" SESSION                                           \
                        "\",\"version\":\"2.1.197\",\"message\":{\"id\":\"m-" uuid            \
                        "\",\"role\":\"" type "\",\"content\":" content "}}\n"
#define TEXT(text) "{\"type\":\"text\",\"text\":\"" text "\"}"

static struct arena arena;

/* A file in memory; the read that has no fuel left fails. */
struct file {
    struct sv text;
    long fuel;
};

static int64_t read_file(void *context, char *bytes, size_t n, int64_t offset)
{
    struct file *file = context;
    if (file->fuel-- <= 0)
        return -EIO;
    if ((size_t)offset >= file->text.n)
        return 0;
    if (n > file->text.n - (size_t)offset)
        n = file->text.n - (size_t)offset;
    memcpy(bytes, file->text.p + offset, n);
    return (int64_t)n;
}

static int take(void *context, const char *bytes, size_t n)
{
    buf_add(context, bytes, n);
    return 0;
}

static int take_removed(void *context, const struct repair_plan_edit *edit, const char *bytes,
                        size_t n, bool is_first)
{
    (void)context, (void)edit, (void)bytes, (void)n, (void)is_first;
    return 0;
}

/* Returns: 0 with the mended file in out, or the errno of the first read that failed. */
static int repair(struct sv text, long fuel, struct repair_plan *plan, struct buf *out)
{
    struct file file = {text, fuel};
    struct record_source source = {read_file, &file, (int64_t)text.n, SV("{\"parentUuid\":")};
    struct transcript_scan survey;
    struct repair_plan_options options = {.wants_edits = true, .modified_ms = 1770000000000};
    struct repair_plan_sink sink = {take, take_removed, out};
    int r = transcript_scan_read(&source, &survey);
    if (r < 0)
        return r;
    r = repair_plan_make(&source, &survey, &options, &arena, plan);
    transcript_scan_release(&survey);
    return r < 0 ? r : repair_plan_write(&source, plan, "BACKUP", &sink);
}

static void assert_repaired(const char *text, const char *expected)
{
    struct repair_plan plan;
    struct buf out = {0};
    assert_int_equal(repair(sv_of(text), 1000000, &plan, &out), 0);
    assert_sv_equal(((struct sv){out.p, out.n}), expected);
    struct buf again = {0};
    assert_int_equal(repair((struct sv){out.p, out.n}, 1000000, &plan, &again), 0);
    assert_int_equal(plan.edit_count, 0);
    buf_release(&again);
    buf_release(&out);
    arena_release(&arena);
}

#define PROMPT RECORD("user", "u1", "null", "1", "\"hi\"")
#define ANSWER(content) RECORD("assistant", "a1", "\"u1\"", "2", content)
#define NEXT RECORD("user", "u2", "\"a1\"", "3", "\"go on\"")

static void empty_texts_are_taken_out_and_the_rest_of_the_answer_stays(void **state)
{
    (void)state;
    static const char *const kept = PROMPT ANSWER("[" TEXT("kept") "]") NEXT;
    assert_repaired(PROMPT ANSWER("[" TEXT("") "," TEXT("kept") "]") NEXT, kept);
    assert_repaired(PROMPT ANSWER("[" TEXT("kept") "," TEXT("") "]") NEXT, kept);
    assert_repaired(PROMPT ANSWER("[" TEXT("") "," TEXT(" ") "," TEXT("kept") "]") NEXT, kept);
    assert_repaired(
        PROMPT ANSWER("[" TEXT("") "," TEXT("kept") "," TEXT("") "," TEXT("\\n") "]") NEXT, kept);
    assert_repaired(PROMPT ANSWER("[" TEXT("a") "," TEXT("") "," TEXT("b") "]") NEXT,
                    PROMPT ANSWER("[" TEXT("a") "," TEXT("b") "]") NEXT);
}

static void a_sound_file_stays_as_it_is(void **state)
{
    (void)state;
    assert_repaired(PROMPT ANSWER("[" TEXT("a") "]") NEXT, PROMPT ANSWER("[" TEXT("a") "]") NEXT);
    assert_repaired("", "");
}

static void records_of_another_session_are_said_and_left(void **state)
{
    (void)state;
    static const char foreign[] =
        PROMPT "{\"parentUuid\":\"u1\",\"isSidechain\":false,\"type\":\"assistant\",\"uuid\":"
               "\"a1\"," STAMP("2") ",\"sessionId\":\"" OTHER "\",\"message\":{\"id\":\"m\","
                                    "\"role\":\"assistant\",\"content\":[" TEXT("a") "]}}\n";
    struct repair_plan plan;
    struct buf out = {0};
    assert_int_equal(repair(sv_of(foreign), 1000000, &plan, &out), 0);
    assert_int_equal(plan.edit_count, 0);
    assert_int_equal(plan.problem_count, 1);
    assert_int_equal(plan.problems[0].kind, DAMAGE_FOREIGN_SESSION_ID);
    assert_int_equal(plan.problems[0].severity, DAMAGE_HARMLESS);
    assert_int_equal(plan.problems[0].line, 2);
    buf_release(&out);
    arena_release(&arena);
}

/* Several damages, so that every step of a repair reads. */
static void a_read_that_fails_ends_the_repair_with_its_errno(void **state)
{
    (void)state;
    static const char damaged[] = PROMPT ANSWER("[" TEXT("") "," TEXT("kept") "]")
        RECORD("user", "u2", "\"gone\"", "3",
               "\"go on\"") "{\"parentUuid\":\"u2\",\"type\":\"u" RECORD("assistant", "a2",
                                                                         "\"u2\"", "4",
                                                                         "[{\"type\":\"tool_use\","
                                                                         "\"id\":\"t1\",\"name\":"
                                                                         "\"Bash\",\"input\":{}}]")
            RECORD("user", "u3", "\"a2\"", "5", "\"more\"") "{\"parentUuid\":\"u3\"";
    long fuel = 0;
    int r;
    do {
        struct repair_plan plan;
        struct buf out = {0};
        r = repair(sv_of(damaged), fuel++, &plan, &out);
        assert_true(r == 0 || r == -EIO);
        buf_release(&out);
        arena_release(&arena);
    } while (r < 0 && fuel < 10000);
    assert_int_equal(r, 0);
    assert_true(fuel > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_texts_are_taken_out_and_the_rest_of_the_answer_stays),
        cmocka_unit_test(a_sound_file_stays_as_it_is),
        cmocka_unit_test(records_of_another_session_are_said_and_left),
        cmocka_unit_test(a_read_that_fails_ends_the_repair_with_its_errno),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
