#include "unit.h"

#include "view/text.h"

#define ID_A "01e5af14-9422-4986-8749-e00802273d54"
#define ID_B "bbbbbbbb-0000-4000-8000-000000000002"

/* What is said of a session replaces that it is not known. */
#pragma GCC diagnostic ignored "-Woverride-init"

/* A session of which nothing is known but what is said. */
#define SESSION(...)                                                                           \
    {                                                                                          \
        .agent = "claude", .cpu_percent = -1, .rss_bytes = -1, .size_bytes = -1,               \
        .last_activity_at_ms = -1, .silent_s = -1, .started_at_ms = -1, .uid = -1, __VA_ARGS__ \
    }

static void draws(void (*draw)(struct buf *, const struct sr_snapshot *, const struct view_style *),
                  const struct sr_session *sessions, size_t count, struct view_style style,
                  const char *expected)
{
    struct sr_snapshot snapshot = {.sessions = sessions, .session_count = count};
    struct buf out = {0};
    for (size_t i = 0; i < count; i++)
        snapshot.stored_count += sessions[i].pid == 0;
    draw(&out, &snapshot, &style);
    assert_string_equal(out.p, expected);
    buf_release(&out);
}

static void nothing_found_is_said(void **state)
{
    (void)state;
    draws(view_text_status, NULL, 0, (struct view_style){0}, "No Claude processes found.\n");
    draws(view_text_resume, NULL, 0, (struct view_style){0},
          "No session without a live process.\n");
}

static const struct sr_session two[] = {
    SESSION(.pid = 9024, .tty = "pts/9", .session_id = ID_B, .cwd = "/home/u/p", .silent_s = 3,
            .current = true, .verdict = SR_IDLE, .cause = "turn-over", .confidence = "high",
            .evidence = (const char *[]){"the last turn ended 3 s ago"}, .evidence_count = 1,
            .advice = "none", .size_bytes = 39000),
    SESSION(.pid = 3354, .tty = "pts/13", .session_id = ID_A, .cwd = "/srv/x", .silent_s = 2460,
            .verdict = SR_HUNG, .cause = "reply-stalled", .confidence = "high",
            .evidence = (const char *[]){"no reply, 2460 s ago", "socket silent", "spinner turns"},
            .evidence_count = 3, .advice = "revive", .size_bytes = 56000000,
            .mapped_by = SR_MAPPED_BY_REGISTRY, .transcript = "/t.jsonl",
            .notes = (const char *[]){"odd"}, .note_count = 1),
};

static void the_hung_ones_come_first(void **state)
{
    (void)state;
    draws(view_text_status, two, 2, (struct view_style){0},
          "VERDICT   TTY     PID     SESSION   SIZE    LAST    DIRECTORY\n"
          "HUNG      pts/13  3354    01e5af14  56MB    41 min  /srv/x\n"
          "          reply-stalled (high confidence): no reply, 2460 s ago; socket silent\n"
          "          advice: revive: session-rescue --revive " ID_A "\n"
          "          note: odd\n"
          "idle      pts/9   9024    bbbbbbbb  39kB    now     /home/u/p  CURRENT\n"
          "2 sessions: 1 hung, 1 idle\n");
}

static void an_idle_one_takes_a_line_unless_there_is_something_to_say(void **state)
{
    (void)state;
    struct sr_session s = two[0];
    const struct view_style style = {.not_asked_for = 59};
    static const char head[] = "VERDICT   TTY     PID     SESSION   SIZE    LAST    DIRECTORY\n";
    struct buf expected = {0};
    s.cause = "background-jobs";
    buf_addf(&expected,
             "%sidle      pts/9   9024    bbbbbbbb  39kB    now     /home/u/p  CURRENT  "
             "background-jobs\n1 of 60 sessions: 1 idle\n",
             head);
    draws(view_text_status, &s, 1, style, expected.p);
    buf_release(&expected);
    s.is_noteworthy = true; /* it uses a CPU, say */
    buf_addf(&expected,
             "%sidle      pts/9   9024    bbbbbbbb  39kB    now     /home/u/p  CURRENT\n"
             "          background-jobs (high confidence): the last turn ended 3 s ago\n"
             "1 of 60 sessions: 1 idle\n",
             head);
    draws(view_text_status, &s, 1, style, expected.p);
    buf_release(&expected);
    s.advice = "look";
    buf_addf(&expected,
             "%sidle      pts/9   9024    bbbbbbbb  39kB    now     /home/u/p  CURRENT\n"
             "          background-jobs (high confidence): the last turn ended 3 s ago\n"
             "          advice: look\n1 of 60 sessions: 1 idle\n",
             head);
    draws(view_text_status, &s, 1, style, expected.p);
    buf_release(&expected);
    draws(view_text_status, NULL, 0, style, "None of 59 sessions.\n");
}

/* The line of advice for a session; NULL where there is none. */
static void advises(struct sr_session s, const char *expected)
{
    struct buf out = {0};
    s.evidence_count = s.note_count = 0;
    view_text_status(&out, &(struct sr_snapshot){.sessions = &s, .session_count = 1},
                     &(struct view_style){0});
    char *line = strstr(out.p, "advice: ");
    if (line)
        line[strcspn(line, "\n")] = '\0';
    if (expected)
        assert_string_equal(line ? line : "none", expected);
    else
        assert_null(line);
    buf_release(&out);
}

static void a_command_goes_with_the_advice_that_it_carries_out(void **state)
{
    (void)state;
#define REVIVE "session-rescue --revive "
    struct sr_session s = two[1];
    advises(s, "advice: revive: " REVIVE ID_A);
    s.twins = (const int[]){4711};
    s.twin_count = 1; /* of two processes the id names neither */
    advises(s, "advice: revive: " REVIVE "3354");
    s.twin_count = 0;
    s.session_id = NULL;
    advises(s, "advice: revive: " REVIVE "3354");
    s.advice = "wait";
    advises(s, "advice: wait");
    s.cause = "spinning";
    s.advice = "kill";
    advises(s, "advice: kill");
    s.cause = "tool-stuck";
    s.advice = "kill-child";
    advises(s, "advice: kill-child: " REVIVE "3354");
    s.verdict = SR_STOPPED;
    s.cause = "job-control";
    s.advice = "continue";
    advises(s, "advice: continue: " REVIVE "3354");
    s.pid = 0; /* a session without a process */
    advises(s, "advice: continue");
    s.advice = "none";
    advises(s, NULL);
}

static void all_the_evidence_is_for_those_who_ask(void **state)
{
    (void)state;
    draws(view_text_status, two + 1, 1, (struct view_style){.verbose = true},
          "VERDICT   TTY     PID     SESSION   SIZE    LAST    DIRECTORY\n"
          "HUNG      pts/13  3354    01e5af14  56MB    41 min  /srv/x\n"
          "          reply-stalled (high confidence): no reply, 2460 s ago; socket silent; "
          "spinner turns\n"
          "          advice: revive: session-rescue --revive " ID_A "\n"
          "          note: odd\n"
          "          mapped by: registry\n"
          "          transcript: /t.jsonl\n"
          "1 session: 1 hung\n");
}

static void colours_stand_around_the_verdict_alone(void **state)
{
    (void)state;
    struct sr_session s = SESSION(.pid = 1, .verdict = SR_HUNG);
    draws(view_text_status, &s, 1, (struct view_style){.color = true},
          "VERDICT   TTY     PID     SESSION   SIZE    LAST    DIRECTORY\n"
          "\x1b[1;31mHUNG     \x1b[0m -       1       -         -       -       -\n"
          "          not judged\n"
          "1 session: 1 hung\n");
}

static void what_is_odd_about_a_process_is_marked(void **state)
{
    (void)state;
    struct sr_session s =
        SESSION(.pid = 7, .verdict = SR_WORKING, .kind = SR_KIND_PRINT, .parent_pid = 5,
                .multiplexer = {"tmux", "/tmp/t", "%3"}, .container = "pid:[1]",
                .twins = (const int[]){8, 9}, .twin_count = 2,
                .candidates = (const char *[]){ID_A, ID_B}, .candidate_count = 2);
    draws(view_text_status, &s, 1, (struct view_style){0},
          "VERDICT   TTY     PID     SESSION   SIZE    LAST    DIRECTORY\n"
          "working   -       7       -         -       -       -  print  started by a tool of pid 5"
          "  tmux %3  in a container  TWIN of pid 8  TWIN of pid 9\n"
          "          not judged\n"
          "          session not told apart: " ID_A " " ID_B "\n"
          "1 session: 1 working\n");
}

static void text_from_elsewhere_is_made_harmless(void **state)
{
    (void)state;
    struct sr_session s =
        SESSION(.pid = 7, .tty = "pts/1\x1b[2J", .cwd = "/a\nb\x1b]0;x\a", .cause = "\x1b[0m",
                .evidence = (const char *[]){"\r\x9b"}, .evidence_count = 1,
                .notes = (const char *[]){"\x7f"}, .note_count = 1, .advice = "\b");
    struct sr_snapshot snapshot = {.sessions = &s, .session_count = 1};
    struct view_style style = {.verbose = true};
    struct buf out = {0};
    view_text_status(&out, &snapshot, &style);
    s.pid = 0;
    s.session_id = ID_A; /* always checked to be one */
    s.first_prompt = "\x1b[31m\n";
    view_text_resume(&out, &snapshot, &style);
    for (size_t i = 0; i < out.n; i++)
        assert_false(((unsigned char)out.p[i] < ' ' && out.p[i] != '\n') || out.p[i] == 0x7f);
    assert_non_null(strstr(out.p, "/a\\nb\\x1b]0;x\\x07"));
    buf_release(&out);
}

static void stored_sessions_have_their_command(void **state)
{
    (void)state;
    const struct sr_session all[] = {
        SESSION(.session_id = ID_A, .cwd = "/srv/x", .silent_s = 7200, .size_bytes = 2100,
                .first_prompt = "fix the parser"),
        SESSION(.session_id = ID_B, .owners = (const int[]){31}, .owner_count = 1),
        SESSION(.pid = 3354, .tty = "pts/13", .session_id = ID_A),
    };
    draws(view_text_resume, all, 3, (struct view_style){0},
          "SESSION   SIZE    LAST    FIRST PROMPT\n"
          "01e5af14  2.1kB   2 h     fix the parser\n"
          "  cd /srv/x && claude --resume " ID_A "\n"
          "bbbbbbbb  -       -       (no prompt found)\n"
          "  no command: pid 31 may have it\n"
          "In use, so without a command:\n"
          "  " ID_A "  held by pid 3354 on pts/13\n");
}

static void ages_are_told_in_their_largest_unit(void **state)
{
    (void)state;
    static const struct {
        int64_t s;
        const char *text;
    } ages[] = {{0, "0 s"},    {119, "119 s"},   {120, "2 min"},  {7199, "119 min"},
                {7200, "2 h"}, {172799, "47 h"}, {172800, "2 d"}, {31536000, "365 d"}};
    char text[VIEW_AGE_TEXT];
    for (size_t i = 0; i < sizeof ages / sizeof *ages; i++)
        assert_string_equal(view_age(ages[i].s, text), ages[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_found_is_said),
        cmocka_unit_test(the_hung_ones_come_first),
        cmocka_unit_test(an_idle_one_takes_a_line_unless_there_is_something_to_say),
        cmocka_unit_test(a_command_goes_with_the_advice_that_it_carries_out),
        cmocka_unit_test(all_the_evidence_is_for_those_who_ask),
        cmocka_unit_test(colours_stand_around_the_verdict_alone),
        cmocka_unit_test(what_is_odd_about_a_process_is_marked),
        cmocka_unit_test(text_from_elsewhere_is_made_harmless),
        cmocka_unit_test(stored_sessions_have_their_command),
        cmocka_unit_test(ages_are_told_in_their_largest_unit),
    };
    return cmocka_run_group_tests_name("text_view", tests, NULL, NULL);
}
