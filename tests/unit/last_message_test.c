#include "unit.h"

#include "agents/claude/events.h"
#include "conversation/last_message.h"

#define PROMPT(minute)                                                                  \
    "{\"type\":\"user\",\"uuid\":\"u" minute "\",\"timestamp\":\"2026-01-02T03:" minute \
    ":00.000Z\",\"message\":{\"role\":\"user\",\"content\":\"hello\"}}\n"
#define TITLE \
    "{\"type\":\"ai-title\",\"aiTitle\":\"t\",\"timestamp\":\"2026-02-02T03:00:00.000Z\"}\n"
#define ID "bbbbbbbb-0000-4000-8000-000000000002"
#define GOES_ON(id)                                                          \
    "{\"type\":\"continued-in\",\"timestamp\":\"2026-01-02T09:00:00.000Z\"," \
    "\"continuedInSessionId\":\"" id "\"}\n"
#define MINUTE_MS(minute) (1767322800000 + (minute)*60000)

static struct arena arena;

static bool look(const char *text, bool is_whole, struct last_message *last)
{
    return last_message_look(&event_claude, &arena, sv_of(text), is_whole, last);
}

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static void the_last_message_tells_the_time(void **state)
{
    (void)state;
    struct last_message last;
    assert_true(look(PROMPT("01") PROMPT("05") TITLE, true, &last));
    assert_int_equal(last.at.ms, MINUTE_MS(5));
    assert_null(last.continued_in);
}

static void the_last_in_the_file_counts_not_the_newest(void **state)
{
    (void)state;
    struct last_message last;
    assert_true(look(PROMPT("09") PROMPT("05"), true, &last));
    assert_int_equal(last.at.ms, MINUTE_MS(5));
}

static void without_a_message_more_is_to_be_read(void **state)
{
    (void)state;
    struct last_message last;
    assert_false(look(TITLE TITLE, false, &last));
    assert_true(look(TITLE TITLE, true, &last)); /* there is no more */
    assert_int_equal(last.at.ms, 0);
    assert_true(look("", true, &last));
}

static void a_line_whose_beginning_is_not_there_is_no_record(void **state)
{
    (void)state;
    struct last_message last;
    assert_false(look(PROMPT("05") TITLE, false, &last));
    assert_true(look(PROMPT("04") PROMPT("05") TITLE, false, &last));
    assert_int_equal(last.at.ms, MINUTE_MS(5));
}

static void what_is_no_record_is_passed_over(void **state)
{
    (void)state;
    struct last_message last;
    assert_true(look(PROMPT("05") "[1]\nnonsense\n{\"type\":\"user\",\"messa", true, &last));
    assert_int_equal(last.at.ms, MINUTE_MS(5));
}

static void it_goes_on_where_nothing_was_said_behind(void **state)
{
    (void)state;
    struct last_message last;
    assert_true(look(PROMPT("05") GOES_ON(ID) TITLE, true, &last));
    assert_string_equal(last.continued_in, ID);
    assert_int_equal(last.at.ms, MINUTE_MS(5));
    assert_true(look(PROMPT("05") GOES_ON(ID) PROMPT("06"), true, &last));
    assert_null(last.continued_in);
    assert_true(look(PROMPT("05") GOES_ON("../" ID), true, &last));
    assert_null(last.continued_in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_last_message_tells_the_time, release),
        cmocka_unit_test_teardown(the_last_in_the_file_counts_not_the_newest, release),
        cmocka_unit_test_teardown(without_a_message_more_is_to_be_read, release),
        cmocka_unit_test_teardown(a_line_whose_beginning_is_not_there_is_no_record, release),
        cmocka_unit_test_teardown(what_is_no_record_is_passed_over, release),
        cmocka_unit_test_teardown(it_goes_on_where_nothing_was_said_behind, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
