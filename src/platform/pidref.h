/*
 * pidref: one process, and never another that was given its number later.
 *
 * A pid is handed out again once its process was collected. A pidfd is not: it
 * stays with the process for which it was opened. What it was opened for is
 * made sure of by the start time, which the caller knows from when it looked.
 *
 *     struct pidref p;
 *     if (pidref_open(&proc, pid, start_ticks, &p) < 0) ...   // gone, or another process by now
 *     pidref_signal(&p, SIGTERM);
 *     if (pidref_wait(&p, 10000) == 0) ...                    // still there after 10 s
 *     pidref_close(&p);
 *
 * All return 0 or positive, or a negative errno; -ESRCH: the process has ended.
 * -ENOSYS: the kernel has no pidfd (Linux before 5.3); nothing is signalled there.
 */
#pragma once

#include "platform/proc.h"

#include <stdint.h>
#include <sys/types.h>

struct pidref {
    int fd; /* -1: none */
    pid_t pid;
    uint64_t start_ticks;
};

/* Pins the process that had this pid and start time. */
int pidref_open(const struct proc *proc, pid_t pid, uint64_t start_ticks, struct pidref *out);
void pidref_close(struct pidref *p);

/*
 * What it is at the moment. A process that has ended, and which its parent has
 * not collected, has ended: -ESRCH.
 */
int pidref_look(const struct pidref *p, const struct proc *proc, struct proc_stat *out);

int pidref_signal(const struct pidref *p, int signal_number);

/* Blocks: until it has ended, at most timeout_ms. Returns: 1 when it has ended, 0 when not. */
int pidref_wait(const struct pidref *p, int64_t timeout_ms);
