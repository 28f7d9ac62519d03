#include "unit.h"

#include "conversation/turn_state.h"

enum { AT = 1000 };

static struct arena arena;

static struct event event_of(enum event_kind kind, int64_t at_ms)
{
    return (struct event){.kind = kind, .at = {at_ms}};
}

static struct event with_id(enum event_kind kind, int64_t at_ms, const char *id)
{
    struct event_tool *tool = arena_alloc(&arena, sizeof *tool);
    *tool = (struct event_tool){.id = sv_of(id)};
    struct event e = event_of(kind, at_ms);
    e.results = tool;
    e.result_count = 1;
    e.text = SV("permission prompt");
    return e;
}

static struct tail_result told(const struct event *events, size_t count)
{
    struct tail_result r = {0};
    struct arena own = {0};
    struct turn_state s = {.r = &r, .arena = &arena, .own = &own};
    for (size_t i = 0; i < count; i++)
        turn_state_tell(&s, &events[i]);
    turn_state_end(&s);
    arena_release(&own);
    return r;
}

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

/* A tool that the user does not allow: nobody is asked after its result. */
static void a_result_may_end_the_turn(void **state)
{
    (void)state;
    struct event all[] = {event_of(EVENT_PROMPT, AT), with_id(EVENT_TOOL_RESULT, AT + 1, "a")};
    assert_int_equal(told(all, 2).turn, TAIL_TURN_AWAITS_REPLY);
    all[1].ends_turn = true;
    assert_int_equal(told(all, 2).turn, TAIL_TURN_OVER);
}

static void a_question_is_up_until_it_is_answered(void **state)
{
    (void)state;
    const struct event all[] = {
        event_of(EVENT_PROMPT, AT),           with_id(EVENT_ASK, AT + 1, "a"),
        with_id(EVENT_ASK, AT + 2, "b"),      with_id(EVENT_ANSWERED, AT + 3, "a"),
        with_id(EVENT_ANSWERED, AT + 4, "b"),
    };
    struct tail_result r = told(all, 3);
    assert_string_equal(r.asks, "permission prompt");
    assert_int_equal(r.asks_since.ms, AT + 1);
    assert_int_equal(r.turn, TAIL_TURN_AWAITS_REPLY);
    r = told(all, 4);
    assert_int_equal(r.asks_since.ms, AT + 2);
    r = told(all, 5);
    assert_null(r.asks);
    assert_false(wall_known(r.asks_since));
}

static void no_question_outlives_its_turn(void **state)
{
    (void)state;
    static const enum event_kind ends[] = {EVENT_INTERRUPTED, EVENT_TURN_OVER, EVENT_API_ERROR,
                                           EVENT_PROMPT};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const struct event all[] = {event_of(EVENT_PROMPT, AT), with_id(EVENT_ASK, AT + 1, "a"),
                                    event_of(ends[i], AT + 2)};
        struct tail_result r = told(all, 3);
        assert_null(r.asks);
    }
}

static void an_answer_without_its_question_is_nothing(void **state)
{
    (void)state;
    const struct event all[] = {event_of(EVENT_PROMPT, AT), event_of(EVENT_ASK, AT + 1),
                                with_id(EVENT_ANSWERED, AT + 2, "a"),
                                event_of(EVENT_ANSWERED, AT + 3)};
    struct tail_result r = told(all, 4);
    assert_int_equal(r.asks_since.ms, AT + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_result_may_end_the_turn, release),
        cmocka_unit_test_teardown(a_question_is_up_until_it_is_answered, release),
        cmocka_unit_test_teardown(no_question_outlives_its_turn, release),
        cmocka_unit_test_teardown(an_answer_without_its_question_is_nothing, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
