#include "unit.h"

#include "repair/repair_plan.h"

#include <stdio.h>

/* A transcript in memory, and what --fit makes of it. */
struct scene {
    struct arena arena;
    struct buf file, made;
    struct repair_plan plan;
    int seconds; /* of the next record's time */
};

static int keep(void *context, const char *bytes, size_t n)
{
    buf_add(context, bytes, n);
    return 0;
}

static struct repair_plan plan_of(struct scene *s, struct buf *file, struct repair_plan_options o)
{
    struct transcript_scan survey;
    struct repair_plan plan;
    struct sv text = {file->p, file->n};
    struct record_source source = record_source_of_text(&text, SV("{\"parentUuid\":"));
    o.wants_edits = true;
    o.modified_ms = 1770000000000;
    assert_int_equal(transcript_scan_read(&source, &survey), 0);
    assert_int_equal(repair_plan_make(&source, &survey, &o, &s->arena, &plan), 0);
    transcript_scan_release(&survey);
    return plan;
}

/* backup: the name in the marks. */
static void fit_into(struct scene *s, int64_t window, const char *backup)
{
    struct sv text = {s->file.p, s->file.n};
    struct record_source source = record_source_of_text(&text, SV("{\"parentUuid\":"));
    struct repair_plan_sink sink = {keep, NULL, &s->made};
    s->made.n = 0;
    s->plan =
        plan_of(s, &s->file, (struct repair_plan_options){.fits = true, .model_window = window});
    assert_int_equal(repair_plan_write(&source, &s->plan, backup, &sink), 0);
    buf_add(&s->made, "", 1);
    s->made.n--;
}

#define BACKUP "2026-03-01T00-00-00Z-LOSSLESS-5e551011-0000-4000-8001-000000000001"

static void end(struct scene *s)
{
    arena_release(&s->arena);
    buf_release(&s->file);
    buf_release(&s->made);
}

static void add(struct scene *s, const char *uuid, const char *parent, const char *role,
                const char *message, const char *content)
{
    buf_addf(&s->file, *parent ? "{\"parentUuid\":\"%s\"" : "{\"parentUuid\":null%s", parent);
    buf_addf(&s->file,
             ",\"type\":\"%s\",\"message\":{\"id\":\"%s\",\"model\":\"claude-sonnet-4-6\",%s"
             "\"content\":%s},\"uuid\":\"%s\",\"timestamp\":\"2026-01-02T03:00:%02d.000Z\","
             "\"version\":\"2.1.197\"}\n",
             role, uuid, message, content, uuid, s->seconds++ % 60);
}

static void add_long(struct scene *s, const char *uuid, const char *parent, const char *role,
                     const char *message, const char *before, char c, size_t n, const char *behind)
{
    struct buf content = {0};
    buf_adds(&content, before);
    buf_fill(&content, c, n);
    buf_adds(&content, behind);
    add(s, uuid, parent, role, message, content.p);
    buf_release(&content);
}

/* A turn in which a tool is called, whose result is n bytes long. id: one letter. */
static void add_turn(struct scene *s, const char *parent, char id, size_t n, int tokens)
{
    char names[5][8], usage[100], call[200], result[200];
    for (int i = 0; i < 5; i++)
        snprintf(names[i], sizeof names[i], "%c%d", id, i);
    snprintf(usage, sizeof usage, tokens ? "\"usage\":{\"input_tokens\":%d}," : "%.0d", tokens);
    snprintf(call, sizeof call,
             "[{\"type\":\"tool_use\",\"id\":\"toolu_%c\",\"name\":\"Bash\",\"input\":{}}]", id);
    snprintf(result, sizeof result,
             "[{\"tool_use_id\":\"toolu_%c\",\"type\":\"tool_result\",\"is_error\":true,"
             "\"content\":\"",
             id);
    add(s, names[0], parent, "user", "", "\"a prompt\"");
    add_long(s, names[1], names[0], "assistant", usage,
             "[{\"type\":\"thinking\",\"signature\":\"c2ln\",\"thinking\":\"", 't', 2000, "\"}]");
    add(s, names[2], names[1], "assistant", usage, call);
    add_long(s, names[3], names[2], "user", "", result, id, n, "\"}]");
    add(s, names[4], names[3], "assistant", usage, "[{\"type\":\"text\",\"text\":\"done\"}]");
}

static void refuse(struct scene *s, const char *uuid, const char *parent, const char *details)
{
    buf_addf(&s->file,
             "{\"parentUuid\":\"%s\",\"type\":\"assistant\",\"isApiErrorMessage\":true,"
             "\"errorDetails\":\"%s\",\"message\":{\"model\":\"<synthetic>\",\"content\":[{"
             "\"type\":\"text\",\"text\":\"Prompt is too long\"}]},\"uuid\":\"%s\","
             "\"timestamp\":\"2026-01-02T03:00:%02d.000Z\",\"version\":\"2.1.197\"}\n",
             parent, details, uuid, s->seconds++ % 60);
}

/* Three turns of some 100 kB each, refused behind them. */
static void begin(struct scene *s, const char *details)
{
    add_turn(s, "", 'a', 100000, 30000);
    add_turn(s, "a4", 'b', 100000, 60000);
    add_turn(s, "b4", 'c', 100000, 90000);
    add(s, "p", "c4", "user", "", "\"go on\"");
    if (details)
        refuse(s, "e", "p", details);
}

static size_t count_of(const struct buf *text, const char *words)
{
    size_t count = 0;
    for (const char *p = text->p; (p = strstr(p, words)); p++)
        count++;
    return count;
}

static const struct repair_plan_problem *problem_of(const struct repair_plan *plan,
                                                    enum damage_kind kind)
{
    for (size_t i = 0; i < plan->problem_count; i++)
        if (plan->problems[i].kind == kind)
            return &plan->problems[i];
    return NULL;
}

static void a_refusal_is_told_of_and_left_alone_without_fit(void **state)
{
    (void)state;
    struct scene s = {0};
    begin(&s, "");
    s.plan = plan_of(&s, &s.file, (struct repair_plan_options){0});
    const struct repair_plan_problem *p = problem_of(&s.plan, DAMAGE_TOO_LONG);
    assert_non_null(p);
    assert_int_equal(p->severity, DAMAGE_HURTS);
    assert_false(p->is_mended);
    assert_true(s.plan.hurts);
    assert_int_equal(s.plan.edit_count, 0);
    end(&s);
}

static void what_the_client_puts_in_behind_a_refusal_is_no_answer(void **state)
{
    (void)state;
    struct scene s = {0};
    begin(&s, "");
    add(&s, "f", "e", "assistant", "\"model\":\"<synthetic>\",",
        "[{\"type\":\"text\",\"text\":\"No response requested.\"}]");
    add(&s, "q", "f", "user", "", "\"go on\"");
    refuse(&s, "g", "q", "");
    s.plan = plan_of(&s, &s.file, (struct repair_plan_options){0});
    assert_string_equal(problem_of(&s.plan, DAMAGE_TOO_LONG)->detail,
                        "the last 2 prompts were refused");
    end(&s);
}

static void a_good_answer_behind_it_or_a_rewind_ends_it(void **state)
{
    (void)state;
    for (int rewound = 0; rewound < 2; rewound++) {
        struct scene s = {0};
        begin(&s, "");
        if (rewound)
            add(&s, "d", "b4", "user", "", "\"another way\"");
        else
            add_turn(&s, "e", 'd', 10, 0);
        s.plan = plan_of(&s, &s.file, (struct repair_plan_options){0});
        assert_null(problem_of(&s.plan, DAMAGE_TOO_LONG));
        end(&s);
    }
}

static void the_oldest_are_cut_until_a_fifth_is_to_spare(void **state)
{
    (void)state;
    struct scene s = {0};
    begin(&s, "400 prompt is too long: 100000 tokens > 98000 maximum");
    fit_into(&s, 200000, BACKUP);
    assert_true(s.plan.fit.fits);
    assert_int_equal(s.plan.fit.tokens_before, 100000);
    assert_int_equal(s.plan.fit.window, 98000);
    assert_int_equal(s.plan.fit.target, 78400);
    assert_in_range(s.plan.fit.tokens_after, 70000, 78400);
    assert_int_equal(s.plan.fit.results, 1);
    assert_int_equal(s.plan.fit.thinking, 1);
    assert_null(strstr(s.made.p, "aaaaaa"));
    assert_non_null(strstr(s.made.p, "bbbbbb"));
    assert_non_null(strstr(s.made.p, "\"tool_use_id\":\"toolu_a\",\"type\":\"tool_result\","
                                     "\"is_error\":true,\"content\":\"[tool result removed by "
                                     "session-rescue: 100002 bytes, about "));
    assert_non_null(strstr(s.made.p, "[{\"type\":\"text\",\"text\":\"[thinking removed by "));
    assert_non_null(strstr(s.made.p, " tokens; the original is in the backup " BACKUP "]\""));
    assert_null(strstr(s.made.p, "isApiErrorMessage"));
    assert_int_equal(s.plan.messages.reached, s.plan.messages.expected);
    end(&s);
}

static void the_last_turn_keeps_its_thinking(void **state)
{
    (void)state;
    struct scene s = {0};
    begin(&s, "400 prompt is too long: 100000 tokens > 45000 maximum");
    fit_into(&s, 200000, BACKUP);
    assert_true(s.plan.fit.fits);
    assert_int_equal(s.plan.fit.results, 3);
    assert_int_equal(s.plan.fit.thinking, 2);
    assert_int_equal(count_of(&s.made, "\"signature\""), 1);
    end(&s);
}

static void thinking_of_one_message_goes_together(void **state)
{
    (void)state;
    struct scene s = {0};
    add(&s, "a", "", "user", "", "\"a prompt\"");
    add_long(&s, "b", "a", "assistant", "\"usage\":{\"input_tokens\":100},",
             "[{\"type\":\"thinking\",\"thinking\":\"", 'x', 24000,
             "\"},{\"type\":\"text\",\"text\":\"so\"},{\"type\":\"thinking\",\"thinking\":\"then\","
             "\"signature\":\"c2ln\"},{\"type\":\"text\",\"text\":\"done\"}]");
    add_turn(&s, "b", 'c', 10, 9000);
    refuse(&s, "e", "c4", "prompt is too long: 10000 tokens > 9990 maximum");
    fit_into(&s, 200000, BACKUP);
    assert_true(s.plan.fit.fits);
    assert_int_equal(s.plan.fit.thinking, 2);
    assert_int_equal(count_of(&s.made, "[thinking removed"), 2);
    end(&s);
}

static void a_second_fit_waits_for_an_answer(void **state)
{
    (void)state;
    struct scene s = {0};
    begin(&s, "400 prompt is too long: 100000 tokens > 98000 maximum");
    fit_into(&s, 98000, BACKUP);
    buf_release(&s.file);
    s.file = s.made;
    s.made = (struct buf){0};
    fit_into(&s, 98000, BACKUP);
    assert_int_equal(s.plan.edit_count, 0);
    assert_true(s.plan.fit.was_cut);
    assert_true(s.plan.fit.fits);

    /* the API says once more that it is too long: what was cut counts no more */
    buf_adds(&s.file,
             "{\"parentUuid\":\"p\",\"type\":\"assistant\",\"isApiErrorMessage\":true,"
             "\"message\":{\"model\":\"<synthetic>\",\"content\":[{\"type\":\"text\",\"text\":"
             "\"Prompt is too long\"}]},\"uuid\":\"z\",\"timestamp\":\"2026-03-02T03:00:00.000Z\","
             "\"version\":\"2.1.197\"}\n");
    fit_into(&s, 98000, BACKUP);
    assert_false(s.plan.fit.was_cut);
    assert_in_range(s.plan.fit.tokens_before, 55000, 75000); /* 90000 less what is gone */
    assert_null(strstr(s.made.p, "bbbbbb"));
    end(&s);
}

static void what_cannot_fit_is_left_alone(void **state)
{
    (void)state;
    struct scene s = {0};
    begin(&s, "400 prompt is too long: 100000 tokens > 5000 maximum");
    fit_into(&s, 200000, BACKUP);
    assert_false(s.plan.fit.fits);
    assert_int_equal(s.plan.edit_count, 0);
    assert_int_equal(s.made.n, s.file.n);
    end(&s);
}

static void without_a_refusal_it_is_cut_where_it_is_too_full(void **state)
{
    (void)state;
    struct scene s = {0};
    begin(&s, NULL);
    fit_into(&s, 200000, BACKUP);
    assert_int_equal(s.plan.edit_count, 0);
    assert_true(s.plan.fit.fits);
    assert_in_range(s.plan.fit.tokens_before, 90000, 90100);
    fit_into(&s, 100000, BACKUP);
    assert_int_equal(s.plan.fit.results, 1);
    assert_int_equal(problem_of(&s.plan, DAMAGE_TOO_LONG)->severity, DAMAGE_MILD);
    end(&s);
}

static void only_what_is_loaded_behind_a_compaction_counts(void **state)
{
    (void)state;
    struct scene s = {0};
    begin(&s, NULL);
    buf_adds(&s.file, "{\"parentUuid\":null,\"logicalParentUuid\":\"p\",\"type\":\"system\","
                      "\"subtype\":\"compact_boundary\",\"uuid\":\"k\",\"timestamp\":"
                      "\"2026-01-02T03:00:50.000Z\",\"version\":\"2.1.197\"}\n");
    buf_adds(&s.file,
             "{\"parentUuid\":\"k\",\"isCompactSummary\":true,\"type\":\"user\",\"message\":"
             "{\"content\":\"all of it in short\"},\"uuid\":\"l\",\"timestamp\":"
             "\"2026-01-02T03:00:51.000Z\",\"version\":\"2.1.197\"}\n");
    s.seconds = 52;
    add_turn(&s, "l", 'd', 40000, 0);
    fit_into(&s, 40000, BACKUP);
    assert_in_range(s.plan.fit.tokens_before, 25000 + 11000, 25000 + 13000); /* no answer counts */
    assert_null(strstr(s.made.p, "dddddd"));
    assert_non_null(strstr(s.made.p, "aaaaaa"));
    end(&s);
}

static void images_count_by_their_size_and_are_cut(void **state)
{
    (void)state;
    struct scene s = {0};
    add_long(&s, "a", "", "user", "",
             "[{\"type\":\"text\",\"text\":\"see\"},{\"type\":\"image\",\"source\":{\"type\":"
             "\"base64\",\"data\":\"",
             'A', 400000, "\"}}]");
    add(&s, "b", "a", "assistant", "\"usage\":{\"input_tokens\":10000},",
        "[{\"type\":\"text\",\"text\":\"I see\"}]");
    refuse(&s, "e", "b", "prompt is too long: 11000 tokens > 10999 maximum");
    fit_into(&s, 10500, BACKUP);
    assert_int_equal(s.plan.fit.tokens_before - s.plan.fit.tokens_after, 1552);
    assert_false(s.plan.fit.fits);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_is_told_of_and_left_alone_without_fit),
        cmocka_unit_test(what_the_client_puts_in_behind_a_refusal_is_no_answer),
        cmocka_unit_test(a_good_answer_behind_it_or_a_rewind_ends_it),
        cmocka_unit_test(the_oldest_are_cut_until_a_fifth_is_to_spare),
        cmocka_unit_test(the_last_turn_keeps_its_thinking),
        cmocka_unit_test(thinking_of_one_message_goes_together),
        cmocka_unit_test(a_second_fit_waits_for_an_answer),
        cmocka_unit_test(what_cannot_fit_is_left_alone),
        cmocka_unit_test(without_a_refusal_it_is_cut_where_it_is_too_full),
        cmocka_unit_test(only_what_is_loaded_behind_a_compaction_counts),
        cmocka_unit_test(images_count_by_their_size_and_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
