/*
 * public_view: fills struct sr_session, the public view of a session.
 */
#pragma once

#include "session/discover.h"

/*
 * Fills snap->sessions and snap->shown: the live sessions first, then the
 * stored ones, in the given order. Reads the beginnings and ends of their
 * transcripts.
 */
void public_view_all(struct snapshot *snap, const struct sr_options *options,
                     const struct session *live, size_t live_count, const struct session *stored,
                     size_t stored_count);
