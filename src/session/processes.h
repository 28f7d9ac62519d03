/*
 * processes: the live processes of agents, and what each says about itself.
 *
 * Nothing here reads an agent's store: a process is recognised by its program
 * and command line; its config directory, session and parent come from its
 * environment and its place in the process tree.
 */
#pragma once

#include "agents/agent.h"
#include "base/problems.h"
#include "platform/process/proc.h"
#include "session_rescue.h"

/* A live process of an agent. Owner of strings: the arena. */
struct live {
    const struct agent *agent;
    struct proc_stat stat;
    struct proc_status status;
    const char *exe; /* NULL: we may not read it */
    bool exe_deleted;
    struct proc_strings argv, environment;
    bool environment_known;
    const char *config_dir;   /* as the process names it; NULL: not known */
    bool config_dir_is_usual; /* the default place of its user's clients */
    const char *tty;
    bool tty_is_gone; /* its standard input was a terminal that no longer exists */
    struct sr_multiplexer multiplexer;
    const char *container; /* its pid or mount namespace; NULL: ours */
    bool own_mounts;       /* read its paths below /proc/PID/root */
    bool current;
    enum agent_role role; /* AGENT_SESSION, AGENT_UI or AGENT_SERVER */
    pid_t parent_session; /* pid of the session that started it; 0: none */
    const char *parent_session_id;
    const char *named_session_id;  /* from its command line */
    const char *nested_session_id; /* from its newest tool child */
    uint64_t nested_session_start; /* start time of that child, in ticks */
    struct sr_child *children;
    size_t child_count;
    const char **notes;
    size_t note_count, note_capacity;
};

struct live_list {
    struct live *items;
    size_t count, capacity;
    /* set by processes_relate: this program or an ancestor of it that cannot be read, so that a
     * current session may not be known as such; 0: all could be read */
    pid_t unread_above;
    /* Processes with a client's name that are not a known build of it. */
    struct live *namesakes;
    size_t namesake_count, namesake_capacity;
};

/* What a look at processes needs. Calls options->entering before a read that could get stuck. */
struct processes_request {
    const struct proc *proc;
    struct arena *arena;
    const struct sr_options *options;
    uid_t own_uid;             /* root (0) sees every user's */
    struct problems *problems; /* gets what may be a session and cannot be read; NULL: not wanted */
    /* of this program; NULL: not known */
    const char *own_pid_namespace, *own_mount_namespace;
};

/* Returns: a request on behalf of options->own_pid. */
struct processes_request processes_request_of(const struct proc *proc, struct arena *a,
                                              const struct sr_options *options);

/* Returns: 0 or negative errno. Processes that end meanwhile are left out. */
int processes_find(const struct processes_request *request, struct live_list *out);

/*
 * Adds a process that recognition passed over but its agent's registry (in
 * config_dir) names. Returns: its place in the list; NULL when it is gone,
 * another user's, a helper, or has another start time.
 */
struct live *processes_add_registered(const struct processes_request *request,
                                      const struct agent *agent, const char *config_dir, pid_t pid,
                                      uint64_t start_ticks, struct live_list *list);

/* A process that a tool of a session started, and that no client is above any more. */
struct survivor {
    pid_t pid, ppid;
    const char *name;
    const struct agent *agent;
    const char *session_id;
};

/* By the variable that an agent gives its tools, of processes that lead a session of their own, or
 * outlived its leader. One that cannot be looked at is left out. */
void processes_find_survivors(const struct processes_request *request, struct live_list *list,
                              struct survivor **out, size_t *count);

/* Fills in terminal, pane and children, for a process that will be listed. */
void processes_describe(const struct processes_request *request, struct live *live);

/* Fills in parents and the current session, once the list is complete. */
void processes_relate(const struct processes_request *request, struct live_list *list);

void live_note(struct live *live, struct arena *a, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
