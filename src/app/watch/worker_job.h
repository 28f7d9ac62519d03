/*
 * errand: a piece of work in a child process, for one that must never wait for
 * it: the child may get stuck in a file system that does not answer, and is
 * then left behind until that answers again.
 *
 *     errand_start(&w, do_it, context);
 *     ... w.pipe is readable: errand_hear(&w) ...
 *     ... now and then: errand_is_stuck(&w, patience_ms, now_ms) ... errand_leave(&w, &behind) ...
 *     ... heard its end: errand_end(&w, &cost_ms) ...
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"
#include "platform/guard.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct errand {
    pid_t pid; /* 0: none */
    int pipe;  /* what it writes; -1: none */
    struct guard *guard;
    struct buf heard;
    unsigned steps;
    int64_t moved_ms; /* when it was seen to make a step, or not to be inside of a path */
};

/* Done in the child; what it has to say goes to the descriptor. */
typedef void errand_work(struct guard *guard, int out, void *context);

/* Returns: 0 or negative errno. */
int errand_start(struct errand *w, errand_work *work, void *context, int64_t now_ms);

/* Takes what the child has written. Returns: false once it has closed its end. */
bool errand_hear(struct errand *w);

/* It has been at one path for so long. To be asked several times in that time. */
bool errand_is_stuck(struct errand *w, int64_t patience_ms, int64_t now_ms);

/* Collects a child that has closed its end. Returns: whether it ended well. cost_ms: CPU time. */
bool errand_end(struct errand *w, int64_t *cost_ms);

/* Sends SIGTERM; or, with force, SIGKILL. */
void errand_signal(const struct errand *w, bool force);

/*
 * Those that were left behind, and where. Such a path is kept away from for a
 * minute, then for twice as long each time that it still does not answer, up to
 * half an hour; and while there is a process that not even SIGKILL has ended.
 */
enum { ERRAND_BEHIND_MAX = 16 };

struct errand_behind {
    struct {
        pid_t pid; /* 0: it has ended */
        char *path;
        int64_t pause_ms, until_ms;
    } items[ERRAND_BEHIND_MAX];
    size_t count;
};

/* Returns: false when there are too many already; then w goes on as it is. */
bool errand_leave(struct errand *w, struct errand_behind *behind, int64_t now_ms);

/* The paths that are to be kept away from now. Returns: how many. */
size_t errand_avoid(struct errand_behind *behind, int64_t now_ms,
                    const char *paths[static ERRAND_BEHIND_MAX]);

/* A errand that was not told to keep away from them, begun at that time, has come through. */
void errand_forgive(struct errand_behind *behind, int64_t began_ms);

void errand_forget_all(struct errand_behind *behind);
