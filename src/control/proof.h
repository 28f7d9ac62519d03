/*
 * proof: that an act on a session loses nothing.
 *
 * Every function that signals or pushes a session takes a proof. There are three
 * kinds:
 *
 *   sealed   there are verified backups of every session that it may be
 *   empty    it holds nothing that could be lost: everything was looked at, and
 *            everything could be read
 *   waived   its user gave it up by name
 *
 * Only proof.c can make one: elsewhere the type is incomplete. When there is no
 * proof the act is refused, and the error says what could not be read, why, and
 * what to do. --force does not replace a proof.
 *
 *     struct proof *proof;
 *     r = proof_make(&subject, &proof, &error);
 *     if (r == 0) {
 *         r = run(&stop, proof, &error);
 *         proof_release(proof);
 *     }
 */
#pragma once

#include "control/pinned_session.h"

/* How much of a session's id is given to give it up. */
enum { PROOF_GIVEN_LENGTH = 8 };

/*
 * Backs the session up, with what only its memory holds, and verifies the backup. When it is not
 * known which session it is, backs up every one that it may be. The outcome is in the subject's
 * result. Owner: proof_release.
 * Returns: 0; -EPERM: refused, because something may be lost, or nobody is there to ask and there
 * is no --force; another negative errno: the backup failed.
 */
int proof_make(struct pinned_session *s, struct proof **out, struct sr_error *error);

/*
 * For a dry run: what proof_make would return, by the same code. Copies, writes, tells and asks
 * nothing; a question counts as answered with yes.
 */
int proof_foresee(struct pinned_session *s, struct sr_error *error);

/*
 * Gives the session up, with whatever of it is in no backup. given: what the user typed for this
 * one session, the first eight characters of its id. Returns: 0; -EPERM: they do not match, or it
 * is not known which session it is.
 */
int proof_waive(struct pinned_session *s, const char *given, struct proof **out,
                struct sr_error *error);

/*
 * Does the proof still hold for the session that a second look found in the process? Reads again
 * what the proof rests on. Returns: 0; -EAGAIN: refused, with the reason.
 */
int proof_check(const struct proof *p, struct pinned_session *s,
                const struct pinned_session_now *now, struct sr_error *error)
    __attribute__((nonnull(1, 2, 3)));

/* After the process has ended: backs up what it wrote last. Returns: as proof_make. */
int proof_save_again(struct pinned_session *s, struct sr_error *error);

void proof_release(struct proof *p);
