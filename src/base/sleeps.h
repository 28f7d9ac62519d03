/*
 * sleeps: when the machine slept, as far as its clocks tell.
 *
 * The kernel says how long the machine has slept since boot, but not when. A
 * program that looks repeatedly (--watch) knows between which two looks it was;
 * one that looks once only knows that it was since boot. So the part of an age
 * that was sleep has a lower and an upper bound. Pure: the caller reads the
 * clocks.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
    /* enough for at least 20 sleeps */
    SLEEPS_MARKS_MAX = 64,
    /* A smaller difference is no sleep: the two clocks are read one after the other, and adjusted
     * at different rates. */
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

/* Call it in the order of the looks; the last one counts as now. */
void sleeps_note(struct sr_sleeps *s, struct sleeps_mark now);

/* How much of the time since then was sleep. */
struct sleeps_bounds sleeps_since(const struct sr_sleeps *s, int64_t ago_ms);
