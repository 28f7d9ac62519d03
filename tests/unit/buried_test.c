#include "unit.h"

#include "repair/buried.h"

#define RECORD "{\"type\":\"user\",\"uuid\":\"u1\",\"message\":{}}"
#define ENTRY "{\"type\":\"click\",\"timestamp\":\"2026-01-02T03:04:05.000Z\"}"

static void assert_in(const char *line, const char *expected)
{
    const char *in = NULL;
    assert_int_equal(buried_in(sv_of(line), &in), FACT_YES);
    assert_string_equal(in, expected);
}

static void assert_not_in(const char *line)
{
    const char *in;
    assert_int_equal(buried_in(sv_of(line), &in), FACT_NO);
}

static void records_are_found_inside_of_other_values(void **state)
{
    (void)state;
    assert_in("[" RECORD "]", "an array");
    assert_in("{\"messages\":[" RECORD "]}", "a document");
    assert_in("\"{\\\"type\\\":\\\"user\\\",\\\"uuid\\\":\\\"u1\\\"}\"", "a text");
    assert_not_in(RECORD);
    assert_not_in("[" RECORD); /* torn */
}

/* It has no id, or is of a type that is not on the chain: no client would take it for a record. */
static void what_no_client_would_chain_is_no_record(void **state)
{
    (void)state;
    assert_not_in("{\"a\":" ENTRY "}");
    assert_not_in("[" ENTRY "]");
    assert_not_in("[{\"type\":\"click\",\"uuid\":\"u1\"}]");
    assert_not_in("[{\"type\":\"summary\",\"leafUuid\":\"u1\"}]");
}

/* Braces in braces, each of which is read to the end. */
static void what_is_nested_too_deeply_may_hold_one(void **state)
{
    (void)state;
    struct buf line = {0};
    const char *in;
    for (int i = 0; i < 20000; i++)
        buf_adds(&line, "{\"a\":");
    buf_adds(&line, RECORD);
    for (int i = 0; i < 20000; i++)
        buf_adds(&line, "}");
    assert_int_equal(buried_in((struct sv){line.p, line.n}, &in), FACT_UNKNOWN);
    buf_release(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_found_inside_of_other_values),
        cmocka_unit_test(what_no_client_would_chain_is_no_record),
        cmocka_unit_test(what_is_nested_too_deeply_may_hold_one),
    };
    return cmocka_run_group_tests_name("buried", tests, NULL, NULL);
}
