/*
 * codex: sessions are files of JSON lines ("rollouts"), each written by one process at a time.
 *
 * Seen with 0.171.0, 0.169.0, 0.154.0, 0.130.0 and 0.63.0. Since 0.162 the user's daemon runs the
 * turns of all sessions of a home, and the process on the terminal only shows one, unless started
 * with --no-daemon; before, and in "codex exec", one process does both. The process that runs a
 * session has its rollout open; since 0.154 it also holds a lock on "thread-writer-locks/ID.lock"
 * from its start, while the rollout is made with the first prompt. A streamed reply is written when
 * it is complete.
 */
#pragma once

#include "agents/agent.h"

#define CODEX_SESSIONS "sessions"
#define CODEX_ARCHIVED "archived_sessions"
#define CODEX_LOCKS "thread-writer-locks"

extern const struct event_reader event_codex;

/* As the tables of struct agent say. */
struct lookup codex_list_folder(const struct agent_store *store, const char *folder,
                                struct agent_transcript **transcripts, size_t *count);
struct lookup codex_list_all(const struct agent_store *store, struct agent_transcript **transcripts,
                             size_t *count);
struct lookup codex_find(const struct agent_store *store, const char *session_id, const char *cwd,
                         struct agent_transcript *out);
struct lookup codex_list_subagents(const struct agent_store *store,
                                   const struct agent_transcript *of,
                                   struct agent_transcript **transcripts, size_t *count);
/* The same for a backup: of any age, though each file must be opened. */
struct lookup codex_list_children(const struct agent_store *store,
                                  const struct agent_transcript *of,
                                  struct agent_transcript **transcripts, size_t *count);
enum fact codex_is_archived(const struct agent_store *store, const struct agent_transcript *t,
                            struct wall *since);
struct lookup codex_held(const struct agent_store *store, const struct proc *proc, pid_t pid,
                         struct agent_held **items, size_t *count);
void codex_list_locks(const struct agent_store *store, const char *session_id,
                      struct agent_lock **items, size_t *count);
struct lookup codex_drawn(const struct agent_store *store, const struct agent_drawing *of,
                          const char **session_id);
struct agent_api codex_api(const struct proc_strings *argv, const struct proc_strings *environment,
                           const struct agent_store *store);
void codex_list_files(const struct agent_store *store, const struct agent_transcript *of,
                      const char *temporary, struct agent_listings *listings,
                      struct agent_files *out);
const char *codex_renamed(struct arena *a, const char *name, const char *old_id, const char *new_id,
                          const char *project_folder);

/* The model's address by a config.toml and a command line, and the profile's file in store (NULL:
 * there is none). FACT_NO: the vendor's, unless the environment names another. */
enum fact codex_model_url(struct arena *a, const struct proc_strings *argv,
                          const struct agent_store *store, struct sv config, struct sv *url);

/* "rollout-2026-11-27T18-21-17-ID.jsonl". Returns: false for any other name. */
bool codex_names_rollout(const char *name, struct sv *session_id);
/* Whether a rollout is of a subagent: a session that another session has started. Reads its first
 * bytes. parent: the id of the other session, if given. */
enum fact codex_is_child(const struct agent_store *store, const char *path, const char **parent);
