/*
 * owners: which process runs the turns of which sessions, and which only shows them.
 *
 * For agents whose processes keep their sessions open or locked (agent_holding). One process may
 * have several sessions: it is the owner of each. A process that shows a session of another process
 * is no separate session, but a UI of that one, which then has its terminal.
 */
#pragma once

#include "session/discover.h"

/*
 * gathered: one session for each process. Makes of them one for each session that a process has;
 * those for which that is not known stay as they are. Returns: how many are in *out.
 * Owner: the snapshot's arena.
 */
size_t owners_find(struct snapshot *snap, struct session *gathered, size_t count,
                   struct session **out);
