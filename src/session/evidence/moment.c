#include "session/evidence/moment.h"

enum {
    /* A client takes startedAt once its runtime is up, 0.2 to 3 s after its start, on a machine
     * under load up to a minute; the kernel counts starts in ticks. */
    START_EARLY_MS = 2000,
    START_LATE_MS = 60000,
    /* Records are stamped in milliseconds, and a start is known to a tick. */
    SLACK_MS = 1000,
};

int64_t moment_step_ms(struct wall says_started, struct wall started)
{
    int64_t step_ms = started.ms - says_started.ms;
    if (!wall_known(says_started) || (step_ms <= START_EARLY_MS && step_ms >= -START_LATE_MS))
        return 0;
    return step_ms;
}

static bool is_within(struct wall t, struct wall from, struct wall to)
{
    return t.ms >= from.ms - SLACK_MS && t.ms <= to.ms + SLACK_MS;
}

struct wall moment_on_todays_clock(struct wall stamp, int64_t step_ms, struct wall lived_since,
                                   struct wall now)
{
    struct wall moved = {stamp.ms + step_ms};
    if (!wall_known(stamp) || step_ms == 0)
        return stamp;
    bool after = is_within(stamp, lived_since, now), before = is_within(moved, lived_since, now);
    if (after && before)
        return stamp.ms > moved.ms ? stamp : moved;
    return after ? stamp : moved;
}

static int64_t step_of(const struct snapshot *snap, const struct session *s)
{
    struct wall started = proc_start_time(&snap->proc, s->live->stat.start_ticks);
    return s->registration ? moment_step_ms(s->registration->started_at, started) : 0;
}

struct wall moment_of(const struct snapshot *snap, const struct session *s, struct wall stamp)
{
    struct wall started = proc_start_time(&snap->proc, s->live->stat.start_ticks);
    struct wall now = {snap->shown.taken_at_ms};
    return moment_on_todays_clock(stamp, step_of(snap, s), started, now);
}

int64_t moment_error_s(const struct snapshot *snap, const struct session *s)
{
    return step_of(snap, s) ? START_LATE_MS / 1000 : 0;
}
