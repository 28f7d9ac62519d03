/* Gemini CLI: its processes, its records, and its files. */
#include "scratch.h"

#include "agents/gemini/gemini.h"
#include "conversation/message.h"
#include "conversation/tail.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define WORDS(...)                                                      \
    {                                                                   \
        (const char *const[]){__VA_ARGS__},                             \
            sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *) \
    }
#define NODE "/usr/bin/node"
#define LINK "/usr/local/bin/gemini"
#define SCRIPT "/usr/lib/node_modules/@google/gemini-cli/bundle/gemini.js"
#define ID "11111111-2222-4333-8444-555555555555"
#define OTHER "11111111-2222-4333-8444-999999999999"
#define THIRD "99999999-2222-4333-8444-555555555555"

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

#define WORKER WORDS("GEMINI_CLI_NO_RELAUNCH=true")
#define PLAIN WORDS("HOME=/home/u")

static const struct process {
    struct proc_strings argv, environment;
    enum fact is_program;
    enum agent_role role;
} processes[] = {
    /* the two that each is */
    {WORDS("node", LINK), PLAIN, FACT_YES, AGENT_HELPER},
    {WORDS(NODE, "--max-old-space-size=12052", LINK), WORKER, FACT_YES, AGENT_SESSION},
    {WORDS(NODE, SCRIPT, "--resume", ID), WORKER, FACT_UNKNOWN, AGENT_SESSION},
    {WORDS(NODE, SCRIPT, "-p", "mcp"), WORKER, FACT_UNKNOWN, AGENT_SESSION},
    /* its other commands */
    {WORDS(NODE, SCRIPT, "mcp", "list"), WORKER, FACT_UNKNOWN, AGENT_HELPER},
    {WORDS(NODE, SCRIPT, "--list-sessions"), WORKER, FACT_UNKNOWN, AGENT_HELPER},
    {WORDS(NODE, SCRIPT, "-m", "x", "extensions"), WORKER, FACT_UNKNOWN, AGENT_HELPER},
    {WORDS(NODE, SCRIPT, "-v"), WORKER, FACT_UNKNOWN, AGENT_HELPER},
    /* it draws, and inherits the variable */
    {WORDS(NODE, "/usr/lib/node_modules/@google/gemini-cli/bundle/worker/worker-entry.js"), WORKER,
     FACT_UNKNOWN, AGENT_HELPER},
    /* others */
    {WORDS("node", "/home/u/bin/gemini"), WORKER, FACT_NO, AGENT_NAMESAKE},
    {WORDS("node", "/home/u/gemini.js"), WORKER, FACT_UNKNOWN, AGENT_NO},
    {WORDS("vi", SCRIPT), WORKER, FACT_UNKNOWN, AGENT_NO},
};

static void a_process_is_told_by_its_script_and_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof processes / sizeof *processes; i++) {
        const struct process *p = &processes[i];
        struct agent_look look = {p->argv.items[0], p->argv.items[0], &p->argv, &p->environment,
                                  p->is_program};
        assert_int_equal(agent_gemini.process->role(&look), p->role);
    }
}

/* Where its environment may not be read. */
static void the_memory_that_it_was_given_tells_the_client(void **state)
{
    (void)state;
    struct proc_strings above = WORDS(NODE, SCRIPT);
    struct proc_strings client = WORDS(NODE, "--max-old-space-size=4096", SCRIPT);
    struct agent_look look = {NODE, "node", &above, NULL, FACT_UNKNOWN};
    assert_int_equal(agent_gemini.process->role(&look), AGENT_HELPER);
    look.argv = &client;
    assert_int_equal(agent_gemini.process->role(&look), AGENT_SESSION);
}

static void an_id_on_the_command_line_is_a_whole_one(void **state)
{
    (void)state;
    struct proc_strings by_id = WORDS(NODE, SCRIPT, "--resume", ID);
    struct proc_strings latest = WORDS(NODE, SCRIPT, "--resume", "latest");
    struct proc_strings file = WORDS(NODE, SCRIPT, "--session-file", ID);
    struct sv id;
    assert_true(agent_gemini.process->session_in_argv(&by_id, &id));
    assert_true(sv_equals(id, SV(ID)));
    assert_false(agent_gemini.process->session_in_argv(&latest, &id));
    assert_false(agent_gemini.process->session_in_argv(&file, &id));
}

/* ---- records ------------------------------------------------------------------------------ */

#define HEADER(id)                                                               \
    "{\"sessionId\":\"" id "\",\"projectHash\":\"h\",\"startTime\":"             \
    "\"2026-11-22T10:01:06.000Z\",\"lastUpdated\":\"2026-11-22T10:01:06.000Z\"," \
    "\"kind\":\"main\"}\n"
#define CONTEXT                                                                        \
    "{\"$set\":{\"messages\":[{\"id\":\"c\",\"type\":\"user\",\"content\":[{\"text\":" \
    "\"<session_context>\\n- **Workspace Directories:**\\n  - /home/u/p\\n\"}]}]}}\n"
#define SAYS(second, type, more)                                                                  \
    "{\"id\":\"i" second "\",\"timestamp\":\"2026-11-22T10:02:" second ".000Z\",\"type\":\"" type \
    "\"," more "}\n"
#define ASKS(second) SAYS(second, "user", "\"content\":[{\"text\":\"buy milk\"}]")
#define REPLIES(second) SAYS(second, "gemini", "\"content\":\"bought\",\"thoughts\":[]")
#define CALLS(second) SAYS(second, "gemini", "\"content\":\"\",\"thoughts\":[]")
#define CALLED(second, status)                                                           \
    SAYS(second, "gemini",                                                               \
         "\"content\":\"\",\"toolCalls\":[{\"id\":\"t\",\"name\":\"run_shell_command\"," \
         "\"args\":{\"command\":\"ls\"},\"status\":\"" status "\",\"timestamp\":"        \
         "\"2026-11-22T10:02:50.000Z\"}]")
#define ANSWERS(second)  \
    SAYS(second, "user", \
         "\"content\":[{\"functionResponse\":{\"id\":\"t\",\"response\":{\"output\":\"x\"}}}]")

static struct tail_result tail_of(const char *text)
{
    scratch_put("tail", text);
    struct fs_file file;
    struct tail_result result;
    assert_int_equal(fs_open_file(AT_FDCWD, scratch("tail"), &file), 0);
    struct record_source source = {
        .read = fs_read_source, .context = &file.fd, .size_bytes = file.size_bytes};
    assert_int_equal(tail_read(&event_gemini, &source, &arena, &result), 0);
    fs_close(&file.fd);
    return result;
}

static void whose_turn_it_is(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum tail_turn turn;
    } rows[] = {
        {ASKS("01"), TAIL_TURN_AWAITS_REPLY},
        {ASKS("01") REPLIES("02"), TAIL_TURN_OVER},
        {ASKS("01") REPLIES("02") "{\"$set\":{\"lastUpdated\":\"x\"}}\n", TAIL_TURN_OVER},
        {ASKS("01") CALLS("02"), TAIL_TURN_AWAITS_TOOL},
        {ASKS("01") CALLS("02") CALLED("02", "success"), TAIL_TURN_AWAITS_REPLY},
        {ASKS("01") CALLS("02") CALLED("02", "success") ANSWERS("51"), TAIL_TURN_AWAITS_REPLY},
        {ASKS("01") SAYS("02", "info", "\"content\":\"Request cancelled.\""), TAIL_TURN_OVER},
        {ASKS("01") SAYS("02", "info", "\"content\":\"Update available\""), TAIL_TURN_AWAITS_REPLY},
        {ASKS("01") SAYS("02", "error", "\"content\":\"503\""), TAIL_TURN_OVER},
        /* the client's own first message begins no turn */
        {ASKS("01") REPLIES("02") CONTEXT, TAIL_TURN_OVER},
        /* stamped some ms before the prompt that it cancels */
        {"{\"id\":\"a\",\"timestamp\":\"2026-11-22T10:02:49.819Z\",\"type\":\"info\",\"content\":"
         "\"Request cancelled.\"}\n{\"id\":\"b\",\"timestamp\":\"2026-11-22T10:02:49.832Z\","
         "\"type\":\"user\",\"content\":[{\"text\":\"x\"}]}\n",
         TAIL_TURN_OVER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *text = arena_printf(&arena, HEADER(ID) CONTEXT "%s", rows[i].text);
        assert_int_equal(tail_of(text).turn, rows[i].turn);
    }
    assert_string_equal(tail_of(HEADER(ID) CONTEXT ASKS("01")).cwd, "/home/u/p");
}

static void what_a_stub_is(void **state)
{
    (void)state;
    assert_false(gemini_has_conversation(SV(HEADER(ID))));
    assert_false(gemini_has_conversation(SV(HEADER(ID) CONTEXT)));
    assert_false(gemini_has_conversation(
        SV(HEADER(ID) CONTEXT SAYS("01", "user", "\"content\":\"/help\""))));
    assert_false(
        gemini_has_conversation(SV(HEADER(ID) CONTEXT SAYS("01", "info", "\"content\":\"x\""))));
    assert_true(gemini_has_conversation(SV(HEADER(ID) CONTEXT ASKS("01"))));
    assert_true(gemini_has_conversation(SV(HEADER(ID) CONTEXT CALLED("01", "success"))));
    assert_true(gemini_has_conversation(SV(HEADER(ID) CONTEXT ANSWERS("01"))));
    /* a list of messages takes the place of all before it */
    assert_false(gemini_has_conversation(SV(HEADER(ID) ASKS("01") CONTEXT)));
    assert_false(gemini_has_conversation(SV("")));
}

static void its_records_are_known_from_others(void **state)
{
    (void)state;
    scratch_put("mine.jsonl", HEADER(ID) CONTEXT);
    scratch_put("other.jsonl", "{\"sessionId\":\"" ID "\",\"type\":\"user\"}\n");
    assert_ptr_equal(agent_of_file(scratch("mine.jsonl")), &agent_gemini);
    assert_ptr_not_equal(agent_of_file(scratch("other.jsonl")), &agent_gemini);
}

/* ---- files -------------------------------------------------------------------------------- */

#define CHATS "q/tmp/app/chats/session-2026-11-22T"

static struct agent_store open_store(void)
{
    return (struct agent_store){.fd = open(scratch("q"), O_RDONLY | O_DIRECTORY),
                                .path = scratch("q"),
                                .arena = &arena,
                                .problems = &problems};
}

static void a_path_is_cut_where_the_store_ends(void **state)
{
    (void)state;
    const char *store, *below;
    assert_true(gemini_split(&arena, "/q/tmp/app/chats/session-2026-11-22T10-02-11111111.jsonl",
                             &store, &below));
    assert_string_equal(store, "/q");
    assert_string_equal(below, "tmp/app/chats/session-2026-11-22T10-02-11111111.jsonl");
    assert_false(gemini_split(&arena, "/q/tmp/app/chats/x.jsonl", &store, &below));
    assert_false(gemini_split(&arena, "/q/var/app/chats/session-1-11111111.jsonl", &store, &below));
    assert_false(gemini_split(&arena, "/q/tmp/app/logs/session-1-11111111.jsonl", &store, &below));
    assert_false(gemini_split(&arena, "session-1-11111111.jsonl", &store, &below));
    assert_false(gemini_split(&arena, "chats/session-1-11111111.jsonl", &store, &below));
}

static void the_store_says_which_folder_a_directory_has(void **state)
{
    (void)state;
    scratch_put("q/projects.json", "{\"projects\":{\"/home/u/a\":\"app\",\"/home/u/b\":\"gone\","
                                   "\"/home/u/e\":\"../../etc\",\"/home/u/f\":\"new-one\"}}");
    scratch_put("q/tmp/app/.project_root", "/home/u/a");
    scratch_put("q/tmp/app-1/.project_root", "/home/v/app\n");
    scratch_put("q/tmp/gone/.project_root", "/elsewhere");
    struct agent_store store = open_store();
    assert_string_equal(gemini_folder_in(&store, "/home/u/a"), "tmp/app/chats");
    assert_string_equal(gemini_folder_in(&store, "/home/v/app"), "tmp/app-1/chats");
    /* a folder that says it is another's, none, and one that leads out */
    assert_string_equal(gemini_folder_in(&store, "/home/u/b"), "tmp/b/chats");
    assert_string_equal(gemini_folder_in(&store, "/home/w/App"), "tmp/app-2/chats");
    assert_string_equal(gemini_folder_in(&store, "/home/w/New  One!"), "tmp/new-one-1/chats");
    assert_string_equal(gemini_folder_in(&store, "/home/u/e"), "tmp/e/chats");
    close(store.fd);
}

/* Its client takes another, where it cannot read whose a folder is. */
static void a_folder_whose_owner_cannot_be_read_is_not_free(void **state)
{
    (void)state;
    scratch_put("q/projects.json", "{\"projects\":{\"/home/u/a\":\"kept\"}}");
    scratch_put("q/tmp/app/.project_root/x", "");
    scratch_put("q/tmp/kept/.project_root/x", "");
    scratch_put("q/tmp/empty/.project_root", "\n");
    struct agent_store store = open_store();
    assert_string_equal(gemini_folder_in(&store, "/home/u/app"), "tmp/app-1/chats");
    assert_string_equal(gemini_folder_in(&store, "/home/u/a"), "tmp/a/chats");
    assert_string_equal(gemini_folder_in(&store, "/home/u/empty"), "tmp/empty/chats");
    close(store.fd);
    store.fd = -ENOENT; /* no store at all */
    assert_string_equal(gemini_folder_in(&store, "/home/u/app"), "tmp/app/chats");
}

/* Asked for each of thousands of sessions: what it reads for one does not stay. */
static void the_list_of_folders_is_let_go(void **state)
{
    (void)state;
    enum { FILLER = 1024 * 1024 };
    struct buf list = {0};
    struct arena a = {0};
    buf_adds(&list, "{\"projects\":{\"/home/u/a\":\"app\"},\"rest\":\"");
    buf_fill(&list, 'x', FILLER);
    buf_adds(&list, "\"}");
    scratch_write("q/projects.json", list.p, list.n);
    struct agent_store store = open_store();
    store.arena = &a;
    arena_strdup(&a, "");
    const struct arena_block *block = a.newest;
    assert_string_equal(gemini_folder_in(&store, "/home/u/a"), "tmp/app/chats");
    assert_ptr_equal(a.newest, block);
    close(store.fd);
    arena_release(&a);
    buf_release(&list);
}

/* Two sessions with the same digits, and what a resume of one has left. */
static void of_the_same_digits_the_conversation_is_taken(void **state)
{
    (void)state;
    scratch_put("q/tmp/app/.project_root", "/home/u/app");
    scratch_put(CHATS "10-02-11111111.jsonl", HEADER(ID) CONTEXT ASKS("01") REPLIES("02"));
    scratch_put(CHATS "10-05-11111111.jsonl", HEADER(ID) CONTEXT);
    scratch_put(CHATS "10-03-11111111.jsonl", HEADER(OTHER) CONTEXT ASKS("01"));
    scratch_put(CHATS "10-04-99999999.jsonl", HEADER(THIRD) CONTEXT ASKS("01"));
    struct agent_store store = open_store();
    struct agent_transcript *all, t;
    size_t count;
    assert_int_equal(gemini_list_all(&store, &all, &count).state, LOOKUP_FOUND);
    assert_int_equal(count, 3);
    assert_int_equal(gemini_find(&store, ID, NULL, &t).state, LOOKUP_FOUND);
    assert_string_equal(t.path, &(CHATS "10-02-11111111.jsonl")[2]);
    assert_string_equal(t.listed->cwd, "/home/u/app");
    assert_non_null(strstr(t.listed->danger, "10-05-11111111.jsonl"));
    assert_int_equal(gemini_find(&store, OTHER, NULL, &t).state, LOOKUP_FOUND);
    assert_non_null(t.listed->danger); /* the client looks at the digits alone */
    assert_int_equal(gemini_find(&store, THIRD, "/home/u/app", &t).state, LOOKUP_FOUND);
    assert_null(t.listed->danger);
    close(store.fd);
}

static enum agent_file_kind kind_of(const struct agent_files *files, const char *end)
{
    for (size_t i = 0; i < files->count; i++)
        if (str_ends_with(files->items[i].path, end))
            return files->items[i].kind;
    fail_msg("%s is not copied", end);
    return AGENT_FILE_OWN;
}

/* Of the same digits: its own, the only copy of it there may be; and one that says it is another's.
 */
static void what_does_not_say_whose_it_is_is_kept(void **state)
{
    (void)state;
    struct agent_listings listings = {0};
    struct agent_files files;
    struct agent_transcript t;
    scratch_put(CHATS "10-02-11111111.jsonl", HEADER(ID) CONTEXT ASKS("01") REPLIES("02"));
    scratch_put(CHATS "10-03-11111111.jsonl", HEADER(OTHER) CONTEXT ASKS("01"));
    scratch_put(CHATS "10-04-11111111.jsonl", "{\"sessionId\":\"1111\n" ASKS("01") REPLIES("02"));
    scratch_put(CHATS "10-05-11111111.json", "{\n  \"sessionId\": \"" ID "\"\n}\n");
    scratch_put(CHATS "10-06-11111111.jsonl/x", ""); /* none of its client's */
    struct agent_store store = open_store();
    assert_int_equal(gemini_find(&store, ID, NULL, &t).state, LOOKUP_FOUND);
    gemini_list_files(&store, &t, "/tmp", &listings, &files);
    assert_int_equal(kind_of(&files, "10-02-11111111.jsonl"), AGENT_FILE_TRANSCRIPT);
    assert_int_equal(kind_of(&files, "10-04-11111111.jsonl"), AGENT_FILE_RECORD);
    assert_int_equal(kind_of(&files, "10-05-11111111.json"), AGENT_FILE_RECORD);
    assert_int_equal(files.count, 3);
    assert_int_equal(files.left_out_count, 1);
    assert_string_equal(files.left_out[0].why, "of another session");
    assert_false(files.left_out[0].is_lost);
    agent_listings_release(&listings);
    close(store.fd);
}

static void a_file_goes_back_under_its_new_name(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"tmp/app/chats/session-2026-11-22T10-02-11111111.jsonl",
         "tmp/new/chats/session-2026-11-22T10-02-99999999.jsonl"},
        {"tmp/app/tool-outputs/session-" ID "/a.txt",
         "tmp/new/tool-outputs/session-" THIRD "/a.txt"},
        {"tmp/app/chats/" ID "/x.jsonl", "tmp/new/chats/" THIRD "/x.jsonl"},
        {"projects.json", "projects.json"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(gemini_renamed(&arena, rows[i][0], ID, THIRD, "tmp/new/chats"),
                            rows[i][1]);
}

static void how_long_transcripts_are_kept(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t days;
    } rows[] = {
        {"{}", 30},
        {"{\"general\":{\"sessionRetention\":{\"maxAge\":\"2w\"}}}", 14},
        {"{\"general\":{\"sessionRetention\":{\"maxAge\":\"48h\"}}}", 2},
        {"{\"general\":{\"sessionRetention\":{\"maxAge\":\"12h\",\"minRetention\":\"1h\"}}}", 1},
        {"not JSON", 30},
    };
    struct agent_settings settings;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        scratch_put("q/settings.json", rows[i].text);
        struct agent_store store = open_store();
        gemini_read_settings(&store, &settings);
        assert_int_equal(settings.days_kept, rows[i].days);
        close(store.fd);
    }
    scratch_put("q/settings.json", "{\"general\":{\"sessionRetention\":{\"enabled\":false}}}");
    struct agent_store store = open_store();
    gemini_read_settings(&store, &settings);
    assert_true(settings.days_kept > 1000000);
    assert_int_equal(gemini_deletes(&store, NULL), FACT_NO);
    close(store.fd);
    /* words, which the client takes for a yes */
    scratch_put("q/settings.json", "{\"general\":{\"sessionRetention\":{\"enabled\":\"false\"}}}");
    store = open_store();
    gemini_read_settings(&store, &settings);
    assert_int_equal(settings.days_kept, 30);
    assert_int_equal(gemini_deletes(&store, NULL), FACT_YES);
    close(store.fd);
}

/* The user keeps all; a directory may say otherwise. */
static void what_a_directory_sets_may_not_be_known(void **state)
{
    (void)state;
    scratch_put("q/settings.json", "{\"general\":{\"sessionRetention\":{\"enabled\":false}}}");
    scratch_put("none/x", "");
    scratch_put("p/.gemini/settings.json", "{\"general\":{}}");
    scratch_put("deletes/.gemini/settings.json",
                "{\"general\":{\"sessionRetention\":{\"enabled\":true}}}");
    scratch_put("remarks/.gemini/settings.json", "{ // mine\n}");
    scratch_put("folder/.gemini/settings.json/x", "");
    struct agent_store store = open_store();
    assert_int_equal(gemini_deletes(&store, scratch("none")), FACT_NO);
    assert_int_equal(gemini_deletes(&store, scratch("p")), FACT_NO);
    assert_int_equal(gemini_deletes(&store, scratch("deletes")), FACT_YES);
    assert_int_equal(gemini_deletes(&store, scratch("remarks")), FACT_UNKNOWN);
    assert_int_equal(gemini_deletes(&store, scratch("folder")), FACT_UNKNOWN);
    close(store.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_process_is_told_by_its_script_and_its_place, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_memory_that_it_was_given_tells_the_client, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_id_on_the_command_line_is_a_whole_one, setup, teardown),
        cmocka_unit_test_setup_teardown(whose_turn_it_is, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_stub_is, setup, teardown),
        cmocka_unit_test_setup_teardown(its_records_are_known_from_others, setup, teardown),
        cmocka_unit_test_setup_teardown(a_path_is_cut_where_the_store_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(the_store_says_which_folder_a_directory_has, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_folder_whose_owner_cannot_be_read_is_not_free, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_list_of_folders_is_let_go, setup, teardown),
        cmocka_unit_test_setup_teardown(of_the_same_digits_the_conversation_is_taken, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_does_not_say_whose_it_is_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_goes_back_under_its_new_name, setup, teardown),
        cmocka_unit_test_setup_teardown(how_long_transcripts_are_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_directory_sets_may_not_be_known, setup, teardown),
    };
    return cmocka_run_group_tests_name("gemini", tests, NULL, NULL);
}
