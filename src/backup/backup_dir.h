/*
 * backup_dir: the folder that backups are kept in, and what stands in it.
 *
 *     <stem>.jsonl, <stem>.files/, <stem>.json, <stem>.sha256    a backup
 *     <stem>.salvage.md                                          in few of them
 *     .partial-<stem>/                                           one being made
 *     .lock                                                      who is making one
 *     .watch                                                     who watches (--watch)
 *
 * <stem> is 2026-02-05T10-11-12Z-LOSSLESS-<id>, of the agents but the first
 * ...-LOSSLESS-<agent>-<id>. A backup exists once its
 * .sha256 does. While .partial-<stem> is there, files of that stem without a
 * .sha256 are what an export left that was killed between the last renames;
 * without it they are somebody's backup that has lost a file, and stay.
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

/* A backup's transcript is its stem and this, whichever agent's session it is. */
#define BACKUP_TRANSCRIPT ".jsonl"

struct backup_dir {
    const char *path;
    int fd;
    int lock; /* -1: not held */
};

/* Opens the folder. With create it is made where it is missing (else -ENOENT). -EPERM: everybody
 * may write there. */
int backup_dir_open(struct backup_dir *p, const char *path, bool create, struct sr_error *error);
void backup_dir_close(struct backup_dir *p);

/* Whether a backup of so many bytes could be made there, as far as that is seen without making one.
 * Of a folder that is not there yet: where it would be made. */
int backup_dir_foresee(const char *path, int64_t needed_bytes, struct sr_error *error);

/*
 * Takes the lock. waiting (may be NULL) is told once who holds it.
 * Blocks: patience_ms at most, then -EBUSY.
 */
int backup_dir_lock(struct backup_dir *p, int patience_ms,
                    void (*waiting)(void *context, const char *holder), void *context,
                    struct sr_error *error);
void backup_dir_unlock(struct backup_dir *p);

/* The lock of a folder's one watcher. Returns: a descriptor, which holds it until it is closed;
 * -EBUSY with who has it. */
int backup_dir_lock_watcher(const struct backup_dir *p, struct sr_error *error);

/* Under the lock: removes what killed exports left. */
int backup_dir_clean(struct backup_dir *p, struct sr_error *error);

/*
 * Begins a backup under the lock: a stem that is free, and its partial folder.
 * Returns: a descriptor of that, or negative errno.
 */
int backup_dir_begin(struct backup_dir *p, const struct agent *agent, const char *session_id,
                     char stem[static BACKUP_DIR_STEM_SIZE], struct sr_error *error);
/*
 * Publishes what stands in the partial folder under the names "jsonl", "files",
 * "salvage.md" (where there is one), "json" and "sha256", in this order, and
 * removes it.
 */
int backup_dir_commit(struct backup_dir *p, int partial, const char *stem, struct sr_error *error);
/* Removes what was begun, published or not, but for a backup that is complete. */
int backup_dir_abandon(struct backup_dir *p, const char *stem);

struct backup_dir_entry {
    const char *stem, *session_id;
    bool is_complete; /* its .sha256 is there */
};

/* Everything that looks like a backup, oldest first; not what is being made. Owner: the arena. */
int backup_dir_list(const struct backup_dir *p, struct arena *a, struct backup_dir_entry **entries,
                    size_t *count);

/*
 * Of a session's complete backups, the one whose transcript holds most (backup/fullness.h), and the
 * newest of several; among those that hold more than another of so many bytes. than_fd: that one,
 * -1: it is not at hand, and is taken for sound. One that a repair was made of is longer on
 * purpose, and counts only against an empty transcript.
 * Returns: found; absent; unknown: of one it is not known whether it holds more, or more still, as
 * it or than_fd cannot be read, and where is its stem. *fuller: of those that can be read, NULL:
 * none; *size_bytes: of its transcript.
 */
struct lookup backup_dir_fuller(const struct backup_dir *p, const struct backup_dir_entry *entries,
                                size_t count, const char *session_id, int than_fd,
                                int64_t than_bytes, const struct backup_dir_entry **fuller,
                                int64_t *size_bytes);

/* Whether a session that is copied again and again has been within the last ten minutes. */
bool backup_dir_is_recent(const char *path, const char *session_id);

/* When the backup of a stem was begun, by its name, to the second. */
struct wall backup_dir_time(const char *stem);

/* "<stem>", without a suffix. Returns: false for any other name. */
bool backup_dir_is_stem(struct sv name);
/* The session's id in it, a part of name. Returns: {0} for any other name. */
struct sv backup_dir_id_of(struct sv name);
