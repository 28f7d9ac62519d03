/*
 * console: standard output and error, as who reads them can. Text for people
 * goes out here: a terminal gets it in its own character set (base/charset.h),
 * a file or a pipe as it is, in UTF-8. Commands on a terminal that does not show
 * UTF-8 are ASCII, so that they can be pasted (session/resume.h).
 *
 * The one place that asks for the user's locale.
 */
#pragma once

#include "base/str.h"

#include <stdio.h>

/* Once, before anything is printed. is_json: standard output gets documents, which stay UTF-8. */
void console_begin(bool is_json);
void console_end(void);

/* The locale's character set is UTF-8. */
bool console_is_utf8(void);

/* to is a terminal that does not show UTF-8. */
bool console_is_limited(FILE *to);

/* As to shows it. */
void console_convert(FILE *to, struct buf *out, struct sv text);

/* Returns: 0 or -EIO. */
int console_write(FILE *to, struct sv text);
