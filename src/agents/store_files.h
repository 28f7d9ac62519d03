/*
 * store_files: folders and files below an agent's store, for agents whose sessions are files.
 *
 * What cannot be read goes to the store's problems or to left_out, and is never
 * taken for absent. Owner of results: the store's arena.
 */
#pragma once

#include "agents/agent.h"

/* The names in a folder below the store. If the answer is unknown, those that could be read. */
struct lookup store_list(const struct agent_store *store, const char *folder,
                         struct fs_name **names, size_t *count);

/* The paths of the folders in one below the store whose names begin so. */
struct lookup store_list_folders(const struct agent_store *store, const char *top,
                                 const char *begins, const char *const **folders, size_t *count);

/* Sets size, time and path of a transcript; the rest of out stays. */
struct lookup store_look_at(const struct agent_store *store, const char *path,
                            struct agent_transcript *out);

/* Whether SQLite may open a database below the store, which it does by the path: that leads to the
 * same file, which is no link to what is somebody else's, and it would wait for ever at the end of
 * a pipe. Returns: 0; -ENOENT: there is none; -EXDEV: the path leads elsewhere; or negative errno.
 */
int store_look_at_database(const struct agent_store *store, const char *file);

/* Joins the answer for one place to that for all: if one is unknown, all is. */
void store_join(struct lookup *all, struct lookup one);

/* Why a file is not copied, by its path below the store: "holds a secret". Returns: NULL: it is. */
typedef const char *store_reason(const char *path);

/* Appends a file, named by its path below the store. If it is gone by now it is appended all the
 * same, and the copy reports that. */
void store_add_file(const struct agent_store *store, const char *path, enum agent_file_kind kind,
                    struct agent_files *out);

/* Appends all files below a folder that are not in out yet. Links are not followed, and count as
 * lost. why_not NULL: all files are copied. */
void store_add_tree(const struct agent_store *store, const char *folder, enum agent_file_kind kind,
                    store_reason *why_not, struct agent_files *out);
