/*
 * privilege: root's rights when sudo runs the program, held only around the
 * calls that need them.
 *
 * Run by sudo, the program becomes the user who typed it before it opens
 * anything: real, effective, saved and file system ids, groups and all. What
 * it makes is that user's, a path leads where that user may go, and a program
 * that it runs has that user's rights and no others. No way back to root is
 * left; of root's capabilities a few stay permitted, and none is in effect:
 *
 *     privilege_become(&user, PRIVILEGE_TRACE | PRIVILEGE_NETWORK, &error);
 *     ...
 *     {
 *         PRIVILEGE_SCOPE(PRIVILEGE_TRACE, proc, pid);
 *         fd = syscall(SYS_pidfd_getfd, pidfd, number, 0);
 *     }
 *
 * A scope does nothing where nothing was kept (an ordinary user) or all is in
 * effect already (root itself): then the call it stands around says whether it
 * is permitted. It is for one thread: begin no thread and no process in it.
 * Linux; elsewhere nothing is kept.
 */
#pragma once

#include "platform/process/proc.h"

enum privilege {
    /* CAP_SYS_PTRACE: pidfd_getfd, /proc/PID/mem and /proc/PID/syscall where Yama's ptrace_scope
     * is 1 or 2. Reading of one's own processes otherwise (environ, fd, io, maps) needs nothing. */
    PRIVILEGE_TRACE = 1,
    /* CAP_NET_ADMIN: SOCK_DESTROY. The netlink socket is to be opened in the scope as well: the
     * kernel asks for the right of who opened it, too. */
    PRIVILEGE_NETWORK = 2,
    /* CAP_SYS_ADMIN: TIOCSTI on a terminal that is not ours, or where dev.tty.legacy_tiocsti is 0.
     */
    PRIVILEGE_TYPE = 4,
};

struct privilege_user {
    const char *name;
    uid_t uid;
    gid_t gid;
};

/*
 * For good, and for the processes that are forked later. To be called while
 * there is one thread. kept: a sum of enum privilege.
 * Returns: 0 or negative errno; then nothing may be done but to end.
 */
int privilege_become(const struct privilege_user *user, unsigned kept, struct sr_error *error);

/* Whether the right is there to be used: in effect, or kept. */
bool privilege_is_there(enum privilege privilege);

/*
 * Whether rights that were kept may be used on a process: its real, effective
 * and saved user are ours. A set-uid program that the user has started is not
 * theirs.
 * Returns: 0, -EPERM, or as proc_read_status.
 */
int privilege_check(const struct proc *proc, pid_t pid);

struct privilege_scope {
    unsigned before; /* in effect, as the kernel's bits */
    bool is_raised;
};

/*
 * Raises nothing for a process that privilege_check does not let through. What
 * was opened in a scope is used only once privilege_check has let it through again:
 * the process may have begun a set-uid program meanwhile.
 */
struct privilege_scope privilege_raise(enum privilege privilege, const struct proc *proc,
                                       pid_t pid);
void privilege_drop(struct privilege_scope *scope); /* leaves errno as it is */

/* Until the end of the block. */
#define PRIVILEGE_SCOPE(privilege, proc, pid)                                                 \
    struct privilege_scope privilege_scope __attribute__((cleanup(privilege_drop), unused)) = \
        privilege_raise(privilege, proc, pid)
