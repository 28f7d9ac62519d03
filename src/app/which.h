/*
 * which: the sessions that the user's words name. Nothing is guessed.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

/* A word names a terminal, a process, or a session by its id or the beginning of it. */
enum which_kind { WHICH_TERMINAL, WHICH_PID, WHICH_SESSION };

struct which {
    enum which_kind kind;
    const char *word; /* as typed */
    const char *tty;  /* canonical */
    int pid;
    const char *prefix; /* lower case */
};

/* Returns: 0, or -EINVAL when the word can name none of these. Owner: the arena. */
int which_parse(struct arena *a, const char *word, struct which *out, struct sr_error *error);

bool which_names(const struct which *w, const struct sr_session *s);

/*
 * The one session that a word names. Returns: 0, or -ENOENT and -EEXIST with
 * an error that lists the candidates.
 */
int which_find(const struct which *w, const struct sr_snapshot *snapshot,
               const struct sr_session **out, struct sr_error *error);
