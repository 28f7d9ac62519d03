/*
 * text: the listing for people. All text from a process or a transcript is made
 * harmless for a terminal before it is added.
 */
#pragma once

#include "base/str.h"
#include "session_rescue.h"

#include <stdbool.h>

struct view_style {
    bool color;
    bool verbose;
    bool all;             /* no list is cut */
    size_t columns;       /* of the terminal; 0: not a terminal, nothing is cut */
    const char *agent;    /* whose sessions alone were looked for; NULL: all agents' */
    size_t not_asked_for; /* how many sessions the listing leaves out */
};

/* Says that there is no session or, with may_lack, that none is seen. agent: the one that was asked
 * for; NULL: all. */
void view_text_none(struct buf *out, const char *agent, bool may_lack);

/* What runs: a line for each session, its evidence below. */
void view_text_status(struct buf *out, const struct sr_snapshot *snapshot,
                      const struct view_style *style);

/* The sessions that can be resumed, each with its command; then those that a live process holds. */
void view_text_resume(struct buf *out, const struct sr_snapshot *snapshot,
                      const struct view_style *style);

/* The sessions alone, whether a process has them or not. */
void view_text_list(struct buf *out, const struct sr_session *sessions, size_t count);

/* The transcripts that lie where the client does not look, with what to do. all: false shows only
 * the first few. */
void view_text_strays(struct buf *out, const struct sr_stray *strays, size_t count, bool all);

/* "3 min", "2 h", "5 d": a length of time in its largest unit. Returns: text. */
enum { VIEW_AGE_TEXT = 32 };
const char *view_age(int64_t seconds, char text[static VIEW_AGE_TEXT]);

/* All verdicts, the most urgent first. */
enum { VIEW_VERDICTS = 9 };
extern const enum sr_verdict view_by_urgency[VIEW_VERDICTS];
