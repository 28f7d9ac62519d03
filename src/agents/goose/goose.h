/*
 * goose: Goose (Block's). Sessions are rows of one SQLite database.
 *
 *     $XDG_DATA_HOME or ~/.local/share, then goose/sessions/sessions.db; $GOOSE_PATH_ROOT/data/...
 *     sessions: id ("20250921_3"), working_dir, name, updated_at, extension_data, ...
 *     messages: session_id, role, content_json, created_timestamp, ...
 *
 * By its source (2025, schema 5) and rows made for tests; no client was run. Nothing here says when
 * a turn is over, or how long it may be silent.
 */
#pragma once

#include "agents/agent.h"

#define GOOSE_DATABASE "sessions/sessions.db"

extern const struct event_reader event_goose;

bool goose_is_id(struct sv id);
const char *goose_project_folder(struct arena *a, const char *cwd);
struct lookup goose_list_folder(const struct agent_store *store, const char *folder,
                                struct agent_transcript **transcripts, size_t *count);
struct lookup goose_list_all(const struct agent_store *store, struct agent_transcript **transcripts,
                             size_t *count);
struct lookup goose_find(const struct agent_store *store, const char *session_id, const char *cwd,
                         struct agent_transcript *out);
int goose_write_rows(const struct agent_store *store, const struct agent_transcript *of,
                     enum agent_extent extent, agent_sink *sink, void *context);
int goose_stamp_rows(const struct agent_store *store, const struct agent_transcript *of,
                     uint64_t *stamp);
void goose_list_files(const struct agent_store *store, const struct agent_transcript *of,
                      const char *temporary, struct agent_listings *listings,
                      struct agent_files *out);
