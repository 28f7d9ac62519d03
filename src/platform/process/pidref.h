/*
 * pidref: one process, and never another that got the same pid later.
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
 * Functions of type int return 0 or a negative errno. Only -ESRCH means that the
 * process has ended: one that cannot be read may be alive.
 * -ENOSYS: the kernel has no pidfd (Linux before 5.3); no signal is sent then.
 * -EXDEV: /proc is of another pid namespace, where the same pid is another process.
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

/* Opens the process with this pid and start time. */
int pidref_open(const struct proc *proc, pid_t pid, uint64_t start_ticks, struct pidref *out);
void pidref_close(struct pidref *p);

/*
 * Its present state. -ESRCH: it has ended, even if it is still a zombie. -EACCES: it
 * lives, but /proc does not show it.
 */
int pidref_look(const struct pidref *p, const struct proc *proc, struct proc_stat *out);

int pidref_signal(const struct pidref *p, int signal_number);

/* Blocks: until it has ended, at most timeout_ms. FACT_UNKNOWN: it could not be waited for. */
enum fact pidref_wait(const struct pidref *p, int64_t timeout_ms);
enum fact pidref_has_ended(const struct pidref *p);

/*
 * How it ended, as in waitpid(2), though it is not our child. Known once its parent has collected
 * it. -ENODATA: not yet; -ENOTTY, -EINVAL: the kernel does not say (Linux before 6.15).
 */
int pidref_wait_status(const struct pidref *p, int *wait_status);

/*
 * Whether any process has this pid. Asks the kernel itself, as /proc may hide processes of other
 * users. A zombie counts.
 */
enum fact pidref_is_there(const struct proc *proc, pid_t pid);

/*
 * The parent and the session of a process, even of one that /proc does not show: the kernel itself
 * is asked. The caller must make sure that the pid was not reused meanwhile, else the two may be of
 * different processes. Returns: 0; -ENOTTY, -EINVAL: the kernel does not say (Linux before 6.13);
 * -ENOSYS: not asked, for a captured copy or another namespace's /proc; another negative errno.
 */
int pidref_ask_line(const struct proc *proc, pid_t pid, pid_t *ppid, pid_t *sid);
