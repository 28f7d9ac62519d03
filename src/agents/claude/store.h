/*
 * claude/store: where Claude Code keeps things below its config directory.
 *
 *     settings.json                            the user's settings
 *     sessions/<pid>.json                      the registry of running clients
 *     projects/<folder>/<session id>.jsonl     a transcript
 *     projects/<folder>/<session id>/subagents/agent-*.jsonl
 *
 * <folder> is the working directory at the start, encoded in a way that cannot
 * be decoded. Measured on 2.1.197 and 2.1.330; there is a registry since 2.1.85,
 * with a status since 2.1.197.
 */
#pragma once

#include "agents/agent.h"

struct lookup claude_read_registry(const struct agent_store *store,
                                   struct agent_registration **entries, size_t *count);
/* Parses one file of the registry. Pure. Returns: NULL, or what is wrong with it. Owner: the arena.
 */
const char *claude_parse_registration(struct arena *a, struct sv text,
                                      struct agent_registration *out);
struct lookup claude_read_settings(const struct agent_store *store, struct agent_settings *out);
/* "/dir/projects/-p/<id>.jsonl" */
bool claude_split_transcript(struct arena *a, const char *path, const char **store,
                             const char **below);
const char *claude_project_folder(struct arena *a, const char *cwd);
struct lookup claude_list_folder(const struct agent_store *store, const char *folder,
                                 struct agent_transcript **transcripts, size_t *count);
struct lookup claude_list_all(const struct agent_store *store,
                              struct agent_transcript **transcripts, size_t *count);
struct lookup claude_list_strays(const struct agent_store *store, struct agent_stray **strays,
                                 size_t *count);
/* <session id>/archived.json beside the transcript: {"archived":true,"at":"2026-...","by":...} */
enum fact claude_is_archived(const struct agent_store *store, const struct agent_transcript *t,
                             struct wall *since);
void claude_list_watched(const struct agent_store *store, const char *const **folders,
                         size_t *count);
struct lookup claude_find_transcript(const struct agent_store *store, const char *session_id,
                                     const char *cwd, struct agent_transcript *out);
struct lookup claude_list_subagents(const struct agent_store *store,
                                    const struct agent_transcript *of,
                                    struct agent_transcript **transcripts, size_t *count);
/* The project folders, below the store. */
struct lookup claude_list_projects(const struct agent_store *store, const char *const **folders,
                                   size_t *count);
