#include "base/charset.h"

#include "base/arena.h"
#include "base/utf8.h"

#include <iconv.h>
#include <stdlib.h>

struct charset {
    iconv_t converter; /* (iconv_t)-1: ASCII */
};

struct charset *charset_new(const char *codeset)
{
    if (str_equals(codeset, "UTF-8"))
        return NULL;
    struct charset *c = mem_resize(NULL, sizeof *c);
    c->converter = codeset ? iconv_open(codeset, "UTF-8") : (iconv_t)-1;
    return c;
}

void charset_free(struct charset *c)
{
    if (c && c->converter != (iconv_t)-1)
        iconv_close(c->converter);
    free(c);
}

/* What stands for a sign of ours. Returns: NULL where nothing does. */
static const char *likeness(uint32_t c)
{
    if (c >= 0x2500 && c <= 0x257f) /* drawn boxes */
        return c == 0x2502 ? "|" : c == 0x2500 ? "-" : "+";
    switch (c) {
    case 0xa0:
        return " ";
    case 0xb7:
    case 0x2022:
        return "*";
    case 0x2013:
    case 0x2014:
        return "-";
    case 0x2018:
    case 0x2019:
        return "'";
    case 0x201c:
    case 0x201d:
        return "\"";
    case 0x2026:
        return "...";
    case 0x2192:
        return "->";
    case 0x2705:
        return "[ok]";
    case 0x274c:
        return "[failed]";
    default:
        return NULL;
    }
}

/* Returns: whether the set has it. */
static bool convert(const struct charset *c, struct buf *out, struct sv one)
{
    char in[8], converted[16], *from = in, *to = converted;
    size_t in_left = one.n, out_left = sizeof converted;
    if (c->converter == (iconv_t)-1 || one.n > sizeof in)
        return false;
    for (size_t i = 0; i < one.n; i++)
        in[i] = one.p[i];
    iconv(c->converter, NULL, NULL, NULL, NULL);
    /* greater than 0: something like it was taken */
    if (iconv(c->converter, &from, &in_left, &to, &out_left) != 0)
        return false;
    buf_add(out, converted, sizeof converted - out_left);
    return true;
}

void charset_add(const struct charset *c, struct buf *out, struct sv text)
{
    if (!c) {
        buf_add(out, text.p, text.n);
        return;
    }
    for (size_t i = 0, length; i < text.n; i += length) {
        uint32_t code = 0;
        length = utf8_decode(sv_slice(text, i, text.n), &code);
        const char *like = length ? likeness(code) : NULL;
        if (length == 0)
            buf_addf(out, "\\x%02x", (unsigned char)text.p[i]);
        else if (code < 0x80)
            buf_add(out, text.p + i, 1);
        else if (convert(c, out, sv_slice(text, i, i + length)))
            ;
        else if (like)
            buf_adds(out, like);
        else
            buf_addf(out, code < 0x10000 ? "\\u%04x" : "\\U%06x", code);
        length += length == 0;
    }
}
