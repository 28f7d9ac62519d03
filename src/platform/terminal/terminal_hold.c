#include "platform/terminal/terminal_hold.h"

#include "base/io/fs.h"
#include "platform/terminal/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* A shell takes its terminal back within a few ms of its job's end. */
enum { SHELL_WAIT_MS = 2000, STEP_MS = 20 };

/*
 * What clients switch on (measured with 2.0.0 to 2.1.330), switched off: synchronized output;
 * mouse reports; keyboard protocols (kitty, then xterm's modifyOtherKeys); alternate screen;
 * focus, theme and paste reports; scroll region, around which the cursor is saved; colours,
 * character set; then the cursor shown and the title emptied.
 * 1047 in place of the client's 1049: with the alternate screen off, 1049 would still move the
 * cursor to where it was saved last.
 */
static const char restore_sequence[] = "\x1b[?2026l"
                                       "\x1b[?1006l\x1b[?1003l\x1b[?1002l\x1b[?1000l"
                                       "\x1b[<u\x1b[>4m"
                                       "\x1b[?1047l"
                                       "\x1b[?1004l\x1b[?2031l\x1b[?2004l"
                                       "\x1b"
                                       "7\x1b[r\x1b"
                                       "8\x1b[0m\x1b(B\x0f"
                                       "\x1b[?25h\x1b]0;\x07";

/* Line editors of shells read without ICANON too, and keep ISIG; screen programs keep neither. */
static bool is_raw(const struct termios *modes)
{
    return !(modes->c_lflag & ICANON) && !(modes->c_lflag & ISIG);
}

int terminal_hold_open(const struct proc *proc, pid_t pid, struct terminal_hold *out)
{
    struct proc_stat stat;
    int r = proc_read_stat(proc, pid, &stat);
    if (r < 0)
        return r;
    if (!stat.tty)
        return -ENXIO;
    struct terminal_hold hold = {
        .fd = terminal_open(proc, pid, stat.tty, O_RDWR),
        .device = stat.tty,
        .pgrp = stat.pgrp,
        .parent = stat.ppid,
        .leader = stat.sid,
        .is_leader = stat.sid == pid,
    };
    struct termios modes;
    if (hold.fd < 0)
        return hold.fd;
    if (tcgetattr(hold.fd, &modes) < 0) {
        r = -errno;
        fs_close(&hold.fd);
        return r;
    }
    /* Under a stopped client the shell has set its own modes, and the reports are still on. */
    hold.has_modes = is_raw(&modes) || stat.state == 'T';
    *out = hold;
    return 0;
}

void terminal_hold_close(struct terminal_hold *hold)
{
    fs_close(&hold->fd);
}

int terminal_hold_discard_input(const struct terminal_hold *hold)
{
    int n;
    if (ioctl(hold->fd, TIOCINQ, &n) < 0 || n <= 0 || tcflush(hold->fd, TCIFLUSH) < 0)
        return 0;
    return n;
}

/* That process lives, is on the terminal, and its group is the one in front. */
static bool is_in_front(const struct proc *proc, const struct terminal_hold *hold, pid_t pid)
{
    struct proc_stat stat;
    return pid > 1 && proc_read_stat(proc, pid, &stat) == 0 && stat.tty == hold->device &&
           stat.state != 'Z' && stat.tty_pgrp == stat.pgrp;
}

static bool shell_is_in_front(const struct proc *proc, const struct terminal_hold *hold)
{
    for (int left_ms = SHELL_WAIT_MS; left_ms > 0; left_ms -= STEP_MS) {
        if (is_in_front(proc, hold, hold->parent) || is_in_front(proc, hold, hold->leader))
            return true;
        nanosleep(&(struct timespec){.tv_nsec = STEP_MS * 1000000L}, NULL);
    }
    return false;
}

/* The modes of a raw terminal (-icrnl -ixon -isig -icanon -echo -iexten) as a shell command needs
 * them; what the client does not touch stays as the user has it. */
static int make_sane(int fd, struct termios *modes)
{
    modes->c_iflag |= ICRNL | IXON;
    modes->c_oflag |= OPOST | ONLCR;
    modes->c_lflag |= ISIG | ICANON | ECHO | IEXTEN;
    return tcsetattr(fd, TCSANOW, modes);
}

enum terminal_outcome terminal_hold_restore(const struct proc *proc,
                                            const struct terminal_hold *hold, bool was_killed)
{
    struct termios modes;
    if (hold->is_leader || tcgetattr(hold->fd, &modes) < 0)
        return TERMINAL_IS_GONE;
    if (!hold->has_modes || (!was_killed && !is_raw(&modes)))
        return TERMINAL_WAS_FINE;
    if (!shell_is_in_front(proc, hold))
        return TERMINAL_IN_USE;
    /* The shell may have set its own meanwhile. */
    if (tcgetattr(hold->fd, &modes) < 0 || (is_raw(&modes) && make_sane(hold->fd, &modes) < 0))
        return TERMINAL_IS_GONE;
    size_t n = strlen(restore_sequence);
    return write(hold->fd, restore_sequence, n) == (ssize_t)n ? TERMINAL_RESTORED
                                                              : TERMINAL_IS_STUCK;
}
