#include "scratch.h"

#include "control/repair_apply.h"

#include <errno.h>

#define RECORD(uuid, parent, second, text)                                                    \
    "{\"parentUuid\":" parent ",\"isSidechain\":false,\"type\":\"user\",\"uuid\":\"" uuid     \
    "\",\"timestamp\":\"2026-02-02T02:40:0" second                                            \
    ".000Z\",\"sessionId\":\"11111111-2222-4333-8444-555555555555\",\"version\":\"2.1.197\"," \
    "\"message\":{\"role\":\"user\",\"content\":\"" text "\"}}\n"
#define FIRST RECORD("a0000000-0000-4000-8000-000000000001", "null", "1", "one")
#define SECOND                                                                                 \
    RECORD("a0000000-0000-4000-8000-000000000002", "\"a0000000-0000-4000-8000-000000000001\"", \
           "2", "two")
#define TORN "{\"parentUuid\":\"a0000000-0000-4000-8000-0000\n"

static const char *const text = FIRST TORN SECOND;

static struct arena arena;

/* Examines the file, which has one line that is no record. */
static struct repair_examined examined(void)
{
    struct repair_examine_request q = {
        .agent = agents[0],
        .at = AT_FDCWD,
        .path = scratch("t.jsonl"),
        .shown = "t.jsonl",
        .options.wants_edits = true,
    };
    struct repair_examined e;
    struct sr_error error;
    scratch_put("t.jsonl", text);
    assert_int_equal(repair_examine(&q, &arena, &e, &error), 0);
    return e;
}

static int apply(struct repair_examined *e, struct sr_error *error)
{
    const char *store = scratch("store");
    struct sr_options look = {.config_dirs = &store, .config_dir_count = 1};
    struct sr_export_options backup = {.pending_dir = scratch("pending"), .why = "repair"};
    struct repair_apply_request q = {
        .agent = agents[0], .path = scratch("t.jsonl"), .look = &look, .backup = &backup};
    struct repair_applied made = {0};
    mkdir(store, 0700);
    int r = repair_apply(&q, e, &arena, &made, error);
    repair_examine_release(e);
    return r;
}

static void assert_file(const char *expected)
{
    char bytes[4096];
    FILE *file = fopen(scratch("t.jsonl"), "r");
    assert_non_null(file);
    size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_sv_equal(((struct sv){bytes, n}), expected);
}

static void what_is_no_record_goes(void **state)
{
    (void)state;
    struct sr_error error = {0};
    struct repair_examined e = examined();
    if (apply(&e, &error) < 0)
        fail_msg("%s", error.text);
    assert_file(FIRST SECOND);
}

/* A plan that is wrong: it takes a whole record for a part of the torn line beside it. */
static void a_plan_that_loses_a_record_is_not_followed(void **state)
{
    (void)state;
    struct sr_error error = {0};
    struct repair_examined e = examined();
    struct repair_plan_edit *torn = NULL;
    for (size_t i = 0; i < e.plan.edit_count && !torn; i++)
        if (e.plan.edits[i].action == DAMAGE_CURE_DROP)
            torn = &e.plan.edits[i];
    assert_non_null(torn);
    assert_int_equal(torn->from, strlen(FIRST));
    torn->to += (int64_t)strlen(SECOND);
    assert_int_equal(apply(&e, &error), -EIO);
    assert_non_null(strstr(error.text, "would hold 1 whole records, where 2 of 2 were to stay"));
    assert_file(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_no_record_goes, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_plan_that_loses_a_record_is_not_followed, scratch_setup,
                                        scratch_teardown),
    };
    int r = cmocka_run_group_tests_name("repair_apply", tests, NULL, NULL);
    arena_release(&arena);
    return r;
}
