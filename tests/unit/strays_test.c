/* Transcripts of a captured store that lie where the client does not look. */
#include "world.h"

static const struct sr_stray *stray_at(const struct sr_snapshot *s, const char *path)
{
    for (size_t i = 0; i < s->stray_count; i++)
        if (str_equals(s->strays[i].path, scratch(path)))
            return &s->strays[i];
    return NULL;
}

static void each_is_told_where_it_belongs(void **state)
{
    (void)state;
    struct sr_options with = {.stored_limit = 10, .looks_for_strays = true};
    world_transcript(WORLD_FOLDER, WORLD_A, WORLD_TALK(WORLD_A, "10"));
    world_transcript(WORLD_FOLDER, WORLD_A " (1)", WORLD_TALK(WORLD_A, "20"));
    scratch_put("config/projects/" WORLD_B ".jsonl", WORLD_TALK(WORLD_B, "10"));
    scratch_put("config/projects/-home-u-p/-copy/" WORLD_B ".jsonl", WORLD_TALK(WORLD_B, "10"));
    struct sr_snapshot *s = world_look(&with);
    assert_int_equal(s->stray_count, 3);
    const struct sr_stray *name =
        stray_at(s, "config/projects/" WORLD_FOLDER "/" WORLD_A " (1).jsonl");
    const struct sr_stray *top = stray_at(s, "config/projects/" WORLD_B ".jsonl");
    const struct sr_stray *deep = stray_at(s, "config/projects/-home-u-p/-copy/" WORLD_B ".jsonl");
    assert_string_equal(name->why, "name");
    assert_string_equal(name->found_by,
                        scratch("config/projects/" WORLD_FOLDER "/" WORLD_A ".jsonl"));
    assert_null(name->belongs); /* another is there */
    assert_string_equal(top->why, "beside-the-folders");
    assert_null(top->found_by);
    /* by the directory that its records name */
    assert_string_equal(top->belongs,
                        scratch("config/projects/" WORLD_FOLDER "/" WORLD_B ".jsonl"));
    assert_string_equal(deep->why, "too-deep");
    assert_int_equal(top->rivals, 1);
    assert_int_equal(deep->rivals, 1);
    assert_int_equal(name->rivals, 0);
    sr_snapshot_free(s);
}

static void none_is_told_of_who_does_not_ask(void **state)
{
    (void)state;
    struct sr_options with = {.stored_limit = 10};
    scratch_put("config/projects/" WORLD_B ".jsonl", WORLD_TALK(WORLD_B, "10"));
    struct sr_snapshot *s = world_look(&with);
    assert_int_equal(s->stray_count, 0);
    assert_int_equal(s->session_count, 0);
    sr_snapshot_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(each_is_told_where_it_belongs),
        IN_WORLD(none_is_told_of_who_does_not_ask),
    };
    return cmocka_run_group_tests_name("strays", tests, NULL, NULL);
}
