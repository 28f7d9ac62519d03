#include "app/meter.h"

#include "base/str.h"
#include "view/text.h"

#include <stdio.h>

enum { PATIENCE_MS = 1000, REFRESH_MS = 200 };

void meter_begin(struct meter *m, bool is_wanted)
{
    *m = (struct meter){.is_wanted = is_wanted, .began = awake_now()};
}

void meter_move(void *meter, int64_t done_bytes, int64_t total_bytes)
{
    struct meter *m = meter;
    struct awake now = awake_now();
    int64_t taken_ms = (now.ns - m->began.ns) / 1000000;
    if (done_bytes < m->done_bytes) /* the next session */
        m->began = now;
    m->done_bytes = done_bytes;
    if (!m->is_wanted || taken_ms < PATIENCE_MS ||
        (m->is_shown && (now.ns - m->shown_at.ns) / 1000000 < REFRESH_MS))
        return;
    int64_t rate = done_bytes * 1000 / taken_ms;
    int64_t left_s = rate > 0 && total_bytes > done_bytes ? (total_bytes - done_bytes) / rate : 0;
    char done[STR_SIZE_TEXT], total[STR_SIZE_TEXT], speed[STR_SIZE_TEXT], left[VIEW_AGE_TEXT];
    fprintf(stderr, "\r\x1b[K%s of %s, %s/s, %s left", str_format_size(done_bytes, done),
            str_format_size(total_bytes, total), str_format_size(rate, speed),
            view_age(left_s, left));
    m->shown_at = now;
    m->is_shown = true;
}

void meter_end(struct meter *m)
{
    if (m->is_shown)
        fputs("\r\x1b[K", stderr);
    m->is_shown = false;
}
