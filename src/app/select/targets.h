/*
 * targets: the transcripts that the words of --check and --repair name. A word
 * with a slash in it, or that ends in ".jsonl", is a file, wherever it is; any
 * other names a session.
 */
#pragma once

#include "app/context.h"

struct target {
    const char *path; /* absolute, unless the file could not be found; of one whose transcript is
                         gone: where it was, NULL where that is not known */
    const struct sr_left *left;       /* its transcript is gone; NULL: not so */
    const char *session_id;           /* NULL: not known yet */
    const struct sr_session *session; /* NULL: no session of a store, or all were asked for */
    const struct agent *agent; /* whose it is; of a file alone: the one that is meant where none is
                                  named */
    int live_pid;              /* that has it, or may have it; 0: none */
    bool owner_is_unsure;      /* it may have another session of the same folder as well */
};

struct targets {
    struct sr_snapshot *snapshot; /* NULL: nothing could be looked at, or all were asked for */
    bool takes_gone;              /* sessions whose transcript is gone, too */
    struct target *items;
    size_t count, capacity;
    /* Of all that there are: those that lie where the client does not look, and are no targets. */
    const struct sr_stray *strays;
    size_t stray_count;
    const struct sr_problem *problems; /* what could not be read, where all were asked for */
    size_t problem_count;
    bool may_lack; /* of all that there are */
};

/*
 * No words: every transcript in the stores. takes_gone: sessions whose transcript is gone are
 * targets, too; else one that is named is no target, and what is left of it is said. Returns: 0, or
 * an exit status and a message printed. Owner: targets_release; strings: the context's arena.
 */
int targets_find(struct context *context, const char *const *words, size_t count, bool takes_gone,
                 struct targets *out);
void targets_release(struct targets *targets);
