/*
 * multiplexer: the pane of tmux, screen or zellij in which a process runs.
 *
 * Everything that is started in a pane inherits the variables that multiplexers
 * set, even a terminal window opened from there. So they are only trusted if the
 * multiplexer's server is an ancestor of the process.
 */
#pragma once

#include "base/arena.h"
#include "platform/process/proc.h"
#include "session_rescue.h"

/*
 * Returns: true and *out when the pane is known. Owner of its strings: the arena.
 * ppid: the parent of the process whose environment it is.
 */
bool multiplexer_find(const struct proc *proc, const struct proc_strings *environment, pid_t ppid,
                      struct arena *a, struct sr_multiplexer *out);
