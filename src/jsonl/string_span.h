/*
 * string_span: skips the part of a JSON string that needs no attention. Most of a
 * transcript is such text, so it is read sixteen bytes at a time.
 */
#pragma once

#include <stdbool.h>

/* Returns: the first quote, backslash, control character or non-ASCII byte; end: none. */
const char *string_span_end(const char *p, const char *end);

/*
 * As string_span_end, but also skips whole escapes and UTF-8 characters. It stops
 * at the quote, at anything that cannot be sent (a control character, "\u0000",
 * half of a surrogate pair, bytes that are not UTF-8), at an invalid escape, and
 * at one that may continue after end.
 */
const char *string_span_end_sound(const char *p, const char *end);

/* '"', 'n', ...: a character that makes an escape with a backslash alone. */
bool string_span_is_escape(char c);

/* Returns: 0 to 15, or -1. */
int string_span_hex_digit(char c);
