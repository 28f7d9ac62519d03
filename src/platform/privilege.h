/*
 * privilege: root's rights when sudo runs the program, used only around the calls
 * that need them.
 *
 * Under sudo, the program becomes the user who ran sudo before it opens anything:
 * with the real, effective, saved and file system ids, and the groups. That user
 * owns what it makes, it can only open what that user can open, and a program that
 * it runs has only that user's rights. It cannot become root again; of root's
 * capabilities a few stay permitted, but none is in effect:
 *
 *     privilege_become(&user, PRIVILEGE_TRACE | PRIVILEGE_NETWORK, &error);
 *     ...
 *     {
 *         PRIVILEGE_SCOPE(PRIVILEGE_TRACE, proc, pid);
 *         fd = syscall(SYS_pidfd_getfd, pidfd, number, 0);
 *     }
 *
 * A scope does nothing if no right was kept (an ordinary user) or all are in effect
 * already (root itself): then the call in it tells whether it is permitted. A scope
 * is for one thread: start no thread and no process in it. Only Linux; elsewhere no
 * right is kept.
 */
#pragma once

#include "platform/process/proc.h"

enum privilege {
    /* CAP_SYS_PTRACE: pidfd_getfd, /proc/PID/mem and /proc/PID/syscall where Yama's ptrace_scope
     * is 1 or 2. Reading of one's own processes otherwise (environ, fd, io, maps) needs nothing. */
    PRIVILEGE_TRACE = 1,
    /* CAP_NET_ADMIN: SOCK_DESTROY. The netlink socket must be opened in the scope as well: the
     * kernel also checks the rights with which it was opened. */
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
 * Permanent, and also for later child processes. To be called while there is only
 * one thread. kept: a sum of enum privilege.
 * Returns: 0 or negative errno; after an error the program must end.
 */
int privilege_become(const struct privilege_user *user, unsigned kept, struct sr_error *error);

/* Whether the right can be used: it is in effect, or was kept. */
bool privilege_is_there(enum privilege privilege);

/*
 * Whether kept rights may be used on a process: its real, effective and saved user
 * must be ours. That is not so for a set-uid program that the user has started.
 * Returns: 0, -EPERM, or as proc_read_status.
 */
int privilege_check(const struct proc *proc, pid_t pid);

struct privilege_scope {
    unsigned before; /* in effect, as the kernel's bits */
    bool is_raised;
};

/*
 * Raises nothing if privilege_check refuses the process. Before something opened in
 * a scope is used, privilege_check must be called again: the process may have
 * started a set-uid program meanwhile.
 */
struct privilege_scope privilege_raise(enum privilege privilege, const struct proc *proc,
                                       pid_t pid);
void privilege_drop(struct privilege_scope *scope); /* leaves errno as it is */

/* Until the end of the block. */
#define PRIVILEGE_SCOPE(privilege, proc, pid)                                                 \
    struct privilege_scope privilege_scope __attribute__((cleanup(privilege_drop), unused)) = \
        privilege_raise(privilege, proc, pid)
