/*
 * act: the outcome of --kill and --revive, as JSON.
 */
#pragma once

#include "base/str.h"
#include "session_rescue.h"

/* why NULL: nothing went wrong. */
void view_json_kill(struct buf *out, const struct sr_session *session, const struct sr_kill *result,
                    const char *why, const char *const *resume_commands,
                    size_t resume_command_count, const char *pending_dir);
void view_json_revive(struct buf *out, const struct sr_session *session,
                      const struct sr_revive *result, const char *why, const char *pending_dir);
