/*
 * lines: JSONL bytes as lines, without copying any.
 *
 * A line ends at "\n"; a "\r" before it is not part of the line, and is
 * remembered. The last line of a file may lack its newline. What a line holds,
 * line_check says.
 *
 *     struct lines it = lines_of(bytes, offset_in_file);
 *     struct line line;
 *     while (lines_next(&it, &line))
 *         ... line.text, at line.offset of the file
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct line {
    struct sv text;  /* without its line end */
    int64_t offset;  /* of its first byte in the file */
    bool has_return; /* ended in "\r\n" */
    bool has_newline;
};

/* What is left to be read; from both ends, as wanted. */
struct lines {
    struct sv rest;
    int64_t offset; /* of rest in the file */
};

struct lines lines_of(struct sv bytes, int64_t offset);
/* Returns: false when no line is left; *out untouched. */
bool lines_next(struct lines *it, struct line *out);
/* As lines_next, from the end towards the beginning. */
bool lines_previous(struct lines *it, struct line *out);
