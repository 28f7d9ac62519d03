/*
 * claude/history: the prompts typed in all sessions, from history.jsonl.
 *
 *     {"display":"...","pastedContents":{},"timestamp":1764000000000,"project":"/home/u/p",
 *      "sessionId":"..."}
 *
 * One line per prompt, appended. The lines stay when the client deletes an old transcript. Clients
 * up to 2.0.0 write no sessionId: it is not known which session such a line belongs to.
 */
#pragma once

#include "agents/agent.h"

int claude_read_prompts(const struct agent_store *store, struct agent_prompts *out);
struct lookup claude_read_all_prompts(const struct agent_store *store, const char *session_id,
                                      int64_t end_bytes, struct agent_prompts *out);
struct lookup claude_list_prompted(const struct agent_store *store, int64_t end_bytes,
                                   struct agent_prompted **out, size_t *count, bool *is_whole);

/* What the lines of a session hold: key and mark of struct agent_file. */
#define CLAUDE_HISTORY_KEY "\"sessionId\""
const char *claude_history_mark(struct arena *a, const char *session_id);
