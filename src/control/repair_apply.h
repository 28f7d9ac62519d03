/*
 * repair_apply: repairs a transcript on disk, by the plan of repair_examine.
 *
 * In this order:
 *   1. a verified backup is made
 *   2. the new file is written beside the old, from bytes with the backup's
 *      digest; what is removed goes to the quarantine
 *   3. both are synced and read back
 *   4. the new file is scanned: it must load no less than the old
 *   5. no process may have the session
 *   6. the two files change places in one step, and the folder is synced
 *   7. the processes are looked at again: if one took the session meanwhile, the
 *      original is put back
 *
 * At every moment the transcript's name leads to the original or to the
 * repaired file.
 */
#pragma once

#include "backup/backup.h"
#include "backup/quarantine.h"
#include "control/repair_examine.h"

struct repair_apply_request {
    const struct agent *agent;          /* the one that it was examined for */
    const char *path;                   /* absolute */
    const char *session_id;             /* from the file's name; NULL: it has none */
    const struct sr_snapshot *snapshot; /* with session: it lies in a store; NULL: a file alone */
    const struct sr_session *session;
    const struct sr_options *look; /* how to find live owners */
    const struct sr_export_options *backup;
    bool as_copy; /* under a new id, beside the original, which stays as it is */
    bool shrinks;
    int64_t client_version; /* as in repair_plan_options */
};

struct repair_applied {
    bool was_refused; /* a process has it: nothing was changed */
    bool has_backup;
    struct sr_export backup;
    const char *path;       /* of the repaired file */
    const char *new_id;     /* as_copy */
    const char *quarantine; /* path */
    const char *leftover;   /* a file of an earlier repair, left in the same folder; NULL: none */
    bool has_other_names;   /* hard links, which still lead to the original */
    struct repair_plan_messages messages; /* of the repaired file */
    bool can_resume;
    int64_t size_bytes;
};

/*
 * e: the same file, examined, with a plan that edits it. Returns: 0; -EBUSY: a live process has it,
 * or took it meanwhile; -EAGAIN: it was written to meanwhile; or another negative errno. On failure
 * the original is in its place, unchanged, and out tells what was done until then. Owner of
 * strings: the arena.
 */
int repair_apply(const struct repair_apply_request *request, struct repair_examined *e,
                 struct arena *a, struct repair_applied *out, struct sr_error *error);
