/*
 * proof: that nothing is lost by what is about to be done to a session.
 *
 * Whatever signals or pushes a session takes one, and there are three, no more:
 *
 *   sealed   there are verified backups of all that it may be
 *   empty    it holds nothing that could be lost: looked for everywhere, and
 *            nothing could not be read
 *   waived   its user gave it up by name
 *
 * Only proof.c can make one: elsewhere the type is incomplete. Where none can
 * be made the subject is refused, and the error says what could not be read,
 * why, and what to do. force does not make one.
 *
 *     struct proof *proof;
 *     r = proof_make(&subject, &proof, &error);
 *     if (r == 0) {
 *         r = stop_run(&stop, proof, &result, &error);
 *         proof_release(proof);
 *     }
 */
#pragma once

#include "control/pinned_session.h"

/* How much of a session's id is given to give it up. */
enum { PROOF_GIVEN_LENGTH = 8 };

/*
 * Backs the session up, with what only its memory holds, and verifies that;
 * where it is not known which session it is, all that it may be. What came of it
 * is in the subject's result. Owner: proof_release.
 * Returns: 0; -EPERM: refused, as it is not known whether something would be
 * lost, or there is nobody to ask whether to go on, and no force; another negative errno: the
 * backup could not be made.
 */
int proof_make(struct pinned_session *s, struct proof **out, struct sr_error *error);

/*
 * For a dry run: what proof_make would return, by the same code; nothing is copied, written, told
 * or asked, and who would be asked is taken to say yes.
 */
int proof_foresee(struct pinned_session *s, struct sr_error *error);

/*
 * The session is given up, with whatever of it is in no backup. given: what its
 * user typed for just this one, the first eight characters of its id. Returns:
 * 0; -EPERM: they are others, or it is not known which session it is.
 */
int proof_waive(struct pinned_session *s, const char *given, struct proof **out,
                struct sr_error *error);

/*
 * Does it still speak of the session that a second look found in the process?
 * Reads again what it rests on. Returns: 0; -EAGAIN: refused, and why.
 */
int proof_check(const struct proof *p, struct pinned_session *s,
                const struct pinned_session_now *now, struct sr_error *error)
    __attribute__((nonnull(1, 2, 3)));

/* Once it has ended: what it wrote last is backed up too. Returns: as proof_make. */
int proof_save_again(struct pinned_session *s, struct sr_error *error);

void proof_release(struct proof *p);
