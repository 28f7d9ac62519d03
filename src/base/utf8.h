/*
 * utf8: text of unknown origin made valid, and made harmless for a terminal.
 */
#pragma once

#include "base/str.h"

/* Decodes the code point that s begins with; s is not empty.
 * Returns: its length in bytes; 0 where s does not begin with valid UTF-8, *code untouched. */
size_t utf8_decode(struct sv s, uint32_t *code);

/* Appends s with every byte that is not part of valid UTF-8 replaced by U+FFFD. */
void utf8_add_valid(struct buf *out, struct sv s);

/*
 * Appends s so that it cannot drive a terminal: control characters, C1 and
 * DEL included, become visible ("\x1b", "\n", "\t"), invisible directional
 * marks, zero-width and line separators become "\u202e" and the like, bytes
 * that are not UTF-8 become "\xff". At most max_columns columns, "..."
 * included when the text was cut; 0: no limit. One code point counts as one
 * column, a wide one (CJK, emoji) as two.
 */
void utf8_add_printable(struct buf *out, struct sv s, size_t max_columns);
void utf8_adds_printable(struct buf *out, const char *s); /* all of a string */
/* The same, with words of ours on both sides of it. */
void utf8_adds_between(struct buf *out, const char *before, const char *s, const char *after);

/* The columns that s takes as utf8_add_printable shows it. */
size_t utf8_columns(struct sv s);
