/*
 * revive: a session brought to move again without being ended, by a plan that
 * is made first and can be read before anything is done.
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
 * The plan is a list of pushes (remedies/remedy.h). None is given without the proof that
 * nothing is lost by it; before each, the session is looked at again; after each
 * it is watched, and the first that moves it is the last.
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
    struct progress_check movement; /* since right before the push that is being given */
    struct sr_revive result;
};

/* Pins the process, and finds what may be pushed: -EPERM, -ESRCH and others as sr_revive_process.
 * Owner: revive_release. */
int revive_plan(struct revive *r, struct sr_snapshot *snapshot, const struct sr_session *session,
                const struct sr_act_options *options, struct sr_error *error);

/* What revive_run would do, a numbered line a step. */
void revive_describe(const struct revive *r, struct buf *out);

/* Asks, and gives the pushes. */
int revive_run(struct revive *r, const struct proof *proof, struct sr_error *error)
    __attribute__((nonnull(1, 2)));

void revive_release(struct revive *r);

/* All of the above, as sr_revive_process. plan not NULL: adds only what would be done. */
int revive_session(struct sr_snapshot *snapshot, const struct sr_session *session,
                   const struct sr_act_options *options, struct buf *plan, struct sr_revive *out,
                   struct sr_error *error);

/* What the session was judged by. */
const struct evidence *revive_evidence(const struct revive *r);
/* The same of a second look. */
const struct evidence *revive_evidence_now(const struct pinned_session_now *now);
