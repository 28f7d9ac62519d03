/*
 * members: the processes of a session's tree over a look: what each used, what it waits for, and
 * what part it has in the session's work (workers.h).
 */
#pragma once

#include "platform/process/sample.h"
#include "session/discover.h"
#include "session/evidence/evidence.h"
#include "session/evidence/workers.h"

/* A member of the observed tree, in both samples. */
struct member {
    const struct sample *now;
    struct sample_usage used; /* since the first sample; all of it where the member is new */
    enum agent_child kind;    /* of a child of the client's own */
    enum worker_part part;
    struct sample_wait wait;
};

/* Of one look at one session. Owner: the snapshot's arena. */
struct members {
    struct snapshot *snap;
    const struct session *session;
    struct member *items; /* the client first */
    size_t count;
};

/* What the session is at, and since when. What leaves no record (a hook that a prompt starts, a
 * compaction) was begun when the client called itself busy. */
struct workers_work members_work(const struct snapshot *snap, const struct session *s,
                                 const struct evidence *e);

/* Sets kind and part of each. */
void members_tell(struct members *all, const struct workers_work *work);

/* Returns: NULL: none of them. */
const struct member *members_find(const struct members *all, pid_t pid);

/* What a member does. */
struct worker members_worker(const struct members *all, const struct member *m);

/* One worker a tool: its most telling process. Shells that only wait for a child say nothing.
 * is_whole: no process of the tree is hidden; one that is may be at work for those that are not. */
void members_collect_workers(const struct members *all, bool is_whole, struct evidence *e);
