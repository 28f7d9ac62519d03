/*
 * sock_diag: asks the kernel about sockets (sock_diag(7)): sends a request, and
 * receives datagrams.
 */
#pragma once

#include "base/clock.h"

#include <stddef.h>
#include <sys/types.h>

/* Returns: a descriptor, or negative errno. Owner: the caller. */
int sock_diag_open(void);

/* request: a whole netlink message. Returns: 0 or negative errno. */
int sock_diag_send(int fd, const void *request, size_t n);

/* When to stop waiting for an answer: a second from now. The kernel answers at once; an empty table
 * takes 1 ms. */
struct awake sock_diag_until(void);

/*
 * One datagram from the kernel; those of other senders are ignored.
 * Blocks: until the given time at most. Returns: its size; -ETIMEDOUT; -EMSGSIZE: it is larger than
 * size; or another negative errno.
 */
ssize_t sock_diag_receive(int fd, char *bytes, size_t size, struct awake until);

/* Rounded up to a multiple of four, as lengths in netlink are. */
size_t sock_diag_padded(size_t n);
