/*
 * memory_search: the half of a reply that a client has received and not written to
 * its transcript, found in a copy of the client's memory.
 *
 * Two things are looked for, and a text counts only where they agree:
 *
 *   pieces   the events of the stream, as they came: {"type":"text_delta","text":"..."} in UTF-8,
 *            Latin-1 or UTF-16LE, whatever is left of them in buffers and strings;
 *   strings  of the JavaScript engine, with the header in front that tells their exact length:
 *            JavaScriptCore (clients on Bun) and V8 (clients on node).
 *
 * A client joins the pieces as they come, so the whole of what it has received
 * stands in memory as one string, and its earlier states beside it. The reply
 * is the string that can be laid out with pieces from its last character back
 * to its first. Nothing is ever joined here: what no such string holds is not
 * found. What stands in the transcript already is an older reply, and the
 * caller says so.
 *
 * Measured on 2.1.197, 2.1.330 (Bun) and 2.1.110 (node 18): after 31 pieces and
 * after 1501 (194 kB) the exact text was there in all; of the 1501 pieces 1185,
 * 296 and 1121 could still be found.
 */
#pragma once

#include "base/arena.h"
#include "base/memory_run.h"
#include "base/str.h"

#include <stdbool.h>

enum memory_search_kind {
    MEMORY_SEARCH_REPLY,
    MEMORY_SEARCH_THINKING, /* is no part of what the model says to the user */
    MEMORY_SEARCH_PROMPT,   /* typed, not sent; see memory_search_find_typed */
};

enum memory_search_sureness {
    MEMORY_SEARCH_SURE,   /* every character was seen twice: in a string, and in the pieces */
    MEMORY_SEARCH_LIKELY, /* the end was; the beginning stands in two strings, its pieces are gone
                           */
    MEMORY_SEARCH_UNSURE, /* kept, and never put into a conversation: see why */
};

struct memory_search_text {
    enum memory_search_kind kind;
    enum memory_search_sureness sureness;
    struct sv text;  /* UTF-8 */
    const char *why; /* a sentence: how it was found, and how sure that is */
};

struct memory_search_search {
    const struct memory_run *runs;
    size_t run_count;
    /* A text, written as in JSON between its quotes: does it stand in the session's files? */
    bool (*is_on_disk)(void *context, struct sv json);
    void *context;
};

struct memory_search_found {
    struct memory_search_text *items;
    size_t count;
    size_t piece_count;  /* distinct ones seen, of any reply */
    size_t string_count; /* strings looked at */
};

/* Always ends, whatever the bytes are: in time linear in them. Owner: the arena. */
void memory_search_find(const struct memory_search_search *search, struct arena *a,
                        struct memory_search_found *out);

/*
 * The text of a prompt box that a screen shows, folded to its width, as the
 * client has it: the one string that is the same but for blanks and line ends.
 * Returns: false where there is none, or more than one. Owner: the arena.
 */
bool memory_search_find_typed(const struct memory_search_search *search, struct sv shown,
                              struct arena *a, struct sv *typed);

const char *
memory_search_kind_word(enum memory_search_kind kind); /* "reply", "thinking", "prompt" */
const char *
memory_search_sureness_word(enum memory_search_sureness sureness); /* "high", "medium", "low" */
