/*
 * records: the files of a conversation, read through once, then record by record
 * as needed. Only one is open at a time, and only a piece of it is in memory.
 */
#pragma once

#include "agents/agent.h"
#include "conversation/conversation.h"

struct records {
    const char *const *files; /* indexed by the numbers in the conversation */
    /* The agent's own records of the session stand in for the first file; rows NULL: it is a file
     * like the others. */
    const struct agent *agent;
    const struct agent_store *store;
    const struct agent_transcript *rows;
    int fd; /* of the file read last; -1: none, the initial value */
    size_t file;
};

void records_end(struct records *r);

/* Adds every line of a file. Returns: 0 or negative errno; lines read before the error stay. */
int records_add(struct records *r, size_t file, struct conversation *c);

/* Reads one record again. Returns: 0, -ENODATA when the file is shorter now, or another negative
 * errno. Owner: the arena. */
int records_read(struct records *r, const struct conversation_item *item, struct arena *a,
                 struct sv *text);
