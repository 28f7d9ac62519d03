/*
 * pinned_session: the session that something is about to be done to: pinned, refused
 * where it may not be touched, and looked at again.
 *
 *     struct pinned_session subject = {.snapshot = ..., .options = &options, .result = &result};
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
    const struct sr_act_options *options;
    struct sr_act *result; /* what has come of it so far */

    /* set by pinned_session_pin */
    const struct session *inside;
    const struct proc *proc;
    struct pidref ref;

    struct salvage_memory salvage; /* of the memory of the process, when it was first backed up */
    bool has_salvage;

    bool has_ended;      /* nothing is proven any more, and saved what there is */
    char loses[192];     /* set by proof_make that fails: what its user may give up; empty: this
                            is no refusal that could be answered so */
    struct buf accepted; /* what its user was told to be in no backup, and took */
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

/* Asks a person. Returns: false where there is nobody. */
bool pinned_session_ask(const struct pinned_session *s, enum sr_question question,
                        const char *text);

/* Says a line to whoever listens. */
void pinned_session_tell(const struct pinned_session *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Marks it as refused. Returns: -EPERM. */
int pinned_session_refuse(struct pinned_session *s, struct sr_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
