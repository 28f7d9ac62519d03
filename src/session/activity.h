/*
 * activity: what a session did last, and how it began, from bounded reads of
 * its files: the tails of a few files, never gigabytes.
 */
#pragma once

#include "conversation/head.h"
#include "conversation/last_message.h"
#include "conversation/tail.h"
#include "session/stores/stores.h"

enum { ACTIVITY_SUBAGENTS_READ = 4 }; /* how many subagents' tails are read: the newest */

struct activity {
    bool is_known;           /* the transcript could be read; else nothing below is set */
    struct tail_result tail; /* of the transcript itself */
    struct lookup subagents; /* UNKNOWN: some could not be listed or read */
    size_t subagent_count;   /* files of subagents beside it */
    bool subagent_is_busy;   /* the newest of them is in the middle of a turn */
    struct wall subagent_at; /* that one's newest event */
    struct wall last_at;     /* the newest event of all these files */
};

/* Reads the end of one file. Returns: 0 or negative errno. Owner: the store's arena. */
int activity_read_tail(const struct store *store, const struct agent_transcript *transcript,
                       struct tail_result *out);

/* Reads when something was last said in it. Returns: 0 or negative errno. Owner: the store's arena.
 */
int activity_read_last(const struct store *store, const struct agent_transcript *transcript,
                       struct last_message *out);

/* Reads all of struct activity. What cannot be read goes to the store's problems. Owner: the
 * store's arena. */
void activity_read(const struct store *store, const struct agent_transcript *transcript,
                   struct activity *out);

/* Reads the beginning of a transcript. Returns: 0, -ENODATA when it holds no record, or another
 * negative errno. */
int activity_read_head(const struct store *store, const struct agent_transcript *transcript,
                       struct head *out);

/*
 * The directory to resume a session in: the one among those that its records name whose encoding is
 * the name of its folder. hint: the registry's; may be NULL. Returns: if none fits, the one that it
 * was moved to last; NULL: not known.
 */
const char *activity_directory(const struct store *store, const struct agent_transcript *transcript,
                               const struct head *head, const struct tail_result *tail,
                               const char *hint);
