#include "platform/ancestry.h"

#include <errno.h>

enum {
    LIMIT = 256, /* no process tree is that deep; a broken copy of one may loop */
    TRIES = 8,   /* parents that end while they are read */
};

int ancestry_begin(struct ancestry *up, const struct proc *proc, pid_t pid)
{
    struct proc_stat stat;
    int r = proc_read_stat(proc, pid, &stat);
    if (r == 0)
        *up = ancestry_of(proc, &stat);
    return r;
}

struct ancestry ancestry_of(const struct proc *proc, const struct proc_stat *stat)
{
    return (struct ancestry){.proc = proc, .at = *stat};
}

/* Returns: 0; or negative errno, with child as it was read last. */
static int read_parent(const struct proc *proc, struct proc_stat *child, struct proc_stat *out)
{
    for (int left = TRIES; left > 0; left--) {
        struct proc_stat parent, again;
        pid_t ppid = child->ppid;
        int r = proc_read_stat(proc, ppid, &parent);
        if (r == 0 && parent.start_ticks <= child->start_ticks) {
            *out = parent;
            return 0;
        }
        if (proc_read_stat(proc, child->pid, &again) < 0 ||
            again.start_ticks != child->start_ticks || again.ppid == ppid)
            return r == 0 ? -EAGAIN : r == -ESRCH ? -EACCES : r;
        *child = again;
    }
    return -EAGAIN;
}

bool ancestry_up(struct ancestry *up)
{
    struct proc_stat parent;
    up->unread = 0;
    up->code = 0;
    if (up->at.ppid <= 0)
        return false;
    int r = up->steps < LIMIT ? read_parent(up->proc, &up->at, &parent) : -ELOOP;
    if (r == 0) {
        up->at = parent;
        up->steps++;
        return true;
    }
    if (up->at.ppid > 1) {
        up->unread = up->at.ppid;
        up->code = r;
    }
    return false;
}

enum fact ancestry_end(const struct ancestry *up)
{
    return up->unread ? FACT_UNKNOWN : FACT_NO;
}

enum fact ancestry_find(struct ancestry *up, pid_t pid)
{
    while (up->at.pid != pid)
        if (!ancestry_up(up))
            return up->at.ppid == pid ? FACT_YES : ancestry_end(up);
    return FACT_YES;
}
