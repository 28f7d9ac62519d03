/* Qwen Code: its processes, its records, its registry, and its files. */
#include "scratch.h"

#include "agents/qwen/qwen.h"
#include "conversation/message.h"
#include "conversation/tail.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORDS(...)                                                      \
    {                                                                   \
        (const char *const[]){__VA_ARGS__},                             \
            sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *) \
    }
#define NODE "/usr/bin/node"
#define CLI "/usr/lib/node_modules/@qwen-code/qwen-code/cli.js"
#define LINK "/usr/local/bin/qwen"
#define ID "11111111-2222-4333-8444-555555555555"
#define OTHER "99999999-2222-4333-8444-555555555555"
#define BOOT "3e1306ac-4548-447e-98d6-ab09f8d21b44"

static struct arena arena;
static struct problems problems;

static int setup(void **state)
{
    arena = (struct arena){0};
    problems = (struct problems){.arena = &arena};
    return scratch_setup(state);
}

static int teardown(void **state)
{
    arena_release(&arena);
    return scratch_teardown(state);
}

/* ---- processes ---------------------------------------------------------------------------- */

#define WORKER WORDS("QWEN_CODE_NO_RELAUNCH=true", "QWEN_CODE_LAUNCHER_PID=7")
#define INNER WORDS("QWEN_CODE_LAUNCHER_PID=7")
#define PLAIN WORDS("HOME=/home/u")
#define OLD_WORKER WORDS("QWEN_CODE_NO_RELAUNCH=true")

static const struct process {
    struct proc_strings argv, environment;
    enum fact is_program;
    enum agent_role role;
} processes[] = {
    /* the three that an interactive one is */
    {WORDS("node", LINK), PLAIN, FACT_YES, AGENT_HELPER},
    {WORDS(NODE, "--expose-gc", CLI), INNER, FACT_UNKNOWN, AGENT_HELPER},
    {WORDS(NODE, "--expose-gc", CLI), WORKER, FACT_UNKNOWN, AGENT_SESSION},
    /* 0.15.10: two, and no launcher */
    {WORDS("node", LINK), OLD_WORKER, FACT_YES, AGENT_SESSION},
    /* a launcher that a tool of another client has run */
    {WORDS("node", LINK, "-p", "hi"), WORKER, FACT_YES, AGENT_HELPER},
    {WORDS(NODE, CLI, "-p", "mcp"), WORKER, FACT_UNKNOWN, AGENT_SESSION},
    {WORDS(NODE, CLI, "what is mcp"), WORKER, FACT_UNKNOWN, AGENT_SESSION},
    {WORDS(NODE, CLI, "serve", "--port", "1"), WORKER, FACT_UNKNOWN, AGENT_SERVER},
    {WORDS(NODE, CLI, "mcp", "list"), WORKER, FACT_UNKNOWN, AGENT_HELPER},
    {WORDS(NODE, CLI, "--version"), WORKER, FACT_UNKNOWN, AGENT_HELPER},
    {WORDS(NODE, "/x/@qwen-code/qwen-code/execution-worker.js"), WORKER, FACT_UNKNOWN,
     AGENT_HELPER},
    /* programs of others */
    {WORDS("node", "/home/u/bin/qwen"), OLD_WORKER, FACT_NO, AGENT_NAMESAKE},
    {WORDS("node", "/home/u/qwen.js"), OLD_WORKER, FACT_UNKNOWN, AGENT_NO},
    {WORDS("node"), OLD_WORKER, FACT_UNKNOWN, AGENT_NO},
    {WORDS("node", "/home/u/p/cli.js"), OLD_WORKER, FACT_UNKNOWN, AGENT_NO},
};

static void each_process_is_what_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof processes / sizeof *processes; i++) {
        const struct process *p = &processes[i];
        struct agent_look look = {NODE, "node", &p->argv, &p->environment, p->is_program};
        enum agent_role role = agent_qwen.process->role(&look);
        if (role != p->role)
            fail_msg("row %zu: role %d", i, (int)role);
    }
    /* an environment that may not be read hides no session */
    struct proc_strings argv = WORDS(NODE, CLI), link = WORDS("node", LINK);
    struct agent_look look = {NODE, "node", &argv, NULL, FACT_UNKNOWN};
    assert_int_equal(agent_qwen.process->role(&look), AGENT_SESSION);
    look = (struct agent_look){NODE, "node", &link, NULL, FACT_YES};
    assert_int_equal(agent_qwen.process->role(&look), AGENT_HELPER);
    look = (struct agent_look){"/usr/bin/vim", "vim", &argv, NULL, FACT_UNKNOWN};
    assert_int_equal(agent_qwen.process->role(&look), AGENT_NO);
}

static void the_session_is_read_from_the_command_line(void **state)
{
    (void)state;
    struct proc_strings resumed[] = {WORDS(NODE, CLI, "--resume", ID), WORDS(NODE, CLI, "-r", ID),
                                     WORDS(NODE, CLI, "--resume=" ID),
                                     WORDS(NODE, CLI, "--session-id", ID, "-p", "hi")};
    struct proc_strings none[] = {WORDS(NODE, CLI), WORDS(NODE, CLI, "--resume"),
                                  WORDS(NODE, CLI, "--resume", ID, "--fork-session"),
                                  WORDS(NODE, CLI, "--", "--resume", ID)};
    struct sv id;
    for (size_t i = 0; i < sizeof resumed / sizeof *resumed; i++) {
        assert_true(agent_qwen.process->session_in_argv(&resumed[i], &id));
        assert_sv_equal(id, ID);
    }
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_false(agent_qwen.process->session_in_argv(&none[i], &id));
}

static void the_place_is_told_by_the_environment(void **state)
{
    (void)state;
    struct proc_strings plain = WORDS("HOME=/home/u"), home = WORDS("HOME=/u", "QWEN_HOME=/q");
    struct proc_strings both = WORDS("QWEN_RUNTIME_DIR=/r", "QWEN_HOME=/q");
    bool is_default;
    assert_string_equal(agent_qwen.home->config_dir(&arena, &plain, "/x", &is_default),
                        "/home/u/.qwen");
    assert_true(is_default);
    assert_string_equal(agent_qwen.home->config_dir(&arena, &home, "/x", &is_default), "/q");
    assert_false(is_default);
    assert_string_equal(agent_qwen.home->config_dir(&arena, &both, "/x", &is_default), "/r");
}

static void a_command_of_the_models_is_told_by_its_marks(void **state)
{
    (void)state;
    struct proc_strings client = WORDS("HOME=/u"), inside = WORDS("QWEN_CODE=1");
    struct proc_strings tool =
        WORDS("QWEN_CODE=1", "QWEN_CODE_SESSION_ID=" ID, "QWEN_CODE_PROMPT_ID=" ID "########0");
    struct proc_strings server = WORDS("QWEN_CODE=1", "QWEN_CODE_SESSION_ID=" ID);
    struct proc_strings old_tool = WORDS("QWEN_CODE=1", "PAGER=cat"), plain = WORDS("PAGER=cat");
    const struct {
        struct agent_child_look look;
        enum agent_child child;
    } all[] = {
        {{NULL, &tool, &client, false}, AGENT_CHILD_TOOL},
        {{NULL, &tool, &client, true}, AGENT_CHILD_UNKNOWN},
        {{NULL, &server, &client, false}, AGENT_CHILD_UNKNOWN},
        {{NULL, &old_tool, &client, false}, AGENT_CHILD_TOOL},
        {{NULL, &old_tool, &inside, false}, AGENT_CHILD_UNKNOWN}, /* a client that a tool runs */
        {{NULL, &plain, &client, false}, AGENT_CHILD_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (agent_qwen.children->started_for(&all[i].look) != all[i].child)
            fail_msg("row %zu", i);
}

/* ---- records ------------------------------------------------------------------------------ */

#define HEAD(type, provenance)                                       \
    "{\"uuid\":\"u1\",\"parentUuid\":\"u0\",\"sessionId\":\"" ID     \
    "\",\"timestamp\":\"2026-02-02T02:40:01.500Z\",\"type\":\"" type \
    "\",\"provenance\":\"" provenance "\",\"cwd\":\"/home/u/p\",\"version\":\"0.24.4\","
#define PARTS(parts) "\"message\":{\"role\":\"x\",\"parts\":[" parts "]}"
#define CALL                                                                                 \
    "{\"functionCall\":{\"id\":\"c1\",\"name\":\"run_shell_command\",\"args\":{\"command\":" \
    "\"ls\"}}}"
#define RESULT(what)                                                                               \
    "{\"functionResponse\":{\"id\":\"c1\",\"name\":\"run_shell_command\",\"response\":{" what "}}" \
    "}"
#define SYSTEM(subtype, payload) \
    HEAD("system", "system") "\"subtype\":\"" subtype "\",\"systemPayload\":{" payload "}}"

static const struct record {
    const char *text;
    enum event_kind kind;
    bool expects_reply, ends_turn, is_human;
} records[] = {
    {HEAD("user", "real_user") PARTS("{\"text\":\"buy milk\"}") "}", EVENT_PROMPT, true, false,
     true},
    {HEAD("user", "notification") PARTS("{\"text\":\"a job ended\"}") "}", EVENT_PROMPT, true,
     false, false},
    {HEAD("assistant", "assistant_output") PARTS("{\"text\":\"hm\",\"thought\":true},{\"text\":"
                                                 "\"ok\"}") ",\"model\":\"m\",\"usageMetadata\":{"
                                                            "\"totalTokenCount\":160}}",
     EVENT_ASSISTANT_TEXT, false, true, false},
    {HEAD("assistant", "assistant_output") PARTS("{\"text\":\"I look\"}," CALL) "}", EVENT_TOOL_USE,
     false, false, false},
    {HEAD("tool_result", "tool_result") PARTS(RESULT(
         "\"output\":\"a\"")) ",\"toolCallResult\":{\"callId\":\"c1\",\"status\":\"success\"}}",
     EVENT_TOOL_RESULT, true, false, false},
    {HEAD("tool_result", "tool_result") PARTS(RESULT(
         "\"error\":\"no\"")) ",\"toolCallResult\":{\"callId\":\"c1\",\"status\":\"cancelled\"}}",
     EVENT_TOOL_RESULT, false, true, false},
    {SYSTEM("ui_telemetry",
            "\"uiEvent\":{\"event.name\":\"qwen-code.api_error\",\"error_message\":\"503\"}"),
     EVENT_API_RETRY, false, false, false},
    {SYSTEM("ui_telemetry", "\"uiEvent\":{\"event.name\":\"qwen-code.api_response\"}"),
     EVENT_METADATA, false, false, false},
    {SYSTEM("chat_compression", ""), EVENT_COMPACT_BOUNDARY, false, false, false},
    {SYSTEM("custom_title", "\"customTitle\":\"Milk\""), EVENT_TITLE, false, false, false},
    {SYSTEM("attribution_snapshot", ""), EVENT_METADATA, false, false, false},
    {"{\"uuid\":7,\"type\":[],\"message\":{\"parts\":{\"text\":1}}}", EVENT_OTHER, false, false,
     false},
    {"{\"type\":\"user\",\"message\":null}", EVENT_PROMPT, true, false, true},
};

static void each_record_says_what_it_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        const struct record *r = &records[i];
        struct event e, again;
        struct message m;
        assert_int_equal(event_qwen.read(&arena, sv_of(r->text), &e), 0);
        assert_int_equal(event_qwen.read_message(&arena, sv_of(r->text), &again, &m), 0);
        if (e.kind != r->kind || again.kind != r->kind || e.expects_reply != r->expects_reply ||
            e.ends_turn != r->ends_turn || e.is_human != r->is_human)
            fail_msg("row %zu: kind %d", i, (int)e.kind);
    }
    struct event e;
    assert_int_equal(event_qwen.read(&arena, SV("[]"), &e), -EBADMSG);
    assert_int_equal(event_qwen.read(&arena, SV("{\"uuid\":"), &e), -EBADMSG);
}

static void a_record_tells_of_its_session(void **state)
{
    (void)state;
    struct event e;
    struct message m;
    assert_int_equal(event_qwen.read(&arena, sv_of(records[0].text), &e), 0);
    assert_sv_equal(e.session_id, ID);
    assert_sv_equal(e.cwd, "/home/u/p");
    assert_sv_equal(e.version, "0.24.4");
    assert_sv_equal(e.text, "buy milk");
    assert_int_equal(e.at.ms, 1770000001500);
    assert_int_equal(event_qwen.read(&arena, sv_of(records[2].text), &e), 0);
    assert_int_equal(e.context_tokens, 160);
    assert_int_equal(event_qwen.read_message(&arena, sv_of(records[3].text), &e, &m), 0);
    assert_int_equal(m.block_count, 2);
    assert_int_equal(m.blocks[1].kind, BLOCK_CALL);
    assert_sv_equal(m.blocks[1].argument, "ls");
    assert_int_equal(event_qwen.read_message(&arena, sv_of(records[5].text), &e, &m), 0);
    assert_int_equal(m.blocks[0].kind, BLOCK_RESULT);
    assert_true(m.blocks[0].is_error);
    assert_sv_equal(m.blocks[0].text, "no");
}

/* ---- the registry ------------------------------------------------------------------------- */

#define REGISTRATION(pid, start)                                                             \
    "{\"schemaVersion\":1,\"pid\":" pid ",\"procStart\":\"" start "\",\"pidNs\":4026531836," \
    "\"sessionId\":\"" ID "\",\"cwd\":\"/home/u/p\",\"startedAt\":1795342344784,"            \
    "\"qwenVersion\":\"0.24.4\",\"kind\":\"tui\",\"ipcToken\":\"SECRET\"}"

static void a_registration_is_read_and_its_token_is_not(void **state)
{
    (void)state;
    struct agent_registration r = {0};
    bool is_of_now;
    assert_null(qwen_parse_registration(&arena, SV(REGISTRATION("10418", BOOT ":234639")), BOOT, &r,
                                        &is_of_now));
    assert_true(is_of_now);
    assert_int_equal(r.pid, 10418);
    assert_int_equal(r.start_ticks, 234639);
    assert_string_equal(r.session_id, ID);
    assert_string_equal(r.cwd, "/home/u/p");
    assert_string_equal(r.version, "0.24.4");
    assert_string_equal(r.pid_namespace, "pid:[4026531836]");
    assert_null(qwen_parse_registration(&arena, SV(REGISTRATION("10418", BOOT ":234639")),
                                        "00000000-4548-447e-98d6-ab09f8d21b44", &r, &is_of_now));
    assert_false(is_of_now);
    assert_null(qwen_parse_registration(&arena, SV(REGISTRATION("10418", BOOT ":234639")), NULL, &r,
                                        &is_of_now));
    assert_true(is_of_now);
}

static void another_agents_registration_is_none_and_nothing_wrong(void **state)
{
    (void)state;
    static const char *const others[] = {
        "{\"pid\":1,\"sessionId\":\"" ID "\",\"procStart\":\"4711\"}",
        "{\"pid\":1,\"sessionId\":\"" ID "\",\"version\":\"2.1.85\"}",
        "{\"pid\":1,\"sessionId\":\"" ID "\",\"entrypoint\":\"cli\"}",
    };
    struct agent_registration r;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        bool is_of_now = true;
        assert_null(qwen_parse_registration(&arena, sv_of(others[i]), BOOT, &r, &is_of_now));
        assert_false(is_of_now);
    }
}

static void a_registration_that_says_too_little_is_none(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wrong;
    } bad[] = {
        {"", "empty"},
        {"{\"pid\":1", "not valid JSON"},
        {"[]", "names no pid"},
        {"{\"pid\":-1}", "names no pid"},
        {"{\"pid\":1,\"sessionId\":\"x\"}", "names no session"},
        {"{\"pid\":1,\"sessionId\":\"" ID "\"}", "does not say when its process was started"},
        {REGISTRATION("1", "234639"), "does not say when its process was started"},
        {REGISTRATION("1", BOOT ":"), "does not say when its process was started"},
        {REGISTRATION("1", BOOT ":-5"), "does not say when its process was started"},
    };
    struct agent_registration r;
    bool is_of_now;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_string_equal(
            qwen_parse_registration(&arena, sv_of(bad[i].text), BOOT, &r, &is_of_now),
            bad[i].wrong);
}

/* ---- files -------------------------------------------------------------------------------- */

static void the_folder_is_that_of_the_directory(void **state)
{
    (void)state;
    assert_string_equal(qwen_project_folder(&arena, "/home/u/p q_1"),
                        "projects/-home-u-p-q-1/chats");
    /* a unit of UTF-16 each: U+00E9 is one, U+1F600 two */
    assert_string_equal(qwen_project_folder(&arena, "/\xc3\xa9/\xf0\x9f\x98\x80"),
                        "projects/-----/chats");
}

static void a_path_is_cut_where_the_store_ends(void **state)
{
    (void)state;
    const char *store, *below;
    assert_true(qwen_split_transcript(&arena, "/q/projects/-p/chats/" ID ".jsonl", &store, &below));
    assert_string_equal(store, "/q");
    assert_string_equal(below, "projects/-p/chats/" ID ".jsonl");
    assert_true(
        qwen_split_transcript(&arena, "/q/projects/-p/chats/archive/" ID ".jsonl", &store, &below));
    assert_string_equal(below, "projects/-p/chats/archive/" ID ".jsonl");
    /* one of another agent's layout is not this one's */
    assert_false(qwen_split_transcript(&arena, "/q/projects/-p/" ID ".jsonl", &store, &below));
    assert_false(qwen_split_transcript(&arena, "/q/projects/-p/chats/x.jsonl", &store, &below));
    assert_false(qwen_split_transcript(&arena, "projects", &store, &below));
}

static struct agent_store open_store(void)
{
    return (struct agent_store){.fd = open(scratch("q"), O_RDONLY | O_DIRECTORY),
                                .path = scratch("q"),
                                .arena = &arena,
                                .problems = &problems};
}

static bool holds(const struct agent_files *files, const char *name, enum agent_file_kind kind)
{
    for (size_t i = 0; i < files->count; i++)
        if (strcmp(files->items[i].name, name) == 0)
            return files->items[i].kind == kind;
    return false;
}

/* With a session beside it, of whose bytes none is its own. */
static void a_backup_holds_the_sessions_files_and_no_others(void **state)
{
    (void)state;
    static const char *const mine[] = {
        "q/projects/-p/chats/" ID ".pr.json", "q/projects/-p/subagents/" ID "/agent-1.jsonl",
        "q/file-history/" ID "/a@v1", "q/plans/" ID ".md", "q/plans/" ID "-agent.md"};
    static const char *const others[] = {"q/projects/-p/chats/" OTHER ".jsonl",
                                         "q/projects/-p/subagents/" OTHER "/agent-1.jsonl",
                                         "q/file-history/" OTHER "/a@v1",
                                         "q/projects/-o/chats/" OTHER ".jsonl",
                                         "q/sessions/1.json",
                                         "q/oauth_creds.json"};
    scratch_put("q/projects/-p/chats/" ID ".jsonl", "{}\n");
    scratch_put("q/projects/-p/chats/" ID ".runtime.json", "{}");
    for (size_t i = 0; i < sizeof mine / sizeof *mine; i++)
        scratch_put(mine[i], "mine");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        scratch_put(others[i], "SECRET");
    struct agent_store store = open_store();
    struct agent_transcript t = {0};
    struct agent_listings listings = {0};
    struct agent_files files;
    assert_int_equal(qwen_find_transcript(&store, ID, NULL, &t).state, LOOKUP_FOUND);
    qwen_list_files(&store, &t, "/tmp", &listings, &files);
    assert_int_equal(files.count, 2 + sizeof mine / sizeof *mine);
    assert_string_equal(files.items[0].name, "projects/-p/chats/" ID ".jsonl");
    assert_int_equal(files.items[0].kind, AGENT_FILE_TRANSCRIPT);
    assert_true(holds(&files, "projects/-p/chats/" ID ".runtime.json", AGENT_FILE_RECORD));
    for (size_t i = 0; i < sizeof mine / sizeof *mine; i++)
        assert_true(holds(&files, mine[i] + 2, AGENT_FILE_OWN));
    assert_int_equal(files.left_out_count, 0);
    agent_files_release(&files);
    agent_listings_release(&listings);
    close(store.fd);
}

/* Listed, and not looked at: root has no right to it either, under another's id for files. */
static void what_a_backup_cannot_look_at_is_said_to_be_lost(void **state)
{
    (void)state;
    scratch_put("q/projects/-p/chats/" ID ".jsonl", "{}\n");
    scratch_put("q/file-history/" ID, "was");
    struct agent_store store = open_store();
    struct agent_transcript t = {.session_id = ID, .path = "projects/-p/chats/" ID ".jsonl"};
    struct agent_listings listings = {0};
    struct agent_files files;
    assert_int_equal(fchmodat(store.fd, "file-history", 0444, 0), 0);
    setfsuid(65534);
    qwen_list_files(&store, &t, "/tmp", &listings, &files);
    setfsuid(geteuid());
    assert_int_equal(fchmodat(store.fd, "file-history", 0755, 0), 0);
    assert_int_equal(files.count, 1);
    assert_int_equal(files.left_out_count, 1);
    assert_true(files.left_out[0].is_lost);
    agent_files_release(&files);
    agent_listings_release(&listings);
    close(store.fd);
}

static void a_file_goes_back_under_its_new_name(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"projects/-p/chats/" ID ".jsonl", "projects/-n/chats/" OTHER ".jsonl"},
        {"projects/-p/subagents/" ID "/agent-1.jsonl",
         "projects/-n/subagents/" OTHER "/agent-1.jsonl"},
        {"file-history/" ID "/a@v1", "file-history/" OTHER "/a@v1"},
        {"plans/" ID "-x.md", "plans/" OTHER "-x.md"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(qwen_renamed(&arena, rows[i][0], ID, OTHER, "projects/-n/chats"),
                            rows[i][1]);
    assert_string_equal(qwen_renamed(&arena, "projects/-p/chats/archive/" ID ".jsonl", ID, ID,
                                     "projects/-p/chats/archive"),
                        "projects/-p/chats/archive/" ID ".jsonl");
    assert_string_equal(qwen_renamed(&arena, "projects/-p/subagents/" ID "/a.jsonl", ID, ID,
                                     "projects/-p/chats/archive"),
                        "projects/-p/subagents/" ID "/a.jsonl");
}

static void what_cannot_be_read_is_not_absent(void **state)
{
    (void)state;
    struct agent_registration *entries;
    struct agent_transcript *all;
    size_t count;
    scratch_put("q/x", "");
    struct agent_store store = open_store();
    assert_int_equal(qwen_list_all(&store, &all, &count).state, LOOKUP_ABSENT);
    assert_int_equal(qwen_read_registry(&store, &entries, &count).state, LOOKUP_ABSENT);
    assert_int_equal(symlinkat("projects", store.fd, "projects"), 0);
    assert_int_equal(qwen_list_all(&store, &all, &count).state, LOOKUP_UNKNOWN);
    scratch_put("q/sessions/12.json", "{");
    scratch_put("q/sessions/13.json", REGISTRATION("14", BOOT ":5"));
    scratch_put("q/sessions/notes.json", "{");
    assert_int_equal(qwen_read_registry(&store, &entries, &count).state, LOOKUP_UNKNOWN);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(entries[i].code, -EBADMSG);
    assert_true(problems.count >= 2);

    const char *const variables[] = {"OPENAI_BASE_URL=http://h:81/v1"};
    const struct proc_strings environment = {variables, 1};
    assert_int_equal(agent_qwen.model->api(&(struct proc_strings){0}, &environment, &store).port,
                     81);
    assert_int_equal(symlinkat("settings.json", store.fd, "settings.json"), 0);
    assert_int_equal(agent_qwen.model->api(&(struct proc_strings){0}, &environment, &store).port,
                     0);
    close(store.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_process_is_what_it_is, setup, teardown),
        cmocka_unit_test_setup_teardown(the_session_is_read_from_the_command_line, setup, teardown),
        cmocka_unit_test_setup_teardown(a_command_of_the_models_is_told_by_its_marks, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_place_is_told_by_the_environment, setup, teardown),
        cmocka_unit_test_setup_teardown(each_record_says_what_it_says, setup, teardown),
        cmocka_unit_test_setup_teardown(a_record_tells_of_its_session, setup, teardown),
        cmocka_unit_test_setup_teardown(a_registration_is_read_and_its_token_is_not, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(another_agents_registration_is_none_and_nothing_wrong,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_registration_that_says_too_little_is_none, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_folder_is_that_of_the_directory, setup, teardown),
        cmocka_unit_test_setup_teardown(a_path_is_cut_where_the_store_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(a_backup_holds_the_sessions_files_and_no_others, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_a_backup_cannot_look_at_is_said_to_be_lost, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_file_goes_back_under_its_new_name, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_is_not_absent, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
