#include "platform/process/child.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

pid_t child_fork(void)
{
    pid_t parent = getpid(), pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0 && (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent))
        _exit(CHILD_RAN_NOTHING);
    return pid;
}

int child_watch(pid_t pid)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0); /* closed by exec of itself */
    return fd < 0 ? -errno : fd;
}
