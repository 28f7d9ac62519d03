/*
 * listener: the sockets on which a process listens.
 *
 * They are read from its own /proc/PID/net, so those in a container are found too.
 */
#pragma once

#include "base/arena.h"
#include "platform/process/proc.h"

#include <stdint.h>

struct listener {
    uint64_t inode;   /* N of the descriptor "socket:[N]" */
    const char *name; /* "port 3000", "/tmp/tmux-0/default" */
};

struct listener_list {
    struct listener *items;
    size_t count, capacity;
};

/*
 * Every listening socket, TCP and Unix, in pid's network namespace; usually at most a few hundred.
 * Returns: 0 or negative errno. Owner: the arena.
 */
int listener_read(const struct proc *proc, pid_t pid, struct arena *a, struct listener_list *out);

/*
 * The first one of pid itself. Returns: NULL: it has none, or its descriptors may not be read
 * (*known is false).
 */
const struct listener *listener_of(const struct proc *proc, pid_t pid, struct arena *a,
                                   const struct listener_list *all, bool *known);
