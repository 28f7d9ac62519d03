/*
 * tty: names of terminals.
 */
#pragma once

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

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
