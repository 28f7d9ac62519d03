/*
 * claude/reply: a partial reply from memory, as Claude Code's records.
 *
 * The same records that a client writes when its user stops a reply with Escape, marked with
 * "salvagedBy".
 */
#pragma once

#include "agents/agent.h"

void claude_add_reply(const struct agent_reply *reply, struct buf *out);
