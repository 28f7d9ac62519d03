#include "unit.h"

#include "agents/claude/events.h"
#include "base/io/fs.h"
#include "conversation/head.h"

#include <fcntl.h>

static struct arena arena;

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static struct head head_of(struct sv bytes, bool all)
{
    struct head h;
    struct sv exact = unit_bytes(bytes);
    head_read(&event_claude, &arena, exact, all, &h);
    free((void *)(uintptr_t)exact.p);
    return h;
}

static struct head head_of_fixture(const char *name)
{
    struct sv text;
    const char *path = arena_printf(&arena, "tests/fixtures/transcripts/%s.jsonl", name);
    assert_int_equal(fs_read_small(AT_FDCWD, path, 1024 * 1024, &arena, &text), 0);
    return head_of(text, false);
}

static void the_first_prompt_and_where_it_was_said(void **state)
{
    (void)state;
    struct head h = head_of_fixture("idle");
    assert_string_equal(h.prompt, "list the files");
    assert_int_equal(h.prompt_at.ms, 1770285600000);
    assert_int_equal(h.cwd_count, 1);
    assert_string_equal(h.cwds[0], "/home/u/proj");
    assert_string_equal(h.version, "2.1.197");
    assert_string_equal(h.entrypoint, "cli");
    assert_string_equal(h.session_id, "5e551011-0000-4000-8000-000000000001");
    assert_true(h.is_enough);
    assert_false(h.only_sidechain);
}

static void a_shuffled_first_turn_is_read_up_to_its_root(void **state)
{
    (void)state;
    struct head h = head_of_fixture("shuffled-first-turn");
    assert_string_equal(h.prompt, "list the files");
    assert_int_equal(h.first_at.ms, 1770285600000);
    assert_string_equal(h.title, "Listing files");
}

static void commands_and_caveats_are_not_the_first_prompt(void **state)
{
    (void)state;
    assert_string_equal(head_of_fixture("command-first").prompt, "the real first prompt");
}

static void a_subagents_file_is_known_and_has_no_prompt(void **state)
{
    (void)state;
    struct head h = head_of_fixture("sidechain");
    assert_true(h.only_sidechain);
    assert_null(h.prompt);
    assert_string_equal(h.agent_id, "a0123456789abcdef");
}

static void of_two_prompts_the_older_is_the_first(void **state)
{
    (void)state;
    struct head h = head_of(SV("{\"type\":\"user\",\"message\":{\"content\":\"second\"},"
                               "\"timestamp\":\"2026-02-05T10:00:09Z\"}\n"
                               "{\"type\":\"user\",\"message\":{\"content\":\"first\"},"
                               "\"timestamp\":\"2026-02-05T10:00:01Z\"}\n"),
                            false);
    assert_string_equal(h.prompt, "first");
    assert_false(h.is_enough);
}

static void a_prompt_without_a_time_does_not_displace_another(void **state)
{
    (void)state;
    struct head h = head_of(SV("{\"type\":\"user\",\"message\":{\"content\":\"first\"},"
                               "\"timestamp\":\"2026-02-05T10:00:01Z\"}\n"
                               "{\"type\":\"user\",\"message\":{\"content\":\"no time\"}}\n"
                               "{\"type\":\"user\",\"message\":{\"content\":\"later\"},"
                               "\"timestamp\":\"2026-02-05T10:00:09Z\"}\n"),
                            false);
    assert_string_equal(h.prompt, "first");
    assert_int_equal(h.record_count, 3);
}

static void the_users_title_replaces_the_agents(void **state)
{
    (void)state;
    struct head h = head_of(SV("{\"type\":\"ai-title\",\"aiTitle\":\"its\"}\n"
                               "{\"type\":\"custom-title\",\"customTitle\":\"mine\"}\n"
                               "{\"type\":\"ai-title\",\"aiTitle\":\"its again\"}\n"),
                            false);
    assert_string_equal(h.title, "mine");
}

static void a_file_with_both_chains_is_no_subagents(void **state)
{
    (void)state;
    struct head h = head_of(SV("{\"type\":\"user\",\"isSidechain\":true,\"message\":{}}\n"
                               "{\"type\":\"user\",\"message\":{}}\n"),
                            false);
    assert_false(h.only_sidechain);
}

static void a_torn_line_in_the_middle_is_not_completed(void **state)
{
    (void)state;
    struct head h =
        head_of(SV("{\"type\":\"user\",\"message\":{\"content\":\"to\n{\"type\":\"x\"}\n"), false);
    assert_null(h.prompt);
    assert_int_equal(h.record_count, 1);
}

static void reading_all_gives_every_directory_once(void **state)
{
    (void)state;
    struct sv file = SV("{\"parentUuid\":null,\"type\":\"user\",\"message\":{\"content\":\"x\"},"
                        "\"cwd\":\"/a\"}\n{\"type\":\"system\",\"cwd\":\"/b\"}\n"
                        "{\"type\":\"system\",\"cwd\":\"/a\"}\n");
    assert_int_equal(head_of(file, false).cwd_count, 1);
    struct head h = head_of(file, true);
    assert_int_equal(h.cwd_count, 2);
    assert_string_equal(h.cwds[0], "/a");
    assert_string_equal(h.cwds[1], "/b");
}

static void of_a_prompt_that_is_cut_off_the_beginning_is_taken(void **state)
{
    (void)state;
    struct head h = head_of(SV("{\"parentUuid\":null,\"isSidechain\":false,\"type\":\"user\","
                               "\"message\":{\"role\":\"user\",\"content\":\"a very long prom"),
                            false);
    assert_string_equal(h.prompt, "a very long prom");
}

static void the_record_behind_a_stub_is_read(void **state)
{
    (void)state;
    struct head h = head_of(SV("{\"type\":\"mode\",\"mo{\"parentUuid\":null,\"type\":\"user\","
                               "\"message\":{\"content\":\"still here\"}}\n"),
                            false);
    assert_string_equal(h.prompt, "still here");
}

static void of_nothing_nothing_is_known(void **state)
{
    (void)state;
    struct head h = head_of(SV(""), false);
    assert_null(h.prompt);
    assert_false(h.is_enough || h.only_sidechain);
    assert_int_equal(h.record_count, 0);
    h = head_of(SV("\n\n\0\0\nxyz\n"), false);
    assert_int_equal(h.record_count, 0);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_teardown(function, release)
    const struct CMUnitTest tests[] = {
        TEST(the_first_prompt_and_where_it_was_said),
        TEST(a_shuffled_first_turn_is_read_up_to_its_root),
        TEST(commands_and_caveats_are_not_the_first_prompt),
        TEST(a_subagents_file_is_known_and_has_no_prompt),
        TEST(of_two_prompts_the_older_is_the_first),
        TEST(a_prompt_without_a_time_does_not_displace_another),
        TEST(the_users_title_replaces_the_agents),
        TEST(a_file_with_both_chains_is_no_subagents),
        TEST(a_torn_line_in_the_middle_is_not_completed),
        TEST(reading_all_gives_every_directory_once),
        TEST(of_a_prompt_that_is_cut_off_the_beginning_is_taken),
        TEST(the_record_behind_a_stub_is_read),
        TEST(of_nothing_nothing_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
