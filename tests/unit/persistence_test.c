/*
 * Whether what was said is on disk, from tables of facts. Most rows are healthy sessions as the
 * clients of 2.1.110 to 2.1.330 leave them: none may be called unsaved.
 */
#include "session/evidence/persistence.h"

#include "agents/agent.h"
#include "base/io/fs.h"
#include "scratch.h"

/* A scene is a usual one, and then what is different about it. */
#pragma GCC diagnostic ignored "-Woverride-init"

/* Moments, in seconds after the client's start; now is an hour later. */
enum { START_MS = 1000000000 };
#define AT(seconds)                                    \
    {                                                  \
        START_MS + (int64_t)((seconds) * (double)1000) \
    }
#define NOW AT(3600)

/* 2.1.197, registered 0.3 s after its start, idle. */
#define CLIENT                                                                        \
    .now = NOW, .started_at = AT(0), .status = CLIENT_IDLE, .registered_at = AT(0.3), \
    .disk_is_full = FACT_NO, .is_unwritable = FACT_NO, .has_side_files = FACT_NO
#define BLANK(...)                                                             \
    {                                                                          \
        CLIENT, .status_at = AT(0.2), .transcript = LOOKUP_ABSENT, __VA_ARGS__ \
    }
#define TALKED(...)                                                                              \
    {                                                                                            \
        CLIENT, .status_at = AT(66), .transcript = LOOKUP_FOUND, .has_records = FACT_YES,        \
                .recorded_at = AT(65.9), .modified_at = AT(66), .prompt_at = AT(60), __VA_ARGS__ \
    }

static struct wall at(int64_t seconds)
{
    return (struct wall){START_MS + seconds * 1000};
}

struct row {
    const char *is;
    struct persistence_facts facts;
    enum sr_persistence state;
    const char *why;
};

static void check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct persistence p = persistence_judge(&rows[i].facts);
        if (p.state != rows[i].state || !str_equals(p.why, rows[i].why)) {
            const char *word = sr_persistence_word(p.state);
            fail_msg("%s: %s, %s", rows[i].is, word ? word : "null", p.why ? p.why : "null");
        }
        bool is_unsaved = p.state == SR_PERSISTENCE_NONE || p.state == SR_PERSISTENCE_BEHIND;
        assert_int_equal(is_unsaved, wall_known(p.since));
        assert_int_equal(is_unsaved, p.why != NULL);
        assert_true(!is_unsaved || p.how);
    }
}

#define CHECK(rows) check(rows, sizeof rows / sizeof *(rows))
#define NULL_ SR_PERSISTENCE_UNKNOWN, NULL
#define OK_ SR_PERSISTENCE_OK, NULL
#define NONE_ SR_PERSISTENCE_NONE
#define BEHIND_ SR_PERSISTENCE_BEHIND

/* A client makes the file with the first record in it. */
static void test_a_transcript_without_a_record_was_emptied(void **state)
{
    (void)state;
#define EMPTIED(...)                                                            \
    TALKED(.has_records = FACT_NO, .recorded_at = {0}, .holds_no_record = true, \
           .modified_at = AT(900), __VA_ARGS__)
    static const struct row rows[] = {
        {"emptied while it ran", EMPTIED(.prompt_at = {0}), NONE_, "deleted"},
        {"of an old client", EMPTIED(.status = CLIENT_SAYS_NOTHING, .registered_at = {0}), NONE_,
         "deleted"},
        {"the disk is full", EMPTIED(.disk_is_full = FACT_YES), NONE_, "disk-full"},
        {"a title, and nothing said", EMPTIED(.prompt_at = {0}, .holds_no_record = false), NULL_},
        {"empty before it was started", EMPTIED(.prompt_at = {0}, .modified_at = AT(-9)), NULL_},
        {"made this moment", EMPTIED(.prompt_at = {0}, .modified_at = NOW), NULL_},
    };
    CHECK(rows);
}

static void test_healthy_sessions_are_never_unsaved(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"just started", BLANK(.now = AT(1)), NULL_},
        {"before it publishes a status", BLANK(.now = AT(1), .status = CLIENT_SAYS_NOTHING), NULL_},
        {"idle for an hour, nothing asked", BLANK(), NULL_},
        {"a dialog is open", BLANK(.status = CLIENT_WAITING, .status_at = AT(900)), NULL_},
        {"a dialog was open and left nothing", BLANK(.status_at = AT(900)), NULL_},
        {"a first prompt waits for its hook",
         BLANK(.status = CLIENT_BUSY, .status_at = AT(3500), .prompt_at = AT(3500)), NULL_},
        {"a first prompt, this moment",
         BLANK(.status = CLIENT_BUSY, .status_at = AT(3599), .prompt_at = AT(3599)), NULL_},
        {"a first prompt was taken back", BLANK(.status_at = AT(902), .prompt_at = AT(900)), NULL_},
        {"the same, and only a title stands in its file",
         BLANK(.status_at = AT(902), .prompt_at = AT(900), .transcript = LOOKUP_FOUND,
               .has_records = FACT_NO),
         NULL_},
        {"an old client, idle", BLANK(.status = CLIENT_SAYS_NOTHING), NULL_},

        {"a turn is over", TALKED(), OK_},
        {"it waits for its first reply",
         TALKED(.status = CLIENT_BUSY, .status_at = AT(60), .recorded_at = AT(60.01)), OK_},
        {"cleared", TALKED(.prompt_at = AT(-1), .recorded_at = AT(70), .status_at = AT(66)), OK_},
        {"resumed, no prompt yet",
         TALKED(.recorded_at = AT(-9000), .status_at = AT(0.4), .prompt_at = {0}), OK_},
        {"a prompt, and its record is queued",
         TALKED(.status = CLIENT_BUSY, .status_at = AT(3591), .prompt_at = AT(3591)), OK_},
        {"a later prompt waits for its hook",
         TALKED(.status = CLIENT_BUSY, .status_at = AT(3300), .prompt_at = AT(3300)), NULL_},
        {"interrupted without a reply", TALKED(.recorded_at = AT(60.01), .status_at = AT(900)),
         OK_},
        {"a tool runs for an hour", TALKED(.status = CLIENT_BUSY, .status_at = AT(60)), OK_},
        {"background jobs end", TALKED(.status_at = AT(3000)), OK_},
        {"a permission is waited for", TALKED(.status = CLIENT_WAITING, .status_at = AT(66.1)),
         OK_},
        {"a later prompt was taken back", TALKED(.prompt_at = AT(900), .status_at = AT(903)),
         NULL_},
        {"two prompts, the last recorded", TALKED(.prompt_before_at = AT(30)), OK_},
        {"queued, and taken note of",
         TALKED(.status = CLIENT_BUSY, .prompt_before_at = AT(60), .prompt_at = AT(65)), OK_},
        {"an old client",
         TALKED(.status = CLIENT_SAYS_NOTHING, .status_at = {0}, .registered_at = {0}), OK_},
        {"a write under way", TALKED(.is_torn = true), OK_},
        {"a full disk, and nothing was said since", TALKED(.disk_is_full = FACT_YES), OK_},
        {"the clock was set back", TALKED(.now = AT(-5000)), OK_},
        {"a mark of a tool that means nothing to this client",
         TALKED(.told_by = "CLAUDE_CODE_CHILD_SESSION"), OK_},
    };
    CHECK(rows);
}

static void test_unsaved_sessions_are_told(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"told to save nothing, two turns",
         BLANK(.status_at = AT(70), .told_by = "CLAUDE_CODE_SKIP_PROMPT_HISTORY",
               .is_told_for_certain = true),
         NONE_, "environment"},
        {"the same, at work",
         BLANK(.status = CLIENT_BUSY, .status_at = AT(0.4), .told_by = "X",
               .is_told_for_certain = true),
         NONE_, "environment"},
        {"the same, both turns within a second of its start",
         BLANK(.status_at = AT(0.9), .told_by = "X", .is_told_for_certain = true), NONE_,
         "environment"},
        {"the same, an old client that says nothing",
         BLANK(.status = CLIENT_SAYS_NOTHING, .told_by = "X", .is_told_for_certain = true), NONE_,
         "environment"},
        {"by an option",
         BLANK(.status = CLIENT_SAYS_NOTHING, .told_by = "--no-x", .is_told_for_certain = true),
         NONE_, "option"},
        {"may be told so, and has asked",
         BLANK(.status = CLIENT_SAYS_NOTHING, .told_by = "X", .has_asked = FACT_YES), NONE_,
         "environment"},
        {"a tool has left its result", BLANK(.has_side_files = FACT_YES), NONE_, "not-known"},
        {"a full disk, one turn",
         BLANK(.status_at = AT(70), .prompt_at = AT(60), .disk_is_full = FACT_YES), NONE_,
         "disk-full"},
        {"a full disk, its history too", BLANK(.status_at = AT(70), .disk_is_full = FACT_YES),
         NONE_, "disk-full"},
        {"an unwritable folder",
         BLANK(.status_at = AT(70), .prompt_at = AT(60), .is_unwritable = FACT_YES), NONE_,
         "not-writable"},
        {"prompts, why is not known",
         BLANK(.status_at = AT(70), .prompt_at = AT(60), .prompt_before_at = AT(30)), NONE_,
         "not-known"},
        {"an old client's prompts",
         BLANK(.status = CLIENT_SAYS_NOTHING, .prompt_at = AT(60), .prompt_before_at = AT(30)),
         NONE_, "not-known"},
        {"its transcript was emptied",
         TALKED(.has_records = FACT_NO, .recorded_at = {0}, .prompt_before_at = AT(30)), NONE_,
         "not-known"},

        {"prompts of later days",
         TALKED(.prompt_before_at = AT(900), .prompt_at = AT(1800), .status_at = AT(1805)), BEHIND_,
         "not-known"},
        {"the same, at work",
         TALKED(.status = CLIENT_BUSY, .prompt_before_at = AT(900), .prompt_at = AT(1800),
                .status_at = AT(1800)),
         BEHIND_, "not-known"},
        {"one prompt, and it cannot write",
         TALKED(.prompt_at = AT(900), .status_at = AT(903), .is_unwritable = FACT_YES), BEHIND_,
         "not-writable"},
        {"a turn, and the disk is full", TALKED(.status_at = AT(903), .disk_is_full = FACT_YES),
         BEHIND_, "disk-full"},
        {"its transcript was deleted, and begins in the middle", TALKED(.begins_at = AT(50)),
         BEHIND_, "deleted"},
        {"it was started by a resume of one that did", TALKED(.begins_at = AT(-50)), OK_},
        {"a record broke off on a full disk", TALKED(.is_torn = true, .disk_is_full = FACT_YES),
         BEHIND_, "disk-full"},
        {"resumed, told to save nothing, one turn",
         TALKED(.recorded_at = AT(-9000), .prompt_at = {0}, .told_by = "X",
                .is_told_for_certain = true),
         BEHIND_, "environment"},
        {"the same, an old client",
         TALKED(.recorded_at = AT(-9000), .prompt_at = {0}, .status = CLIENT_SAYS_NOTHING,
                .told_by = "X", .is_told_for_certain = true),
         BEHIND_, "environment"},
    };
    CHECK(rows);
}

static void test_what_is_not_known_is_said_so(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"the folder cannot be read",
         BLANK(.transcript = LOOKUP_UNKNOWN, .has_side_files = FACT_YES), NULL_},
        {"the transcript cannot be read", TALKED(.has_records = FACT_UNKNOWN, .recorded_at = {0}),
         NULL_},
        {"told to save nothing, nothing said", BLANK(.told_by = "X", .is_told_for_certain = true),
         NULL_},
        {"may be told so", BLANK(.status = CLIENT_SAYS_NOTHING, .told_by = "X"), NULL_},
        {"the history of prompts cannot be read", TALKED(.prompts_code = -EACCES), NULL_},
        {"whether it was told to save nothing", TALKED(.saving_is_unknown = true), NULL_},
        {"nothing at all", {.transcript = LOOKUP_UNKNOWN}, NULL_},
    };
    CHECK(rows);
}

static void test_only_what_was_looked_for_makes_a_session_fresh(void **state)
{
    (void)state;
#define FRESH(...) \
    persistence_is_fresh(&(struct persistence_facts)BLANK(.has_side_files = FACT_NO, __VA_ARGS__))
    assert_true(FRESH());
    assert_false(FRESH(.prompts_code = -EACCES));
    assert_false(FRESH(.has_side_files = FACT_UNKNOWN));
    assert_false(FRESH(.prompt_at = AT(1)));
    assert_false(FRESH(.arguments_are_unknown = true));
}

static void test_no_moment_is_judged_before_its_time(void **state)
{
    (void)state;
    /* Two prompts after the last record: healthy until the last has had time to be written. */
    struct persistence_facts f =
        TALKED(.prompt_before_at = AT(900), .prompt_at = AT(1000), .status_at = AT(1001));
    f.now = at(1000 + PERSISTENCE_SETTLE_MS / 1000 - 1);
    assert_int_equal(persistence_judge(&f).state, SR_PERSISTENCE_OK);
    f.now = at(1000 + PERSISTENCE_SETTLE_MS / 1000);
    assert_int_equal(persistence_judge(&f).state, SR_PERSISTENCE_BEHIND);
    assert_int_equal(persistence_judge(&f).since.ms, at(65).ms + 900);
    /* One prompt of a client that cannot write: it may wait for a hook as long as it is at work. */
    f = (struct persistence_facts)TALKED(.status = CLIENT_BUSY, .prompt_at = AT(1000),
                                         .status_at = AT(60), .is_unwritable = FACT_YES);
    f.now = at(1000 + PERSISTENCE_HOOKS_MS / 1000 - 1);
    assert_int_equal(persistence_judge(&f).state, SR_PERSISTENCE_UNKNOWN);
    f.now = at(1000 + PERSISTENCE_HOOKS_MS / 1000);
    assert_int_equal(persistence_judge(&f).state, SR_PERSISTENCE_BEHIND);
}

static void test_what_the_client_was_told(void **state)
{
    (void)state;
    static const char *const plain[] = {"claude"}, *const option[] = {"claude", "-p",
                                                                      "--no-session-persistence"};
    static const struct {
        const char *variables[3];
        bool is_registered;
        enum sr_kind kind;
        const char *told_by;
        bool is_certain;
    } rows[] = {
        {{NULL}, true, SR_KIND_INTERACTIVE, NULL, true},
        {{"CLAUDE_CODE_SKIP_PROMPT_HISTORY=1"},
         true,
         SR_KIND_INTERACTIVE,
         "CLAUDE_CODE_SKIP_PROMPT_HISTORY",
         true},
        {{"CLAUDE_CODE_SKIP_PROMPT_HISTORY=TRUE"},
         false,
         SR_KIND_PRINT,
         "CLAUDE_CODE_SKIP_PROMPT_HISTORY",
         true},
        {{"CLAUDE_CODE_SKIP_PROMPT_HISTORY=0"}, true, SR_KIND_INTERACTIVE, NULL, true},
        {{"CLAUDE_CODE_SKIP_PROMPT_HISTORY="}, true, SR_KIND_INTERACTIVE, NULL, true},
        {{"CLAUDE_CODE_CHILD_SESSION=1"},
         false,
         SR_KIND_INTERACTIVE,
         "CLAUDE_CODE_CHILD_SESSION",
         true},
        {{"CLAUDE_CODE_CHILD_SESSION=1", "TMUX=/tmp/x,1,0"},
         false,
         SR_KIND_INTERACTIVE,
         "CLAUDE_CODE_CHILD_SESSION",
         false},
        {{"CLAUDE_CODE_CHILD_SESSION=1", "CLAUDE_CODE_FORCE_SESSION_PERSISTENCE=1"},
         false,
         SR_KIND_INTERACTIVE,
         NULL,
         true},
        {{"CLAUDE_CODE_CHILD_SESSION=1"}, true, SR_KIND_INTERACTIVE, NULL, true},
        {{"CLAUDE_CODE_CHILD_SESSION=1"}, false, SR_KIND_PRINT, NULL, true},
    };
    struct proc_strings argv = {plain, 1};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t count = 0;
        while (count < 3 && rows[i].variables[count])
            count++;
        struct proc_strings environment = {rows[i].variables, count};
        struct agent_saving client = {&argv, &environment, rows[i].is_registered, rows[i].kind};
        bool is_certain;
        const char *told_by;
        assert_int_equal(agent_saves_nothing(&agent_claude, &client, &told_by, &is_certain), 0);
        if (!str_equals(told_by, rows[i].told_by) && (told_by || rows[i].told_by))
            fail_msg("row %zu: %s", i, told_by ? told_by : "nothing");
        assert_true(!told_by || is_certain == rows[i].is_certain);
    }
    bool is_certain;
    argv = (struct proc_strings){option, 3};
    struct agent_saving client = {&argv, NULL, false, SR_KIND_PRINT};
    const char *told_by;
    assert_int_equal(agent_saves_nothing(&agent_claude, &client, &told_by, &is_certain), 0);
    assert_string_equal(told_by, "--no-session-persistence");
}

#define PROMPT(display, ms, id)                                                                    \
    "{\"display\":\"" display "\",\"pastedContents\":{},\"timestamp\":" #ms ",\"sessionId\":\"" id \
    "\"}\n"

static void read_history(const char *text, struct agent_prompts *out, struct arena *a)
{
    static struct problems problems;
    problems = (struct problems){.arena = a};
    scratch_put("store/history.jsonl", text);
    struct agent_store store = {.fd = fs_open_dir(AT_FDCWD, scratch("store")),
                                .path = scratch("store"),
                                .arena = a,
                                .problems = &problems};
    assert_int_equal(agent_read_prompts(&agent_claude, &store, out), 0);
    fs_close(&store.fd);
}

static void test_a_history_that_cannot_be_read_is_not_the_whole(void **state)
{
    (void)state;
    struct arena a = {0};
    struct problems problems = {.arena = &a};
    struct agent_prompted *prompted;
    size_t count;
    bool is_whole;
    scratch_put("unread/history.jsonl/in-a-folder", "");
    struct agent_store store = {.fd = fs_open_dir(AT_FDCWD, scratch("unread")),
                                .path = scratch("unread"),
                                .arena = &a,
                                .problems = &problems};
    struct lookup seen =
        agent_list_prompted(&agent_claude, &store, 1024, &prompted, &count, &is_whole);
    assert_int_equal(seen.state, LOOKUP_UNKNOWN);
    assert_int_equal(count, 0);
    assert_false(is_whole);
    fs_close(&store.fd);
    arena_release(&a);
}

#define A "aaaaaaaa-0000-4000-8000-000000000001"
#define B "bbbbbbbb-0000-4000-8000-000000000002"

static void test_the_history_of_prompts(void **state)
{
    (void)state;
    struct arena a = {0};
    struct agent_prompts prompts;
    read_history(
        PROMPT("first", 1001, A) PROMPT("/clear", 1002, A) PROMPT("!ls", 1003, B)
            PROMPT("second", 1004, B)
                PROMPT("no such id", 1005, "../b") "{\"display\":\"no id\",\"timestamp\":1005}\n"
                                                   "nonsense\n[1]\n{\"display\":\"torn\",\"timest",
        &prompts, &a);
    assert_int_equal(prompts.count, 2);
    assert_true(prompts.is_whole);
    assert_string_equal(prompts.items[0].text, "first");
    assert_string_equal(prompts.items[1].session_id, B);
    assert_int_equal(prompts.items[1].at.ms, 1004);

    /* Of a long one its end alone, and no line of which the beginning is missing. */
    struct buf text = {0};
    for (int i = 0; i < 40000; i++)
        buf_addf(&text, "{\"display\":\"prompt %d\",\"timestamp\":%d,\"sessionId\":\"" A "\"}\n", i,
                 5000 + i);
    read_history(text.p, &prompts, &a);
    assert_false(prompts.is_whole);
    assert_in_range(prompts.count, 1000, 4000);
    assert_int_equal(prompts.items[prompts.count - 1].at.ms, 44999);
    assert_int_equal(prompts.known_since.ms, prompts.items[0].at.ms);
    buf_release(&text);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_healthy_sessions_are_never_unsaved),
        cmocka_unit_test(test_a_transcript_without_a_record_was_emptied),
        cmocka_unit_test(test_unsaved_sessions_are_told),
        cmocka_unit_test(test_what_is_not_known_is_said_so),
        cmocka_unit_test(test_only_what_was_looked_for_makes_a_session_fresh),
        cmocka_unit_test(test_no_moment_is_judged_before_its_time),
        cmocka_unit_test(test_what_the_client_was_told),
        cmocka_unit_test_setup_teardown(test_a_history_that_cannot_be_read_is_not_the_whole,
                                        scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_the_history_of_prompts, scratch_setup,
                                        scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
