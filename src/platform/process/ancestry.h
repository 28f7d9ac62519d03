/*
 * ancestry: the way from a process up to the first one, parent by parent.
 *
 *     struct ancestry up;
 *     if (ancestry_begin(&up, &proc, pid) < 0) ...       the process itself cannot be read
 *     do {
 *         ... up.at: the process, then its parent, and so on ...
 *     } while (ancestry_up(&up));
 *     if (up.unread) ...                                 who is above there is not known
 *
 * /proc does not show everybody every process: a parent that runs as another
 * user is missing where it is mounted with hidepid=2. The kernel itself is asked
 * for the parent of that one (Linux 6.13; is_hidden). Where it does not say, the
 * way ends before the top, and what was not met on it is not known to be absent.
 *
 * A parent ends, and its number is given away, while it is walked: then the child
 * has another parent by now, and is asked again. A process is never older than
 * its parent: a child is made by it, and an orphan goes to one above the dead
 * parent (a subreaper), or to the first process of the namespace. So a parent
 * that was there at the start, and whose number the child still names at the
 * end, is the same one.
 *
 * The same rule excludes without the whole way (ancestry_can_lead_to): what was
 * started after a process is not above it. The terminal belongs to one session,
 * and its members descend from the leader, or are it: where the leader is
 * younger than the last process that was read, no member of it is further up,
 * and so nobody further up is on its terminal. That a process is in another
 * session, group or on another terminal than ours proves nothing.
 *
 * Process 1 is the top whether it can be read or not: it has no parent, and, as
 * the one that starts all sessions, no terminal.
 */
#pragma once

#include "base/fact.h"
#include "platform/process/proc.h"

#include <stdbool.h>

struct ancestry {
    const struct proc *proc;
    struct proc_stat at;
    bool is_hidden; /* of at is known: pid, ppid and sid; start_ticks: that it is not younger */
    size_t steps;
    pid_t unread; /* after the last step: the parent that cannot be read; 0: the top was reached */
    int code;     /* why, a negative errno */
};

/* Returns: 0 or negative errno. */
int ancestry_begin(struct ancestry *up, const struct proc *proc, pid_t pid);
/* The same from what was read of the process before. */
struct ancestry ancestry_of(const struct proc *proc, const struct proc_stat *stat);

/* Returns: true when up->at is the parent of what it was. */
bool ancestry_up(struct ancestry *up);

/* What follows from not having met something on the way: FACT_NO only where it led to the top. */
enum fact ancestry_end(const struct ancestry *up);

/* Whether another process is on the terminal that up->at has. */
bool ancestry_is_on_terminal(const struct ancestry *up, const struct proc_stat *other);

/*
 * After the last step: could a process be further up, or on the terminal of one that is? FACT_NO
 * is proof; FACT_UNKNOWN otherwise.
 */
enum fact ancestry_can_lead_to(const struct ancestry *up, const struct proc_stat *other);

/* Whether pid is this process, or above it. Moves up to it. */
enum fact ancestry_find(struct ancestry *up, pid_t pid);
