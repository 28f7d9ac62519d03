/*
 * discover: one look at the machine, put together.
 *
 * struct snapshot is what the library hands out as struct sr_snapshot, with
 * what only the inside needs behind it.
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
    struct unseen *unseen;   /* clients that are named and not seen: session/unseen.h */
    size_t unseen_count;
    bool is_blind;            /* /proc shows not even this program */
    bool may_lack_others;     /* shown.may_lack_sessions, but for those */
    struct session *sessions; /* one for each of shown.sessions, in the same order */
};

/* The inside of what sr_detect_processes returned. */
struct snapshot *snapshot_of(struct sr_snapshot *shown);
/* Returns: the first thing that could not be looked at and may hide a session; NULL: there is none.
 */
const char *snapshot_doubt(const struct snapshot *snap);
