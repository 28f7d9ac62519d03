/*
 * event_sinks: where --watch reports: standard output, the user's own command,
 * and the desktop or the terminal's bell.
 *
 * Nothing here blocks: what cannot be written at once is written by a later
 * event_sinks_run.
 */
#pragma once

#include "app/context.h"
#include "app/watch/log_output.h"
#include "app/watch/notifier.h"
#include "diagnose/changes.h"

struct event_sinks {
    const struct context *context;
    struct log_output output;
    struct notifier notifier;
    char **command, *command_program; /* --on-event; NULL: none */
    char *notify_send;                /* NULL: no desktop notifications */
    int bell;                         /* the terminal to ring at; -1: none */
};

void event_sinks_init(struct event_sinks *t, const struct context *context);
/* Finds the programs that the options ask for. Returns: 0, or an exit status after a message. */
int event_sinks_prepare(struct event_sinks *t);
void event_sinks_release(struct event_sinks *t);

/* Sets the time of the events and reports them. */
void event_sinks_tell(struct event_sinks *t, struct change_events *events);
void event_sinks_problem(struct event_sinks *t, const char *text);

/* Continues with what waits. Returns: as notifier_run. */
int64_t event_sinks_run(struct event_sinks *t, int64_t now_ms);
/* At the end: blocks until everything is reported, for patience_ms at most. */
void event_sinks_finish(struct event_sinks *t, int64_t patience_ms);
