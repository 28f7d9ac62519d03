/* Kimi Code: its processes, where it keeps sessions, and what its records say. */
#include "scratch.h"

#include "agents/agent.h"
#include "agents/kimi/kimi.h"
#include "conversation/head.h"
#include "conversation/message.h"
#include "conversation/tail.h"

#include <errno.h>
#include <stdlib.h>

#define ID "session_0a1b2c3d-0000-4000-8000-000000000001"
#define NODE "/usr/bin/node"
#define WORDS(...)                                                      \
    {                                                                   \
        (const char *const[]){__VA_ARGS__},                             \
            sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *) \
    }

/* ---- processes ---------------------------------------------------------------------------- */

static const struct process {
    const char *exe, *name;
    struct proc_strings argv;
    enum agent_role role;
} processes[] = {
    {NODE, "kimi-code", WORDS("kimi-code", "", "", ""), AGENT_SESSION},
    {"/home/u/.local/bin/kimi", "kimi-code", WORDS("kimi-code", ""), AGENT_SESSION},
    {NODE, "kimi-code", {NULL, 0}, AGENT_SESSION}, /* its command line cannot be read */
    {NULL, "kimi-code", {NULL, 0}, AGENT_SESSION},
    /* called so by a link or a copy of node */
    {NODE, "kimi-code", WORDS("kimi-code", "/srv/app.js"), AGENT_NAMESAKE},
    {NODE, "kimi-code", WORDS("kimi-code"), AGENT_NAMESAKE},
    {NODE, "node", WORDS("node", "/usr/bin/kimi"), AGENT_NO},
    {NODE, "MainThread", WORDS("kimi-code", ""), AGENT_NO},
    {"/usr/bin/sleep", "kimi-code", WORDS("kimi-code", ""), AGENT_NO},
};

static void each_process_is_what_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof processes / sizeof *processes; i++) {
        const struct process *p = &processes[i];
        struct agent_look look = {p->exe, p->name, &p->argv, NULL, FACT_UNKNOWN};
        enum agent_role role = agent_kimi.process->role(&look);
        if (role != p->role)
            fail_msg("row %zu: role %d", i, (int)role);
    }
}

static void a_command_of_the_models_is_told_by_its_terminal(void **state)
{
    (void)state;
    const struct proc_strings tool = WORDS("TERM=dumb", "NO_COLOR=1", "HOME=/home/u");
    const struct proc_strings user = WORDS("TERM=xterm", "HOME=/home/u");
    const struct {
        struct agent_child_look look;
        enum agent_child child;
    } all[] = {
        {{NULL, &tool, &user, false}, AGENT_CHILD_TOOL},
        {{NULL, &tool, &user, true}, AGENT_CHILD_UNKNOWN},
        {{NULL, &user, &user, false}, AGENT_CHILD_UNKNOWN},
        {{NULL, NULL, &user, false}, AGENT_CHILD_UNKNOWN},
        /* the client itself has no other */
        {{NULL, &tool, &tool, false}, AGENT_CHILD_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_int_equal(agent_kimi.children->started_for(&all[i].look), all[i].child);
}

/* ---- places ------------------------------------------------------------------------------- */

static void a_directory_has_its_folder(void **state)
{
    (void)state;
    static const struct {
        const char *cwd, *folder;
    } all[] = {
        {"/home/u/p", "sessions/wd_p_60ad706fe533"},
        {"/home/u/My Project (1)", "sessions/wd_my-project-1_"},
        {"/home/u/--x--", "sessions/wd_x_"},
        {"/home/u/\xc3\xa4\xc3\xb6", "sessions/wd_workspace_"},
        {"/home/u/a..b__c", "sessions/wd_a..b__c_"},
        {"/", "sessions/wd_workspace_"},
        {"/x/0123456789012345678901234567890123456789-tail",
         "sessions/wd_0123456789012345678901234567890123456789_"},
    };
    struct arena a = {0};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const char *folder = kimi_project_folder(&a, all[i].cwd);
        if (!str_starts_with(folder, all[i].folder))
            fail_msg("%s: %s", all[i].cwd, folder);
        assert_int_equal(strlen(strrchr(folder, '_')), 13);
    }
    assert_string_equal(kimi_project_folder(&a, "/home/u/p/"),
                        kimi_project_folder(&a, "/home/u/p"));
    arena_release(&a);
}

static void ids_are_told_from_others(void **state)
{
    (void)state;
    static const char *const none[] = {"session_", "session_0a1b2c3d-0000-4000-8000-00000000000",
                                       "0a1b2c3d-0000-4000-8000-000000000001", ""};
    assert_true(kimi_is_id(SV(ID)));
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_false(kimi_is_id(sv_of(none[i])));
    assert_true(kimi_begins_id("session_0a1b"));
    assert_false(kimi_begins_id("session_"));
    assert_false(kimi_begins_id("session_files"));
    assert_false(kimi_begins_id("0a1b2c3d"));
}

static void a_path_is_cut_where_the_store_ends(void **state)
{
    (void)state;
    struct arena a = {0};
    const char *store, *below;
    struct sv id;
    const char *path =
        "/home/u/.kimi-code/sessions/wd_p_0123456789ab/" ID "/agents/main/wire.jsonl";
    assert_true(kimi_split(&a, path, &store, &below));
    assert_string_equal(store, "/home/u/.kimi-code");
    assert_string_equal(below, "sessions/wd_p_0123456789ab/" ID "/agents/main/wire.jsonl");
    assert_true(agent_names_transcript(path, &id));
    assert_sv_equal(id, ID);
    assert_false(kimi_split(&a, "/home/u/wire.jsonl", &store, &below));
    assert_false(kimi_split(&a, "/agents/main/wire.jsonl", &store, &below));
    assert_false(kimi_split(&a, "", &store, &below));
    assert_string_equal(kimi_renamed(&a, "sessions/wd_p_0123456789ab/" ID "/state.json", ID,
                                     "session_new", "sessions/wd_q_1"),
                        "sessions/wd_q_1/session_new/state.json");
    arena_release(&a);
}

/* ---- records ------------------------------------------------------------------------------ */

#define STEP(rest) "{\"type\":\"context.append_loop_event\",\"agentId\":\"main\",\"event\":{" rest
#define PROMPT                                                                                    \
    "{\"type\":\"turn.prompt\",\"agentId\":\"main\",\"input\":[{\"type\":\"text\",\"text\":"      \
    "\"buy milk\"}],\"origin\":{\"kind\":\"user\"},\"promptId\":\"msg_1\",\"turnId\":0,\"time\":" \
    "2000}"
#define BIND                                                                        \
    "{\"type\":\"profile.bind\",\"agentId\":\"main\",\"systemPrompt\":\"You are\"," \
    "\"environmentDisclosure\":{\"cwd\":\"/home/u/p\"},\"time\":1002}"
#define BEGIN \
    STEP("\"type\":\"step.begin\",\"uuid\":\"s1\",\"turnId\":\"0\",\"step\":1},\"time\":2010}")
#define TEXT                                                                        \
    STEP("\"type\":\"content.part\",\"uuid\":\"p1\",\"stepUuid\":\"s1\",\"part\":{" \
         "\"type\":\"text\",\"text\":\"done\"}},\"time\":3000}")
#define CALL                                                                                    \
    STEP("\"type\":\"tool.call\",\"uuid\":\"c\",\"stepUuid\":\"s1\",\"toolCallId\":\"call_1\"," \
         "\"name\":\"Bash\",\"args\":{\"command\":\"ls -l\"}},\"time\":3100}")
#define RESULT                                                                      \
    STEP("\"type\":\"tool.result\",\"parentUuid\":\"c\",\"toolCallId\":\"call_1\"," \
         "\"result\":{\"output\":\"total 0\",\"isError\":true}},\"time\":3200}")
#define STEP_END(reason)                                                                    \
    STEP("\"type\":\"step.end\",\"uuid\":\"s1\",\"finishReason\":\"" reason "\",\"usage\":" \
         "{\"inputOther\":100,\"output\":10,\"inputCacheRead\":5}},\"time\":3300}")
#define ENDED(rest) \
    "{\"type\":\"turn.ended\",\"agentId\":\"main\",\"turnId\":0," rest ",\"time\":3400}"
#define RETRYING                                                                                  \
    "{\"type\":\"turn.step.retrying\",\"agentId\":\"main\",\"nextAttempt\":2,\"maxAttempts\":10," \
    "\"delayMs\":577.6,\"errorMessage\":\"500 no\",\"time\":2100}"
#define ASK                                                                                  \
    "{\"type\":\"interaction.request\",\"agentId\":\"main\",\"id\":\"approval_1\",\"kind\":" \
    "\"approval\",\"toolCallId\":\"call_1\",\"request\":{},\"time\":3050}"
#define ANSWER \
    "{\"type\":\"interaction.resolved\",\"agentId\":\"main\",\"id\":\"approval_1\",\"time\":3060}"

static struct event read_one(struct arena *a, const char *line)
{
    struct event e;
    assert_int_equal(event_kimi.read(a, sv_of(line), &e), 0);
    return e;
}

static void each_record_is_what_it_says(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum event_kind kind;
    } all[] = {
        {"{\"type\":\"metadata\",\"protocol_version\":\"1.5\",\"created_at\":1000}",
         EVENT_METADATA},
        {BIND, EVENT_METADATA},
        {PROMPT, EVENT_PROMPT},
        {BEGIN, EVENT_NOTE},
        {TEXT, EVENT_ASSISTANT_TEXT},
        {CALL, EVENT_TOOL_USE},
        {RESULT, EVENT_TOOL_RESULT},
        {STEP_END("end_turn"), EVENT_ASSISTANT_TEXT},
        {STEP_END("tool_use"), EVENT_METADATA},
        {STEP_END("error"), EVENT_METADATA},
        {ENDED("\"reason\":\"completed\""), EVENT_TURN_OVER},
        {ENDED("\"reason\":\"cancelled\""), EVENT_INTERRUPTED},
        {ENDED("\"reason\":\"failed\",\"error\":{\"message\":\"400 no\"}"), EVENT_API_ERROR},
        {RETRYING, EVENT_API_RETRY},
        {ASK, EVENT_ASK},
        {ANSWER, EVENT_ANSWERED},
        {"{\"turnId\":0,\"outcome\":\"done\",\"type\":\"agent.turn.ended\",\"time\":3,\"kind\":"
         "\"event\"}",
         EVENT_METADATA},
        {"{\"type\":\"never.seen\",\"time\":\"no number\"}", EVENT_METADATA},
        {"{}", EVENT_METADATA},
    };
    struct arena a = {0};
    struct event e;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (read_one(&a, all[i].line).kind != all[i].kind)
            fail_msg("%s", all[i].line);
    assert_int_equal(event_kimi.read(&a, SV("[1]"), &e), -EBADMSG);
    assert_int_equal(event_kimi.read(&a, SV("{\"type\":"), &e), -EBADMSG);
    e = read_one(&a, ENDED("\"reason\":\"failed\",\"error\":{\"message\":\"400 no\"}"));
    assert_sv_equal(e.text, "400 no");
    e = read_one(&a, RETRYING);
    assert_int_equal(e.retry_attempt, 2);
    assert_int_equal(e.retry_limit, 10);
    assert_int_equal(e.retry_in_ms, 577);
    assert_int_equal(read_one(&a, STEP_END("end_turn")).context_tokens, 115);
    arena_release(&a);
}

static void what_nobody_typed_is_no_persons_prompt(void **state)
{
    (void)state;
    struct arena a = {0};
    assert_true(read_one(&a, PROMPT).is_human);
    struct event e = read_one(&a, "{\"type\":\"turn.prompt\",\"agentId\":\"main\",\"input\":[],"
                                  "\"origin\":{\"kind\":\"task\"},\"time\":1}");
    assert_false(e.is_human);
    assert_true(e.expects_reply);
    e = read_one(&a, "{\"type\":\"turn.prompt\",\"agentId\":\"agent-0\",\"input\":[],"
                     "\"origin\":{\"kind\":\"user\"},\"time\":1}");
    assert_true(e.is_sidechain);
    assert_false(e.is_human);
    arena_release(&a);
}

static struct tail_result tail_of(struct arena *a, const char *text)
{
    struct tail t;
    struct tail_result r;
    int64_t offset;
    size_t n;
    tail_init(&t, &event_kimi, a, (int64_t)strlen(text));
    while (tail_wants(&t, &offset, &n))
        tail_feed(&t, text + offset, n);
    tail_finish(&t, &r);
    return r;
}

static void the_turn_is_told_by_its_records(void **state)
{
    (void)state;
    struct arena a = {0};
    struct tail_result r = tail_of(&a, BIND "\n" PROMPT "\n");
    assert_int_equal(r.turn, TAIL_TURN_AWAITS_REPLY);
    assert_string_equal(r.cwd, "/home/u/p");
    r = tail_of(&a, PROMPT "\n" BEGIN "\n" STEP_END("error") "\n" RETRYING "\n");
    assert_int_equal(r.turn, TAIL_TURN_AWAITS_REPLY);
    assert_string_equal(r.api_retry, "500 no");
    r = tail_of(&a, PROMPT "\n" BEGIN "\n" TEXT "\n" ASK "\n");
    assert_string_equal(r.asks, "permission prompt");
    r = tail_of(&a, PROMPT "\n" BEGIN "\n" TEXT "\n" ASK "\n" ANSWER "\n" CALL "\n");
    assert_null(r.asks);
    assert_int_equal(r.turn, TAIL_TURN_AWAITS_TOOL);
    assert_string_equal(r.open_tools[0].name, "Bash");
    r = tail_of(&a, PROMPT "\n" BEGIN "\n" CALL "\n" RESULT "\n" STEP_END("tool_use") "\n");
    assert_int_equal(r.turn, TAIL_TURN_AWAITS_REPLY);
    r = tail_of(&a, PROMPT "\n" BEGIN "\n" TEXT
                           "\n" STEP_END("end_turn") "\n" ENDED("\"reason\":\"completed\"") "\n");
    assert_int_equal(r.turn, TAIL_TURN_OVER);
    assert_int_equal(r.context_tokens, 115);
    r = tail_of(&a, PROMPT "\n" BEGIN "\n" ENDED("\"reason\":\"cancelled\"") "\n");
    assert_int_equal(r.turn, TAIL_TURN_OVER);
    assert_true(r.turn_was_interrupted);
    arena_release(&a);
}

#define OLD(event) "{\"type\":\"context.append_loop_event\",\"event\":{" event "},\"time\":5}\n"
#define OLD_PROMPT                                                                             \
    "{\"type\":\"metadata\",\"protocol_version\":\"1.3\",\"created_at\":1,"                    \
    "\"app_version\":\"0.10.0\"}\n"                                                            \
    "{\"type\":\"turn.prompt\",\"input\":[],\"origin\":{\"kind\":\"user\"},\"time\":2}\n" OLD( \
        "\"type\":\"step.begin\",\"uuid\":\"s1\",\"step\":1")
#define OLD_CALL OLD("\"type\":\"tool.call\",\"stepUuid\":\"s1\",\"toolCallId\":\"c\"")
#define CANCEL "{\"type\":\"turn.cancel\",\"time\":6}\n"
#define OLD_RESULT(output)                                           \
    OLD("\"type\":\"tool.result\",\"toolCallId\":\"c\",\"result\":{" \
        "\"output\":\"" output "\",\"isError\":true}")

/* As 0.10.0 writes it. */
static void an_old_client_ends_its_turn_with_the_last_step(void **state)
{
    (void)state;
    struct arena a = {0};
    static const struct {
        const char *text;
        enum tail_turn turn;
    } all[] = {
        {OLD_PROMPT, TAIL_TURN_AWAITS_REPLY},
        {OLD_PROMPT OLD("\"type\":\"step.end\",\"uuid\":\"s1\",\"finishReason\":\"end_turn\""),
         TAIL_TURN_OVER},
        {OLD_PROMPT CANCEL, TAIL_TURN_OVER},
        {OLD_PROMPT OLD_CALL CANCEL OLD_RESULT("Interrupted by user"), TAIL_TURN_OVER},
        {OLD_PROMPT OLD_CALL OLD_RESULT("no such file"), TAIL_TURN_AWAITS_REPLY},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct tail_result r = tail_of(&a, all[i].text);
        if (r.turn != all[i].turn || !r.is_terse)
            fail_msg("row %zu: turn %d", i, (int)r.turn);
        assert_string_equal(r.version, "0.10.0");
    }
    assert_false(tail_of(&a, PROMPT "\n").is_terse);
    assert_int_equal(tail_of(&a, PROMPT "\n" BEGIN "\n" TEXT "\n" STEP_END("end_turn") "\n").turn,
                     TAIL_TURN_REPLYING);
    assert_true(agent_timing_of(&agent_kimi, false)->writes_questions);
    assert_false(agent_timing_of(&agent_kimi, true)->writes_questions);
    arena_release(&a);
}

static void its_beginning_tells_directory_and_prompt(void **state)
{
    (void)state;
    struct arena a = {0};
    struct head h;
    head_read(&event_kimi, &a, SV(BIND "\n" PROMPT "\n"), false, &h);
    assert_string_equal(h.cwds[0], "/home/u/p");
    assert_string_equal(h.prompt, "buy milk");
    assert_true(h.is_enough);
    assert_false(h.lacks_root);
    arena_release(&a);
}

static void a_record_has_its_blocks(void **state)
{
    (void)state;
    struct arena a = {0};
    struct event e;
    struct message m;
    assert_int_equal(event_kimi.read_message(&a, SV(CALL), &e, &m), 0);
    assert_int_equal(m.block_count, 1);
    assert_int_equal(m.blocks[0].kind, BLOCK_CALL);
    assert_sv_equal(m.blocks[0].argument, "ls -l");
    assert_int_equal(event_kimi.read_message(&a, SV(RESULT), &e, &m), 0);
    assert_sv_equal(m.blocks[0].text, "total 0");
    assert_sv_equal(m.blocks[0].id, "call_1");
    assert_true(m.blocks[0].is_error);
    assert_int_equal(event_kimi.read_message(&a, SV(PROMPT), &e, &m), 0);
    assert_sv_equal(m.blocks[0].text, "buy milk");
    assert_int_equal(event_kimi.read_message(&a, SV(TEXT), &e, &m), 0);
    assert_sv_equal(m.blocks[0].text, "done");
    assert_int_equal(event_kimi.read_message(&a, SV(BIND), &e, &m), 0);
    assert_int_equal(m.block_count, 0);
    arena_release(&a);
}

/* Asked for each of thousands of sessions: what it reads for one does not stay. */
static void the_index_tells_a_directory_and_is_let_go(void **state)
{
    (void)state;
    enum { FILLER = 1024 * 1024 };
    struct arena a = {0};
    struct buf index = {0};
    buf_fill(&index, 'x', FILLER);
    buf_adds(&index, "\n{\"sessionId\":\"other\",\"workDir\":\"/" ID "\"}\n"
                     "{\"sessionId\":\"" ID "\",\"workDir\":\"/home/u/p\"}");
    scratch_write("session_index.jsonl", index.p, index.n);
    struct agent_store store = {.fd = open(scratch_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                                .path = scratch_path,
                                .arena = &a,
                                .problems = NULL};
    arena_strdup(&a, "");
    const struct arena_block *block = a.newest;
    assert_string_equal(kimi_directory(&store, ID), "/home/u/p");
    assert_null(kimi_directory(&store, "session_0a1b2c3d"));
    assert_ptr_equal(a.newest, block);
    close(store.fd);
    buf_release(&index);
    arena_release(&a);
}

/* ---- the way to its model ----------------------------------------------------------------- */

static uint16_t port_with(const char *config, const struct proc_strings *environment)
{
    struct agent_store store = {.fd = open(scratch_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                                .path = scratch_path,
                                .arena = &scratch_arena,
                                .problems = NULL};
    if (config)
        scratch_put("config.toml", config);
    uint16_t port = agent_kimi.model->api(&(struct proc_strings){0}, environment, &store).port;
    close(store.fd);
    return port;
}

static void the_port_is_that_of_its_configuration(void **state)
{
    (void)state;
    const struct proc_strings none = {NULL, 0}, proxy = WORDS("HTTPS_PROXY=http://p:3128"),
                              other = WORDS("KIMI_BASE_URL=https://x:99/v1");
    assert_int_equal(port_with(NULL, &none), 443);
    assert_int_equal(port_with(NULL, &proxy), 3128);
    static const char local[] = "[providers.a]\n  base_url = \"http://127.0.0.1:8080/v1\"\n"
                                "api_key = \"base_url\"\n";
    assert_int_equal(port_with(local, &none), 8080);
    assert_int_equal(port_with(local, &proxy), 8080);
    assert_int_equal(port_with(local, &other), 0); /* which of them is not known */
    assert_int_equal(port_with("base_url = \"https://a\"\nbase_url = \"https://b/\"", &none), 443);
    assert_int_equal(port_with("base_url = \"https://a\"\nbase_url = \"https://b:1\"", &none), 0);
    assert_int_equal(port_with("base_url = \"https://cut", &none), 443);
    assert_int_equal(port_with("base_url", &none), 443);
    assert_int_equal(unlink(scratch("config.toml")), 0);
    assert_int_equal(mkfifo(scratch("config.toml"), 0600), 0);
    assert_int_equal(port_with(NULL, &none), 0);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_process_is_what_it_is),
        cmocka_unit_test(a_command_of_the_models_is_told_by_its_terminal),
        cmocka_unit_test(a_directory_has_its_folder),
        cmocka_unit_test(ids_are_told_from_others),
        cmocka_unit_test(a_path_is_cut_where_the_store_ends),
        cmocka_unit_test(each_record_is_what_it_says),
        cmocka_unit_test(what_nobody_typed_is_no_persons_prompt),
        cmocka_unit_test(the_turn_is_told_by_its_records),
        cmocka_unit_test(an_old_client_ends_its_turn_with_the_last_step),
        cmocka_unit_test(its_beginning_tells_directory_and_prompt),
        cmocka_unit_test(a_record_has_its_blocks),
        IN_SCRATCH(the_index_tells_a_directory_and_is_let_go),
        IN_SCRATCH(the_port_is_that_of_its_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
