/*
 * record_source: where the bytes of a transcript come from: a file, a file with edits applied,
 * memory.
 */
#pragma once

#include "base/str.h"

#include <stdint.h>

struct record_source {
    /* Reads up to n bytes at an offset, as many as there are. Returns: bytes read (0 at the end)
     * or negative errno. */
    int64_t (*read)(void *context, char *bytes, size_t n, int64_t offset);
    void *context;
    int64_t size_bytes;
    struct sv record_start; /* as line_check_line wants it */
};

/* Of memory. text and what it views must stay. */
struct record_source record_source_of_text(struct sv *text, struct sv record_start);
