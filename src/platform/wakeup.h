/*
 * wakeup: one wait for everything that wakes a long-running process: readable descriptors, signals,
 * and a timer that also counts the time that the machine sleeps.
 *
 *     wakeup_open(&w, (const int[]){SIGTERM, SIGHUP, 0}, SIGNALS, TIMER);
 *     wakeup_add(&w, fd, NEWS);
 *     wakeup_set_timer(&w, 500);
 *     n = wakeup_wait(&w, sources);
 *         ... SIGNALS: wakeup_take_signal(&w); TIMER: wakeup_take_timer(&w)
 *     wakeup_close(&w);
 *
 * A source is a number that the caller chooses.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WAKEUP_MAX = 32 };

struct wakeup {
    int set, timer;
    int signals; /* readable when a signal has arrived */
};

/* signals: a list ended by 0; they are blocked from now on. Returns: 0 or negative errno. Owner:
 * wakeup_close, also after a failure. */
int wakeup_open(struct wakeup *w, const int *signals, unsigned signal_source,
                unsigned timer_source);
void wakeup_close(struct wakeup *w);

/* fd negative: does nothing. Remove it before closing it: if a child has a copy, the kernel keeps
 * it in the set. */
void wakeup_add(const struct wakeup *w, int fd, unsigned source);
void wakeup_remove(const struct wakeup *w, int fd);

/* The timer expires once, after that time; negative: never. */
void wakeup_set_timer(const struct wakeup *w, int64_t pause_ms);

/* Blocks: until something happens. Returns: how many sources; 0 after an interruption. */
size_t wakeup_wait(const struct wakeup *w, unsigned sources[static WAKEUP_MAX]);

/* Returns: whether the timer has expired. */
bool wakeup_take_timer(const struct wakeup *w);
/* Returns: a signal that has arrived; 0: none. */
int wakeup_take_signal(const struct wakeup *w);
