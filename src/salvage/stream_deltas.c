#include "salvage/stream_deltas.h"

#include <stdlib.h>
#include <string.h>

enum {
    PIECE_MAX = 64 * 1024, /* units of an event's text; real ones have a few words */
    PIECES_MAX = 200000,
    PART_MIN = 4, /* shorter ones stand in any text */
};

/* Of the two delta events that carry text; what follows the 't' tells which. */
#define MARK "_delta\",\"t"

/* ---- finding them ------------------------------------------------------------------------- */

static size_t bucket_of(unsigned last, unsigned before)
{
    return (last * 31u + before * 2477u) & (STREAM_DELTAS_BUCKETS - 1);
}

static struct piece **bucket_for(struct stream_deltas *set, struct js_string text)
{
    unsigned before = text.n > 1 ? unit_at(text, text.n - 2) : 0;
    return &set->buckets[bucket_of(unit_at(text, text.n - 1), before)];
}

static void add(struct stream_deltas *set, struct arena *a, struct js_string text)
{
    if (text.n == 0 || set->count >= PIECES_MAX)
        return;
    struct piece **bucket = bucket_for(set, text);
    for (const struct piece *p = *bucket; p; p = p->next)
        if (js_string_equal(p->text, text))
            return;
    struct piece *p = arena_alloc(a, sizeof *p);
    p->text = text;
    p->text.p = (const unsigned char *)arena_strndup(a, (const char *)text.p, 2 * text.n);
    p->next = *bucket;
    *bucket = p;
    set->count++;
}

static int hex_digit(unsigned c)
{
    return c >= '0' && c <= '9'                 ? (int)c - '0'
           : (c | 32) >= 'a' && (c | 32) <= 'f' ? (int)(c | 32) - 'a' + 10
                                                : -1;
}

/* The unit that "\uXXXX" at i stands for, or -1. */
static int escaped_unit(struct js_string u, size_t i)
{
    int value = 0;
    if (i + 6 > u.n)
        return -1;
    for (size_t j = i + 2; j < i + 6; j++) {
        int digit = hex_digit(unit_at(u, j));
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* Takes the escapes out of the inside of a JSON string, in place. Returns: false: it is none. */
static bool unescape(struct buf *text)
{
    struct js_string u = {(const unsigned char *)text->p, text->n / 2, true};
    size_t n = 0;
    for (size_t i = 0; i < u.n; i++) {
        int c = (int)unit_at(u, i);
        if (c == '\\') {
            static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
            unsigned next = i + 1 < u.n ? unit_at(u, i + 1) : 0;
            const char *hit = next && next < 128 ? strchr(from, (int)next) : NULL;
            c = hit ? to[hit - from] : next == 'u' ? escaped_unit(u, i) : -1;
            if (c < 0)
                return false;
            i += hit ? 1 : 5;
        }
        text->p[2 * n] = (char)(c & 0xff);
        text->p[2 * n + 1] = (char)(c >> 8);
        n++;
    }
    text->n = 2 * n;
    return true;
}

/* Where the JSON string that u is the inside of ends, or u.n. */
static size_t end_of_string(struct js_string u)
{
    for (size_t i = 0; i < u.n && i < PIECE_MAX; i++) {
        unsigned c = unit_at(u, i);
        if (c == '"')
            return i;
        if (c < 0x20)
            return u.n;
        i += c == '\\';
    }
    return u.n;
}

static bool begins_with(struct js_string u, const char *word)
{
    struct js_string w = {(const unsigned char *)word, strlen(word), false};
    return u.n >= w.n && js_string_equal(js_string_slice(u, 0, w.n), w);
}

static bool closes_object(struct js_string u)
{
    size_t i = 0;
    while (i < u.n && i < 64 && unit_is_blank(unit_at(u, i)))
        i++;
    return i < u.n && unit_at(u, i) == '}';
}

/* u begins behind the mark: "ext":"..."} or "hinking":"..."}. */
static void take(struct js_string u, struct arena *a, struct stream_deltas *reply,
                 struct stream_deltas *thinking)
{
    static const char text[] = "ext\":\"", thought[] = "hinking\":\"";
    bool is_thought = begins_with(u, thought);
    if (!is_thought && !begins_with(u, text))
        return;
    u = js_string_slice(u, is_thought ? sizeof thought - 1 : sizeof text - 1, u.n);
    size_t n = end_of_string(u);
    if (n == u.n || !closes_object(js_string_slice(u, n + 1, u.n)))
        return;
    BUF_RELEASE struct buf inside = {0};
    if (u.is_wide)
        buf_add(&inside, (const char *)u.p, 2 * n);
    else
        js_string_add_bytes(&inside, (struct sv){(const char *)u.p, n});
    if (inside.n && unescape(&inside))
        add(is_thought ? thinking : reply, a,
            (struct js_string){(const unsigned char *)inside.p, inside.n / 2, true});
}

static void collect_in(struct sv bytes, bool is_wide, struct arena *a, struct stream_deltas *reply,
                       struct stream_deltas *thinking)
{
    char wide[2 * (sizeof MARK - 1)] = {0};
    for (size_t i = 0; i < sizeof MARK - 1; i++)
        wide[2 * i] = MARK[i];
    struct sv mark = is_wide ? (struct sv){wide, sizeof wide} : SV(MARK);
    for (size_t at = 0; (at = sv_find(bytes, at, mark)) < bytes.n;) {
        at += mark.n;
        struct sv rest = sv_slice(bytes, at, bytes.n);
        take((struct js_string){(const unsigned char *)rest.p, is_wide ? rest.n / 2 : rest.n,
                                is_wide},
             a, reply, thinking);
    }
}

void stream_deltas_collect(const struct memory_run *runs, size_t run_count, struct arena *a,
                           struct stream_deltas *reply, struct stream_deltas *thinking)
{
    for (size_t i = 0; i < run_count; i++) {
        struct sv bytes = {runs[i].bytes, runs[i].n};
        collect_in(bytes, false, a, reply, thinking);
        collect_in(bytes, true, a, reply, thinking);
    }
}

void stream_deltas_release(struct stream_deltas *pieces)
{
    free(pieces->steps);
    pieces->steps = NULL;
    pieces->step_capacity = 0;
}

/* ---- laying a text out -------------------------------------------------------------------- */

static void make_room(struct stream_deltas *set, size_t n)
{
    if (n <= set->step_capacity)
        return;
    size_t capacity = n < 4096 ? 4096 : 2 * n;
    set->steps = mem_resize(set->steps, capacity * sizeof *set->steps);
    memset(set->steps, 0, capacity * sizeof *set->steps);
    set->step_capacity = capacity;
}

/* Marks every place from which one of the bucket's pieces reaches end. Returns: the lowest. */
static size_t step_back(struct stream_deltas *set, const struct piece *p, struct js_string text,
                        size_t end, size_t lowest)
{
    for (; p && set->work; p = p->next) {
        set->work--;
        if (p->text.n > end ||
            !js_string_equal(js_string_slice(text, end - p->text.n, end), p->text))
            continue;
        size_t from = end - p->text.n;
        if (set->steps[from] < set->steps[end] + 1)
            set->steps[from] = set->steps[end] + 1;
        if (from < lowest)
            lowest = from;
    }
    return lowest;
}

size_t stream_deltas_cover(struct stream_deltas *set, struct js_string text, size_t *tiles)
{
    size_t lowest = text.n;
    make_room(set, text.n + 1);
    set->steps[text.n] = 1;
    for (size_t end = text.n; end > 0 && end >= lowest; end--) {
        if (!set->steps[end])
            continue;
        unsigned last = unit_at(text, end - 1), before = end > 1 ? unit_at(text, end - 2) : 0;
        lowest = step_back(set, set->buckets[bucket_of(last, before)], text, end, lowest);
        if (before) /* pieces of one unit stand elsewhere */
            lowest = step_back(set, set->buckets[bucket_of(last, 0)], text, end, lowest);
    }
    *tiles = set->steps[lowest] - 1;
    memset(set->steps + lowest, 0, (text.n - lowest + 1) * sizeof *set->steps);
    return text.n - lowest;
}

/* The length of the longest piece that ends there; 0: none does. */
static size_t longest_at(struct stream_deltas *set, struct js_string text, size_t end)
{
    size_t longest = 0;
    unsigned last = unit_at(text, end - 1), before = end > 1 ? unit_at(text, end - 2) : 0;
    for (const struct piece *p = set->buckets[bucket_of(last, before)]; p && set->work;
         p = p->next) {
        set->work--;
        if (p->text.n > longest && p->text.n <= end &&
            js_string_equal(js_string_slice(text, end - p->text.n, end), p->text))
            longest = p->text.n;
    }
    return longest;
}

size_t stream_deltas_cover_in_parts(struct stream_deltas *set, struct js_string text,
                                    size_t *last_gap)
{
    size_t covered = 0, from = text.n; /* text[from..] is covered, or was passed over */
    *last_gap = 0;
    for (size_t end = text.n; end > 0; end--) {
        size_t n = longest_at(set, text, end);
        if (n < PART_MIN)
            n = 0;
        if (end <= from && n == 0) {
            *last_gap = *last_gap ? *last_gap : end;
            from = end - 1;
        } else if (end - n < from) {
            covered += (end < from ? end : from) - (end - n);
            from = end - n;
        }
    }
    return covered;
}
