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
 * Turns a terminal's name as a user types it into the form of a listing: "/dev/pts/4"
 * is "pts/4"; "s013", "ttys013" and "/dev/ttys013" are the same.
 * Returns: NULL when text names no terminal. Owner: the arena.
 */
const char *tty_canonical(struct arena *a, const char *text);

/* Whether a descriptor's link names a terminal that no longer exists: "/dev/pts/4 (deleted)". */
bool tty_link_is_gone(const char *target);
