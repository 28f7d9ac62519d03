/*
 * sock_close: one TCP connection of another process, closed from outside.
 *
 * Its owner sees the end of the connection, as if the peer had closed it, and
 * deals with that as it does when a network fails. Two ways lead there: a
 * duplicate of the descriptor, shut down (the right to trace the process:
 * same user, and CAP_SYS_PTRACE where Yama's kernel.yama.ptrace_scope is 1 or
 * more); or the kernel's socket diagnosis (CAP_NET_ADMIN, and a kernel with
 * CONFIG_INET_DIAG_DESTROY).
 *
 *     way = sock_close_way(&proc, &owner, sock);     changes nothing
 *     if (way > 0)
 *         sock_close(&proc, &owner, sock, way);
 */
#pragma once

#include "platform/process/pidref.h"
#include "platform/socket/sock.h"

enum sock_close_way {
    SOCK_CLOSE_BY_DUPLICATE = 1, /* pidfd_getfd(2), shutdown(2) */
    SOCK_CLOSE_BY_KERNEL,        /* SOCK_DESTROY */
};

/*
 * The way that is open to this user. sock: as sock_read has it, a connection that owner holds.
 * Returns: a way; -EPERM: neither; -ENOENT: owner does not have it any longer; -ESRCH.
 */
int sock_close_way(const struct proc *proc, const struct pidref *owner, const struct sock *sock);

/* Returns: 0; -ENOENT: it is gone; -ESRCH, -EPERM, or another negative errno, and nothing was
 * closed. Blocks: for one second at most. */
int sock_close(const struct proc *proc, const struct pidref *owner, const struct sock *sock,
               enum sock_close_way way);
