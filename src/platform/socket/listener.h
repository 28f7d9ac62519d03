/*
 * listener: the sockets on which others can reach a process.
 *
 * Read from the process's own /proc/PID/net, so that those of a container are
 * found too.
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
 * Every socket that listens in pid's network namespace, TCP and Unix: a few hundred lines at most
 * on a usual machine. Returns: 0 or negative errno. Owner: the arena.
 */
int listener_read(const struct proc *proc, pid_t pid, struct arena *a, struct listener_list *out);

/*
 * The first that pid itself holds. Returns: NULL where it holds none, or may not be looked into
 * (*known is then false).
 */
const struct listener *listener_of(const struct proc *proc, pid_t pid, struct arena *a,
                                   const struct listener_list *all, bool *known);
