#include "unit.h"

#include "session/resume.h"

#include <errno.h>

#define ID "01e5af14-9422-4986-8749-e00802273d54"

static void quotes(const char *text, const char *expected)
{
    struct buf out = {0};
    resume_add_quoted(&out, text);
    assert_string_equal(out.p, expected);
    buf_release(&out);
}

static void a_word_of_any_shell(void **state)
{
    (void)state;
    quotes("/home/u/p-1_2.3+x,y:z@host", "/home/u/p-1_2.3+x,y:z@host");
    quotes("", "''");
    quotes("my project", "'my project'");
    quotes("it's", "'it'\\''s'");
    quotes("$(touch x)", "'$(touch x)'");
    quotes("`x`\"!*?~#;&|<>()[]{}", "'`x`\"!*?~#;&|<>()[]{}'");
    quotes("a\\\\b", "\"$(printf 'a\\134\\134b')\""); /* fish reads it in single quotes, too */
    quotes("~", "'~'");
    quotes("h\xc3\xa9", "'h\xc3\xa9'");
}

static void what_cannot_be_shown_is_printed_by_the_command(void **state)
{
    (void)state;
    quotes("a\nb", "\"$(printf 'a\\012b')\"");
    quotes("\x1b[31m", "\"$(printf '\\033\\13331m')\"");
    quotes("it's 100%\x7f", "\"$(printf 'it\\047s 100\\045\\177')\"");
    quotes("\xff", "\"$(printf '\\377')\"");
    quotes("\xe2\x80\xae", "\"$(printf '\\342\\200\\256')\""); /* right-to-left override */
}

static void where_only_ascii_can_be_pasted_the_rest_is_printed_by_the_command(void **state)
{
    (void)state;
    resume_write_ascii(true);
    quotes("my project", "'my project'");
    quotes("h\xc3\xa9 2", "\"$(printf 'h\\303\\251 2')\"");
    resume_write_ascii(false);
    quotes("h\xc3\xa9 2", "'h\xc3\xa9 2'");
}

static const struct sr_session usual = {
    .agent = "claude",
    .session_id = ID,
    .cwd = "/home/u/my project",
    .config_dir = "/home/u/.claude",
    .transcript = "/home/u/.claude/projects/-home-u-my-project/" ID ".jsonl",
    .size_bytes = 1000,
};

static void commands(const struct sr_session *s, const char *expected)
{
    char text[512];
    assert_int_equal(sr_resume_command(s, text, sizeof text), (int)strlen(expected));
    assert_string_equal(text, expected);
}

static void the_command_goes_where_the_session_was_started(void **state)
{
    (void)state;
    struct sr_session s = usual;
    commands(&s, "cd '/home/u/my project' && claude --resume " ID);
    s.cwd = "/tmp/end\n"; /* "$(...)" would take the newline off */
    commands(&s, "cd \"$(printf '/tmp/end\\012/.')\" && claude --resume " ID);
}

static void where_its_directory_is_gone_it_is_named_by_its_file(void **state)
{
    (void)state;
    struct sr_session s = usual;
    s.cwd_is_gone = true;
    commands(&s, "claude --resume /home/u/.claude/projects/-home-u-my-project/" ID ".jsonl");
    s.cwd = NULL;
    s.cwd_is_gone = false;
    commands(&s, "claude --resume /home/u/.claude/projects/-home-u-my-project/" ID ".jsonl");
    s.transcript = NULL;
    assert_int_equal(sr_resume_command(&s, NULL, 0), -ENODATA);
}

/* For a client that resumes in the session's directory alone. */
#define MADE "mkdir -p -- '/home/u/my project' && cd '/home/u/my project' && "

static void a_client_that_takes_no_file_is_given_the_id(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"qwen", MADE "qwen --resume " ID},  {"kimi", MADE "kimi --session " ID},
        {"gemini", "gemini --resume " ID},   {"codex", "codex resume " ID},
        {"copilot", "copilot --resume=" ID},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sr_session s = usual;
        s.agent = rows[i][0];
        s.cwd_is_gone = true;
        commands(&s, rows[i][1]);
    }
}

static void where_its_directory_leads_elsewhere_it_is_named_by_its_file_too(void **state)
{
    (void)state;
    struct sr_session s = usual;
    s.cwd_is_elsewhere = true;
    commands(&s, "cd '/home/u/my project' && claude --resume "
                 "/home/u/.claude/projects/-home-u-my-project/" ID ".jsonl");
}

static void the_config_directory_is_said_where_it_must_be(void **state)
{
    (void)state;
    struct sr_session s = usual;
    s.config_dir_use = SR_CONFIG_DIR_UNSET;
    commands(&s, "cd '/home/u/my project' && env -u CLAUDE_CONFIG_DIR claude --resume " ID);
    s.config_dir_use = SR_CONFIG_DIR_SET;
    s.config_dir = "/srv/my config";
    commands(&s,
             "cd '/home/u/my project' && CLAUDE_CONFIG_DIR='/srv/my config' claude --resume " ID);
}

static void no_command_while_somebody_has_the_session(void **state)
{
    (void)state;
    static const int owners[] = {4711};
    struct sr_session s = usual;
    s.pid = 4711;
    assert_int_equal(sr_resume_command(&s, NULL, 0), -EBUSY);
    s.pid = 0;
    s.owners = owners;
    s.owner_count = 1;
    assert_int_equal(sr_resume_command(&s, NULL, 0), -EBUSY);
    s.owner_count = 0;
    s.session_id = NULL;
    assert_int_equal(sr_resume_command(&s, NULL, 0), -ENODATA);
    s.session_id = ID;
    s.agent = "nobody's";
    assert_int_equal(sr_resume_command(&s, NULL, 0), -ENODATA);
}

static void no_command_for_an_empty_transcript(void **state)
{
    (void)state;
    struct sr_session s = usual;
    s.size_bytes = 0;
    assert_int_equal(sr_resume_command(&s, NULL, 0), -ENODATA);
    s.cwd = NULL;
    assert_int_equal(sr_resume_command(&s, NULL, 0), -ENODATA);
    s.size_bytes = -1; /* not known: not said to be empty */
    assert_true(sr_resume_command(&s, NULL, 0) > 0);
}

static void a_text_that_is_too_small_is_cut_and_its_length_said(void **state)
{
    (void)state;
    char text[8] = "xxxxxxx";
    int length = sr_resume_command(&usual, NULL, 0);
    assert_int_equal(sr_resume_command(&usual, text, sizeof text), length);
    assert_string_equal(text, "cd '/ho");
    struct sr_session held = usual;
    held.pid = 1;
    assert_int_equal(sr_resume_command(&held, text, sizeof text), -EBUSY);
    assert_string_equal(text, "cd '/ho");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_of_any_shell),
        cmocka_unit_test(what_cannot_be_shown_is_printed_by_the_command),
        cmocka_unit_test(where_only_ascii_can_be_pasted_the_rest_is_printed_by_the_command),
        cmocka_unit_test(the_command_goes_where_the_session_was_started),
        cmocka_unit_test(where_its_directory_is_gone_it_is_named_by_its_file),
        cmocka_unit_test(a_client_that_takes_no_file_is_given_the_id),
        cmocka_unit_test(where_its_directory_leads_elsewhere_it_is_named_by_its_file_too),
        cmocka_unit_test(the_config_directory_is_said_where_it_must_be),
        cmocka_unit_test(no_command_while_somebody_has_the_session),
        cmocka_unit_test(no_command_for_an_empty_transcript),
        cmocka_unit_test(a_text_that_is_too_small_is_cut_and_its_length_said),
    };
    return cmocka_run_group_tests_name("resume", tests, NULL, NULL);
}
