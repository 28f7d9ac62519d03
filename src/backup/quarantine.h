/*
 * quarantine: what a repair took out of a transcript, kept beside its backup
 * as <stem>.quarantine.jsonl (doc/backup-format.md).
 *
 *     quarantine_begin(&q, pending_fd, stem);
 *     ... quarantine_add(&q, &edit, bytes, n, is_first)
 *     quarantine_end(&q, path, size, sha256);
 *     quarantine_publish(&q, name);
 *
 * One line for each piece: where it was, why it was removed, and its bytes in
 * base64. The last line describes the file that the repair made: --restore may
 * replace exactly that file. Only one buffer is in memory at a time.
 */
#pragma once

#include "base/io/digest.h"
#include "repair/repair_plan.h"

enum { QUARANTINE_NAME_SIZE = 128 };

struct quarantine {
    int folder, fd;
    char stem[88];
    unsigned char held[3]; /* bytes that do not fill a base64 group yet */
    size_t held_count;
    bool is_open; /* a line has begun */
};

int quarantine_begin(struct quarantine *q, int folder, const char *stem);
int quarantine_add(struct quarantine *q, const struct repair_plan_edit *edit, const char *bytes,
                   size_t n, bool is_first);
/* The normalised text of a file in another form: lines and offsets refer to it. */
struct quarantine_text {
    const char *encoding; /* the file's */
    size_t joined_records;
    int64_t size_bytes;
    const char *sha256;
};
/* Writes the last line: path, size and digest of what the repair made. of: NULL when the file was
 * not normalised. Syncs. */
int quarantine_end(struct quarantine *q, const char *path, int64_t size_bytes, const char *sha256,
                   const struct quarantine_text *of);
/* Renames the file to its final name, and returns that in name. */
int quarantine_publish(struct quarantine *q, char name[static QUARANTINE_NAME_SIZE]);
/* Closes the file, and removes it unless it was published. */
void quarantine_release(struct quarantine *q);

/*
 * Whether a repair based on that backup made a file of that digest. Returns: false also when
 * nothing can be read.
 */
bool quarantine_tells_of(int folder, const char *stem, const char *sha256);
