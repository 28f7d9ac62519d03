/*
 * memory_search: finds, in a copy of a client's memory, the part of a reply that
 * the client has received but not written to its transcript.
 *
 * It searches for two things, and accepts a text only where they agree:
 *
 *   pieces   the events of the stream: {"type":"text_delta","text":"..."} in UTF-8, Latin-1 or
 *            UTF-16LE, as far as buffers and strings still hold them;
 *   strings  of the JavaScript engine, whose header gives the exact length: JavaScriptCore
 *            (clients on Bun) and V8 (clients on node).
 *
 * A client appends each piece as it arrives, so memory holds all that it has
 * received as one string, and earlier, shorter versions of it. The reply is the
 * string that pieces cover from its last character back to its first. Pieces are
 * never joined here: a text that is not one string in memory is not found. A text
 * that the transcript already has is an older reply (is_on_disk).
 *
 * Measured with 2.1.197, 2.1.330 (Bun) and 2.1.110 (node 18): the exact text was
 * there in all cases, after 31 pieces and after 1501 (194 kB); of the 1501 pieces,
 * 1185, 296 and 1121 could still be found.
 */
#pragma once

#include "base/arena.h"
#include "base/memory_run.h"
#include "base/str.h"

#include <stdbool.h>

enum memory_search_kind {
    MEMORY_SEARCH_REPLY,
    MEMORY_SEARCH_THINKING, /* the model's thinking, which is not part of the reply */
    MEMORY_SEARCH_PROMPT,   /* typed but not sent; see memory_search_find_typed */
    MEMORY_SEARCH_REQUEST,  /* the messages of the request that a conversation was taken from */
    MEMORY_SEARCH_OTHERS,   /* messages that only other requests have */
};

enum memory_search_sureness {
    MEMORY_SEARCH_SURE,   /* every character is in a string and in the pieces */
    MEMORY_SEARCH_LIKELY, /* so is the end; the beginning is in two strings, but in no pieces */
    MEMORY_SEARCH_UNSURE, /* kept, but never put into a conversation: see why */
};

struct memory_search_text {
    enum memory_search_kind kind;
    enum memory_search_sureness sureness;
    struct sv text;  /* UTF-8 */
    const char *why; /* a sentence: how it was found, and how certain it is */
};

struct memory_search_search {
    const struct memory_run *runs;
    size_t run_count;
    /* Do the session's files contain this text? json: the text as in JSON, without the quotes. */
    bool (*is_on_disk)(void *context, struct sv json);
    void *context;
};

struct memory_search_found {
    struct memory_search_text *items;
    size_t count;
    size_t piece_count;  /* distinct pieces, of any reply */
    size_t string_count; /* strings that were examined */
};

/* Takes time linear in the number of bytes, whatever they are. Owner: the arena. */
void memory_search_find(const struct memory_search_search *search, struct arena *a,
                        struct memory_search_found *out);

/*
 * The text in a prompt box as the client has it, without the line breaks that the
 * screen adds. shown: as on the screen. It is the one string in memory that differs
 * from shown only in blanks and line ends.
 * Returns: false if there is none, or more than one. Owner: the arena.
 */
bool memory_search_find_typed(const struct memory_search_search *search, struct sv shown,
                              struct arena *a, struct sv *typed);

const char *memory_search_kind_word(
    enum memory_search_kind kind); /* "reply", "thinking", "prompt", "request", "others" */
const char *
memory_search_sureness_word(enum memory_search_sureness sureness); /* "high", "medium", "low" */
