/*
 * js_string: text as a JavaScript engine holds it: Latin-1 characters of 8 bits,
 * or UTF-16 units of 16 in little-endian order, of any alignment.
 */
#pragma once

#include "base/str.h"

#include <stdint.h>

struct js_string {
    const unsigned char *p;
    size_t n; /* of units */
    bool is_wide;
};

static inline unsigned unit_at(struct js_string u, size_t i)
{
    return u.is_wide ? (unsigned)(u.p[2 * i] | u.p[2 * i + 1] << 8) : u.p[i];
}

static inline struct js_string js_string_slice(struct js_string u, size_t from, size_t to)
{
    return (struct js_string){u.p + (u.is_wide ? 2 * from : from), to - from, u.is_wide};
}

/* The same characters, in whichever width. */
bool js_string_equal(struct js_string a, struct js_string b);
/* Returns: where needle begins in u, at or after from; u.n where it does not occur. */
size_t js_string_find(struct js_string u, size_t from, struct js_string needle);

/* Appends it in UTF-8; half of a surrogate pair becomes U+FFFD. */
void js_string_add_utf8(struct buf *out, struct js_string u);

/* Appends UTF-8 text, or bytes that are none as Latin-1, as units of 16 bits. */
void js_string_add_bytes(struct buf *out, struct sv bytes);

/* Blanks and line ends, as a terminal folds text at them. */
bool unit_is_blank(unsigned unit);
