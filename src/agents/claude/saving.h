/*
 * claude/saving: whether Claude Code writes a conversation down.
 *
 *     history.jsonl   (history.h)
 *     <id>/tool-results, <id>/subagents   beside the transcript, written even without one
 *     CLAUDE_CODE_SKIP_PROMPT_HISTORY, CLAUDE_CODE_CHILD_SESSION, --no-session-persistence
 *
 * Seen with 2.1.110, 2.1.197 and 2.1.330: a prompt is in history.jsonl within 0.1 s, with the time
 * when it was typed or sent, and its session. With the first variable the client writes neither
 * prompts nor records. A record that could not be written is not tried again: only the client's
 * memory holds it.
 */
#pragma once

#include "agents/agent.h"

/* See struct agent_saves. */
const char *claude_saves_nothing(const struct agent_saving *client, bool *is_certain);
enum fact claude_has_side_files(const struct agent_store *store, const char *folder,
                                const char *session_id);
