/*
 * clock: wall time and awake time are two types, so that they cannot be mixed.
 *
 * Wall time (struct wall) is what transcripts and people write: milliseconds
 * since 1970, it may be stepped. Awake time (struct awake) is what silence is
 * measured in: nanoseconds that the machine was running, never stepped, not
 * counted while it slept (CLOCK_MONOTONIC on Linux).
 */
#pragma once

#include "base/sleeps.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct wall {
    int64_t ms; /* since 1970-01-01T00:00:00Z; 0: not known */
};

struct awake {
    int64_t ns; /* since an arbitrary moment of this boot */
};

struct wall wall_now(void);
struct awake awake_now(void);
bool wall_known(struct wall t);

/* What the calling thread has computed for: a wait for a processor does not count. */
int64_t clock_computed_ns(void);

/* Time since boot, sleep included (CLOCK_BOOTTIME): what /proc/PID/stat counts start times in. */
int64_t clock_since_boot_ms(void);

/* When the machine was booted, on the wall clock as it is now. */
struct wall clock_boot(void);

/* How long the machine has slept since boot, and when that was asked. */
struct sleeps_mark clock_mark(void);

/*
 * Reads "2026-02-05T10:11:12[.345]Z", the form that agents write, and other forms that JavaScript
 * reads: a blank for the T, "+02:00" or "+0200" for the Z, and "[Thu, ]05 Feb 2026 10:11:12 GMT" or
 * with an offset. Without a zone it is taken as UTC.
 * Returns: false when s is anything else; *out untouched.
 */
bool wall_parse(struct sv s, struct wall *out);

/* "2026-02-05T10:11:12Z". */
enum { WALL_TEXT_SIZE = 32 };
const char *wall_format(struct wall t, char text[static WALL_TEXT_SIZE]);
/* "2026-02-05T10:11:12.345Z", as records have it. */
const char *wall_format_ms(struct wall t, char text[static WALL_TEXT_SIZE]);
