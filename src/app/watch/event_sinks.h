/*
 * event_sinks: who is told of what --watch saw: standard output, the user's own
 * command, and the person at the desktop or the terminal.
 *
 * Nothing here waits: what cannot be said at once is said by a later
 * event_sinks_run.
 */
#pragma once

#include "app/context.h"
#include "app/watch/log_output.h"
#include "app/watch/notifier.h"
#include "diagnose/changes.h"

struct event_sinks {
    const struct context *context;
    struct log_output outlet;
    struct notifier notifier;
    char **command, *command_program; /* --on-event; NULL: none */
    char *notify_send;                /* NULL: no desktop is told */
    int bell;                         /* the terminal to ring at; -1: none */
};

void event_sinks_init(struct event_sinks *t, const struct context *context);
/* Finds the programs that the options ask for. Returns: 0, or an exit status; has complained. */
int event_sinks_prepare(struct event_sinks *t);
void event_sinks_release(struct event_sinks *t);

/* Tells of the events, which get their time. */
void event_sinks_tell(struct event_sinks *t, struct change_events *events);
void event_sinks_problem(struct event_sinks *t, const char *text);

/* Goes on with what waits. Returns: as notifier_run. */
int64_t event_sinks_run(struct event_sinks *t, int64_t now_ms);
/* At the end: waits for what still has to be said. */
void event_sinks_finish(struct event_sinks *t, int64_t patience_ms);
