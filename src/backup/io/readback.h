/*
 * readback: reads a written and synced file again, from the disk and not from
 * the pages that writing left in the kernel's cache.
 *
 * The file's cached pages are dropped (POSIX_FADV_DONTNEED), and if the file
 * system supports it, the cache is bypassed (O_DIRECT). The way that worked is
 * reported, and kept in a backup's manifest.
 */
#pragma once

#include "base/io/digest.h"

#include <stddef.h>
#include <stdint.h>

enum readback_way {
    READBACK_CACHE,   /* there is no disk (tmpfs), or its pages stayed in the cache */
    READBACK_DROPPED, /* no page of it was in the cache when reading began */
    READBACK_DIRECT,  /* likewise, and the cache was bypassed */
};

const char *readback_word(enum readback_way way); /* "cache", "dropped", "direct" */

/*
 * Syncs a file, then digests what is in it. fd: open for reading and used by nobody else; its flags
 * are changed. way may be NULL. Returns: the file's size, or negative errno.
 */
int64_t readback_digest(int fd, char sha256[static DIGEST_TEXT_SIZE], enum readback_way *way);

/* Compares a file with a size and digest. Returns: 0, -EIO when it differs, or another negative
 * errno. */
int readback_check(int at, const char *name, int64_t size_bytes, const char *sha256,
                   enum readback_way *way);

/* Makes a new file that holds these bytes: written, synced, read back. */
int readback_put(int at, const char *name, const char *bytes, size_t n, enum readback_way *way);
