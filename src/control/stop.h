/*
 * stop: ends a session's process, by a plan that is made first and can be
 * shown before anything is done.
 *
 * What is shown and what is done is the same table of steps. The process is pinned
 * before anything is read about it again. No signal is sent without the proof
 * that nothing is lost (control/proof.h).
 */
#pragma once

#include "base/str.h"
#include "session_rescue.h"

/*
 * As sr_kill_process. With a plan it does nothing, and only adds what would be done, a numbered
 * line for each step.
 */
int stop_session(struct sr_snapshot *snapshot, const struct sr_session *session,
                 const struct sr_act_options *options, struct buf *plan, struct sr_kill *out,
                 struct sr_error *error);
