/*
 * query: turns what a user types into a query of the index.
 *
 *     marmalade jam       both words, anywhere in a message
 *     "orange marmalade"  these words, one after the other
 *     marm*               a word that begins like this
 *     foo_bar.c           a phrase: punctuation separates words
 *
 * Nothing typed becomes syntax of the database: each word is quoted.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

/* words are joined by spaces. Returns: 0, or -EINVAL when there is nothing in them to look for.
 * Appends the expression to out. */
int query_parse(const char *const *words, size_t count, struct buf *out, struct sr_error *error);
