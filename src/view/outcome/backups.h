/*
 * backups: the outcome of --export, --verify and --restore, as text and as JSON.
 */
#pragma once

#include "backup/restore.h"
#include "backup/verify.h"
#include "base/str.h"
#include "session_rescue.h"

struct view_export {
    const char *session_id;
    int code;        /* negative errno: it failed, with the reason in why */
    const char *why; /* one line */
    struct sr_export result;
    int held_by;                /* pid; 0: nobody */
    const char *resume_command; /* NULL: held, or not known */
    const char *caution;        /* before that is run; NULL: nothing is known */
};

void view_text_exports(struct buf *out, const struct view_export *rows, size_t count,
                       const char *pending_dir);
/* A session without a transcript, in which something may have been said. */
struct view_doubt {
    const struct sr_session *session;
    const char *why;
};

/* unsaved: the sessions that are not wholly on disk, exported or not. */
struct view_exports {
    const struct view_export *rows;
    size_t count;
    const struct sr_session *const *unsaved;
    size_t unsaved_count;
    const struct view_doubt *doubts;
    size_t doubt_count;
};
void view_json_exports(struct buf *out, const struct view_exports *of, const char *pending_dir);

struct view_verified {
    const char *stem;
    struct verified result;
};

void view_text_verified(struct buf *out, const struct view_verified *rows, size_t count,
                        const char *pending_dir);
void view_json_verified(struct buf *out, const struct view_verified *rows, size_t count,
                        const char *pending_dir);

/* is_done: false says what would be done, or what is in the way. resume_command NULL: not known. */
void view_text_restore(struct buf *out, const struct restore_plan *plan, bool is_done);
void view_json_restore(struct buf *out, const struct restore_plan *plan, bool is_done,
                       const char *resume_command, const char *caution);
