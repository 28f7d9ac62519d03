/*
 * follow: a file that is being written, read back by another thread a little
 * behind the writer, and digested.
 *
 *     struct follower f;
 *     if (follow_begin(&f, fd) == 0) {
 *         ... write; follow_to(&f, bytes written so far); ...
 *         n = follow_end(&f, sha256);
 *     }
 *
 * A copy is so read back while it is made: with two processors the reading
 * back costs next to no time.
 */
#pragma once

#include "base/digest.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct follower {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t moved;
    int fd;
    int64_t allowed, done; /* bytes */
    bool is_over;
    int failed; /* negative errno */
    struct digest digest;
};

/* fd: a descriptor of its own on the file; stays the caller's. Returns: 0 or negative errno. */
int follow_begin(struct follower *f, int fd);
void follow_to(struct follower *f, int64_t bytes);
/* Waits until all of it has been read. Returns: how many bytes, or negative errno. */
int64_t follow_end(struct follower *f, char sha256[static DIGEST_TEXT_SIZE]);
