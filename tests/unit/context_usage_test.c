/* How full a conversation is, by its last reply and the window of its model. */
#include "session/evidence/context_usage.h"

#include "world.h"

#include <errno.h>

static struct context_usage usage(int64_t tokens, const char *model, const char *asked,
                                  int64_t window)
{
    const struct tail_result tail = {.context_tokens = tokens, .context_model = model};
    const struct sr_options options = {.context_window = window};
    return context_usage_of(agents[0], &tail, asked, &options);
}

static void the_window_is_what_is_said_first(void **state)
{
    (void)state;
    assert_int_equal(usage(50000, "claude-x", NULL, 100000).window, 100000);
    assert_true(usage(50000, "claude-x", NULL, 100000).percent == 50);
    assert_int_equal(usage(50000, "claude-sonnet-4-5", "sonnet[1m]", 0).window, 1000000);
}

/* One that holds more than its name says holds at least that. */
static void a_window_is_no_smaller_than_what_is_in_it(void **state)
{
    (void)state;
    assert_int_equal(usage(300000, "claude-sonnet-4-5", NULL, 0).window, 1000000);
    assert_int_equal(usage(1200000, "claude-sonnet-4-5", NULL, 0).window, 1200000);
}

static void what_no_reply_has_said_is_not_known(void **state)
{
    (void)state;
    assert_int_equal(usage(0, "claude-x", NULL, 100000).tokens, -1);
    assert_int_equal(usage(0, "claude-x", NULL, 100000).window, -1);
    /* an agent whose models nobody knows */
    const struct agent bare = {.name = "bare"};
    const struct tail_result tail = {.context_tokens = 1000, .context_model = "x"};
    const struct sr_options options = {0};
    struct context_usage u = context_usage_of(&bare, &tail, NULL, &options);
    assert_int_equal(u.tokens, 1000);
    assert_int_equal(u.window, -1);
    assert_true(u.percent < 0);
}

static void of_a_session_in_a_store(void **state)
{
    (void)state;
    const struct sr_options options = {.context_window = 2000};
    struct context_usage_place place = {.config_dir = scratch("config"), .session_id = WORLD_A};
    struct context_usage u = {.tokens = 7};
    scratch_put("config/settings.json", "{}\n");
    world_transcript(WORLD_FOLDER, WORLD_B, WORLD_TALK(WORLD_B, "10"));
    assert_int_equal(context_usage_look(agents[0], &place, &options, &u), -ENOENT);
    assert_int_equal(u.tokens, 7);
    place.session_id = WORLD_B;
    assert_int_equal(context_usage_look(agents[0], &place, &options, &u), 0);
    assert_int_equal(u.tokens, 1000);
    assert_true(u.percent == 50);
    /* what could get stuck is not entered */
    const char *stuck = place.config_dir;
    const struct sr_options skipping = {.skipped_paths = &stuck, .skipped_path_count = 1};
    assert_int_equal(context_usage_look(agents[0], &place, &skipping, &u), -ETIMEDOUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_window_is_what_is_said_first),
        cmocka_unit_test(a_window_is_no_smaller_than_what_is_in_it),
        cmocka_unit_test(what_no_reply_has_said_is_not_known),
        IN_WORLD(of_a_session_in_a_store),
    };
    return cmocka_run_group_tests_name("context_usage", tests, NULL, NULL);
}
