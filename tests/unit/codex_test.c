/* Codex: its processes, the records of a rollout, and its store in a scratch folder. */
#include "scratch.h"

#include "agents/codex/codex.h"
#include "conversation/head.h"
#include "conversation/message.h"
#include "conversation/tail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#define WORDS(...)                                                      \
    {                                                                   \
        (const char *const[]){__VA_ARGS__},                             \
            sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *) \
    }
#define EXE "/usr/lib/node_modules/@openai/codex/vendor/x/bin/codex"
#define A "01a21e54-e824-76e1-a0e5-3247bd7d521d"
#define CHILD "01a21e54-eef6-76b2-9e64-86a28c7f0097"
#define AT(second) "{\"timestamp\":\"2026-11-27T18:21:" second ".000Z\",\"ordinal\":1,"

/* ---- processes ---------------------------------------------------------------------------- */

static const struct process {
    const char *exe, *name;
    struct proc_strings argv;
    enum fact is_program;
    enum agent_role role;
    enum sr_kind kind;
    const char *session_id;
} processes[] = {
    {EXE, "codex", WORDS("codex"), FACT_YES, AGENT_SESSION, 0, NULL},
    {EXE, "codex", WORDS("codex", "app-server it"), FACT_YES, AGENT_SESSION, 0, NULL},
    {EXE, "codex", WORDS("codex", "-m", "app-server"), FACT_YES, AGENT_SESSION, 0, NULL},
    {EXE, "codex", WORDS("codex", "resume", A), FACT_YES, AGENT_SESSION, 0, A},
    {EXE, "codex", WORDS("codex", "-c", "a=b", "resume", A), FACT_YES, AGENT_SESSION, 0, A},
    {EXE, "codex", WORDS("codex", "resume", "--last"), FACT_YES, AGENT_SESSION, 0, NULL},
    {EXE, "codex", WORDS("codex", "fork", A), FACT_YES, AGENT_SESSION, 0, NULL},
    {EXE, "codex", WORDS("codex", "exec", "hi"), FACT_YES, AGENT_SESSION, SR_KIND_PRINT, NULL},
    {EXE, "codex", WORDS("codex", "exec", "resume", A), FACT_YES, AGENT_SESSION, SR_KIND_PRINT, A},
    {EXE, "codex", WORDS("codex", "app-server", "--listen", "unix://", "--managed-daemon"),
     FACT_YES, AGENT_SERVER, SR_KIND_SERVER, NULL},
    {EXE, "codex", WORDS("codex", "app-server"), FACT_YES, AGENT_SERVER, SR_KIND_EDITOR, NULL},
    {EXE, "codex", WORDS("codex", "app-server", "daemon", "pid-update-loop"), FACT_YES,
     AGENT_HELPER, SR_KIND_EDITOR, NULL},
    {EXE, "codex", WORDS("codex", "mcp-server"), FACT_YES, AGENT_SERVER, SR_KIND_SERVER, NULL},
    {EXE, "codex", WORDS("codex", "login"), FACT_YES, AGENT_HELPER, 0, NULL},
    {EXE, "codex", WORDS("codex", "--version"), FACT_YES, AGENT_HELPER, 0, NULL},
    {EXE, "codex", WORDS("codex-linux-sandbox", "--", "bash"), FACT_YES, AGENT_HELPER, 0, NULL},
    /* another program of that name, a launcher, and one that only names it */
    {"/usr/bin/codex", "codex", WORDS("codex"), FACT_NO, AGENT_NAMESAKE, 0, NULL},
    {"/usr/bin/node", "node", WORDS("node", "/usr/bin/codex"), FACT_UNKNOWN, AGENT_NO, 0, NULL},
    {"/usr/bin/vim", "vim", WORDS("vim", "codex"), FACT_UNKNOWN, AGENT_NO, 0, NULL},
};

static void each_process_is_what_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof processes / sizeof *processes; i++) {
        const struct process *p = &processes[i];
        struct agent_look look = {p->exe, p->name, &p->argv, NULL, p->is_program};
        struct sv id = {0};
        enum agent_role role = agent_codex.process->role(&look);
        if (role != p->role)
            fail_msg("row %zu: role %d", i, (int)role);
        if (role == AGENT_NO)
            continue;
        assert_int_equal(agent_codex.process->kind(NULL, NULL, &p->argv), p->kind);
        assert_int_equal(agent_codex.process->session_in_argv(&p->argv, &id),
                         p->session_id != NULL);
        if (p->session_id)
            assert_true(sv_equals(id, sv_of(p->session_id)));
    }
}

/* ---- records ------------------------------------------------------------------------------ */

static const char *const turn[] = {
    AT("17") "\"type\":\"session_meta\",\"payload\":{\"id\":\"" A "\",\"cwd\":\"/home/u/p\","
             "\"cli_version\":\"0.171.0\",\"source\":\"cli\"}}",
    AT("18") "\"type\":\"event_msg\",\"payload\":{\"type\":\"task_started\",\"turn_id\":\"t\"}}",
    AT("18") "\"type\":\"response_item\",\"payload\":{\"type\":\"message\",\"role\":\"user\","
             "\"content\":[{\"type\":\"input_text\",\"text\":\"<environment_context>\"}]}}",
    AT("19") "\"type\":\"event_msg\",\"payload\":{\"type\":\"item_completed\",\"item\":{\"type\":"
             "\"UserMessage\",\"content\":[{\"type\":\"text\",\"text\":\"buy milk\"}]}}}",
    AT("20") "\"type\":\"response_item\",\"payload\":{\"type\":\"message\",\"id\":\"msg_1\","
             "\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"I "
             "look\"}]}}",
    AT("21") "\"type\":\"response_item\",\"payload\":{\"type\":\"function_call\",\"name\":"
             "\"exec_command\",\"arguments\":\"{\\\"cmd\\\":\\\"ls\\\"}\",\"call_id\":\"c1\"}}",
    AT("22") "\"type\":\"response_item\",\"payload\":{\"type\":\"function_call_output\",\"call_"
             "id\":"
             "\"c1\",\"output\":\"milk\"}}",
    AT("23") "\"type\":\"response_item\",\"payload\":{\"type\":\"message\",\"id\":\"msg_2\","
             "\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"done\"}]}}",
    AT("24") "\"type\":\"event_msg\",\"payload\":{\"type\":\"task_complete\",\"turn_id\":\"t\"}}",
};
enum { RECORDS = sizeof turn / sizeof *turn };

static int64_t read_text(void *text, char *bytes, size_t n, int64_t offset)
{
    size_t length = strlen(text), at = (size_t)offset < length ? (size_t)offset : length;
    size_t got = n < length - at ? n : length - at;
    memcpy(bytes, (const char *)text + at, got);
    return (int64_t)got;
}

static struct tail_result tail_of(struct arena *a, const char *const *lines, size_t count)
{
    struct buf text = {0};
    struct tail_result r;
    for (size_t i = 0; i < count; i++)
        buf_addf(&text, "%s\n", lines[i]);
    struct record_source source = {
        .read = read_text, .context = text.p, .size_bytes = (int64_t)text.n};
    assert_int_equal(tail_read(&event_codex, &source, a, &r), 0);
    buf_release(&text);
    return r;
}

static void each_record_moves_the_turn(void **state)
{
    static const enum tail_turn after[RECORDS] = {
        TAIL_TURN_UNKNOWN,      TAIL_TURN_AWAITS_REPLY, TAIL_TURN_AWAITS_REPLY,
        TAIL_TURN_AWAITS_REPLY, TAIL_TURN_REPLYING,     TAIL_TURN_AWAITS_TOOL,
        TAIL_TURN_AWAITS_REPLY, TAIL_TURN_REPLYING,     TAIL_TURN_OVER,
    };
    (void)state;
    struct arena a = {0};
    for (size_t i = 0; i < RECORDS; i++) {
        struct tail_result r = tail_of(&a, turn, i + 1);
        if (r.turn != after[i])
            fail_msg("after record %zu: %s", i, tail_turn_word(r.turn));
        if (r.turn == TAIL_TURN_AWAITS_TOOL)
            assert_string_equal(r.open_tools[0].name, "exec_command");
    }
    struct tail_result r = tail_of(&a, turn, RECORDS);
    assert_string_equal(r.prompt, "buy milk");
    assert_string_equal(r.version, "0.171.0");
    assert_string_equal(r.session_ids[0], A);
    arena_release(&a);
}

static void a_turn_ends_in_every_way(void **state)
{
    static const struct {
        const char *last;
        enum tail_turn turn;
        const char *error;
    } ends[] = {
        {AT("30") "\"type\":\"event_msg\",\"payload\":{\"type\":\"turn_aborted\"}}", TAIL_TURN_OVER,
         NULL},
        {AT("30") "\"type\":\"event_msg\",\"payload\":{\"type\":\"task_complete\",\"error\":"
                  "{\"message\":\"idle timeout\"}}}",
         TAIL_TURN_OVER, "idle timeout"},
        /* before 0.154 no record of its own says so */
        {AT("30") "\"type\":\"response_item\",\"payload\":{\"type\":\"message\",\"role\":"
                  "\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"so\"}]}}",
         TAIL_TURN_OVER, NULL},
        {AT("30") "\"type\":\"event_msg\",\"payload\":{\"type\":\"user_message\",\"message\":\"x\"}"
                  "}",
         TAIL_TURN_AWAITS_REPLY, NULL},
        {AT("30") "\"type\":\"event_msg\",\"payload\":{\"type\":\"token_count\",\"info\":null}}",
         TAIL_TURN_REPLYING, NULL},
        {AT("30") "\"type\":\"what_is_that\",\"payload\":7}", TAIL_TURN_REPLYING, NULL},
        {AT("30") "\"type\":\"event_msg\"}", TAIL_TURN_REPLYING, NULL},
    };
    (void)state;
    struct arena a = {0};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const char *lines[] = {turn[0], turn[1], turn[3], turn[4], ends[i].last};
        struct tail_result r = tail_of(&a, lines, 5);
        if (r.turn != ends[i].turn)
            fail_msg("row %zu: %s", i, tail_turn_word(r.turn));
        if (ends[i].error)
            assert_string_equal(r.api_error, ends[i].error);
    }
    arena_release(&a);
}

static void what_was_said_is_read(void **state)
{
    (void)state;
    struct arena a = {0};
    struct event e;
    struct message m;
    assert_int_equal(event_codex.read_message(&a, sv_of(turn[5]), &e, &m), 0);
    assert_int_equal(m.blocks[0].kind, BLOCK_CALL);
    assert_true(sv_equals(m.blocks[0].argument, SV("ls")));
    assert_int_equal(event_codex.read_message(&a, sv_of(turn[6]), &e, &m), 0);
    assert_int_equal(m.blocks[0].kind, BLOCK_RESULT);
    assert_true(sv_equals(m.blocks[0].text, SV("milk")));
    assert_int_equal(event_codex.read_message(&a, sv_of(turn[2]), &e, &m), 0);
    assert_int_equal(m.block_count, 0); /* what the client adds to a prompt is none */
    assert_int_equal(event_codex.read_message(&a, SV("{\"timestamp\":"), &e, &m), -EBADMSG);
    arena_release(&a);
}

/* ---- the store ---------------------------------------------------------------------------- */

#define DAY "sessions/2026/11/27"
#define NAME(id) "rollout-2026-11-27T18-21-17-" id ".jsonl"

static void rollouts_are_found_by_their_names(void **state)
{
    (void)state;
    struct sv id;
    assert_true(codex_names_rollout(NAME(A), &id));
    assert_true(sv_equals(id, SV(A)));
    assert_false(codex_names_rollout(A ".jsonl", &id));
    assert_false(codex_names_rollout(NAME(A) ".zst", &id));
    assert_false(codex_names_rollout("rollout-2026-11-27T18-21-17-" A "0.jsonl", &id));
    assert_true(agent_names_transcript(DAY "/" NAME(A), &id));
    assert_true(sv_equals(id, SV(A)));
    assert_true(sv_equals(agent_folder_of(&agent_codex, DAY "/" NAME(A)), SV("sessions")));
}

static struct agent_store open_store(struct problems *problems)
{
    problems->arena = &scratch_arena;
    return (struct agent_store){.fd = fs_open_dir(AT_FDCWD, scratch_path),
                                .path = scratch_path,
                                .arena = &scratch_arena,
                                .problems = problems};
}

#define HEAD(id, source)                                                                         \
    "{\"timestamp\":\"2026-11-27T18:21:17.000Z\",\"type\":\"session_meta\",\"payload\":{\"id\":" \
    "\"" id "\",\"cwd\":\"/p\",\"source\":" source "}}\n"
#define PARENT "{\"subagent\":{\"thread_spawn\":{\"parent_thread_id\":\"" A "\",\"depth\":1}}}"

static void a_store_is_gone_through(void **state)
{
    (void)state;
    struct problems problems = {0};
    struct agent_transcript *items, one;
    size_t count;
    struct wall since;
    scratch_put(DAY "/" NAME(A), HEAD(A, "\"cli\""));
    scratch_put(DAY "/" NAME(CHILD), HEAD(CHILD, PARENT));
    scratch_put(DAY "/notes.jsonl", "{}\n");
    struct agent_store store = open_store(&problems);
    assert_int_equal(codex_list_all(&store, &items, &count).state, LOOKUP_FOUND);
    assert_int_equal(count, 1);
    assert_string_equal(items[0].session_id, A);
    assert_string_equal(items[0].path, DAY "/" NAME(A));
    assert_int_equal(codex_is_archived(&store, &items[0], &since), FACT_NO);
    assert_int_equal(codex_list_children(&store, &items[0], &items, &count).state, LOOKUP_FOUND);
    assert_int_equal(count, 1);
    assert_string_equal(items[0].session_id, CHILD);
    assert_int_equal(codex_find(&store, A, NULL, &one).state, LOOKUP_FOUND);
    assert_int_equal(codex_find(&store, "01a21e54-0000-7000-8000-000000000000", NULL, &one).state,
                     LOOKUP_ABSENT);
    assert_int_equal(problems.count, 0);

    /* what cannot be read makes it unknown, and is told */
    scratch_put("archived_sessions/" NAME("01a21e54-1111-7000-8000-000000000000"), "\n");
    scratch_put(DAY "/rollout-2026-11-27T18-21-17-01a21e54-2222-7000-8000-000000000000.jsonl.zst",
                "x");
    assert_int_equal(mkfifo(scratch(DAY "/" NAME("01a21e54-3333-7000-8000-000000000000")), 0644),
                     0);
    assert_int_equal(codex_list_all(&store, &items, &count).state, LOOKUP_UNKNOWN);
    assert_int_equal(count, 2);
    assert_int_equal(codex_is_archived(&store, &items[1], &since), FACT_YES);
    assert_int_equal(problems.count, 2);
    fs_close(&store.fd);
}

/* Two days before A. */
#define EARLY(digit) "01a21408-302" digit "-7000-8000-000000000000"

static void a_session_has_no_children_of_another_time(void **state)
{
    (void)state;
    struct problems problems = {0};
    struct agent_transcript a, *items;
    size_t count;
    scratch_put(DAY "/" NAME(A), HEAD(A, "\"cli\""));
    scratch_put(DAY "/" NAME(CHILD), HEAD(CHILD, PARENT));
    struct agent_store store = open_store(&problems);
    assert_int_equal(codex_find(&store, A, NULL, &a).state, LOOKUP_FOUND);
    a.modified_at = (struct wall){1795803678756}; /* of the day that the ids are of */

    /* their clock may have been set: a backup looks at all, but misses none that it cannot read */
    scratch_put(DAY "/" NAME(EARLY("0")), HEAD(EARLY("0"), PARENT));
    scratch_put(DAY "/" NAME(EARLY("1")) ".zst", "x");
    assert_int_equal(mkfifo(scratch(DAY "/" NAME(EARLY("2"))), 0644), 0);
    assert_int_equal(symlink("/proc/self/mem/x", scratch(DAY "/" NAME(EARLY("3")))), 0);
    assert_int_equal(codex_list_subagents(&store, &a, &items, &count).state, LOOKUP_FOUND);
    assert_int_equal(count, 1);
    assert_string_equal(items[0].session_id, CHILD);
    assert_int_equal(codex_list_children(&store, &a, &items, &count).state, LOOKUP_FOUND);
    assert_int_equal(count, 2);

    /* a pipe and a folder are none, of whatever time */
    assert_int_equal(mkfifo(scratch(DAY "/" NAME("01a21e54-3333-7000-8000-000000000000")), 0644),
                     0);
    scratch_put(DAY "/" NAME("01a21e54-4444-7000-8000-000000000000") "/x", "");
    assert_int_equal(codex_list_children(&store, &a, &items, &count).state, LOOKUP_FOUND);
    assert_int_equal(count, 2);
    a.modified_at.ms -= 2 * 24 * 60 * 60 * 1000LL;
    assert_int_equal(codex_list_subagents(&store, &a, &items, &count).state, LOOKUP_FOUND);
    assert_int_equal(count, 0);

    /* what may be one and cannot be looked at is not known */
    a.modified_at = (struct wall){0};
    scratch_put(DAY "/" NAME("01a21e54-ffff-7000-8000-000000000000") ".zst", "x");
    assert_int_equal(codex_list_subagents(&store, &a, &items, &count).state, LOOKUP_UNKNOWN);
    assert_int_equal(codex_list_children(&store, &a, &items, &count).state, LOOKUP_UNKNOWN);
    fs_close(&store.fd);
}

/* What is pinned, named, aimed at and not sent yet stands in them alone. */
static void a_database_that_cannot_be_looked_at_is_missed(void **state)
{
    (void)state;
    struct problems problems = {0};
    struct agent_transcript a;
    struct agent_files files;
    scratch_put(DAY "/" NAME(A), HEAD(A, "\"cli\""));
    scratch_put("queue_1.sqlite", "");
    scratch_put("goals_1.sqlite", "");
    assert_int_equal(mkfifo(scratch("goals_1.sqlite-wal"), 0600), 0);
    assert_int_equal(mkfifo(scratch("goals_2.sqlite"), 0600), 0); /* none */
    assert_int_equal(symlink("state_5.sqlite", scratch("state_5.sqlite")), 0);
    struct agent_store store = open_store(&problems);
    assert_int_equal(codex_find(&store, A, NULL, &a).state, LOOKUP_FOUND);
    codex_list_files(&store, &a, "/tmp", NULL, &files);
    assert_int_equal(files.count, 2);
    assert_string_equal(files.items[1].path, "queue_1.sqlite");
    assert_int_equal(files.left_out_count, 2);
    for (size_t i = 0; i < files.left_out_count; i++) {
        assert_true(files.left_out[i].is_lost);
        assert_true(str_ends_with(files.left_out[i].path, "state_5.sqlite") ||
                    str_ends_with(files.left_out[i].path, "goals_1.sqlite"));
    }
    agent_files_release(&files);
    fs_close(&store.fd);
}

static void an_empty_home_has_no_sessions(void **state)
{
    (void)state;
    struct problems problems = {0};
    struct agent_transcript *items;
    size_t count;
    struct agent_store store = open_store(&problems);
    assert_int_equal(codex_list_all(&store, &items, &count).state, LOOKUP_ABSENT);
    assert_int_equal(count, 0);
    assert_int_equal(problems.count, 0);
    fs_close(&store.fd);
}

#define TWO_PROVIDERS                                                    \
    "[model_providers.b]\nname = \"b\"\nbase_url = \"http://h:81/v1\"\n" \
    "[model_providers.a]\n  base_url = 'http://h:82/v1' # mine\n"        \
    "[profiles.p]\nmodel_provider = \"b\"\n"

static void the_model_is_where_its_settings_say(void **state)
{
    static const struct {
        const char *config;
        uint16_t port; /* 0: not known */
    } rows[] = {
        {"", 443},
        {"model = \"x\"\n", 443},
        {"model_provider = \"a\"\n" TWO_PROVIDERS, 82},
        {"model_provider = \"b\"\r\n" TWO_PROVIDERS, 81},
        {"profile = \"p\"\nmodel_provider = \"a\"\n" TWO_PROVIDERS, 81},
        {"profile = \"q\"\nmodel_provider = \"a\"\n" TWO_PROVIDERS, 82},
        {"openai_base_url = \"https://h:8443/v1\"\n", 8443},
        {"openai_base_url = \"https://h:8443/v1\"\nmodel_provider = \"a\"\n" TWO_PROVIDERS, 82},
        {"notify = \"\"\"\nmodel_provider = \"a\"\n\"\"\"\n" TWO_PROVIDERS, 443},
        {"notify = [\"\"\"x\"\"\", '''\nmodel_provider = \"a\"\n''']\n" TWO_PROVIDERS, 443},
        /* quotes that begin no such string: in a remark, and in another string */
        {"model = \"x\" # not \"\"\"\nmodel_provider = \"a\"\n" TWO_PROVIDERS, 82},
        {"model = \"\" # '''\nmodel_provider = \"a\"\n" TWO_PROVIDERS, 82},
        {"model = '\"\"\"'\nmodel_provider = \"a\"\n" TWO_PROVIDERS, 82},
        {"model = \"\\\"'''\"\nmodel_provider = \"a\"\n" TWO_PROVIDERS, 82},
        {"[tools]\nmodel_provider = \"a\"\n" TWO_PROVIDERS, 443},
        {"model_provider = \"x.y\"\n[model_providers.\"x.y\"] # one\nbase_url = \"http://h:83\"\n",
         83},
        {"model_provider = \"a\"\nmodel_providers.a.base_url = \"http://h:84\"\n", 84},
        {"model_provider = \"a\"\nmodel_providers.a.name = \"a\"\n", 443},
        {"a = [\n[\"model_providers\"],\n]\nmodel_provider = \"a\"\n" TWO_PROVIDERS, 82},
        {"[[hooks]]\nmodel_provider = \"a\"\n" TWO_PROVIDERS, 443},
        /* in a form that is not read, or with an address of the program's own */
        {"model_provider = \"a\"\nmodel_providers = { a = { base_url = \"http://h:84\" } }\n", 0},
        {"model_provider = \"a\"\n[model_providers]\na = { base_url = \"http://h:84\" }\n", 0},
        {"model_provider = \"ollama\"\n", 0},
        {"model_provider = \"\\u0061\"\n" TWO_PROVIDERS, 0},
        {"model_provider = \"a\"\n[model_providers.a]\nbase_url = \n", 0},
        {"model_provider = \"", 0},
    };
    (void)state;
    struct problems problems = {0};
    struct proc_strings none = {0};
    struct agent_store store = open_store(&problems);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        scratch_put("config.toml", rows[i].config);
        assert_int_equal(agent_codex.model->api(&none, &none, &store).port, rows[i].port);
    }
    assert_int_equal(unlink(scratch("config.toml")), 0);
    assert_int_equal(agent_codex.model->api(&none, &none, &store).port, 443);
    assert_int_equal(mkfifo(scratch("config.toml"), 0600), 0); /* what it says is not known */
    assert_int_equal(agent_codex.model->api(&none, &none, &store).port, 0);
    assert_int_equal(agent_codex.model->api(&none, &none, NULL).port, 0);
    fs_close(&store.fd);
}

static void the_model_is_where_its_command_line_says(void **state)
{
#define LINE(...)            \
    {                        \
        "codex", __VA_ARGS__ \
    }
    static const struct {
        const char *words[6];
        uint16_t port;
    } rows[] = {
        {LINE("resume"), 82},
        {LINE("-c", "model_provider=b"), 81},
        {LINE("exec", "--config", "model_provider=\"b\"", "go"), 81},
        {LINE("--config=model_provider=b"), 81},
        {LINE("-cmodel_provider=b", "-c", "model_provider=a"), 82},
        {LINE("-c", "model_providers.a.base_url=\"http://127.0.0.1:90/v1\""), 90},
        {LINE("-c", "model_providers.a={base_url=\"http://h:90\"}"), 0},
        {LINE("-c", "model_provider=ollama"), 0},
        {LINE("-c", "model_provider=openai"), 443},
        {LINE("-c", "model=other"), 82},
        {LINE("--oss"), 0},
        {LINE("-p", "p"), 81},
        {LINE("--profile=p"), 81},
        {LINE("-p", "file"), 85},
        {LINE("-c", "model_provider=a", "-p", "file"), 82},
        {LINE("--", "-p", "file"), 82},
        {LINE("-p", "pipe"), 0},
    };
    (void)state;
    struct problems problems = {0};
    struct proc_strings none = {0};
    struct agent_store store = open_store(&problems);
    scratch_put("config.toml", "model_provider = \"a\"\n" TWO_PROVIDERS);
    scratch_put("file.config.toml",
                "model_provider = \"c\"\nmodel_providers.c.base_url = \"http://h:85\"\n");
    assert_int_equal(mkfifo(scratch("pipe.config.toml"), 0600), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct proc_strings argv = {.items = rows[i].words};
        while (argv.count < 6 && rows[i].words[argv.count])
            argv.count++;
        assert_int_equal(agent_codex.model->api(&argv, &none, &store).port, rows[i].port);
    }
    fs_close(&store.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_process_is_what_it_is),
        cmocka_unit_test(each_record_moves_the_turn),
        cmocka_unit_test(a_turn_ends_in_every_way),
        cmocka_unit_test(what_was_said_is_read),
        cmocka_unit_test(rollouts_are_found_by_their_names),
        cmocka_unit_test_setup_teardown(a_store_is_gone_through, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_session_has_no_children_of_another_time, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(a_database_that_cannot_be_looked_at_is_missed,
                                        scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(an_empty_home_has_no_sessions, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(the_model_is_where_its_command_line_says, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(the_model_is_where_its_settings_say, scratch_setup,
                                        scratch_teardown),
    };
    return cmocka_run_group_tests_name("codex", tests, NULL, NULL);
}
