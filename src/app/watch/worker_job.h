/*
 * worker_job: a piece of work in a child process, for a parent that must never wait
 * for it. The child may get stuck in a file system that does not answer; then it is
 * left behind until that answers again.
 *
 *     worker_job_start(&w, do_it, context);
 *     ... w.pipe is readable: worker_job_hear(&w) ...
 *     ... now and then: if (worker_job_is_stuck(&w, patience_ms, now_ms))
 *                           worker_job_leave(&w, &behind, now_ms);
 *     ... heard its end: worker_job_end(&w, &cost_ms) ...
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"
#include "platform/guard.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct worker_job {
    pid_t pid; /* 0: none */
    int pipe;  /* what it writes; -1: none */
    struct guard *guard;
    struct buf heard;
    unsigned steps;
    int64_t moved_ms; /* when it was last seen to make a step, or not to be inside a path */
};

/* Runs in the child, and writes its report to out. */
typedef void worker_job_work(struct guard *guard, int out, void *context);

/* Returns: 0 or negative errno. */
int worker_job_start(struct worker_job *w, worker_job_work *work, void *context, int64_t now_ms);

/* Takes what the child has written. Returns: false once it has closed its end. */
bool worker_job_hear(struct worker_job *w);

/* Whether it has been at one path for patience_ms. Call it several times within that time. */
bool worker_job_is_stuck(struct worker_job *w, int64_t patience_ms, int64_t now_ms);

/* Collects a child that has closed its end. Returns: whether it succeeded. cost_ms: CPU time. */
bool worker_job_end(struct worker_job *w, int64_t *cost_ms);

/* Sends SIGTERM; or, with force, SIGKILL. */
void worker_job_signal(const struct worker_job *w, bool force);

/*
 * The jobs that were left behind, and where. Such a path is avoided for a
 * minute, then for twice as long each time that it still does not answer, up to
 * half an hour; and as long as a process there survives even SIGKILL.
 */
enum { WORKER_JOB_BEHIND_MAX = 16 };

struct worker_job_behind {
    struct {
        pid_t pid; /* 0: it has ended */
        char *path;
        int64_t pause_ms, until_ms;
    } items[WORKER_JOB_BEHIND_MAX];
    size_t count;
};

/* Leaves w behind. Returns: false when there are too many already; then w stays as it is. */
bool worker_job_leave(struct worker_job *w, struct worker_job_behind *behind, int64_t now_ms);

/* Stores the paths to avoid now. Returns: how many. */
size_t worker_job_avoid(struct worker_job_behind *behind, int64_t now_ms,
                        const char *paths[static WORKER_JOB_BEHIND_MAX]);

/* A job begun at that time, which did not avoid these paths, has succeeded: stop avoiding them. */
void worker_job_forgive(struct worker_job_behind *behind, int64_t began_ms);

void worker_job_forget_all(struct worker_job_behind *behind);
