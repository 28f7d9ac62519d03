#include "platform/process/ancestry.h"

#include "platform/process/pidref.h"

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

/* One step of the way, as it is read. */
struct step {
    struct proc_stat stat;
    bool is_hidden;
};

/* Its parent now, and that it is the same process still. */
static int read_again(const struct proc *proc, const struct step *child, struct proc_stat *out)
{
    *out = child->stat;
    if (child->is_hidden)
        return pidref_ask_line(proc, child->stat.pid, &out->ppid, &out->sid);
    int r = proc_read_stat(proc, child->stat.pid, out);
    return r == 0 && out->start_ticks != child->stat.start_ticks ? -ESRCH : r;
}

/* The parent is not shown. It is no younger than its child. */
static int ask_parent(const struct proc *proc, const struct step *child, struct step *out)
{
    struct step parent = {.stat.pid = child->stat.ppid,
                          .stat.start_ticks = child->stat.start_ticks,
                          .is_hidden = true};
    int r = pidref_ask_line(proc, parent.stat.pid, &parent.stat.ppid, &parent.stat.sid);
    if (r == 0)
        *out = parent;
    return r;
}

/* Returns: 0; or negative errno, with child as it was read last. */
static int read_parent(const struct proc *proc, struct step *child, struct step *out)
{
    for (int left = TRIES; left > 0; left--) {
        struct step parent = {0};
        struct proc_stat again;
        int r = proc_read_stat(proc, child->stat.ppid, &parent.stat);
        if (r == 0 && parent.stat.start_ticks <= child->stat.start_ticks) {
            *out = parent;
            return 0;
        }
        int asked = r == 0 ? -EAGAIN : ask_parent(proc, child, &parent);
        int known = read_again(proc, child, &again);
        if (known == 0 && again.ppid != child->stat.ppid) {
            child->stat = again;
            continue;
        }
        if (known == 0 && asked == 0) {
            *out = parent;
            return 0;
        }
        return r == 0 ? -EAGAIN : r == -ESRCH ? -EACCES : r;
    }
    return -EAGAIN;
}

bool ancestry_up(struct ancestry *up)
{
    struct step child = {up->at, up->is_hidden}, parent;
    up->unread = 0;
    up->code = 0;
    if (up->at.ppid <= 0)
        return false;
    int r = up->steps < LIMIT ? read_parent(up->proc, &child, &parent) : -ELOOP;
    up->at = child.stat;
    if (r == 0) {
        up->at = parent.stat;
        up->is_hidden = parent.is_hidden;
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

bool ancestry_is_on_terminal(const struct ancestry *up, const struct proc_stat *other)
{
    if (!other->tty)
        return false;
    return up->is_hidden ? other->sid == up->at.sid : other->tty == up->at.tty;
}

enum fact ancestry_can_lead_to(const struct ancestry *up, const struct proc_stat *other)
{
    struct proc_stat leader;
    if (!up->unread)
        return FACT_NO;
    if (other->start_ticks <= up->at.start_ticks)
        return FACT_UNKNOWN;
    if (!other->tty)
        return FACT_NO;
    if (proc_read_stat(up->proc, other->sid, &leader) < 0 || leader.sid != leader.pid)
        return FACT_UNKNOWN;
    return leader.start_ticks > up->at.start_ticks ? FACT_NO : FACT_UNKNOWN;
}

enum fact ancestry_find(struct ancestry *up, pid_t pid)
{
    while (up->at.pid != pid)
        if (!ancestry_up(up))
            return up->at.ppid == pid ? FACT_YES : ancestry_end(up);
    return FACT_YES;
}
