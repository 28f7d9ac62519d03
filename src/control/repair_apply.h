/*
 * repair_apply: a transcript repaired on disk, by the plan that examine made.
 *
 * The order of things: a verified backup; the new file written beside, from
 * bytes whose digest is the backup's; what is removed goes to the quarantine;
 * both synced and read back; the new file surveyed: it must load no less than
 * the old; nobody has the session; then the two change places in one step, the
 * folder is synced, and it is looked again. An owner that turned up meanwhile gets
 * the original back. At every moment the name is that of the original or of the
 * repaired file.
 */
#pragma once

#include "backup/backup.h"
#include "backup/quarantine.h"
#include "control/repair_examine.h"

struct repair_apply_request {
    const struct agent *agent; /* whose transcript it is: as it was examined */
    const char *path;          /* absolute */
    const char *session_id;    /* of the file's name; NULL: it has none */
    const struct sr_snapshot
        *snapshot; /* with it, the session of a store; else NULL: a file alone */
    const struct sr_session *session;
    const struct sr_options *look; /* how to find live owners */
    const struct sr_export_options *backup;
    bool as_copy; /* under a new id, beside the original, which stays as it is */
    bool shrinks;
    int64_t client_version; /* as repair_plan_options */
};

struct repair_applied {
    bool was_refused; /* nothing was changed, since somebody has it */
    bool has_backup;
    struct sr_export backup;
    const char *path;       /* of the repaired file */
    const char *new_id;     /* as_copy */
    const char *quarantine; /* path */
    const char *leftover; /* of an earlier repair, in the same folder, and left there; NULL: none */
    bool has_other_names; /* hard links, which keep the original */
    struct repair_plan_messages messages; /* of the repaired file */
    bool can_resume;
    int64_t size_bytes;
};

/*
 * e: of the file, with edits. Returns: 0; -EBUSY: a live process has it, also one that came
 * meanwhile; -EAGAIN: it was written to meanwhile; or another errno. Then the original is in its
 * place, as it was. out is filled as far as things went. Owner of strings: the arena.
 */
int repair_apply(const struct repair_apply_request *request, struct repair_examined *e,
                 struct arena *a, struct repair_applied *out, struct sr_error *error);
