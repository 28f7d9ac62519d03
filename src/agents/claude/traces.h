/*
 * claude/traces: what is left of sessions whose transcript is gone.
 *
 * A client that deletes an old transcript also deletes the folder beside it (2.1.110), and
 * file-history/<id> after a period of its own. So a folder without a transcript means that
 * something else removed the transcript. The lines of history.jsonl stay (history.h).
 */
#pragma once

#include "agents/agent.h"

struct lookup claude_list_traces(const struct agent_store *store, const char *const *prefixes,
                                 size_t prefix_count, struct agent_traces *out);
/* "agent-ab1 (Explore: find oranges)", from the file beside the transcript. */
const char *claude_subagent_name(struct arena *a, int at, const char *path);
enum agent_part claude_part_of(const char *name);
