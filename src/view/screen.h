/*
 * screen: what the interactive rescue shows: the box of sessions, the menu,
 * and the questions. Drawn as lines into a buffer, with no control character
 * in it: who shows it decides how.
 */
#pragma once

#include "base/str.h"
#include "session_rescue.h"

#include <stdbool.h>

struct screen_style {
    bool utf8;           /* the terminal shows UTF-8; else the box is drawn in ASCII */
    bool is_spoken;      /* no box at all: for screen readers */
    bool is_bare;        /* nor where there is no room for one; lines are cut to columns */
    size_t columns;      /* that there are; 0: as many as are needed */
    int utc_offset_s;    /* of local time */
    size_t first, count; /* of the order, the sessions that are drawn; count 0: all */
};

/* Stores the places of all sessions, those that need their user most first. order has room for all.
 * Returns: how many of them, at the beginning, are hung. */
size_t screen_order(const struct sr_snapshot *snapshot, size_t *order);

void screen_add_sessions(struct buf *out, const struct sr_snapshot *snapshot, const size_t *order,
                         const struct screen_style *style);

/* What stands above the menu: what is known of the session that is asked about, even where there is
 * one row; then, as far as there is room, the message, the question and the other sessions. */
struct screen_ask {
    const struct sr_snapshot *snapshot;
    const size_t *order;
    const struct sr_session *session; /* asked about; one of snapshot's */
    const char *message;              /* what came of the last choice; NULL: nothing */
    size_t rows;                      /* that there are; 0: as many as are needed */
    int page;                         /* of a list that does not fit: 0 shows the session */
};
/* Never more lines than ask->rows, none wider than style->columns. */
void screen_add_ask(struct buf *out, const struct screen_ask *ask,
                    const struct screen_style *style);

/* "pts/4", or "pid 4711" where it has no terminal. */
void screen_add_name(struct buf *out, const struct sr_session *s);

/* "hung: reply stalled 41 min", "working: tool running" */
void screen_add_state(struct buf *out, const struct sr_session *s);

/* "? Select action for pts/4 session:" */
void screen_add_menu_question(struct buf *out, const struct sr_session *s);

/* "Revive Claude process on pts/4, session 01e5af14 (56MB, hung: reply stalled 41 min)?" */
void screen_add_revive_question(struct buf *out, const struct sr_session *s);

/* Lines of text as they are, but for control characters in them. */
void screen_add_lines(struct buf *out, const char *text);

/* "Kill Claude process on pts/4, session 01e5af14 (56MB, hung: reply stalled 41 min)?" */
void screen_add_kill_question(struct buf *out, const struct sr_session *s);
