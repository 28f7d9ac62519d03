/*
 * backups: the backup that a word of the user's names.
 */
#pragma once

#include "action/pending.h"

/*
 * A word is the path of any file of a backup, its stem, or a session id or its
 * prefix (8 characters or more): then the newest complete backup of it. A path
 * in another folder than the pending one says where the backup is.
 * Returns: 0 with the folder that holds it (NULL: the pending one) and the stem;
 * -EINVAL for a word that is none of these; -ENOENT; -EEXIST when a prefix
 * names several sessions. Owner: the arena.
 */
int backups_find(struct arena *a, const char *pending_dir, const char *word, const char **folder,
                 const char **stem, struct sr_error *error);
