/*
 * workers: which processes below a client work for what its session is at.
 *
 * A client has children of many kinds, and most of them say nothing of the
 * turn: servers that live as long as it does, what draws the status line once a
 * second, jobs in the background, hooks that nobody waits for. So a process has
 * a part in the work only by the child of the client that it descends from
 * (its chain): what that child was started for, and when. Told here and nowhere
 * else; pure, and tested by trees of real clients (tests/fixtures/trees).
 */
#pragma once

#include "agents/agent.h"

#include <stddef.h>
#include <stdint.h>

/* What the session is at. */
enum work {
    WORK_NONE,       /* nothing that a process could work for, or not known */
    WORK_TOOL,       /* a tool is open */
    WORK_OFF_RECORD, /* busy with what leaves no record: a command of the user's, a compaction */
    WORK_REPLY,      /* it asks the model: only hooks run before that */
};

struct workers_work {
    enum work kind;
    int64_t began_ms; /* wall time: of the oldest open call, of the busy status, of the turn */
    int64_t asked_ms; /* wall time: of what the model was asked with, which then called the tool: a
                         process of before is a job that an earlier call left; 0: not known */
    int64_t now_ms;
};

/* A process of the client's tree. */
struct workers_process {
    int pid, ppid;
    int64_t began_ms;      /* wall time */
    enum agent_child kind; /* of a child of the client's own; of others it is not looked at */
};

enum worker_part {
    WORKER_NO_PART,
    WORKER_OF_TOOL,
    WORKER_OF_HOOK, /* it holds the work up if the client waits for it: that is not to be seen */
    WORKER_UNTOLD,  /* started for the work by its time, for what cannot be told */
    WORKER_OF_SERVER,
};

enum {
    /* A tool's process is started some milliseconds before or after its call is written down;
     * records are queued for up to 0.1 s. */
    WORKERS_SLACK_MS = 1000,
    /* A hook before a tool is started once its call is there; one of the prompt was started 580 ms
     * and more before that. */
    WORKERS_HOOK_SLACK_MS = 100,
    /* Start times are kept in ticks, rounded down. A job was started 31 to 89 ms before its call
     * had its result, and the next tool 300 to 600 ms after that (2.1.110 to 2.1.330). */
    WORKERS_TICK_MS = 10,
    /* A client ends what draws its status line after 5 s (2.1.110 to 2.1.330): what looks like
     * that or a hook is a hook once it is older. */
    WORKERS_STATUS_LINE_MS = 8000,
};

/*
 * The part of each process. processes: the client first, parents before their children, as
 * sample_take_tree() has them. parts: room for count.
 */
void workers_tell(const struct workers_process *processes, size_t count,
                  const struct workers_work *work, enum worker_part *parts);
