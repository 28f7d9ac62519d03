/*
 * claude/saving: what tells whether Claude Code writes a conversation down.
 *
 *     history.jsonl   (history.h)
 *     <id>/tool-results, <id>/subagents   beside the transcript, written by themselves
 *     CLAUDE_CODE_SKIP_PROMPT_HISTORY, CLAUDE_CODE_CHILD_SESSION, --no-session-persistence
 *
 * As 2.1.110, 2.1.197 and 2.1.330 do it: a prompt is in history.jsonl within 0.1 s, by the time
 * that it was typed or taken up, with the session that it was typed in; with the first of the
 * variables neither it nor any record is written. A record that could not be written is not
 * written later: it is in the client's memory alone.
 */
#pragma once

#include "agents/agent.h"

/* See struct agent for these. */
const char *claude_saves_nothing(const struct agent_saving *client, bool *is_certain);
enum fact claude_has_side_files(const struct agent_store *store, const char *folder,
                                const char *session_id);
