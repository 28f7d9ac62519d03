#include "salvage/json_texts.h"

#include "jsonl/js_string.h"

#include <string.h>

enum {
    DEPTH_MAX = 200,
    UNITS_MAX = 64 * 1024 * 1024, /* of one object: a request has 32 MB at most */
    COUNT_MAX_TEXTS = 4096,
    MARK_MAX = 64,
};

/* Units that are looked at for all objects together: what looks like many beginnings, each with no
 * end, would take time without limit. */
static const uint64_t WORK_MAX = 1ull << 30;

struct finder {
    struct arena *arena;
    struct json_texts *out;
    uint64_t work;
};

static bool stands_outside_strings(unsigned unit)
{
    return unit && unit < 0x80 && strchr(" \t\r\n,:-+.0123456789truefalsnE", (int)unit);
}

/*
 * From the inside of an object, at depth 1, to behind its end. member_end: behind the first value
 * in between that has brackets. Returns: the units up to the end; 0: it has none.
 */
static size_t find_end(struct js_string u, uint64_t *work, size_t *member_end)
{
    int depth = 1;
    bool in_string = false;
    size_t limit = u.n < UNITS_MAX ? u.n : UNITS_MAX;
    *member_end = 0;
    for (size_t i = 0; i < limit && *work < WORK_MAX; i++, (*work)++) {
        unsigned unit = unit_at(u, i);
        if (in_string) {
            if (unit < 0x20)
                return 0;
            i += unit == '\\';
            in_string = unit != '"';
        } else if (unit == '"') {
            in_string = true;
        } else if (unit == '{' || unit == '[') {
            if (++depth > DEPTH_MAX)
                return 0;
        } else if (unit == '}' || unit == ']') {
            if (--depth == 0)
                return i + 1;
            if (depth == 1 && !*member_end)
                *member_end = i + 1;
        } else if (!stands_outside_strings(unit)) {
            return 0;
        }
    }
    return 0;
}

static void add_utf8(struct buf *out, struct js_string u)
{
    BUF_RELEASE struct buf wide = {0};
    if (!u.is_wide) { /* the bytes of a request, or characters of Latin-1 */
        js_string_add_bytes(&wide, (struct sv){(const char *)u.p, u.n});
        u = (struct js_string){(const unsigned char *)wide.p, wide.n / 2, true};
    }
    js_string_add_utf8(out, u);
}

static void add(struct finder *f, struct js_string inside, bool is_whole)
{
    BUF_RELEASE struct buf text = {0};
    buf_adds(&text, "{");
    add_utf8(&text, inside);
    if (!is_whole)
        buf_adds(&text, "}");
    struct sv found = {text.p, text.n};
    for (size_t i = 0; i < f->out->count; i++)
        if (sv_equals(f->out->items[i].text, found)) {
            f->out->items[i].copy_count++;
            f->out->items[i].is_whole = f->out->items[i].is_whole || is_whole;
            return;
        }
    if (f->out->count == COUNT_MAX_TEXTS)
        return;
    *ARENA_PUSH(f->arena, f->out->items, f->out->count, f->out->capacity) =
        (struct json_text){{arena_strndup(f->arena, found.p, found.n), found.n}, 1, is_whole};
}

static void find_in(struct finder *f, struct sv bytes, struct sv mark, bool is_wide)
{
    for (size_t at = 0; (at = sv_find(bytes, at, mark)) < bytes.n;) {
        struct sv rest = sv_slice(bytes, at, bytes.n);
        struct js_string u = {(const unsigned char *)rest.p, is_wide ? rest.n / 2 : rest.n,
                              is_wide};
        size_t member_end, end = find_end(u, &f->work, &member_end);
        size_t taken = end ? end : member_end;
        if (taken)
            add(f, js_string_slice(u, 0, taken), end > 0);
        size_t passed = taken * (is_wide ? 2 : 1);
        at += passed > mark.n ? passed : mark.n;
    }
}

void json_texts_find(const struct memory_run *runs, size_t run_count, struct sv mark,
                     struct arena *a, struct json_texts *out)
{
    struct finder f = {.arena = a, .out = out};
    char wide[2 * MARK_MAX] = {0};
    *out = (struct json_texts){0};
    for (size_t i = 0; i < mark.n && i < MARK_MAX; i++)
        wide[2 * i] = mark.p[i];
    for (size_t i = 0; i < run_count; i++) {
        struct sv bytes = {runs[i].bytes, runs[i].n};
        find_in(&f, bytes, mark, false);
        find_in(&f, bytes, (struct sv){wide, 2 * mark.n}, true);
    }
}
