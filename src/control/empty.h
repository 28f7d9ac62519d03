/*
 * empty: proof that a session holds nothing that could be lost.
 *
 * That there is no transcript proves nothing: clients run on without writing
 * one. It is proven where all of this could be looked for, and is so:
 *
 *   - the client has not changed its status since it started: statusUpdatedAt
 *     does not stand behind startedAt. (2.1.197 and 2.1.330 publish their first
 *     status 0.1 to 0.4 s before they note their start; every turn and every
 *     dialog changes it.) Of one that publishes none, as those up to 2.1.110 and
 *     those that are not registered, it is never proven: what its transcript
 *     held may have been deleted
 *   - it was not started to take up an earlier session, which it would hold
 *   - no transcript of the session is anywhere in its store, or one without a
 *     record of a conversation, and no file that carries its id; no line of the
 *     prompt history names it
 *   - on no connection to its model was as much sent as a request takes
 */
#pragma once

#include "backup/backup.h"

/*
 * source: of the session, listed, with no transcript or none that holds a
 * conversation; session_id NULL where none is known. Returns: 0: it is empty;
 * -EPERM: that is not proven, and in *error what there is instead, or what could
 * not be read.
 */
int empty_prove(const struct sr_snapshot *snapshot, const struct sr_session *session,
                const struct backup_source *source, struct sr_error *error);
