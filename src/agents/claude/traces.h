/*
 * claude/traces: what is left of sessions whose transcript is gone.
 *
 * A client that deletes a transcript as it is old deletes the folder beside it, too (2.1.110), and
 * file-history/<id> by a clock of its own: a folder without a transcript is what something else
 * has left. The lines of history.jsonl stay (history.h).
 */
#pragma once

#include "agents/agent.h"

struct lookup claude_list_traces(const struct agent_store *store, const char *const *prefixes,
                                 size_t prefix_count, struct agent_traces *out);
/* "agent-ab1 (Explore: find oranges)", by the file beside it. */
const char *claude_subagent_name(struct arena *a, int at, const char *path);
enum agent_part claude_part_of(const char *name);
