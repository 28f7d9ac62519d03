/*
 * plain_words: a sentence of this program without what is private in it.
 *
 * Kept are the words that its own sentences are made of, and numbers, but for those of processes
 * and sessions; all else (names, paths, addresses, commands, text) becomes "[...]". So what nobody
 * thought of is left out, too.
 */
#pragma once

#include "base/str.h"

void plain_words_add(struct buf *out, struct sv sentence);
