/*
 * completion: what can be typed next on a line that is not finished.
 *
 * The shells' own scripts (completions/) know nothing of modes and options:
 * they hand over the words, and show what comes back. So the tables of
 * options.c are the only place where these are told.
 */
#pragma once

#include "app/options.h"

/* What the last, unfinished word can be. */
struct completion {
    const char *word;  /* as far as it is typed; "" where a new one begins */
    const char *kinds; /* "WHICH|FILE", "DIR", ...: as in the help; NULL: no free word, no value */
    const struct command *command; /* whose name stands before it, or command_none */
    bool wants_name;               /* a mode or an option can stand there */
};

/* Reads the words of a line without the program's name; none of them: an empty one begins. */
struct completion completion_of(const char *const *words, size_t count);

/*
 * Whether the row can be named in that place: it goes with the mode, and is not
 * there already.
 */
bool completion_offers(const struct completion *c, const char *const *words, size_t count,
                       const struct option_shape *row);

/* "[WHICH...|FILE...]" has the kind "FILE". kinds may be NULL. */
bool completion_has_kind(const char *kinds, const char *kind);
