/*
 * quarantine: what a repair took out of a transcript, kept beside its backup
 * as <stem>.quarantine.jsonl (doc/backup-format.md).
 *
 *     quarantine_begin(&q, pending_fd, stem);
 *     ... quarantine_add(&q, &edit, bytes, n, is_first)
 *     quarantine_end(&q, path, size, sha256);
 *     quarantine_publish(&q, name);
 *
 * One line for each piece: where it stood, why it was taken, and the bytes in
 * base64. The last line says what the repair made: a restore may replace exactly
 * that. Never more than a piece's buffer is in memory.
 */
#pragma once

#include "base/io/digest.h"
#include "repair/repair_plan.h"

enum { QUARANTINE_NAME_SIZE = 128 };

struct quarantine {
    int folder, fd;
    char stem[88];
    unsigned char held[3]; /* bytes that do not fill a group of base64 yet */
    size_t held_count;
    bool is_open; /* a line was begun */
};

int quarantine_begin(struct quarantine *q, int folder, const char *stem);
int quarantine_add(struct quarantine *q, const struct repair_plan_edit *edit, const char *bytes,
                   size_t n, bool is_first);
/* What the repair made: path, size and digest. of: NULL, or the text that the file was made first,
 * which lines and offsets are then of. Syncs. */
struct quarantine_text {
    const char *encoding; /* the file's */
    size_t joined_records;
    int64_t size_bytes;
    const char *sha256;
};
int quarantine_end(struct quarantine *q, const char *path, int64_t size_bytes, const char *sha256,
                   const struct quarantine_text *of);
/* Gives it its final name; name: which that is. */
int quarantine_publish(struct quarantine *q, char name[static QUARANTINE_NAME_SIZE]);
/* Closes, and removes what was not published. */
void quarantine_release(struct quarantine *q);

/*
 * Whether one of a backup's repairs made the bytes of that digest. Returns: false too where
 * nothing can be read.
 */
bool quarantine_tells_of(int folder, const char *stem, const char *sha256);
