/*
 * moment: when something was stamped with wall time, on the clock that never jumps.
 *
 * A clock that was set between a stamp and now (a virtual machine that resumed,
 * a late time server) makes a stamp look days old, or of the future. How far it
 * was set since a client started is known where the client says when that was:
 * the kernel counts the same start in ticks since boot. A stamp is then read in
 * both ways, as one of before and one of after; what cannot be is dropped, and
 * of two that can the later is taken: silence is never made up.
 */
#pragma once

#include "session/discover.h"

#include <stdbool.h>
#include <stdint.h>

/* How far the wall clock was set, in sum, since a process started, as it said itself. 0: not at
 * all, or not known. */
int64_t moment_step_ms(struct wall says_started, struct wall started);

/* The same instant on today's wall clock. lived_since: the start of the process that wrote it. */
struct wall moment_on_todays_clock(struct wall stamp, int64_t step_ms, struct wall lived_since,
                                   struct wall now);

/* A stamp of a session's client, or of a file that it writes, on today's wall clock. */
struct wall moment_of(const struct snapshot *snap, const struct session *s, struct wall stamp);

/* How much too early that may be: where the clock was set, by the time that the client took to
 * start. */
int64_t moment_error_s(const struct snapshot *snap, const struct session *s);
