#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t read_ns(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

struct wall wall_now(void)
{
    return (struct wall){read_ns(CLOCK_REALTIME) / 1000000};
}

struct awake awake_now(void)
{
    return (struct awake){read_ns(CLOCK_MONOTONIC)};
}

int64_t clock_since_boot_ms(void)
{
    return read_ns(CLOCK_BOOTTIME) / 1000000;
}

/* Two clocks at the same moment: whoever reads them may lose the CPU in between. */
static void read_both_ns(clockid_t id, int64_t *ns, int64_t *since_boot_ns)
{
    int64_t nearest_ns = INT64_MAX;
    for (int i = 0; i < 5 && nearest_ns > 1000000; i++) {
        int64_t before_ns = read_ns(CLOCK_BOOTTIME), read = read_ns(id);
        int64_t took_ns = read_ns(CLOCK_BOOTTIME) - before_ns;
        if (took_ns >= nearest_ns)
            continue;
        nearest_ns = took_ns;
        *ns = read;
        *since_boot_ns = before_ns;
    }
}

struct wall clock_boot(void)
{
    int64_t wall_ns = 0, since_boot_ns = 0;
    read_both_ns(CLOCK_REALTIME, &wall_ns, &since_boot_ns);
    return (struct wall){(wall_ns - since_boot_ns) / 1000000};
}

struct sleeps_mark clock_mark(void)
{
    int64_t awake_ns = 0, since_boot_ns = 0;
    read_both_ns(CLOCK_MONOTONIC, &awake_ns, &since_boot_ns);
    int64_t slept_ns = since_boot_ns > awake_ns ? since_boot_ns - awake_ns : 0;
    return (struct sleeps_mark){since_boot_ns / 1000000, slept_ns / 1000000};
}

bool wall_known(struct wall t)
{
    return t.ms > 0;
}

/* Reads exactly n digits at s[at]. */
static bool digits(struct sv s, size_t at, size_t n, int *out)
{
    int64_t value;
    if (at + n > s.n || s.p[at] == '-' || !sv_to_i64(sv_slice(s, at, at + n), &value))
        return false;
    *out = (int)value;
    return true;
}

/* From 1970 to the first of a month (1 to 12). timegm takes 700 instructions, and a transcript has
 * a hundred thousand times. */
static int64_t days_until(int year, int month)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int whole = month > 2 ? year : year - 1; /* the last year whose leap day is over */
    int leap_days = whole / 4 - whole / 100 + whole / 400 - (1969 / 4 - 1969 / 100 + 1969 / 400);
    return 365 * (int64_t)(year - 1970) + before[month - 1] + leap_days;
}

bool wall_parse(struct sv s, struct wall *out)
{
    struct tm tm = {0};
    int ms = 0;
    if (s.n < 20 || s.p[4] != '-' || s.p[7] != '-' || s.p[10] != 'T' || s.p[13] != ':' ||
        s.p[16] != ':' || s.p[s.n - 1] != 'Z')
        return false;
    if (!digits(s, 0, 4, &tm.tm_year) || !digits(s, 5, 2, &tm.tm_mon) ||
        !digits(s, 8, 2, &tm.tm_mday) || !digits(s, 11, 2, &tm.tm_hour) ||
        !digits(s, 14, 2, &tm.tm_min) || !digits(s, 17, 2, &tm.tm_sec))
        return false;
    if (s.n != 20) {
        /* ".345": some agents write micro- or nanoseconds; milliseconds are kept */
        if (s.p[19] != '.' || s.n < 22)
            return false;
        int scale = 100;
        for (size_t i = 20; i < s.n - 1; i++, scale /= 10) {
            if (s.p[i] < '0' || s.p[i] > '9')
                return false;
            ms += (s.p[i] - '0') * scale;
        }
    }
    if (tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour > 23 ||
        tm.tm_min > 59 || tm.tm_sec > 60)
        return false;
    out->ms = ((days_until(tm.tm_year, tm.tm_mon) + tm.tm_mday - 1) * 86400 + tm.tm_hour * 3600 +
               tm.tm_min * 60 + tm.tm_sec) *
                  1000 +
              ms;
    return true;
}

const char *wall_format(struct wall t, char text[static WALL_TEXT_SIZE])
{
    time_t seconds = (time_t)(t.ms / 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    strftime(text, WALL_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return text;
}
