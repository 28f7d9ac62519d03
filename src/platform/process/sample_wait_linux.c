#include "platform/process/sample.h"

#include "base/io/fs.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <time.h>

enum {
    POLLED_LIMIT = 64, /* a list that is longer is an event loop */
    OPEN_PATH_SIZE = 4096,
};

/* The process, and the answer as it grows. */
struct look {
    const struct proc *proc;
    const struct sample *s;
    struct arena *a;
    struct sample_wait wait;
};

/* Compilers add to the name of a function that they split: "pipe_read.part.0". */
static bool sleeps_in(const struct sample *s, const char *function)
{
    size_t n = strlen(function);
    return strncmp(s->wchan, function, n) == 0 && (s->wchan[n] == '\0' || s->wchan[n] == '.');
}

/* Names of kernel functions from Linux 4.19 to 6.18. */
static const struct {
    const char *function;
    enum sample_wait_kind kind;
} places[] = {
    {"n_tty_read", SAMPLE_WAIT_TTY_INPUT},
    {"n_tty_write", SAMPLE_WAIT_TTY_OUTPUT},
    {"pipe_read", SAMPLE_WAIT_PIPE_INPUT},
    {"anon_pipe_read", SAMPLE_WAIT_PIPE_INPUT},
    {"fifo_pipe_read", SAMPLE_WAIT_PIPE_INPUT},
    {"pipe_write", SAMPLE_WAIT_PIPE_OUTPUT},
    {"anon_pipe_write", SAMPLE_WAIT_PIPE_OUTPUT},
    {"fifo_pipe_write", SAMPLE_WAIT_PIPE_OUTPUT},
    {"wait_for_partner", SAMPLE_WAIT_FIFO_OPEN},
    {"fifo_open", SAMPLE_WAIT_FIFO_OPEN},
    {"sk_wait_data", SAMPLE_WAIT_SOCKET},
    {"sk_stream_wait_memory", SAMPLE_WAIT_SOCKET},
    {"inet_csk_accept", SAMPLE_WAIT_SOCKET},
    {"inet_wait_for_connect", SAMPLE_WAIT_SOCKET},
    {"unix_stream_read_generic", SAMPLE_WAIT_SOCKET},
    {"unix_stream_data_wait", SAMPLE_WAIT_SOCKET},
    {"unix_wait_for_peer", SAMPLE_WAIT_SOCKET},
    {"sock_alloc_send_pskb", SAMPLE_WAIT_SOCKET},
    {"__skb_wait_for_more_packets", SAMPLE_WAIT_SOCKET},
    {"ep_poll", SAMPLE_WAIT_EVENTS},
    {"do_epoll_wait", SAMPLE_WAIT_EVENTS},
    {"do_poll", SAMPLE_WAIT_EVENTS},
    {"do_sys_poll", SAMPLE_WAIT_EVENTS},
    {"do_select", SAMPLE_WAIT_EVENTS},
    {"poll_schedule_timeout", SAMPLE_WAIT_EVENTS},
    {"io_cqring_wait", SAMPLE_WAIT_EVENTS},
    {"hrtimer_nanosleep", SAMPLE_WAIT_TIME},
    {"do_nanosleep", SAMPLE_WAIT_TIME},
    {"do_wait", SAMPLE_WAIT_CHILD},
    {"futex_wait_queue_me", SAMPLE_WAIT_THREAD},
    {"futex_wait_queue", SAMPLE_WAIT_THREAD},
    {"futex_wait_multiple", SAMPLE_WAIT_THREAD},
    {"futex_do_wait", SAMPLE_WAIT_THREAD},
    {"sigsuspend", SAMPLE_WAIT_SIGNAL},
    {"do_sigtimedwait", SAMPLE_WAIT_SIGNAL},
    {"__do_sys_pause", SAMPLE_WAIT_SIGNAL},
    {"__x64_sys_pause", SAMPLE_WAIT_SIGNAL},
    {"locks_lock_inode_wait", SAMPLE_WAIT_LOCK},
    {"flock_lock_inode_wait", SAMPLE_WAIT_LOCK},
    {"posix_lock_inode_wait", SAMPLE_WAIT_LOCK},
    {"fcntl_setlk", SAMPLE_WAIT_LOCK},
};

static enum sample_wait_kind kind_by_place(const struct sample *s)
{
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (sleeps_in(s, places[i].function))
            return places[i].kind;
    return SAMPLE_WAIT_UNKNOWN;
}

static bool fits(const struct descriptor *d, enum sample_wait_kind kind)
{
    switch (kind) {
    case SAMPLE_WAIT_TTY:
    case SAMPLE_WAIT_TTY_INPUT:
    case SAMPLE_WAIT_TTY_OUTPUT:
        return d->kind == DESCRIPTOR_TTY;
    case SAMPLE_WAIT_PIPE_INPUT:
        return d->kind == DESCRIPTOR_PIPE && d->reads;
    case SAMPLE_WAIT_PIPE_OUTPUT:
        return d->kind == DESCRIPTOR_PIPE && d->writes;
    case SAMPLE_WAIT_SOCKET:
        return d->kind == DESCRIPTOR_SOCKET;
    default:
        return false;
    }
}

/*
 * Without the system call: the kernel function, and which descriptors it could be
 * about. One is named only where all that fit lead to the same place.
 */
static void judge_by_place(struct look *l)
{
    struct descriptor *items = NULL;
    size_t count = 0;
    enum sample_wait_kind kind = kind_by_place(l->s);
    int r = descriptor_list(l->proc, l->s->pid, l->a, &items, &count);
    if (r < 0 && r != -EFBIG)
        count = 0;

    /* Reading and writing of a terminal, and receiving by TCP, all sleep in wait_woken. */
    if (sleeps_in(l->s, "wait_woken")) {
        bool has_terminal = false, has_socket = false;
        for (size_t i = 0; i < count; i++) {
            has_terminal = has_terminal || items[i].kind == DESCRIPTOR_TTY;
            has_socket = has_socket || items[i].kind == DESCRIPTOR_SOCKET;
        }
        if (has_terminal != has_socket)
            kind = has_terminal ? SAMPLE_WAIT_TTY : SAMPLE_WAIT_SOCKET;
    }

    const struct descriptor *only = NULL;
    bool several = false;
    for (size_t i = 0; i < count; i++) {
        if (!fits(&items[i], kind))
            continue;
        several = several || (only && !str_equals(only->target, items[i].target));
        only = only ? only : &items[i];
    }
    l->wait.kind = kind;
    if (only && !several) {
        l->wait.fd = only->fd;
        l->wait.target = only->target;
    }
}

/* What reading from, or writing to, a descriptor waits for. */
static void judge_descriptor(struct look *l, uint64_t fd, bool reading)
{
    struct descriptor d;
    l->wait.fd = (int)fd;
    if (fd > INT32_MAX || descriptor_read(l->proc, l->s->pid, (int)fd, l->a, &d) < 0) {
        l->wait.kind = kind_by_place(l->s);
        return;
    }
    l->wait.target = d.target;
    switch (d.kind) {
    case DESCRIPTOR_TTY:
        l->wait.kind = reading ? SAMPLE_WAIT_TTY_INPUT : SAMPLE_WAIT_TTY_OUTPUT;
        break;
    case DESCRIPTOR_PIPE:
        l->wait.kind = reading ? SAMPLE_WAIT_PIPE_INPUT : SAMPLE_WAIT_PIPE_OUTPUT;
        break;
    case DESCRIPTOR_SOCKET:
        l->wait.kind = SAMPLE_WAIT_SOCKET;
        break;
    case DESCRIPTOR_FILE: /* a FIFO, if the kernel says that it waits in one */
        l->wait.kind = kind_by_place(l->s);
        break;
    case DESCRIPTOR_OTHER: /* an eventfd, a timerfd, inotify, the master of a terminal */
        l->wait.kind = SAMPLE_WAIT_EVENTS;
        break;
    }
}

/* Bytes of the process's memory: as many as are there, 0 when we may not look. */
static size_t peek(const struct look *l, uint64_t address, void *bytes, size_t n)
{
    char path[32];
    if (address == 0 || address > INT64_MAX - n)
        return 0;
    snprintf(path, sizeof path, "%d/mem", (int)l->s->pid);
    FS_CLOSE int fd = openat(l->proc->fd, path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? 0 : fs_read_at(fd, bytes, n, (int64_t)address);
    return got < 0 ? 0 : (size_t)got;
}

static int64_t ms_of_timespec(const struct look *l, uint64_t address)
{
    struct timespec t;
    if (peek(l, address, &t, sizeof t) != sizeof t || t.tv_sec < 0 || t.tv_sec > INT32_MAX)
        return -1;
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t ms_of_int(uint64_t argument)
{
    int32_t ms = (int32_t)(uint32_t)argument;
    return ms < 0 ? -1 : ms;
}

/* poll(fds, n, ...): one descriptor is waited for as by read or write, several are a loop. */
static void judge_poll(struct look *l)
{
    struct pollfd list[POLLED_LIMIT];
    uint64_t n = l->s->syscall_arguments[1];
    l->wait.kind = n == 0 ? SAMPLE_WAIT_TIME : SAMPLE_WAIT_EVENTS;
    if (n == 0 || n > POLLED_LIMIT)
        return;
    size_t bytes = (size_t)n * sizeof *list;
    if (peek(l, l->s->syscall_arguments[0], list, bytes) != bytes)
        return;
    const struct pollfd *only = NULL;
    for (size_t i = 0; i < n; i++) {
        if (list[i].fd < 0)
            continue; /* passed over by the kernel too */
        if (only && only->fd != list[i].fd)
            return;
        only = &list[i];
    }
    if (only)
        judge_descriptor(l, (uint64_t)only->fd, (only->events & POLLOUT) == 0);
}

/* select(n, &read, &write, ...), likewise */
static void judge_select(struct look *l)
{
    const uint64_t *v = l->s->syscall_arguments;
    fd_set sets[2];
    l->wait.kind = v[0] == 0 ? SAMPLE_WAIT_TIME : SAMPLE_WAIT_EVENTS;
    if (v[0] == 0 || v[0] > FD_SETSIZE)
        return;
    /* the kernel, too, looks at whole words only */
    size_t bytes = ((size_t)v[0] + 63) / 64 * 8;
    int found = -1;
    bool reading = true;
    for (int set = 0; set < 2; set++) {
        FD_ZERO(&sets[set]);
        if (v[1 + set] != 0 && peek(l, v[1 + set], &sets[set], bytes) != bytes)
            return;
        for (int fd = 0; fd < (int)v[0]; fd++) {
            if (!FD_ISSET(fd, &sets[set]))
                continue;
            if (found >= 0 && found != fd)
                return;
            found = fd;
            reading = set == 0;
        }
    }
    if (found >= 0)
        judge_descriptor(l, (uint64_t)found, reading);
}

/* In open(2) nothing but a FIFO waits for another process. */
static void judge_open(struct look *l, uint64_t path)
{
    if (l->s->wchan[0] && kind_by_place(l->s) != SAMPLE_WAIT_FIFO_OPEN)
        return;
    l->wait.kind = SAMPLE_WAIT_FIFO_OPEN;
    char text[OPEN_PATH_SIZE];
    size_t n = peek(l, path, text, sizeof text);
    if (memchr(text, '\0', n))
        l->wait.target = arena_strdup(l->a, text);
}

/* After a stop, what has a time limit goes on so: nanosleep, poll, futex. The first of them is seen
 * in "do_syscall_64", the others where they always are. */
static void judge_restarted(struct look *l)
{
    judge_by_place(l);
    if (l->wait.kind == SAMPLE_WAIT_UNKNOWN)
        l->wait.kind = SAMPLE_WAIT_TIME;
}

/* What a system call says of the wait in it: its kind by itself, or by an argument that is a
 * descriptor, a list of them, a path. */
enum call_way {
    BY_KIND,
    BY_READ_DESCRIPTOR, /* the first argument */
    BY_WRITTEN_DESCRIPTOR,
    BY_POLL,
    BY_SELECT,
    BY_PATH,
    BY_LOCK,
    BY_RESTART,
};

enum call_limit { NO_LIMIT, LIMIT_MS, LIMIT_TIMESPEC };

static const struct call {
    long number;
    enum call_way way;
    enum sample_wait_kind kind; /* with BY_KIND and BY_LOCK */
    enum call_limit limit;
    uint8_t at; /* the argument that is the limit, the path */
} calls[] = {
    {SYS_read, .way = BY_READ_DESCRIPTOR},
    {SYS_readv, .way = BY_READ_DESCRIPTOR},
    {SYS_write, .way = BY_WRITTEN_DESCRIPTOR},
    {SYS_writev, .way = BY_WRITTEN_DESCRIPTOR},
    {SYS_recvfrom, .way = BY_READ_DESCRIPTOR},
    {SYS_recvmsg, .way = BY_READ_DESCRIPTOR},
    {SYS_recvmmsg, .way = BY_READ_DESCRIPTOR},
    {SYS_sendto, .way = BY_READ_DESCRIPTOR},
    {SYS_sendmsg, .way = BY_READ_DESCRIPTOR},
    {SYS_sendmmsg, .way = BY_READ_DESCRIPTOR},
    {SYS_accept, .way = BY_READ_DESCRIPTOR},
    {SYS_accept4, .way = BY_READ_DESCRIPTOR},
    {SYS_connect, .way = BY_READ_DESCRIPTOR},
#ifdef SYS_poll
    {SYS_poll, .way = BY_POLL, .limit = LIMIT_MS, .at = 2},
#endif
    {SYS_ppoll, .way = BY_POLL, .limit = LIMIT_TIMESPEC, .at = 2},
#ifdef SYS_select /* with a struct timeval, which begins like a timespec */
    {SYS_select, .way = BY_SELECT, .limit = LIMIT_TIMESPEC, .at = 4},
#endif
    {SYS_pselect6, .way = BY_SELECT, .limit = LIMIT_TIMESPEC, .at = 4},
#ifdef SYS_epoll_wait
    {SYS_epoll_wait, .way = BY_READ_DESCRIPTOR, .limit = LIMIT_MS, .at = 3},
#endif
    {SYS_epoll_pwait, .way = BY_READ_DESCRIPTOR, .limit = LIMIT_MS, .at = 3},
#ifdef SYS_epoll_pwait2
    {SYS_epoll_pwait2, .way = BY_READ_DESCRIPTOR, .limit = LIMIT_TIMESPEC, .at = 3},
#endif
    {SYS_nanosleep, .kind = SAMPLE_WAIT_TIME, .limit = LIMIT_TIMESPEC, .at = 0},
    {SYS_clock_nanosleep, .kind = SAMPLE_WAIT_TIME, .limit = LIMIT_TIMESPEC, .at = 2},
    {SYS_wait4, .kind = SAMPLE_WAIT_CHILD},
    {SYS_waitid, .kind = SAMPLE_WAIT_CHILD},
    {SYS_futex, .kind = SAMPLE_WAIT_THREAD},
#ifdef SYS_pause
    {SYS_pause, .kind = SAMPLE_WAIT_SIGNAL},
#endif
    {SYS_rt_sigsuspend, .kind = SAMPLE_WAIT_SIGNAL},
    {SYS_rt_sigtimedwait, .kind = SAMPLE_WAIT_SIGNAL},
    {SYS_flock, .way = BY_LOCK, .kind = SAMPLE_WAIT_LOCK},
    {SYS_fcntl, .way = BY_LOCK, .kind = SAMPLE_WAIT_LOCK},
#ifdef SYS_open
    {SYS_open, .way = BY_PATH, .at = 0},
#endif
    {SYS_openat, .way = BY_PATH, .at = 1},
    {SYS_restart_syscall, .way = BY_RESTART},
};

static const struct call *call_of(const struct sample *s)
{
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (calls[i].number == s->syscall_number)
            return &calls[i];
    return NULL; /* splice, msgrcv, and other rare ones */
}

static int64_t limit_of(const struct look *l, const struct call *call)
{
    const uint64_t *v = l->s->syscall_arguments;
    if (call->number == SYS_clock_nanosleep && (v[1] & TIMER_ABSTIME))
        return -1;
    return call->limit == LIMIT_MS         ? ms_of_int(v[call->at])
           : call->limit == LIMIT_TIMESPEC ? ms_of_timespec(l, v[call->at])
                                           : -1;
}

static void judge_syscall(struct look *l)
{
    const uint64_t *v = l->s->syscall_arguments;
    const struct call *call = call_of(l->s);
    if (!call) {
        judge_by_place(l);
        return;
    }
    l->wait.limit_ms = limit_of(l, call);
    switch (call->way) {
    case BY_KIND:
        l->wait.kind = call->kind;
        break;
    case BY_READ_DESCRIPTOR:
    case BY_WRITTEN_DESCRIPTOR:
        judge_descriptor(l, v[0], call->way == BY_READ_DESCRIPTOR);
        break;
    case BY_POLL:
        judge_poll(l);
        break;
    case BY_SELECT:
        judge_select(l);
        break;
    case BY_PATH:
        judge_open(l, v[call->at]);
        break;
    case BY_LOCK:
        if (call->number == SYS_fcntl && v[1] != F_SETLKW && v[1] != F_OFD_SETLKW)
            break;
        l->wait.kind = call->kind;
        l->wait.fd = (int)v[0];
        break;
    case BY_RESTART:
        judge_restarted(l);
        break;
    }
}

int sample_find_wait(const struct proc *proc, const struct sample *s, struct arena *a,
                     struct sample_wait *out)
{
    struct proc_stat stat;
    int r = proc_read_stat(proc, s->pid, &stat);
    if (r < 0 || stat.start_ticks != s->start_ticks)
        return r < 0 ? r : -ESRCH;

    struct look l = {.proc = proc, .s = s, .a = a, .wait = {.fd = -1, .limit_ms = -1}};
    switch (s->state) {
    case 'R':
        l.wait.kind = SAMPLE_WAIT_NOTHING;
        break;
    case 'D':
        l.wait.kind = SAMPLE_WAIT_DISK;
        break;
    case 'T':
    case 't':
        l.wait.kind = SAMPLE_WAIT_CONTINUE;
        break;
    case 'Z':
    case 'X':
        l.wait.kind = SAMPLE_WAIT_PARENT;
        break;
    default:
        if (s->syscall_number >= 0)
            judge_syscall(&l);
        else if (s->syscall_number == SAMPLE_ON_PROCESSOR)
            l.wait.kind = SAMPLE_WAIT_NOTHING; /* woke up while we looked */
        else if (s->syscall_number != SAMPLE_IN_NO_SYSCALL)
            judge_by_place(&l);
        break;
    }
    *out = l.wait;
    return 0;
}
