/*
 * terminal_push: changes the terminal of another process from outside: sets raw
 * mode or its size, or types keys.
 *
 * Always through a descriptor of a process that has it open (terminal.h). Each
 * function returns 0 or a negative errno; -ENXIO: the process no longer has it.
 */
#pragma once

#include "platform/process/proc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As full-screen programs set it: unbuffered input, no echo, no signals, no flow control. Output
 * that Ctrl-S had stopped continues. */
int terminal_make_raw(const struct proc *proc, pid_t pid, uint64_t device);

/* The kernel sends SIGWINCH to the foreground process group. */
int terminal_set_size(const struct proc *proc, pid_t pid, uint64_t device, int rows, int columns);

/* As if the user had typed them (TIOCSTI). -EPERM, -EIO: it needs CAP_SYS_ADMIN. */
int terminal_type(const struct proc *proc, pid_t pid, uint64_t device, const char *keys, size_t n);

/* Whether this user may type on a terminal that is not their own. */
bool terminal_can_type(void);
