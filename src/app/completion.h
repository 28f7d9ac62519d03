/*
 * completion: what can be typed next on an unfinished command line.
 *
 * The scripts for the shells (completions/) know no modes and options: they pass
 * the words on, and show what comes back. So only the tables of options.c list
 * modes and options.
 */
#pragma once

#include "app/options.h"

/* What the last, unfinished word can be. */
struct completion {
    const char *word;  /* as typed so far; "" if a new one begins */
    const char *kinds; /* "WHICH|FILE", "DIR", ...: as in the help; NULL: no free word, no value */
    const struct command *command; /* named earlier on the line, or command_none */
    bool wants_name;               /* it can be a mode or an option */
};

/* words: those of the line without the program's name; if there are none, a new one begins. */
struct completion completion_of(const char *const *words, size_t count);

/*
 * Whether the option or mode of this row can come next: it goes with the mode, and
 * is not on the line yet.
 */
bool completion_offers(const struct completion *c, const char *const *words, size_t count,
                       const struct option_shape *row);

/* "[WHICH...|FILE...]" has the kind "FILE". kinds may be NULL. */
bool completion_has_kind(const char *kinds, const char *kind);
