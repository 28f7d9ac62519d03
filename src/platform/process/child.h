/*
 * child: a process of ours that does not outlive us.
 *
 * The kernel sends a signal to a child whose parent ends, once the child has
 * asked for it. If the parent ends before that, nobody watches the child, which
 * would go on to list, back up or type keys. So the child checks its parent
 * after it has asked, and ends if that is another process.
 */
#pragma once

#include <sys/types.h>

/* The exit status of a child that has run nothing. */
enum { CHILD_RAN_NOTHING = 127 };

/*
 * As fork(2), but the child gets SIGTERM when this process ends. If this process has ended already,
 * or the kernel cannot do this, the child runs nothing. Returns: the child's pid, 0 in the child,
 * or negative errno.
 */
pid_t child_fork(void);

/* A descriptor that is readable once a child has ended. Returns: negative errno: it cannot be had
 * (Linux before 5.3), and the child is waited for without one. Owner: the caller. */
int child_watch(pid_t pid);
