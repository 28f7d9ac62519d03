/*
 * collect: gathers the evidence about a session, in two looks.
 *
 * The first uses what a listing has read anyway and, for a session that may be
 * waiting for its model, the age of the last byte received. The second observes
 * processes for a moment: what they use and what they wait for. All suspects are
 * observed together.
 *
 *     collect_first(snap, session, patience_s, &evidence);
 *     if (rules_want_connection(&evidence))
 *         connection_collect(snap, session, &sockets, &evidence);
 *     if (rules_suspect(&evidence)) {
 *         collect_begin(snap, session, &observation);
 *         ... COLLECT_SAMPLE_MS for all of them together ...
 *         collect_end(snap, &observation, &evidence);
 *     }
 */
#pragma once

#include "platform/process/sample.h"
#include "session/discover.h"
#include "session/evidence/connection.h"

/* Long enough to tell a spinner (85 wake-ups a second) from rest (7 at most). */
enum { COLLECT_SAMPLE_MS = 400 };
/* A process that got no CPU is observed for longer, in steps: 3 s in all. */
enum { COLLECT_STARVED_STEPS = 6 };

struct observation {
    const struct session *session;
    struct sample_tree first;
    bool began;
};

/* The status in the client's registration; r NULL: it has none. */
enum client_status client_status_of(const struct agent_registration *r);

void collect_first(struct snapshot *snap, const struct session *s, int64_t patience_s,
                   struct evidence *out);

void collect_begin(struct snapshot *snap, const struct session *s, struct observation *out);

/* sockets: read at the end of the observation. */
void collect_end(struct snapshot *snap, const struct observation *o,
                 const struct connection_list *sockets, struct evidence *e);

/*
 * Reads what its terminal shows, if that can be read (tmux): a retry, a limit. Runs one process.
 * Returns: 0, also when there is nothing to read; -ETIMEDOUT: a tmux server does not answer, and
 * the caller should not ask again.
 */
int collect_screen(struct snapshot *snap, const struct session *s, struct evidence *e);
