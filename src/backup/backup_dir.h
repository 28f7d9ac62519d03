/*
 * backup_dir: the folder of backups, and what is in it.
 *
 *     <stem>.jsonl, <stem>.files/, <stem>.json, <stem>.sha256    a backup
 *     <stem>.salvage.md                                          few backups have one
 *     .partial-<stem>/                                           one being made
 *     .lock                                                      held while one is made
 *     .watch                                                     held by --watch
 *
 * <stem> is 2026-02-05T10-11-12Z-LOSSLESS-<id>; for every agent but the first,
 * ...-LOSSLESS-<agent>-<id>. A backup exists once its .sha256 does. Files of a
 * stem without a .sha256 are removed if .partial-<stem> is there: an export was
 * killed between its last renames. Otherwise they are a backup that has lost a
 * file, and stay.
 */
#pragma once

#include "agents/agent.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fact.h"
#include "base/str.h"

#include <stdbool.h>

enum { BACKUP_DIR_STEM_SIZE = 80 };

/* The transcript of a backup ends in this, for every agent. */
#define BACKUP_TRANSCRIPT ".jsonl"

struct backup_dir {
    const char *path;
    int fd;
    int lock; /* -1: not held */
};

/* Opens the folder. create: makes it if it is missing; without it, -ENOENT. -EPERM: everybody may
 * write there. */
int backup_dir_open(struct backup_dir *p, const char *path, bool create, struct sr_error *error);
void backup_dir_close(struct backup_dir *p);

/* Could a backup of that many bytes be made there, as far as can be seen without making one? For a
 * folder that does not exist yet: where it would be made. */
int backup_dir_foresee(const char *path, int64_t needed_bytes, struct sr_error *error);

/*
 * Takes the lock. Calls waiting (may be NULL) once, with who holds it.
 * Blocks for patience_ms at most, then returns -EBUSY.
 */
int backup_dir_lock(struct backup_dir *p, int patience_ms,
                    void (*waiting)(void *context, const char *holder), void *context,
                    struct sr_error *error);
void backup_dir_unlock(struct backup_dir *p);

/* Takes the lock of a folder's only watcher. Returns: a descriptor that holds the lock until it is
 * closed; -EBUSY, with the holder in *error. */
int backup_dir_lock_watcher(const struct backup_dir *p, struct sr_error *error);

/* Removes what killed exports left. Needs the lock. */
int backup_dir_clean(struct backup_dir *p, struct sr_error *error);

/*
 * Begins a backup: chooses a free stem and makes its partial folder. Needs the lock.
 * Returns: a descriptor of the folder, or negative errno.
 */
int backup_dir_begin(struct backup_dir *p, const struct agent *agent, const char *session_id,
                     char stem[static BACKUP_DIR_STEM_SIZE], struct sr_error *error);
/*
 * Publishes "jsonl", "files", "salvage.md" (if there is one), "json" and
 * "sha256" from the partial folder, in this order, and removes the folder.
 */
int backup_dir_commit(struct backup_dir *p, int partial, const char *stem, struct sr_error *error);
/* Removes what was begun, published or not; never a complete backup. */
int backup_dir_abandon(struct backup_dir *p, const char *stem);

struct backup_dir_entry {
    const char *stem, *session_id;
    bool is_complete; /* its .sha256 is there */
};

/* Everything that looks like a backup, oldest first; not what is being made. Owner: the arena. */
int backup_dir_list(const struct backup_dir *p, struct arena *a, struct backup_dir_entry **entries,
                    size_t *count);

/*
 * The complete backup of a session whose transcript holds more (backup/fullness.h) than a given
 * transcript of than_bytes. Of several, the one that holds most; of equal ones, the newest.
 * than_fd: the given transcript; -1: not at hand, and taken to be sound. A backup made for a repair
 * is longer on purpose, and counts only against an empty transcript.
 * Returns: found; absent; unknown: a backup (lookup.where: its stem) or than_fd cannot be read, so
 * that backup may hold more. *fuller: the best of those that can be read; NULL: none. *size_bytes:
 * of its transcript.
 */
struct lookup backup_dir_fuller(const struct backup_dir *p, const struct backup_dir_entry *entries,
                                size_t count, const char *session_id, int than_fd,
                                int64_t than_bytes, const struct backup_dir_entry **fuller,
                                int64_t *size_bytes);

/* Whether a backup of the session was made within the last ten minutes. */
bool backup_dir_is_recent(const char *path, const char *session_id);

/* When the backup was begun, to the second, from its stem. */
struct wall backup_dir_time(const char *stem);

/* "<stem>", without a suffix. Returns: false for any other name. */
bool backup_dir_is_stem(struct sv name);
/* The session's id in it, a part of name. Returns: {0} for any other name. */
struct sv backup_dir_id_of(struct sv name);
