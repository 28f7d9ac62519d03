/*
 * claude/history: the prompts that were typed, in all sessions, as history.jsonl has them.
 *
 *     {"display":"...","pastedContents":{},"timestamp":1764000000000,"project":"/home/u/p",
 *      "sessionId":"..."}
 *
 * A line a prompt, appended; it stays when the client deletes a transcript that is old. Clients up
 * to 2.0.0 write no sessionId: such lines belong to no session that is known.
 */
#pragma once

#include "agents/agent.h"

int claude_read_prompts(const struct agent_store *store, struct agent_prompts *out);
struct lookup claude_read_all_prompts(const struct agent_store *store, const char *session_id,
                                      int64_t end_bytes, struct agent_prompts *out);
struct lookup claude_list_prompted(const struct agent_store *store, int64_t end_bytes,
                                   struct agent_prompted **out, size_t *count, bool *is_whole);

/* As struct agent_file says it of lines: what those of a session hold. */
#define CLAUDE_HISTORY_KEY "\"sessionId\""
const char *claude_history_mark(struct arena *a, const char *session_id);
