/*
 * lines: JSONL bytes as lines, without copying any.
 *
 * A line ends at "\n"; a "\r" before it is not part of the line, but is noted.
 * The last line of a file may lack its newline. line_check says what is in a
 * line.
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

/* What is left to read, from either end. */
struct lines {
    struct sv rest;
    int64_t offset; /* of rest in the file */
};

struct lines lines_of(struct sv bytes, int64_t offset);
/* Returns: false when no line is left; *out untouched. */
bool lines_next(struct lines *it, struct line *out);
/* As lines_next, from the end towards the beginning. */
bool lines_previous(struct lines *it, struct line *out);
