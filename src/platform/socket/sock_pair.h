/*
 * sock_pair: finds the other end of a socket from socketpair(2), which has no
 * name. Node and Bun use these instead of pipes for the standard input and output
 * of their children.
 *
 * Only sees the caller's own network namespace.
 */
#pragma once

#include <stdint.h>

/*
 * inode: N of a descriptor "socket:[N]". Blocks: for one second at most. Returns: 0; -ENOENT: it is
 * another kind of socket, or nobody has the other end any more; another negative errno: the kernel
 * has no diagnosis of Unix sockets (CONFIG_UNIX_DIAG), or it failed.
 */
int sock_pair_other(uint64_t inode, uint64_t *other);
