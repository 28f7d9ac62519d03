/*
 * ending: what became of a session that was to be ended, as JSON.
 */
#pragma once

#include "base/str.h"
#include "session_rescue.h"

/* why NULL: nothing went wrong. */
void view_json_ending(struct buf *out, const struct sr_session *session,
                      const struct sr_kill *result, const char *why,
                      const char *const *resume_commands, size_t resume_command_count,
                      const char *pending_dir);
