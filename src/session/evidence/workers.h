/*
 * workers: which processes below a client work for the session's current turn.
 *
 * A client has children of many kinds, and most say nothing about the turn:
 * servers that live as long as it does, the status line command once a second,
 * background jobs, hooks that nobody waits for. So whether a process works for
 * the turn depends only on the client's own child from which it descends: what
 * that child was started for, and when. Only this module decides that. It reads
 * nothing, and is tested with trees of real clients (tests/fixtures/trees).
 */
#pragma once

#include "agents/agent.h"

#include <stddef.h>
#include <stdint.h>

/* What the session is doing. */
enum work {
    WORK_NONE,       /* nothing that a process could work for, or not known */
    WORK_TOOL,       /* a tool call has no result yet */
    WORK_OFF_RECORD, /* busy with something without records: a user's command, a compaction */
    WORK_REPLY,      /* it asks the model: before that only hooks run */
};

struct workers_work {
    enum work kind;
    int64_t began_ms; /* wall time of the oldest open call, the busy status or the turn */
    int64_t asked_ms; /* wall time of the request to which the model answered with the call: an
                         older process is a job left by an earlier call; 0: not known */
    int64_t now_ms;
};

/* A process of the client's tree. */
struct workers_process {
    int pid, ppid;
    int64_t began_ms;      /* wall time */
    enum agent_child kind; /* only used for the client's own children */
};

enum worker_part {
    WORKER_NO_PART,
    WORKER_OF_TOOL,
    WORKER_OF_HOOK, /* it holds the turn up if the client waits for it, which cannot be seen */
    WORKER_UNTOLD,  /* by its start time it may work for the turn; nothing says what for */
    WORKER_OF_SERVER,
};

enum {
    /* A tool's process starts some milliseconds before or after its call is written down; records
     * are queued for up to 0.1 s. */
    WORKERS_SLACK_MS = 1000,
    /* A hook before a tool starts once the call is written down; a hook of the prompt starts at
     * least 580 ms before that. */
    WORKERS_HOOK_SLACK_MS = 100,
    /* Start times are in ticks, rounded down. A job starts 31 to 89 ms before its call has its
     * result, and the next tool 300 to 600 ms after that (2.1.110 to 2.1.330). */
    WORKERS_TICK_MS = 10,
    /* A client ends its status line command after 5 s (2.1.110 to 2.1.330), so an older process
     * that may be either is a hook. */
    WORKERS_STATUS_LINE_MS = 8000,
};

/*
 * Tells the part of each process. processes: the client first, parents before their children, as
 * from sample_take_tree(). parts: room for count.
 */
void workers_tell(const struct workers_process *processes, size_t count,
                  const struct workers_work *work, enum worker_part *parts);
