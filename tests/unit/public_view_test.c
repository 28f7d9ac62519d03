/* What is shown of a session: of a captured world, member by member. */
#include "world.h"

static const char *note_of(const struct sr_session *s, const char *part)
{
    for (size_t i = 0; i < s->note_count; i++)
        if (strstr(s->notes[i], part))
            return s->notes[i];
    return NULL;
}

static void a_live_ones_process_and_transcript(void **state)
{
    (void)state;
    struct sr_options with = {0};
    WORLD_CLIENT(4711, "");
    world_registered(4711, WORLD_A);
    world_transcript(WORLD_FOLDER, WORLD_A, WORLD_TALK(WORLD_A, "10"));
    struct sr_snapshot *snapshot = world_look(&with);
    const struct sr_session *s = world_session(snapshot, WORLD_A);
    assert_string_equal(s->agent, "claude");
    assert_string_equal(s->home.agent, "claude");
    assert_string_equal(s->home.folder, s->config_dir);
    assert_int_equal(s->started_at_ms, (int64_t)WORLD_START_S * 1000);
    assert_int_equal(s->uid, geteuid());
    assert_int_equal(s->mapped_by, SR_MAPPED_BY_REGISTRY);
    assert_int_equal(s->mapping_certainty, SR_EXACT);
    assert_int_equal(s->kind, SR_KIND_INTERACTIVE);
    assert_string_equal(s->version, "2.1.197");
    assert_string_equal(s->transcript,
                        scratch("config/projects/" WORLD_FOLDER "/" WORLD_A ".jsonl"));
    assert_int_equal(s->context_tokens, 1000);
    assert_string_equal(s->first_prompt, "hello");
    assert_int_equal(sr_session_owner(s)->pid, 4711);
    sr_snapshot_free(snapshot);
}

/* Absent, not permitted, not observed: no number is made up. */
static void what_is_not_known_is_negative_or_nothing(void **state)
{
    (void)state;
    struct sr_options with = {.stored_limit = 1, .lists_stored_alone = true};
    world_transcript(WORLD_FOLDER, WORLD_A, WORLD_TALK(WORLD_A, "10"));
    struct sr_snapshot *snapshot = world_look(&with);
    const struct sr_session *s = world_session(snapshot, WORLD_A);
    assert_int_equal(s->pid, 0);
    assert_int_equal(s->uid, -1);
    assert_int_equal(s->started_at_ms, -1);
    assert_int_equal(s->rss_bytes, -1);
    assert_int_equal(s->context_tokens, -1);
    assert_int_equal(s->unsaved_since_ms, -1);
    assert_true(s->cpu_percent < 0);
    assert_null(s->version);
    assert_null(sr_session_owner(s));
    assert_int_equal(s->attachment_count, 0);
    sr_snapshot_free(snapshot);
}

static void two_processes_of_one_session_are_twins(void **state)
{
    (void)state;
    struct sr_options with = {0};
    WORLD_CLIENT(4711, "");
    WORLD_CLIENT(4712, "");
    WORLD_CLIENT(4713, "");
    world_registered(4711, WORLD_A);
    world_registered(4712, WORLD_A);
    world_registered(4713, WORLD_B);
    struct sr_snapshot *snapshot = world_look(&with);
    size_t twins = 0;
    for (size_t i = 0; i < snapshot->session_count; i++) {
        const struct sr_session *s = &snapshot->sessions[i];
        bool is_twin = str_equals(s->session_id, WORLD_A);
        assert_int_equal(s->twin_count, is_twin);
        if (is_twin)
            assert_int_equal(s->twins[0], s->pid == 4711 ? 4712 : 4711);
        twins += is_twin;
    }
    assert_int_equal(twins, 2);
    sr_snapshot_free(snapshot);
}

static void what_may_have_a_stored_one_is_named(void **state)
{
    (void)state;
    struct sr_options with = {.stored_limit = 10};
    WORLD_CLIENT(4711, ""); /* it says nothing, and both were written to since */
    world_transcript(WORLD_FOLDER, WORLD_A, WORLD_TALK(WORLD_A, "10"));
    world_transcript(WORLD_FOLDER, WORLD_B, WORLD_TALK(WORLD_B, "20"));
    struct sr_snapshot *snapshot = world_look(&with);
    const struct sr_session *a = world_session(snapshot, WORLD_A);
    assert_int_equal(a->pid, 0);
    assert_int_equal(a->owner_count, 1);
    assert_int_equal(a->owners[0], 4711);
    assert_string_equal(sr_resume_obstacle(a), "may-be-held");
    sr_snapshot_free(snapshot);
}

static void what_is_odd_is_noted(void **state)
{
    (void)state;
    struct sr_options with = {.stored_limit = 10};
    world_transcript(WORLD_FOLDER, WORLD_A, WORLD_TALK(WORLD_A, "10") "{\"parentUuid\":\"aa");
    world_transcript(WORLD_FOLDER, WORLD_B, WORLD_TALK(WORLD_B, "20") "rubbish\n");
    struct sr_snapshot *snapshot = world_look(&with);
    const struct sr_session *a = world_session(snapshot, WORLD_A);
    const struct sr_session *b = world_session(snapshot, WORLD_B);
    assert_non_null(note_of(a, "the transcript's last line breaks off at byte"));
    assert_null(note_of(a, "may be under way"));
    assert_non_null(note_of(b, "1 lines at the transcript's end are damaged"));
    assert_true(a->cwd_is_gone);
    assert_string_equal(note_of(a, "is gone"), "its directory /home/u/p is gone");
    sr_snapshot_free(snapshot);
}

/* Nothing is advised that holds only where it is gone. */
static void a_directory_that_does_not_answer_is_not_gone(void **state)
{
    (void)state;
    const char *skipped = "/home/u/p";
    struct sr_options with = {
        .stored_limit = 1, .skipped_paths = &skipped, .skipped_path_count = 1};
    world_transcript(WORLD_FOLDER, WORLD_A, WORLD_TALK(WORLD_A, "10"));
    struct sr_snapshot *snapshot = world_look(&with);
    const struct sr_session *s = world_session(snapshot, WORLD_A);
    assert_false(s->cwd_is_gone);
    assert_string_equal(s->cwd_is_unknown, "its file system does not answer");
    assert_null(note_of(s, "is gone"));
    assert_string_equal(note_of(s, "its directory"), "whether its directory /home/u/p is there is "
                                                     "not known: its file system does not answer");
    sr_snapshot_free(snapshot);
}

static size_t told, told_of;

static void tell(void *context, size_t done, size_t total)
{
    (void)context;
    assert_int_equal(done, ++told);
    told_of = total;
}

static void progress_is_told_for_each(void **state)
{
    (void)state;
    struct sr_options with = {.stored_limit = 10, .progress = tell};
    told = told_of = 0;
    world_transcript(WORLD_FOLDER, WORLD_A, WORLD_TALK(WORLD_A, "10"));
    world_transcript(WORLD_FOLDER, WORLD_B, WORLD_TALK(WORLD_B, "20"));
    sr_snapshot_free(world_look(&with));
    assert_int_equal(told, 2);
    assert_int_equal(told_of, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(a_live_ones_process_and_transcript),
        IN_WORLD(what_is_not_known_is_negative_or_nothing),
        IN_WORLD(two_processes_of_one_session_are_twins),
        IN_WORLD(what_may_have_a_stored_one_is_named),
        IN_WORLD(what_is_odd_is_noted),
        IN_WORLD(a_directory_that_does_not_answer_is_not_gone),
        IN_WORLD(progress_is_told_for_each),
    };
    return cmocka_run_group_tests_name("public_view", tests, NULL, NULL);
}
