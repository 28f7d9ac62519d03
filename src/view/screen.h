/*
 * screen: what the interactive rescue shows: the box of sessions, the menu
 * and the questions, as lines without control characters.
 */
#pragma once

#include "base/str.h"
#include "session_rescue.h"

#include <stdbool.h>

struct screen_style {
    bool utf8;           /* the terminal shows UTF-8; else the box is drawn in ASCII */
    bool is_spoken;      /* no box: for screen readers */
    bool is_bare;        /* no box: there is no room for one; lines are cut to columns */
    size_t columns;      /* the width; 0: no limit */
    int utc_offset_s;    /* of local time */
    size_t first, count; /* which sessions of the order are drawn; count 0: all */
};

/* Orders all sessions, those that need their user most first. order: room for all. Returns: how
 * many are hung; these come first. */
size_t screen_order(const struct sr_snapshot *snapshot, size_t *order);

void screen_add_sessions(struct buf *out, const struct sr_snapshot *snapshot, const size_t *order,
                         const struct screen_style *style);

/* What is above the menu: the session asked about, always; then, as far as there is room, the
 * message, the question and the other sessions. */
struct screen_ask {
    const struct sr_snapshot *snapshot;
    const size_t *order;
    const struct sr_session *session; /* asked about; one of snapshot's */
    const char *message;              /* the outcome of the last choice; NULL: none */
    size_t rows;                      /* the height; 0: no limit */
    int page;                         /* if the list does not fit: 0 shows the session */
};
/* Adds no more lines than ask->rows, none wider than style->columns. */
void screen_add_ask(struct buf *out, const struct screen_ask *ask,
                    const struct screen_style *style);

/* "pts/4", or "pid 4711" if it has no terminal. */
void screen_add_name(struct buf *out, const struct sr_session *s);

/* "hung: reply stalled 41 min", "working: tool running" */
void screen_add_state(struct buf *out, const struct sr_session *s);

/* "? Select action for pts/4 session:" */
void screen_add_menu_question(struct buf *out, const struct sr_session *s);

/* "Revive Claude process on pts/4, session 01e5af14 (56MB, hung: reply stalled 41 min)?" */
void screen_add_revive_question(struct buf *out, const struct sr_session *s);

/* Adds lines of text, with control characters made visible. */
void screen_add_lines(struct buf *out, const char *text);

/* "Kill Claude process on pts/4, session 01e5af14 (56MB, hung: reply stalled 41 min)?" */
void screen_add_kill_question(struct buf *out, const struct sr_session *s);
