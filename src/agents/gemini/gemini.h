/*
 * gemini: Gemini CLI's sessions; each is a file of JSON lines.
 *
 *     <place>/projects.json                              directories, and their <slug>
 *     <place>/tmp/<slug>/.project_root                   the directory
 *     <place>/tmp/<slug>/chats/session-<minute>-<id8>.jsonl    a transcript; id8: of the id, 8
 * digits <place>/tmp/<slug>/chats/<id>/<id>.jsonl           transcripts of its subagents
 *     <place>/tmp/<slug>/tool-outputs/session-<id>/      what was too long for a transcript
 *     <place>/tmp/<slug>/logs/session-<id>.jsonl
 *     <place>/tmp/<slug>/<id>/                           plans and the like
 *     <place>/tmp/<slug>/checkpoints/<time>-<file>.json  before a change of a file; names its
 * session
 *
 * <place> is ~/.gemini, or .gemini below GEMINI_CLI_HOME. Before 0.39 a transcript was one
 * document, "session-<minute>-<id8>.json", and <slug> a SHA-256. Measured with 0.61.0. Never used:
 * oauth_creds.json and other credentials; of settings.json the retention alone.
 *
 * A client that starts deletes, with all of the same id8, each transcript of the directory that has
 * no conversation in it or no id; a client that was started with --resume or --session-file leaves
 * such a one (a stub) beside the real one. It spares the session that it is started with.
 */
#pragma once

#include "agents/agent.h"

extern const struct event_reader event_gemini;

#define GEMINI_TOP "tmp"
#define GEMINI_CHATS "chats"

enum { GEMINI_ID_LENGTH = 36, GEMINI_SHORT_LENGTH = 8 };

/* Whether a whole transcript has anything that the client counts as conversation. */
bool gemini_has_conversation(struct sv text);

/* ---- store.c ---- */

/* The digits at the end of a transcript's name: "session-2026-11-22T10-02-ea71451a.jsonl". Returns:
 * false for any other name. */
bool gemini_names_transcript(const char *name, struct sv *short_id);
/* The id in a transcript's first line. Returns: 0; -ENODATA: it has none; or negative errno. */
int gemini_read_id(const struct agent_store *store, const char *path, const char **session_id);

/* Whether a transcript has any conversation in it. FACT_UNKNOWN: it cannot be read. */
enum fact gemini_is_said(const struct agent_store *store, const struct agent_transcript *t);

bool gemini_split(struct arena *a, const char *path, const char **store, const char **below);
const char *gemini_folder_in(const struct agent_store *store, const char *cwd);
struct lookup gemini_list_folder(const struct agent_store *store, const char *folder,
                                 struct agent_transcript **transcripts, size_t *count);
struct lookup gemini_list_all(const struct agent_store *store,
                              struct agent_transcript **transcripts, size_t *count);
struct lookup gemini_find(const struct agent_store *store, const char *session_id, const char *cwd,
                          struct agent_transcript *out);
struct lookup gemini_list_subagents(const struct agent_store *store,
                                    const struct agent_transcript *of,
                                    struct agent_transcript **transcripts, size_t *count);
void gemini_list_watched(const struct agent_store *store, const char *const **folders,
                         size_t *count);

/* ---- files.c ---- */

void gemini_list_files(const struct agent_store *store, const struct agent_transcript *of,
                       const char *temporary, struct agent_listings *listings,
                       struct agent_files *out);
const char *gemini_renamed(struct arena *a, const char *name, const char *old_id,
                           const char *new_id, const char *project_folder);

/* ---- retention.c ---- */

struct lookup gemini_read_settings(const struct agent_store *store, struct agent_settings *out);

/* What clients that start in a directory delete. */
struct gemini_retention {
    enum fact deletes; /* unknown: what the directory sets cannot be read */
    int64_t days_kept; /* since the last record; what the directory sets in place of the user's may
                          count where it is not known to be trusted: then the shorter */
    bool is_of_directory;
    int64_t count_kept; /* the newest; 0: as many as there are */
};

/* cwd NULL: not known which directory. Leaves the store entered (struct agent_store). */
void gemini_read_retention(const struct agent_store *store, const char *cwd,
                           struct gemini_retention *out);
enum fact gemini_deletes(const struct agent_store *store, const char *cwd);
/* See struct agent_commands. */
const char *gemini_caution(const struct agent_store *store, const char *cwd);

/* ---- screen.c ---- */

/* The prompt box is a line that begins with ">", below a horizontal line; a question replaces it.
 */
void gemini_read_screen(struct sv screen, struct arena *a, struct agent_screen *out);
bool gemini_shows_dialog(const char *screen);
