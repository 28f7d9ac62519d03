/*
 * activity: what a session was doing last, and how it began, read from its
 * files in bounds. Listing reads the tail of a few files, never gigabytes.
 */
#pragma once

#include "conversation/head.h"
#include "conversation/last_message.h"
#include "conversation/tail.h"
#include "session/stores/stores.h"

enum { ACTIVITY_SUBAGENTS_READ = 4 }; /* tails read of subagents' files, the newest */

struct activity {
    bool is_known;           /* the transcript could be read; else nothing below is set */
    struct tail_result tail; /* of the transcript itself */
    struct lookup subagents; /* UNKNOWN: some could not be listed or read */
    size_t subagent_count;   /* files of subagents beside it */
    bool subagent_is_busy;   /* the newest of them is in the middle of a turn */
    struct wall subagent_at; /* its newest event */
    struct wall last_at;     /* newest event over all these files */
};

/* The end of one file. Returns: 0 or negative errno. Owner: the store's arena. */
int activity_read_tail(const struct store *store, const struct agent_transcript *transcript,
                       struct tail_result *out);

/* When something was said in it last; of what a listing tells, what that says. Returns: 0 or
 * negative errno. Owner: the store's arena. */
int activity_read_last(const struct store *store, const struct agent_transcript *transcript,
                       struct last_message *out);

/* What could not be read goes to the store's problems. Owner: the store's arena. */
void activity_read(const struct store *store, const struct agent_transcript *transcript,
                   struct activity *out);

/* The beginning of a transcript. Returns: 0 or negative errno, -ENODATA when it holds no record. */
int activity_read_head(const struct store *store, const struct agent_transcript *transcript,
                       struct head *out);

/*
 * The directory that a session is resumed in: where it was moved to last, else
 * where it was started: of those that its records name, the one that its
 * folder's name encodes. `hint` (may be NULL) is what the registry says.
 * Returns: the one that it was moved to where none fits, else NULL.
 */
const char *activity_directory(const struct store *store, const struct agent_transcript *transcript,
                               const struct head *head, const struct tail_result *tail,
                               const char *hint);
