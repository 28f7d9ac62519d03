/*
 * What a push is planned for is the process that was seen, which may be minutes ago, and not the
 * one that has its number by now.
 */
#include "live.h"

#include "control/revive.h"
#include "session/evidence/evidence.h"

static struct proc proc;
static pid_t child;

static void rest(const void *context)
{
    if (context)
        setsid();
    pause();
}

static int begin(void **state)
{
    (void)state;
    proc = live_proc();
    child = live_start(rest, NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    live_end(child);
    proc_close(&proc);
    return 0;
}

static uint64_t start_of(pid_t pid)
{
    struct proc_stat stat;
    assert_int_equal(proc_read_stat(&proc, pid, &stat), 0);
    return stat.start_ticks;
}

typedef int plan_function(struct revive *, struct sr_error *);

/* Plans on evidence of the client that this test is. Returns: as the plan; held: whom each of the
 * pushes is for. */
static int plan_on(const struct evidence *evidence, plan_function *push_plan, pid_t *held,
                   size_t *pushes)
{
    struct live live = {.stat.pid = getpid()};
    const struct session inside = {.evidence = evidence, .live = &live};
    const struct sr_session session = {.pid = getpid()};
    const struct sr_options look = {.own_pid = getpid()};
    struct sr_snapshot snapshot = {.session_count = 0};
    const struct sr_act_options options = {.look = &look};
    struct revive r = {
        .subject = {.proc = &proc,
                    .snapshot = &snapshot,
                    .inside = &inside,
                    .session = &session,
                    .options = &options},
        .session = &session,
        .options = &options,
    };
    struct sr_error error;
    assert_int_equal(pidref_open(&proc, getpid(), start_of(getpid()), &r.subject.ref), 0);
    int code = push_plan(&r, &error);
    *pushes = r.count;
    for (size_t i = 0; i < r.count; i++) {
        held[i] = (pid_t)r.pushes[i].other.pid;
        pidref_close(&r.pushes[i].other);
    }
    pidref_close(&r.subject.ref);
    arena_release(&r.arena);
    return code;
}

/* The child is a tool's, of the client that this test is. offset: of the start that was seen. */
static int plan(plan_function *push_plan, int64_t offset, size_t *pushes)
{
    const struct worker seen = {
        .pid = child,
        .start_ticks = start_of(child) + (uint64_t)offset,
        .name = "sleep",
        .doing = WORKER_WANTS_INPUT,
    };
    const struct pipe_holder holder = {
        .pid = child, .start_ticks = seen.start_ticks, .name = "sleep"};
    const struct evidence evidence = {
        .workers = &seen, .worker_count = 1, .pipe_holders = &holder, .pipe_holder_count = 1};
    pid_t held[2];
    int code = plan_on(&evidence, push_plan, held, pushes);
    for (size_t i = 0; i < *pushes; i++)
        assert_int_equal(held[i], child);
    return code;
}

static void the_process_that_was_seen_is_planned_for(void **state)
{
    (void)state;
    size_t pushes;
    assert_int_equal(plan(remedy_plan_tool, 0, &pushes), 0);
    assert_int_equal(pushes, 1);
}

static void another_with_its_number_is_not(void **state)
{
    (void)state;
    size_t pushes;
    assert_true(plan(remedy_plan_tool, -1, &pushes) < 0);
    assert_int_equal(pushes, 0);
    assert_true(plan(remedy_plan_pipe_holder, -1, &pushes) < 0);
    assert_int_equal(pushes, 0);
}

static bool leads_its_group(pid_t pid)
{
    struct proc_stat stat;
    return proc_read_stat(&proc, pid, &stat) == 0 && stat.pgrp == pid;
}

/* Plans for who holds the client's output. Returns: how many pushes. */
static size_t planned_for(const struct pipe_holder *holders, size_t count, pid_t *held)
{
    const struct evidence evidence = {.pipe_holders = holders, .pipe_holder_count = count};
    size_t pushes;
    assert_int_equal(plan_on(&evidence, remedy_plan_pipe_holder, held, &pushes), 0);
    return pushes;
}

/* The client goes on when the last has let go: both are named, and both are ended. */
static void all_who_hold_the_output_are_planned_for(void **state)
{
    (void)state;
    pid_t held[2], pids[] = {live_start(rest, &proc), live_start(rest, &proc)};
    until(leads_its_group(pids[0]) && leads_its_group(pids[1]));
    const struct pipe_holder holders[] = {{pids[0], start_of(pids[0]), "gradle"},
                                          {pids[1], start_of(pids[1]), "java"}};
    assert_int_equal(planned_for(holders, 2, held), 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(held[i], pids[i]);
        live_end(pids[i]);
    }
}

/* Joins the process group of a leader; 0: leads one. */
static void join(const void *context)
{
    setpgid(0, *(const pid_t *)context);
    pause();
}

static bool is_in_group(pid_t pid, pid_t group)
{
    struct proc_stat stat;
    return proc_read_stat(&proc, pid, &stat) == 0 && stat.pgrp == group;
}

/* What is ended is the group: once. */
static void a_group_is_ended_once(void **state)
{
    (void)state;
    pid_t held[2], nobody = 0, leader = live_start(join, &nobody);
    until(leads_its_group(leader));
    pid_t member = live_start(join, &leader);
    until(is_in_group(member, leader));
    const struct pipe_holder holders[] = {{leader, start_of(leader), "gradle"},
                                          {member, start_of(member), "java"}};
    assert_int_equal(planned_for(holders, 2, held), 1);
    assert_int_equal(held[0], leader);
    live_end(leader);
    live_end(member);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_process_that_was_seen_is_planned_for, begin, end),
        cmocka_unit_test_setup_teardown(another_with_its_number_is_not, begin, end),
        cmocka_unit_test_setup_teardown(all_who_hold_the_output_are_planned_for, begin, end),
        cmocka_unit_test_setup_teardown(a_group_is_ended_once, begin, end),
    };
    return cmocka_run_group_tests_name("remedy", tests, NULL, NULL);
}
