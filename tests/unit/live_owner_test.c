/* Whether a process has a transcript, or may have it: what protects it from being written to. */
#include "session/live_owner.h"

#include "world.h"

#include <errno.h>

#define PATH_OF(id) scratch("config/projects/" WORLD_FOLDER "/" id ".jsonl")

static int look(const char *path, const char *id, struct live_owner *out, struct sr_error *error)
{
    const char *config = scratch("config");
    scratch_put("proc/stat", world_name("btime %d\n", (int)WORLD_BOOT_S));
    scratch_put("config/settings.json", "{}\n");
    const struct sr_options options = {
        .config_dirs = &config, .config_dir_count = 1, .proc_path = scratch("proc")};
    const struct live_owner_request q = {
        .look = &options, .agent = &agent_claude, .path = path, .session_id = id};
    *out = (struct live_owner){.pid = -1};
    return live_owner_find(&q, out, error);
}

static void by_the_sessions_id(void **state)
{
    (void)state;
    struct live_owner owner;
    WORLD_CLIENT(4711, "");
    world_registered(4711, WORLD_A);
    world_transcript(WORLD_FOLDER, WORLD_A, WORLD_TALK(WORLD_A, "10"));
    world_transcript(WORLD_FOLDER, WORLD_B, WORLD_TALK(WORLD_B, "10"));
    assert_int_equal(look(PATH_OF(WORLD_A), WORLD_A, &owner, NULL), 0);
    assert_int_equal(owner.pid, 4711);
    assert_true(owner.is_sure);
    assert_string_equal(owner.where, "no terminal");
    assert_int_equal(look(PATH_OF(WORLD_B), WORLD_B, &owner, NULL), 0);
    assert_int_equal(owner.pid, 0);
}

/* A file that lies elsewhere can be resumed by its path. */
static void by_a_command_line_that_names_the_file(void **state)
{
    (void)state;
    struct live_owner owner;
    WORLD_CLIENT(4711, "--resume\0/tmp/saved.jsonl");
    world_registered(4711, WORLD_A);
    assert_int_equal(look("/tmp/saved.jsonl", NULL, &owner, NULL), 0);
    assert_int_equal(owner.pid, 4711);
    assert_true(owner.is_sure);
    assert_int_equal(look("/tmp/other.jsonl", NULL, &owner, NULL), 0);
    assert_int_equal(owner.pid, 0);
}

/* It has some session of its directory: which is not known. */
static void by_its_directory_where_more_is_not_known(void **state)
{
    (void)state;
    struct live_owner owner;
    WORLD_CLIENT(4711, "");
    world_transcript(WORLD_FOLDER, WORLD_A, WORLD_TALK(WORLD_A, "10"));
    world_written_at("config/projects/" WORLD_FOLDER "/" WORLD_A ".jsonl", WORLD_BOOT_S);
    assert_int_equal(look(PATH_OF(WORLD_A), WORLD_A, &owner, NULL), 0);
    assert_int_equal(owner.pid, 4711);
    assert_false(owner.is_sure);
    assert_int_equal(
        look(scratch("config/projects/-srv-q/" WORLD_B ".jsonl"), WORLD_B, &owner, NULL), 0);
    assert_int_equal(owner.pid, 0);
}

/* Its entry is torn: what was written to since its start need not be what it has. */
static void any_where_what_would_tell_cannot_be_read(void **state)
{
    (void)state;
    struct live_owner owner;
    WORLD_CLIENT(4711, "");
    scratch_put("config/sessions/4711.json", "{\"pid\":4711,\"sess");
    world_transcript(WORLD_FOLDER, WORLD_A, WORLD_TALK(WORLD_A, "10"));
    world_transcript(WORLD_FOLDER, WORLD_B, WORLD_TALK(WORLD_B, "10"));
    world_written_at("config/projects/" WORLD_FOLDER "/" WORLD_B ".jsonl", WORLD_BOOT_S);
    assert_int_equal(look(PATH_OF(WORLD_B), WORLD_B, &owner, NULL), 0);
    assert_int_equal(owner.pid, 4711);
    assert_false(owner.is_sure);
    assert_int_equal(
        look(scratch("config/projects/-srv-q/" WORLD_B ".jsonl"), WORLD_B, &owner, NULL), 0);
    assert_int_equal(owner.pid, 4711);
}

/* Nobody is known not to have it: who would write must not. */
static void what_cannot_be_looked_at_may_have_it(void **state)
{
    (void)state;
    struct live_owner owner;
    struct sr_error error;
    world_transcript(WORLD_FOLDER, WORLD_A, WORLD_TALK(WORLD_A, "10"));
    assert_int_equal(symlink("sessions", scratch("config/sessions")), 0); /* it leads nowhere */
    assert_int_equal(look(PATH_OF(WORLD_A), WORLD_A, &owner, &error), -ENODATA);
    assert_non_null(strstr(error.text, "whether a process has the session cannot be told"));
    assert_int_equal(owner.pid, -1);
}

/* What another agent's server has is not known, and none of it is this one's. */
static void nobody_of_another_agent(void **state)
{
    (void)state;
    struct live_owner owner;
    static const char arguments[] = "opencode\0serve";
    world_process(4711, "/opt/opencode", arguments, sizeof arguments);
    scratch_put("proc/4711/environ", world_name("XDG_DATA_HOME=%s", scratch("data")));
    scratch_put("data/opencode/here", "");
    world_transcript(WORLD_FOLDER, WORLD_A, WORLD_TALK(WORLD_A, "10"));
    const char *dirs[] = {scratch("config"), scratch("data/opencode")};
    const struct sr_options options = {
        .config_dirs = dirs, .config_dir_count = 2, .proc_path = scratch("proc")};
    struct live_owner_request q = {
        .look = &options, .agent = &agent_claude, .path = PATH_OF(WORLD_A), .session_id = WORLD_A};
    owner.pid = -1;
    assert_int_equal(live_owner_find(&q, &owner, NULL), 0);
    assert_int_equal(owner.pid, 0);
    q.agent = &agent_opencode;
    q.path = NULL;
    q.session_id = "ses_aaaaaaaaaaaaAAAAAAAAAAAAAA";
    assert_int_equal(live_owner_find(&q, &owner, NULL), 0);
    assert_int_equal(owner.pid, 4711);
    assert_false(owner.is_sure);
}

#define A "01a21e54-aaaa-7000-8000-00000000000a"
#define B "01a21e54-bbbb-7000-8000-00000000000b"
#define ROLLOUT "config/sessions/2026/11/27/rollout-2026-11-27T18-21-17-" A ".jsonl"
#define LOCK "config/thread-writer-locks/" B ".lock"

static struct live_owner owner_of_b(void)
{
    struct live_owner owner = {.pid = -1};
    const char *config = scratch("config");
    const struct sr_options options = {
        .config_dirs = &config, .config_dir_count = 1, .proc_path = scratch("proc")};
    const struct live_owner_request q = {
        .look = &options, .agent = agent_by_name("codex"), .session_id = B};
    assert_int_equal(live_owner_find(&q, &owner, NULL), 0);
    return owner;
}

/* A daemon that writes A's rollout, and has the lock file of B open. */
static void one_of_which_not_all_could_be_seen(void **state)
{
    (void)state;
    static const char arguments[] = "/opt/codex\0app-server\0--listen\0unix://";
    world_process(4711, "/opt/codex", arguments, sizeof arguments);
    scratch_put("proc/4711/environ", world_name("CODEX_HOME=%s", scratch("config")));
    scratch_put("proc/4711/fdinfo/3", "pos:\t0\nflags:\t0100002\nmnt_id:\t1\n");
    scratch_put(ROLLOUT, "{\"timestamp\":\"2026-11-27T18:21:17.000Z\",\"type\":\"session_meta\","
                         "\"payload\":{\"id\":\"" A "\",\"cwd\":\"/\",\"source\":\"cli\"}}\n");
    scratch_put(LOCK, "");
    mkdir(scratch("proc/4711/fd"), 0700);
    assert_int_equal(symlink(scratch(ROLLOUT), scratch("proc/4711/fd/3")), 0);
    assert_int_equal(symlink(scratch(LOCK), scratch("proc/4711/fd/4")), 0);
    assert_int_equal(owner_of_b().pid, 0);
    scratch_put("proc/4711/fdinfo/4/x", ""); /* whether it is locked cannot be read */
    struct live_owner owner = owner_of_b();
    assert_int_equal(owner.pid, 4711);
    assert_false(owner.is_sure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(by_the_sessions_id),
        IN_WORLD(by_a_command_line_that_names_the_file),
        IN_WORLD(by_its_directory_where_more_is_not_known),
        IN_WORLD(any_where_what_would_tell_cannot_be_read),
        IN_WORLD(what_cannot_be_looked_at_may_have_it),
        IN_WORLD(nobody_of_another_agent),
        IN_WORLD(one_of_which_not_all_could_be_seen),
    };
    return cmocka_run_group_tests_name("live_owner", tests, NULL, NULL);
}
