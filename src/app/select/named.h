/*
 * named: the one session that the command line names, found and judged, for a
 * command that does something to it.
 */
#pragma once

#include "app/context.h"
#include "app/select/which.h"

/* Returns: the exit status. */
typedef int named_run(struct context *context, struct sr_snapshot *snapshot,
                      const struct sr_session *session);

/* Looks, judges, finds and runs. Returns: the exit status of run, or why it was not run. */
int named_with(struct context *context, named_run *run);

/* Says why a word names none of the sessions with a process, or several: what which_find found is
 * code, text and listed. A stored session, and a process that is no session, are named as what they
 * are. Returns: the exit status. */
int named_complain(struct context *context, const struct which *which, int code, const char *text,
                   const struct buf *listed);

/* Returns: how many of the sessions run. */
size_t named_count_running(const struct sr_snapshot *snapshot);
