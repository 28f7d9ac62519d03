/*
 * readback: a file that was written and synced, read again: from the disk, not
 * from the pages that the writing has left in the kernel's cache.
 *
 * The cache of the file is dropped (POSIX_FADV_DONTNEED), and where the file
 * system says that it can, the disk is read around it (O_DIRECT). Which of it
 * came true is said, and kept in a backup's manifest.
 */
#pragma once

#include "base/io/digest.h"

#include <stddef.h>
#include <stdint.h>

enum readback_way {
    READBACK_CACHE,   /* there is no disk (tmpfs), or the pages stayed where they were */
    READBACK_DROPPED, /* no page of it was in the cache when the reading began */
    READBACK_DIRECT,  /* that, and the disk was read around the cache */
};

const char *readback_word(enum readback_way way); /* "cache", "dropped", "direct" */

/*
 * Digests what is in a file; what is still to be written back is synced before.
 * fd: nobody else's, for reading; its flags are changed. way may be NULL.
 * Returns: how many bytes there are, or negative errno.
 */
int64_t readback_digest(int fd, char sha256[static DIGEST_TEXT_SIZE], enum readback_way *way);

/* Compares. Returns: 0, -EIO when it is not what was written, or another errno. */
int readback_check(int at, const char *name, int64_t size_bytes, const char *sha256,
                   enum readback_way *way);

/* Makes a new file that holds these bytes: written, synced, read back. */
int readback_put(int at, const char *name, const char *bytes, size_t n, enum readback_way *way);
