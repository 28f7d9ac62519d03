#include "scratch.h"

#include "agents/agent.h"
#include "agents/claude/store.h"

#include <errno.h>

#define WORDS(...)                                                      \
    {                                                                   \
        (const char *const[]){__VA_ARGS__},                             \
            sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *) \
    }
#define NATIVE "/home/u/.local/share/claude/versions/2.1.197"
#define CLI "/usr/lib/node_modules/@anthropic-ai/claude-code/cli.js"

struct process {
    const char *exe, *name;
    struct proc_strings argv;
    enum agent_role role;
};

static const struct process processes[] = {
    {NATIVE, "claude", WORDS("claude"), AGENT_SESSION},
    {NATIVE, "2.1.197", WORDS(NATIVE, "--resume", "x"), AGENT_SESSION},
    {"/opt/claude/versions/9.9.9", "claude", WORDS("/usr/local/bin/claude", "-p", "hi"),
     AGENT_SESSION},
    {"/x/node_modules/@anthropic-ai/claude-code/bin/claude.exe", "claude.exe", WORDS("claude"),
     AGENT_SESSION},
    {"/usr/local/bin/claude", "claude", WORDS("claude", "fix the mcp server"), AGENT_SESSION},
    {"/usr/bin/node", "claude", WORDS("claude", "", ""), AGENT_SESSION},
    {"/usr/bin/node", "node", WORDS("node", CLI), AGENT_SESSION},
    {"/usr/bin/node", "node", WORDS("node", "--max-old-space-size=8192", CLI, "--resume"),
     AGENT_SESSION},
    {"/usr/bin/nodejs", "node", WORDS("node", "/usr/local/bin/claude"), AGENT_SESSION},
    {"/home/u/.bun/bin/bun", "bun", WORDS("bun", CLI), AGENT_SESSION},
    /* the program may not be read: another user's */
    {NULL, "claude", WORDS("claude"), AGENT_SESSION},
    {NULL, "2.1.231", WORDS(NATIVE), AGENT_SESSION},
    {NULL, "node", WORDS("node", CLI), AGENT_SESSION},

    {NATIVE, "claude", WORDS("claude", "mcp", "serve"), AGENT_HELPER},
    {NATIVE, "claude", WORDS("claude", "doctor"), AGENT_HELPER},
    {NATIVE, "claude", WORDS("claude", "update"), AGENT_HELPER},
    {NATIVE, "claude", WORDS("claude", "--version"), AGENT_HELPER},
    {NATIVE, "claude", WORDS("claude", "--daemon-worker"), AGENT_HELPER},
    {NATIVE, "rg", WORDS("/usr/bin/rg", "--files"), AGENT_HELPER},
    {NATIVE, "claude", WORDS("ugrep", "-r", "x"), AGENT_HELPER},
    {"/usr/bin/node", "node", WORDS("node", CLI, "mcp", "serve"), AGENT_HELPER},
    {"/usr/bin/node", "node",
     WORDS("node", "/x/node_modules/@anthropic-ai/claude-code/cli-wrapper.cjs"), AGENT_HELPER},
    {"/opt/Claude/claude", "claude", WORDS("/opt/Claude/claude", "--type=renderer"), AGENT_HELPER},

    {"/usr/bin/vim.basic", "vim", WORDS("vim", "claude.md"), AGENT_NO},
    {"/usr/bin/grep", "grep", WORDS("grep", "claude"), AGENT_NO},
    {"/usr/bin/tail", "tail", WORDS("tail", "-f", "/home/u/.claude/projects/p/x.jsonl"), AGENT_NO},
    {"/usr/bin/sleep", "sleep", WORDS("claude", "60"), AGENT_NO},
    {"/home/claude/bin/top", "top", WORDS("top"), AGENT_NO},
    {"/usr/bin/node", "node", WORDS("node", "server.js", "--name", "claude"), AGENT_NO},
    {"/usr/bin/node", "node", WORDS("node", "/srv/claude/index.js"), AGENT_NO},
    {"/usr/bin/node", "node", WORDS("node"), AGENT_NO},
    {"/usr/bin/node", "MainThread", WORDS("claude"), AGENT_NO},
    {NULL, "2.1", WORDS("2.1"), AGENT_NO},
    {NULL, "1.2.3.4", WORDS("1.2.3.4"), AGENT_NO},
    {NULL, "..1", WORDS("..1"), AGENT_NO},
};

static void each_process_is_what_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof processes / sizeof *processes; i++) {
        const struct process *p = &processes[i];
        struct agent_look look = {p->exe, p->name, &p->argv, NULL, FACT_UNKNOWN};
        enum agent_role role = agent_claude.process->role(&look);
        if (role != p->role)
            fail_msg("%s (%s) %s %s: role %d, not %d", p->exe ? p->exe : "?", p->name,
                     p->argv.items[0], p->argv.count > 1 ? p->argv.items[1] : "", role, p->role);
        /* the cheap question must let everything through that the other recognises */
        if (role != AGENT_NO)
            assert_true(agent_claude.process->could_be(p->exe, p->name));
    }
}

static void a_daemon_says_so_in_its_environment(void **state)
{
    (void)state;
    struct proc_strings argv = WORDS("claude");
    struct proc_strings daemon = WORDS("A=b", "CLAUDE_CODE_SESSION_KIND=daemon-worker");
    struct proc_strings background = WORDS("CLAUDE_CODE_SESSION_KIND=bg");
    struct agent_look look = {NATIVE, "claude", &argv, &daemon, FACT_UNKNOWN};
    assert_int_equal(agent_claude.process->role(&look), AGENT_HELPER);
    look.environment = &background;
    assert_int_equal(agent_claude.process->role(&look), AGENT_SESSION);
}

#define ID "01e5af14-9422-4986-8749-e00802273d54"

static void names(const char *expected, struct proc_strings argv)
{
    struct sv id;
    bool found = agent_claude.process->session_in_argv(&argv, &id);
    assert_int_equal(found, expected != NULL);
    if (found)
        assert_sv_equal(id, expected);
}

static void the_command_line_names_a_session(void **state)
{
    (void)state;
    names(ID, (struct proc_strings)WORDS("claude", "--resume", ID));
    names(ID, (struct proc_strings)WORDS("claude", "-p", "-r", ID, "go on"));
    names(ID, (struct proc_strings)WORDS("claude", "--resume=" ID));
    names(ID, (struct proc_strings)WORDS("claude", "--session-id", ID));
    names(ID, (struct proc_strings)WORDS("claude", "--resume", "/x/projects/-p/" ID ".jsonl"));
    names(ID, (struct proc_strings)WORDS("claude", "--fork-session", "--resume", "other",
                                         "--session-id=" ID));
    names(NULL, (struct proc_strings)WORDS("claude", "--resume", ID, "--fork-session"));
    names(NULL, (struct proc_strings)WORDS("claude", "--resume", "my title"));
    names(NULL, (struct proc_strings)WORDS("claude", "--resume"));
    names(NULL, (struct proc_strings)WORDS("claude", "--", "--resume", ID));
    names(NULL, (struct proc_strings)WORDS("claude"));
}

static void kinds(enum sr_kind kind, const char *registered, const char *entrypoint,
                  struct proc_strings argv)
{
    assert_int_equal(agent_claude.process->kind(registered, entrypoint, &argv), kind);
}

static void kinds_are_told_apart(void **state)
{
    (void)state;
    struct proc_strings plain = WORDS("claude"), print = WORDS("claude", "-p", "hi"),
                        word = WORDS("claude", "--", "-p");
    kinds(SR_KIND_INTERACTIVE, "interactive", "cli", plain);
    kinds(SR_KIND_PRINT, "interactive", "sdk-cli", plain);
    kinds(SR_KIND_SDK, "interactive", "sdk-py", print);
    kinds(SR_KIND_EDITOR, "interactive", "claude-vscode", plain);
    kinds(SR_KIND_BACKGROUND, "bg", "cli", plain);
    kinds(SR_KIND_PRINT, NULL, NULL, print);
    kinds(SR_KIND_UNKNOWN, NULL, NULL, plain);
    kinds(SR_KIND_UNKNOWN, NULL, NULL, word);
}

static void the_config_directory_is_its_own(void **state)
{
    (void)state;
    struct arena a = {0};
    bool is_default;
    struct proc_strings named = WORDS("HOME=/home/u", "CLAUDE_CONFIG_DIR=/srv/c");
    struct proc_strings empty = WORDS("HOME=/home/u", "CLAUDE_CONFIG_DIR=");
    struct proc_strings none = WORDS("A=b");
    assert_string_equal(agent_claude.home->config_dir(&a, &named, NULL, &is_default), "/srv/c");
    assert_false(is_default);
    assert_string_equal(agent_claude.home->config_dir(&a, &empty, NULL, &is_default),
                        "/home/u/.claude");
    assert_true(is_default);
    assert_string_equal(agent_claude.home->config_dir(&a, &none, "/root", &is_default),
                        "/root/.claude");
    assert_null(agent_claude.home->config_dir(&a, &none, NULL, &is_default));
    arena_release(&a);
}

static void asks_at(uint16_t port, bool first_party, struct proc_strings environment)
{
    struct agent_api api = agent_claude.model->api(&(struct proc_strings){0}, &environment, NULL);
    assert_int_equal(api.port, port);
    assert_int_equal(api.is_first_party, first_party);
}

static void the_model_is_where_its_environment_says(void **state)
{
    (void)state;
    asks_at(443, true, (struct proc_strings)WORDS("A=b"));
    asks_at(443, true, (struct proc_strings)WORDS("ANTHROPIC_BASE_URL=https://api.anthropic.com"));
    asks_at(8443, false, (struct proc_strings)WORDS("ANTHROPIC_BASE_URL=https://gate:8443/v1"));
    asks_at(80, false, (struct proc_strings)WORDS("ANTHROPIC_BASE_URL=http://gate/a:9"));
    asks_at(9000, false, (struct proc_strings)WORDS("ANTHROPIC_BASE_URL=http://[::1]:9000"));
    asks_at(443, false, (struct proc_strings)WORDS("ANTHROPIC_BASE_URL=https://[::1]"));
    asks_at(3128, true, (struct proc_strings)WORDS("HTTPS_PROXY=http://proxy:3128/"));
    asks_at(443, false, (struct proc_strings)WORDS("CLAUDE_CODE_USE_BEDROCK=1"));
    struct proc_strings patient = WORDS("API_TIMEOUT_MS=45000");
    assert_int_equal(
        agent_claude.model->api(&(struct proc_strings){0}, &patient, NULL).api_timeout_s, 45);
}

static void encodes(const char *cwd, const char *expected)
{
    struct arena a = {0};
    assert_string_equal(claude_project_folder(&a, cwd) + strlen("projects/"), expected);
    arena_release(&a);
}

/* Expectations by the client's own rule, computed in a language whose strings are UTF-16. */
static void folders_are_encoded_as_the_client_does(void **state)
{
    (void)state;
    encodes("/home/u/my_project.v2", "-home-u-my-project-v2");
    encodes("/tmp/a b_c.d@\xc3\xa9\xe6\x96\x87\xe5\xad\x97", "-tmp-a-b-c-d----");
    encodes("/tmp/\xf0\x9f\x98\x80x", "-tmp---x"); /* two units */
    encodes("/tmp/\xff", "-tmp--");

    char path[512] = "/", expected[512] = "-";
    memset(path + 1, 'a', 199);
    memset(expected + 1, 'a', 199);
    encodes(path, expected); /* 200 units: whole */
    path[200] = 'a';
    strcpy(expected + 200, "-b6ymvl");
    encodes(path, expected);

    strcpy(path, "/");
    for (int i = 0; i < 30; i++)
        strcat(path, "abcdefghi/");
    *expected = '\0';
    for (int i = 0; i < 20; i++)
        strcat(expected, "-abcdefghi");
    strcat(expected, "-ac10gr");
    encodes(path, expected);
}

/* By the table of models in the 2.1.330 client. */
static void the_window_is_as_large_as_the_models_name_says(void **state)
{
    (void)state;
    static const struct {
        const char *model, *asked;
        int64_t tokens;
    } windows[] = {
        {"claude-3-5-sonnet-20241022", NULL, 200000},
        {"claude-3-opus-20240229", NULL, 200000},
        {"claude-sonnet-4-20250514", NULL, 200000},
        {"claude-sonnet-4-5-20250929", NULL, 200000},
        {"claude-sonnet-4-6", NULL, 200000},
        {"claude-haiku-4-5-20251001", NULL, 200000},
        {"claude-opus-4-6", NULL, 200000},
        {"claude-opus-4-7", NULL, 1000000},
        {"claude-opus-4-8-20260401", NULL, 1000000},
        {"us.anthropic.claude-opus-4-8-v1:0", NULL, 1000000},
        {"claude-sonnet-5", NULL, 1000000},
        {"claude-haiku-5-5", NULL, 1000000},
        {"claude-mythos-5-1", NULL, 1000000},
        {"claude-sonnet-4-5-20250929", "sonnet[1m]", 1000000},
        {"claude-sonnet-4-5-20250929", "claude-sonnet-4-5-20250929[1m]", 1000000},
        {"claude-haiku-4-5", "sonnet[1m]", 200000},
        {"claude-sonnet-4-5[1m]", NULL, 1000000},
        {"claude-sonnet-4-5", "sonnet", 200000},
        {"claude-sonnet-4-5", "[1m]", 200000},
        {"my-own-model", NULL, 200000},
        {"claude-", NULL, 200000},
        {"claude-opus", NULL, 200000},
        {"claude-opus-latest", NULL, 200000},
        {"", NULL, 200000},
        {NULL, "sonnet[1m]", 0},
    };
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
        int64_t tokens = agent_context_window(&agent_claude, windows[i].model, windows[i].asked);
        if (tokens != windows[i].tokens)
            fail_msg("%s holds %lld tokens, not %lld", windows[i].model, (long long)tokens,
                     (long long)windows[i].tokens);
    }
}

static void a_model_is_asked_for_on_the_command_line_or_in_the_environment(void **state)
{
    (void)state;
    const struct proc_strings argv = WORDS("claude", "--model", "opus[1m]"),
                              joined = WORDS("claude", "--model=sonnet"),
                              silent = WORDS("claude", "--", "--model", "x"),
                              environment = WORDS("ANTHROPIC_MODEL=haiku");
    assert_string_equal(agent_asked_model(&agent_claude, &argv, &environment), "opus[1m]");
    assert_string_equal(agent_asked_model(&agent_claude, &joined, NULL), "sonnet");
    assert_string_equal(agent_asked_model(&agent_claude, &silent, &environment), "haiku");
    assert_null(agent_asked_model(&agent_claude, &silent, NULL));
}

static struct agent_settings settings_of(const char *text)
{
    struct problems problems = {.arena = &scratch_arena};
    struct agent_settings settings;
    if (text)
        scratch_put("settings.json", text);
    struct agent_store store = {.fd = fs_open_dir(AT_FDCWD, scratch_path),
                                .path = scratch_path,
                                .arena = &scratch_arena,
                                .problems = &problems};
    agent_claude.home->read_settings(&store, &settings);
    fs_close(&store.fd);
    return settings;
}

static void settings_say_how_long_transcripts_are_kept(void **state)
{
    (void)state;
    assert_int_equal(settings_of(NULL).days_kept, 30);
    struct agent_settings set = settings_of("{\"cleanupPeriodDays\": 7, \"model\": \"opus[1m]\"}");
    assert_int_equal(set.days_kept, 7);
    assert_string_equal(set.model, "opus[1m]");
    assert_int_equal(settings_of("{\"cleanupPeriodDays\": 0}").days_kept, 0);
    assert_int_equal(settings_of("{\"cleanupPeriodDays\": -1}").days_kept, 30);
    assert_int_equal(settings_of("{\"cleanupPeriodDays\": \"7\"}").days_kept, 30);
    assert_int_equal(settings_of("{\"cleanupPeriodDays\": 7").days_kept, 30);
    assert_null(settings_of("{\"model\": 5}").model);
}

/* ---- three answers ------------------------------------------------------------------------ */

#define LOOKED_FOR "11111111-2222-4333-8444-555555555555"

static struct agent_store opened(struct problems *problems)
{
    return (struct agent_store){.fd = fs_open_dir(AT_FDCWD, scratch_path),
                                .path = scratch_path,
                                .arena = &scratch_arena,
                                .problems = problems};
}

static struct lookup find(struct agent_transcript *out)
{
    struct problems problems = {.arena = &scratch_arena};
    struct agent_store store = opened(&problems);
    struct lookup found = agent_claude.stored->find(&store, LOOKED_FOR, "/home/u", out);
    assert_int_equal(problems.count, found.state == LOOKUP_UNKNOWN);
    fs_close(&store.fd);
    return found;
}

static void a_transcript_is_there_or_not_or_it_is_not_known(void **state)
{
    (void)state;
    struct agent_transcript t = {0};
    assert_int_equal(find(&t).state, LOOKUP_ABSENT); /* nothing was ever said */
    scratch_put("projects/-srv/other.jsonl", "");
    assert_int_equal(find(&t).state, LOOKUP_ABSENT);

    /* what cannot be looked into: a link that leads to itself, as a mount would answer EIO */
    assert_int_equal(symlink("-loop", scratch("projects/-loop")), 0);
    struct lookup found = find(&t);
    assert_int_equal(found.state, LOOKUP_UNKNOWN);
    assert_int_equal(found.code, -ELOOP);
    assert_string_equal(found.where, scratch("projects/-loop/" LOOKED_FOR ".jsonl"));
    assert_null(t.path);

    scratch_put("projects/-srv/" LOOKED_FOR ".jsonl", "{}\n"); /* found is found all the same */
    assert_int_equal(find(&t).state, LOOKUP_FOUND);
    assert_string_equal(t.path, "projects/-srv/" LOOKED_FOR ".jsonl");
}

static void what_is_no_file_is_not_absent(void **state)
{
    (void)state;
    struct agent_transcript t;
    scratch_put("projects/-srv/" LOOKED_FOR ".jsonl/x", "");
    assert_int_equal(find(&t).code, -EISDIR);
    assert_int_equal(unlink(scratch("projects/-srv/" LOOKED_FOR ".jsonl/x")), 0);
    assert_int_equal(rmdir(scratch("projects/-srv/" LOOKED_FOR ".jsonl")), 0);
    assert_int_equal(find(&t).state, LOOKUP_ABSENT);
}

static void a_list_says_whether_it_is_whole(void **state)
{
    (void)state;
    struct problems problems = {.arena = &scratch_arena};
    struct agent_transcript *items;
    struct agent_registration *entries;
    size_t count;
    scratch_put("settings.json", "{");
    struct agent_store store = opened(&problems);
    assert_int_equal(agent_claude.stored->list_all(&store, &items, &count).state, LOOKUP_ABSENT);
    assert_int_equal(agent_read_registry(&agent_claude, &store, &entries, &count).state,
                     LOOKUP_ABSENT);

    scratch_put("projects/-srv/" LOOKED_FOR ".jsonl", "");
    scratch_put("sessions/12.json", "{\"pid\":12,\"sessionId\":\"" LOOKED_FOR "\"}");
    assert_int_equal(agent_claude.stored->list_all(&store, &items, &count).state, LOOKUP_FOUND);
    assert_int_equal(count, 1);
    assert_int_equal(agent_read_registry(&agent_claude, &store, &entries, &count).state,
                     LOOKUP_FOUND);

    assert_int_equal(symlink("-loop", scratch("projects/-loop")), 0);
    scratch_put("sessions/13.json", "{");
    assert_int_equal(agent_claude.stored->list_all(&store, &items, &count).state, LOOKUP_UNKNOWN);
    assert_int_equal(count, 1); /* what can be seen is in it */
    struct lookup read = agent_read_registry(&agent_claude, &store, &entries, &count);
    assert_int_equal(read.state, LOOKUP_UNKNOWN);
    assert_int_equal(count, 2);
    const struct agent_registration *bad = entries[0].code ? &entries[0] : &entries[1];
    assert_int_equal(bad->code, -EBADMSG);
    assert_int_equal(bad->pid, 13);
    assert_null(bad->session_id);

    struct agent_settings settings;
    assert_int_equal(agent_claude.home->read_settings(&store, &settings).state, LOOKUP_UNKNOWN);
    assert_int_equal(settings.days_kept, 30);
    fs_close(&store.fd);
}

static void its_own_searches_are_known_by_their_names(void **state)
{
    (void)state;
    const struct {
        struct proc_strings argv;
        bool is_search;
    } cases[] = {
        {WORDS("/usr/lib/node_modules/@anthropic-ai/claude-code/vendor/ripgrep/x64-linux/rg",
               "--files"),
         true},
        {WORDS("rg", "-n", "word"), true},
        {WORDS(NATIVE, "--ripgrep", "--files"), true},
        {WORDS("ugrep", "word"), true},
        {WORDS("/bin/bash", "-c", "rg word"), false},
        {WORDS("node", "/srv/rg"), false},
        {WORDS(NATIVE), false},
        {{NULL, 0}, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(
            agent_child_of(&agent_claude, &(struct agent_child_look){.argv = &cases[i].argv}) ==
                AGENT_CHILD_SEARCH,
            cases[i].is_search);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_own_searches_are_known_by_their_names),
        cmocka_unit_test(each_process_is_what_it_is),
        cmocka_unit_test(a_daemon_says_so_in_its_environment),
        cmocka_unit_test(the_command_line_names_a_session),
        cmocka_unit_test(kinds_are_told_apart),
        cmocka_unit_test(the_config_directory_is_its_own),
        cmocka_unit_test(the_model_is_where_its_environment_says),
        cmocka_unit_test(folders_are_encoded_as_the_client_does),
        cmocka_unit_test(the_window_is_as_large_as_the_models_name_says),
        cmocka_unit_test(a_model_is_asked_for_on_the_command_line_or_in_the_environment),
        cmocka_unit_test_setup_teardown(a_transcript_is_there_or_not_or_it_is_not_known,
                                        scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(what_is_no_file_is_not_absent, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(a_list_says_whether_it_is_whole, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(settings_say_how_long_transcripts_are_kept, scratch_setup,
                                        scratch_teardown),
    };
    return cmocka_run_group_tests_name("claude", tests, NULL, NULL);
}
