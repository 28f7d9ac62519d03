/*
 * revive: makes a session move again without ending it, by a plan that is made
 * first and can be shown before anything is done.
 *
 *     struct revive revive;
 *     r = revive_plan(&revive, snapshot, session, &options, &error);
 *     if (r == 0) {
 *         revive_describe(&revive, &text);               --dry-run ends here
 *         r = proof_make(&revive.subject, &proof, &error);     backs up
 *         if (r == 0)
 *             r = revive_run(&revive, proof, &error);
 *         revive_release(&revive);
 *     }
 *
 * The plan is a list of pushes (remedies/remedy.h). Each needs the proof that it
 * loses nothing. The session is looked at again before each push and watched
 * after it; the first push that moves it is the last.
 */
#pragma once

#include "control/proof.h"
#include "control/remedies/remedy.h"

struct revive {
    struct pinned_session subject;
    const struct sr_session *session;
    const struct sr_act_options *options;
    struct arena arena;
    struct remedy *pushes;
    size_t count, capacity;
    struct progress_check movement; /* marked right before the current push */
    struct sr_revive result;
};

/* Pins the process and finds what may be pushed. Returns: 0; -EPERM, -ESRCH and others as
 * sr_revive_process. Owner: revive_release. */
int revive_plan(struct revive *r, struct sr_snapshot *snapshot, const struct sr_session *session,
                const struct sr_act_options *options, struct sr_error *error);

/* Adds what revive_run would do, one numbered line per step. */
void revive_describe(const struct revive *r, struct buf *out);

/* Asks, then gives the pushes. */
int revive_run(struct revive *r, const struct proof *proof, struct sr_error *error)
    __attribute__((nonnull(1, 2)));

void revive_release(struct revive *r);

/* All of the above, as sr_revive_process. With a plan it only adds what would be done. */
int revive_session(struct sr_snapshot *snapshot, const struct sr_session *session,
                   const struct sr_act_options *options, struct buf *plan, struct sr_revive *out,
                   struct sr_error *error);

/* The evidence that the session was judged by. */
const struct evidence *revive_evidence(const struct revive *r);
/* The evidence of a second look. */
const struct evidence *revive_evidence_now(const struct pinned_session_now *now);
