/*
 * line_filter: picks the lines that hold a mark from a file that is read in pieces:
 * one session's lines in the prompt history of all sessions.
 *
 *     struct line_filter m = {.key = ..., .mark = ..., .limit = 64 << 20};
 *     while (there is a piece)
 *         line_filter_feed(&m, piece, &out);
 *     line_filter_release(&m);
 *
 * A line is kept byte for byte with its newline. A last line without one is
 * still being written, and left out; so is a line longer than the limit, which
 * is counted.
 */
#pragma once

#include "base/str.h"

struct line_filter {
    struct sv key;   /* the JSON key whose value must be the mark; empty: anywhere in the line */
    struct sv mark;  /* not empty, and without a newline */
    size_t limit;    /* the longest line, in bytes */
    size_t too_long; /* how many lines were longer */
    /* its own: */
    struct buf line;
    bool is_skipping;
};

void line_filter_feed(struct line_filter *m, struct sv piece, struct buf *out);
void line_filter_release(struct line_filter *m);
