/*
 * terminal_hold: a terminal kept open over the end of the process that used
 * it, and made usable again for the shell that gets it back.
 *
 * A client that ends by itself puts its terminal in order. One that is killed
 * leaves it raw, with mouse reports, bracketed paste, the keyboard protocol
 * and maybe the alternate screen switched on. Afterwards nothing of it is left
 * by which the terminal could be opened safely: so it is opened before.
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
    pid_t parent; /* which may be the shell */
    pid_t leader; /* of its session, which may be, too */
    bool is_leader;
    bool has_modes; /* the process has set it up as a screen program does */
};

enum terminal_outcome {
    TERMINAL_WAS_FINE,
    TERMINAL_RESTORED,
    TERMINAL_IN_USE,   /* another program than the shell is in front: left as it is */
    TERMINAL_IS_GONE,  /* hung up, together with the process */
    TERMINAL_IS_STUCK, /* nobody reads what is written to it */
};

/*
 * Returns: 0; -ENXIO: pid has no terminal, or it is not open in it; -EACCES, -EIO, -ESRCH.
 * Owner: terminal_hold_close.
 */
int terminal_hold_open(const struct proc *proc, pid_t pid, struct terminal_hold *out);
void terminal_hold_close(struct terminal_hold *hold);

/*
 * Throws away what was typed and not read: a shell that gets the terminal back would run it.
 * Returns: how many bytes that were.
 */
int terminal_hold_discard_input(const struct terminal_hold *hold);

/*
 * Once the process has ended. was_killed: by SIGKILL, so that it could put nothing in order.
 * Blocks: for two seconds at most, until the shell is in front again.
 */
enum terminal_outcome terminal_hold_restore(const struct proc *proc,
                                            const struct terminal_hold *hold, bool was_killed);
