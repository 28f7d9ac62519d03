/*
 * store_files: folders and files below an agent's store, for agents whose sessions are files.
 *
 * What cannot be read goes to the store's problems, or to what is left out of a
 * backup, and is never taken for absent. Owner of results: the store's arena.
 */
#pragma once

#include "agents/agent.h"

/* The names in a folder below the store. *count: also where the answer is unknown, of what could be
 * read. */
struct lookup store_list(const struct agent_store *store, const char *folder,
                         struct fs_name **names, size_t *count);

/* Size and time of a transcript, out->path too; the rest of out stays. */
struct lookup store_look_at(const struct agent_store *store, const char *path,
                            struct agent_transcript *out);

/* An answer of one place, into that of all: what is not known there is not known of all. */
void store_join(struct lookup *all, struct lookup one);

/* Why a file is no part of a session's backup, by its path below the store: "holds a secret".
 * Returns: NULL where it is one. */
typedef const char *store_reason(const char *path);

/* Appends a file: under its path below the store. One that is gone by now is appended all the same,
 * and the copy will say so. */
void store_add_file(const struct agent_store *store, const char *path, enum agent_file_kind kind,
                    struct agent_files *out);

/* Appends all files below a folder, those that are there already left out; links are not followed,
 * and told as what is lost. why_not: NULL: none is kept out. */
void store_add_tree(const struct agent_store *store, const char *folder, enum agent_file_kind kind,
                    store_reason *why_not, struct agent_files *out);
