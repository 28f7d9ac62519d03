/*
 * unit: what the unit tests share: cmocka, with the headers it wants before
 * it, and a comparison of views that prints both on failure.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"

#include <stdlib.h>
#include <string.h>

#define assert_sv_equal(actual, expected)                \
    do {                                                 \
        struct sv assert_sv = (actual);                  \
        struct buf assert_text = {0};                    \
        buf_add(&assert_text, assert_sv.p, assert_sv.n); \
        assert_string_equal(assert_text.p, expected);    \
        buf_release(&assert_text);                       \
    } while (0)

/* A copy with nothing behind it, so that a read past its end is seen. Owner: the caller frees p. */
static inline struct sv unit_bytes(struct sv literal)
{
    char *copy = malloc(literal.n ? literal.n : 1);
    if (literal.n)
        memcpy(copy, literal.p, literal.n);
    return (struct sv){copy, literal.n};
}
