#include "base/sleeps.h"

#include <stdbool.h>
#include <string.h>

static bool slept_between(struct sleeps_mark before, struct sleeps_mark after)
{
    return after.slept_ms - before.slept_ms >= SLEEPS_LEAST_MS;
}

void sleeps_note(struct sr_sleeps *s, struct sleeps_mark now)
{
    struct sleeps_mark *last = s->marks + s->count - 1;
    /* awake since the mark before the last: of such a stretch the two ends say all */
    if (s->count >= 2 && !slept_between(last[-1], now)) {
        *last = now;
        return;
    }
    if (s->count == SLEEPS_MARKS_MAX)
        memmove(s->marks, s->marks + 1, --s->count * sizeof *s->marks);
    s->marks[s->count++] = now;
}

struct sleeps_bounds sleeps_since(const struct sr_sleeps *s, int64_t ago_ms)
{
    struct sleeps_bounds b = {0, 0};
    if (s->count == 0)
        return b;
    struct sleeps_mark now = s->marks[s->count - 1];
    int64_t then_ms = now.since_boot_ms - ago_ms;
    b.at_most_ms = now.slept_ms;
    for (size_t i = 0; i < s->count; i++) {
        int64_t since_ms = now.slept_ms - s->marks[i].slept_ms;
        if (s->marks[i].since_boot_ms <= then_ms)
            b.at_most_ms = since_ms;
        if (s->marks[i].since_boot_ms >= then_ms && since_ms > b.at_least_ms)
            b.at_least_ms = since_ms;
    }
    if (b.at_most_ms > ago_ms)
        b.at_most_ms = ago_ms > 0 ? ago_ms : 0;
    if (b.at_most_ms < SLEEPS_LEAST_MS)
        b.at_most_ms = 0;
    if (b.at_least_ms < SLEEPS_LEAST_MS)
        b.at_least_ms = 0;
    if (b.at_least_ms > b.at_most_ms)
        b.at_least_ms = b.at_most_ms;
    return b;
}
