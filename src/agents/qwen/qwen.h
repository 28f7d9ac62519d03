/*
 * qwen: Qwen Code's sessions, a file of JSON lines each.
 *
 *     <place>/sessions/<pid>.json                       what an interactive client publishes
 *     <place>/projects/<folder>/chats/<id>.jsonl        a transcript; archive/<id>.jsonl: archived
 *     <place>/projects/<folder>/chats/<id>.*            what goes with it
 *     <place>/projects/<folder>/subagents/<id>/         transcripts of its subagents
 *     <place>/file-history/<id>/                        files of the user's, as they were before
 *     <place>/plans/<id>*.md
 *
 * <place> is ~/.qwen, or as QWEN_RUNTIME_DIR or QWEN_HOME say; <folder> is the working directory
 * with "-" for each UTF-16 unit that is no ASCII letter or digit. Measured on 0.24.4. Not touched:
 * oauth_creds.json, settings.json, and the token that is in sessions/<pid>.json.
 */
#pragma once

#include "agents/agent.h"

extern const struct event_reader event_qwen;

struct lookup qwen_read_registry(const struct agent_store *store,
                                 struct agent_registration **entries, size_t *count);
/* One file of it. Pure. boot_id: of the machine as it runs, NULL: not known. *is_of_now: it was
 * written since. Returns: what is wrong with it, NULL when it is a registration. Owner: the arena.
 */
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

/* The box for the prompt is a line that begins with ">" between two rules; a question stands in its
 * place. */
void qwen_read_screen(struct sv screen, struct arena *a, struct agent_screen *out);
bool qwen_shows_dialog(const char *screen);

void qwen_list_files(const struct agent_store *store, const struct agent_transcript *of,
                     const char *temporary, struct agent_listings *listings,
                     struct agent_files *out);
const char *qwen_renamed(struct arena *a, const char *name, const char *old_id, const char *new_id,
                         const char *project_folder);
