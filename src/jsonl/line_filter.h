/*
 * marked: the lines that hold a mark, out of a file that is read in pieces: a
 * session's own lines in the prompt history of all of them.
 *
 *     struct marked m = {.key = SV("\"sessionId\""), .mark = SV("\"...\""), .limit = 64 << 20};
 *     while ((n = read a piece))
 *         marked_feed(&m, piece, &out);
 *     marked_release(&m);
 *
 * A line is kept byte for byte, its newline included. A last line without one is
 * being written, and is not taken; a line longer than the limit is counted, not
 * taken.
 */
#pragma once

#include "base/str.h"

struct marked {
    struct sv key;   /* that the mark must be the value of, in JSON; empty: it may stand anywhere */
    struct sv mark;  /* not empty, and without a newline */
    size_t limit;    /* bytes of a line that are held in memory */
    size_t too_long; /* lines that were not taken for that */
    /* its own: */
    struct buf line;
    bool is_skipping;
};

void marked_feed(struct marked *m, struct sv piece, struct buf *out);
void marked_release(struct marked *m);
