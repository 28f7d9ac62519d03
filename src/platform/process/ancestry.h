/*
 * ancestry: walks from a process up to process 1, parent by parent.
 *
 *     struct ancestry up;
 *     if (ancestry_begin(&up, &proc, pid) < 0) ...       the process itself cannot be read
 *     do {
 *         ... up.at: the process, then its parent, and so on ...
 *     } while (ancestry_up(&up));
 *     if (up.unread) ...                                 the rest of the way is not known
 *
 * /proc does not show every process to every user: if it is mounted with
 * hidepid=2, a parent that runs as another user is missing. The kernel itself is
 * then asked for the parent of that one (Linux 6.13; is_hidden). If it does not
 * say, the walk ends before the top, and a process that was not met may still be
 * an ancestor.
 *
 * During the walk a parent may end, and its pid may be reused: then the child has
 * another parent, and is read again. A process is never older than its parent: its
 * parent made it, and an orphan goes to an ancestor of the dead parent (a
 * subreaper) or to the namespace's first process. So a parent that was there
 * before, and that the child still names afterwards, is the same process.
 *
 * The same rule rules out ancestors without the whole walk (ancestry_can_lead_to):
 * a process that started later is not an ancestor. A terminal belongs to one
 * session, whose members are its leader and descendants of the leader. If the
 * leader is younger than the last process that was read, nothing further up is in
 * that session, or on its terminal. But being in another session or group than we
 * are, or on another terminal, proves nothing.
 *
 * Process 1 is the top even if it cannot be read: it has no parent, and no
 * terminal.
 */
#pragma once

#include "base/fact.h"
#include "platform/process/proc.h"

#include <stdbool.h>

struct ancestry {
    const struct proc *proc;
    struct proc_stat at;
    bool is_hidden; /* at has only pid, ppid, sid and start_ticks: it started then or earlier */
    size_t steps;
    pid_t unread; /* after the last step: the parent that cannot be read; 0: the top was reached */
    int code;     /* why: a negative errno */
};

/* Returns: 0 or negative errno. */
int ancestry_begin(struct ancestry *up, const struct proc *proc, pid_t pid);
/* The same from a stat that was read before. */
struct ancestry ancestry_of(const struct proc *proc, const struct proc_stat *stat);

/* Moves up->at to its parent. Returns: false if there is none, or it cannot be read. */
bool ancestry_up(struct ancestry *up);

/* Whether a process that was not met may be an ancestor: FACT_NO only if the top was reached. */
enum fact ancestry_end(const struct ancestry *up);

/* Whether another process is on the terminal of up->at. */
bool ancestry_is_on_terminal(const struct ancestry *up, const struct proc_stat *other);

/*
 * After the last step: may a process be further up, or on the terminal of one that is? FACT_NO is
 * proof that it is not; FACT_UNKNOWN otherwise.
 */
enum fact ancestry_can_lead_to(const struct ancestry *up, const struct proc_stat *other);

/* Whether pid is up->at or an ancestor of it. Walks up until it is found. */
enum fact ancestry_find(struct ancestry *up, pid_t pid);
