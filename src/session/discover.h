/*
 * discover: one look at the machine, put together.
 *
 * struct snapshot is the public struct sr_snapshot followed by internal members.
 */
#pragma once

#include "base/sleeps.h"
#include "session/session.h"

struct snapshot {
    struct sr_snapshot shown; /* first: a pointer to it is a pointer to the whole */
    struct arena arena;
    struct problems problems;
    struct proc proc;
    struct stores stores;
    struct sr_sleeps sleeps; /* none for a captured copy of /proc */
    struct unseen *unseen;   /* registered clients that no process shows: session/unseen.h */
    size_t unseen_count;
    struct unseen *gone_clients; /* still registered, and known to be gone: likewise, with no why */
    size_t gone_client_count, gone_client_capacity;
    struct survivor *survivors; /* looked for where stored sessions are listed */
    size_t survivor_count;
    bool is_blind;            /* /proc does not even show this program */
    bool may_lack_others;     /* shown.may_lack_sessions for other reasons than unseen */
    struct session *sessions; /* one for each of shown.sessions, in the same order */
    size_t live_count;        /* those that a process has come first */
};

/* The whole snapshot behind the public one that sr_detect_processes returned. */
struct snapshot *snapshot_of(struct sr_snapshot *shown);
/* Returns: the first thing that could not be looked at and may hide a session; NULL: none. */
const char *snapshot_doubt(const struct snapshot *snap);
/* The same, of processes alone. */
const char *snapshot_doubt_of_processes(const struct snapshot *snap);
