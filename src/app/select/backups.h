/*
 * backups: the backup that a word names, and the one that holds most of a session.
 */
#pragma once

#include "app/context.h"
#include "backup/backup_dir.h"

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

/* Those of the pending folder, listed once, when they are first asked for. */
struct backups {
    struct backup_dir pending; /* fd -1: there are none, or is_unknown */
    bool is_unknown;           /* they could not be listed, which was reported */
    struct backup_dir_entry *entries;
    size_t count;
};

/* The complete backup of a session that holds most, and more than a given transcript, as
 * backup_dir_fuller. *stem NULL: there is none. Returns: false when a backup that cannot be read
 * may hold more, which was reported. */
bool backups_fullest(struct context *c, const char *session_id, int than_fd, int64_t than_bytes,
                     const char **stem, int64_t *size_bytes);
/* The same, as sr_options.find_backup. */
bool backups_find_fullest(void *context, const char *session_id, const char **stem,
                          int64_t *size_bytes);
void backups_close(struct context *c);
