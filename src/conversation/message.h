/*
 * message: the contents of one record, in words that all agents share.
 *
 * An event (conversation/event.h) says what a record means for its turn; a
 * message has its contents: text, thinking, tool calls, results, images. One
 * message of the model may be several records of one block each.
 *
 *     struct event e;
 *     struct message m;
 *     if (reader->read_message(&arena, record, &e, &m) == 0)
 *         for (size_t i = 0; i < m.block_count; i++)
 *             ... m.blocks[i]
 *
 * Everything in it is a view into the arena.
 */
#pragma once

#include "base/json.h"
#include "conversation/event.h"

enum block_kind {
    BLOCK_TEXT,
    BLOCK_THINKING, /* its text is often left out on disk */
    BLOCK_CALL,
    BLOCK_RESULT,
    BLOCK_IMAGE, /* also a document: anything that is not text */
    BLOCK_FILE,  /* what the client added to a prompt: a file, by its name */
    BLOCK_OTHER, /* of a type that is not known: see name */
};

struct block {
    enum block_kind kind;
    struct sv
        text; /* TEXT, THINKING, RESULT: what it says; FILE: what is in it, where that is kept */
    struct sv id; /* CALL, RESULT: the call's */
    struct sv
        name; /* CALL: the tool; IMAGE: "image/png"; FILE: its name; OTHER: the block's type */
    struct sv argument;             /* CALL: the one that tells most, "" where none does */
    const struct json_value *input; /* CALL: all of them */
    struct sv base64;               /* IMAGE: its bytes, where the record holds them */
    int64_t size_bytes;             /* IMAGE: decoded; negative: not known */
    bool is_error;                  /* RESULT */
};

struct message {
    const struct block *blocks;
    size_t block_count;
    struct sv model;
};

/* Who speaks. */
enum speaker {
    SPEAKER_USER,
    SPEAKER_AGENT,
    SPEAKER_TOOL,
    SPEAKER_CLIENT, /* the program around the model: notes, what commands answered, summaries */
};

enum speaker message_speaker(const struct event *e);
const char *message_speaker_word(enum speaker speaker); /* "user", "agent", "tool", "client" */

/*
 * Appends the text of a message for a search, nothing encoded: texts, the
 * strings in the arguments of tools, results, file names, each with a line break
 * after it. At most max bytes, cut between characters.
 */
void message_add_words(const struct event *e, const struct message *m, size_t max, struct buf *out);
