/* What a session of a captured store did last, and how it began. */
#include "session/activity.h"

#include "world.h"

#include <errno.h>
#include <sys/stat.h>

static struct store store;
static struct problems problems;

static void open_it(void)
{
    problems = (struct problems){.arena = &scratch_arena};
    store = (struct store){
        .agent = &agent_claude,
        .io = {.fd = fs_open_dir(AT_FDCWD, scratch("config")),
               .path = scratch("config"),
               .arena = &scratch_arena,
               .problems = &problems},
    };
    assert_true(store.io.fd >= 0);
}

static struct agent_transcript transcript(const char *id)
{
    struct agent_transcript t;
    assert_int_equal(agent_claude.stored->find(&store.io, id, NULL, &t).state, LOOKUP_FOUND);
    return t;
}

static void the_newest_of_all_its_files_counts(void **state)
{
    (void)state;
    struct activity activity;
    world_transcript(WORLD_FOLDER, WORLD_A, WORLD_TALK(WORLD_A, "10"));
    scratch_put("config/projects/" WORLD_FOLDER "/" WORLD_A "/subagents/agent-1.jsonl",
                WORLD_PROMPT(WORLD_A, "20", "look"));
    scratch_put("config/projects/" WORLD_FOLDER "/" WORLD_A "/subagents/agent-2.jsonl",
                WORLD_TALK(WORLD_A, "15"));
    open_it();
    struct agent_transcript t = transcript(WORLD_A);
    activity_read(&store, &t, &activity);
    assert_true(activity.is_known);
    assert_int_equal(activity.subagent_count, 2);
    assert_int_equal(activity.subagents.state, LOOKUP_FOUND);
    assert_true(activity.subagent_is_busy); /* the newer of them */
    assert_true(activity.subagent_at.ms > activity.tail.last_event_at.ms);
    assert_int_equal(activity.last_at.ms, activity.subagent_at.ms);
    assert_int_equal(activity.tail.turn, TAIL_TURN_OVER);
    fs_close(&store.io.fd);
}

static void a_subagent_that_is_done_is_not_busy(void **state)
{
    (void)state;
    struct activity activity;
    world_transcript(WORLD_FOLDER, WORLD_A, WORLD_TALK(WORLD_A, "30"));
    scratch_put("config/projects/" WORLD_FOLDER "/" WORLD_A "/subagents/agent-1.jsonl",
                WORLD_TALK(WORLD_A, "20"));
    open_it();
    struct agent_transcript t = transcript(WORLD_A);
    activity_read(&store, &t, &activity);
    assert_false(activity.subagent_is_busy);
    assert_int_equal(activity.last_at.ms, activity.tail.last_event_at.ms);
    fs_close(&store.io.fd);
}

static void what_cannot_be_read_is_said_and_not_known(void **state)
{
    (void)state;
    struct activity activity;
    struct head head;
    world_transcript(WORLD_FOLDER, WORLD_A, WORLD_TALK(WORLD_A, "10"));
    open_it();
    struct agent_transcript t = transcript(WORLD_A);
    assert_int_equal(unlink(scratch("config/projects/" WORLD_FOLDER "/" WORLD_A ".jsonl")), 0);
    activity_read(&store, &t, &activity);
    assert_false(activity.is_known);
    assert_int_equal(problems.count, 1);
    assert_int_equal(activity_read_head(&store, &t, &head), -ENOENT);
    scratch_put("config/projects/" WORLD_FOLDER "/" WORLD_A ".jsonl", "\n");
    assert_int_equal(activity_read_head(&store, &t, &head), -ENODATA);
    /* a subagent that cannot be read leaves it open what its subagents do */
    world_transcript(WORLD_FOLDER, WORLD_A, WORLD_TALK(WORLD_A, "10"));
    scratch_put("config/projects/" WORLD_FOLDER "/" WORLD_A "/subagents/x", "");
    assert_int_equal(
        mkfifo(scratch("config/projects/" WORLD_FOLDER "/" WORLD_A "/subagents/agent-1.jsonl"),
               0600),
        0);
    activity_read(&store, &t, &activity);
    assert_true(activity.is_known);
    assert_int_equal(activity.subagents.state, LOOKUP_UNKNOWN);
    fs_close(&store.io.fd);
}

static void it_is_resumed_where_its_folder_says(void **state)
{
    (void)state;
    struct head head;
    struct tail_result tail = {.cwd = "/elsewhere"};
    world_transcript(WORLD_FOLDER, WORLD_A, WORLD_TALK(WORLD_A, "10"));
    world_transcript("-srv-q", WORLD_B, WORLD_TALK(WORLD_B, "10"));
    open_it();
    struct agent_transcript a = transcript(WORLD_A), b = transcript(WORLD_B);
    assert_int_equal(activity_read_head(&store, &a, &head), 0);
    assert_string_equal(head.prompt, "hello");
    assert_string_equal(activity_directory(&store, &a, &head, &tail, NULL), "/home/u/p");
    assert_null(activity_directory(&store, &b, &head, &tail, NULL));
    assert_string_equal(activity_directory(&store, &b, &head, &tail, "/srv/q"), "/srv/q");
    tail.relocated_to = "/srv/r";
    assert_string_equal(activity_directory(&store, &b, &head, &tail, NULL), "/srv/r");
    assert_string_equal(activity_directory(&store, &b, &head, &tail, "/srv/q"), "/srv/q");
    fs_close(&store.io.fd);
}

static void when_something_was_said_last(void **state)
{
    (void)state;
    struct last_message last;
    const struct agent_listed listed = {.cwd = "/home/u/p"};
    world_transcript(WORLD_FOLDER, WORLD_A, WORLD_TALK(WORLD_A, "10"));
    open_it();
    struct agent_transcript t = transcript(WORLD_A);
    assert_int_equal(activity_read_last(&store, &t, &last), 0);
    assert_int_equal(last.at.ms, INT64_C(1767344400000) + 10 * 60000);
    t.listed = &listed; /* its listing tells */
    t.modified_at.ms = 7;
    assert_int_equal(activity_read_last(&store, &t, &last), 0);
    assert_int_equal(last.at.ms, 7);
    fs_close(&store.io.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(the_newest_of_all_its_files_counts),
        IN_WORLD(a_subagent_that_is_done_is_not_busy),
        IN_WORLD(what_cannot_be_read_is_said_and_not_known),
        IN_WORLD(it_is_resumed_where_its_folder_says),
        IN_WORLD(when_something_was_said_last),
    };
    return cmocka_run_group_tests_name("activity", tests, NULL, NULL);
}
