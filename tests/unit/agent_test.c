#include "scratch.h"

#include "agents/agent.h"

static struct agent_listings listings;

static struct fs_name *list(size_t *count)
{
    struct fs_name *names;
    assert_int_equal(agent_list_folder(&listings, AT_FDCWD, scratch("folder"), &names, count), 0);
    return names;
}

static void a_folder_is_listed_again_only_when_it_changed(void **state)
{
    (void)state;
    size_t count;
    scratch_put("folder/a", "");
    list(&count);
    assert_int_equal(count, 1);
    scratch_put("folder/b", ""); /* perhaps within the same tick of the clock */
    list(&count);
    assert_int_equal(count, 2);
    usleep(2100 * 1000); /* from now on the folder is old enough to be believed */
    struct fs_name *names = list(&count);
    assert_ptr_equal(list(&count), names);
    scratch_put("folder/c", "");
    list(&count);
    assert_int_equal(count, 3);
    agent_listings_release(&listings);
}

static const struct agent bare = {.name = "bare"};

/* Nothing that it might have is made up, and none of these calls a table that is not there. */
static void an_agent_without_tables_has_nothing_of_the_kind(void **state)
{
    (void)state;
    const struct agent_store store = {.fd = -1, .path = "/"};
    struct agent_registration *entries;
    struct agent_prompts prompts = {.count = 7};
    struct agent_prompted *prompted;
    struct agent_stray *strays;
    struct agent_traces traces = {.count = 7};
    size_t count = 7;
    bool is_whole = false;
    assert_int_equal(agent_read_registry(&bare, &store, &entries, &count).state, LOOKUP_ABSENT);
    assert_int_equal(count, 0);
    assert_int_equal(agent_read_prompts(&bare, &store, &prompts), -ENOENT);
    assert_int_equal(agent_read_all_prompts(&bare, &store, "x", 1, &prompts).state, LOOKUP_ABSENT);
    assert_int_equal(prompts.count, 0);
    assert_true(prompts.is_whole);
    count = 7;
    assert_int_equal(agent_list_prompted(&bare, &store, 1, &prompted, &count, &is_whole).state,
                     LOOKUP_ABSENT);
    assert_int_equal(count, 0);
    assert_true(is_whole);
    count = 7;
    assert_int_equal(agent_list_strays(&bare, &store, &strays, &count).state, LOOKUP_ABSENT);
    assert_int_equal(count, 0);
    assert_int_equal(agent_list_traces(&bare, &store, NULL, 0, &traces).state, LOOKUP_ABSENT);
    assert_int_equal(traces.count, 0);
    assert_int_equal(agent_part_of(&bare, "projects/x"), AGENT_PART_OTHER);
    assert_false(agent_is_mcp_tool(&bare, "mcp__a__b"));
    assert_int_equal(agent_mcp_server(&bare, "mcp__a__b").n, 0);
    assert_false(agent_is_question_tool(&bare, "AskUserQuestion"));
}

static void what_nobody_knows_of_an_agent_is_unknown(void **state)
{
    (void)state;
    const struct proc_strings none = {0};
    const struct agent_store store = {.fd = -1, .path = "/"};
    struct agent_screen screen = {.asks = FACT_YES, .line = "x"};
    struct arena a = {0};
    struct sv typed = {0};
    const char *option = "untouched";
    const char *told_by;
    bool is_certain;
    assert_int_equal(agent_child_of(&bare, &(struct agent_child_look){.argv = &none}),
                     AGENT_CHILD_UNKNOWN);
    assert_null(agent_variable(&none, agent_child_variable(&bare)));
    assert_int_equal(
        agent_saves_nothing(&bare, &(struct agent_saving){.argv = &none}, &told_by, &is_certain),
        -ENOTSUP);
    /* whoever is to be ended without a backup is refused */
    assert_int_equal(agent_takes_up(&bare, &none, &option), -ENOTSUP);
    assert_string_equal(option, "untouched");
    assert_int_equal(agent_has_side_files(&bare, &store, "x", "y"), FACT_UNKNOWN);
    assert_int_equal(agent_api_of(&bare, &none, &none, NULL).port, 0);
    assert_int_equal(agent_context_window(&bare, "claude-opus-4-7", NULL), 0);
    assert_null(agent_asked_model(&bare, &none, &none));
    agent_read_screen(&bare, SV("x"), &a, &screen);
    assert_int_equal(screen.asks, FACT_UNKNOWN);
    assert_null(screen.line);
    assert_false(agent_read_typed(&bare, SV("x"), &a, &typed));
    assert_false(agent_keeps_raw_mode(&bare));
    assert_int_equal(agent_timing_of(&bare, true)->tool_limit_s, 0);
}

static const struct agent_stored in_folders = {.suffix = "/main/events.jsonl"};
static const struct agent foldered = {.name = "foldered", .stored = &in_folders};

static void a_folder_may_be_called_by_the_id_and_not_the_file(void **state)
{
    (void)state;
    assert_sv_equal(agent_folder_of(&foldered, "sessions/x/ID/main/events.jsonl"), "sessions/x");
    assert_sv_equal(agent_folder_of(&foldered, "ID/main/events.jsonl"), "");
    assert_string_equal(agent_file_suffix(&foldered), "events.jsonl");
    assert_string_equal(agent_file_suffix(&agent_claude), ".jsonl");
    assert_null(agent_file_suffix(&agent_opencode));
}

static void an_id_is_told_from_others_behind_what_all_begin_with(void **state)
{
    (void)state;
    static const char claude[] = "01e5af14-9422-4986-8749-e00802273d54";
    static const char kimi[] = "session_0a1b2c3d-0000-4000-8000-000000000001";
    assert_string_equal(agent_telling_id(claude), claude);
    assert_string_equal(agent_telling_id(kimi), kimi + 8);
    assert_string_equal(agent_telling_id("ses_0a1b2c3d4e5f"), "0a1b2c3d4e5f");
    assert_string_equal(agent_telling_id("session_of_nobody"), "session_of_nobody");
    assert_true(agent_id_begins(kimi, "0a1b2c3d") && agent_id_begins(kimi, "session_0a1b"));
    assert_true(agent_id_begins(claude, "01e5af14"));
    assert_false(agent_id_begins(kimi, "1b2c3d-0") || agent_id_begins(claude, "af14-942"));
}

static void a_transcript_is_known_by_its_name(void **state)
{
    (void)state;
    struct arena a = {0};
    struct sv id;
    assert_true(agent_names_transcript("01e5af14-9422-4986-8749-e00802273d54.jsonl", &id));
    assert_sv_equal(id, "01e5af14-9422-4986-8749-e00802273d54");
    assert_false(agent_names_transcript("01e5af14-9422-4986-8749-e00802273d54 (1).jsonl", &id));
    assert_false(agent_names_transcript("01e5af14-9422-4986-8749-e00802273d54.json", &id));
    assert_true(
        agent_names_transcript("/c/projects/p/01e5af14-9422-4986-8749-e00802273d54.jsonl", &id));
    assert_sv_equal(id, "01e5af14-9422-4986-8749-e00802273d54");
    assert_sv_equal(agent_folder_of(&agent_claude, "projects/p/01e5af14.jsonl"), "projects/p");
    assert_sv_equal(agent_folder_of(&agent_claude, "x.jsonl"), "");
    assert_sv_equal(agent_folder_of(&agent_opencode, "opencode.db/p/ses_1"), "opencode.db/p");
    assert_true(agent_is_watched(SV("4711.json")));
    assert_true(agent_is_watched(SV("a.jsonl")));
    assert_false(agent_is_watched(SV("history.tmp")));
    assert_true(agent_is_stored(agents[0], "projects/p/x.jsonl"));
    assert_false(agent_is_stored(agents[0], "projects-of-mine/x"));
    assert_string_equal(agent_title(NULL), agents[0]->title);
    assert_string_equal(agent_title("other"), "other");
    arena_release(&a);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

#define CLAUDE_PROMPT                                                             \
    "{\"parentUuid\":null,\"type\":\"user\",\"uuid\":\"u1\",\"sessionId\":\"s\"," \
    "\"message\":{\"role\":\"user\",\"content\":\"x\"}}\n"
#define QWEN_PROMPT                                                               \
    "{\"uuid\":\"u1\",\"parentUuid\":null,\"sessionId\":\"s\",\"type\":\"user\"," \
    "\"message\":{\"role\":\"user\",\"parts\":[{\"text\":\"x\"}]}}\n"
#define QWEN_TITLE                                                                  \
    "{\"uuid\":\"u0\",\"parentUuid\":null,\"sessionId\":\"s\",\"type\":\"system\"," \
    "\"subtype\":\"custom_title\",\"systemPayload\":{\"customTitle\":\"x\"}}\n"
#define COPILOT_START                                                          \
    "{\"type\":\"session.start\",\"data\":{\"sessionId\":\"s\"},\"id\":\"1\"," \
    "\"timestamp\":\"2026-01-01T00:00:00Z\",\"parentId\":null}\n"

static const struct agent *agent_of_text(const char *text, enum lookup_state state)
{
    const struct agent *found;
    scratch_put("records.jsonl", text);
    int fd = open(scratch("records.jsonl"), O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(agent_of_records(fd, &found).state, state);
    close(fd);
    unlink(scratch("records.jsonl"));
    return found;
}

/* Of the default agent too: else all of a file's first MB would be looked at for another's. */
static void the_first_record_that_is_known_says_whose_a_file_is(void **state)
{
    (void)state;
    assert_ptr_equal(agent_of_text(CLAUDE_PROMPT, LOOKUP_FOUND), &agent_claude);
    assert_ptr_equal(agent_of_text("torn\n" CLAUDE_PROMPT COPILOT_START, LOOKUP_FOUND),
                     &agent_claude);
    assert_ptr_equal(agent_of_text(COPILOT_START CLAUDE_PROMPT, LOOKUP_FOUND), &agent_copilot);
    assert_ptr_equal(agent_of_text(QWEN_PROMPT CLAUDE_PROMPT, LOOKUP_FOUND), &agent_qwen);
    assert_ptr_equal(agent_of_text(QWEN_TITLE QWEN_PROMPT, LOOKUP_FOUND), &agent_qwen);
    assert_ptr_equal(agent_of_text("torn\n", LOOKUP_ABSENT), agents[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(the_first_record_that_is_known_says_whose_a_file_is),
        IN_SCRATCH(a_folder_is_listed_again_only_when_it_changed),
        cmocka_unit_test(an_agent_without_tables_has_nothing_of_the_kind),
        cmocka_unit_test(what_nobody_knows_of_an_agent_is_unknown),
        cmocka_unit_test(a_folder_may_be_called_by_the_id_and_not_the_file),
        cmocka_unit_test(an_id_is_told_from_others_behind_what_all_begin_with),
        cmocka_unit_test(a_transcript_is_known_by_its_name),
    };
    return cmocka_run_group_tests_name("agent", tests, NULL, NULL);
}
