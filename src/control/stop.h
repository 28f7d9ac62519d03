/*
 * stop: a session's process ended, by a plan that is made first and can be
 * read before anything is done.
 *
 *     struct stop stop;
 *     r = stop_plan(&stop, snapshot, session, &options, &error);
 *     if (r == 0) {
 *         stop_describe(&stop, &text);               --dry-run ends here
 *         r = proof_make(&stop.subject, &proof, &error);     backs up
 *         if (r == 0)
 *             r = stop_run(&stop, proof, &error);
 *         stop_release(&stop);
 *     }
 *
 * Both go through the same table of steps. The process is pinned before
 * anything is read about it again, and no signal is sent without the proof that
 * nothing is lost by it, whoever asks.
 */
#pragma once

#include "base/str.h"
#include "control/keyboard.h"
#include "control/process_tree.h"
#include "control/proof.h"
#include "platform/terminal/terminal_hold.h"

#include <signal.h>

struct stop {
    struct pinned_session subject;
    const struct sr_session *session;
    const struct sr_act_options *options;
    struct arena arena;
    struct process_tree family; /* as it was when the plan was made, then again before SIGTERM */
    struct terminal_hold hold;  /* fd -1: none */
    struct keyboard keyboard;
    bool can_come_to_front; /* stopped behind its shell, which fg can be typed into */
    bool is_signalled;
    sigset_t mask; /* of the caller, while signals are held back */
    struct sr_kill result;
};

/* Pins the process and refuses where it may not be ended: -EPERM; -ESRCH: it is not there any
 * more. Owner: stop_release. */
int stop_plan(struct stop *stop, struct sr_snapshot *snapshot, const struct sr_session *session,
              const struct sr_act_options *options, struct sr_error *error);

/* What stop_run would do, a numbered line a step. */
void stop_describe(const struct stop *stop, struct buf *out);

/*
 * Does all but the first step, the backup, and stops at the first step that fails before SIGTERM;
 * after it, goes on with the rest and returns the first failure. From SIGTERM on, SIGINT ends the
 * wait and does not end us; SIGTERM and SIGHUP wait.
 */
int stop_run(struct stop *stop, const struct proof *proof, struct sr_error *error)
    __attribute__((nonnull(1, 2)));

void stop_release(struct stop *stop);

/* All of the above, as sr_kill_process. plan not NULL: adds only what would be done. */
int stop_session(struct sr_snapshot *snapshot, const struct sr_session *session,
                 const struct sr_act_options *options, struct buf *plan, struct sr_kill *out,
                 struct sr_error *error);
