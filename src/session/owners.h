/*
 * owners: which process runs the turns of which sessions, and which only draws them.
 *
 * Of agents whose processes hold their sessions open or locked (agent_holding). One process may
 * have several: each is a session of its own, with that process as its owner. A process that draws
 * a session of another's is no session of its own, but a UI of that one, whose terminal it lends.
 */
#pragma once

#include "session/discover.h"

/*
 * Takes the sessions as they were gathered, one for each process, and puts in their place one for
 * each session that is held; those of which that is not known stay. Returns: how many, in *out.
 * Owner: the snapshot's arena.
 */
size_t owners_find(struct snapshot *snap, struct session *gathered, size_t count,
                   struct session **out);
