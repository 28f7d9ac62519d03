/*
 * child: a process of ours that does not outlive us.
 *
 * The kernel sends a signal to a child whose parent ends, once the child has
 * asked for it. A parent that ends before that leaves a child that nobody
 * watches: it would go on to list, to back up, to type keys. So the child looks
 * whose it is after it has asked, and ends where that is not its parent.
 */
#pragma once

#include <sys/types.h>

/* The exit status of a child that has run nothing. */
enum { CHILD_RAN_NOTHING = 127 };

/*
 * As fork(2): the child gets SIGTERM when this process ends, and runs nothing where it has ended
 * before, or where the kernel does not promise that. Returns: the child's pid, 0 in the child, or
 * negative errno.
 */
pid_t child_fork(void);

/* A descriptor that is readable once a child has ended. Returns: negative errno: it cannot be had
 * (Linux before 5.3), and the child is waited for without one. Owner: the caller. */
int child_watch(pid_t pid);
