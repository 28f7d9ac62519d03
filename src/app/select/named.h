/*
 * named: the one session that the command line names, found and judged, for a
 * command that does something to it.
 */
#pragma once

#include "app/context.h"

/* Returns: the exit status. */
typedef int named_run(struct context *context, struct sr_snapshot *snapshot,
                      const struct sr_session *session);

/* Looks, judges, finds and runs. Returns: the exit status of run, or why it was not run. */
int named_with(struct context *context, named_run *run);

/* Returns: how many of the sessions run. */
size_t named_count_running(const struct sr_snapshot *snapshot);
