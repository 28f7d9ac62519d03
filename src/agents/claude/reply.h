/*
 * claude/reply: a partial reply from memory, as Claude Code's records.
 *
 * The same records that a client writes when its user stops a reply with Escape, marked with
 * "salvagedBy".
 */
#pragma once

#include "agents/agent.h"
#include "base/json.h"

void claude_add_reply(const struct agent_reply *reply, struct buf *out);

/* What each record has that is made from memory. */
void claude_put_origin(struct json_document *d, struct json_node *record, const char *session_id,
                       const char *cwd, const char *version);
