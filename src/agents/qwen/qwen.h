/*
 * qwen: Qwen Code's sessions; each is a file of JSON lines.
 *
 *     <place>/sessions/<pid>.json                       what an interactive client publishes
 *     <place>/projects/<folder>/chats/<id>.jsonl        a transcript; archive/<id>.jsonl: archived
 *     <place>/projects/<folder>/chats/<id>.*            other files of the session
 *     <place>/projects/<folder>/subagents/<id>/         transcripts of its subagents
 *     <place>/file-history/<id>/                        the user's files before each change
 *     <place>/plans/<id>*.md
 *
 * <place> is ~/.qwen, or from QWEN_RUNTIME_DIR or QWEN_HOME; <folder> is the working directory with
 * "-" for each UTF-16 unit that is not an ASCII letter or digit. Measured with 0.24.4. Never used:
 * oauth_creds.json, settings.json, and the token in sessions/<pid>.json.
 */
#pragma once

#include "agents/agent.h"

extern const struct event_reader event_qwen;

struct lookup qwen_read_registry(const struct agent_store *store,
                                 struct agent_registration **entries, size_t *count);
/* Parses one file of the registry; reads nothing. boot_id: of the running machine; NULL: not known.
 * *is_of_now: the file was written since the machine was booted. Returns: NULL, or what is wrong
 * with the file. Owner: the arena. */
const char *qwen_parse_registration(struct arena *a, struct sv text, const char *boot_id,
                                    struct agent_registration *out, bool *is_of_now);

bool qwen_split_transcript(struct arena *a, const char *path, const char **store,
                           const char **below);
const char *qwen_project_folder(struct arena *a, const char *cwd);
struct lookup qwen_list_folder(const struct agent_store *store, const char *folder,
                               struct agent_transcript **transcripts, size_t *count);
struct lookup qwen_list_all(const struct agent_store *store, struct agent_transcript **transcripts,
                            size_t *count);
struct lookup qwen_find_transcript(const struct agent_store *store, const char *session_id,
                                   const char *cwd, struct agent_transcript *out);
enum fact qwen_is_archived(const struct agent_store *store, const struct agent_transcript *t,
                           struct wall *since);
void qwen_list_watched(const struct agent_store *store, const char *const **folders, size_t *count);

/* The prompt box is a line that begins with ">", between two horizontal lines; a question replaces
 * it. */
void qwen_read_screen(struct sv screen, struct arena *a, struct agent_screen *out);
bool qwen_shows_dialog(const char *screen);

void qwen_list_files(const struct agent_store *store, const struct agent_transcript *of,
                     const char *temporary, struct agent_listings *listings,
                     struct agent_files *out);
const char *qwen_renamed(struct arena *a, const char *name, const char *old_id, const char *new_id,
                         const char *project_folder);
