#include "jsonl/js_string.h"

#include "base/utf8.h"

#include <string.h>

bool js_string_equal(struct js_string a, struct js_string b)
{
    if (a.n != b.n)
        return false;
    if (a.is_wide == b.is_wide)
        return a.n == 0 || memcmp(a.p, b.p, a.is_wide ? 2 * a.n : a.n) == 0;
    for (size_t i = 0; i < a.n; i++)
        if (unit_at(a, i) != unit_at(b, i))
            return false;
    return true;
}

size_t js_string_find(struct js_string u, size_t from, struct js_string needle)
{
    if (needle.n == 0 || needle.n > u.n)
        return u.n;
    unsigned first = unit_at(needle, 0), last = unit_at(needle, needle.n - 1);
    for (size_t i = from; i + needle.n <= u.n; i++)
        if (unit_at(u, i) == first && unit_at(u, i + needle.n - 1) == last &&
            js_string_equal(js_string_slice(u, i, i + needle.n), needle))
            return i;
    return u.n;
}

static void add_code(struct buf *out, uint32_t c)
{
    char text[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n; i-- > 1; c >>= 6)
        text[i] = (char)(0x80 | (c & 0x3f));
    text[0] = (char)(leads[n] | c);
    buf_add(out, text, n);
}

void js_string_add_utf8(struct buf *out, struct js_string u)
{
    for (size_t i = 0; i < u.n; i++) {
        uint32_t c = unit_at(u, i);
        bool is_high = c >= 0xd800 && c < 0xdc00, is_low = c >= 0xdc00 && c < 0xe000;
        uint32_t next = is_high && i + 1 < u.n ? unit_at(u, i + 1) : 0;
        if (next >= 0xdc00 && next < 0xe000) {
            c = 0x10000 + ((c - 0xd800) << 10) + (next - 0xdc00);
            i++;
        } else if (is_high || is_low) {
            c = 0xfffd;
        }
        add_code(out, c);
    }
}

static void add_unit(struct buf *out, uint32_t unit)
{
    char bytes[2] = {(char)(unit & 0xff), (char)(unit >> 8)};
    buf_add(out, bytes, 2);
}

static bool is_utf8(struct sv s)
{
    uint32_t code;
    for (size_t i = 0; i < s.n;) {
        size_t n = utf8_decode(sv_slice(s, i, s.n), &code);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

void js_string_add_bytes(struct buf *out, struct sv s)
{
    bool decodes = is_utf8(s);
    for (size_t i = 0; i < s.n;) {
        uint32_t code = (unsigned char)s.p[i];
        i += decodes ? utf8_decode(sv_slice(s, i, s.n), &code) : 1;
        if (code >= 0x10000) {
            add_unit(out, 0xd800 + ((code - 0x10000) >> 10));
            code = 0xdc00 + ((code - 0x10000) & 0x3ff);
        }
        add_unit(out, code);
    }
}

bool unit_is_blank(unsigned unit)
{
    return unit == ' ' || unit == '\n' || unit == '\r' || unit == '\t' || unit == 0xa0;
}
