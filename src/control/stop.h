/*
 * stop: ends a session's process, by a plan that is made first and can be
 * shown before anything is done.
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
 * stop_describe and stop_run use the same table of steps. The process is pinned
 * before anything is read about it again. No signal is sent without the proof
 * that nothing is lost.
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
    const struct sr_session **others; /* that the same process runs, and of which something is
                                         written: they end with it */
    size_t other_count;
    struct process_tree family; /* as it was when the plan was made, then again before SIGTERM */
    struct terminal_hold hold;  /* fd -1: none */
    struct keyboard keyboard;
    bool can_come_to_front; /* it is stopped, and fg can be typed into its shell */
    bool is_signalled;
    sigset_t mask; /* the caller's, while signals are held back */
    struct sr_kill result;
};

/* Pins the process. Returns: 0; -EPERM: it may not be ended; -ESRCH: it is gone. Owner:
 * stop_release. */
int stop_plan(struct stop *stop, struct sr_snapshot *snapshot, const struct sr_session *session,
              const struct sr_act_options *options, struct sr_error *error);

/* Adds what stop_run would do, one numbered line per step. */
void stop_describe(const struct stop *stop, struct buf *out);

/*
 * Does all steps but the first, the backup. Before SIGTERM is sent, the first failure ends it;
 * after that it does the rest and returns the first failure. From SIGTERM on, SIGINT ends only the
 * wait, and SIGTERM and SIGHUP to this program are held back until the end.
 */
int stop_run(struct stop *stop, const struct proof *proof, struct sr_error *error)
    __attribute__((nonnull(1, 2)));

void stop_release(struct stop *stop);

/* All of the above, as sr_kill_process. With a plan it only adds what would be done. */
int stop_session(struct sr_snapshot *snapshot, const struct sr_session *session,
                 const struct sr_act_options *options, struct buf *plan, struct sr_kill *out,
                 struct sr_error *error);
