/*
 * salvage_memory: what a hung client has in memory and not on disk, kept in a backup
 * (doc/salvage.md).
 *
 *     struct salvage_memory salvage;
 *     salvage_memory_take(snapshot, session, false, &salvage);
 *     source.salvage = &salvage;       of backup_take
 *     salvage_memory_release(&salvage);
 *
 * Never fails: what could not be done is said. Reads only; the process is the
 * one of the snapshot before and after, or nothing of it is kept.
 */
#pragma once

#include "backup/backup_dir.h"
#include "backup/manifest.h"
#include "salvage/memory_search.h"
#include "session/discover.h"

enum { SALVAGE_MEMORY_PARTS_MAX = 8 };

struct salvage_memory_part {
    struct memory_search_text found; /* its text: without what looks like a credential */
    size_t redacted;
};

struct salvage_memory {
    struct arena arena;
    const struct sr_session *session;
    struct wall taken_at;
    struct salvage_memory_part parts[SALVAGE_MEMORY_PARTS_MAX];
    size_t part_count;
    int64_t bytes_read, elapsed_ms; /* of its memory */
    int64_t table_bytes_before, table_bytes_after;
    const char *note; /* a sentence for the user: what was found, or why nothing was; NULL: there
                         was nothing to look for */
};

/* is_dry_run: the memory is not read, only said to be what would be. */
void salvage_memory_take(const struct sr_snapshot *snapshot, const struct sr_session *session,
                         bool is_dry_run, struct salvage_memory *out);
void salvage_memory_release(struct salvage_memory *salvage);

/* The file, and in *parts where each text stands in it. Owner of *parts: the arena. */
void salvage_memory_write(const struct salvage_memory *salvage, struct buf *out, struct arena *a,
                          struct manifest_part **parts);

/* What was found is in that backup's file already, and is as sure there. file NULL: there is none.
 */
bool salvage_memory_is_in(const struct salvage_memory *salvage, const struct manifest_file *file);

/*
 * The half reply of a backup, as records to append to its transcript: those that the client writes
 * itself when its user stops it with Escape, the reply marked with "salvagedBy".
 * Returns: 0; -ENODATA: there is none, or none that is sure enough; -EEXIST: the conversation has
 * gone on; -EBADMSG and others. Owner of *records: the arena.
 */
struct salvage_memory_source {
    const struct backup_dir *pending;
    const struct manifest *manifest;
    const char *const *names; /* of the manifest's files, in the pending folder */
    const struct agent *agent;
    const char *session_id; /* that the records shall have */
};
int salvage_memory_read_records(const struct salvage_memory_source *source, struct arena *a,
                                struct sv *records, struct sr_error *error);
