/*
 * kimi: Kimi Code, whose sessions are folders of files.
 *
 * Seen with 2.1.0 (npm, run by Node 22):
 *
 *     $KIMI_CODE_HOME or ~/.kimi-code
 *     sessions/wd_NAME_HASH/session_UUID/agents/main/wire.jsonl   the transcript
 *                                       /agents/agent-N/wire.jsonl   a subagent's
 *                                       /state.json, logs/, notify/, ...
 *     workspaces.json          the working directories, and when each was last started in
 *     session_index.jsonl      the directory of each session; 0.10.0 finds none without its line
 *     server/instances/         servers, with their pids
 *
 * NAME and HASH come from the directory. The folder of a session is made with its first prompt. A
 * client publishes nothing about itself, keeps no file open, and overwrites its command line.
 */
#pragma once

#include "agents/agent.h"
#include "agents/timing.h"

extern const struct event_reader event_kimi;

bool kimi_is_id(struct sv id);
bool kimi_begins_id(const char *word);

const char *kimi_project_folder(struct arena *a, const char *cwd);
struct lookup kimi_list_folder(const struct agent_store *store, const char *folder,
                               struct agent_transcript **transcripts, size_t *count);
struct lookup kimi_list_all(const struct agent_store *store, struct agent_transcript **transcripts,
                            size_t *count);
struct lookup kimi_find(const struct agent_store *store, const char *session_id, const char *cwd,
                        struct agent_transcript *out);
struct lookup kimi_list_subagents(const struct agent_store *store,
                                  const struct agent_transcript *of,
                                  struct agent_transcript **transcripts, size_t *count);
bool kimi_split(struct arena *a, const char *path, const char **store, const char **below);
const char *kimi_directory(const struct agent_store *store, const char *session_id);
enum fact kimi_is_archived(const struct agent_store *store, const struct agent_transcript *t,
                           struct wall *since);
void kimi_list_watched(const struct agent_store *store, const char *const **folders, size_t *count);
void kimi_list_files(const struct agent_store *store, const struct agent_transcript *of,
                     const char *temporary, struct agent_listings *listings,
                     struct agent_files *out);
const char *kimi_renamed(struct arena *a, const char *name, const char *old_id, const char *new_id,
                         const char *project_folder);
