#include "platform/wakeup.h"

#include "base/io/fs.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

int wakeup_open(struct wakeup *w, const int *signals, unsigned signal_source, unsigned timer_source)
{
    sigset_t set;
    sigemptyset(&set);
    for (; *signals; signals++)
        sigaddset(&set, *signals);
    sigprocmask(SIG_BLOCK, &set, NULL);
    w->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    w->timer = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    w->set = epoll_create1(EPOLL_CLOEXEC);
    if (w->signals < 0 || w->timer < 0 || w->set < 0)
        return -errno;
    wakeup_add(w, w->signals, signal_source);
    wakeup_add(w, w->timer, timer_source);
    return 0;
}

void wakeup_close(struct wakeup *w)
{
    fs_close(&w->set);
    fs_close(&w->timer);
    fs_close(&w->signals);
}

void wakeup_add(const struct wakeup *w, int fd, unsigned source)
{
    struct epoll_event e = {.events = EPOLLIN, .data.u32 = source};
    if (fd >= 0)
        epoll_ctl(w->set, EPOLL_CTL_ADD, fd, &e);
}

void wakeup_remove(const struct wakeup *w, int fd)
{
    if (fd >= 0)
        epoll_ctl(w->set, EPOLL_CTL_DEL, fd, NULL);
}

void wakeup_set_timer(const struct wakeup *w, int64_t pause_ms)
{
    struct itimerspec in = {0};
    if (pause_ms >= 0) {
        in.it_value.tv_sec = (time_t)(pause_ms / 1000);
        in.it_value.tv_nsec = (long)(pause_ms % 1000) * 1000000 + 1; /* zero would disarm it */
    }
    timerfd_settime(w->timer, 0, &in, NULL);
}

size_t wakeup_wait(const struct wakeup *w, unsigned sources[static WAKEUP_MAX])
{
    struct epoll_event events[WAKEUP_MAX];
    int n = epoll_wait(w->set, events, WAKEUP_MAX, -1);
    for (int i = 0; i < n; i++)
        sources[i] = events[i].data.u32;
    return n > 0 ? (size_t)n : 0;
}

bool wakeup_take_timer(const struct wakeup *w)
{
    uint64_t count;
    return read(w->timer, &count, sizeof count) > 0;
}

int wakeup_take_signal(const struct wakeup *w)
{
    struct signalfd_siginfo info;
    return read(w->signals, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}
