/*
 * timeline: when what happened in a session, as a picture (SVG) that stands inside of a page.
 *
 * Turns, tools, silences, how full the context was, compactions and errors. Time runs evenly
 * within turns; what lies between two turns, however long, is drawn short.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum timeline_kind {
    TIMELINE_PROMPT, /* begins a turn */
    TIMELINE_REPLY,
    TIMELINE_CALL,
    TIMELINE_RESULT,
    TIMELINE_COMPACTION,
    TIMELINE_ERROR,
    TIMELINE_OTHER,
};

struct timeline_point {
    int64_t at_ms; /* since 1970; 0: not known, and then it is not drawn */
    enum timeline_kind kind;
    uint64_t call;          /* CALL, RESULT: whose */
    const char *name;       /* CALL: the tool's; NULL: is not to be named */
    int64_t context_tokens; /* REPLY: that the model read and wrote; 0: not stated */
    bool is_error;          /* RESULT */
};

/* Appends <svg>, with names escaped; nothing where fewer than two points have a time. The number
 * of its elements is bounded by its width. points: sorted by time, in place. */
void timeline_draw(struct buf *out, struct timeline_point *points, size_t count);
