#include "jsonl/string_span.h"

#include "base/chunk.h"
#include "base/utf8.h"

static inline const char *skip(const char *p, const char *end)
{
    while (end - p >= CHUNK_SIZE) {
        size_t n = chunk_plain(p);
        p += n;
        if (n < CHUNK_SIZE)
            return p;
    }
    while (p < end && !chunk_stops_at(*p))
        p++;
    return p;
}

const char *string_span_end(const char *p, const char *end)
{
    return skip(p, end);
}

static const bool escapes[256] = {['"'] = true, ['\\'] = true, ['/'] = true, ['b'] = true,
                                  ['f'] = true, ['n'] = true,  ['r'] = true, ['t'] = true};

bool string_span_is_escape(char c)
{
    return escapes[(unsigned char)c];
}

int string_span_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Of "\uXXXX". Returns: 0 where it is none; that it stands for U+0000 is no difference here. */
static uint32_t code_of(const char *p)
{
    uint32_t code = 0;
    if (p[0] != '\\' || p[1] != 'u')
        return 0;
    for (size_t i = 2; i < 6; i++) {
        int digit = string_span_hex_digit(p[i]);
        if (digit < 0)
            return 0;
        code = code << 4 | (uint32_t)digit;
    }
    return code;
}

/* Returns: its bytes; 0 where it is to be looked at. */
static size_t escape_length(const char *p, size_t n)
{
    if (n < 2 || p[1] != 'u')
        return n >= 2 && escapes[(unsigned char)p[1]] ? 2 : 0;
    uint32_t code = n >= 6 ? code_of(p) : 0;
    if (code < 0xd800 || code > 0xdfff)
        return code ? 6 : 0;
    uint32_t low = code < 0xdc00 && n >= 12 ? code_of(p + 6) : 0;
    return low >= 0xdc00 && low <= 0xdfff ? 12 : 0;
}

/* As escape_length, of a character beyond ASCII. */
static size_t character_length(const char *p, size_t n)
{
    uint32_t code;
    return (unsigned char)*p < 0x80 ? 0 : utf8_decode((struct sv){p, n}, &code);
}

const char *string_span_end_sound(const char *p, const char *end)
{
    for (;;) {
        p = skip(p, end);
        if (p == end)
            return p;
        size_t n = (size_t)(end - p);
        size_t length = *p == '\\' ? escape_length(p, n) : character_length(p, n);
        if (length == 0)
            return p;
        p += length;
    }
}
