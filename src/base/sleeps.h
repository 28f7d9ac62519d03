/*
 * sleeps: when the machine slept, as far as looks at its clocks tell.
 *
 * The kernel says how long the machine has slept since boot, and not when. Who
 * looks now and then (--watch) knows between which two looks it was; who looks
 * once knows no more than that it was since boot. So how much of an age was
 * sleep has two bounds. Pure: the clocks are read by the caller.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
    /* 20 sleeps and more: of older ones it is known that they are over */
    SLEEPS_MARKS_MAX = 64,
    /* The two clocks are read one after the other, and slewed apart; no sleep is shorter. */
    SLEEPS_LEAST_MS = 500,
};

/* A look at the clocks. */
struct sleeps_mark {
    int64_t since_boot_ms; /* sleep included */
    int64_t slept_ms;      /* since boot, in all */
};

/* Zero: nobody has looked. In public it is struct sr_sleeps. */
struct sr_sleeps {
    struct sleeps_mark marks[SLEEPS_MARKS_MAX]; /* the oldest first: around each sleep, and now */
    size_t count;
};

struct sleeps_bounds {
    int64_t at_least_ms, at_most_ms;
};

/* Looks must be noted in their order; the last one is now. */
void sleeps_note(struct sr_sleeps *s, struct sleeps_mark now);

/* How much of the time since then was sleep. */
struct sleeps_bounds sleeps_since(const struct sr_sleeps *s, int64_t ago_ms);
