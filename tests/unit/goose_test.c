/* Goose: its processes, its ids, and what its rows say. */
#include "scratch.h"

#include "agents/agent.h"
#include "agents/goose/goose.h"
#include "conversation/message.h"

#include <errno.h>

#define EXE "/home/u/.local/bin/goose"
#define WORDS(...)                                                      \
    {                                                                   \
        (const char *const[]){__VA_ARGS__},                             \
            sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *) \
    }

static const struct process {
    const char *exe;
    struct proc_strings argv;
    enum agent_role role;
    const char *id;
} processes[] = {
    {EXE, WORDS("goose", "session"), AGENT_SESSION, NULL},
    {EXE, WORDS("goose", "session", "-r", "--session-id", "20250921_3"), AGENT_SESSION,
     "20250921_3"},
    {EXE, WORDS("goose", "run", "--session-id=20250921_3", "-t", "list"), AGENT_SESSION,
     "20250921_3"},
    {EXE, WORDS("goose", "session", "--session-id", "x"), AGENT_SESSION, NULL},
    {EXE, WORDS("goose", "session", "list"), AGENT_HELPER, NULL},
    {EXE, WORDS("goose", "run", "--help"), AGENT_HELPER, NULL},
    {EXE, WORDS("goose", "mcp", "developer"), AGENT_HELPER, NULL},
    {EXE, WORDS("goose", "acp"), AGENT_SERVER, NULL},
    {"/opt/goosed", WORDS("goosed", "agent"), AGENT_SERVER, NULL},
    {EXE, WORDS("goose", "postgres", "up"), AGENT_NO, NULL},
    {EXE, WORDS("goose", "--dir", "status"), AGENT_NO, NULL},
    {EXE, WORDS("goose"), AGENT_NO, NULL},
    {NULL, WORDS("goose", "session"), AGENT_NO, NULL},
    {"/usr/bin/sleep", WORDS("goose", "session"), AGENT_NO, NULL},
};

static void each_process_is_what_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof processes / sizeof *processes; i++) {
        const struct process *p = &processes[i];
        struct agent_look look = {p->exe, "goose", &p->argv, NULL, FACT_UNKNOWN};
        struct sv id = {0};
        if (agent_goose.process->role(&look) != p->role)
            fail_msg("row %zu: role %d", i, (int)agent_goose.process->role(&look));
        assert_int_equal(agent_goose.process->session_in_argv(&p->argv, &id), p->id != NULL);
        if (p->id)
            assert_true(sv_is(id, p->id));
    }
}

static void ids_are_told_from_other_words(void **state)
{
    (void)state;
    assert_true(goose_is_id(SV("20250921_3")));
    assert_true(goose_is_id(SV("20250921_12345")));
    static const char *const others[] = {"",           "20250921",    "20250921_",
                                         "2025092_13", "20250921_3a", "20250921_3/",
                                         "4194304",    "202509211_3"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(goose_is_id(sv_of(others[i])));
    assert_false(goose_is_id((struct sv){"20250921_3\0x", 12}));
}

#define ROW(role, content)                                                                      \
    "{\"table\":\"messages\",\"key\":[\"id\"],\"row\":{\"session_id\":\"20250921_3\",\"role\":" \
    "\"" role "\",\"content_json\":\"" content "\",\"created_timestamp\":1790000000}}"

static void rows_say_whose_turn_it_is(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum event_kind kind;
        bool expects_reply;
        size_t blocks;
    } all[] = {
        {ROW("user", "[{\\\"type\\\":\\\"text\\\",\\\"text\\\":\\\"hi\\\"}]"), EVENT_PROMPT, true,
         1},
        {ROW("assistant", "[{\\\"type\\\":\\\"text\\\",\\\"text\\\":\\\"hi\\\"}]"),
         EVENT_ASSISTANT_TEXT, false, 1},
        {ROW("assistant", "[{\\\"type\\\":\\\"toolRequest\\\",\\\"id\\\":\\\"c\\\"},{\\\"type\\\":"
                          "\\\"odd\\\"}]"),
         EVENT_TOOL_USE, false, 2},
        {ROW("user",
             "[{\\\"type\\\":\\\"toolResponse\\\",\\\"id\\\":\\\"c\\\",\\\"toolResult\\\":7}]"),
         EVENT_TOOL_RESULT, true, 1},
        {ROW("assistant", "not json"), EVENT_ASSISTANT_TEXT, false, 1}, /* as it stands */
        {"{\"table\":\"sessions\",\"row\":{\"id\":\"20250921_3\"}}", EVENT_TITLE, false, 0},
        {"{\"table\":7}", EVENT_METADATA, false, 0},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        ARENA_RELEASE struct arena a = {0};
        struct event e;
        struct message m;
        assert_int_equal(event_goose.read_message(&a, sv_of(all[i].line), &e, &m), 0);
        assert_int_equal(e.kind, all[i].kind);
        assert_int_equal(e.expects_reply, all[i].expects_reply);
        assert_false(e.ends_turn); /* which is not known */
        assert_int_equal(m.block_count, all[i].blocks);
    }
    ARENA_RELEASE struct arena a = {0};
    struct event e;
    assert_int_equal(event_goose.read(&a, SV("[1]"), &e), -EBADMSG);
    assert_true(event_goose.recognises(&a, sv_of(all[0].line)));
    assert_false(event_goose.recognises(&a, SV("{\"table\":\"part\",\"row\":{}}")));
    assert_false(agent_opencode.reader->recognises(&a, sv_of(all[0].line)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_process_is_what_it_is),
        cmocka_unit_test(ids_are_told_from_other_words),
        cmocka_unit_test(rows_say_whose_turn_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
