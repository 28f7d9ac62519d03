/*
 * opencode: sessions are rows of one SQLite database, for all projects of a user.
 *
 * Seen with 1.18.33. A session, its messages and their parts (a text, a tool call with its result,
 * the beginning and end of a step) are rows. A reply's text is written once it is complete. Ids are
 * "ses_", "msg_" or "prt_" and letters that sort by time.
 */
#pragma once

#include "agents/agent.h"
#include "base/io/database.h"

#define OPENCODE_DATABASE "opencode.db"

extern const struct event_reader event_opencode;

/*
 * Opens the database of a store for reading. Returns: 0, -ENOENT when there is none, or another
 * negative errno. Owner: opencode_close.
 */
int opencode_open(const struct agent_store *store, struct database **out);
/* Whether the database, and what stands beside it, may be opened. Returns: as opencode_open. */
int opencode_look(const struct agent_store *store);
/* Adds what went wrong to the store's problems, once. Returns: 0 or negative errno. */
int opencode_close(const struct agent_store *store, struct database *db);

bool opencode_is_id(struct sv id);

int opencode_check(const struct agent_store *store, const struct agent_transcript *of, bool is_live,
                   struct agent_findings *out);
/* See struct agent_lines. */
const char *opencode_does_with(enum damage_kind kind);
struct agent_api opencode_api(const struct proc_strings *argv,
                              const struct proc_strings *environment,
                              const struct agent_store *store);

const char *opencode_project_folder(struct arena *a, const char *cwd);
struct lookup opencode_list_folder(const struct agent_store *store, const char *folder,
                                   struct agent_transcript **transcripts, size_t *count);
struct lookup opencode_list_all(const struct agent_store *store,
                                struct agent_transcript **transcripts, size_t *count);
struct lookup opencode_find(const struct agent_store *store, const char *session_id,
                            const char *cwd, struct agent_transcript *out);
struct lookup opencode_list_children(const struct agent_store *store,
                                     const struct agent_transcript *of,
                                     struct agent_transcript **transcripts, size_t *count);
enum fact opencode_is_archived(const struct agent_store *store, const struct agent_transcript *t,
                               struct wall *since);

/* See struct agent_records and struct agent_bundle. */
int opencode_write_rows(const struct agent_store *store, const struct agent_transcript *of,
                        enum agent_extent extent, agent_sink *sink, void *context);
const char *opencode_id_of(struct arena *a, const char *name);
const char *opencode_renamed(struct arena *a, const char *name, const char *old_id,
                             const char *new_id, const char *project_folder);
int opencode_compare(const struct agent_store *store, const struct agent_kept *kept,
                     const char **why);
int opencode_put_back(const struct agent_store *store, const struct agent_kept *kept, size_t count,
                      const char **why);
/* All rows of a session, from a database that is open. Returns: 0, -ENOENT, or the sink's result.
 */
int opencode_write_all(struct database *db, const char *session_id, agent_sink *sink,
                       void *context);
/* The column that names the session in a table of which a session has rows; NULL: another table. */
const char *opencode_owner_column(struct sv table);
int opencode_stamp_rows(const struct agent_store *store, const struct agent_transcript *of,
                        uint64_t *stamp);
void opencode_list_files(const struct agent_store *store, const struct agent_transcript *of,
                         const char *temporary, struct agent_listings *listings,
                         struct agent_files *out);
