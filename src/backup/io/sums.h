/*
 * sums: the lines of a .sha256 file, as sha256sum -c reads them.
 *
 *     9f86d081...  2026-02-05T10-11-12Z-LOSSLESS-<uuid>.jsonl
 *
 * A name that holds a backslash or a newline is escaped, and its line begins
 * with a backslash.
 */
#pragma once

#include "base/arena.h"
#include "base/io/digest.h"
#include "base/str.h"

struct sum {
    char sha256[DIGEST_TEXT_SIZE];
    const char *name;
};

void sums_add(struct buf *out, const char *sha256, const char *name);

/* Returns: 0, or -EBADMSG when a line has another form. Owner: the arena. */
int sums_parse(struct arena *a, struct sv text, struct sum **sums, size_t *count);
