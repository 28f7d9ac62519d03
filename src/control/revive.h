/*
 * revive: makes a session move again without ending it, by a plan that is made
 * first and can be shown before anything is done.
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
    struct progress_check progress; /* marked right before the current push */
    struct sr_revive result;
};

/* As sr_revive_process. With a plan it does nothing, and only adds what would be done, a numbered
 * line for each step. */
int revive_session(struct sr_snapshot *snapshot, const struct sr_session *session,
                   const struct sr_act_options *options, struct buf *plan, struct sr_revive *out,
                   struct sr_error *error);

/* The evidence that the session was judged by. */
const struct evidence *revive_evidence(const struct revive *r);
/* The evidence of a second look. */
const struct evidence *revive_evidence_now(const struct pinned_session_now *now);
