#include "base/utf8.h"

#include <string.h>

size_t utf8_decode(struct sv s, uint32_t *code)
{
    const unsigned char *p = (const unsigned char *)s.p;
    if (p[0] < 0x80) {
        *code = p[0];
        return 1;
    }
    static const struct {
        unsigned char mask, lead;
        size_t length;
        uint32_t least;
    } forms[] = {{0xe0, 0xc0, 2, 0x80}, {0xf0, 0xe0, 3, 0x800}, {0xf8, 0xf0, 4, 0x10000}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if ((p[0] & forms[i].mask) != forms[i].lead)
            continue;
        if (s.n < forms[i].length)
            return 0;
        uint32_t value = p[0] & (unsigned char)~forms[i].mask;
        for (size_t j = 1; j < forms[i].length; j++) {
            if ((p[j] & 0xc0) != 0x80)
                return 0;
            value = value << 6 | (p[j] & 0x3f);
        }
        if (value < forms[i].least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
            return 0;
        *code = value;
        return forms[i].length;
    }
    return 0;
}

/* How many bytes at the beginning are printable ASCII; or, with lowest 0, ASCII of any kind. Eight
 * at once: below the lowest, 0x7f or above, one of the sums has the highest bit of its byte set. */
static size_t ascii_length(const char *p, size_t n, unsigned char lowest)
{
    static const uint64_t each = 0x0101010101010101, highest = 0x8080808080808080;
    size_t i = 0;
    for (uint64_t word; i + sizeof word <= n; i += sizeof word) {
        memcpy(&word, p + i, sizeof word);
        uint64_t odd = word;
        if (lowest)
            odd |= (word - each * lowest) | (word + each);
        if (odd & highest)
            break;
    }
    while (i < n && (unsigned char)p[i] >= lowest && (unsigned char)p[i] < (lowest ? 0x7f : 0x80))
        i++;
    return i;
}

void utf8_add_valid(struct buf *out, struct sv s)
{
    size_t clean = 0; /* s[clean..i) is valid and not yet appended */
    size_t i = 0;
    while (i < s.n && (i += ascii_length(s.p + i, s.n - i, 0)) < s.n) {
        uint32_t code;
        size_t n = utf8_decode(sv_slice(s, i, s.n), &code);
        if (n) {
            i += n;
            continue;
        }
        buf_add(out, s.p + clean, i - clean);
        buf_adds(out, "\xef\xbf\xbd");
        clean = ++i;
    }
    struct sv last = sv_slice(s, clean, s.n); /* s.p may be NULL */
    buf_add(out, last.p, last.n);
}

/* Characters that a terminal obeys, or that hide or reorder what follows. */
static bool drives_or_hides(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || c == 0x180e ||
           (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
           (c >= 0xe0000 && c <= 0xe007f);
}

/* Blocks that terminals draw two columns wide (Unicode 15, East Asian Width W and F). */
static bool is_wide(uint32_t c)
{
    return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0x303e) ||
           (c >= 0x3041 && c <= 0xa4cf) || (c >= 0xa960 && c <= 0xa97c) ||
           (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
           (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
           (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1f64f) ||
           (c >= 0x1f680 && c <= 0x1f6ff) || (c >= 0x1f900 && c <= 0x1f9ff) ||
           (c >= 0x20000 && c <= 0x3fffd);
}

static bool combines(uint32_t c)
{
    return (c >= 0x300 && c <= 0x36f) || (c >= 0x20d0 && c <= 0x20ff) ||
           (c >= 0xfe00 && c <= 0xfe0f);
}

/* Appends what stands for the character at s[i]; returns its columns, *length its bytes in s. */
static size_t add_one(struct buf *out, struct sv s, size_t i, size_t *length)
{
    size_t before = out->n;
    uint32_t c = 0;
    *length = utf8_decode(sv_slice(s, i, s.n), &c);
    if (*length == 0) {
        *length = 1;
        buf_addf(out, "\\x%02x", (unsigned char)s.p[i]);
    } else if (c == '\n' || c == '\r' || c == '\t') {
        buf_adds(out, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
    } else if (drives_or_hides(c)) {
        buf_addf(out, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%06x", c);
    } else {
        buf_add(out, s.p + i, *length);
        return combines(c) ? 0 : is_wide(c) ? 2 : 1;
    }
    return out->n - before;
}

/* Whole texts of many megabytes are printed: what is plain ASCII is appended at once. */
static void add_all_printable(struct buf *out, struct sv s)
{
    for (size_t i = 0, length; i < s.n; i += length) {
        length = ascii_length(s.p + i, s.n - i, 0x20);
        if (length)
            buf_add(out, s.p + i, length);
        else
            add_one(out, s, i, &length);
    }
}

void utf8_add_printable(struct buf *out, struct sv s, size_t max_columns)
{
    if (!max_columns) {
        add_all_printable(out, s);
        return;
    }
    size_t columns = 0;
    size_t cut_at = out->n; /* where "..." would go */
    for (size_t i = 0, length; i < s.n; i += length) {
        size_t before = out->n;
        size_t width = add_one(out, s, i, &length);
        if (max_columns && columns + width > max_columns) {
            out->n = max_columns >= 3 ? cut_at : before;
            if (out->p)
                out->p[out->n] = '\0';
            if (max_columns >= 3)
                buf_adds(out, "...");
            return;
        }
        columns += width;
        if (columns + 3 <= max_columns)
            cut_at = out->n;
    }
}

void utf8_adds_printable(struct buf *out, const char *s)
{
    utf8_add_printable(out, sv_of(s), 0);
}

void utf8_adds_between(struct buf *out, const char *before, const char *s, const char *after)
{
    buf_adds(out, before);
    utf8_adds_printable(out, s);
    buf_adds(out, after);
}

size_t utf8_columns(struct sv s)
{
    BUF_RELEASE struct buf scratch = {0};
    size_t columns = 0;
    for (size_t i = 0, length; i < s.n; i += length) {
        scratch.n = 0;
        columns += add_one(&scratch, s, i, &length);
    }
    return columns;
}
