/*
 * terminal_push: what another process's terminal can be given from outside:
 * its raw mode back, a size, keys.
 *
 * Always through a descriptor of a process that has it open (terminal.h). Each
 * returns 0 or a negative errno: -ENXIO where the process no longer has it.
 */
#pragma once

#include "platform/process/proc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As a screen program sets it: bytes as they come, nothing echoed, no signals, no flow control.
 * What Ctrl-S had stopped goes on. */
int terminal_make_raw(const struct proc *proc, pid_t pid, uint64_t device);

/* The kernel sends SIGWINCH to the group in front. */
int terminal_set_size(const struct proc *proc, pid_t pid, uint64_t device, int rows, int columns);

/* As if they were typed (TIOCSTI). -EPERM, -EIO: it takes CAP_SYS_ADMIN. */
int terminal_type(const struct proc *proc, pid_t pid, uint64_t device, const char *keys, size_t n);

/* Whether this user may do that on a terminal that is not their own. */
bool terminal_can_type(void);
