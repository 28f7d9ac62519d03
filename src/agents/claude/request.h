/*
 * claude/request: the conversation as Claude Code sends it, in the body of each request, made into
 * a transcript again.
 *
 *     {"model":...,"messages":[...],"system":[...],"tools":[...],"metadata":{"user_id":"...ID..."}}
 *
 * Seen with 2.1.110, 2.1.197, 2.1.330 and 2.1.332: memory holds the last body whole, as a string of
 * the engine and as the bytes that were sent, and mostly earlier ones, which it begins with. The
 * user_id names the session. A subagent's requests offer no AskUserQuestion. "system" messages
 * and <system-reminder> blocks are put in by the client, again with each request of a resumed
 * session.
 */
#pragma once

#include "agents/agent.h"

/* See struct agent_salvage. */
bool claude_recall(const struct agent_recall_request *request, struct arena *a,
                   struct agent_recall *out);
