#include "platform/process/pidref.h"

#include "base/io/fs.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { RETRY_MS = 20 };

/* struct pidfd_info as of Linux 6.13, which few systems' headers have yet. */
struct pid_info {
    uint64_t mask, cgroup;
    uint32_t pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
    int32_t exit_code;
};
enum { INFO_PID = 1 << 0, INFO_EXIT = 1 << 3 };
#define PIDFD_ASK_INFO _IOWR(0xFF, 11, struct pid_info)

int pidref_open(const struct proc *proc, pid_t pid, uint64_t start_ticks, struct pidref *out)
{
    if (pid <= 0 || !proc->is_live)
        return -ESRCH;
    if (proc->is_foreign)
        return -EXDEV;
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
 * were read. Files that are not there are no end: /proc hides those of others,
 * and of processes that changed their user (hidepid).
 */
int pidref_look(const struct pidref *p, const struct proc *proc, struct proc_stat *out)
{
    struct proc_stat stat;
    int r = proc_read_stat(proc, p->pid, &stat);
    enum fact ended = pidref_has_ended(p);
    if (ended == FACT_YES || (r == 0 && stat.start_ticks != p->start_ticks))
        return -ESRCH;
    if (ended == FACT_UNKNOWN)
        return -EIO;
    if (r < 0)
        return r == -ESRCH ? -EACCES : r;
    *out = stat;
    return 0;
}

int pidref_signal(const struct pidref *p, int signal_number)
{
    if (syscall(SYS_pidfd_send_signal, p->fd, signal_number, NULL, 0) < 0)
        return -errno;
    return 0;
}

enum fact pidref_wait(const struct pidref *p, int64_t timeout_ms)
{
    int64_t end_ns = awake_now().ns + timeout_ms * 1000000;
    for (;;) {
        int64_t left_ms = (end_ns - awake_now().ns + 999999) / 1000000;
        struct pollfd look = {.fd = p->fd, .events = POLLIN};
        int n = poll(&look, 1, left_ms <= 0 ? 0 : left_ms > INT_MAX ? INT_MAX : (int)left_ms);
        bool is_answer = n >= 0 && !(look.revents & (POLLNVAL | POLLERR)) && p->fd >= 0;
        if (n > 0 && is_answer)
            return FACT_YES;
        if (n < 0 && errno == EINTR)
            continue;
        if (left_ms <= 0)
            return is_answer ? FACT_NO : FACT_UNKNOWN;
        if (!is_answer) /* as long as it was to be waited for: who asks again and again must rest */
            nanosleep(
                &(struct timespec){.tv_nsec = (left_ms < RETRY_MS ? left_ms : RETRY_MS) * 1000000L},
                NULL);
    }
}

enum fact pidref_has_ended(const struct pidref *p)
{
    return pidref_wait(p, 0);
}

int pidref_wait_status(const struct pidref *p, int *wait_status)
{
    struct pid_info info = {.mask = INFO_EXIT};
    if (ioctl(p->fd, PIDFD_ASK_INFO, &info) < 0)
        return -errno == -ESRCH ? -ENODATA : -errno;
    if (!(info.mask & INFO_EXIT))
        return -ENODATA;
    *wait_status = info.exit_code;
    return 0;
}

int pidref_ask_line(const struct proc *proc, pid_t pid, pid_t *ppid, pid_t *sid)
{
    struct pid_info info = {.mask = INFO_PID};
    if (!proc->is_live || proc->is_foreign || pid <= 0)
        return -ENOSYS;
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0)
        return -errno;
    int r = ioctl(fd, PIDFD_ASK_INFO, &info) < 0 ? -errno : 0;
    pid_t session = r == 0 ? getsid(pid) : 0;
    if (session < 0)
        r = -errno;
    fs_close(&fd);
    if (r == 0 && (!(info.mask & INFO_PID) || (pid_t)info.tgid != pid))
        r = -ENODATA;
    if (r < 0)
        return r;
    *ppid = (pid_t)info.ppid;
    *sid = session;
    return 0;
}

enum fact pidref_is_there(const struct proc *proc, pid_t pid)
{
    if (!proc->is_live || proc->is_foreign || pid <= 0)
        return FACT_UNKNOWN;
    if (kill(pid, 0) == 0 || errno == EPERM)
        return FACT_YES;
    return errno == ESRCH ? FACT_NO : FACT_UNKNOWN;
}
