#include "platform/terminal/terminal_push.h"

#include "base/io/fs.h"
#include "platform/privilege.h"
#include "platform/terminal/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>

int terminal_make_raw(const struct proc *proc, pid_t pid, uint64_t device)
{
    FS_CLOSE int fd = terminal_open(proc, pid, device, O_RDWR);
    struct termios modes;
    if (fd < 0)
        return fd;
    if (tcgetattr(fd, &modes) < 0)
        return -errno;
    modes.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
    modes.c_cflag |= CS8;
    modes.c_lflag &= ~(tcflag_t)(ECHO | ICANON | IEXTEN | ISIG);
    modes.c_cc[VMIN] = 1;
    modes.c_cc[VTIME] = 0;
    return tcsetattr(fd, TCSANOW, &modes) < 0 ? -errno : 0;
}

int terminal_set_size(const struct proc *proc, pid_t pid, uint64_t device, int rows, int columns)
{
    FS_CLOSE int fd = terminal_open(proc, pid, device, O_RDWR);
    struct winsize size;
    if (fd < 0)
        return fd;
    if (ioctl(fd, TIOCGWINSZ, &size) < 0)
        return -errno;
    size.ws_row = (unsigned short)rows;
    size.ws_col = (unsigned short)columns;
    return ioctl(fd, TIOCSWINSZ, &size) < 0 ? -errno : 0;
}

int terminal_type(const struct proc *proc, pid_t pid, uint64_t device, const char *keys, size_t n)
{
    FS_CLOSE int fd = terminal_open(proc, pid, device, O_RDWR);
    if (fd < 0)
        return fd;
    int r = privilege_check(proc, pid);
    if (r < 0)
        return r;
    PRIVILEGE_SCOPE(PRIVILEGE_TYPE, proc, pid);
    for (size_t i = 0; i < n; i++)
        if (ioctl(fd, TIOCSTI, &keys[i]) < 0)
            return -errno;
    return 0;
}

bool terminal_can_type(void)
{
    return privilege_is_there(PRIVILEGE_TYPE);
}
