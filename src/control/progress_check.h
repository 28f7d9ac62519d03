/*
 * movement: whether a session has moved since a moment: its connections, its
 * transcripts, what it publishes.
 *
 *     movement_mark(&m, &subject);
 *     ... a push ...
 *     if (movement_watch(&m, MOVED_ANYHOW, 15000) > 0)
 *         movement_describe(&m, &text);
 *     movement_release(&m);
 */
#pragma once

#include "base/str.h"
#include "control/pinned_session.h"

enum {
    MOVED_ASKED = 1,      /* a request went out */
    MOVED_RECEIVED = 2,   /* something came on the connection that it went out on */
    MOVED_TRANSCRIPT = 4, /* a file of the conversation has grown */
    MOVED_REGISTRY = 8,   /* it has published another status */
    MOVED_ANYHOW = MOVED_ASKED | MOVED_TRANSCRIPT | MOVED_REGISTRY,
};

enum { MOVEMENT_KINDS = 4 };

/* A connection to the model, as it was. */
struct movement_sock {
    uint64_t inode;
    int64_t bytes_sent;
};

struct movement {
    const struct subject *subject;
    struct arena arena;
    struct awake at;
    struct movement_sock *socks;
    size_t sock_count;
    bool socks_are_known;
    const char **files; /* below the store */
    int64_t *file_bytes;
    size_t file_count;
    int64_t registry_mtime_ns, registry_bytes;
    /* what was seen */
    unsigned seen;
    int64_t after_ms[MOVEMENT_KINDS];
    uint64_t asked_on;      /* inode */
    int64_t asked_received; /* bytes that had come there when that was seen */
};

void movement_mark(struct movement *m, const struct subject *subject);
void movement_release(struct movement *m);

/*
 * Blocks: until one of the wanted kinds was seen, ms at most. Returns: all the kinds seen so far;
 * -ESRCH: the process has ended.
 */
int movement_watch(struct movement *m, unsigned wanted, int64_t ms);

/* "a new request went out after 24 ms, its transcript grew after 1830 ms" */
void movement_describe(const struct movement *m, struct buf *out);
