/*
 * sock_pair: the other end of a socket that was made as one of two, without a
 * name (socketpair(2)): what node and Bun give their children for standard
 * input and output, in place of pipes.
 *
 * Only the caller's own network namespace is seen.
 */
#pragma once

#include <stdint.h>

/*
 * inode: N of a descriptor "socket:[N]". Blocks: for one second at most. Returns: 0; -ENOENT: it is
 * of another kind, or nobody has the other end any more; or another negative errno, where the
 * kernel has no diagnosis of Unix sockets (CONFIG_UNIX_DIAG).
 */
int sock_pair_other(uint64_t inode, uint64_t *other);
