#include "platform/terminal/terminal.h"

#include "base/arena.h"
#include "base/io/fs.h"
#include "platform/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

/* Opens what pid has at fd once more. Returns: a descriptor of that terminal, or negative errno. */
static int open_again(const struct proc *proc, pid_t pid, int fd, uint64_t device, int flags)
{
    char path[64];
    snprintf(path, sizeof path, "%d/fd/%d", (int)pid, fd);
    int again = openat(proc->fd, path, flags | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (again < 0)
        return -errno;
    /* "/dev/tty" is the opener's own terminal; the number tells. st_rdev and the field of
     * /proc/PID/stat are coded alike up to 32 bits. */
    struct stat st;
    if (fstat(again, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == device && isatty(again))
        return again;
    close(again);
    return -ENXIO;
}

static int ask(int fd, struct terminal *out)
{
    struct winsize size;
    struct termios modes;
    int input_bytes;
    if (ioctl(fd, TIOCGWINSZ, &size) < 0 || tcgetattr(fd, &modes) < 0 ||
        ioctl(fd, TIOCINQ, &input_bytes) < 0)
        return -errno;
    out->rows = size.ws_row;
    out->columns = size.ws_col;
    out->canonical = (modes.c_lflag & ICANON) != 0;
    out->echo = (modes.c_lflag & ECHO) != 0;
    out->signals = (modes.c_lflag & ISIG) != 0;
    out->stops_output = (modes.c_iflag & IXON) != 0;
    out->input_bytes = input_bytes;
    return 0;
}

int terminal_open(const struct proc *proc, pid_t pid, uint64_t device, int flags)
{
    ARENA_RELEASE struct arena scratch = {0};
    struct descriptor *items;
    size_t count;
    if (!proc->is_live)
        return -ENXIO;
    int r = descriptor_list(proc, pid, &scratch, &items, &count);
    int fd = r < 0 && r != -EFBIG ? r : -ENXIO;
    for (size_t i = 0; fd == -ENXIO && i < count; i++)
        if (items[i].kind == DESCRIPTOR_TTY)
            fd = open_again(proc, pid, items[i].fd, device, flags);
    return fd;
}

int terminal_read(const struct proc *proc, pid_t pid, uint64_t device, struct terminal *out)
{
    if (!proc->is_live)
        return -ENXIO;
    struct proc_stat stat;
    int r = proc_read_stat(proc, pid, &stat);
    if (r < 0)
        return r;
    FS_CLOSE int fd = terminal_open(proc, pid, device, O_RDONLY);
    if (fd < 0)
        return fd;
    /* The kernel tells the foreground group only to members of the session: it is taken from
     * what it shows of the process. */
    struct terminal found = {.foreground_pgrp = stat.tty_pgrp};
    r = ask(fd, &found);
    if (r == 0)
        *out = found;
    return r;
}
