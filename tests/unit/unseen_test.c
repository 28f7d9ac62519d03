/* Clients that a registry names, and which of them may live. */
#include "session/unseen.h"

#include "world.h"

#include <errno.h>
#include <unistd.h>

static struct snapshot snap;
static struct store store;
static struct store *stores[] = {&store};
static struct agent_registration entry;

static void begin(void)
{
    snap = (struct snapshot){0};
    snap.problems.arena = &snap.arena;
    store = (struct store){.agent = &agent_claude, .io = {.fd = -1, .path = "/c"}};
    snap.stores = (struct stores){.items = stores, .count = 1};
    store.registrations = &entry;
    store.registration_count = 1;
    assert_int_equal(proc_open(&snap.proc, "/proc", NULL), 0);
    const char *own;
    assert_int_equal(proc_read_own_namespace(&snap.proc, &snap.arena, &own), 0);
    entry = (struct agent_registration){
        .file = "sessions/7.json", .session_id = WORLD_A, .pid = getpid(), .pid_namespace = own};
    struct proc_stat stat;
    assert_int_equal(proc_read_stat(&snap.proc, getpid(), &stat), 0);
    entry.start_ticks = stat.start_ticks;
}

static size_t find(const struct live_list *list)
{
    snap.unseen_count = 0;
    unseen_find(&snap, list);
    return snap.unseen_count;
}

static void end(void)
{
    proc_close(&snap.proc);
    arena_release(&snap.arena);
}

static void one_that_runs_and_was_passed_over_may_have_it(void **state)
{
    (void)state;
    struct live_list none = {0};
    begin();
    assert_int_equal(find(&none), 1);
    assert_int_equal(snap.problems.count, 1);
    size_t at = 0;
    assert_ptr_equal(unseen_next(&snap, "/c", WORLD_A, &at), &snap.unseen[0]);
    assert_null(unseen_next(&snap, "/c", WORLD_A, &at));
    at = 0;
    assert_null(unseen_next(&snap, "/other", WORLD_A, &at));
    at = 0;
    assert_null(unseen_next(&snap, NULL, WORLD_B, &at));
    at = 0;
    assert_non_null(unseen_next(&snap, NULL, WORLD_A, &at));
    end();
}

static void one_that_is_seen_is_not_among_them(void **state)
{
    (void)state;
    struct live live = {.stat = {.pid = getpid(), .start_ticks = 0}};
    struct live_list list = {.items = &live, .count = 1};
    begin();
    live.stat.start_ticks = entry.start_ticks;
    assert_int_equal(find(&list), 0);
    live.stat.start_ticks += 1000; /* another process of that number */
    assert_int_equal(find(&list), 1);
    end();
}

static void a_number_that_is_anothers_by_now_is_gone(void **state)
{
    (void)state;
    struct live_list none = {0};
    begin();
    entry.start_ticks += 1000;
    assert_int_equal(find(&none), 0);
    end();
    begin();
    entry.is_spare = true; /* it has no session */
    assert_int_equal(find(&none), 0);
    end();
}

/* What its client has is not known: it may be any. */
static void a_torn_entry_may_be_of_any_session(void **state)
{
    (void)state;
    struct live_list none = {0};
    size_t at = 0;
    begin();
    entry = (struct agent_registration){
        .code = -EBADMSG, .file = "sessions/7.json", .pid = getpid(), .changed_at = wall_now()};
    assert_int_equal(find(&none), 1);
    assert_non_null(unseen_next(&snap, "/c", WORLD_B, &at));
    entry.code = -EACCES; /* cannot be read at all: said elsewhere */
    assert_int_equal(find(&none), 0);
    end();
}

static void a_captured_machine_has_none(void **state)
{
    (void)state;
    struct live_list none = {0};
    begin();
    snap.proc.is_live = false;
    assert_int_equal(find(&none), 0);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_runs_and_was_passed_over_may_have_it),
        cmocka_unit_test(one_that_is_seen_is_not_among_them),
        cmocka_unit_test(a_number_that_is_anothers_by_now_is_gone),
        cmocka_unit_test(a_torn_entry_may_be_of_any_session),
        cmocka_unit_test(a_captured_machine_has_none),
    };
    return cmocka_run_group_tests_name("unseen", tests, NULL, NULL);
}
