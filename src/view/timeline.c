#include "view/timeline.h"

#include "base/arena.h"
#include "base/clock.h"
#include "view/html.h"

#include <stdlib.h>

enum {
    LEFT = 90,
    WIDTH = 1000, /* of what is drawn */
    HEIGHT = 172,
    TURNS_AT = 12,
    TOOLS_AT = 36,
    SILENCE_AT = 60,
    FILL_AT = 84,
    FILL_HEIGHT = 60,
    BAR = 14,
    SILENT_MS = 60 * 1000,
    LONG_MS = 10 * 60 * 1000,
    GAP_MS_MAX = 30 * 60 * 1000, /* one that is longer is drawn as that */
    PAUSE_PARTS = 40,            /* a pause between turns is drawn as 1/40 of the rest at most */
};

struct result {
    uint64_t call;
    size_t point;
};

struct drawing {
    struct buf *out;
    const struct timeline_point *points;
    size_t count;
    double *x; /* of each point */
    struct result *results;
    size_t result_count;
};

static int by_time(const void *a, const void *b)
{
    const struct timeline_point *x = a, *y = b;
    int order = (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms);
    return order ? order : (int)x->kind - (int)y->kind; /* a call before its result */
}

static int by_call(const void *a, const void *b)
{
    const struct result *x = a, *y = b;
    return (x->call > y->call) - (x->call < y->call);
}

/* How much of the picture lies between a point and the one before it. */
static double shown_ms(const struct timeline_point *p, double pause_ms)
{
    double gap = (double)(p->at_ms - p[-1].at_ms);
    double most = p->kind == TIMELINE_PROMPT ? pause_ms : GAP_MS_MAX;
    return gap < most ? gap : most;
}

static void place_points(struct drawing *d)
{
    double within = 1, total = 0;
    for (size_t i = 1; i < d->count; i++)
        within += shown_ms(&d->points[i], 0);
    for (size_t i = 1; i < d->count; i++)
        total += shown_ms(&d->points[i], within / PAUSE_PARTS);
    double at = 0;
    for (size_t i = 0; i < d->count; i++) {
        at += i ? shown_ms(&d->points[i], within / PAUSE_PARTS) : 0;
        d->x[i] = LEFT + (total > 0 ? at / total * WIDTH : 0);
    }
}

static void find_results(struct drawing *d)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->points[i].kind == TIMELINE_RESULT)
            d->results[d->result_count++] = (struct result){d->points[i].call, i};
    qsort(d->results, d->result_count, sizeof *d->results, by_call);
}

static const struct result *result_of(const struct drawing *d, uint64_t call)
{
    struct result key = {.call = call};
    return call && d->result_count ? bsearch(&key, d->results, d->result_count, sizeof key, by_call)
                                   : NULL;
}

static void add_span(struct buf *out, const char *what, int64_t ms)
{
    html_adds(out, what);
    buf_addf(out, ", %.1f s", (double)ms / 1000);
}

/* A bar between two points. reach: where the last one of its row ended; what would lie within it
 * is not drawn. */
static void add_bar(struct drawing *d, const char *class, int y, size_t from, size_t to,
                    const char *what, double *reach)
{
    double x = d->x[from], end = d->x[to];
    if (end < x + 1)
        end = x + 1;
    if (end <= *reach)
        return;
    *reach = end;
    buf_addf(d->out, "<rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"><title>",
             class, x, y, end - x, BAR);
    add_span(d->out, what, d->points[to].at_ms - d->points[from].at_ms);
    buf_adds(d->out, "</title></rect>\n");
}

static void draw_turns(struct drawing *d)
{
    double reach = 0;
    for (size_t i = 0, end; i < d->count; i = end) {
        for (end = i + 1; end < d->count && d->points[end].kind != TIMELINE_PROMPT; end++)
            ;
        add_bar(d, "turn", TURNS_AT, i, end - 1, "turn", &reach);
    }
}

static void draw_tools(struct drawing *d)
{
    double reach = 0;
    for (size_t i = 0; i < d->count; i++) {
        const struct timeline_point *p = &d->points[i];
        if (p->kind != TIMELINE_CALL)
            continue;
        const struct result *r = result_of(d, p->call);
        bool is_there = r && r->point >= i;
        add_bar(d,
                !is_there                      ? "open"
                : d->points[r->point].is_error ? "failed"
                                               : "tool",
                TOOLS_AT, i, is_there ? r->point : i, p->name ? p->name : "tool", &reach);
    }
}

/* Nothing was written, in a turn, while no tool ran. */
static void draw_silences(struct drawing *d)
{
    double reach = 0;
    size_t open = 0;
    for (size_t i = 0; i + 1 < d->count; i++) {
        const struct timeline_point *p = &d->points[i];
        open = p->kind == TIMELINE_PROMPT ? 0 : open;
        open += p->kind == TIMELINE_CALL;
        open -= p->kind == TIMELINE_RESULT && open;
        int64_t gap = p[1].at_ms - p->at_ms;
        if (!open && gap >= SILENT_MS && p[1].kind != TIMELINE_PROMPT)
            add_bar(d, gap >= LONG_MS ? "long" : "silent", SILENCE_AT, i, i + 1, "silent", &reach);
    }
}

static void draw_fill(struct drawing *d)
{
    int64_t most = 0;
    double reach = 0;
    for (size_t i = 0; i < d->count; i++)
        most = d->points[i].context_tokens > most ? d->points[i].context_tokens : most;
    if (!most)
        return;
    buf_adds(d->out, "<polyline class=\"fill\" points=\"");
    for (size_t i = 0; i < d->count; i++) {
        int64_t tokens = d->points[i].context_tokens;
        if (!tokens || d->x[i] < reach)
            continue;
        reach = d->x[i] + 1;
        buf_addf(d->out, "%.1f,%.1f ", d->x[i],
                 FILL_AT + FILL_HEIGHT * (1 - (double)tokens / (double)most));
    }
    buf_addf(d->out, "\"/>\n<text x=\"0\" y=\"%d\">%lld tokens</text>\n", FILL_AT + 22,
             (long long)most);
}

static void draw_marks(struct drawing *d)
{
    double compacted = 0, failed = 0;
    for (size_t i = 0; i < d->count; i++) {
        double x = d->x[i];
        if (d->points[i].kind == TIMELINE_COMPACTION && x >= compacted) {
            buf_addf(d->out,
                     "<line class=\"compacted\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\">"
                     "<title>compacted</title></line>\n",
                     x, x, TURNS_AT, FILL_AT + FILL_HEIGHT);
            compacted = x + 2;
        }
        if (d->points[i].kind == TIMELINE_ERROR && x >= failed) {
            buf_addf(d->out,
                     "<circle class=\"error\" cx=\"%.1f\" cy=\"%d\" r=\"3\"><title>API error"
                     "</title></circle>\n",
                     x, TURNS_AT - 5);
            failed = x + 2;
        }
    }
}

static void draw_axis(struct drawing *d)
{
    char from[WALL_TEXT_SIZE], to[WALL_TEXT_SIZE];
    static const struct {
        int y;
        const char *label;
    } rows[] = {
        {TURNS_AT, "turns"}, {TOOLS_AT, "tools"}, {SILENCE_AT, "silences"}, {FILL_AT, "context"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        buf_addf(d->out, "<text x=\"0\" y=\"%d\">%s</text>\n", rows[i].y + 11, rows[i].label);
    int bottom = FILL_AT + FILL_HEIGHT + 4;
    buf_addf(d->out,
             "<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>\n"
             "<text x=\"%d\" y=\"%d\">%s</text>\n"
             "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n",
             LEFT, LEFT + WIDTH, bottom, bottom, LEFT, bottom + 16,
             wall_format((struct wall){d->points[0].at_ms}, from), LEFT + WIDTH, bottom + 16,
             wall_format((struct wall){d->points[d->count - 1].at_ms}, to));
}

void timeline_draw(struct buf *out, struct timeline_point *points, size_t count)
{
    if (count < 2)
        return;
    qsort(points, count, sizeof *points, by_time);
    size_t first = 0;
    while (first < count && points[first].at_ms <= 0)
        first++;
    struct drawing d = {.out = out, .points = points + first, .count = count - first};
    if (d.count < 2)
        return;
    d.x = mem_resize(NULL, d.count * sizeof *d.x);
    d.results = mem_resize(NULL, d.count * sizeof *d.results);
    place_points(&d);
    find_results(&d);
    buf_addf(out,
             "<svg class=\"timeline\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"When what "
             "happened\">\n",
             LEFT + WIDTH + 4, HEIGHT);
    draw_axis(&d);
    draw_turns(&d);
    draw_tools(&d);
    draw_silences(&d);
    draw_fill(&d);
    draw_marks(&d);
    buf_adds(out, "</svg>\n");
    free(d.x);
    free(d.results);
}
