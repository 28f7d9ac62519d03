#include "app/watch/worker_job.h"

#include "base/io/fs.h"
#include "platform/process/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PIECE = 64 * 1024,
    HEARD_MAX = 64 * 1024 * 1024,
    PAUSE_FIRST_MS = 60 * 1000,
    PAUSE_LAST_MS = 30 * 60 * 1000,
};

static _Noreturn void play_child(struct worker_job *w, int out, worker_job_work *work,
                                 void *context)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    work(w->guard, out, context);
    _exit(0);
}

int worker_job_start(struct worker_job *w, worker_job_work *work, void *context, int64_t now_ms)
{
    int ends[2];
    struct worker_job started = {.pipe = -1, .guard = guard_new(), .moved_ms = now_ms};
    if (!started.guard)
        return -ENOMEM;
    if (pipe2(ends, O_CLOEXEC) < 0) {
        int code = -errno;
        guard_free(started.guard);
        return code;
    }
    started.pid = child_fork();
    if (started.pid == 0)
        play_child(&started, ends[1], work, context);
    int code = started.pid;
    close(ends[1]);
    if (started.pid < 0) {
        close(ends[0]);
        guard_free(started.guard);
        return code;
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    started.pipe = ends[0];
    *w = started;
    return 0;
}

bool worker_job_hear(struct worker_job *w)
{
    char *piece = mem_resize(NULL, PIECE);
    ssize_t n;
    while ((n = read(w->pipe, piece, PIECE)) > 0)
        if (w->heard.n < HEARD_MAX)
            buf_add(&w->heard, piece, (size_t)n);
    bool goes_on = n < 0 && (errno == EAGAIN || errno == EINTR);
    free(piece);
    return goes_on;
}

bool worker_job_is_stuck(struct worker_job *w, int64_t patience_ms, int64_t now_ms)
{
    unsigned steps;
    if (!guard_is_inside(w->guard, &steps) || steps != w->steps || guard_wants_cpu(w->pid))
        w->moved_ms = now_ms;
    w->steps = steps;
    return now_ms - w->moved_ms >= patience_ms;
}

static void forget(struct worker_job *w)
{
    fs_close(&w->pipe);
    guard_free(w->guard);
    buf_release(&w->heard);
    *w = (struct worker_job){.pipe = -1};
}

bool worker_job_end(struct worker_job *w, int64_t *cost_ms)
{
    struct rusage used = {0};
    int status = -1;
    while (wait4(w->pid, &status, 0, &used) < 0 && errno == EINTR)
        ;
    *cost_ms = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 +
               (used.ru_utime.tv_usec + used.ru_stime.tv_usec + 999) / 1000;
    forget(w);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void worker_job_signal(const struct worker_job *w, bool force)
{
    kill(w->pid, force ? SIGKILL : SIGTERM); /* our own child, not yet waited for */
}

bool worker_job_leave(struct worker_job *w, struct worker_job_behind *behind, int64_t now_ms)
{
    size_t i = 0;
    const char *path = guard_path(w->guard);
    while (i < behind->count && (behind->items[i].pid || strcmp(behind->items[i].path, path) != 0))
        i++;
    if (i == WORKER_JOB_BEHIND_MAX)
        return false;
    int64_t pause_ms = i < behind->count ? behind->items[i].pause_ms * 2 : PAUSE_FIRST_MS;
    if (pause_ms > PAUSE_LAST_MS)
        pause_ms = PAUSE_LAST_MS;
    if (i == behind->count) {
        behind->items[i].path = strdup(path);
        if (!behind->items[i].path)
            mem_exhausted();
        behind->count++;
    }
    worker_job_signal(w, true);
    behind->items[i].pid = w->pid;
    behind->items[i].pause_ms = pause_ms;
    behind->items[i].until_ms = now_ms + pause_ms;
    forget(w);
    return true;
}

size_t worker_job_avoid(struct worker_job_behind *behind, int64_t now_ms,
                        const char *paths[static WORKER_JOB_BEHIND_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < behind->count; i++) {
        if (behind->items[i].pid && waitpid(behind->items[i].pid, NULL, WNOHANG) != 0)
            behind->items[i].pid = 0;
        if (behind->items[i].pid || behind->items[i].until_ms > now_ms)
            paths[n++] = behind->items[i].path;
    }
    return n;
}

void worker_job_forgive(struct worker_job_behind *behind, int64_t began_ms)
{
    size_t kept = 0;
    for (size_t i = 0; i < behind->count; i++) {
        if (behind->items[i].pid == 0 && behind->items[i].until_ms <= began_ms)
            free(behind->items[i].path);
        else
            behind->items[kept++] = behind->items[i];
    }
    behind->count = kept;
}

void worker_job_forget_all(struct worker_job_behind *behind)
{
    for (size_t i = 0; i < behind->count; i++)
        free(behind->items[i].path);
    behind->count = 0;
}
