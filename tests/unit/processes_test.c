/*
 * Which processes of a captured machine are sessions of which agent, where two agents are run by
 * one program.
 */
#include "session/processes.h"

#include "world.h"

static bool is_runtime(const char *exe, const char *name)
{
    (void)name;
    return exe && str_equals(str_basename(exe), "node");
}

static bool runs(const struct agent_look *look, const char *script)
{
    return look->argv->count > 1 && str_equals(look->argv->items[1], script);
}

static enum agent_role one_role(const struct agent_look *look)
{
    return runs(look, "one.js") ? AGENT_SESSION : AGENT_NO;
}

static enum agent_role other_role(const struct agent_look *look)
{
    return runs(look, "other.js")    ? AGENT_SESSION
           : runs(look, "helper.js") ? AGENT_HELPER
                                     : AGENT_NO;
}

static bool session_in_argv(const struct proc_strings *argv, struct sv *session_id)
{
    if (argv->count < 3)
        return false;
    *session_id = sv_of(argv->items[2]);
    return true;
}

static const char *config_dir(struct arena *a, const struct proc_strings *environment,
                              const char *home, bool *is_default)
{
    (void)environment;
    (void)home;
    *is_default = true;
    return arena_strdup(a, "/home/u/.it");
}

static bool is_id(struct sv id)
{
    return id.n == 4;
}

static const struct agent_home home = {.config_dir = config_dir};
static const struct agent_stored stored = {.is_id = is_id};
static const struct agent_process one = {
    .could_be = is_runtime, .role = one_role, .session_in_argv = session_in_argv};
static const struct agent_process other = {
    .could_be = is_runtime, .role = other_role, .session_in_argv = session_in_argv};
static const struct agent agent_one = {
    .name = "one", .process = &one, .home = &home, .stored = &stored};
static const struct agent agent_other = {
    .name = "other", .process = &other, .home = &home, .stored = &stored};

/* In front of the library's. */
const struct agent *const agents[] = {&agent_one, &agent_other, NULL};

struct found {
    struct proc proc;
    struct arena arena;
    struct sr_options options;
    struct live_list list;
};

static void find(struct found *f)
{
    scratch_put("proc/stat", world_name("btime %d\n", (int)WORLD_BOOT_S));
    assert_int_equal(proc_open(&f->proc, scratch("proc"), NULL), 0);
    struct processes_request q = processes_request_of(&f->proc, &f->arena, &f->options);
    assert_int_equal(processes_find(&q, &f->list), 0);
    processes_relate(&q, &f->list);
}

static const struct live *live_of(const struct found *f, pid_t pid)
{
    for (size_t i = 0; i < f->list.count; i++)
        if (f->list.items[i].stat.pid == pid)
            return &f->list.items[i];
    return NULL;
}

static void leave(struct found *f)
{
    proc_close(&f->proc);
    arena_release(&f->arena);
}

#define NODE(pid, arguments) \
    world_process(pid, "/usr/bin/node", "node\0" arguments, sizeof("node\0" arguments))

static void put_machine(void)
{
    NODE(4711, "one.js\0aaaa");
    NODE(4712, "other.js\0bbbb");
    NODE(4713, "helper.js");
    NODE(4714, "somebody's.js");
    world_process(4715, "/bin/sh", "sh", sizeof "sh");
}

static void each_agent_that_it_may_be_is_asked(void **state)
{
    (void)state;
    struct found f = {0};
    put_machine();
    find(&f);
    assert_int_equal(f.list.count, 2);
    assert_ptr_equal(live_of(&f, 4711)->agent, &agent_one);
    assert_ptr_equal(live_of(&f, 4712)->agent, &agent_other);
    assert_string_equal(live_of(&f, 4711)->named_session_id, "aaaa");
    assert_string_equal(live_of(&f, 4712)->named_session_id, "bbbb");
    assert_string_equal(live_of(&f, 4712)->config_dir, "/home/u/.it");
    leave(&f);
}

static void who_is_not_wanted_is_not_asked(void **state)
{
    (void)state;
    struct found f = {.options.agent = "other"};
    put_machine();
    find(&f);
    assert_int_equal(f.list.count, 1);
    assert_non_null(live_of(&f, 4712));
    leave(&f);
}

static void one_that_only_its_registration_gives_away_is_its_agents(void **state)
{
    (void)state;
    struct found f = {0};
    put_machine();
    find(&f);
    struct processes_request q = processes_request_of(&f.proc, &f.arena, &f.options);
    /* as it says it is: nobody else is asked */
    const struct live *live =
        processes_add_registered(&q, &agent_one, "/home/u/.it", 4714, 100000, &f.list);
    assert_non_null(live);
    assert_ptr_equal(live->agent, &agent_one);
    /* another process by now; a helper */
    assert_null(processes_add_registered(&q, &agent_one, "/home/u/.it", 4715, 7, &f.list));
    assert_null(processes_add_registered(&q, &agent_other, "/home/u/.it", 4713, 100000, &f.list));
    leave(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(each_agent_that_it_may_be_is_asked),
        IN_WORLD(who_is_not_wanted_is_not_asked),
        IN_WORLD(one_that_only_its_registration_gives_away_is_its_agents),
    };
    return cmocka_run_group_tests_name("processes", tests, NULL, NULL);
}
