#include "platform/pidref.h"

#include "base/fs.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

int pidref_open(const struct proc *proc, pid_t pid, uint64_t start_ticks, struct pidref *out)
{
    if (pid <= 0 || !proc->is_live)
        return -ESRCH;
    struct pidref p = {(int)syscall(SYS_pidfd_open, pid, 0), pid, start_ticks};
    if (p.fd < 0)
        return -errno;
    struct proc_stat stat;
    int r = pidref_look(&p, proc, &stat);
    if (r < 0) {
        fs_close(&p.fd);
        return r;
    }
    *out = p;
    return 0;
}

void pidref_close(struct pidref *p)
{
    fs_close(&p->fd);
}

/*
 * The pid's files are read first, then the pidfd is asked. While the pidfd says
 * that its process lives, the number is that process's: so it was when the files
 * were read.
 */
int pidref_look(const struct pidref *p, const struct proc *proc, struct proc_stat *out)
{
    struct proc_stat stat;
    int r = proc_read_stat(proc, p->pid, &stat);
    if (r < 0)
        return r;
    int ended = pidref_wait(p, 0);
    if (ended < 0)
        return ended;
    if (ended || stat.start_ticks != p->start_ticks)
        return -ESRCH;
    *out = stat;
    return 0;
}

int pidref_signal(const struct pidref *p, int signal_number)
{
    if (syscall(SYS_pidfd_send_signal, p->fd, signal_number, NULL, 0) < 0)
        return -errno;
    return 0;
}

int pidref_wait(const struct pidref *p, int64_t timeout_ms)
{
    int64_t end_ns = awake_now().ns + timeout_ms * 1000000;
    for (;;) {
        int64_t left_ms = (end_ns - awake_now().ns + 999999) / 1000000;
        struct pollfd look = {.fd = p->fd, .events = POLLIN};
        int n = poll(&look, 1, left_ms <= 0 ? 0 : left_ms > INT_MAX ? INT_MAX : (int)left_ms);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0)
            return look.revents & POLLNVAL ? -EBADF : 1;
        if (n == 0 && left_ms <= 0)
            return 0;
    }
}
