/*
 * connection: a session's connection to its model: how long ago something was sent and received.
 */
#pragma once

#include "platform/socket/sock.h"
#include "session/discover.h"
#include "session/evidence/evidence.h"

/* All TCP connections at one moment; read once for a look at many sessions. */
struct connection_list {
    struct sock_list list;
    bool is_known;
};

/* How often, and for how long at most, a watched connection is looked at. rules_want_watch() may
 * end it before. */
enum { CONNECTION_WATCH_STEP_MS = 100, CONNECTION_WATCH_MS = 6000 };

/* At least this much sent is a request: it carries the system prompt and the tools, 60 kB and more.
 * Telemetry to the same port is far smaller. */
enum { CONNECTION_REQUEST_BYTES = 16 * 1024 };

/* Sets is_known to whether all of them could be read. */
void connection_list_all(struct snapshot *snap, struct connection_list *out);

/*
 * The session's connections to the port of its model, the likeliest to carry the current request
 * first. Returns: 0, or negative errno when they cannot be seen. Owner: the arena, and sockets.
 */
int connection_find(const struct snapshot *snap, const struct session *s,
                    const struct connection_list *sockets, struct arena *a,
                    const struct sock ***items, size_t *count);

/*
 * The process's connection to the model's port on which the last request went
 * out. Pooled ones that are idle were used longer ago.
 */
void connection_collect(struct snapshot *snap, const struct session *s,
                        const struct connection_list *sockets, struct evidence *e);

/* One look at a watched connection, watched_ms after the first. */
void connection_watch(struct snapshot *snap, const struct session *s,
                      const struct connection_list *sockets, int64_t watched_ms,
                      struct evidence *e);
