/*
 * multiplexer: which pane of tmux, screen or zellij a process runs in.
 *
 * The variables that multiplexers set are inherited by everything started
 * later, a terminal window opened from a pane too. They are believed only
 * where the multiplexer's server is among the ancestors of the process.
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
