/*
 * processes: the live processes of agents, and what each says about itself.
 *
 * Nothing here reads an agent's files: a process is recognised by its program
 * and command line; its config directory, session and parent are read off its
 * environment and its place in the process tree.
 */
#pragma once

#include "agents/agent.h"
#include "base/problems.h"
#include "platform/process/proc.h"
#include "session_rescue.h"

/* A live process of an agent. Strings: the arena's. */
struct live {
    const struct agent *agent;
    struct proc_stat stat;
    struct proc_status status;
    const char *exe; /* NULL: may not be read */
    bool exe_deleted;
    struct proc_strings argv, environment;
    bool environment_known;
    const char *config_dir;   /* as the process names it; NULL: not known */
    bool config_dir_is_usual; /* its user's clients look there too when they are told nothing */
    const char *tty;
    bool tty_is_gone; /* its standard input was a terminal that no longer exists */
    struct sr_multiplexer multiplexer;
    const char *container; /* its pid or mount namespace, where it is not ours */
    bool own_mounts;       /* its paths are to be read below /proc/PID/root */
    bool current;
    enum agent_role role; /* AGENT_SESSION, AGENT_UI or AGENT_SERVER */
    pid_t parent_session; /* pid of the session that it was started by; 0: none */
    const char *parent_session_id;
    const char *named_session_id;  /* on its command line */
    const char *nested_session_id; /* that its newest tool child carries */
    uint64_t nested_session_start; /* start time of that child, in ticks */
    struct sr_child *children;
    size_t child_count;
    const char **notes;
    size_t note_count, note_capacity;
};

struct live_list {
    struct live *items;
    size_t count, capacity;
    /* processes_relate: a process at or above the asking one that cannot be read, so that not
     * every current session is known to be one; 0: all were */
    pid_t unread_above;
    /* Processes that are called as a client is, and are none that is known. */
    struct live *namesakes;
    size_t namesake_count, namesake_capacity;
};

/* What looking at processes needs; entering is told before a read that could get stuck. */
struct processes_request {
    const struct proc *proc;
    struct arena *arena;
    const struct sr_options *options;
    uid_t own_uid; /* root (0) sees every user's */
    struct problems
        *problems; /* gets what may be a session and cannot be read; NULL: nobody asks */
    /* of the asking process; NULL: not known */
    const char *own_pid_namespace, *own_mount_namespace;
};

/* Returns: the request of the process that options name. */
struct processes_request processes_request_of(const struct proc *proc, struct arena *a,
                                              const struct sr_options *options);

/* Returns: 0 or negative errno. Processes that end meanwhile are left out. */
int processes_find(const struct processes_request *request, struct live_list *out);

/*
 * Looks at one process that recognition passed over, because its agent's
 * registry (in config_dir) names it. Returns: its place in the list, NULL when it is gone,
 * another's, a helper, or not the process with that start time.
 */
struct live *processes_add_registered(const struct processes_request *request,
                                      const struct agent *agent, const char *config_dir, pid_t pid,
                                      uint64_t start_ticks, struct live_list *list);

/* Its terminal, pane and children: for those that are to be listed. */
void processes_describe(const struct processes_request *request, struct live *live);

/* Parents and the current session, once the list is complete. */
void processes_relate(const struct processes_request *request, struct live_list *list);

void live_note(struct live *live, struct arena *a, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
