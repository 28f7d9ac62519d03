#include "app/invoker.h"

#include "agents/agent.h"
#include "app/context.h"
#include "base/arena.h"
#include "base/str.h"
#include "platform/host.h"
#include "platform/privilege.h"
#include "platform/process/ancestry.h"
#include "platform/process/proc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct invoker {
    uid_t uid;
    gid_t gid;
    const char *name, *home;
    bool is_seen; /* a process above this one is theirs, or a set-uid program of root's */
    struct proc_strings environment; /* that sudo was started with; empty: not known */
};

/* What the user may have exported, and this program or one that it runs asks for; and the agents'.
 */
static const char *const restored[] = {
    "SESSION_RESCUE_PENDING_DIR",
    "SESSION_RESCUE_LOG_DIR",
    "SESSION_RESCUE_CONTEXT_WINDOW",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "TMUX",
    "TMUX_PANE",
    "TMUX_TMPDIR",
    "STY",
    "SCREENDIR",
    "ZELLIJ_SESSION_NAME",
    "ZELLIJ_SOCKET_DIR",
    "NO_COLOR",
    "ACCESSIBLE",
};

/* "1000", and nothing around it. */
static bool parse_uid(const char *text, uid_t *uid)
{
    int64_t number;
    if (!sv_to_i64(sv_of(text), &number) || number < 0 || number >= UINT32_MAX)
        return false;
    *uid = (uid_t)number;
    return true;
}

/* Whether a process runs a program that makes its user root: sudo, doas, su. */
static bool is_set_uid_root(const struct proc *proc, pid_t pid)
{
    char path[32];
    struct stat st;
    snprintf(path, sizeof path, "%d/exe", (int)pid);
    return fstatat(proc->fd, path, &st, 0) == 0 && S_ISREG(st.st_mode) && st.st_uid == 0 &&
           (st.st_mode & S_ISUID);
}

/*
 * Upwards through root's processes, to the first of another user. The topmost set-uid program
 * on the way is what that user started.
 */
static pid_t find_sudo(const struct proc *proc, pid_t own_pid, uid_t uid, bool *is_seen)
{
    struct ancestry up;
    struct proc_status status;
    pid_t sudo = 0;
    if (ancestry_begin(&up, proc, own_pid) < 0)
        return 0;
    while (ancestry_up(&up) && proc_read_status(proc, up.at.pid, &status) == 0) {
        if (status.uid != 0) {
            *is_seen = sudo || status.uid == uid;
            return sudo;
        }
        if (is_set_uid_root(proc, up.at.pid))
            sudo = up.at.pid;
    }
    *is_seen = sudo != 0;
    return sudo;
}

/*
 * proc may be NULL. own_pid: whose ancestors are looked at.
 * Returns: 0; -EINVAL when sudo_uid is no number of a user; -ENOENT when there is no such user.
 * Owner: the arena.
 */
static int find(const char *sudo_uid, const struct proc *proc, pid_t own_pid, struct arena *a,
                struct invoker *out, struct sr_error *error)
{
    struct invoker found = {0};
    struct host_user user;
    if (!parse_uid(sudo_uid, &found.uid))
        return err_set(error, -EINVAL, "SUDO_UID is not the number of a user: '%s'", sudo_uid);
    if (!host_find_user(a, found.uid, &user))
        return err_set(error, -ENOENT, "SUDO_UID names user %u, whom this machine does not know",
                       (unsigned)found.uid);
    found.gid = user.gid;
    found.name = user.name;
    found.home = user.home;
    pid_t sudo = proc ? find_sudo(proc, own_pid, found.uid, &found.is_seen) : 0;
    if (sudo)
        (void)proc_read_environ(proc, sudo, a, &found.environment);
    *out = found;
    return 0;
}

/* A variable that sudo let through, or that was given to it, counts more. name: NULL is none. */
static int take_variable(const struct invoker *invoker, const char *name)
{
    const char *value = name ? proc_variable(&invoker->environment, name) : NULL;
    return value && setenv(name, value, 0) < 0 ? -errno : 0;
}

static int take_variables_of(const struct invoker *invoker, const struct agent *agent)
{
    const char *const names[] = {agent->home->variable, agent->home->temporary_variable,
                                 agent_child_variable(agent),
                                 agent->model ? agent->model->variable : NULL};
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof names / sizeof *names; i++)
        r = take_variable(invoker, names[i]);
    return r;
}

static int take_environment(const struct invoker *invoker)
{
    if (setenv("HOME", invoker->home, 1) < 0 || setenv("USER", invoker->name, 1) < 0 ||
        setenv("LOGNAME", invoker->name, 1) < 0)
        return -errno;
    int r = 0;
    for (size_t i = 0; r == 0 && agents[i]; i++)
        r = take_variables_of(invoker, agents[i]);
    for (size_t i = 0; r == 0 && i < sizeof restored / sizeof *restored; i++)
        r = take_variable(invoker, restored[i]);
    return r;
}

static int become(const struct invoker *invoker, unsigned kept, struct sr_error *error)
{
    struct privilege_user user = {invoker->name, invoker->uid, invoker->gid};
    int r = privilege_become(&user, kept, error);
    if (r < 0)
        return r;
    r = take_environment(invoker);
    return r < 0 ? err_set(error, r, "take over the environment: %s", err_reason(r)) : 0;
}

static void tell_unseen(const struct invoker *invoker)
{
    context_complainf(
        "SUDO_UID names user %s, and nothing above this process is theirs: going on as %s "
        "(unset SUDO_UID to go on as root)",
        invoker->name, invoker->name);
}

int invoker_become(unsigned kept, bool is_quiet, struct sr_error *error)
{
    const char *sudo_uid = getenv("SUDO_UID");
    if (getuid() != geteuid() || getgid() != getegid())
        return err_set(error, -EPERM, "refused: this program is not made to be set-uid; use sudo");
    if (geteuid() != 0 || !sudo_uid || !*sudo_uid)
        return 0;
    ARENA_RELEASE struct arena a = {0};
    struct proc proc;
    struct invoker invoker;
    bool has_proc = proc_open(&proc, "/proc", NULL) == 0;
    int r = find(sudo_uid, has_proc ? &proc : NULL, proc_own_pid(), &a, &invoker, error);
    if (r == 0 && invoker.uid != 0) {
        if (!invoker.is_seen && !is_quiet)
            tell_unseen(&invoker);
        r = become(&invoker, kept, error);
    }
    if (has_proc)
        proc_close(&proc);
    return r;
}
