/*
 * restore: puts a backup back to where the agent's resume command finds it.
 *
 * First a plan: what would go where, what is there already, what is in the
 * way. An existing file that differs is a conflict when it is the session's
 * own, and stays as it is when others use it too. Then all files are written
 * under temporary names, read back and renamed into place, the transcript last:
 * until then there is no session to resume.
 *
 * Only two things are ever replaced: a transcript that is, byte for byte, what a
 * repair made from this backup (quarantine.h); and a file of the session's own
 * that has lost its end, so that the backup begins with every byte of it.
 *
 * Records that are in no file (agent_records) are put back last, all or none.
 *
 *     restore_plan(&request, &arena, &plan, &error);
 *     ... show plan.steps
 *     restore_run(&request, &plan, &error);
 *
 * Restored files get the current time as their mtime: at its start a client
 * removes sessions that were not written to for 30 days.
 */
#pragma once

#include "backup/verify.h"

struct restore_request {
    const struct backup_dir *pending;
    const char *stem;
    const char *config_dir; /* NULL: the one it was taken from */
    const char *cwd;        /* where its directory is now; NULL: where it was */
    bool under_new_id;
    bool with_salvage;             /* append the backup's partial reply to the transcript */
    const struct sr_options *look; /* how to find live owners; its config_dirs are not used */
    void (*progress)(void *context, int64_t done_bytes, int64_t total_bytes);
    void *context;
};

enum restore_fate {
    RESTORE_WRITE,
    RESTORE_IS_THERE, /* the same bytes */
    RESTORE_LEAVE,    /* others use it, and it differs or may differ: it stays as it is */
    RESTORE_APPEND,   /* the lines that are not there yet */
    RESTORE_KEEP,     /* useful only in the backup */
    RESTORE_CONFLICT, /* it is the session's own and differs */
};

struct restore_step {
    const struct manifest_file *file;
    const char *from; /* in the pending folder */
    const char *to;   /* below the config directory; NULL: RESTORE_KEEP */
    enum restore_fate fate;
    const char *rows_of;  /* a session whose records it holds, which go into no file; NULL: none */
    bool replaces;        /* RESTORE_WRITE: a file is there, and the backup holds all its bytes */
    struct fs_file there; /* the file that it replaces */
    const char *why;      /* for a conflict or a replacement: "is there and is 4kB longer" */
};

struct restore_plan {
    struct arena *arena;
    const struct agent *agent;
    const char *config_dir, *cwd, *session_id, *old_id;
    bool has_new_id;
    struct restore_step *steps; /* the transcript is the last */
    size_t step_count;
    struct verified verified;
    size_t conflict_count;
    /* Another folder of the store has the session's transcript, and this would be a second copy:
     * what is there, or why that is not known; NULL: none. The caller decides. */
    const char *elsewhere;
    size_t ids_rewritten; /* by restore_run */
    struct sv salvaged;   /* records to append to the transcript; n 0: none */
};

/*
 * Returns: 0; the plan may hold conflicts. -EBADMSG: the backup is not sound. -EBUSY: a live
 * process has the session, or the file of its records. -EOPNOTSUPP: the agent's records cannot be
 * put back so. -ENODATA: there is no salvaged reply to append, or nothing that records can be put
 * into; -EEXIST: the
 * conversation has gone on since. Owner: the arena.
 */
int restore_plan(const struct restore_request *request, struct arena *a, struct restore_plan *out,
                 struct sr_error *error);

/* Returns: 0; -EEXIST: there are conflicts, and nothing was written; or another negative errno:
 * the transcript is not in place, and the same call again completes the restore. */
int restore_run(const struct restore_request *request, struct restore_plan *plan,
                struct sr_error *error);

const char *restore_fate_word(enum restore_fate fate);
