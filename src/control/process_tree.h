/*
 * process_tree: the processes that a session has started, recorded before it is
 * ended, and which of them somebody may want to keep.
 *
 * Each is recorded with a pidfd and a start time, because afterwards the parent
 * is gone and a pid may belong to another process. Helpers (MCP servers, tool
 * shells and what these run) are of no use without their session. A process that
 * looks wanted (it listens, reads a terminal, is a session itself, or has left
 * the session's tree) is never taken for a helper, nor is anything below it.
 */
#pragma once

#include "agents/agent.h"
#include "platform/process/pidref.h"

#include <stdbool.h>

struct descendant {
    struct pidref ref;
    const char *name;
    const char *wanted; /* why somebody may want it: "listens on port 3000"; NULL: a helper */
};

struct process_tree {
    struct descendant *items; /* by pid */
    size_t count, capacity;
    bool may_lack; /* some of its processes cannot be read: then none is ended */
};

struct process_tree_request {
    const struct proc *proc;
    struct arena *arena;
    const struct agent *agent;
    pid_t pid;
    const char *session_id; /* NULL: not known */
    pid_t own_pid;          /* this program: it and its ancestors are nobody's helpers */
};

/*
 * Reads every process once: a few ms for hundreds. Processes that end meanwhile are left out.
 * Returns: 0 or negative errno. Owner: process_tree_release; strings: the arena.
 */
int process_tree_find(const struct process_tree_request *request, struct process_tree *out);
void process_tree_release(struct process_tree *tree);

/* Whether a process has, draws or serves a session of any agent: a tool may start another agent.
 * FACT_UNKNOWN: its program or command line cannot be read. */
enum fact process_tree_is_session(const struct proc *proc, struct arena *a,
                                  const struct proc_stat *stat);
