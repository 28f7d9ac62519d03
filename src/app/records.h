/*
 * records: the files of a conversation, gone through once, and then read again
 * a record at a time. One of them is open at a time, and of none more is held
 * than a piece.
 */
#pragma once

#include "agents/agent.h"
#include "conversation/conversation.h"

struct records {
    const char *const *files; /* by the numbers in the conversation */
    /* The first of them: what the agent has of this session; rows NULL: a file like the others. */
    const struct agent *agent;
    const struct agent_store *store;
    const struct agent_transcript *rows;
    int fd; /* of the one that was read last; -1: none, as at first */
    size_t file;
};

void records_end(struct records *r);

/* Adds every line of a file. Returns: 0 or negative errno; what was read before it stays added. */
int records_add(struct records *r, size_t file, struct conversation *c);

/* Reads one again. Returns: 0 or negative errno; -ENODATA where the file is shorter by now. Owner:
 * the arena. */
int records_read(struct records *r, const struct conversation_item *item, struct arena *a,
                 struct sv *text);
