/*
 * sock_diag: the kernel asked about sockets (sock_diag(7)): a request goes out,
 * datagrams come back.
 */
#pragma once

#include "base/clock.h"

#include <stddef.h>
#include <sys/types.h>

/* Returns: a descriptor, or negative errno. Owner: the caller. */
int sock_diag_open(void);

/* request: a whole netlink message. Returns: 0 or negative errno. */
int sock_diag_send(int fd, const void *request, size_t n);

/* How long an answer is waited for: a second from now. The kernel answers at once; an empty table
 * takes 1 ms. */
struct awake sock_diag_until(void);

/*
 * One datagram of the kernel's; those of others, who may send to our address, are passed over.
 * Blocks: until then. Returns: its size, -ETIMEDOUT, -EMSGSIZE where it is larger, or another
 * negative errno.
 */
ssize_t sock_diag_receive(int fd, char *bytes, size_t size, struct awake until);

/* Rounded up to four, as lengths are in netlink. */
size_t sock_diag_padded(size_t n);
