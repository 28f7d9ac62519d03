#include "scratch.h"

#include "session_rescue.h"

#define ID "11111111-2222-4333-8444-555555555555"

/* A captured process that is registered, with nothing but what /proc has of one in this state. */
static void put_client(char state)
{
    unsigned uid = geteuid();
    scratch_put("config/sessions/4711.json",
                "{\"pid\":4711,\"sessionId\":\"" ID "\",\"cwd\":\"/\",\"procStart\":\"1000\","
                "\"kind\":\"interactive\",\"status\":\"idle\"}\n");
    scratch_put(
        "proc/4711/stat",
        arena_printf(&scratch_arena,
                     "4711 (claude) %c 1 4711 4711 0 -1 0 0 0 0 0 5 3 0 0 20 0 1 0 1000 0 0\n",
                     state));
    scratch_put(
        "proc/4711/status",
        arena_printf(&scratch_arena, "Name:\tclaude\nUid:\t%u\t%u\t%u\t%u\n", uid, uid, uid, uid));
}

static struct sr_snapshot *discovered(void)
{
    const char *config = scratch("config");
    struct sr_options look = {
        .config_dirs = &config,
        .config_dir_count = 1,
        .proc_path = scratch("proc"),
    };
    struct sr_snapshot *snapshot;
    assert_int_equal(sr_detect_processes(&look, &snapshot, NULL), 0);
    assert_int_equal(snapshot->session_count, 1);
    assert_int_equal(snapshot->sessions[0].pid, 4711);
    return snapshot;
}

static void a_process_that_lives_owns_its_session(void **state)
{
    (void)state;
    put_client('S');
    scratch_put("proc/4711/cmdline", "claude");
    assert_int_equal(symlink("/opt/claude", scratch("proc/4711/exe")), 0);
    struct sr_snapshot *snapshot = discovered();
    const struct sr_attachment *owner = sr_session_owner(&snapshot->sessions[0]);
    assert_non_null(owner);
    assert_int_equal(owner->pid, 4711);
    sr_snapshot_free(snapshot);
}

static void a_zombie_owns_none(void **state)
{
    (void)state;
    put_client('Z');
    struct sr_snapshot *snapshot = discovered();
    assert_null(sr_session_owner(&snapshot->sessions[0]));
    assert_int_equal(snapshot->sessions[0].attachment_count, 0);
    sr_snapshot_free(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_process_that_lives_owns_its_session, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(a_zombie_owns_none, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests_name("discover", tests, NULL, NULL);
}
