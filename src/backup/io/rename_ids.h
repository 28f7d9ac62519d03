/*
 * rename_ids: copies a file with every occurrence of a session id replaced by a
 * new one of the same length.
 */
#pragma once

#include "base/io/digest.h"

#include <stddef.h>
#include <stdint.h>

struct rewritten {
    int64_t size_bytes;
    size_t count; /* of replacements */
    char sha256[DIGEST_TEXT_SIZE];
};

/* Returns: 0 or negative errno. Memory use does not depend on the file's size. */
int rename_ids_file(int from, int to, const char *old, const char *new, struct rewritten *out);

/* The same in memory. Returns: the number of replacements. */
size_t rename_ids_bytes(char *bytes, size_t n, const char *old, const char *new);
