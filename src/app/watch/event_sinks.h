/*
 * teller: who is told of what --watch saw: standard output, the user's own
 * command, and the person at the desktop or the terminal.
 *
 * Nothing here waits: what cannot be said at once is said by a later
 * teller_run.
 */
#pragma once

#include "app/context.h"
#include "app/watch/log_output.h"
#include "app/watch/notifier.h"
#include "diagnose/changes.h"

struct teller {
    const struct context *context;
    struct outlet outlet;
    struct notifier notifier;
    char **command, *command_program; /* --on-event; NULL: none */
    char *notify_send;                /* NULL: no desktop is told */
    int bell;                         /* the terminal to ring at; -1: none */
};

void teller_init(struct teller *t, const struct context *context);
/* Finds the programs that the options ask for. Returns: 0, or an exit status; has complained. */
int teller_prepare(struct teller *t);
void teller_release(struct teller *t);

/* Tells of the events, which get their time. */
void teller_tell(struct teller *t, struct change_events *events);
void teller_problem(struct teller *t, const char *text);

/* Goes on with what waits. Returns: as notifier_run. */
int64_t teller_run(struct teller *t, int64_t now_ms);
/* At the end: waits for what still has to be said. */
void teller_finish(struct teller *t, int64_t patience_ms);
