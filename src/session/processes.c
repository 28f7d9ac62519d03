#include "session/processes.h"

#include "base/io/fs.h"
#include "platform/host.h"
#include "platform/process/ancestry.h"
#include "platform/terminal/multiplexer.h"
#include "platform/terminal/tty.h"
#include "session/stores/stores.h"
#include "session/stores/watched.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    ZOMBIE_MOMENT_MS =
        100, /* a shell collects its child within a few ms, on a loaded machine too */
};

void live_note(struct live *live, struct arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    *ARENA_PUSH(a, live->notes, live->note_count, live->note_capacity) =
        arena_vprintf(a, format, args);
    va_end(args);
}

static void note_unread(struct live *live, struct arena *a, const char *what, int code)
{
    if (code < 0 && code != -ESRCH)
        live_note(live, a, "%s of %d: %s", what, (int)live->stat.pid, err_reason(code));
}

/* Tells the watcher which process is looked at; false when it is known not to answer:
 * /proc/PID/cmdline waits while the process holds its own memory map locked. */
static bool enter_process(const struct processes_request *q, pid_t pid)
{
    if (!q->options->entering)
        return true;
    char path[32];
    snprintf(path, sizeof path, "/proc/%d", (int)pid);
    return watched_enter(q->options, path);
}

static bool is_wanted(const struct sr_options *options, const struct agent *agent)
{
    return agent_is_among(agent, options->agent);
}

/* Returns: the next agent whose program this may be, by file or name alone. after: NULL: the first.
 */
static const struct agent *agent_to_ask(const struct sr_options *options, const char *exe,
                                        const char *name, const struct agent *after)
{
    bool is_behind = !after;
    for (size_t i = 0; agents[i]; i++) {
        if (is_behind && is_wanted(options, agents[i]) && agents[i]->process->could_be(exe, name))
            return agents[i];
        is_behind = is_behind || agents[i] == after;
    }
    return NULL;
}

/* Returns: NULL where it is not known. */
static const char *namespace_of(const struct processes_request *q, pid_t pid,
                                enum proc_namespace which)
{
    const char *word;
    return proc_read_namespace(q->proc, pid, which, q->arena, &word) < 0 ? NULL : word;
}

struct processes_request processes_request_of(const struct proc *proc, struct arena *a,
                                              const struct sr_options *options)
{
    struct processes_request q = {
        .proc = proc, .arena = a, .options = options, .own_uid = geteuid()};
    q.own_pid_namespace = namespace_of(&q, options->own_pid, PROC_NAMESPACE_PID);
    q.own_mount_namespace = namespace_of(&q, options->own_pid, PROC_NAMESPACE_MOUNTS);
    return q;
}

/* Returns: the namespace of a process where it is known to be another than ours; else NULL. */
static const char *other_namespace(const struct processes_request *q, pid_t pid,
                                   enum proc_namespace which, const char *ours)
{
    const char *theirs = ours ? namespace_of(q, pid, which) : NULL;
    return str_equals(theirs, ours) ? NULL : theirs;
}

static void find_container(const struct processes_request *q, struct live *live)
{
    pid_t pid = live->stat.pid;
    const char *mounts = other_namespace(q, pid, PROC_NAMESPACE_MOUNTS, q->own_mount_namespace);
    live->container = other_namespace(q, pid, PROC_NAMESPACE_PID, q->own_pid_namespace);
    live->own_mounts = mounts != NULL;
    if (!live->container)
        live->container = mounts;
}

static void find_terminal(const struct processes_request *q, struct live *live)
{
    live->tty = tty_name(q->arena, live->stat.tty);
    const char *input;
    if (!live->tty && proc_read_input(q->proc, live->stat.pid, q->arena, &input) == 0)
        live->tty_is_gone = tty_link_is_gone(input);
    if (live->environment_known)
        multiplexer_find(q->proc, &live->environment, live->stat.ppid, q->arena,
                         &live->multiplexer);
}

/*
 * A tool child carries the session that it belongs to. A child that carries
 * the same as the client itself has only inherited it: then the client is a
 * nested one, and that session is its parent's.
 */
static void look_at_child(const struct processes_request *q, struct live *live,
                          const struct proc_stat *child, const char *inherited)
{
    struct proc_strings environment;
    if (!agent_child_variable(live->agent) ||
        proc_read_environ(q->proc, child->pid, q->arena, &environment) < 0)
        return;
    const char *id = agent_variable(&environment, agent_child_variable(live->agent));
    if (!id || !live->agent->stored->is_id(sv_of(id)) || str_equals(id, inherited) ||
        child->start_ticks < live->nested_session_start)
        return;
    live->nested_session_id = id;
    live->nested_session_start = child->start_ticks;
}

static void find_children(const struct processes_request *q, struct live *live)
{
    pid_t *pids;
    size_t count;
    if (proc_read_children(q->proc, live->stat.pid, q->arena, &pids, &count) < 0)
        return;
    live->children = arena_alloc(q->arena, (count + 1) * sizeof *live->children);
    for (size_t i = 0; i < count; i++) {
        struct proc_stat stat;
        if (proc_read_stat(q->proc, pids[i], &stat) < 0)
            continue;
        live->children[live->child_count++] =
            (struct sr_child){pids[i], arena_strdup(q->arena, stat.name)};
        if (live->environment_known)
            look_at_child(q, live, &stat,
                          agent_variable(&live->environment, agent_child_variable(live->agent)));
    }
}

/* Whether a client that the user starts in a shell of their own, told nothing, looks there too: the
 * process may have been given another home. In a container, its home is taken for that of its user.
 */
static bool is_usual_config_dir(const struct processes_request *q, const struct live *live)
{
    const struct proc_strings nothing = {0};
    const char *usual = stores_usual_home(q->options, live->agent).standard;
    bool ignored;
    if (live->own_mounts)
        return true;
    if (live->status.uid != q->own_uid) {
        const char *home = host_home_of(q->arena, live->status.uid);
        usual = live->agent->home->config_dir(q->arena, &nothing, home, &ignored);
    }
    return str_equals(live->config_dir, usual);
}

static void find_config_dir(const struct processes_request *q, struct live *live)
{
    if (!live->environment_known)
        return;
    const char *home = NULL;
    if (!proc_variable(&live->environment, "HOME"))
        home = host_home_of(q->arena, live->status.uid);
    bool is_default = false;
    live->config_dir =
        live->agent->home->config_dir(q->arena, &live->environment, home, &is_default);
    live->config_dir_is_usual = is_default && is_usual_config_dir(q, live);
}

/* What decides whose session it is, and whether the user wants to see it. */
static void find_place(const struct processes_request *q, struct live *live)
{
    struct sv id;
    if (live->agent->process->session_in_argv(&live->argv, &id))
        live->named_session_id = arena_strndup(q->arena, id.p, id.n);
    find_container(q, live);
    find_config_dir(q, live);
}

void processes_describe(const struct processes_request *q, struct live *live)
{
    if (!enter_process(q, live->stat.pid))
        return;
    find_terminal(q, live);
    find_children(q, live);
    watched_leave(q->options);
}

/* A process that may be a session, and could not be told: one that has ended is none. */
static bool miss(const struct processes_request *q, pid_t pid, const char *file, int code)
{
    if (code != -ESRCH && q->problems)
        problems_add(q->problems, arena_printf(q->arena, "/proc/%d/%s", (int)pid, file), code,
                     NULL);
    return false;
}

static bool may_be_seen(const struct processes_request *q, pid_t pid, struct live *live)
{
    int r = proc_read_stat(q->proc, pid, &live->stat);
    if (r < 0)
        return miss(q, pid, "stat", r);
    r = proc_read_status(q->proc, pid, &live->status);
    if (r < 0)
        return miss(q, pid, "status", r);
    return q->own_uid == 0 || live->status.uid == q->own_uid;
}

/* Every process is a zombie for a moment; one that stays so has a parent that does not wait. */
static bool stays_a_zombie(const struct processes_request *q, const struct proc_stat *stat)
{
    struct proc_stat later;
    if (stat->state != 'Z')
        return false;
    nanosleep(&(struct timespec){.tv_nsec = ZOMBIE_MOMENT_MS * 1000000L}, NULL);
    return proc_read_stat(q->proc, stat->pid, &later) == 0 && later.state == 'Z' &&
           later.start_ticks == stat->start_ticks;
}

static void add_namesake(const struct processes_request *q, struct live_list *list,
                         struct live *live)
{
    struct live *slot =
        ARENA_PUSH(q->arena, list->namesakes, list->namesake_count, list->namesake_capacity);
    find_place(q, live);
    *slot = *live;
}

/* As the first agent says that knows it: several may be run by one runtime. is_its: it can be no
 * other's than live->agent's. */
static enum agent_role role_of(const struct processes_request *q, pid_t pid, bool is_its,
                               struct live *live)
{
    struct agent_look look = {live->exe, live->stat.name, &live->argv,
                              live->environment_known ? &live->environment : NULL, FACT_UNKNOWN};
    for (;;) {
        const struct agent *next =
            is_its ? NULL : agent_to_ask(q->options, live->exe, live->stat.name, live->agent);
        look.is_program = agent_is_program(live->agent, q->proc, pid, &look);
        enum agent_role role = agent_role_of(live->agent, q->proc, pid, &look);
        if (role != AGENT_NO || !next)
            return role;
        live->agent = next;
    }
}

/*
 * Reads a process that could be agent's (NULL: to be found out by its program).
 * Returns: true and *out when it is a session of an agent that the caller may see.
 */
static bool look_at(const struct processes_request *q, pid_t pid, const struct agent *agent,
                    bool is_registered, struct live_list *list, struct live *out)
{
    struct live live = {.agent = agent};
    int exe = proc_read_exe(q->proc, pid, q->arena, &live.exe, &live.exe_deleted);
    int stat = exe < 0 ? proc_read_stat(q->proc, pid, &live.stat) : 0;
    if (exe == -ESRCH && !is_registered) /* gone, or a kernel thread */
        return false;
    if (stat < 0)
        return miss(q, pid, "stat", stat);
    if (!agent)
        live.agent = agent_to_ask(q->options, live.exe, live.stat.name, NULL);
    if (!live.agent || !may_be_seen(q, pid, &live))
        return false;
    if (exe == -ESRCH) { /* a zombie has neither program nor arguments left */
        *out = live;
        return stays_a_zombie(q, &live.stat);
    }

    int argv = proc_read_argv(q->proc, pid, q->arena, &live.argv);
    int environment = proc_read_environ(q->proc, pid, q->arena, &live.environment);
    live.environment_known = environment == 0;
    enum agent_role role = role_of(q, pid, agent != NULL, &live);
    if (role == AGENT_NAMESAKE && !is_registered)
        add_namesake(q, list, &live);
    live.role = role == AGENT_UI || role == AGENT_SERVER ? role : AGENT_SESSION;
    if (role == AGENT_HELPER || (role != live.role && !is_registered))
        return argv < 0 ? miss(q, pid, "cmdline", argv) : false;
    note_unread(&live, q->arena, "program", exe);
    note_unread(&live, q->arena, "command line", argv);
    note_unread(&live, q->arena, "environment", environment);
    find_place(q, &live);
    *out = live;
    return true;
}

static struct live *append(struct live_list *list, struct arena *a, const struct live *live)
{
    struct live *slot = ARENA_PUSH(a, list->items, list->count, list->capacity);
    *slot = *live;
    return slot;
}

int processes_find(const struct processes_request *q, struct live_list *out)
{
    pid_t *pids;
    size_t count;
    int r = proc_list(q->proc, q->arena, &pids, &count);
    if (r < 0)
        return r;
    for (size_t i = 0; i < count; i++) {
        struct live live;
        if (pids[i] == q->options->own_pid || !enter_process(q, pids[i]))
            continue;
        if (look_at(q, pids[i], NULL, false, out, &live))
            append(out, q->arena, &live);
    }
    watched_leave(q->options);
    return 0;
}

struct live *processes_add_registered(const struct processes_request *q, const struct agent *agent,
                                      const char *config_dir, pid_t pid, uint64_t start_ticks,
                                      struct live_list *list)
{
    struct live live;
    if (pid == q->options->own_pid || !is_wanted(q->options, agent) || !enter_process(q, pid))
        return NULL;
    bool found = look_at(q, pid, agent, true, list, &live) && live.stat.start_ticks == start_ticks;
    watched_leave(q->options);
    if (found && !live.config_dir)
        live.config_dir = config_dir;
    return found ? append(list, q->arena, &live) : NULL;
}

static struct live *by_pid(struct live_list *list, pid_t pid)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].stat.pid == pid)
            return &list->items[i];
    return NULL;
}

/* Returns: the nearest session above a process, where one can be seen. */
/* What is above it could be followed to the end, and no client is among it. */
static bool has_no_client_above(const struct processes_request *q, struct live_list *list,
                                const struct proc_stat *of)
{
    enum { DEPTH = 64 };
    struct proc_stat at = *of;
    for (int i = 0; i < DEPTH; i++) {
        if (at.ppid <= 1)
            return true;
        if (by_pid(list, at.ppid) || proc_read_stat(q->proc, at.ppid, &at) < 0)
            return false;
    }
    return false;
}

/* It leads a session of its own, as tools do, or has outlived its leader. */
static bool is_first(const struct processes_request *q, const struct proc_stat *stat)
{
    struct proc_stat leader;
    return stat->state != 'Z' &&
           (stat->sid == stat->pid || proc_read_stat(q->proc, stat->sid, &leader) == -ESRCH);
}

static bool is_survivor(const struct processes_request *q, struct live_list *list, pid_t pid,
                        struct survivor *out)
{
    struct proc_stat stat;
    struct proc_strings environment;
    if (proc_read_stat(q->proc, pid, &stat) < 0 || !is_first(q, &stat) || by_pid(list, pid) ||
        proc_read_environ(q->proc, pid, q->arena, &environment) < 0)
        return false;
    for (size_t i = 0; agents[i]; i++) {
        const char *id = agent_variable(&environment, agent_child_variable(agents[i]));
        if (!id || !is_wanted(q->options, agents[i]) || !agents[i]->stored->is_id(sv_of(id)) ||
            !has_no_client_above(q, list, &stat))
            continue;
        *out = (struct survivor){pid, stat.ppid, arena_strdup(q->arena, stat.name), agents[i], id};
        return true;
    }
    return false;
}

void processes_find_survivors(const struct processes_request *q, struct live_list *list,
                              struct survivor **out, size_t *count)
{
    pid_t *pids;
    size_t pid_count, n = 0;
    if (proc_list(q->proc, q->arena, &pids, &pid_count) < 0)
        pid_count = 0;
    struct survivor *found = arena_alloc(q->arena, (pid_count + 1) * sizeof *found);
    for (size_t i = 0; i < pid_count; i++) {
        if (pids[i] == q->options->own_pid || !enter_process(q, pids[i]))
            continue;
        n += is_survivor(q, list, pids[i], &found[n]);
    }
    watched_leave(q->options);
    *out = found;
    *count = n;
}

static struct live *session_above(const struct processes_request *q, struct live_list *list,
                                  const struct live *live)
{
    struct ancestry up = ancestry_of(q->proc, &live->stat);
    while (ancestry_up(&up)) {
        struct live *found = by_pid(list, up.at.pid);
        if (found)
            return found;
    }
    return NULL;
}

static void find_parent(const struct processes_request *q, struct live_list *list,
                        struct live *live)
{
    struct live *above = session_above(q, list, live);
    if (above)
        live->parent_session = above->stat.pid;
    /* started by a tool: its own environment names the session of that tool */
    if (live->environment_known)
        live->parent_session_id =
            agent_variable(&live->environment, agent_child_variable(live->agent));
}

/*
 * Current is every session that this program runs inside: its process is an
 * ancestor of ours, or it sits on a terminal that we or an ancestor are on.
 * sudo and script give what they run another terminal than they were typed on.
 */
static void mark_current(const struct processes_request *q, struct live_list *list)
{
    struct ancestry up;
    if (ancestry_begin(&up, q->proc, q->options->own_pid) < 0) {
        list->unread_above = q->options->own_pid;
        return;
    }
    do {
        for (size_t i = 0; i < list->count; i++) {
            const struct proc_stat *stat = &list->items[i].stat;
            if (stat->pid == up.at.pid || ancestry_is_on_terminal(&up, stat))
                list->items[i].current = true;
        }
    } while (ancestry_up(&up));
    list->unread_above = up.unread;
}

void processes_relate(const struct processes_request *q, struct live_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        find_parent(q, list, &list->items[i]);
    mark_current(q, list);
}
