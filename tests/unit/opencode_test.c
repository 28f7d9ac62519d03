/* opencode: its processes, and its sessions as rows of a database that each test makes. */
#include "scratch.h"

#include "agents/opencode/opencode.h"
#include "conversation/head.h"
#include "conversation/tail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#define WORDS(...)                                                      \
    {                                                                   \
        (const char *const[]){__VA_ARGS__},                             \
            sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *) \
    }
#define EXE "/usr/lib/node_modules/opencode-ai/bin/opencode.exe"
#define A "ses_aaaaaaaaaaaaAAAAAAAAAAAAAA"
#define B "ses_bbbbbbbbbbbbBBBBBBBBBBBBBB"
#define CHILD "ses_ccccccccccccCCCCCCCCCCCCCC"

/* ---- processes ---------------------------------------------------------------------------- */

static const struct process {
    const char *exe, *name;
    struct proc_strings argv;
    enum fact is_program;
    enum agent_role role;
} processes[] = {
    {EXE, "opencode", WORDS("opencode"), FACT_YES, AGENT_SESSION},
    {EXE, "opencode", WORDS("opencode", "/home/u/p"), FACT_YES, AGENT_SESSION},
    {EXE, "opencode", WORDS("opencode", "-m", "serve"), FACT_YES, AGENT_SESSION},
    {EXE, "opencode", WORDS("opencode", "--session", A), FACT_YES, AGENT_SESSION},
    {EXE, "opencode", WORDS("opencode", "run", "attach", "it"), FACT_YES, AGENT_SESSION},
    {"/home/u/.opencode/bin/opencode", "opencode", WORDS("opencode"), FACT_UNKNOWN, AGENT_SESSION},
    {NULL, "opencode", WORDS("opencode"), FACT_UNKNOWN, AGENT_SESSION},
    {EXE, "opencode", WORDS("opencode", "serve", "--port", "4096"), FACT_YES, AGENT_SERVER},
    {EXE, "opencode", WORDS("opencode", "--port", "4096", "web"), FACT_YES, AGENT_SERVER},
    {EXE, "opencode", WORDS("opencode", "acp"), FACT_YES, AGENT_SERVER},
    {EXE, "opencode", WORDS("opencode", "attach", "http://localhost:4096"), FACT_YES, AGENT_UI},
    {EXE, "opencode", WORDS("opencode", "run", "--attach", "http://x", "hi"), FACT_YES, AGENT_UI},
    {EXE, "opencode", WORDS("opencode", "run", "--attach=http://x", "hi"), FACT_YES, AGENT_UI},
    {EXE, "opencode", WORDS("opencode", "run", "--attached", "hi"), FACT_YES, AGENT_SESSION},
    {EXE, "opencode", WORDS("opencode", "export", A), FACT_YES, AGENT_HELPER},
    {EXE, "opencode", WORDS("opencode", "db", "path"), FACT_YES, AGENT_HELPER},
    {EXE, "opencode", WORDS("opencode", "--version"), FACT_YES, AGENT_HELPER},
    /* another program of that name */
    {"/usr/local/bin/opencode", "opencode", WORDS("opencode"), FACT_NO, AGENT_NAMESAKE},
    {"/usr/bin/vim", "vim", WORDS("vim", "opencode"), FACT_UNKNOWN, AGENT_NO},
    {"/usr/bin/sleep", "opencode", WORDS("opencode"), FACT_UNKNOWN, AGENT_NO},
};

static void each_process_is_what_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof processes / sizeof *processes; i++) {
        const struct process *p = &processes[i];
        struct agent_look look = {p->exe, p->name, &p->argv, NULL, p->is_program};
        enum agent_role role = agent_opencode.process->role(&look);
        if (role != p->role)
            fail_msg("row %zu: role %d", i, (int)role);
    }
}

static void run_as_bun_it_is_a_helper(void **state)
{
    (void)state;
    struct proc_strings argv = WORDS("opencode", "x", "server"),
                        environment = WORDS("BUN_BE_BUN=1");
    struct agent_look look = {EXE, "opencode", &argv, &environment, FACT_YES};
    assert_int_equal(agent_opencode.process->role(&look), AGENT_HELPER);
}

static const struct {
    struct proc_strings argv;
    bool is_there;
} cases[] = {
    {WORDS("opencode", "-s", A), true},
    {WORDS("opencode", "--session=" A), true},
    {WORDS("opencode", "run", "--session", A, "go on"), true},
    {WORDS("opencode", "-s", A, "--fork"), false},
    {WORDS("opencode", "-s", "ses_../../x"), false},
    {WORDS("opencode", "--", "-s", A), false},
    {WORDS("opencode", "-c"), false},
};

static void its_session_stands_on_its_command_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sv id = {0};
        assert_int_equal(agent_opencode.process->session_in_argv(&cases[i].argv, &id),
                         cases[i].is_there);
        if (cases[i].is_there)
            assert_true(sv_equals(id, SV(A)));
    }
}

static void its_place_is_where_its_environment_says(void **state)
{
    (void)state;
    struct arena a = {0};
    bool is_default;
    struct proc_strings home = WORDS("HOME=/home/u"), data = WORDS("XDG_DATA_HOME=/d", "HOME=/h"),
                        other = WORDS("OPENCODE_DB=/x.db", "HOME=/h");
    const struct agent_home *h = agent_opencode.home;
    assert_string_equal(h->config_dir(&a, &home, NULL, &is_default),
                        "/home/u/.local/share/opencode");
    assert_true(is_default);
    assert_string_equal(h->config_dir(&a, &data, NULL, &is_default), "/d/opencode");
    assert_false(is_default);
    /* the sessions are in a database that is not looked into */
    assert_null(h->config_dir(&a, &other, NULL, &is_default));
    arena_release(&a);
}

static void an_id_begins_as_ids_do(void **state)
{
    (void)state;
    assert_ptr_equal(agent_of_prefix("ses_aaaa"), &agent_opencode);
    assert_null(agent_of_prefix("ses_aaa"));
    assert_null(agent_of_prefix("ses_aaaa/b"));
    assert_ptr_equal(agent_of_prefix("01e5af14"), &agent_claude);
    assert_true(agent_is_id(SV(A)));
    assert_false(agent_is_id(SV("ses_aaaa")));
}

/* ---- a store ------------------------------------------------------------------------------ */

static struct database *db;
static struct arena arena;
static struct problems problems;
static struct agent_store store;

static void sql(const char *literal)
{
    database_run(db, literal, "");
    if (database_code(db) < 0)
        fail_msg("%s: %s", literal, database_reason(db));
}

static void add_session(const char *id, const char *parent, const char *cwd, int64_t at_ms)
{
    database_run(
        db,
        "INSERT INTO session VALUES(?, 'prj', NULLIF(?, ''), ?, 'a title', '1.18.33', ?, ?, NULL)",
        "tttii", sv_of(id), sv_of(parent), sv_of(cwd), at_ms, at_ms);
}

static void add_message(const char *id, const char *session, int64_t at_ms, const char *data)
{
    database_run(db, "INSERT INTO message VALUES(?, ?, ?, ?, ?)", "ttiit", sv_of(id),
                 sv_of(session), at_ms, at_ms, sv_of(data));
}

static void add_part(const char *id, const char *message, const char *session, int64_t at_ms,
                     const char *data)
{
    database_run(db, "INSERT INTO part VALUES(?, ?, ?, ?, ?, ?)", "tttiit", sv_of(id),
                 sv_of(message), sv_of(session), at_ms, at_ms, sv_of(data));
}

/* A database as the agent leaves it, its log beside it; db stays open as the agent's own. */
static int setup(void **state)
{
    int r = scratch_setup(state);
    scratch_put("data/x", "");
    db = database_open(scratch("data/" OPENCODE_DATABASE));
    sql("PRAGMA journal_mode = WAL");
    sql("CREATE TABLE project(id TEXT PRIMARY KEY, worktree TEXT)");
    sql("CREATE TABLE session(id TEXT PRIMARY KEY, project_id TEXT, parent_id TEXT, directory "
        "TEXT, "
        "title TEXT, version TEXT, time_created INTEGER, time_updated INTEGER, "
        "time_archived INTEGER)");
    sql("CREATE TABLE message(id TEXT PRIMARY KEY, session_id TEXT, time_created INTEGER, "
        "time_updated INTEGER, data TEXT)");
    sql("CREATE TABLE part(id TEXT PRIMARY KEY, message_id TEXT, session_id TEXT, "
        "time_created INTEGER, time_updated INTEGER, data TEXT)");
    sql("CREATE TABLE todo(session_id TEXT, content TEXT, position INTEGER)");
    sql("CREATE TABLE account(id TEXT, access_token TEXT)");
    sql("CREATE TABLE session_share(session_id TEXT, secret TEXT)");
    sql("INSERT INTO project VALUES('prj', '/home/u/p')");
    sql("INSERT INTO account VALUES('me', 'TOKEN')");
    add_session(A, "", "/home/u/p", 1000);
    add_session(B, "", "/home/u/q", 2000);
    add_session(CHILD, A, "/home/u/p", 1500);
    problems = (struct problems){.arena = &arena};
    store = (struct agent_store){.fd = fs_open_dir(AT_FDCWD, scratch("data")),
                                 .path = scratch("data"),
                                 .arena = &arena,
                                 .problems = &problems};
    return r;
}

static int teardown(void **state)
{
    database_close(db);
    fs_close(&store.fd);
    arena_release(&arena);
    return scratch_teardown(state);
}

static void sessions_are_listed_without_children(void **state)
{
    (void)state;
    struct agent_transcript *t;
    size_t count;
    assert_int_equal(agent_opencode.stored->list_all(&store, &t, &count).state, LOOKUP_FOUND);
    assert_int_equal(count, 2);
    assert_string_equal(t[0].session_id, A);
    assert_string_equal(t[0].listed->cwd, "/home/u/p");
    assert_int_equal(t[0].modified_at.ms, 1000);
    const char *folder = agent_opencode.stored->project_folder(&arena, "/home/u/q");
    assert_int_equal(agent_opencode.stored->list_folder(&store, folder, &t, &count).state,
                     LOOKUP_FOUND);
    assert_int_equal(count, 1);
    assert_string_equal(t[0].session_id, B);
    struct agent_transcript found;
    assert_int_equal(agent_opencode.stored->find(&store, CHILD, NULL, &found).state, LOOKUP_FOUND);
    assert_int_equal(agent_opencode.stored->find(&store, "ses_none", NULL, &found).state,
                     LOOKUP_ABSENT);
    found.session_id = A;
    assert_int_equal(agent_opencode.stored->list_subagents(&store, &found, &t, &count).state,
                     LOOKUP_FOUND);
    assert_int_equal(count, 1);
    assert_string_equal(t[0].session_id, CHILD);
    assert_int_equal(problems.count, 0);
}

static void a_place_without_a_database_has_no_sessions(void **state)
{
    (void)state;
    struct agent_transcript *t;
    size_t count = 7;
    scratch_put("empty/x", "");
    FS_CLOSE int fd = fs_open_dir(AT_FDCWD, scratch("empty"));
    struct agent_store empty = {
        .fd = fd, .path = scratch("empty"), .arena = &arena, .problems = &problems};
    assert_int_equal(agent_opencode.stored->list_all(&empty, &t, &count).state, LOOKUP_ABSENT);
    assert_int_equal(count, 0);
    assert_int_equal(problems.count, 0);
}

static void assert_unknown(const char *folder, const char *why)
{
    struct agent_transcript *t;
    size_t count;
    FS_CLOSE int fd = fs_open_dir(AT_FDCWD, scratch(folder));
    struct agent_store broken = {
        .fd = fd, .path = scratch(folder), .arena = &arena, .problems = &problems};
    assert_int_equal(agent_opencode.stored->list_all(&broken, &t, &count).state, LOOKUP_UNKNOWN);
    assert_int_equal(count, 0);
    assert_true(problems.count > 0);
    assert_non_null(strstr(problems.items[problems.count - 1].text, why));
}

static void what_is_no_such_database_is_named(void **state)
{
    (void)state;
    scratch_put("text/" OPENCODE_DATABASE, "this is no database, but a text of some length\n");
    assert_unknown("text", "not a database");
    scratch_put("bare/" OPENCODE_DATABASE, "");
    assert_unknown("bare", "no such table: session");
    assert_int_equal(mkdir(scratch("folder"), 0700), 0);
    assert_int_equal(mkdir(scratch("folder/" OPENCODE_DATABASE), 0700), 0);
    assert_unknown("folder", "is a directory");
    assert_int_equal(problems.count, 3);
}

static void sessions_that_are_files_are_named(void **state)
{
    (void)state;
    scratch_put("old/storage/session/p/" A ".json", "{}");
    assert_unknown("old", "opencode 1.1 or before");
    scratch_put("data/storage/session/p/" A ".json",
                "{}"); /* beside a database they are not asked for */
    struct agent_transcript *t;
    size_t count, before = problems.count;
    assert_int_equal(agent_opencode.stored->list_all(&store, &t, &count).state, LOOKUP_FOUND);
    assert_int_equal(problems.count, before);
}

/* SQLite would wait at its end for somebody who writes. */
static void a_pipe_beside_a_database_is_not_opened(void **state)
{
    (void)state;
    scratch_put("piped/" OPENCODE_DATABASE, "");
    assert_int_equal(mkfifo(scratch("piped/" OPENCODE_DATABASE "-journal"), 0600), 0);
    assert_unknown("piped", "not a regular file");
}

static void a_locked_database_is_named(void **state)
{
    (void)state;
    scratch_put("locked/x", "");
    struct database *other = database_open(scratch("locked/" OPENCODE_DATABASE));
    database_run(other, "CREATE TABLE session(id TEXT)", "");
    database_run(other, "BEGIN EXCLUSIVE", "");
    assert_unknown("locked", "database is locked");
    database_close(other);
}

static void a_row_that_no_session_can_have_is_left_out_and_said(void **state)
{
    (void)state;
    struct agent_transcript *t;
    size_t count;
    add_session("ses_../../etc/passwd", "", "/home/u/p", 3000);
    assert_int_equal(agent_opencode.stored->list_all(&store, &t, &count).state, LOOKUP_UNKNOWN);
    assert_int_equal(count, 2);
    assert_int_equal(problems.count, 1);
}

/* ---- the turn ----------------------------------------------------------------------------- */

static void read_tail(const char *id, struct tail_result *out)
{
    struct agent_transcript t = {.session_id = id};
    struct fs_file file;
    struct tail tail;
    int64_t offset;
    size_t length;
    assert_int_equal(agent_open_records(&agent_opencode, &store, &t, AGENT_END, &file), 0);
    char *bytes = mem_resize(NULL, TAIL_READ_MAX);
    tail_init(&tail, agent_opencode.reader, &arena, file.size_bytes);
    while (tail_wants(&tail, &offset, &length))
        tail_feed(&tail, bytes, (size_t)fs_read_at(file.fd, bytes, length, offset));
    tail_finish(&tail, out);
    free(bytes);
    fs_close(&file.fd);
}

static void add_prompt(void)
{
    add_message("msg_1", A, 2000, "{\"role\":\"user\",\"time\":{\"created\":2000}}");
    add_part("prt_1", "msg_1", A, 2001, "{\"type\":\"text\",\"text\":\"do it\"}");
}

static void a_prompt_awaits_a_reply(void **state)
{
    (void)state;
    struct tail_result r;
    add_prompt();
    add_message("msg_2", A, 2100, "{\"role\":\"assistant\",\"time\":{\"created\":2100}}");
    add_part("prt_2", "msg_2", A, 2101, "{\"type\":\"step-start\"}");
    read_tail(A, &r);
    assert_int_equal(r.turn, TAIL_TURN_AWAITS_REPLY);
    assert_string_equal(r.prompt, "do it");
    assert_int_equal(r.prompt_at.ms, 2001);
    assert_true(r.found_turn_start);
    assert_string_equal(r.title, "a title");
    assert_string_equal(r.cwd, "/home/u/p");
    assert_string_equal(r.version, "1.18.33");
}

static void a_tool_that_has_no_end_is_open(void **state)
{
    (void)state;
    struct tail_result r;
    add_prompt();
    add_message("msg_2", A, 2100, "{\"role\":\"assistant\",\"time\":{\"created\":2100}}");
    add_part("prt_2", "msg_2", A, 2101,
             "{\"type\":\"tool\",\"tool\":\"bash\",\"callID\":\"c1\",\"state\":{\"status\":"
             "\"running\",\"time\":{\"start\":2105}}}");
    read_tail(A, &r);
    assert_int_equal(r.turn, TAIL_TURN_AWAITS_TOOL);
    assert_int_equal(r.open_tool_count, 1);
    assert_string_equal(r.open_tools[0].name, "bash");
    assert_int_equal(r.open_tools[0].since.ms, 2105);
}

static void a_tool_that_ended_awaits_the_next_reply(void **state)
{
    (void)state;
    struct tail_result r;
    add_prompt();
    add_message("msg_2", A, 2100,
                "{\"role\":\"assistant\",\"finish\":\"tool-calls\",\"time\":{\"created\":2100,"
                "\"completed\":2300}}");
    add_part("prt_2", "msg_2", A, 2101,
             "{\"type\":\"tool\",\"tool\":\"bash\",\"callID\":\"c1\",\"state\":{\"status\":"
             "\"completed\",\"time\":{\"start\":2105,\"end\":2200}}}");
    read_tail(A, &r);
    assert_int_equal(r.turn, TAIL_TURN_AWAITS_REPLY);
    assert_int_equal(r.open_tool_count, 0);
}

static void a_reply_that_stopped_ends_the_turn(void **state)
{
    (void)state;
    struct tail_result r;
    add_prompt();
    add_message("msg_2", A, 2100,
                "{\"role\":\"assistant\",\"finish\":\"stop\",\"modelID\":\"m-1\",\"tokens\":{"
                "\"input\":100,\"output\":10,\"reasoning\":1,\"cache\":{\"read\":5,\"write\":2}},"
                "\"time\":{\"created\":2100,\"completed\":2300}}");
    add_part("prt_2", "msg_2", A, 2101,
             "{\"type\":\"text\",\"text\":\"Done.\",\"time\":{\"start\":2150,\"end\":2250}}");
    read_tail(A, &r);
    assert_int_equal(r.turn, TAIL_TURN_OVER);
    assert_int_equal(r.last_event_at.ms, 2300);
    assert_int_equal(r.context_tokens, 118);
    assert_string_equal(r.context_model, "m-1");
}

static void an_aborted_reply_is_an_interruption_and_another_error_is_one(void **state)
{
    (void)state;
    struct tail_result r;
    add_prompt();
    add_message("msg_2", A, 2100,
                "{\"role\":\"assistant\",\"error\":{\"name\":\"MessageAbortedError\",\"data\":{"
                "\"message\":\"Aborted\"}},\"time\":{\"created\":2100,\"completed\":2300}}");
    read_tail(A, &r);
    assert_int_equal(r.turn, TAIL_TURN_OVER);
    assert_true(r.turn_was_interrupted);
    add_message("msg_3", A, 2400,
                "{\"role\":\"assistant\",\"error\":{\"name\":\"APIError\",\"data\":{\"message\":"
                "\"no quota\"}},\"time\":{\"created\":2400,\"completed\":2500}}");
    read_tail(A, &r);
    assert_int_equal(r.turn, TAIL_TURN_OVER);
    assert_string_equal(r.api_error, "no quota");
}

/* A long session is read back to its last prompt alone. */
static void only_the_last_turn_is_read(void **state)
{
    (void)state;
    struct agent_transcript t = {.session_id = A};
    struct fs_file file;
    char text[4096] = {0};
    add_message("msg_0", A, 1000, "{\"role\":\"user\"}");
    add_part("prt_0", "msg_0", A, 1001, "{\"type\":\"text\",\"text\":\"an earlier one\"}");
    add_prompt();
    assert_int_equal(agent_open_records(&agent_opencode, &store, &t, AGENT_END, &file), 0);
    assert_int_equal(fs_read_at(file.fd, text, sizeof text - 1, 0), file.size_bytes);
    assert_non_null(strstr(text, "do it"));
    assert_null(strstr(text, "an earlier one"));
    fs_close(&file.fd);
    assert_int_equal(agent_open_records(&agent_opencode, &store, &t, AGENT_BEGINNING, &file), 0);
    ssize_t n = fs_read_at(file.fd, text, sizeof text - 1, 0);
    struct head head;
    head_read(agent_opencode.reader, &arena, (struct sv){text, (size_t)n}, false, &head);
    assert_string_equal(head.prompt, "an earlier one");
    assert_string_equal(head.cwds[0], "/home/u/p");
    assert_false(head.lacks_root);
    fs_close(&file.fd);
}

/* ---- a backup ----------------------------------------------------------------------------- */

static int collect(void *context, const char *bytes, size_t n)
{
    buf_add(context, bytes, n);
    return 0;
}

static void the_rows_of_a_session_are_written_and_no_others(void **state)
{
    (void)state;
    struct agent_transcript t = {.session_id = A};
    struct buf text = {0};
    add_prompt();
    add_message("msg_9", B, 2000, "{\"role\":\"user\",\"x\":\"OTHER\"}");
    sql("INSERT INTO todo VALUES('" A "', 'to do', 0)");
    sql("INSERT INTO session_share VALUES('" A "', 'SECRET')");
    database_run(db, "INSERT INTO todo VALUES(?, ?, 1)", "tt", SV(A), SV("not \xff utf-8"));
    assert_int_equal(agent_opencode.records->write(&store, &t, AGENT_WHOLE, collect, &text), 0);
    assert_non_null(
        strstr(text.p, "{\"table\":\"session\",\"key\":[\"id\"],\"row\":{\"id\":\"" A "\""));
    assert_non_null(strstr(text.p, "\"content\":\"to do\",\"position\":0"));
    assert_non_null(strstr(text.p, "{\"text\":\"6e6f7420ff207574662d38\"}"));
    assert_non_null(strstr(text.p, "\"table\":\"project\""));
    assert_non_null(strstr(text.p, "\"table\":\"part\",\"key\":[\"id\"],\"role\":\"user\""));
    /* as it stands in the row, byte for byte */
    assert_non_null(strstr(text.p, "{\\\"type\\\":\\\"text\\\",\\\"text\\\":\\\"do it\\\"}"));
    assert_null(strstr(text.p, "OTHER"));
    assert_null(strstr(text.p, "SECRET"));
    assert_null(strstr(text.p, "TOKEN"));
    assert_null(strstr(text.p, CHILD));
    buf_release(&text);
}

#define WIDE "\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e"

static void children_are_files_of_their_own_and_what_is_not_taken_is_named(void **state)
{
    (void)state;
    struct agent_transcript t;
    struct agent_listings listings = {0};
    struct agent_files files;
    sql("INSERT INTO session_share VALUES('" A "', 'SECRET')");
    sql("CREATE TABLE news(session_id TEXT)");
    add_message("msg_wide", A, 1, "{\"text\":\"" WIDE "\"}");
    assert_int_equal(agent_opencode.stored->find(&store, A, NULL, &t).state, LOOKUP_FOUND);
    agent_opencode.bundle->list_files(&store, &t, "/tmp", &listings, &files);
    assert_int_equal(files.count, 2);
    assert_int_equal(files.items[0].kind, AGENT_FILE_TRANSCRIPT);
    assert_string_equal(files.items[0].rows->session_id, A);
    assert_true(files.items[0].seen.size_bytes >= 2 * (int64_t)sizeof WIDE); /* in bytes */
    assert_string_equal(files.items[1].name, "children/" CHILD);
    assert_int_equal(files.left_out_count, 2);
    assert_true(files.left_out[0].is_lost); /* a table that is not known */
    assert_false(files.left_out[1].is_lost);
    agent_files_release(&files);
}

/* A part belongs to the session that it names, whatever became of its message. */
static void parts_go_with_their_session(void **state)
{
    (void)state;
    struct agent_transcript t = {.session_id = A};
    struct buf text = {0};
    add_prompt();
    add_part("prt_8", "msg_gone", A, 2000, "{\"text\":\"ALONE\"}");
    add_part("prt_9", "msg_gone", B, 2000, "{\"text\":\"OTHER\"}");
    database_run(db, "UPDATE part SET message_id = (SELECT id FROM message LIMIT 1) WHERE id = ?",
                 "t", SV("prt_9"));
    assert_int_equal(agent_opencode.records->write(&store, &t, AGENT_WHOLE, collect, &text), 0);
    assert_non_null(strstr(text.p, "ALONE"));
    assert_null(strstr(text.p, "OTHER"));
    buf_release(&text);
}

static void of_one_that_was_removed_nothing_is_written(void **state)
{
    (void)state;
    struct agent_transcript t = {.session_id = "ses_zzzzzzzzzzzzZZZZZZZZZZZZZZ"};
    struct buf text = {0};
    assert_int_equal(agent_opencode.records->write(&store, &t, AGENT_WHOLE, collect, &text),
                     -ENOENT);
    assert_int_equal(text.n, 0);
}

/* Whoever copies it finds out, and says why. */
static void its_rows_are_listed_where_the_database_went(void **state)
{
    (void)state;
    struct agent_transcript t;
    struct agent_listings listings = {0};
    struct agent_files files;
    assert_int_equal(agent_opencode.stored->find(&store, A, NULL, &t).state, LOOKUP_FOUND);
    assert_int_equal(unlinkat(store.fd, "opencode.db", 0), 0);
    agent_opencode.bundle->list_files(&store, &t, "/tmp", &listings, &files);
    assert_int_equal(files.count, 1);
    assert_int_equal(files.items[0].kind, AGENT_FILE_TRANSCRIPT);
    agent_files_release(&files);
}

static void a_view_is_no_table(void **state)
{
    (void)state;
    struct agent_transcript t = {.session_id = A};
    struct buf text = {0};
    sql("DROP TABLE todo");
    sql("ALTER TABLE session RENAME TO kept");
    sql("CREATE VIEW session AS WITH RECURSIVE r AS (SELECT 1 AS id UNION ALL SELECT 1 FROM r) "
        "SELECT id FROM r");
    assert_true(agent_opencode.records->write(&store, &t, AGENT_WHOLE, collect, &text) < 0);
    buf_release(&text);
}

/* ---- its model ---------------------------------------------------------------------------- */

static int port_with(const char *config, const char *variable, const char *const *words)
{
    const char *items[2] = {arena_printf(&scratch_arena, "XDG_CONFIG_HOME=%s", scratch_path),
                            variable};
    const struct proc_strings environment = {items, variable ? 2 : 1};
    struct proc_strings argv = {words, 0};
    while (words && words[argv.count])
        argv.count++;
    if (config)
        scratch_put("opencode/opencode.json", config);
    return agent_opencode.model->api(&argv, &environment, NULL).port;
}

#define OWN "\"provider\":{\"own\":{\"options\":{\"baseURL\":\"http://127.0.0.1:4711/v1\"}}}"

static void the_port_of_its_model_is_known_without_a_doubt_or_not_at_all(void **state)
{
    static const char *const other[] = {"opencode", "-m", "other/m", NULL};
    static const char *const own[] = {"opencode", "--model", "own/m", NULL};
    (void)state;
    assert_int_equal(port_with(NULL, NULL, NULL), 443);
    assert_int_equal(port_with(NULL, "HTTPS_PROXY=http://proxy:3128", NULL), 3128);
    assert_int_equal(port_with("{}", NULL, NULL), 443);
    assert_int_equal(port_with("{\"model\":\"own/m\"," OWN "}", NULL, NULL), 4711);
    assert_int_equal(
        port_with("{\"model\":\"own/m\"," OWN "}", "HTTPS_PROXY=http://proxy:3128", NULL), 4711);
    assert_int_equal(port_with("{" OWN "}", NULL, own), 4711);
    /* another provider may be asked, or all say too little */
    assert_int_equal(port_with("{" OWN "}", NULL, NULL), 0);
    assert_int_equal(port_with("{\"model\":\"own/m\"," OWN "}", NULL, other), 0);
    assert_int_equal(port_with("{\"model\":\"ow/m\"," OWN "}", NULL, NULL), 0);
    assert_int_equal(port_with("{\"model\":\"own/m\"," OWN "}", "OPENCODE_CONFIG=/x", NULL), 0);
    assert_int_equal(port_with("{\"model\":\"a/m\",\"provider\":{\"a\":{\"api\":\"http://h:1\"},"
                               "\"b\":{\"api\":\"http://h:2\"}}}",
                               NULL, NULL),
                     0);
    assert_int_equal(
        port_with("{\"model\":\"a/m\",\"provider\":{\"a\":{\"api\":\"{env:U}\"}}}", NULL, NULL), 0);
    assert_int_equal(port_with("{ // own\n\"model\":\"own/m\"," OWN "}", NULL, NULL), 0);
    assert_int_equal(agent_opencode.model->api(NULL, NULL, NULL).port, 0);
}

#define ON_STORE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_process_is_what_it_is),
        cmocka_unit_test(run_as_bun_it_is_a_helper),
        cmocka_unit_test(its_session_stands_on_its_command_line),
        cmocka_unit_test(its_place_is_where_its_environment_says),
        cmocka_unit_test(an_id_begins_as_ids_do),
        ON_STORE(sessions_are_listed_without_children),
        ON_STORE(a_place_without_a_database_has_no_sessions),
        ON_STORE(what_is_no_such_database_is_named),
        ON_STORE(sessions_that_are_files_are_named),
        ON_STORE(a_pipe_beside_a_database_is_not_opened),
        ON_STORE(a_locked_database_is_named),
        ON_STORE(a_row_that_no_session_can_have_is_left_out_and_said),
        ON_STORE(a_prompt_awaits_a_reply),
        ON_STORE(a_tool_that_has_no_end_is_open),
        ON_STORE(a_tool_that_ended_awaits_the_next_reply),
        ON_STORE(a_reply_that_stopped_ends_the_turn),
        ON_STORE(an_aborted_reply_is_an_interruption_and_another_error_is_one),
        ON_STORE(only_the_last_turn_is_read),
        ON_STORE(the_rows_of_a_session_are_written_and_no_others),
        ON_STORE(children_are_files_of_their_own_and_what_is_not_taken_is_named),
        ON_STORE(parts_go_with_their_session),
        ON_STORE(of_one_that_was_removed_nothing_is_written),
        ON_STORE(its_rows_are_listed_where_the_database_went),
        ON_STORE(a_view_is_no_table),
        ON_STORE(the_port_of_its_model_is_known_without_a_doubt_or_not_at_all),
    };
    return cmocka_run_group_tests_name("opencode", tests, NULL, NULL);
}
