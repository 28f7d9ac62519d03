/* Which transcripts of a captured store are near their end. */
#include "session/stores/retention.h"

#include "world.h"

enum { DAY_S = 24 * 60 * 60, NOW_S = WORLD_BOOT_S + 100 * DAY_S };

static struct stores stores;
static struct problems problems;
static struct retention *found;
static size_t count;
static char entered[2000];

static void note(void *context, const char *path)
{
    (void)context;
    strcat(strcat(entered, path ? path : "-"), " ");
}

/* settings NULL: none. */
static void find(const char *settings, struct sr_options *o)
{
    static const char *config;
    config = scratch("config");
    if (settings)
        scratch_put("config/settings.json", settings);
    o->config_dirs = &config;
    o->config_dir_count = 1;
    problems = (struct problems){.arena = &scratch_arena};
    stores_close(&stores);
    stores = (struct stores){.arena = &scratch_arena, .problems = &problems, .options = o};
    assert_int_equal(stores_open_asked(&stores, &agent_claude), 1);
    entered[0] = '\0';
    retention_find(&stores, o, (struct wall){NOW_S * INT64_C(1000)}, &found, &count);
}

static int teardown(void **state)
{
    stores_close(&stores);
    stores = (struct stores){0};
    return scratch_teardown(state);
}

static void put(const char *id, int64_t days_old)
{
    world_transcript(WORLD_FOLDER, id, WORLD_TALK("x", "10"));
    world_written_at(world_name("config/projects/" WORLD_FOLDER "/%s.jsonl", id),
                     NOW_S - days_old * DAY_S);
}

static void three_days_before_it_is_told(void **state)
{
    (void)state;
    struct sr_options o = {0};
    put(WORLD_A, 26);
    put(WORLD_B, 27);
    find(NULL, &o);
    assert_int_equal(count, 1);
    assert_string_equal(found[0].transcript.session_id, WORLD_B);
    assert_int_equal(found[0].deleted_at.ms, (NOW_S + 3 * DAY_S) * INT64_C(1000));
    assert_ptr_equal(found[0].store->agent, &agent_claude);
}

static void as_the_settings_say(void **state)
{
    (void)state;
    struct sr_options o = {0};
    put(WORLD_A, 1);
    put(WORLD_B, 40);
    find("{\"cleanupPeriodDays\":365}\n", &o);
    assert_int_equal(count, 0);
    find("{\"cleanupPeriodDays\":4}\n", &o); /* half of it: two days before */
    assert_int_equal(count, 1);
    assert_string_equal(found[0].transcript.session_id, WORLD_B);
    find("{\"cleanupPeriodDays\":1}\n", &o);
    assert_int_equal(count, 2);
}

/* The numbers that just do not fit, as days in milliseconds or added to a time of today. */
static void for_longer_than_time_is_counted_is_for_ever(void **state)
{
    (void)state;
    struct sr_options o = {0};
    put(WORLD_B, 40);
    find("{\"cleanupPeriodDays\":106751991167}\n", &o);
    assert_int_equal(count, 0);
    find("{\"cleanupPeriodDays\":106751991168}\n", &o);
    assert_int_equal(count, 0);
    find("{\"cleanupPeriodDays\":9223372036854775807}\n", &o);
    assert_int_equal(count, 0);
}

static void what_does_not_answer_or_is_not_wanted_is_left_alone(void **state)
{
    (void)state;
    struct sr_options o = {.entering = note};
    put(WORLD_B, 40);
    find(NULL, &o);
    assert_int_equal(count, 1);
    assert_string_equal(entered, world_name("%s - ", scratch("config")));
    const char *stuck = scratch("config");
    o.skipped_paths = &stuck;
    o.skipped_path_count = 1;
    retention_find(&stores, &o, (struct wall){NOW_S * INT64_C(1000)}, &found, &count);
    assert_int_equal(count, 0);
    o.skipped_path_count = 0;
    stores.items[0]->wanted = false;
    retention_find(&stores, &o, (struct wall){NOW_S * INT64_C(1000)}, &found, &count);
    assert_int_equal(count, 0);
}

/* Of an agent whose settings nobody reads it is not known that it deletes anything. */
static void of_another_agent_nothing_is_told(void **state)
{
    (void)state;
    struct sr_options o = {0};
    struct agent_home home = *agent_claude.home;
    struct agent other = agent_claude;
    put(WORLD_B, 40);
    find(NULL, &o);
    home.read_settings = NULL;
    other.home = &home;
    stores.items[0]->agent = &other;
    retention_find(&stores, &o, (struct wall){NOW_S * INT64_C(1000)}, &found, &count);
    assert_int_equal(count, 0);
}

#define IN_STORE(test) cmocka_unit_test_setup_teardown(test, scratch_setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_STORE(three_days_before_it_is_told),
        IN_STORE(as_the_settings_say),
        IN_STORE(for_longer_than_time_is_counted_is_for_ever),
        IN_STORE(what_does_not_answer_or_is_not_wanted_is_left_alone),
        IN_STORE(of_another_agent_nothing_is_told),
    };
    return cmocka_run_group_tests_name("retention", tests, NULL, NULL);
}
