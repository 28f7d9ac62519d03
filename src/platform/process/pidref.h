/*
 * pidref: one process, and never another that was given its number later.
 *
 * A pid can be reused once its process was collected. A pidfd stays with the
 * process for which it was opened. The start time, which the caller knows from
 * an earlier look, makes sure that it was opened for the right one.
 *
 *     struct pidref p;
 *     if (pidref_open(&proc, pid, start_ticks, &p) < 0) ...   // gone, or another process by now
 *     pidref_signal(&p, SIGTERM);
 *     if (pidref_wait(&p, 10000) == FACT_YES) ...             // it has ended
 *     pidref_close(&p);
 *
 * Those of type int return 0 or a negative errno; -ESRCH: the process has ended,
 * and nothing else says so: one that cannot be read may live.
 * -ENOSYS: the kernel has no pidfd (Linux before 5.3); nothing is signalled there.
 * -EXDEV: /proc is of another pid namespace, where the same number is another process.
 */
#pragma once

#include "base/fact.h"
#include "platform/process/proc.h"

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
 * not collected, has ended: -ESRCH. One that lives and is not shown: -EACCES.
 */
int pidref_look(const struct pidref *p, const struct proc *proc, struct proc_stat *out);

int pidref_signal(const struct pidref *p, int signal_number);

/* Blocks: until it has ended, at most timeout_ms. FACT_UNKNOWN: it could not be waited for. */
enum fact pidref_wait(const struct pidref *p, int64_t timeout_ms);
enum fact pidref_has_ended(const struct pidref *p);

/*
 * How it ended, as waitpid(2) would say, though it is nobody's child. Once its parent has collected
 * it. -ENODATA: not yet; -ENOTTY, -EINVAL: the kernel does not say (Linux before 6.15).
 */
int pidref_wait_status(const struct pidref *p, int *wait_status);

/*
 * Whether any process has this pid, asked from the kernel itself, because /proc may hide processes
 * of other users. A zombie counts.
 */
enum fact pidref_is_there(const struct proc *proc, pid_t pid);

/*
 * The parent and the session of a process, asked of the kernel itself: of one that /proc does not
 * show, too. The two are of one process only where who asks makes sure that the number was not
 * given away meanwhile. Returns: 0; -ENOTTY, -EINVAL: the kernel does not say (Linux before 6.13);
 * -ENOSYS: not asked, for a captured copy or another namespace's /proc; another negative errno.
 */
int pidref_ask_line(const struct proc *proc, pid_t pid, pid_t *ppid, pid_t *sid);
