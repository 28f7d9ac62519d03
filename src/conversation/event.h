/*
 * event: one record of a transcript, in words that all agents share.
 *
 * An agent's record reader turns the bytes of one whole record into a struct
 * event. Its texts belong to the arena, so an event is valid as long as the arena
 * is.
 *
 *     struct event e;
 *     if (reader->read(&arena, line.text, &e) == 0 && e.kind == EVENT_PROMPT)
 *         ... e.text
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

enum event_kind {
    EVENT_OTHER,        /* of unknown type, or not needed here */
    EVENT_METADATA,     /* titles, modes, snapshots: no part of the conversation */
    EVENT_ATTACHMENT,   /* what the client adds to a prompt */
    EVENT_PROMPT,       /* text that begins a turn */
    EVENT_COMMAND,      /* "/model", "!ls": the client may answer it alone, or ask the model */
    EVENT_LOCAL_OUTPUT, /* the client's own answer to a command */
    EVENT_NOTE,         /* text under the user's name that nobody typed (isMeta) */
    EVENT_TOOL_RESULT,  /* see results[] */
    EVENT_ASSISTANT_TEXT,
    EVENT_ASSISTANT_THINKING,
    EVENT_TOOL_USE,    /* see calls[] */
    EVENT_TURN_OVER,   /* a separate record says so (system/turn_duration) */
    EVENT_INTERRUPTED, /* the user pressed Escape */
    EVENT_API_ERROR,   /* the request failed for good, which ended the turn */
    EVENT_API_RETRY,   /* the request failed and is retried */
    EVENT_COMPACT_BOUNDARY,
    EVENT_COMPACT_SUMMARY,
    EVENT_ENQUEUE, /* input typed while the agent works */
    EVENT_DEQUEUE,
    EVENT_QUEUE_REMOVE,
    EVENT_QUEUE_CLEAR,
    EVENT_TITLE,    /* see title */
    EVENT_ASK,      /* a question to the user is on the screen: see results[] and text */
    EVENT_ANSWERED, /* the question is gone: see results[] */
};

struct event_tool {
    struct sv id, name; /* name empty in a result */
};

struct event {
    enum event_kind kind;
    struct wall at; /* not known: ms is 0 */
    /* Empty where the record does not say. */
    struct sv uuid, parent_uuid;
    struct sv session_id, agent_id, message_id;
    struct sv cwd, version, entrypoint;
    struct sv stop_reason;
    struct sv model; /* a reply: who wrote it */
    /* A reply: tokens that the model read and wrote, as the API counted; 0: not stated. */
    int64_t context_tokens;
    struct sv text;  /* of a prompt, command, API error or queued input; EVENT_ASK: what for,
                        "permission prompt" if a tool waits for it */
    struct sv title; /* EVENT_TITLE */
    /* Where the conversation is now: the directory to whose folder the file was moved; the id of
     * the session in which it continues; the id of the session from which this record was copied.
     * Also empty if the value is not an id. */
    struct sv relocated_to, continued_in, forked_from;
    const struct event_tool *calls;
    size_t call_count;
    const struct event_tool *results;
    size_t result_count;
    /* EVENT_API_RETRY: the next try, of how many, and the pause before it; 0: not stated. */
    int64_t retry_attempt, retry_limit, retry_in_ms;
    bool is_root;       /* says that it has no parent */
    bool is_sidechain;  /* of a subagent */
    bool is_human;      /* EVENT_PROMPT: a person's own words */
    bool expects_reply; /* the agent asks the model after this */
    bool is_terse;      /* by a client that writes neither errors nor questions down */
    bool ends_turn;     /* nothing follows in this turn */
    bool clears;        /* EVENT_COMMAND: with it the client began a new transcript, this one */
    bool is_automatic;  /* EVENT_COMPACT_BOUNDARY: the agent went on by itself afterwards;
                           EVENT_TITLE: not given by the user */
};

struct message;

/* What differs between agents. */
struct event_reader {
    const char *agent;      /* "claude" */
    struct sv record_start; /* see line_check_line */
    /* Its records name their parents, and a client loads the chain that conversation/loader finds.
     * False: the order is that of the lines, and it is not known what is loaded. */
    bool is_chained;
    /* A reply that was written and says nothing of its end is not the end of the turn: a record of
     * its own is. False: it may be. */
    bool says_end;
    /* The record is this agent's and no other's. NULL: nobody can say. */
    bool (*recognises)(struct arena *a, struct sv record);
    /* Reads one whole record. Owner: the arena. Returns: 0, or -EBADMSG when it is not a JSON
     * object. */
    int (*read)(struct arena *a, struct sv record, struct event *out);
    /* The same, with all that the record says. NULL: not possible. */
    int (*read_message)(struct arena *a, struct sv record, struct event *e, struct message *out);
};

const char *event_kind_word(enum event_kind kind);

/* Part of the conversation itself: last activity is the time of the newest such event. */
bool event_is_conversational(const struct event *e);

/* The session went on: an earlier "continued in" is no longer valid (2.1.332). */
bool event_goes_on(const struct event *e);
