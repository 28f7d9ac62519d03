/*
 * targets: the transcripts that the words of --check and --repair name. A word
 * that contains a slash or ends in ".jsonl" is a file, wherever it is; any other
 * names a session.
 */
#pragma once

#include "app/context.h"

struct target {
    const char *path; /* absolute, unless the file could not be found. When the transcript is gone:
                         where it was; NULL: not known */
    const char *rows_in; /* the config directory of a session whose records are in no file, which
                            path then names; NULL: path is a file */
    const struct sr_left *left;       /* its transcript is gone; NULL: not so */
    const char *session_id;           /* NULL: not known yet */
    const struct sr_session *session; /* NULL: no session of a store, or all were asked for */
    const struct agent *agent;        /* whose it is; for a file alone: --agent, or the default */
    int live_pid;                     /* the process that has or may have it; 0: none */
    bool owner_is_unsure; /* that process may have another session of the folder instead */
};

struct targets {
    struct sr_snapshot *snapshot; /* NULL: nothing could be looked at, or all were asked for */
    bool takes_gone;              /* sessions whose transcript is gone or in no file, too */
    struct target *items;
    size_t count, capacity;
    /* The transcripts that lie where the client does not look: without words, all, and not among
     * items; else those that the words name, where they name no session. */
    const struct sr_stray *strays;
    size_t stray_count;
    const struct sr_problem *problems; /* without words: what could not be read */
    size_t problem_count;
    bool may_lack; /* without words: some may be missing */
};

/*
 * Without words: every transcript in the stores. takes_gone: sessions whose transcript is gone,
 * and those whose records are in no file and can be checked, are targets too; if false, what is
 * left of a named one is reported instead. Returns: 0, or an exit status after a message. Owner:
 * targets_release; strings: the context's arena.
 */
int targets_find(struct context *context, const char *const *words, size_t count, bool takes_gone,
                 struct targets *out);
void targets_release(struct targets *targets);
