/*
 * line_filter: the lines that hold a mark, out of a file that is read in pieces: a
 * session's own lines in the prompt history of all of them.
 *
 *     struct line_filter m = {.key = ..., .mark = ..., .limit = 64 << 20};
 *     while (there is a piece)
 *         line_filter_feed(&m, piece, &out);
 *     line_filter_release(&m);
 *
 * A line is kept byte for byte, its newline included. A last line without one is
 * being written, and is not taken; a line longer than the limit is counted, not
 * taken.
 */
#pragma once

#include "base/str.h"

struct line_filter {
    struct sv key;   /* that the mark must be the value of, in JSON; empty: it may stand anywhere */
    struct sv mark;  /* not empty, and without a newline */
    size_t limit;    /* bytes of a line that are held in memory */
    size_t too_long; /* lines that were not taken for that */
    /* its own: */
    struct buf line;
    bool is_skipping;
};

void line_filter_feed(struct line_filter *m, struct sv piece, struct buf *out);
void line_filter_release(struct line_filter *m);
