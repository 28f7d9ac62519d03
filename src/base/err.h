/*
 * err: an error that grows a sentence on the way up.
 *
 * The function that fails sets the reason; each caller that knows more puts
 * its own words in front, so that the user reads one line, outermost first:
 *
 *     list sessions: open /home/u/.claude: permission denied
 *
 * Calling sequence, in a function that ends in `struct sr_error *error`:
 *
 *     int fd = open(path, O_RDONLY);
 *     if (fd < 0)
 *         return err_set(error, -errno, "open %s: %s", path, err_reason(-errno));
 *     ...
 *     if ((r = read_all(fd, error)) < 0)
 *         return err_wrap(error, "list sessions");
 *
 * `error` may be NULL: the code is then all that comes back.
 */
#pragma once

#include "session_rescue.h"

/* Sets code and text. Returns: code, so that it can be returned at once. */
int err_set(struct sr_error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " before the text that is there. Returns: the code that is there. */
int err_wrap(struct sr_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * The system's reason for a negative errno, in lower case to stand inside a
 * sentence: "permission denied". Returns: a static string, safe in threads.
 */
const char *err_reason(int code);
