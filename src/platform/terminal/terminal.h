/*
 * terminal: reads the state of a terminal device without changing it.
 *
 * It is opened so that it does not become the controlling terminal and does not
 * wait for a carrier. It is always opened through a descriptor of a process that
 * has it open, never by its path: the last process to close a terminal hangs it
 * up, which must not be this one; and in a container, /dev/pts/4 is not the
 * terminal that has the same name and number outside.
 */
#pragma once

#include "platform/process/proc.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct terminal {
    int rows, columns; /* 0: never set */
    bool canonical;    /* input by lines, as for a shell command; false: raw, as for an editor */
    bool echo;
    bool signals;          /* Ctrl-C and Ctrl-Z are signals, not bytes */
    bool stops_output;     /* Ctrl-S stops output (IXON) */
    int64_t input_bytes;   /* typed and not yet read; in canonical mode only whole lines */
    pid_t foreground_pgrp; /* from the process's stat; -1: none */
};

/*
 * Reads the terminal with that device number (struct proc_stat, tty), through pid's descriptors.
 * Returns: 0; -ENXIO: none of them is that terminal, or proc is a captured copy; -EIO: it was hung
 * up; -EACCES; -ESRCH.
 */
int terminal_read(const struct proc *proc, pid_t pid, uint64_t device, struct terminal *out);

/*
 * Opens that terminal through one of pid's descriptors, without waiting, and not as our controlling
 * terminal. flags: O_RDONLY to read its state, O_RDWR to change it. Returns: a descriptor, or as
 * above.
 */
int terminal_open(const struct proc *proc, pid_t pid, uint64_t device, int flags);
