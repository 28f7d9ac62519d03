/*
 * reviving: what became of a session that was to be revived, as JSON.
 */
#pragma once

#include "base/str.h"
#include "session_rescue.h"

/* why NULL: nothing went wrong. */
void view_json_reviving(struct buf *out, const struct sr_session *session,
                        const struct sr_revive *result, const char *why, const char *pending_dir);
