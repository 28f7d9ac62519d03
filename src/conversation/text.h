/*
 * text: the beginning of a long text, as much of it as is kept.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

/* At most max bytes of s, never cut inside a UTF-8 sequence. */
struct sv text_beginning(struct sv s, size_t max);

/* The same, copied. Returns: a string; NULL when s is empty. Owner: the arena. */
const char *text_cut(struct arena *a, struct sv s, size_t max);
