#include "base/str.h"

#include "base/arena.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sv sv_of(const char *s)
{
    return (struct sv){s, s ? strlen(s) : 0};
}

bool sv_equals(struct sv a, struct sv b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool sv_is(struct sv s, const char *word)
{
    return sv_equals(s, sv_of(word));
}

bool sv_starts_with(struct sv s, struct sv prefix)
{
    return s.n >= prefix.n && sv_equals(sv_slice(s, 0, prefix.n), prefix);
}

bool sv_ends_with(struct sv s, struct sv suffix)
{
    return s.n >= suffix.n && sv_equals(sv_slice(s, s.n - suffix.n, s.n), suffix);
}

size_t sv_find(struct sv s, size_t from, struct sv needle)
{
    if (from >= s.n)
        return s.n;
    const char *hit = memmem(s.p + from, s.n - from, needle.p, needle.n);
    return hit ? (size_t)(hit - s.p) : s.n;
}

struct sv sv_slice(struct sv s, size_t from, size_t to)
{
    if (to > s.n)
        to = s.n;
    if (from > to)
        from = to;
    return (struct sv){s.p ? s.p + from : NULL, to - from};
}

bool sv_cut_line(struct sv *rest, struct sv *line)
{
    size_t end = sv_find(*rest, 0, SV("\n"));
    bool has_newline = end < rest->n;
    *line = sv_slice(*rest, 0, end);
    *rest = sv_slice(*rest, end + has_newline, rest->n);
    return has_newline;
}

bool sv_to_i64(struct sv s, int64_t *out)
{
    bool negative = s.n && s.p[0] == '-';
    size_t i = negative ? 1 : 0;
    if (i == s.n)
        return false;
    int64_t value = 0;
    for (; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, s.p[i] - '0', &value))
            return false;
    }
    *out = negative ? -value : value;
    return true;
}

bool str_equals(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool str_in(const char *word, const char *list)
{
    size_t n = word ? strlen(word) : 0;
    for (size_t length; n && *list; list += length + (list[length] == ' ')) {
        length = strcspn(list, " ");
        if (length == n && memcmp(list, word, n) == 0)
            return true;
    }
    return false;
}

int str_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool str_starts_with(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends_with(const char *s, const char *suffix)
{
    return sv_ends_with(sv_of(s), sv_of(suffix));
}

const char *str_basename(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool str_is_uuid(struct sv s)
{
    static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    static const bool hex[256] = {['0' ... '9'] = true, ['a' ... 'f'] = true, ['A' ... 'F'] = true};
    if (s.n != sizeof shape - 1)
        return false;
    for (size_t i = 0; i < sizeof shape - 1; i++)
        if (shape[i] == '-' ? s.p[i] != '-' : !hex[(unsigned char)s.p[i]])
            return false;
    return true;
}

const char *str_format_size(int64_t bytes, char text[static STR_SIZE_TEXT])
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 999.5 && unit + 1 < sizeof units / sizeof *units) {
        value /= 1000;
        unit++;
    }
    snprintf(text, STR_SIZE_TEXT, unit && value < 9.95 ? "%.1f%s" : "%.0f%s", value, units[unit]);
    return text;
}

static void reserve(struct buf *b, size_t more)
{
    if (b->capacity - b->n > more)
        return;
    size_t wanted = b->n + more + 1;
    size_t capacity = b->capacity ? b->capacity : 256;
    while (capacity < wanted)
        capacity *= 2;
    b->p = mem_resize(b->p, capacity);
    b->capacity = capacity;
}

void buf_add(struct buf *b, const char *bytes, size_t n)
{
    reserve(b, n);
    if (n)
        memcpy(b->p + b->n, bytes, n);
    b->n += n;
    b->p[b->n] = '\0';
}

void buf_adds(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_addf(struct buf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    size_t room = b->capacity - b->n;
    int n = vsnprintf(room ? b->p + b->n : NULL, room, format, args);
    va_end(args);
    if (n > 0 && (size_t)n >= room) {
        reserve(b, (size_t)n);
        vsnprintf(b->p + b->n, (size_t)n + 1, format, again);
    }
    if (n > 0)
        b->n += (size_t)n;
    else if (room)
        b->p[b->n] = '\0';
    va_end(again);
}

void buf_fill(struct buf *b, char c, size_t count)
{
    reserve(b, count);
    memset(b->p + b->n, c, count);
    b->n += count;
    b->p[b->n] = '\0';
}

void buf_release(struct buf *b)
{
    free(b->p);
    *b = (struct buf){0};
}
