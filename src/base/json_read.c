#include "base/json_read.h"

#include "base/chunk.h"

#include <stdlib.h>
#include <string.h>

enum {
    VALUES_FIRST = 96,        /* most records have fewer */
    DIGITS_MAX = 18,          /* that fit 64 bits whatever they are */
    NUMBER_MAX = 48,          /* characters of one that is read by yyjson */
    LENGTH_BIT = 256,         /* a value's tag counts its length from this bit on */
    PADDING = 2 * CHUNK_SIZE, /* what is read beyond the end */
    NONE = -1,                /* no container is open */
};

struct reading {
    char *p; /* in a copy of the text; behind it NULs, which end everything */
    const char *end;
    yyjson_val *values;
    size_t count, capacity;
    ptrdiff_t open; /* the innermost container; its ofs says which one it is in */
    yyjson_val first[VALUES_FIRST];
};

static yyjson_val *add(struct reading *r)
{
    if (r->count == r->capacity) {
        yyjson_val *old = r->values == r->first ? NULL : r->values;
        r->capacity *= 2;
        r->values = mem_resize(old, r->capacity * sizeof *r->values);
        if (!old)
            memcpy(r->values, r->first, sizeof r->first);
    }
    return &r->values[r->count++];
}

/* The next byte that is no space; NUL at the end. */
static inline char next(struct reading *r)
{
    while (*r->p == ' ' || *r->p == '\n' || *r->p == '\r' || *r->p == '\t')
        r->p++;
    return *r->p;
}

/* ---- strings ------------------------------------------------------------------------------ */

static bool continues(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* Bytes of the character beyond ASCII; 0: it is none. */
static size_t character_length(const char *p)
{
    unsigned char b[4];
    memcpy(b, p, sizeof b);
    if (b[0] < 0xc2 || b[0] > 0xf4 || !continues((char)b[1]))
        return 0;
    if (b[0] < 0xe0)
        return 2;
    if (!continues((char)b[2]))
        return 0;
    if (b[0] < 0xf0) {
        bool overlong = b[0] == 0xe0 && b[1] < 0xa0, surrogate = b[0] == 0xed && b[1] >= 0xa0;
        return overlong || surrogate ? 0 : 3;
    }
    bool overlong = b[0] == 0xf0 && b[1] < 0x90, beyond = b[0] == 0xf4 && b[1] >= 0x90;
    return overlong || beyond || !continues((char)b[3]) ? 0 : 4;
}

int32_t json_read_hex4(const char *p)
{
    int32_t value = 0;
    for (size_t i = 0; i < 4; i++) {
        char c = p[i];
        int32_t digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* "\uXXXX" at p, both halves where it is a pair. Returns: its bytes, and the character; 0: none. */
static size_t read_code(const char *p, int32_t *code)
{
    int32_t first = json_read_hex4(p + 2);
    *code = first;
    if (first < 0xd800 || first > 0xdfff)
        return first < 0 ? 0 : 6;
    int32_t low = first < 0xdc00 && p[6] == '\\' && p[7] == 'u' ? json_read_hex4(p + 8) : -1;
    if (low < 0xdc00 || low > 0xdfff)
        return 0;
    *code = 0x10000 + ((first - 0xd800) << 10) + (low - 0xdc00);
    return 12;
}

static char *put_character(char *to, int32_t code)
{
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
        *to++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *to++ = (char)(0xe0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    } else {
        *to++ = (char)(0xf0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3f));
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    }
    return to;
}

/* What a backslash and this character stand for; 0: nothing. */
static const char escapes[256] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                  ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};

/* In place: what is written is never longer than what was read. */
void json_read_unescape(yyjson_val *v)
{
    char *from = (char *)(uintptr_t)v->uni.str, *to = from;
    const char *end = from + yyjson_get_len(v);
    while (from < end) {
        char *escape = memchr(from, '\\', (size_t)(end - from));
        size_t n = (size_t)((escape ? escape : end) - from);
        memmove(to, from, n);
        to += n;
        from += n;
        if (!escape)
            break;
        char escaped = escapes[(unsigned char)from[1]];
        if (escaped) {
            *to++ = escaped;
            from += 2;
        } else {
            int32_t code;
            from += read_code(from, &code);
            to = put_character(to, code);
        }
    }
    *to = '\0';
    v->tag = (uint64_t)(to - v->uni.str) * LENGTH_BIT | YYJSON_TYPE_STR;
}

void json_read_unescape_all(yyjson_val *v)
{
    size_t count = yyjson_is_ctn(v) ? v->uni.ofs / sizeof *v : 1;
    for (size_t i = 0; i < count; i++)
        if (json_read_is_escaped(&v[i]))
            json_read_unescape(&v[i]);
}

/* r->p is at the quote. */
static bool take_string(struct reading *r)
{
    char *p = r->p + 1, *begin = p;
    uint64_t escaped = 0;
    for (;;) {
        size_t plain = chunk_plain(p);
        p += plain;
        if (plain == CHUNK_SIZE)
            continue;
        if (*p == '"')
            break;
        size_t n;
        int32_t code;
        if (*p == '\\') {
            escaped = JSON_READ_ESCAPED;
            n = escapes[(unsigned char)p[1]] ? 2 : p[1] == 'u' ? read_code(p, &code) : 0;
        } else {
            n = character_length(p);
        }
        if (!n)
            return false;
        p += n;
    }
    yyjson_val *v = add(r);
    v->tag = (uint64_t)(p - begin) * LENGTH_BIT | YYJSON_TYPE_STR | escaped;
    v->uni.str = begin;
    *p = '\0';
    r->p = p + 1;
    return true;
}

/* ---- numbers and words --------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* One with a fraction or an exponent. */
static bool take_real(struct reading *r)
{
    char text[NUMBER_MAX + 1];
    size_t n = 0;
    while (n < NUMBER_MAX && r->p[n] && (is_digit(r->p[n]) || strchr("+-.eE", r->p[n])))
        n++;
    memcpy(text, r->p, n);
    text[n] = '\0';
    yyjson_val *v = add(r);
    if (n == NUMBER_MAX || yyjson_read_number(text, v, 0, NULL, NULL) != text + n)
        return false;
    r->p += n;
    return true;
}

static bool take_number(struct reading *r)
{
    char *p = r->p;
    bool negative = *p == '-';
    p += negative;
    const char *digits = p;
    uint64_t n = 0;
    for (; is_digit(*p) && p - digits <= DIGITS_MAX; p++)
        n = n * 10 + (uint64_t)(*p - '0');
    if (p == digits || p - digits > DIGITS_MAX || (*digits == '0' && p - digits > 1))
        return false;
    if (*p == '.' || *p == 'e' || *p == 'E')
        return take_real(r);
    yyjson_val *v = add(r);
    v->tag = (uint64_t)(YYJSON_TYPE_NUM | (negative ? YYJSON_SUBTYPE_SINT : YYJSON_SUBTYPE_UINT));
    v->uni.u64 = negative ? 0 - n : n;
    r->p = p;
    return true;
}

static bool take_word(struct reading *r, const char *word, size_t n, uint64_t tag)
{
    if (memcmp(r->p, word, n) != 0)
        return false;
    add(r)->tag = tag;
    r->p += n;
    return true;
}

/* ---- containers ---------------------------------------------------------------------------- */

static void open_container(struct reading *r, uint64_t type)
{
    yyjson_val *v = add(r);
    v->tag = type;
    v->uni.ofs = (size_t)r->open;
    r->open = v - r->values;
    r->p++;
}

static void close_container(struct reading *r)
{
    yyjson_val *v = &r->values[r->open];
    ptrdiff_t around = (ptrdiff_t)v->uni.ofs;
    v->uni.ofs = (r->count - (size_t)r->open) * sizeof *v;
    r->open = around;
    r->p++;
}

static bool is_in_object(const struct reading *r)
{
    return (r->values[r->open].tag & YYJSON_TYPE_MASK) == YYJSON_TYPE_OBJ;
}

/* A scalar, or the beginning of a container: of one that is empty, all but its end. */
static bool take_value(struct reading *r)
{
    switch (next(r)) {
    case '"':
        return take_string(r);
    case '{':
        open_container(r, YYJSON_TYPE_OBJ);
        return true;
    case '[':
        open_container(r, YYJSON_TYPE_ARR);
        return true;
    case 't':
        return take_word(r, "true", 4, YYJSON_TYPE_BOOL | YYJSON_SUBTYPE_TRUE);
    case 'f':
        return take_word(r, "false", 5, YYJSON_TYPE_BOOL | YYJSON_SUBTYPE_FALSE);
    case 'n':
        return take_word(r, "null", 4, YYJSON_TYPE_NULL);
    default:
        return take_number(r);
    }
}

/* The key before a value in an object. */
static bool take_key(struct reading *r)
{
    if (next(r) != '"' || !take_string(r) || next(r) != ':')
        return false;
    if (json_read_is_escaped(&r->values[r->count - 1]))
        json_read_unescape(&r->values[r->count - 1]);
    r->p++;
    return true;
}

/* Closes what ends here. Returns: whether another item follows; r->open is NONE at the end. */
static bool take_ends(struct reading *r)
{
    for (;;) {
        char c = next(r);
        if (c == ',') {
            r->p++;
            return true;
        }
        if (c != (is_in_object(r) ? '}' : ']'))
            return false;
        close_container(r);
        if (r->open == NONE)
            return false;
    }
}

static bool is_over(struct reading *r, bool follows)
{
    return !follows && r->open == NONE && !next(r) && r->p == r->end;
}

static bool take_items(struct reading *r)
{
    for (bool follows = true; follows;) {
        if (is_in_object(r) && !take_key(r))
            return false;
        r->values[r->open].tag += LENGTH_BIT;
        ptrdiff_t around = r->open;
        if (!take_value(r))
            return false;
        char end = r->open == around ? '\0' : is_in_object(r) ? '}' : ']';
        if (!end || next(r) == end)
            follows = take_ends(r);
    }
    return is_over(r, false);
}

yyjson_val *json_read_ordinary(struct arena *a, struct sv text)
{
    struct reading r;
    yyjson_val *root = NULL;
    r.p = arena_take(a, text.n + PADDING);
    r.end = r.p + text.n;
    if (text.n)
        memcpy(r.p, text.p, text.n);
    memset(r.p + text.n, 0, PADDING);
    r.values = r.first;
    r.count = 0;
    r.capacity = VALUES_FIRST;
    r.open = NONE;
    char first = next(&r);
    if (first != '{' && first != '[')
        return NULL;
    take_value(&r);
    bool is_empty = next(&r) == (first == '{' ? '}' : ']');
    if (is_empty ? is_over(&r, take_ends(&r)) : take_items(&r)) {
        root = arena_take(a, r.count * sizeof *root);
        memcpy(root, r.values, r.count * sizeof *root);
    }
    if (r.values != r.first)
        free(r.values);
    return root;
}
