/*
 * codex: sessions that are files of JSON lines ("rollouts"), which one process at a time writes.
 *
 * Seen with 0.171.0, 0.169.0, 0.154.0, 0.130.0 and 0.63.0. From 0.162 on a daemon of the user's
 * runs the turns of all sessions of a home, and what is on the terminal only draws one (unless it
 * is told
 * --no-daemon); before, and in "codex exec", one process does both. Who runs a session has its
 * rollout open, and, from 0.154 on, a lock on "thread-writer-locks/ID.lock", from its start on: the
 * rollout is made when the first prompt is sent. What is streamed is written once it is whole.
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
/* The same, for a backup: of whatever time, though each file has to be opened. */
struct lookup codex_list_children(const struct agent_store *store,
                                  const struct agent_transcript *of,
                                  struct agent_transcript **transcripts, size_t *count);
enum fact codex_is_archived(const struct agent_store *store, const struct agent_transcript *t,
                            struct wall *since);
struct lookup codex_held(const struct agent_store *store, const struct proc *proc, pid_t pid,
                         struct agent_held **items, size_t *count);
struct lookup codex_drawn(const struct agent_store *store, const struct agent_drawing *of,
                          const char **session_id);
void codex_list_files(const struct agent_store *store, const struct agent_transcript *of,
                      const char *temporary, struct agent_listings *listings,
                      struct agent_files *out);
const char *codex_renamed(struct arena *a, const char *name, const char *old_id, const char *new_id,
                          const char *project_folder);

/* "rollout-2026-11-27T18-21-17-ID.jsonl". Returns: false for any other name. */
bool codex_names_rollout(const char *name, struct sv *session_id);
/* The rollout of a session that another has started for itself ("subagent"), by its first bytes.
 * parent: that one's id, where it is said. */
enum fact codex_is_child(const struct agent_store *store, const char *path, const char **parent);
