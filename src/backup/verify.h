/*
 * verify: reads every byte of a backup again and compares it with its own sums.
 *
 * The .sha256 file is the authority; it covers the manifest too.
 */
#pragma once

#include "backup/backup_dir.h"
#include "backup/manifest.h"

enum verify_verdict {
    VERIFY_SOUND,
    VERIFY_DAMAGED,
    VERIFY_INCOMPLETE,  /* it has no .sha256 */
    VERIFY_NO_MANIFEST, /* the .json is missing or cannot be read; the sums may still hold */
    VERIFY_LACKING,     /* sound, but some files could not be read when it was made */
    VERIFY_REST,        /* sound: all that was left of a session whose transcript is gone */
};

struct verify_finding {
    const char *file; /* its path */
    const char *what; /* "ends at byte 4096 of 5000" */
};

struct verified {
    enum verify_verdict verdict;
    struct verify_finding *findings;
    size_t finding_count, finding_capacity;
    size_t file_count; /* files read, without the manifest, or the stand-in for a transcript */
    int64_t total_bytes;
    struct manifest manifest; /* unless VERIFY_NO_MANIFEST or VERIFY_INCOMPLETE */
    const char *const *names; /* of the manifest's files in the pending folder, exact */
};

const char *verify_word(enum verify_verdict verdict); /* "verified", "damaged", ... */

/* What it holds is unchanged and can be restored: VERIFY_SOUND, VERIFY_LACKING or VERIFY_REST. */
bool verify_holds(const struct verified *v);

/* It holds all that there was when it was made, unchanged: VERIFY_SOUND or VERIFY_REST. */
bool verify_is_all(const struct verified *v);

/* Never fails: what cannot be read is a finding. Owner: the arena. */
void verify_backup(const struct backup_dir *p, const char *stem, struct arena *a,
                   struct verified *out);

/* Reads only the manifest; compares nothing. Returns: 0, -EBADMSG or another negative errno. */
int verify_read_manifest(const struct backup_dir *p, const char *stem, struct arena *a,
                         struct manifest *out);
