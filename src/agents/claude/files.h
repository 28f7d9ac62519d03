/*
 * claude/files: everything that Claude Code keeps of one session, and where.
 *
 * <id> is the session's, <folder> its project's:
 *
 *     projects/<folder>/<id>.jsonl            the transcript
 *     projects/<folder>/<id>.*, <id>/         subagents, tool results, orphaned records ...
 *     projects/<folder>/memory/               of the project
 *     todos|tasks|file-history|session-env|debug|jobs/<id>*
 *     plans/<slug>.md                         where the records say "slug":"<slug>"
 *     history.jsonl                           its lines with "sessionId":"<id>"
 *     sessions/<pid>.json                     of the running client
 *     /tmp/claude-<uid>/<folder>/<id>/        output of running tools: nowhere else yet
 *
 * Never listed: .credentials.json and .claude.json (tokens), sessions/<pid>.<hex>.key.
 */
#pragma once

#include "agents/agent.h"

/* Two parts below "projects"; one part elsewhere. */
size_t claude_linked_parts(const char *path);
void claude_list_files(const struct agent_store *store, const struct agent_transcript *of,
                       const char *temporary, struct agent_listings *listings,
                       struct agent_files *out);
const char *claude_renamed(struct arena *a, const char *name, const char *old_id,
                           const char *new_id, const char *project_folder);
