#include "base/clock.h"

#include <stdio.h>
#include <string.h>
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

int64_t clock_computed_ns(void)
{
    return read_ns(CLOCK_THREAD_CPUTIME_ID);
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
    int value = 0;
    if (at + n > s.n)
        return false;
    for (size_t i = at; i < at + n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        value = value * 10 + (s.p[i] - '0');
    }
    *out = value;
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

/* ".345": some agents write micro- or nanoseconds; milliseconds are kept. Takes it off s. */
static bool take_fraction(struct sv *s, int *ms)
{
    size_t i = 1;
    if (!s->n || s->p[0] != '.')
        return true;
    for (int scale = 100; i < s->n && s->p[i] >= '0' && s->p[i] <= '9'; i++, scale /= 10)
        *ms += (s->p[i] - '0') * scale;
    *s = sv_slice(*s, i, s->n);
    return i > 1;
}

/* "Z", "GMT", "+02:00", " +0200", or nothing at all. */
static bool read_zone(struct sv s, int *minutes)
{
    int h = 0, m = 0;
    if (s.n && s.p[0] == ' ')
        s = sv_slice(s, 1, s.n);
    if (!s.n || sv_equals(s, SV("Z")) || sv_equals(s, SV("GMT")) || sv_equals(s, SV("UTC")))
        return true;
    bool has_colon = s.n == 6 && s.p[3] == ':';
    if ((s.p[0] != '+' && s.p[0] != '-') || (s.n != 5 && !has_colon) || !digits(s, 1, 2, &h) ||
        !digits(s, has_colon ? 4 : 3, 2, &m) || h > 23 || m > 59)
        return false;
    *minutes = (h * 60 + m) * (s.p[0] == '-' ? -1 : 1);
    return true;
}

/* "10:11:12". */
static bool read_time(struct sv s, size_t at, struct tm *tm)
{
    return at + 8 <= s.n && s.p[at + 2] == ':' && s.p[at + 5] == ':' &&
           digits(s, at, 2, &tm->tm_hour) && digits(s, at + 3, 2, &tm->tm_min) &&
           digits(s, at + 6, 2, &tm->tm_sec);
}

/* "05 Feb 2026 10:11:12". Returns: how many bytes that is; 0: it is none. */
static size_t read_mail_date(struct sv s, struct tm *tm)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    size_t day = s.n > 1 && s.p[1] == ' ' ? 1 : 2, at = day + 1;
    if (s.n < at + 17 || s.p[day] != ' ' || s.p[at + 3] != ' ' || s.p[at + 8] != ' ')
        return 0;
    size_t month = sv_find(sv_of(months), 0, sv_slice(s, at, at + 3));
    if (month % 3 || month + 3 > sizeof months - 1 || !digits(s, 0, day, &tm->tm_mday) ||
        !digits(s, at + 4, 4, &tm->tm_year) || !read_time(s, at + 9, tm))
        return 0;
    tm->tm_mon = (int)month / 3 + 1;
    return at + 17;
}

/* "2026-02-05T10:11:12". Returns: as read_mail_date. */
static size_t read_iso_date(struct sv s, struct tm *tm)
{
    return s.n >= 19 && s.p[4] == '-' && s.p[7] == '-' && (s.p[10] == 'T' || s.p[10] == ' ') &&
                   digits(s, 0, 4, &tm->tm_year) && digits(s, 5, 2, &tm->tm_mon) &&
                   digits(s, 8, 2, &tm->tm_mday) && read_time(s, 11, tm)
               ? 19
               : 0;
}

bool wall_parse(struct sv s, struct wall *out)
{
    struct tm tm = {0};
    int ms = 0, zone_minutes = 0;
    size_t n = read_iso_date(s, &tm);
    if (!n) {
        if (s.n > 5 && s.p[3] == ',' && s.p[4] == ' ')
            s = sv_slice(s, 5, s.n);
        n = read_mail_date(s, &tm);
    }
    s = sv_slice(s, n, s.n);
    if (!n || !take_fraction(&s, &ms) || !read_zone(s, &zone_minutes))
        return false;
    if (tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour > 23 ||
        tm.tm_min > 59 || tm.tm_sec > 60)
        return false;
    int64_t days = days_until(tm.tm_year, tm.tm_mon) + tm.tm_mday - 1;
    int64_t seconds =
        days * 86400 + tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec - zone_minutes * 60;
    out->ms = seconds * 1000 + ms;
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

const char *wall_format_ms(struct wall t, char text[static WALL_TEXT_SIZE])
{
    int ms = (int)((t.ms % 1000 + 1000) % 1000);
    wall_format((struct wall){t.ms - ms}, text);
    size_t n = strcspn(text, "Z");
    snprintf(text + n, WALL_TEXT_SIZE - n, ".%03dZ", ms);
    return text;
}
