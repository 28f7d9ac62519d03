/*
 * progress_check: whether a session has moved since a moment: its connections, its
 * transcripts, what it publishes.
 *
 *     progress_check_mark(&m, &subject);
 *     ... a push ...
 *     if (progress_check_watch(&m, MOVED_ANYHOW, 15000) > 0)
 *         progress_check_describe(&m, &text);
 *     progress_check_release(&m);
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

enum { PROGRESS_CHECK_KINDS = 4 };

/* A connection to the model at the time of the mark. */
struct progress_check_sock {
    uint64_t inode;
    int64_t bytes_sent;
};

struct progress_check {
    const struct pinned_session *subject;
    struct arena arena;
    struct awake at;
    struct progress_check_sock *socks;
    size_t sock_count;
    bool socks_are_known;
    const char **files; /* below the store */
    int64_t *file_bytes;
    size_t file_count;
    int64_t registry_mtime_ns, registry_bytes;
    /* what was seen */
    unsigned seen;
    int64_t after_ms[PROGRESS_CHECK_KINDS];
    uint64_t asked_on;      /* inode */
    int64_t asked_received; /* bytes received there when the request was seen */
};

void progress_check_mark(struct progress_check *m, const struct pinned_session *subject);
void progress_check_release(struct progress_check *m);

/*
 * Blocks until one of the wanted kinds is seen, for ms at most. Returns: all kinds seen so far;
 * -ESRCH: the process has ended.
 */
int progress_check_watch(struct progress_check *m, unsigned wanted, int64_t ms);

/* "a new request went out after 24 ms, its transcript grew after 1830 ms" */
void progress_check_describe(const struct progress_check *m, struct buf *out);
