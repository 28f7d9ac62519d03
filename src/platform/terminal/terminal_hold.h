/*
 * terminal_hold: keeps a terminal open while the process that uses it ends, and
 * makes it usable again for the shell.
 *
 * A client that ends by itself resets its terminal. A killed one leaves it in raw
 * mode, with mouse reports, bracketed paste, the keyboard protocol and maybe the
 * alternate screen switched on. The terminal is opened before that, as afterwards
 * there is no process left through which it can be opened safely.
 *
 *     terminal_hold_open(&proc, pid, &hold);
 *     terminal_hold_discard_input(&hold);       before SIGKILL
 *     ... the process ends ...
 *     terminal_hold_restore(&proc, &hold, was_killed);
 *     terminal_hold_close(&hold);
 */
#pragma once

#include "platform/process/proc.h"

#include <stdbool.h>
#include <stdint.h>

struct terminal_hold {
    int fd; /* -1: none */
    uint64_t device;
    pid_t pgrp;   /* of the process */
    pid_t parent; /* may be the shell */
    pid_t leader; /* of its session; may be the shell */
    bool is_leader;
    bool has_modes; /* the process has set it up as a full-screen program does */
};

enum terminal_outcome {
    TERMINAL_WAS_FINE,
    TERMINAL_RESTORED,
    TERMINAL_IN_USE,   /* a program that is not the shell is in the foreground: left as it is */
    TERMINAL_IS_GONE,  /* it was hung up when the process ended */
    TERMINAL_IS_STUCK, /* nobody reads what is written to it */
};

/*
 * Returns: 0; -ENXIO: pid has no terminal, or does not have it open; -EACCES, -EIO, -ESRCH.
 * Owner: terminal_hold_close.
 */
int terminal_hold_open(const struct proc *proc, pid_t pid, struct terminal_hold *out);
void terminal_hold_close(struct terminal_hold *hold);

/*
 * Discards what was typed and not read, as the shell would run it.
 * Returns: how many bytes.
 */
int terminal_hold_discard_input(const struct terminal_hold *hold);

/*
 * To be called when the process has ended. was_killed: by SIGKILL, so it could not reset anything.
 * Blocks: until the shell is in the foreground again, at most two seconds.
 */
enum terminal_outcome terminal_hold_restore(const struct proc *proc,
                                            const struct terminal_hold *hold, bool was_killed);
