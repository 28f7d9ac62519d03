/*
 * string_span: how far the inside of a JSON string goes on before something has to be
 * looked at. Most of a transcript is that, so it is read sixteen bytes at once.
 */
#pragma once

#include <stdbool.h>

/* The first quote, backslash, control character or byte beyond ASCII; end where there is none. */
const char *string_span_end(const char *p, const char *end);

/*
 * As string_span_end, and over whole escapes and characters as well: what ends it is
 * the quote, something that cannot be sent (a control character, "\u0000", half
 * of a surrogate pair, bytes that are not UTF-8), an escape that there is not,
 * or one that may go on behind end.
 */
const char *string_span_end_sound(const char *p, const char *end);

/* '"', 'n', ...: what may follow a backslash alone. */
bool string_span_is_escape(char c);

/* Returns: 0 to 15, or -1. */
int string_span_hex_digit(char c);
