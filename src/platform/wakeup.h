/*
 * wakeup: one wait for all that a long-running process is woken by: what can be read, signals, a
 * timer that goes on while the machine sleeps.
 *
 *     wakeup_open(&w, (const int[]){SIGTERM, SIGHUP, 0}, SIGNALS, TIMER);
 *     wakeup_add(&w, fd, NEWS);
 *     wakeup_set_timer(&w, 500);
 *     n = wakeup_wait(&w, sources);
 *         ... SIGNALS: wakeup_take_signal(&w); TIMER: wakeup_take_timer(&w)
 *     wakeup_close(&w);
 *
 * A source is a number of the caller's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WAKEUP_MAX = 32 };

struct wakeup {
    int set, timer;
    int signals; /* readable when one has come */
};

/* signals: they are blocked from now on; 0 ends them. Returns: 0 or negative errno. Owner:
 * wakeup_close, after a failure too. */
int wakeup_open(struct wakeup *w, const int *signals, unsigned signal_source,
                unsigned timer_source);
void wakeup_close(struct wakeup *w);

/* fd negative: nothing. To be removed before it is closed: a child may have a copy, which would
 * keep it in the list. */
void wakeup_add(const struct wakeup *w, int fd, unsigned source);
void wakeup_remove(const struct wakeup *w, int fd);

/* Once, after so long; negative: not at all. */
void wakeup_set_timer(const struct wakeup *w, int64_t pause_ms);

/* Blocks: until something is there. Returns: how many sources; 0 after an interruption. */
size_t wakeup_wait(const struct wakeup *w, unsigned sources[static WAKEUP_MAX]);

/* Returns: whether it went off. */
bool wakeup_take_timer(const struct wakeup *w);
/* Returns: a signal that has come; 0: none. */
int wakeup_take_signal(const struct wakeup *w);
