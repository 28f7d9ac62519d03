/*
 * empty: proof that a session holds nothing that could be lost.
 *
 * A missing transcript proves nothing: a client can run without writing one.
 * The proof needs all of these, and each must have been looked for with success:
 *
 *   - the client has not changed its status since it started: statusUpdatedAt
 *     is not later than startedAt. (2.1.197 and 2.1.330 publish their first
 *     status 0.1 to 0.4 s before they note their start; every turn and every
 *     dialog changes it.) A client without a status (those up to 2.1.110, and
 *     those that are not registered) is never proven empty: its transcript may
 *     have been deleted
 *   - it was not started to continue an earlier session, which it would hold
 *   - nowhere in its store is a transcript of the session with a record of a
 *     conversation, or another file that carries its id; no line of the prompt
 *     history names it
 *   - no connection to its model has sent as many bytes as a request has
 */
#pragma once

#include "backup/backup.h"

/*
 * source: the session's, after backup_list, with no transcript or one that holds
 * no conversation; its session_id is NULL when not known. Returns: 0: the
 * session is empty; -EPERM: not proven, with what was found or could not be read
 * in *error.
 */
int empty_prove(const struct sr_snapshot *snapshot, const struct sr_session *session,
                const struct backup_source *source, struct sr_error *error);
