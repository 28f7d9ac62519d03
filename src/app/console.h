/*
 * console: standard output and error, in the character set of the reader. All text
 * for people is written here: a terminal gets it in its own character set
 * (base/charset.h), a file or a pipe in UTF-8. On a terminal that does not show
 * UTF-8, commands are ASCII, so that they can be pasted (session/resume.h).
 *
 * The one place that asks for the user's locale.
 */
#pragma once

#include "base/str.h"

#include <stdio.h>

/* Call it once, before anything is printed. is_json: what goes to standard output stays UTF-8. */
void console_begin(bool is_json);
void console_end(void);

/* The locale's character set is UTF-8. */
bool console_is_utf8(void);

/* Whether to is a terminal that does not show UTF-8. */
bool console_is_limited(FILE *to);

/* Converts a text to what can be shown there. */
void console_convert(FILE *to, struct buf *out, struct sv text);

/* Returns: 0 or -EIO. */
int console_write(FILE *to, struct sv text);
