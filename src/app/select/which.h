/*
 * which: the sessions that the user's words name. Nothing is guessed.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

/* A word names a terminal, a process, or a session: by its id or the beginning of it ("01e5af14";
 * "FOLDER/01e5af14" if copies lie in several folders), or by its transcript. */
enum which_kind { WHICH_TERMINAL, WHICH_PID, WHICH_SESSION, WHICH_FILE };

struct which {
    enum which_kind kind;
    const char *word; /* as typed */
    const char *tty;  /* canonical */
    int pid;
    const char *prefix; /* lower case; FILE: the id in its name */
    const char *folder; /* SESSION: the last part of the folder that it is in; NULL: any */
    const char *file;   /* FILE: as typed */
};

/* Returns: 0, or -EINVAL when the word can name none of these. Owner: the arena. */
int which_parse(struct arena *a, const char *word, struct which *out, struct sr_error *error);

/* The word is a path: not FOLDER/ID, and not pts/4. */
bool which_is_file(const char *word);

bool which_names(const struct which *w, const struct sr_session *s);
bool which_names_stray(const struct which *w, const struct sr_stray *stray);

/*
 * The one session that a word names. Of several copies of one session it is the one that a process
 * has, else the one with the newest record. Returns: 0; 1: it is one of several copies, error says
 * so and listed names the others; -ENOENT and -EEXIST with an error, and up to ten candidates in
 * listed, one per line. Owner of listed: the caller.
 */
int which_find(const struct which *w, const struct sr_snapshot *snapshot,
               const struct sr_session **out, struct buf *listed, struct sr_error *error);
