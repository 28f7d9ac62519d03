/*
 * thin_record: shortens a record that is too long for memory by cutting its longest strings.
 *
 *     struct thin_record t = {0};
 *     while (there are bytes)
 *         thin_record_feed(&t, bytes, n);
 *     ... t.out: the JSON, its first 6 MB unchanged; later strings are cut to their
 *     ... beginning, with a note of that
 *     thin_record_release(&t);
 *
 * Text that is not JSON stays text that is not JSON.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    THIN_RECORD_FROM = 6 * 1024 * 1024,  /* bytes that stay unchanged */
    THIN_RECORD_STRING = 1024,           /* bytes kept of each string after that */
    THIN_RECORD_MOST = 16 * 1024 * 1024, /* bytes kept of anything else */
};

struct thin_record {
    struct buf out;
    int64_t cut_bytes; /* in all */
    bool is_string, is_escape, is_cut;
    unsigned hex_left;
    int64_t string_bytes, string_cut_bytes;
};

void thin_record_feed(struct thin_record *t, const char *bytes, size_t n);
/* Forgets the line but keeps its buffer. */
void thin_record_next(struct thin_record *t);
void thin_record_release(struct thin_record *t);
