/*
 * tty: names of terminals.
 */
#pragma once

#include "base/arena.h"
#include "platform/proc.h"

#include <stdbool.h>

/*
 * The name of a terminal's device number as people write it, without /dev/:
 * "pts/4", "tty1", "ttyS0". Returns: NULL for 0 and for devices that are not
 * terminals. Owner: the arena.
 */
const char *tty_name(struct arena *a, uint64_t device);

/*
 * Brings what a user types into the form that a listing shows: "/dev/pts/4"
 * and "pts/4" are one, so are "s013", "ttys013" and "/dev/ttys013".
 * Returns: NULL when text names no terminal. Owner: the arena.
 */
const char *tty_canonical(struct arena *a, const char *text);

/* A descriptor's link target names a terminal that no longer exists: "/dev/pts/4 (deleted)". */
bool tty_link_is_gone(const char *target);

/*
 * The terminals that a person sees a process on: its own, and those of the
 * processes above it. sudo and script give what they run another terminal than
 * the one that they were typed on.
 */
struct tty_own {
    uint64_t devices[16]; /* the nearest ones */
    size_t count;
};

/* Returns: 0, or negative errno when the process itself cannot be read. */
int tty_find_own(const struct proc *proc, pid_t pid, struct tty_own *out);

/* device: of a process; 0, none, is nobody's own. */
bool tty_is_own(const struct tty_own *own, uint64_t device);
