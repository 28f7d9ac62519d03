/*
 * salvage_memory: what a hung client has in memory and not on disk, kept in a backup
 * (doc/salvage.md).
 *
 *     struct salvage_memory salvage;
 *     salvage_memory_take(snapshot, session, false, &salvage);
 *     source.salvage = &salvage;       of backup_take
 *     salvage_memory_release(&salvage);
 *
 * Never fails: the note says what could not be done. Only reads. Keeps nothing
 * unless the process is the one of the snapshot both before and after.
 */
#pragma once

#include "backup/backup_dir.h"
#include "backup/manifest.h"
#include "salvage/memory_search.h"
#include "session/discover.h"

enum { SALVAGE_MEMORY_PARTS_MAX = 8 };

struct salvage_memory_part {
    struct memory_search_text found; /* without anything that looks like a credential */
    size_t redacted;
};

struct salvage_memory {
    struct arena arena;
    const struct sr_session *session;
    struct wall taken_at;
    struct salvage_memory_part parts[SALVAGE_MEMORY_PARTS_MAX];
    size_t part_count;
    int64_t bytes_read, elapsed_ms; /* of the memory search */
    int64_t table_bytes_before, table_bytes_after;
    /* Of salvage_memory_recall: a whole conversation, as a transcript of a session of its own. */
    struct sv records;  /* n 0: none was found */
    const char *new_id; /* the same each time for the same session */
    const char *note;   /* a sentence for the user: what was found, or why nothing was; NULL: there
                         was nothing to look for */
};

/* is_dry_run: does not read the memory; the note says that it would. */
void salvage_memory_take(const struct sr_snapshot *snapshot, const struct sr_session *session,
                         bool is_dry_run, struct salvage_memory *out);
/*
 * The whole conversation, of a session that its client does not save, or of any that the user
 * wants. parts are then what fits nowhere in it.
 */
void salvage_memory_recall(const struct sr_snapshot *snapshot, const struct sr_session *session,
                           bool is_dry_run, struct salvage_memory *out);
void salvage_memory_release(struct salvage_memory *salvage);

/* Writes the file; *parts says where each text is in it. Owner of *parts: the arena. */
void salvage_memory_write(const struct salvage_memory *salvage, struct buf *out, struct arena *a,
                          struct manifest_part **parts);

/* Whether that file of a backup holds all that was found, rated at least as sure. file NULL: there
 * is none. */
bool salvage_memory_is_in(const struct salvage_memory *salvage, const struct manifest_file *file);

/*
 * The partial reply of a backup, as records to append to its transcript: those that a client writes
 * when its user stops a reply with Escape, marked with "salvagedBy".
 * Returns: 0; -ENODATA: there is none, or none that is sure enough; -EEXIST: the conversation has
 * gone on since; -EBADMSG and others. Owner of *records: the arena.
 */
struct salvage_memory_source {
    const struct backup_dir *pending;
    const struct manifest *manifest;
    const char *const *names; /* of the manifest's files, in the pending folder */
    const struct agent *agent;
    const char *session_id; /* for the records */
};
int salvage_memory_read_records(const struct salvage_memory_source *source, struct arena *a,
                                struct sv *records, struct sr_error *error);
