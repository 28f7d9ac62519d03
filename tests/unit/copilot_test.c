/* Copilot: its processes, its records, and its sessions as folders that each test makes. */
#include "scratch.h"

#include "agents/copilot/copilot.h"
#include "conversation/head.h"
#include "conversation/message.h"
#include "conversation/tail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>

#define WORDS(...)                                                      \
    {                                                                   \
        (const char *const[]){__VA_ARGS__},                             \
            sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *) \
    }
#define EXE "/usr/lib/node_modules/@github/copilot/node_modules/@github/copilot-linux-x64/copilot"
#define ID "01a52826-b7c7-437c-a469-4567f2f25cd8"
#define OTHER "24f63f46-eb0c-453a-b08c-10e27eabbbaa"

static struct arena arena;

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

/* ---- processes ---------------------------------------------------------------------------- */

static const struct {
    const char *exe, *name;
    struct proc_strings argv;
    enum agent_role role;
    enum sr_kind kind;
} processes[] = {
    {EXE, "MainThread", WORDS(EXE), AGENT_SESSION, SR_KIND_UNKNOWN},
    {EXE, "copilot", WORDS(EXE, "--model", "help"), AGENT_SESSION, SR_KIND_UNKNOWN},
    {"/home/u/.local/bin/copilot", "MainThread", WORDS("copilot", "-i", "login"), AGENT_SESSION,
     SR_KIND_UNKNOWN},
    {EXE, "MainThread", WORDS(EXE, "-p", "what is mcp", "--allow-all-tools"), AGENT_SESSION,
     SR_KIND_PRINT},
    {EXE, "MainThread", WORDS(EXE, "--prompt=x"), AGENT_SESSION, SR_KIND_PRINT},
    {EXE, "MainThread", WORDS(EXE, "--acp"), AGENT_SERVER, SR_KIND_EDITOR},
    {EXE, "MainThread", WORDS(EXE, "--server", "--port", "1"), AGENT_SERVER, SR_KIND_SERVER},
    {EXE, "MainThread", WORDS(EXE, "login"), AGENT_HELPER, SR_KIND_UNKNOWN},
    {EXE, "MainThread", WORDS(EXE, "--log-level", "all", "mcp", "list"), AGENT_HELPER,
     SR_KIND_UNKNOWN},
    {EXE, "MainThread", WORDS(EXE, "--version"), AGENT_HELPER, SR_KIND_UNKNOWN},
    /* npm's script, and other vendors' programs */
    {"/usr/bin/node", "node", WORDS("node", "/usr/bin/copilot"), AGENT_NO, SR_KIND_UNKNOWN},
    {"/usr/local/bin/copilot", "copilot", WORDS("copilot", "svc", "deploy"), AGENT_NAMESAKE,
     SR_KIND_UNKNOWN},
    {"/usr/bin/sleep", "copilot", WORDS("copilot"), AGENT_NO, SR_KIND_UNKNOWN},
    {NULL, "MainThread", WORDS("copilot"), AGENT_NO, SR_KIND_UNKNOWN},
};

static void each_process_is_what_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof processes / sizeof *processes; i++) {
        struct agent_look look = {processes[i].exe, processes[i].name, &processes[i].argv, NULL,
                                  FACT_UNKNOWN};
        enum agent_role role = agent_copilot.process->role(&look);
        enum sr_kind kind = agent_copilot.process->kind(NULL, NULL, &processes[i].argv);
        if (role != processes[i].role || kind != processes[i].kind)
            fail_msg("row %zu: role %d, kind %d", i, (int)role, (int)kind);
    }
}

static const struct {
    struct proc_strings argv;
    bool is_there;
} lines[] = {
    {WORDS("copilot", "--resume=" ID), true},
    {WORDS("copilot", "--resume", ID), true},
    {WORDS("copilot", "-r", ID), true},
    {WORDS("copilot", "--session-id", ID), true},
    {WORDS("copilot", "--model", "x", "--session-id=" ID), true},
    {WORDS("copilot", "--resume"), false},
    {WORDS("copilot", "--resume=01a52826"), false}, /* the beginning of one, or a name */
    {WORDS("copilot", "-p", "--resume=" ID), false},
    {WORDS("copilot", "--continue"), false},
};

static void the_session_is_on_the_command_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct sv id = {0};
        if (agent_copilot.process->session_in_argv(&lines[i].argv, &id) != lines[i].is_there)
            fail_msg("row %zu", i);
        if (lines[i].is_there)
            assert_sv_equal(id, ID);
    }
}

/* ---- records ------------------------------------------------------------------------------ */

#define AT(second) "\"timestamp\":\"2026-02-05T10:00:" second ".250Z\",\"parentId\":\"p\"}"
#define RECORD(type, data, second) \
    "{\"type\":\"" type "\",\"data\":{" data "},\"id\":\"i" second "\"," AT(second) "\n"
#define START                                                                            \
    "{\"type\":\"session.start\",\"data\":{\"sessionId\":\"" ID "\",\"copilotVersion\":" \
    "\"1.0.102\",\"context\":{\"cwd\":\"/home/u/p\"}},\"id\":\"i0\",\"timestamp\":"      \
    "\"2026-02-05T10:00:00.250Z\",\"parentId\":null}\n"
#define PROMPT RECORD("user.message", "\"content\":\"buy milk\",\"messageId\":\"m1\"", "01")
#define TURN RECORD("assistant.turn_start", "\"turnId\":\"0\"", "02")
#define REPLY                                                               \
    RECORD("assistant.message",                                             \
           "\"messageId\":\"m2\",\"model\":\"x-1\",\"content\":\"bought\"," \
           "\"toolRequests\":[]",                                           \
           "03")
#define CALL                                                                                \
    RECORD("assistant.message",                                                             \
           "\"messageId\":\"m2\",\"content\":\"let me\",\"toolRequests\":[{\"toolCallId\":" \
           "\"c1\",\"name\":\"bash\",\"arguments\":{\"command\":\"sleep 9\"}}]",            \
           "03")                                                                            \
    RECORD("tool.execution_start", "\"toolCallId\":\"c1\",\"toolName\":\"bash\"", "04")
#define ASK                                                        \
    RECORD("permission.requested",                                 \
           "\"requestId\":\"r1\",\"permissionRequest\":{\"kind\":" \
           "\"shell\",\"toolCallId\":\"c1\"}",                     \
           "05")
#define ALLOWED RECORD("permission.completed", "\"requestId\":\"r1\",\"toolCallId\":\"c1\"", "06")
#define DONE                                                     \
    RECORD("tool.execution_complete",                            \
           "\"toolCallId\":\"c1\",\"success\":false,\"error\":{" \
           "\"message\":\"no\"}",                                \
           "07")
#define END RECORD("assistant.turn_end", "\"turnId\":\"0\"", "08")
#define ABORT RECORD("abort", "\"reason\":\"user_abort\"", "09")
#define ERROR \
    RECORD("session.error", "\"errorType\":\"query\",\"message\":\"503 Overloaded\"", "09")
#define SHUTDOWN RECORD("session.shutdown", "\"accountingSnapshot\":{}", "09")

static struct tail_result tail_of(const char *text)
{
    struct tail t;
    struct tail_result r;
    int64_t offset;
    size_t length;
    tail_init(&t, agent_copilot.reader, &arena, (int64_t)strlen(text));
    while (tail_wants(&t, &offset, &length))
        tail_feed(&t, text + offset, length);
    tail_finish(&t, &r);
    return r;
}

static void a_turn_is_over_after_a_reply_that_calls_nothing(void **state)
{
    (void)state;
    struct tail_result r = tail_of(START PROMPT TURN REPLY END);
    assert_int_equal(r.turn, TAIL_TURN_OVER);
    assert_false(r.turn_was_interrupted);
    assert_string_equal(r.prompt, "buy milk");
    assert_string_equal(r.version, "1.0.102");
    assert_string_equal(r.cwd, "/home/u/p");
    assert_int_equal(r.session_id_count, 1);
    r = tail_of(START PROMPT TURN);
    assert_int_equal(r.turn, TAIL_TURN_AWAITS_REPLY);
    /* a request of a turn that goes on ends, too */
    r = tail_of(START PROMPT TURN CALL DONE END);
    assert_int_equal(r.turn, TAIL_TURN_AWAITS_REPLY);
}

static void a_call_is_open_until_its_result(void **state)
{
    (void)state;
    struct tail_result r = tail_of(START PROMPT TURN CALL);
    assert_int_equal(r.turn, TAIL_TURN_AWAITS_TOOL);
    assert_int_equal(r.open_tool_count, 1);
    assert_string_equal(r.open_tools[0].name, "bash");
    assert_null(r.asks);
    r = tail_of(START PROMPT TURN CALL ASK);
    assert_string_equal(r.asks, "permission prompt");
    r = tail_of(START PROMPT TURN CALL ASK ALLOWED);
    assert_null(r.asks);
    assert_int_equal(r.turn, TAIL_TURN_AWAITS_TOOL);
}

static void what_ends_a_turn_otherwise(void **state)
{
    (void)state;
    struct tail_result r = tail_of(START PROMPT TURN CALL ASK END ABORT);
    assert_int_equal(r.turn, TAIL_TURN_OVER);
    assert_true(r.turn_was_interrupted);
    assert_null(r.asks);
    r = tail_of(START PROMPT TURN END ERROR);
    assert_int_equal(r.turn, TAIL_TURN_OVER);
    assert_string_equal(r.api_error, "503 Overloaded");
    /* ended by a signal, in the middle of a turn */
    r = tail_of(START PROMPT TURN SHUTDOWN);
    assert_int_equal(r.turn, TAIL_TURN_AWAITS_REPLY);
    assert_true(r.ends_in_metadata);
}

static void a_subagents_records_are_not_its_own(void **state)
{
    (void)state;
    struct tail_result r =
        tail_of(START PROMPT TURN CALL RECORD("assistant.message",
                                              "\"messageId\":\"m3\",\"content\":\"found\","
                                              "\"toolRequests\":[],\"parentToolCallId\":\"c1\"",
                                              "08"));
    assert_int_equal(r.turn, TAIL_TURN_AWAITS_TOOL);
}

static void how_a_session_began(void **state)
{
    (void)state;
    struct head h;
    head_read(agent_copilot.reader, &arena, SV(START PROMPT), false, &h);
    assert_true(h.is_enough);
    assert_string_equal(h.prompt, "buy milk");
    assert_string_equal(h.session_id, ID);
    assert_string_equal(h.cwds[0], "/home/u/p");
    head_read(agent_copilot.reader, &arena,
              SV(START RECORD("user.message", "\"content\":\"x\",\"source\":\"skill-y\"", "01")),
              false, &h);
    assert_null(h.prompt);
}

static struct message message_of(const char *record)
{
    struct event e;
    struct message m;
    assert_int_equal(agent_copilot.reader->read_message(&arena, sv_of(record), &e, &m), 0);
    return m;
}

static void a_message_says_what_its_record_holds(void **state)
{
    (void)state;
    struct message m =
        message_of(RECORD("assistant.message",
                          "\"content\":\"let me\",\"reasoningText\":\"hm\","
                          "\"toolRequests\":[{\"toolCallId\":\"c1\",\"name\":\"bash\","
                          "\"arguments\":{\"command\":\"sleep 9\"}}]",
                          "03"));
    assert_int_equal(m.block_count, 3);
    assert_int_equal(m.blocks[0].kind, BLOCK_THINKING);
    assert_sv_equal(m.blocks[1].text, "let me");
    assert_int_equal(m.blocks[2].kind, BLOCK_CALL);
    assert_sv_equal(m.blocks[2].name, "bash");
    assert_sv_equal(m.blocks[2].argument, "sleep 9");
    m = message_of(DONE);
    assert_int_equal(m.block_count, 1);
    assert_true(m.blocks[0].is_error);
    assert_sv_equal(m.blocks[0].text, "no");
    assert_sv_equal(m.blocks[0].id, "c1");
    m = message_of(RECORD("user.message",
                          "\"content\":\"see\",\"attachments\":[{\"type\":\"file\","
                          "\"path\":\"/a.txt\"}]",
                          "01"));
    assert_int_equal(m.block_count, 2);
    assert_sv_equal(m.blocks[1].name, "/a.txt");
    assert_int_equal(message_of(TURN).block_count, 0);
}

static void what_is_no_record_is_refused_and_wrong_types_are_not_known(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "[]", "{\"type\":", "{}{}", "7"};
    static const char *const odd[] = {
        "{}",
        "{\"type\":7,\"data\":[],\"id\":{},\"timestamp\":1}",
        "{\"type\":\"assistant.message\",\"data\":{\"toolRequests\":{\"a\":1},\"content\":[]}}",
        "{\"type\":\"assistant.message\",\"data\":{\"toolRequests\":[1,null,{\"name\":2}]}}",
        "{\"type\":\"user.message\",\"data\":null}",
    };
    struct event e;
    struct message m;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(agent_copilot.reader->read(&arena, sv_of(bad[i]), &e), -EBADMSG);
        assert_int_equal(agent_copilot.reader->read_message(&arena, sv_of(bad[i]), &e, &m),
                         -EBADMSG);
    }
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        assert_int_equal(agent_copilot.reader->read_message(&arena, sv_of(odd[i]), &e, &m), 0);
}

static void its_records_are_known_from_others(void **state)
{
    (void)state;
    static const char *const others[] = {
        "{\"type\":\"user\",\"uuid\":\"u\",\"parentUuid\":null,\"timestamp\":\"t\"}",
        "{\"type\":\"event_msg\",\"payload\":{},\"timestamp\":\"t\"}",
        "{\"type\":\"a.b\",\"data\":{},\"id\":\"i\",\"timestamp\":\"t\"}", "{", "null"};
    assert_true(agent_copilot.reader->recognises(&arena, SV(START)));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(agent_copilot.reader->recognises(&arena, sv_of(others[i])));
}

/* ---- its store ---------------------------------------------------------------------------- */

static struct agent_store store_of(struct problems *problems)
{
    return (struct agent_store){.fd = open(scratch("s"), O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                                .path = scratch("s"),
                                .arena = &arena,
                                .problems = problems};
}

static void make_session(const char *id, const char *text)
{
    char name[128];
    snprintf(name, sizeof name, "s/session-state/%s/events.jsonl", id);
    scratch_put(name, text);
}

static void sessions_are_folders(void **state)
{
    (void)state;
    struct problems problems = {.arena = &arena};
    struct agent_transcript *all, one;
    size_t count;
    make_session(ID, START);
    make_session(OTHER, START);
    scratch_put("s/session-state/33333333-3333-4333-8333-333333333333/workspace.yaml", "");
    scratch_put("s/session-state/notes.txt", "");
    struct agent_store store = store_of(&problems);
    assert_int_equal(agent_copilot.stored->list_all(&store, &all, &count).state, LOOKUP_FOUND);
    assert_int_equal(count, 2);
    assert_int_equal(agent_copilot.stored->find(&store, OTHER, "/x", &one).state, LOOKUP_FOUND);
    assert_string_equal(one.path, "session-state/" OTHER "/events.jsonl");
    assert_int_equal(one.size_bytes, strlen(START));
    /* in which nothing was said yet */
    assert_int_equal(
        agent_copilot.stored->find(&store, "33333333-3333-4333-8333-333333333333", NULL, &one)
            .state,
        LOOKUP_ABSENT);
    assert_int_equal(problems.count, 0);
    close(store.fd);
}

static void what_is_no_file_is_named_and_not_absent(void **state)
{
    (void)state;
    struct problems problems = {.arena = &arena};
    struct agent_transcript *all;
    size_t count;
    make_session(ID, START);
    scratch_put("s/session-state/" OTHER "/workspace.yaml", "");
    assert_int_equal(mkfifo(scratch("s/session-state/" OTHER "/events.jsonl"), 0600), 0);
    struct agent_store store = store_of(&problems);
    assert_int_equal(agent_copilot.stored->list_all(&store, &all, &count).state, LOOKUP_UNKNOWN);
    assert_int_equal(count, 1);
    assert_int_equal(problems.count, 1);
    close(store.fd);
}

/* By a lock of this process's own, as the real /proc shows it. */
static void what_a_process_has_locked_is_its_own(void **state)
{
    (void)state;
    struct problems problems = {.arena = &arena};
    struct proc proc;
    struct agent_held *held;
    size_t count;
    make_session(ID, START);
    make_session(OTHER, START);
    scratch_put("s/session-state/" ID "/inuse.7.hold", "");
    scratch_put("s/session-state/" OTHER "/inuse.7.hold", "");
    scratch_put("s/session-state/" OTHER "/inuse.7.lock", "");
    scratch_put("other/session-state/33333333-3333-4333-8333-333333333333/inuse.7.hold", "");
    static const char *const locked[] = {
        "s/session-state/" ID "/inuse.7.hold", "s/session-state/" OTHER "/inuse.7.lock",
        "other/session-state/33333333-3333-4333-8333-333333333333/inuse.7.hold"};
    int fds[4];
    for (size_t i = 0; i < 3; i++) {
        fds[i] = open(scratch(locked[i]), O_RDWR | O_CLOEXEC);
        assert_int_equal(flock(fds[i], LOCK_EX), 0);
    }
    fds[3] = open(scratch("s/session-state/" OTHER "/inuse.7.hold"), O_RDWR | O_CLOEXEC);
    struct agent_store store = store_of(&problems);
    assert_int_equal(proc_open(&proc, "/proc", NULL), 0);
    struct lookup seen = agent_copilot.holding->held(&store, &proc, getpid(), &held, &count);
    assert_int_equal(seen.state, LOOKUP_FOUND);
    assert_int_equal(count, 1);
    assert_string_equal(held[0].session_id, ID);
    assert_int_equal(held[0].by, SR_MAPPED_BY_LOCK);
    /* it may have several, as a server has */
    assert_int_equal(flock(fds[3], LOCK_EX), 0);
    agent_copilot.holding->held(&store, &proc, getpid(), &held, &count);
    assert_int_equal(count, 2);
    for (size_t i = 0; i < 4; i++)
        close(fds[i]);
    agent_copilot.holding->held(&store, &proc, getpid(), &held, &count);
    assert_int_equal(count, 0);
    proc_close(&proc);
    close(store.fd);
}

static void where_its_model_is(void **state)
{
    (void)state;
    struct proc_strings none = {0},
                        own = WORDS("COPILOT_PROVIDER_BASE_URL=http://127.0.0.1:8391/v1",
                                    "HTTPS_PROXY=http://proxy:3128"),
                        behind = WORDS("HTTPS_PROXY=http://proxy:3128");
    struct agent_api api = agent_copilot.model->api(&(struct proc_strings){0}, &none, NULL);
    assert_int_equal(api.port, 443);
    assert_true(api.is_first_party);
    api = agent_copilot.model->api(&(struct proc_strings){0}, &own, NULL);
    assert_int_equal(api.port, 8391);
    assert_false(api.is_first_party);
    assert_int_equal(agent_copilot.model->api(&(struct proc_strings){0}, &behind, NULL).port, 3128);
}

static void a_tools_process_bears_its_sessions_id(void **state)
{
    (void)state;
    struct proc_strings argv = WORDS("sleep", "9"), none = WORDS("A=b"),
                        marked = WORDS("COPILOT_AGENT_SESSION_ID=" ID, "COPILOT_LOADER_PID=7");
    struct agent_child_look look = {.argv = &argv, .environment = &marked};
    assert_int_equal(agent_copilot.children->started_for(&look), AGENT_CHILD_TOOL);
    look.environment = &none;
    assert_int_equal(agent_copilot.children->started_for(&look), AGENT_CHILD_UNKNOWN);
    look.environment = NULL;
    assert_int_equal(agent_copilot.children->started_for(&look), AGENT_CHILD_UNKNOWN);
}

static void a_store_without_sessions_has_none(void **state)
{
    (void)state;
    struct problems problems = {.arena = &arena};
    struct agent_transcript *all;
    size_t count;
    scratch_put("s/config.json", "{}");
    struct agent_store store = store_of(&problems);
    assert_int_equal(agent_copilot.stored->list_all(&store, &all, &count).state, LOOKUP_ABSENT);
    assert_int_equal(count, 0);
    close(store.fd);
}

static void a_backup_holds_the_folder_and_nothing_of_the_process(void **state)
{
    (void)state;
    struct problems problems = {.arena = &arena};
    struct agent_files files;
    struct agent_transcript one;
    make_session(ID, START);
    make_session(OTHER, START);
    scratch_put("s/session-state/" ID "/files/deep/a.txt", "a");
    scratch_put("s/session-state/" ID "/inuse.7.lock", "7");
    scratch_put("s/session-state/" ID "/workspace.yaml", "id: x");
    scratch_put("s/session-store.db", "");
    assert_int_equal(symlink("/etc/passwd", scratch("s/session-state/" ID "/files/link")), 0);
    struct agent_store store = store_of(&problems);
    assert_int_equal(agent_copilot.stored->find(&store, ID, NULL, &one).state, LOOKUP_FOUND);
    agent_copilot.bundle->list_files(&store, &one, "/tmp", NULL, &files);
    assert_int_equal(files.count, 4);
    assert_int_equal(files.items[0].kind, AGENT_FILE_TRANSCRIPT);
    assert_int_equal(files.items[3].kind, AGENT_FILE_RECORD);
    assert_non_null(files.items[3].write_rows);
    assert_true(files.items[0].is_lines);
    size_t lost = 0;
    for (size_t i = 0; i < files.count; i++)
        assert_null(strstr(files.items[i].name, OTHER));
    for (size_t i = 0; i < files.left_out_count; i++)
        lost += files.left_out[i].is_lost;
    assert_int_equal(files.left_out_count, 2);
    assert_int_equal(lost, 1); /* the link */
    agent_files_release(&files);
    close(store.fd);
}

static void a_name_in_a_backup_follows_the_id(void **state)
{
    (void)state;
    assert_string_equal(
        agent_copilot.bundle->renamed(&arena, "session-state/" ID "/files/" ID, ID, OTHER, "x"),
        "session-state/" OTHER "/files/" ID);
    assert_string_equal(agent_copilot.bundle->renamed(&arena, "elsewhere/x", ID, OTHER, "x"),
                        "elsewhere/x");
}

static void a_path_is_cut_where_the_store_ends(void **state)
{
    (void)state;
    const char *store, *below;
    assert_true(agent_copilot.stored->split(&arena, "/h/.copilot/session-state/" ID "/events.jsonl",
                                            &store, &below));
    assert_string_equal(store, "/h/.copilot");
    assert_string_equal(below, "session-state/" ID "/events.jsonl");
    static const char *const others[] = {
        "/session-state/" ID "/events.jsonl", "/h/session-state/x/events.jsonl",
        "/h/sessions/" ID "/events.jsonl", "/h/session-state/" ID "/other.jsonl", ""};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(agent_copilot.stored->split(&arena, others[i], &store, &below));
    struct sv id;
    assert_true(agent_names_transcript("/h/.copilot/session-state/" ID "/events.jsonl", &id));
    assert_sv_equal(id, ID);
    assert_false(agent_names_transcript("/h/p/events.jsonl", &id));
}

static int tear_down(void **state)
{
    release(state);
    return scratch_teardown(state);
}

#define TEST(test) cmocka_unit_test_teardown(test, release)
#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_process_is_what_it_is),
        TEST(the_session_is_on_the_command_line),
        TEST(a_turn_is_over_after_a_reply_that_calls_nothing),
        TEST(a_call_is_open_until_its_result),
        TEST(what_ends_a_turn_otherwise),
        TEST(a_subagents_records_are_not_its_own),
        TEST(how_a_session_began),
        TEST(a_message_says_what_its_record_holds),
        TEST(what_is_no_record_is_refused_and_wrong_types_are_not_known),
        TEST(its_records_are_known_from_others),
        IN_SCRATCH(sessions_are_folders),
        IN_SCRATCH(what_is_no_file_is_named_and_not_absent),
        IN_SCRATCH(what_a_process_has_locked_is_its_own),
        TEST(where_its_model_is),
        TEST(a_tools_process_bears_its_sessions_id),
        IN_SCRATCH(a_store_without_sessions_has_none),
        IN_SCRATCH(a_backup_holds_the_folder_and_nothing_of_the_process),
        TEST(a_name_in_a_backup_follows_the_id),
        TEST(a_path_is_cut_where_the_store_ends),
    };
    return cmocka_run_group_tests_name("copilot", tests, NULL, NULL);
}
