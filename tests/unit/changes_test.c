#include "unit.h"

#include "diagnose/changes.h"

/* A made-up clock: every test says what time it is. */
enum { SECOND = 1000, MINUTE = 60 * 1000 };

static struct changes c;
static struct arena arena;
static struct change_events events;

static int begin(void **state)
{
    (void)state;
    changes_init(&c, 0);
    events = (struct change_events){.arena = &arena};
    return 0;
}

static int end(void **state)
{
    (void)state;
    changes_release(&c);
    arena_release(&arena);
    return 0;
}

static struct sr_session session(int pid, enum sr_verdict verdict)
{
    return (struct sr_session){
        .pid = pid,
        .start_ticks = 7,
        .session_id = arena_printf(&arena, "id-%d", pid),
        .config_dir = "/c",
        .transcript = arena_printf(&arena, "/c/projects/p/id-%d.jsonl", pid),
        .size_bytes = 1000,
        .verdict = verdict,
        .cause = "because",
        .confidence = "high",
        .context_percent = -1,
    };
}

static void look(int64_t now_ms, const struct sr_session *sessions, size_t count)
{
    struct change_look l = {.sessions = sessions, .session_count = count};
    events.count = 0;
    changes_look(&c, &l, now_ms, &events);
}

static void look_at_one(int64_t now_ms, struct sr_session s)
{
    look(now_ms, &s, 1);
}

/* As one that lasts is told. */
static void look_at_one_twice(int64_t now_ms, struct sr_session s)
{
    look_at_one(now_ms - CHANGES_CONFIRM_MS, s);
    look_at_one(now_ms, s);
}

/* "hung session-ended": what the last look or backup gave. */
static const char *told(void)
{
    const char *text = "";
    for (size_t i = 0; i < events.count; i++)
        text =
            arena_printf(&arena, "%s%s%s", text, i ? " " : "", change_word(events.items[i].kind));
    return text;
}

static struct change_backup due(int64_t now_ms)
{
    struct change_backup b = {0};
    assert_true(changes_next_backup(&c, now_ms, &arena, &b));
    return b;
}

static void nothing_is_due(int64_t now_ms)
{
    struct change_backup b;
    assert_false(changes_next_backup(&c, now_ms, &arena, &b));
}

static void came_out(const struct change_backup *b, enum change_outcome outcome, int64_t now_ms)
{
    struct change_result r = {outcome, outcome == CHANGE_FAILED ? NULL : "/p/stem.jsonl",
                              outcome == CHANGE_FAILED ? "no space left" : NULL};
    events.count = 0;
    changes_backed_up(&c, b, &r, now_ms, &events);
}

static void the_first_look_tells_of_no_session(void **state)
{
    (void)state;
    look_at_one(SECOND, session(1, SR_IDLE));
    assert_string_equal(told(), "");
}

static void sessions_that_come_and_go_are_told_once(void **state)
{
    (void)state;
    struct sr_session two[] = {session(1, SR_IDLE), session(2, SR_STARTING)};
    look(SECOND, two, 1);
    look(2 * SECOND, two, 2);
    assert_string_equal(told(), "session-new");
    assert_string_equal(events.items[0].session_id, "id-2");
    look(3 * SECOND, two, 2);
    assert_string_equal(told(), "");
    look(4 * SECOND, two + 1, 1);
    assert_string_equal(told(), "session-ended");
    assert_int_equal(events.items[0].pid, 1);
}

static void a_client_that_starts_is_told_of_once_it_has_an_id(void **state)
{
    (void)state;
    struct sr_session s = session(1, SR_STARTING);
    const char *id = s.session_id;
    look(SECOND, NULL, 0);
    s.session_id = NULL;
    look_at_one(2 * SECOND, s);
    assert_string_equal(told(), "");
    s.session_id = id;
    look_at_one(3 * SECOND, s);
    assert_string_equal(told(), "session-new");
    assert_string_equal(events.items[0].session_id, "id-1");
    look_at_one(4 * SECOND, s);
    assert_string_equal(told(), "");
}

static void a_client_that_never_gets_an_id_is_told_of_all_the_same(void **state)
{
    (void)state;
    struct sr_session s = session(1, SR_STARTING);
    s.session_id = NULL;
    look(SECOND, NULL, 0);
    look_at_one(2 * SECOND, s);
    s.verdict = SR_UNKNOWN;
    look_at_one(3 * SECOND, s);
    assert_string_equal(told(), "session-new");
    look(4 * SECOND, NULL, 0);
    assert_string_equal(told(), "session-ended");
}

static void a_client_that_ends_before_it_has_an_id_is_not_told_of(void **state)
{
    (void)state;
    struct sr_session s = session(1, SR_STARTING);
    s.session_id = NULL;
    look(SECOND, NULL, 0);
    look_at_one(2 * SECOND, s);
    look(3 * SECOND, NULL, 0);
    assert_string_equal(told(), "");
}

static void a_pid_that_was_given_again_is_another_session(void **state)
{
    (void)state;
    struct sr_session s = session(1, SR_IDLE);
    look_at_one(SECOND, s);
    s.start_ticks++;
    look_at_one(2 * SECOND, s);
    assert_string_equal(told(), "session-new session-ended");
}

/* Rows of a database. */
static void what_no_file_holds_is_backed_up_too(void **state)
{
    (void)state;
    struct sr_session both[2] = {session(1, SR_HUNG), session(2, SR_HUNG)};
    both[0].transcript = both[1].transcript = NULL;
    both[1].part_count = 1;
    for (int i = 1; i < 4; i++)
        look(i * SECOND, both, 2);
    assert_string_equal(due(4 * SECOND).session_id, both[1].session_id);
    nothing_is_due(4 * SECOND);
}

static void an_end_names_what_was_known_before(void **state)
{
    (void)state;
    struct sr_session s = session(1, SR_IDLE);
    s.cwd = "/home/u/p";
    s.transcript = NULL;
    look_at_one(SECOND, s);
    s.session_id = s.cwd = NULL; /* it has tidied up, and is not gone yet */
    look_at_one(2 * SECOND, s);
    look(3 * SECOND, NULL, 0);
    assert_string_equal(told(), "session-ended");
    assert_string_equal(events.items[0].session_id, "id-1");
    assert_string_equal(events.items[0].cwd, "/home/u/p");
}

static void a_cleared_conversation_is_new_and_its_process_is_not(void **state)
{
    (void)state;
    struct sr_session s = session(1, SR_HUNG);
    look_at_one(SECOND, s);
    s.session_id = "other";
    s.verdict = SR_WORKING;
    look_at_one(2 * SECOND, s);
    assert_string_equal(told(), "session-new"); /* nothing has recovered, nothing ended */
    s.session_id = NULL;                        /* not known for a moment */
    look_at_one(3 * SECOND, s);
    assert_string_equal(told(), "");
}

static void a_hang_is_told_and_backed_up_once(void **state)
{
    (void)state;
    look_at_one(SECOND, session(1, SR_WORKING));
    nothing_is_due(SECOND);
    look_at_one_twice(20 * SECOND, session(1, SR_HUNG));
    assert_string_equal(told(), "hung");
    assert_true(events.items[0].wants_person);
    struct change_backup b = due(20 * SECOND);
    assert_string_equal(b.session_id, "id-1");
    assert_string_equal(b.why, "hung");
    nothing_is_due(20 * SECOND); /* it is under way */
    look_at_one(40 * SECOND, session(1, SR_HUNG));
    nothing_is_due(40 * SECOND); /* and stays so over a look */
    came_out(&b, CHANGE_MADE, 41 * SECOND);
    assert_string_equal(told(), "backed-up");
    assert_string_equal(events.items[0].backup, "/p/stem.jsonl");
    look_at_one(60 * SECOND, session(1, SR_HUNG));
    assert_string_equal(told(), "");
    nothing_is_due(60 * SECOND);
}

static void what_answers_again_has_recovered_and_unknown_is_no_answer(void **state)
{
    (void)state;
    look_at_one_twice(4 * SECOND, session(1, SR_BLOCKED));
    assert_string_equal(told(), "hung");
    look_at_one(5 * SECOND, session(1, SR_UNKNOWN));
    assert_string_equal(told(), "");
    look_at_one(6 * SECOND, session(1, SR_BLOCKED));
    assert_string_equal(told(), "");
    look_at_one(7 * SECOND, session(1, SR_IDLE));
    assert_string_equal(told(), "recovered");
}

/* A client that ends has taken its name from the registry, and looks dead until it is gone. */
static void a_hang_that_does_not_last_is_none(void **state)
{
    (void)state;
    look_at_one(SECOND, session(1, SR_WORKING));
    look_at_one(2 * SECOND, session(1, SR_HUNG));
    assert_string_equal(told(), "");
    assert_int_equal(changes_look_pause_ms(&c, false, 2 * SECOND), CHANGES_CONFIRM_MS);
    look_at_one(3 * SECOND, session(1, SR_UNKNOWN));
    look_at_one(4 * SECOND, session(1, SR_HUNG));
    look_at_one(5999, session(1, SR_HUNG));
    assert_string_equal(told(), "");
    look_at_one(6 * SECOND, session(1, SR_HUNG));
    assert_string_equal(told(), "hung");
}

static void a_zombie_of_a_moment_is_no_hang(void **state)
{
    (void)state;
    struct sr_session s = session(1, SR_HUNG);
    s.cause = "zombie";
    look_at_one(SECOND, s);
    look_at_one(10 * SECOND, s);
    assert_string_equal(told(), "");
    look_at_one(11 * SECOND, s);
    assert_string_equal(told(), "hung");
}

static void recovery_is_told_on_proof_alone(void **state)
{
    (void)state;
    struct sr_session s = session(1, SR_HUNG);
    s.last_activity_at_ms = 500;
    look_at_one_twice(MINUTE, s);
    assert_string_equal(told(), "hung");
    s.verdict = SR_WORKING; /* it asks again */
    s.confidence = "medium";
    look_at_one(2 * MINUTE, s);
    assert_string_equal(told(), "");
    s.verdict = SR_HUNG; /* in vain: nothing is said twice */
    look_at_one_twice(3 * MINUTE, s);
    assert_string_equal(told(), "");
    s.verdict = SR_STOPPED;
    look_at_one_twice(4 * MINUTE, s);
    assert_string_equal(told(), "session-stopped");
    s.verdict = SR_WORKING;
    s.last_activity_at_ms = 600; /* something was written */
    look_at_one(5 * MINUTE, s);
    assert_string_equal(told(), "session-continued recovered");
}

static void a_stop_is_told_and_so_is_its_end(void **state)
{
    (void)state;
    look_at_one(SECOND, session(1, SR_IDLE));
    look_at_one(2 * SECOND, session(1, SR_STOPPED));
    assert_string_equal(told(), "");
    look_at_one(4 * SECOND, session(1, SR_STOPPED));
    assert_string_equal(told(), "session-stopped");
    look_at_one(5 * SECOND, session(1, SR_STOPPED));
    assert_string_equal(told(), "");
    look_at_one(6 * SECOND, session(1, SR_UNKNOWN));
    assert_string_equal(told(), "");
    look_at_one(7 * SECOND, session(1, SR_IDLE));
    assert_string_equal(told(), "session-continued");
}

/* Returns: how the session 1 is said to have ended, in the next look. */
static enum change_how ended(int64_t now_ms, const struct change_look *look)
{
    events.count = 0;
    changes_look(&c, look, now_ms, &events);
    assert_int_equal(events.items[0].kind, CHANGE_SESSION_ENDED);
    return events.items[0].how;
}

static void an_end_says_how(void **state)
{
    (void)state;
    struct sr_session s = session(1, SR_IDLE);
    struct change_end exited = {1, 7, CHANGE_HOW_EXIT, 143, "SIGTERM"},
                      killed = {1, 7, CHANGE_HOW_SIGNAL, 9, "SIGKILL"},
                      other = {1, 8, CHANGE_HOW_SIGNAL, 9, NULL};
    int64_t left[] = {4, 1};
    s.mapped_by = SR_MAPPED_BY_REGISTRY;
    look_at_one(SECOND, s);
    assert_int_equal(ended(2 * SECOND, &(struct change_look){.ends = &exited, .end_count = 1}),
                     CHANGE_HOW_EXIT);
    assert_int_equal(events.items[0].status, 143);
    look_at_one(SECOND, s);
    assert_int_equal(ended(2 * SECOND, &(struct change_look){.ends = &killed, .end_count = 1}),
                     CHANGE_HOW_SIGNAL);
    assert_int_equal(events.items[0].status, 9);
    /* where the kernel does not say */
    look_at_one(SECOND, s);
    assert_int_equal(ended(2 * SECOND, &(struct change_look){.ends = &other, .end_count = 1}),
                     CHANGE_HOW_TIDY);
    look_at_one(SECOND, s);
    assert_int_equal(ended(2 * SECOND, &(struct change_look){.left = left, .left_count = 2}),
                     CHANGE_HOW_UNTIDY);
    /* another client has begun since, and such tidy up */
    struct sr_session next = session(2, SR_IDLE);
    look_at_one(SECOND, s);
    struct change_look l = {.sessions = &next, .session_count = 1};
    events.count = 0;
    changes_look(&c, &l, 2 * SECOND, &events);
    assert_string_equal(told(), "session-new session-ended");
    assert_int_equal(events.items[1].how, CHANGE_HOW_UNKNOWN);
    look(3 * SECOND, NULL, 0); /* one that was never in the registry */
    assert_int_equal(events.items[0].how, CHANGE_HOW_UNKNOWN);
}

static void a_session_that_hangs_again_disturbs_nobody_within_ten_minutes(void **state)
{
    (void)state;
    look_at_one_twice(MINUTE, session(1, SR_HUNG));
    assert_true(events.items[0].wants_person);
    look_at_one(2 * MINUTE, session(1, SR_WORKING));
    look_at_one_twice(3 * MINUTE, session(1, SR_HUNG));
    assert_string_equal(told(), "hung");
    assert_false(events.items[0].wants_person);
    look_at_one(4 * MINUTE, session(1, SR_WORKING));
    look_at_one_twice(13 * MINUTE, session(1, SR_HUNG));
    assert_true(events.items[0].wants_person);
}

static void nothing_is_backed_up_where_there_is_no_transcript(void **state)
{
    (void)state;
    struct sr_session s = session(1, SR_HUNG);
    s.transcript = NULL;
    look_at_one_twice(4 * SECOND, s);
    assert_string_equal(told(), "hung");
    nothing_is_due(4 * SECOND);
}

static void full_context_is_copied_every_ten_minutes_while_it_grows(void **state)
{
    (void)state;
    struct sr_session s = session(1, SR_WORKING);
    s.context_percent = 74.9;
    look_at_one(MINUTE, s);
    assert_string_equal(told(), "");
    s.context_percent = 75;
    look_at_one(2 * MINUTE, s);
    assert_string_equal(told(), "context-full");
    struct change_backup b = due(2 * MINUTE);
    assert_string_equal(b.why, "context");
    came_out(&b, CHANGE_MADE, 2 * MINUTE);
    s.size_bytes++;
    look_at_one(11 * MINUTE, s);
    assert_string_equal(told(), "");
    nothing_is_due(11 * MINUTE);
    look_at_one(12 * MINUTE, s);
    b = due(12 * MINUTE);
    came_out(&b, CHANGE_RECENT, 12 * MINUTE); /* somebody else's counts as well */
    assert_string_equal(told(), "");
    look_at_one(30 * MINUTE, s); /* it has not grown */
    nothing_is_due(30 * MINUTE);
    s.context_percent = 10; /* compacted */
    look_at_one(31 * MINUTE, s);
    s.context_percent = 80;
    look_at_one(50 * MINUTE, s);
    assert_string_equal(told(), "context-full");
}

static void what_is_not_saved_is_told_once_and_unknown_is_no_answer(void **state)
{
    (void)state;
    struct sr_session s = session(1, SR_IDLE);
    s.persistence = SR_PERSISTENCE_OK;
    look_at_one(SECOND, s);
    assert_string_equal(told(), "");
    s.persistence = SR_PERSISTENCE_BEHIND;
    s.unsaved_since_ms = 5;
    s.unsaved_why = "disk-full";
    s.saving = "how it shows";
    look_at_one(2 * SECOND, s);
    assert_string_equal(told(), "unsaved");
    assert_true(events.items[0].wants_person);
    assert_int_equal(events.items[0].persistence, SR_PERSISTENCE_BEHIND);
    assert_int_equal(events.items[0].unsaved_since_ms, 5);
    assert_string_equal(events.items[0].why, "disk-full");
    assert_string_equal(events.items[0].text, "how it shows");
    s.persistence = SR_PERSISTENCE_UNKNOWN;
    look_at_one(3 * SECOND, s);
    assert_string_equal(told(), "");
    s.persistence = SR_PERSISTENCE_NONE;
    look_at_one(4 * SECOND, s);
    assert_string_equal(told(), "");
    s.persistence = SR_PERSISTENCE_OK;
    look_at_one(5 * SECOND, s);
    assert_string_equal(told(), "saved");
    s.persistence = SR_PERSISTENCE_BEHIND;
    look_at_one(6 * SECOND, s);
    assert_string_equal(told(), "unsaved");
    assert_false(events.items[0].wants_person); /* within ten minutes */
    nothing_is_due(6 * SECOND);
}

static void a_window_that_was_emptied_is_not_copied_any_more(void **state)
{
    (void)state;
    struct sr_session s = session(1, SR_WORKING);
    s.context_percent = 90;
    look_at_one(MINUTE, s);
    s.context_percent = -1;
    look_at_one(2 * MINUTE, s);
    nothing_is_due(2 * MINUTE);
}

static void look_for_expiring(int64_t now_ms, const struct change_expiring *x, size_t count)
{
    struct change_look l = {.has_expiring = true, .expiring = x, .expiring_count = count};
    events.count = 0;
    changes_look(&c, &l, now_ms, &events);
}

static const struct change_expiring old[] = {
    {"later", "/c", "/c/projects/p/later.jsonl", 5, 100, 900},
    {"sooner", "/c", "/c/projects/p/sooner.jsonl", 5, 90, 800},
};

static void what_expires_is_told_once_and_copied_in_its_order(void **state)
{
    (void)state;
    look_for_expiring(SECOND, old, 2);
    assert_string_equal(told(), "expiring expiring");
    assert_int_equal(events.items[0].deleted_at_ms, 900);
    struct change_backup first = due(SECOND), second = due(SECOND);
    assert_string_equal(first.session_id, "sooner");
    assert_string_equal(second.session_id, "later");
    came_out(&first, CHANGE_MADE, SECOND);
    came_out(&second, CHANGE_UNCHANGED, SECOND);
    assert_true(events.items[0].was_unchanged);
    look_for_expiring(60 * MINUTE, old, 2);
    assert_string_equal(told(), "");
    nothing_is_due(60 * MINUTE);
    look(61 * MINUTE, NULL, 0); /* a look that did not go through the stores forgets nothing */
    look_for_expiring(62 * MINUTE, old, 2);
    assert_string_equal(told(), "");
    struct change_expiring grown = old[0];
    grown.size_bytes++;
    look_for_expiring(63 * MINUTE, &grown, 1);
    assert_string_equal(told(), ""); /* it goes on, and is copied again */
    due(63 * MINUTE);
    look_for_expiring(64 * MINUTE, NULL, 0);
    look_for_expiring(65 * MINUTE, old, 1);
    assert_string_equal(told(), "expiring");
}

static void a_backup_that_fails_is_tried_again_later_and_later(void **state)
{
    (void)state;
    look_for_expiring(0, old, 1);
    int64_t now_ms = 0, pause_ms = 60 * SECOND;
    for (int failure = 1; failure <= 8; failure++) {
        struct change_backup b = due(now_ms);
        came_out(&b, CHANGE_FAILED, now_ms);
        assert_string_equal(told(), "backup-failed");
        assert_string_equal(events.items[0].text, "no space left");
        assert_int_equal(events.items[0].retry_in_s, pause_ms / 1000);
        assert_int_equal(events.items[0].wants_person, failure == 1);
        assert_int_equal(changes_backup_pause_ms(&c, now_ms), pause_ms);
        nothing_is_due(now_ms + pause_ms - 1);
        now_ms += pause_ms;
        pause_ms = pause_ms * 2 < 30 * MINUTE ? pause_ms * 2 : 30 * MINUTE;
    }
    struct change_backup b = due(now_ms);
    came_out(&b, CHANGE_MADE, now_ms);
    assert_int_equal(changes_backup_pause_ms(&c, now_ms), -1);
}

static void a_hang_goes_before_what_expires_and_what_fills_up(void **state)
{
    (void)state;
    struct sr_session two[] = {session(1, SR_WORKING), session(2, SR_HUNG)};
    two[0].context_percent = 99;
    struct change_look l = {.sessions = two,
                            .session_count = 2,
                            .has_expiring = true,
                            .expiring = old,
                            .expiring_count = 1};
    changes_look(&c, &l, SECOND, &events);
    changes_look(&c, &l, 3 * SECOND, &events);
    assert_string_equal(due(3 * SECOND).why, "hung");
    assert_string_equal(due(3 * SECOND).why, "expiring");
    assert_string_equal(due(3 * SECOND).why, "context");
    nothing_is_due(3 * SECOND);
}

static void a_transcript_that_is_gone_is_let_go(void **state)
{
    (void)state;
    look_for_expiring(SECOND, old, 1);
    struct change_backup b = due(SECOND);
    came_out(&b, CHANGE_GONE, SECOND);
    assert_string_equal(told(), "");
    nothing_is_due(60 * MINUTE);
}

static void a_problem_is_told_once_if_it_lasts(void **state)
{
    (void)state;
    const char *problems[] = {"/nfs: does not answer", "/x: permission denied"};
    struct change_look l = {.problems = problems, .problem_count = 1};
    changes_look(&c, &l, SECOND, &events);
    assert_string_equal(told(), ""); /* a file that is being written is read again */
    assert_int_equal(changes_look_pause_ms(&c, false, SECOND), CHANGES_CONFIRM_MS);
    changes_look(&c, &l, 3 * SECOND, &events);
    assert_string_equal(told(), "problem");
    events.count = 0;
    l.problem_count = 2;
    changes_look(&c, &l, 4 * SECOND, &events);
    changes_look(&c, &l, 6 * SECOND, &events);
    assert_string_equal(told(), "problem");
    assert_string_equal(events.items[0].text, problems[1]);
    look(7 * SECOND, NULL, 0);
    events.count = 0;
    changes_look(&c, &l, 8 * SECOND, &events);
    changes_look(&c, &l, 10 * SECOND, &events);
    assert_string_equal(told(), "problem problem");
}

static void looks_come_every_interval_while_something_moves(void **state)
{
    (void)state;
    assert_int_equal(changes_look_pause_ms(&c, false, 5), 0); /* the first one at once */
    look_at_one(MINUTE, session(1, SR_WORKING));
    assert_int_equal(changes_look_pause_ms(&c, false, MINUTE), 20 * SECOND);
    assert_int_equal(changes_look_pause_ms(&c, false, MINUTE + 5 * SECOND), 15 * SECOND);
    assert_int_equal(changes_look_pause_ms(&c, false, 9 * MINUTE), 0); /* it has slept */
}

static void where_all_is_quiet_looks_are_rare_until_something_is_written(void **state)
{
    (void)state;
    struct sr_session quiet[] = {session(1, SR_IDLE), session(2, SR_WAITING), session(3, SR_HUNG)};
    look(MINUTE - CHANGES_CONFIRM_MS, quiet, 3);
    look(MINUTE, quiet, 3);
    assert_int_equal(changes_look_pause_ms(&c, false, MINUTE), 5 * MINUTE);
    assert_int_equal(changes_look_pause_ms(&c, true, MINUTE), 20 * SECOND);
}

static void looks_that_cost_much_are_rarer(void **state)
{
    (void)state;
    struct sr_session s = session(1, SR_WORKING);
    struct change_look l = {.sessions = &s, .session_count = 1, .cost_ms = 35};
    changes_look(&c, &l, MINUTE, &events);
    assert_int_equal(changes_look_pause_ms(&c, true, MINUTE), 35 * SECOND); /* a thousandth */
    l.cost_ms = 5000;
    changes_look(&c, &l, 2 * MINUTE, &events);
    assert_int_equal(changes_look_pause_ms(&c, true, 2 * MINUTE), 2 * MINUTE);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_look_tells_of_no_session),
        TEST(sessions_that_come_and_go_are_told_once),
        TEST(a_client_that_starts_is_told_of_once_it_has_an_id),
        TEST(a_client_that_never_gets_an_id_is_told_of_all_the_same),
        TEST(a_client_that_ends_before_it_has_an_id_is_not_told_of),
        TEST(a_pid_that_was_given_again_is_another_session),
        TEST(what_no_file_holds_is_backed_up_too),
        TEST(an_end_names_what_was_known_before),
        TEST(a_cleared_conversation_is_new_and_its_process_is_not),
        TEST(a_hang_is_told_and_backed_up_once),
        TEST(a_hang_that_does_not_last_is_none),
        TEST(a_zombie_of_a_moment_is_no_hang),
        TEST(recovery_is_told_on_proof_alone),
        TEST(a_stop_is_told_and_so_is_its_end),
        TEST(an_end_says_how),
        TEST(what_answers_again_has_recovered_and_unknown_is_no_answer),
        TEST(a_session_that_hangs_again_disturbs_nobody_within_ten_minutes),
        TEST(nothing_is_backed_up_where_there_is_no_transcript),
        TEST(full_context_is_copied_every_ten_minutes_while_it_grows),
        TEST(what_is_not_saved_is_told_once_and_unknown_is_no_answer),
        TEST(a_window_that_was_emptied_is_not_copied_any_more),
        TEST(what_expires_is_told_once_and_copied_in_its_order),
        TEST(a_backup_that_fails_is_tried_again_later_and_later),
        TEST(a_hang_goes_before_what_expires_and_what_fills_up),
        TEST(a_transcript_that_is_gone_is_let_go),
        TEST(a_problem_is_told_once_if_it_lasts),
        TEST(looks_come_every_interval_while_something_moves),
        TEST(where_all_is_quiet_looks_are_rare_until_something_is_written),
        TEST(looks_that_cost_much_are_rarer),
    };
    return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
