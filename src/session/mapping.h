/*
 * mapping: which session a live process holds, by what evidence, and how sure.
 *
 * Evidence, in this order: a tool child that carries the session's id; the
 * client's registry, its start time checked; the command line; the only
 * transcript that the process can have written. The registry is checked against
 * the rest: after /clear, --continue and /resume some clients leave an old id in
 * it.
 */
#pragma once

#include "session/session.h"

/*
 * Maps all live sessions: first those that name their session, then the rest
 * to the transcripts that nobody claims. Fills registration, session_id,
 * mapped_by, certainty, candidates and transcript of each.
 */
void mapping_run(struct session *sessions, size_t count, const struct proc *proc,
                 const struct stores *stores);

/* Whether a registry entry can belong to the process that was started at start_ticks. */
bool mapping_fits_start(const struct agent_registration *r, const struct proc *proc,
                        uint64_t start_ticks);
