/*
 * thin_record: a record so long that it is not to be held, with its longest strings cut.
 *
 *     struct thin_record t = {0};
 *     while (there are bytes)
 *         thin_record_feed(&t, bytes, n);
 *     ... t.out: JSON as before, up to some 6 MB of it as it was; of the strings behind that the
 *     ... beginning alone, and words that say so
 *     thin_record_release(&t);
 *
 * What is no JSON comes out as what is none.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    THIN_RECORD_FROM = 6 * 1024 * 1024, /* a line that is longer is thinned */
    THIN_RECORD_STRING = 1024,          /* of a string behind that */
    THIN_RECORD_MOST =
        16 * 1024 * 1024, /* of what is no string, or no JSON at all, the beginning alone */
};

struct thin_record {
    struct buf out;
    int64_t cut_bytes; /* in all */
    bool is_string, is_escape, is_cut;
    unsigned hex_left;
    int64_t string_bytes, string_cut_bytes;
};

void thin_record_feed(struct thin_record *t, const char *bytes, size_t n);
/* Forgets the line, and keeps its room. */
void thin_record_next(struct thin_record *t);
void thin_record_release(struct thin_record *t);
