/*
 * sock_close: closes one TCP connection of another process.
 *
 * Its owner sees the end of the connection, as if the peer had closed it, and
 * reacts as to a network failure. There are two ways: shut down a duplicate of the
 * descriptor, which needs the right to trace the process (same user, and
 * CAP_SYS_PTRACE if kernel.yama.ptrace_scope is 1 or more); or use the kernel's
 * socket diagnosis, which needs CAP_NET_ADMIN and a kernel with
 * CONFIG_INET_DIAG_DESTROY.
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
 * The way that this user can use. sock: from sock_read, a connection of owner.
 * Returns: a way; -EPERM: neither; -ENOENT: owner no longer has it; -ESRCH.
 */
int sock_close_way(const struct proc *proc, const struct pidref *owner, const struct sock *sock);

/* Returns: 0; -ENOENT: it is gone; -ESRCH, -EPERM or another negative errno: nothing was closed.
 * Blocks: for one second at most. */
int sock_close(const struct proc *proc, const struct pidref *owner, const struct sock *sock,
               enum sock_close_way way);
