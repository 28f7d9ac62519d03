/*
 * process_tree: the processes that a session has started, as they are before it is
 * ended, and which of them somebody may want to keep.
 *
 * Recorded with a pidfd and a start time each, because afterwards their parent
 * is gone and their pids may be given away. Helpers (MCP servers, tool shells
 * and what these run) have nothing to do without their session. What looks
 * wanted (it listens, reads a terminal, is a session itself, or has left the
 * session's tree) is never taken for a helper, nor is anything below it.
 */
#pragma once

#include "agents/agent.h"
#include "platform/process/pidref.h"

#include <stdbool.h>

struct relative {
    struct pidref ref;
    const char *name;
    const char *wanted; /* why it may be: "listens on port 3000"; NULL: a helper */
};

struct process_tree {
    struct relative *items; /* by pid */
    size_t count, capacity;
    bool may_lack; /* what it has started cannot all be read: the rest is not ended, either */
};

struct process_tree_request {
    const struct proc *proc;
    struct arena *arena;
    const struct agent *agent;
    pid_t pid;
    const char *session_id; /* NULL: not known */
    pid_t own_pid;          /* it and its ancestors are nobody's helpers */
};

/*
 * Reads every process once, a few ms for some hundred. Processes that end
 * meanwhile are left out. Returns: 0 or negative errno. Owner: process_tree_release; strings: the
 * arena.
 */
int process_tree_find(const struct process_tree_request *request, struct process_tree *out);
void process_tree_release(struct process_tree *family);

/* Whether a process has a session, or draws or serves one: of any agent, as a tool may start
 * another one's. FACT_UNKNOWN: its program or command line cannot be read. */
enum fact process_tree_is_session(const struct proc *proc, struct arena *a,
                                  const struct proc_stat *stat);
