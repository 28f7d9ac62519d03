/*
 * pinned_session: the session that a command is about to act on. It is pinned, refused
 * if it may not be touched, and looked at again right before the act.
 *
 *     struct pinned_session subject = {.snapshot = ..., .options = &options, .result = &result};
 *     r = pinned_session_pin(&subject, &error);          the process that was listed, and no other
 *     r = proof_make(&subject, &proof, &error);   nothing is lost by it (proof.h)
 *     r = pinned_session_look_again(&subject, proof, true, &now, &error);
 *     ... the act ...
 *     pinned_session_release(&subject);
 *
 * --kill and --revive both begin this way.
 */
#pragma once

#include "backup/salvage_memory.h"
#include "platform/process/pidref.h"
#include "session/discover.h"

struct pinned_session {
    /* set by the caller; must live as long as the subject */
    struct sr_snapshot *snapshot;
    const struct sr_session *session;
    const struct sr_act_options *options;
    struct sr_act *result; /* what was done so far */

    /* set by pinned_session_pin */
    const struct session *inside;
    const struct proc *proc;
    struct pidref ref;

    struct salvage_memory salvage; /* from the memory of the process, at the first backup */
    bool has_salvage;

    bool has_ended;      /* the process is gone: no proof is needed, and what is left is saved */
    char loses[192];     /* set when proof_make refuses: what the user may give up to go on; empty:
                            giving up is no answer to this refusal */
    struct buf accepted; /* what the user was told is in no backup, and accepted to lose */
};

/* Pins the process, and checks it. Returns: 0; -ESRCH: it is gone, which counts as a refusal; as
 * pinned_session_check. Owner, also then: pinned_session_release. */
int pinned_session_pin(struct pinned_session *s, struct sr_error *error);
void pinned_session_release(struct pinned_session *s);

/*
 * May it be touched? Read afresh at each call. Refused are: the session or terminal that this
 * program runs in, an ancestor of this program, another user's process, a process held by a
 * debugger. Returns: 0, -EPERM, -ESRCH.
 */
int pinned_session_check(struct pinned_session *s, struct sr_error *error);

/* A session of the same process: one may run several. */
bool pinned_session_is_its(const struct pinned_session *s, const struct sr_session *session);

/* A second look, and the same process in it. */
struct pinned_session_now {
    struct sr_snapshot *snapshot;
    const struct sr_session *session;
};

struct proof;

/*
 * Looks at the machine again. judged: with a verdict. Returns: 0; -EAGAIN: the process no longer
 * holds the session of the proof, which counts as a refusal. Owner of *now: pinned_session_forget.
 */
int pinned_session_look_again(struct pinned_session *s, const struct proof *proof, bool judged,
                              struct pinned_session_now *now, struct sr_error *error)
    __attribute__((nonnull(1, 2, 4)));
void pinned_session_forget(struct pinned_session_now *now);

/* Asks a person. Returns: false for no, or when there is nobody to ask. */
bool pinned_session_ask(const struct pinned_session *s, enum sr_question question,
                        const char *text);

/* Reports a line through the options' callback, if there is one. */
void pinned_session_tell(const struct pinned_session *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Marks it as refused. Returns: -EPERM. */
int pinned_session_refuse(struct pinned_session *s, struct sr_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
