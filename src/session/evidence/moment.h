/*
 * moment: corrects time stamps after the wall clock was set.
 *
 * If the clock was set between a stamp and now (a virtual machine resumed, a
 * time server answered late), the stamp looks days old or lies in the future.
 * How far the clock was set since a client started is known if the client says
 * when it started: the kernel counts the same start in ticks since boot. A stamp
 * is then read both as one from before and one from after the change. Impossible
 * times are dropped; of two possible ones the later counts, so that a session
 * never looks more silent than it is.
 */
#pragma once

#include "session/discover.h"

#include <stdbool.h>
#include <stdint.h>

/* By how much in all the wall clock was set since a process started. says_started: its start as the
 * client says; started: as the kernel says. Returns: 0: it was not set, or that is not known. */
int64_t moment_step_ms(struct wall says_started, struct wall started);

/* The same instant on the wall clock as it is now. lived_since: the start of the process that wrote
 * the stamp. */
struct wall moment_on_todays_clock(struct wall stamp, int64_t step_ms, struct wall lived_since,
                                   struct wall now);

/* A stamp made by a session's client, or of a file that it writes, on the wall clock as it is now.
 */
struct wall moment_of(const struct snapshot *snap, const struct session *s, struct wall stamp);

/* By how much moment_of may be too early: if the clock was set, the time that the client took to
 * start; else 0. */
int64_t moment_error_s(const struct snapshot *snap, const struct session *s);
