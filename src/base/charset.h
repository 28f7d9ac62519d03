/*
 * charset: text for a terminal that does not show UTF-8.
 *
 * Characters that the terminal's character set has are converted. Our own signs
 * get a substitute ("[ok]", "-"); everything else is escaped ("\u00e9"), as by
 * utf8_add_printable. A set that iconv does not know counts as ASCII.
 */
#pragma once

#include "base/str.h"

struct charset; /* NULL: UTF-8, and text stays as it is */

/* codeset: as nl_langinfo(CODESET) names it. Returns: NULL for UTF-8. Owner: charset_free. */
struct charset *charset_new(const char *codeset);
void charset_free(struct charset *c);

/* Appends text, UTF-8. Line ends, escape sequences and other ASCII stay. */
void charset_add(const struct charset *c, struct buf *out, struct sv text);
