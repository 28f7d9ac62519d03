/*
 * rename_ids: a file copied with one word replaced by another of the same length,
 * wherever it stands: a session id by a new one.
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

/* Returns: 0 or negative errno. Uses the same memory whatever the length. */
int rename_ids_file(int from, int to, const char *old, const char *new, struct rewritten *out);

/* The same in memory. Returns: how often. */
size_t rename_ids_bytes(char *bytes, size_t n, const char *old, const char *new);
