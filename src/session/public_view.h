/*
 * public_view: the public face of sessions, struct sr_session, filled in from what
 * was found out about each.
 */
#pragma once

#include "session/discover.h"

/*
 * Fills snap->sessions and snap->shown: the live sessions first, then the
 * stored ones, each in the order they came. Reads their transcripts' ends and
 * beginnings on the way.
 */
void public_view_all(struct snapshot *snap, const struct sr_options *options,
                     const struct session *live, size_t live_count, const struct session *stored,
                     size_t stored_count);
