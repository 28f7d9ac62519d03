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

/* Looks at the machine, judges the sessions, finds the one named and runs. Returns: the exit status
 * of run, or the one for why it was not run. */
int named_with(struct context *context, named_run *run);

/* Reports why a word names no session with a process, or several. code, text and listed: from
 * which_find. Says so when the word names a stored session, or a process that is not a session.
 * Returns: the exit status. */
int named_complain(struct context *context, const struct which *which, int code, const char *text,
                   const struct buf *listed);

/* Returns: how many sessions have a process. */
size_t named_count_running(const struct sr_snapshot *snapshot);
