/*
 * terminal: the state of a terminal device, asked without changing it.
 *
 * It is opened so that it does not become the controlling terminal and does
 * not wait for a carrier, and it is only asked. Always through a descriptor of
 * a process that has it open, never by its path: the last process that closes
 * a terminal hangs it up, and that must not be us; and /dev/pts/4 of a container
 * has the name and the number of another terminal outside.
 */
#pragma once

#include "platform/process/proc.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct terminal {
    int rows, columns; /* 0: never set */
    bool canonical;    /* input by lines, as for a shell command; false: raw, as for a TUI */
    bool echo;
    bool signals;          /* Ctrl-C and Ctrl-Z are signals, not bytes */
    bool stops_output;     /* Ctrl-S stops output (IXON) */
    int64_t input_bytes;   /* typed, not yet read; in canonical mode whole lines only */
    pid_t foreground_pgrp; /* as the process's stat has it; -1: none */
};

/*
 * The terminal with that device number (struct proc_stat, tty), through pid's descriptors.
 * Returns: 0; -ENXIO: none of them is that terminal, or proc is a captured copy; -EIO: it is hung
 * up; -EACCES; -ESRCH.
 */
int terminal_read(const struct proc *proc, pid_t pid, uint64_t device, struct terminal *out);

/*
 * Opens that terminal once more through one of pid's descriptors, without waiting and without
 * making it our own. flags: O_RDONLY to ask, O_RDWR to change. Returns: a descriptor; as above.
 */
int terminal_open(const struct proc *proc, pid_t pid, uint64_t device, int flags);
