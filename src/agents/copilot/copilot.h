/*
 * copilot: GitHub Copilot CLI. A session is a folder named by its id.
 *
 *     $COPILOT_HOME or ~/.copilot
 *     session-state/<id>/events.jsonl          the transcript, from the first prompt on
 *     session-state/<id>/workspace.yaml        its directory and its name
 *     session-state/<id>/checkpoints/, files/, research/, rewind-file-snapshots/
 *     session-state/<id>/inuse.<pid>.hold      locked (flock) by the process that has the session
 *     session-store.db                         an index of all sessions, built from these
 *
 * Seen with 1.0.102 and 1.0.32. A record is {"type", "data", "id", "timestamp", "parentId"}; a
 * reply is written when it is complete. A retry of a request leaves no record.
 */
#pragma once

#include "agents/agent.h"

#define COPILOT_TOP "session-state"
#define COPILOT_EVENTS "/events.jsonl"
#define COPILOT_INDEX "session-store.db"

extern const struct event_reader event_copilot;

/* As the tables of struct agent say. */
const char *copilot_project_folder(struct arena *a, const char *cwd);
bool copilot_split(struct arena *a, const char *path, const char **store, const char **below);
struct lookup copilot_list_folder(const struct agent_store *store, const char *folder,
                                  struct agent_transcript **transcripts, size_t *count);
struct lookup copilot_list_all(const struct agent_store *store,
                               struct agent_transcript **transcripts, size_t *count);
struct lookup copilot_find(const struct agent_store *store, const char *session_id, const char *cwd,
                           struct agent_transcript *out);
void copilot_list_watched(const struct agent_store *store, const char *const **folders,
                          size_t *count);

/* The sessions of a process: it has their inuse.<pid>.hold open and locked. */
struct lookup copilot_held(const struct agent_store *store, const struct proc *proc, pid_t pid,
                           struct agent_held **items, size_t *count);
void copilot_list_locks(const struct agent_store *store, const char *session_id,
                        struct agent_lock **items, size_t *count);

void copilot_list_files(const struct agent_store *store, const struct agent_transcript *of,
                        const char *temporary, struct agent_listings *listings,
                        struct agent_files *out);
const char *copilot_renamed(struct arena *a, const char *name, const char *old_id,
                            const char *new_id, const char *project_folder);
