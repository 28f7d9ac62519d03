/*
 * claude/reply: a reply of which a half was salvaged, as Claude Code's records.
 *
 * Those that a client writes itself when its user stops a reply with Escape, marked with
 * "salvagedBy".
 */
#pragma once

#include "agents/agent.h"

void claude_add_reply(const struct agent_reply *reply, struct buf *out);
