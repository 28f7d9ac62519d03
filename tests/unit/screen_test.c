#include "unit.h"

#include "view/screen.h"

static const struct sr_session hung = {
    .agent = "claude",
    .pid = 3354,
    .tty = "s013",
    .session_id = "01e5af14-9422-4986-8749-e00802273d54",
    .size_bytes = 56000000,
    .last_activity_at_ms = 9000 * 1000LL, /* 02:30 UTC */
    .silent_s = 41 * 60 + 5,
    .verdict = SR_HUNG,
    .cause = "reply-stalled",
};

static const struct sr_session own = {
    .agent = "claude",
    .pid = 9024,
    .tty = "s009",
    .session_id = "6df9344a-0000-4000-8000-000000000000",
    .size_bytes = 39000,
    .last_activity_at_ms = 11400 * 1000LL,
    .silent_s = 1,
    .current = true,
    .verdict = SR_WORKING,
    .cause = "tool-running",
};

static const struct sr_session nameless = {
    .agent = "claude",
    .pid = 77,
    .size_bytes = -1,
    .last_activity_at_ms = -1,
    .silent_s = -1,
    .verdict = SR_IDLE,
    .cause = "nothing-yet",
};

static struct buf drawn(const struct sr_session *sessions, size_t count,
                        const struct screen_style *style)
{
    struct sr_snapshot snapshot = {.sessions = sessions, .session_count = count};
    size_t order[8];
    struct buf out = {0};
    screen_order(&snapshot, order);
    screen_add_sessions(&out, &snapshot, order, style);
    return out;
}

static void assert_drawn(struct buf out, const char *expected)
{
    assert_string_equal(out.p, expected);
    buf_release(&out);
}

static void the_box_is_drawn_with_the_hung_first(void **state)
{
    (void)state;
    const struct sr_session sessions[] = {own, hung};
    assert_drawn(drawn(sessions, 2, &(struct screen_style){.utf8 = true, .columns = 80}),
                 "┌──────────────────────────────────────────────────────────────┐\n"
                 "│ CLAUDE SESSIONS DETECTED                                     │\n"
                 "├──────────────────────────────────────────────────────────────┤\n"
                 "│ 1. s013 (PID 3354) - 01e5af14... (56MB)                      │\n"
                 "│    Last activity: 02:30 (HUNG) reply stalled 41 min          │\n"
                 "│ 2. s009 (PID 9024) - 6df9344a... (39kB)                      │\n"
                 "│    Last activity: NOW (WORKING, CURRENT) tool running        │\n"
                 "└──────────────────────────────────────────────────────────────┘\n");
}

static void without_utf8_it_is_drawn_in_ascii(void **state)
{
    (void)state;
    struct buf out = drawn(&nameless, 1, &(struct screen_style){.columns = 66});
    for (size_t i = 0; i < out.n; i++)
        assert_true((unsigned char)out.p[i] < 0x80);
    assert_drawn(out, "+--------------------------------------------------------------+\n"
                      "| CLAUDE SESSIONS DETECTED                                     |\n"
                      "+--------------------------------------------------------------+\n"
                      "| 1. no terminal (PID 77) - not known (no transcript)          |\n"
                      "|    Last activity: none (IDLE) nothing yet                    |\n"
                      "+--------------------------------------------------------------+\n");
}

static void the_box_says_whose_sessions_it_shows(void **state)
{
    (void)state;
    struct sr_session both[] = {hung, own};
    for (size_t i = 0; i < 3; i++) {
        static const char *const titles[] = {"CLAUDE SESSIONS", "AGENT SESSIONS", "KIMI SESSIONS"};
        both[0].agent = i > 0 ? "kimi" : "claude";
        both[1].agent = i > 1 ? "kimi" : "claude";
        struct buf out = drawn(both, 2, &(struct screen_style){0});
        assert_non_null(strstr(out.p, titles[i]));
        buf_release(&out);
    }
}

static void a_narrow_terminal_cuts_its_lines(void **state)
{
    (void)state;
    assert_drawn(drawn(&hung, 1, &(struct screen_style){.columns = 32}),
                 "+------------------------------+\n"
                 "| CLAUDE SESSIONS DETECTED     |\n"
                 "+------------------------------+\n"
                 "| 1. s013 (PID 3354) - 01e5a...|\n"
                 "|    Last activity: 02:30 (H...|\n"
                 "+------------------------------+\n");
}

static void a_screen_reader_gets_no_box(void **state)
{
    (void)state;
    assert_drawn(drawn(&hung, 1, &(struct screen_style){.utf8 = true, .is_spoken = true}),
                 "CLAUDE SESSIONS DETECTED\n"
                 " 1. s013 (PID 3354) - 01e5af14... (56MB)\n"
                 "    Last activity: 02:30 (HUNG) reply stalled 41 min\n");
}

/* What stands above a menu of 12 sessions; the 8th in order is asked about. */
static struct buf asked(size_t columns, size_t rows, int page, const char *message)
{
    static struct sr_session sessions[12];
    struct sr_snapshot snapshot = {.sessions = sessions, .session_count = 12};
    struct screen_style style = {.columns = columns};
    size_t order[12];
    struct buf out = {0};
    for (size_t i = 0; i < 12; i++) {
        sessions[i] = hung;
        sessions[i].pid = 101 + (int)i;
    }
    screen_order(&snapshot, order);
    screen_add_ask(&out, &(struct screen_ask){&snapshot, order, &sessions[7], message, rows, page},
                   &style);
    return out;
}

static size_t rows_of(const struct buf *text)
{
    size_t n = 0;
    for (size_t i = 0; i < text->n; i++)
        n += text->p[i] == '\n';
    return n;
}

static void a_long_message_is_folded_where_there_is_room(void **state)
{
    (void)state;
    const char *command = "cd '/home/u/a project with a long name' && "
                          "claude --resume 01e5af14-9422-4986-8749-e00802273d54";
    struct buf whole = asked(40, 24, 0, command), cut = asked(40, 3, 0, command);
    assert_non_null(strstr(whole.p, "\ncd '/home/u/a project with a long name' \n"
                                    "&& claude --resume 01e5af14-9422-4986-87\n"
                                    "49-e00802273d54\n"));
    assert_true(rows_of(&whole) <= 24);
    assert_null(strstr(cut.p, "e00802273d54"));
    assert_true(rows_of(&cut) <= 3);
    buf_release(&whole);
    buf_release(&cut);
}

static void of_a_long_list_the_page_of_the_session_is_drawn(void **state)
{
    (void)state;
    struct buf out = asked(80, 19, 0, NULL);
    assert_true(rows_of(&out) <= 19);
    assert_non_null(strstr(out.p, "CLAUDE SESSIONS 7-12 OF 12 [PageDown] "));
    assert_non_null(strstr(out.p, "8. s013 (PID 108)"));
    assert_non_null(
        strstr(out.p, "\n8 of 12: s013 hung: reply stalled 41 min\n? Select action for s013"));
    buf_release(&out);
    out = asked(80, 19, 1, "Exported");
    assert_true(rows_of(&out) <= 19);
    assert_non_null(strstr(out.p, "CLAUDE SESSIONS 1-6 OF 12"));
    assert_non_null(
        strstr(out.p, "\n8 of 12: s013 hung: reply stalled 41 min\nExported\n? Select"));
    buf_release(&out);
    out = asked(80, 19, -1, NULL);
    assert_non_null(strstr(out.p, "CLAUDE SESSIONS 1-6 OF 12"));
    buf_release(&out);
    out = asked(80, 29, 0, NULL);
    assert_non_null(strstr(out.p, "CLAUDE SESSIONS DETECTED"));
    buf_release(&out);
}

static void without_room_for_a_box_the_sessions_are_listed(void **state)
{
    (void)state;
    assert_drawn(asked(40, 7, 0, NULL), "CLAUDE SESSIONS 7-8 OF 12 [PageDown]\n"
                                        " 7. s013 (PID 107) - 01e5af14... (56MB)\n"
                                        "    Last activity: 02:30 (HUNG) reply...\n"
                                        " 8. s013 (PID 108) - 01e5af14... (56MB)\n"
                                        "    Last activity: 02:30 (HUNG) reply...\n"
                                        "8 of 12: s013 hung: reply stalled 41 min\n"
                                        "? Select action for s013 session:\n");
    assert_drawn(asked(40, 5, 1, NULL), "CLAUDE SESSIONS 9 OF 12 [PageDown]\n"
                                        " 9. s013 (PID 109) - 01e5af14... (56MB)\n"
                                        "    Last activity: 02:30 (HUNG) reply...\n"
                                        "8 of 12: s013 hung: reply stalled 41 min\n"
                                        "? Select action for s013 session:\n");
    assert_drawn(asked(40, 3, 1, NULL), " 8. s013 (PID 108) - 01e5af14... (56MB)\n"
                                        "8 of 12: s013 hung: reply stalled 41 min\n"
                                        "? Select action for s013 session:\n");
}

static void of_a_small_screen_the_session_gets_what_there_is(void **state)
{
    (void)state;
    assert_drawn(asked(20, 1, 0, "Exported"), "8 of 12: s013 hun...\n");
    assert_drawn(asked(20, 2, 0, "Exported"), "8 of 12: s013 hun...\nExported\n");
    for (size_t columns = 20; columns <= 80; columns += 20)
        for (size_t rows = 1; rows < 40; rows++)
            for (int page = 0; page < 3; page++) {
                struct buf out = asked(columns, rows, page, page ? "Exported: /a/b/c" : NULL);
                assert_true(rows_of(&out) <= rows);
                if (rows < 20)
                    assert_non_null(strstr(out.p, "8 of 12: s013 "));
                for (char *line = out.p, *end; (end = strchr(line, '\n')); line = end + 1)
                    assert_true(end - line <= (ptrdiff_t)(columns > 22 ? columns : 22));
                buf_release(&out);
            }
}

static void times_are_local_and_old_ones_are_ages(void **state)
{
    (void)state;
    struct sr_session s = hung;
    struct screen_style style = {.utc_offset_s = -3 * 3600, .is_spoken = true};
    struct buf out = drawn(&s, 1, &style);
    assert_non_null(strstr(out.p, "Last activity: 23:30 ")); /* the day before */
    buf_release(&out);
    s.last_activity_at_ms = 20LL * 86400 * 1000 + 3600 * 1000;
    out = drawn(&s, 1, &style);
    assert_non_null(strstr(out.p, "Last activity: 22:00 "));
    buf_release(&out);
    s.silent_s = 3 * 86400;
    out = drawn(&s, 1, &style);
    assert_non_null(strstr(out.p, "Last activity: 3 d ago "));
    buf_release(&out);
}

static void nothing_in_it_drives_the_terminal(void **state)
{
    (void)state;
    struct sr_session s = hung;
    s.tty = "\x1b]0;x\x07";
    s.session_id = "\x1b[2J\x9b";
    s.cause = "\x1b[31m";
    struct buf out = drawn(&s, 1, &(struct screen_style){.columns = 80});
    screen_add_kill_question(&out, &s);
    screen_add_menu_question(&out, &s);
    for (size_t i = 0; i < out.n; i++)
        assert_true(out.p[i] == '\n' || (out.p[i] >= ' ' && out.p[i] != 0x7f));
    buf_release(&out);
}

static void the_question_says_what_is_killed_and_why(void **state)
{
    (void)state;
    struct buf out = {0};
    screen_add_kill_question(&out, &hung);
    assert_drawn(out, "Kill Claude process on s013, session 01e5af14 (56MB, hung: reply stalled 41 "
                      "min)?");
    out = (struct buf){0};
    screen_add_kill_question(&out, &own);
    assert_drawn(out, "Claude process on s009, session 6df9344a (39kB), is not hung; working: tool "
                      "running. Kill it all the same?");
    const int twins[] = {12, 34};
    struct sr_session twin = hung;
    twin.twins = twins;
    twin.twin_count = 2;
    out = (struct buf){0};
    screen_add_kill_question(&out, &twin);
    assert_non_null(strstr(out.p, "? The session is also open in pid 12, 34"));
    buf_release(&out);
}

static void the_order_counts_the_hung(void **state)
{
    (void)state;
    const struct sr_session sessions[] = {nameless, own, hung, hung};
    struct sr_snapshot snapshot = {.sessions = sessions, .session_count = 4};
    size_t order[4];
    assert_int_equal(screen_order(&snapshot, order), 2);
    assert_int_equal(order[0], 2);
    assert_int_equal(order[1], 3);
    assert_int_equal(order[2], 1);
    assert_int_equal(order[3], 0);
}

static void a_session_that_is_not_on_disk_is_marked(void **state)
{
    (void)state;
    static const enum sr_persistence all[] = {SR_PERSISTENCE_UNKNOWN, SR_PERSISTENCE_OK,
                                              SR_PERSISTENCE_NONE, SR_PERSISTENCE_BEHIND};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct buf out = {0};
        struct sr_session s = {.pid = 1, .verdict = SR_IDLE, .cause = "turn-over"};
        s.persistence = all[i];
        screen_add_state(&out, &s);
        assert_string_equal(out.p, i < 2 ? "idle: turn over" : "idle: turn over, UNSAVED");
        buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_that_is_not_on_disk_is_marked),
        cmocka_unit_test(the_box_is_drawn_with_the_hung_first),
        cmocka_unit_test(without_utf8_it_is_drawn_in_ascii),
        cmocka_unit_test(the_box_says_whose_sessions_it_shows),
        cmocka_unit_test(a_narrow_terminal_cuts_its_lines),
        cmocka_unit_test(a_screen_reader_gets_no_box),
        cmocka_unit_test(a_long_message_is_folded_where_there_is_room),
        cmocka_unit_test(of_a_long_list_the_page_of_the_session_is_drawn),
        cmocka_unit_test(without_room_for_a_box_the_sessions_are_listed),
        cmocka_unit_test(of_a_small_screen_the_session_gets_what_there_is),
        cmocka_unit_test(times_are_local_and_old_ones_are_ages),
        cmocka_unit_test(nothing_in_it_drives_the_terminal),
        cmocka_unit_test(the_question_says_what_is_killed_and_why),
        cmocka_unit_test(the_order_counts_the_hung),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
