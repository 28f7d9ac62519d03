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
 *         collect_connection(snap, session, &sockets, &evidence);
 *     if (rules_suspect(&evidence)) {
 *         collect_begin(snap, session, &observation);
 *         ... COLLECT_SAMPLE_MS for all of them together ...
 *         collect_end(snap, &observation, &evidence);
 *     }
 */
#pragma once

#include "platform/process/sample.h"
#include "platform/socket/sock.h"
#include "session/discover.h"
#include "session/evidence/evidence.h"

/* Long enough to tell a spinner (85 wake-ups a second) from rest (7 at most). */
enum { COLLECT_SAMPLE_MS = 400 };
/* A process that got no CPU is observed for longer, in steps: 3 s in all. */
enum { COLLECT_STARVED_STEPS = 6 };

/* All TCP connections at one moment; read once for a look at many sessions. */
struct collect_sockets {
    struct sock_list list;
    bool is_known;
};

struct observation {
    const struct session *session;
    struct sample_tree first;
    bool began;
};

/* How often, and for how long at most, a watched connection is looked at. rules_want_watch() may
 * end it before. */
enum { COLLECT_WATCH_STEP_MS = 100, COLLECT_WATCH_MS = 6000 };

/* At least this much sent is a request: it carries the system prompt and the tools, 60 kB and more.
 * Telemetry to the same port is far smaller. */
enum { COLLECT_REQUEST_BYTES = 16 * 1024 };

/* The status in the client's registration; r NULL: it has none. */
enum client_status client_status_of(const struct agent_registration *r);

void collect_sockets(struct snapshot *snap, struct collect_sockets *out);

/*
 * The session's connections to the port of its model, the likeliest to carry the current request
 * first. Returns: 0, or negative errno when they cannot be seen. Owner: the arena, and sockets.
 */
int collect_model_sockets(const struct snapshot *snap, const struct session *s,
                          const struct collect_sockets *sockets, struct arena *a,
                          const struct sock ***items, size_t *count);

void collect_first(struct snapshot *snap, const struct session *s, int64_t patience_s,
                   struct evidence *out);

/* The connection to the model, as part of the first look. */
void collect_connection(struct snapshot *snap, const struct session *s,
                        const struct collect_sockets *sockets, struct evidence *e);

void collect_begin(struct snapshot *snap, const struct session *s, struct observation *out);

/* sockets: read at the end of the observation. */
void collect_end(struct snapshot *snap, const struct observation *o,
                 const struct collect_sockets *sockets, struct evidence *e);

/*
 * Reads what its terminal shows, if that can be read (tmux): a retry, a limit. Runs one process.
 * Returns: 0, also when there is nothing to read; -ETIMEDOUT: a tmux server does not answer, and
 * the caller should not ask again.
 */
int collect_screen(struct snapshot *snap, const struct session *s, struct evidence *e);

/* One look at a watched connection, watched_ms after the first. */
void collect_watch(struct snapshot *snap, const struct session *s,
                   const struct collect_sockets *sockets, int64_t watched_ms, struct evidence *e);
