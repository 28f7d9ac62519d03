/*
 * pinned_session: the session that something is about to be done to: pinned, refused
 * where it may not be touched, and looked at again.
 *
 *     struct pinned_session subject = {.snapshot = ..., .session = ..., .look = &look, ...};
 *     r = pinned_session_pin(&subject, &error);          the process that was listed, and no other
 *     r = pinned_session_check(&subject, &error);        it may be touched
 *     r = proof_make(&subject, &proof, &error);   nothing is lost by it (proof.h)
 *     r = pinned_session_look_again(&subject, proof, true, &now, &error);
 *     ... what it is for ...
 *     pinned_session_release(&subject);
 *
 * What ends a session and what revives one both begin so.
 */
#pragma once

#include "backup/salvage_memory.h"
#include "platform/process/pidref.h"
#include "session/discover.h"

struct pinned_session {
    /* set by the caller; they live as long as the subject */
    struct sr_snapshot *snapshot;
    const struct sr_session *session;
    const struct sr_options *look; /* as the snapshot was taken with */
    double timeout_minutes;
    const struct sr_export_options *backup;
    void (*tell)(void *context, const char *line); /* NULL: nobody listens */
    void *context;
    /* Asks whether to go on although files of it could not be backed up; text names them.
     * NULL: there is nobody to ask, and the answer is no. */
    bool (*accepts)(void *options, const char *text);
    void *options;
    bool asks_nobody;           /* --force: accepts is not asked */
    const char *without_backup; /* as in struct sr_kill_options; with ask_for */
    bool (*ask_for)(void *context, const char *text, char *typed, size_t size);

    /* set by pinned_session_pin */
    const struct session *inside;
    const struct proc *proc;
    struct pidref ref;

    struct salvage_memory salvage; /* of the memory of the process, when it was first backed up */
    bool has_salvage;

    bool was_refused;
    bool has_ended;         /* nothing is proven any more, and saved what there is */
    char loses[192];        /* set by proof_make that fails: what its user may give up; empty: this
                               is no refusal that could be answered so */
    bool has_transcript;    /* there was something to back up */
    struct sr_export saved; /* the newest backup */
    struct buf accepted;    /* what its user was told to be in no backup, and took */
};

/* Pins the process. Returns: 0; -ESRCH: it is not there any more, which counts as refused. Owner:
 * pinned_session_release. */
int pinned_session_pin(struct pinned_session *s, struct sr_error *error);
void pinned_session_release(struct pinned_session *s);

/*
 * Whether it may be touched, read afresh each time it is asked: not the session or the terminal
 * that the asking process runs in, not one above it, not another user's, not one that a debugger
 * holds. Returns: 0, -EPERM, -ESRCH.
 */
int pinned_session_check(struct pinned_session *s, struct sr_error *error);

/* A second look, and the same process in it. */
struct pinned_session_now {
    struct sr_snapshot *snapshot;
    const struct sr_session *session;
};

struct proof;

/*
 * Looks at the machine again. judged: with a verdict. Returns: 0; -EAGAIN: it is not the session
 * any more that the proof speaks of, or none, which counts as refused. Owner of *now:
 * pinned_session_forget.
 */
int pinned_session_look_again(struct pinned_session *s, const struct proof *proof, bool judged,
                              struct pinned_session_now *now, struct sr_error *error)
    __attribute__((nonnull(1, 2, 4)));
void pinned_session_forget(struct pinned_session_now *now);

/* Says a line to whoever listens. */
void pinned_session_tell(const struct pinned_session *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Marks it as refused. Returns: -EPERM. */
int pinned_session_refuse(struct pinned_session *s, struct sr_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
