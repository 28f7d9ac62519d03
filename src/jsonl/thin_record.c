#include "jsonl/thin_record.h"

#include <string.h>

void thin_record_release(struct thin_record *t)
{
    buf_release(&t->out);
    *t = (struct thin_record){0};
}

void thin_record_next(struct thin_record *t)
{
    struct buf out = t->out;
    out.n = 0;
    *t = (struct thin_record){.out = out};
}

static void put(struct thin_record *t, const char *bytes, size_t n)
{
    size_t room = t->out.n < THIN_RECORD_MOST ? THIN_RECORD_MOST - t->out.n : 0;
    buf_add(&t->out, bytes, n < room ? n : room);
    t->cut_bytes += n < room ? 0 : (int64_t)(n - room);
}

static bool is_long_enough(const struct thin_record *t)
{
    return t->out.n >= THIN_RECORD_FROM && t->string_bytes >= THIN_RECORD_STRING;
}

/* A string may be cut before this byte: it begins a character. */
static bool begins_character(const struct thin_record *t, char c)
{
    return !t->is_escape && !t->hex_left && ((unsigned char)c & 0xc0) != 0x80;
}

static void end_string(struct thin_record *t)
{
    if (t->is_cut)
        buf_addf(&t->out, " [%lld bytes more are in the file]", (long long)t->string_cut_bytes);
    put(t, "\"", 1);
    t->is_string = t->is_cut = false;
    t->string_bytes = t->string_cut_bytes = 0;
}

/* One byte of a string. */
static void take(struct thin_record *t, char c)
{
    if (c == '"' && !t->is_escape) {
        end_string(t);
        return;
    }
    t->is_cut = t->is_cut || (is_long_enough(t) && begins_character(t, c));
    if (t->is_cut) {
        t->string_cut_bytes++;
        t->cut_bytes++;
    } else {
        put(t, &c, 1);
    }
    t->string_bytes++;
    t->hex_left -= t->hex_left > 0;
    if (t->is_escape && c == 'u')
        t->hex_left = 4;
    t->is_escape = !t->is_escape && c == '\\';
}

/* Bytes of a string up to one that means something. Returns: how many. */
static size_t plain_length(const struct thin_record *t, const char *bytes, size_t n)
{
    size_t length = 0;
    if (t->is_escape || t->hex_left || (is_long_enough(t) && !t->is_cut))
        return 0;
    while (length < n && bytes[length] != '"' && bytes[length] != '\\')
        length++;
    if (!t->is_cut && t->out.n + length >= THIN_RECORD_FROM) {
        size_t room = t->out.n < THIN_RECORD_FROM ? THIN_RECORD_FROM - t->out.n : 0;
        size_t begun = t->string_bytes < THIN_RECORD_STRING
                           ? (size_t)(THIN_RECORD_STRING - t->string_bytes)
                           : 0;
        size_t most = room > begun ? room : begun;
        length = length < most ? length : most;
    }
    return length;
}

void thin_record_feed(struct thin_record *t, const char *bytes, size_t n)
{
    for (size_t at = 0; at < n;) {
        const char *p = bytes + at;
        size_t left = n - at, length;
        if (!t->is_string) {
            const char *quote = memchr(p, '"', left);
            length = quote ? (size_t)(quote - p) + 1 : left;
            put(t, p, length);
            t->is_string = quote != NULL;
        } else if ((length = plain_length(t, p, left)) > 0) {
            if (!t->is_cut)
                put(t, p, length);
            t->string_bytes += (int64_t)length;
            t->string_cut_bytes += t->is_cut ? (int64_t)length : 0;
            t->cut_bytes += t->is_cut ? (int64_t)length : 0;
        } else {
            take(t, *p);
            length = 1;
        }
        at += length;
    }
}
