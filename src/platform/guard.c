#include "platform/guard.h"

#include "base/arena.h"
#include "platform/process/child.h"
#include "platform/process/proc.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STUCK_LIMIT = 16 };

/* One page shared between the watcher and the child. */
struct guard {
    atomic_uint steps; /* moves with every guard_enter */
    atomic_bool inside;
    char path[3072];
};

void guard_enter(struct guard *g, const char *path)
{
    if (!g)
        return;
    if (path)
        snprintf(g->path, sizeof g->path, "%s", path);
    atomic_store(&g->inside, path != NULL);
    atomic_fetch_add(&g->steps, 1);
}

struct guard *guard_new(void)
{
    void *page =
        mmap(NULL, sizeof(struct guard), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? NULL : page;
}

void guard_free(struct guard *g)
{
    if (g)
        munmap(g, sizeof *g);
}

bool guard_is_inside(const struct guard *g, unsigned *steps)
{
    *steps = atomic_load(&g->steps);
    return atomic_load(&g->inside);
}

const char *guard_path(const struct guard *g)
{
    return g->path;
}

bool guard_wants_cpu(pid_t pid)
{
    struct proc proc;
    struct proc_stat stat;
    if (proc_open(&proc, "/proc", NULL) < 0)
        return false;
    bool wants = proc_read_stat(&proc, pid, &stat) == 0 && strchr("RTt", stat.state);
    proc_close(&proc);
    return wants;
}

/* *ended_by: the signal that ended it, with -EINTR. */
static int wait_for(pid_t child, int *ended_by)
{
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    if (WIFSIGNALED(status)) {
        *ended_by = WTERMSIG(status);
        return -EINTR;
    }
    return WEXITSTATUS(status);
}

/* Looks in on the child this often in the time of one patience. */
enum { LOOKS = 8 };

/* Returns: whether the child has ended, after ms at most; or nobody can say, and whoever waits for
 * it will hear why. */
static bool has_ended_after(int pidfd, pid_t child, int ms)
{
    struct pollfd p = {.fd = pidfd, .events = POLLIN};
    int n = poll(&p, 1, ms);
    if (n >= 0)
        return n > 0;
    /* a signal, or no memory to wait with: neither says anything of the child */
    siginfo_t info = {0};
    if (waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid)
        return true;
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
    return false;
}

/* Waits until the child ends (its status), or stays at one path for patience_ms (-ETIMEDOUT). */
static int watch(struct guard *g, pid_t child, int patience_ms, int *ended_by)
{
    int pidfd = child_watch(child);
    if (pidfd < 0)
        return wait_for(child, ended_by);
    unsigned seen = atomic_load(&g->steps);
    bool has_ended = false;
    for (int unmoved = 0; unmoved < LOOKS && !has_ended;) {
        has_ended = has_ended_after(pidfd, child, patience_ms / LOOKS);
        unsigned now = atomic_load(&g->steps);
        bool is_waiting = now == seen && atomic_load(&g->inside) && !guard_wants_cpu(child);
        unmoved = is_waiting ? unmoved + 1 : 0;
        seen = now;
    }
    close(pidfd);
    return has_ended ? wait_for(child, ended_by) : -ETIMEDOUT;
}

/* What a person types is for the child: it may have to put the terminal in order first. */
struct typed_signals {
    struct sigaction interrupt, quit;
};

static void leave_to_child(struct typed_signals *before)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGINT, &ignore, &before->interrupt);
    sigaction(SIGQUIT, &ignore, &before->quit);
}

static void take_back(const struct typed_signals *before)
{
    sigaction(SIGINT, &before->interrupt, NULL);
    sigaction(SIGQUIT, &before->quit, NULL);
}

int guard_run(guard_work *work, void *context, int patience_ms, struct sr_error *error)
{
    struct guard *g = guard_new();
    if (!g)
        return err_set(error, -errno, "watch over the listing: %s", err_reason(-errno));

    ARENA_RELEASE struct arena arena = {0};
    const char *stuck[STUCK_LIMIT];
    size_t stuck_count = 0;
    struct typed_signals before;
    int r, ended_by = 0;
    leave_to_child(&before);
    for (;;) {
        fflush(NULL);
        pid_t child = child_fork();
        if (child < 0) {
            r = err_set(error, child, "start the listing: %s", err_reason(child));
            break;
        }
        if (child == 0) {
            take_back(&before);
            int status = work(g, stuck, stuck_count, context);
            fflush(NULL);
            _exit(status);
        }
        r = watch(g, child, stuck_count ? patience_ms / 2 : patience_ms, &ended_by);
        if (r == -EINTR)
            err_set(error, r, "the listing was ended by a signal");
        if (r == CHILD_RAN_NOTHING)
            r = err_set(error, -ECHILD, "start the listing: it would not end with this program");
        if (r != -ETIMEDOUT)
            break;
        kill(child, SIGKILL); /* our own child, not yet waited for: its pid is its own */
        if (stuck_count == STUCK_LIMIT) {
            err_set(error, r, "more than %d places do not answer, the last is %s", STUCK_LIMIT,
                    g->path);
            break;
        }
        stuck[stuck_count++] = arena_strdup(&arena, g->path);
        atomic_store(&g->inside, false);
    }
    take_back(&before);
    guard_free(g);
    if (ended_by == SIGINT || ended_by == SIGPIPE)
        raise(ended_by); /* as the shell expects of what it started */
    return r;
}
