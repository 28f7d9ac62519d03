/*
 * mapping: which session a live process holds, by what evidence, how sure.
 *
 * In this order: a tool child that carries the session's id; the client's
 * registry, its start time checked; the command line; the one transcript that
 * the process can have written. What contradicts the registry is looked for:
 * clients were seen to leave an old id in it after /clear, --continue and
 * /resume.
 */
#pragma once

#include "session/session.h"

/*
 * Maps all live sessions: first those that say who they are, then the rest
 * among the transcripts that nobody claims. Fills registration, session_id,
 * mapped_by, certainty, candidates and transcript of each.
 */
void mapping_run(struct session *sessions, size_t count, const struct proc *proc,
                 const struct stores *stores);

/* Whether an entry of the registry is of a process that was started then, by what it says. */
bool mapping_fits_start(const struct agent_registration *r, const struct proc *proc,
                        uint64_t start_ticks);
