/*
 * query: what a user types, as the index takes it.
 *
 *     marmalade jam       both words, anywhere in a message
 *     "orange marmalade"  these words, one after the other
 *     marm*               a word that begins so
 *     foo_bar.c           as a phrase: signs separate words
 *
 * Nothing in it is syntax of the database: each word is quoted.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

/* words are joined by spaces. Returns: 0, or -EINVAL when there is nothing in them to look for.
 * Appends the expression to out. */
int query_parse(const char *const *words, size_t count, struct buf *out, struct sr_error *error);
