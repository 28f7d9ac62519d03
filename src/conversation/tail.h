/*
 * tail: what a session was doing last, from the end of its transcript.
 *
 * Does no I/O: it says which bytes it wants next, the caller reads them. It
 * begins with the last 32 kB and goes back until the beginning of the last
 * turn is known, at most 1 MB, whatever the file's size.
 *
 *     struct tail t;
 *     int64_t offset;
 *     size_t length;
 *     tail_init(&t, reader, &arena, file.size_bytes);
 *     while (tail_wants(&t, &offset, &length)) {
 *         ssize_t n = fs_read_at(file.fd, bytes, length, offset);
 *         if (n < 0)
 *             break;
 *         tail_feed(&t, bytes, (size_t)n);
 *     }
 *     struct tail_result r;
 *     tail_finish(&t, &r);
 *
 * `length` never exceeds TAIL_READ_MAX. tail_read() does it all.
 *
 * The order of records on disk is not the order of the conversation: a flush
 * often writes children before their parents. Events are put in order by time
 * stamp, and a child never before its parent.
 *
 * What cannot be seen here: a compaction that is under way, the half of a
 * reply that is still being streamed, a retry of the request (some versions
 * write nothing), a permission prompt of a client that does not write it down (asks). None of them
 * leaves a record.
 */
#pragma once

#include "conversation/event.h"
#include "jsonl/record_source.h"

#include <stdint.h>

enum {
    TAIL_READ_FIRST = 32 * 1024,
    TAIL_READ_MAX = 512 * 1024,
    TAIL_LIMIT = 1024 * 1024,    /* bytes read of one file */
    TAIL_CONTEXT = 128 * 1024,   /* the same, where only the size of the context is missing */
    TAIL_LONG_LINE = 256 * 1024, /* a line whose beginning lies further back is called oversized */
    TAIL_TEXT_MAX = 512,         /* bytes kept of a prompt's or error's text */
    TAIL_SESSION_IDS_MAX = 8,
    TAIL_OPEN_TOOLS_MAX = 64,
};

/* What the conversation waits for, as far as the transcript says. */
enum tail_turn {
    TAIL_TURN_UNKNOWN,      /* no conversation in what was read */
    TAIL_TURN_OVER,         /* the agent waits for its user */
    TAIL_TURN_AWAITS_REPLY, /* the last word is a prompt's or a tool result's */
    TAIL_TURN_AWAITS_TOOL,  /* see open_tools */
    TAIL_TURN_REPLYING,     /* the reply has begun, and did not say that it ended: more blocks are
                               to come, or an old version wrote no stop_reason */
};

struct tail_tool {
    const char *id, *name;
    struct wall since;
};

/* A line whose beginning is too far back to be read. */
struct tail_oversized {
    bool is_there;
    bool is_last;            /* nothing follows it in the file */
    int64_t length_at_least; /* bytes */
    enum event_kind kind;    /* as its last members tell; EVENT_OTHER: they do not */
    struct wall at;          /* often not known: it may stand before the long part */
};

/* What is odd about the bytes. On a file with a live owner a torn last line is a write under way.
 */
struct tail_oddities {
    bool last_line_is_torn;
    int64_t torn_offset; /* of that line in the file; negative: further back than was read */
    bool lacks_final_newline;
    bool shrank;      /* the file ended before the size that was given: it was cut meanwhile */
    size_t nul_lines; /* lines with NULs, or of NULs only */
    size_t crlf_lines;
    size_t glued_lines;
    size_t unparsable_lines;  /* that hold no record at all (a torn last one is not counted) */
    int64_t first_bad_offset; /* of the first glued, NUL or unparsable line; negative: none */
};

struct tail_result {
    enum tail_turn turn;
    bool turn_was_interrupted; /* over because the user stopped it */
    bool reached_start;        /* the whole file was read */
    bool found_turn_start;     /* the record that began the last turn was among what was read */
    bool only_sidechain;       /* a subagent's file */
    bool ends_in_metadata;     /* the last record on disk is no part of the conversation */

    struct wall last_event_at;  /* newest conversational event, subagents' included */
    struct wall last_record_at; /* newest record of any kind that has a time */
    enum event_kind leaf_kind;  /* the last conversational event, and its record's id */
    const char *leaf_uuid;
    struct wall leaf_at;

    struct wall turn_began_at; /* the prompt, command or notification that began the last turn */
    struct wall prompt_at;     /* last text of a person; unknown: not among what was read */
    const char *prompt;        /* at most TAIL_TEXT_MAX bytes */

    struct wall asked_at; /* what the model was asked with last: the prompt, or the last result that
                             was waited for; unknown: not among what was read */
    const struct tail_tool *open_tools; /* asked for in the last turn, without a result */
    size_t open_tool_count;

    struct wall asks_since; /* a question to the user is up; unknown: none that is written down */
    const char *asks;       /* what for */

    struct wall api_error_at; /* since the last progress; unknown: none */
    const char *api_error;
    struct wall api_retry_at; /* likewise, of a request that is tried again */
    int64_t api_retry_attempt, api_retry_limit, api_retry_in_ms; /* 0: not said */
    const char *api_retry;                                       /* why; NULL: not said */

    size_t queued_count; /* input typed and not taken up; may be left from a process that is
                            gone: compare queued_since with the process's start */
    struct wall queued_since;

    struct wall compacted_at; /* last compaction among what was read */

    /* Of the last reply since that: what the next request begins with. 0: not among what was read.
     */
    int64_t context_tokens;
    const char *context_model; /* who wrote it */

    const char *session_ids[TAIL_SESSION_IDS_MAX]; /* distinct, the newest first */
    size_t session_id_count;
    const char *cwd, *version, *entrypoint, *agent_id; /* the newest; NULL: not said */
    const char *title;                                 /* the user's, else the agent's own */
    const char *relocated_to;   /* the last directory that the session was moved to */
    const char *continued_in;   /* the session that goes on with it; NULL too where this one did,
                                   afterwards */
    bool holds_no_record;       /* the whole file was read, and not one whole record is in it */
    bool holds_no_conversation; /* the whole file was read, and no line of it is part of one */

    struct tail_oversized oversized;
    struct tail_oddities oddities;
    int64_t bytes_read;
};

struct tail_event;

struct tail {
    const struct event_reader *reader;
    struct arena *arena; /* the results' */
    struct arena own;    /* what is only needed until tail_finish */
    int64_t file_size;
    int64_t from;       /* the file from here on was read */
    struct buf pending; /* from there on, the end of a line whose beginning was not read yet */
    bool pending_is_last;
    bool done;
    struct tail_event **events; /* newest first, as they stand on disk */
    size_t event_count, event_capacity;
    bool has_main_chain, has_sidechain;
    bool knows_context;           /* a reply that says how much it has seen, or a compaction */
    int64_t turn_start;           /* offset of the newest record that begins a turn, */
    int64_t sidechain_turn_start; /* and of a subagent's; negative: none yet */
    bool took_any;
    bool went_on; /* a person's prompt or a whole reply was among what was read */
    bool title_is_automatic;
    struct tail_result result;
};

/* Owner: the results belong to the arena; the tail itself frees its own in tail_finish. */
void tail_init(struct tail *t, const struct event_reader *reader, struct arena *arena,
               int64_t file_size);
/* Returns: false when enough is known. */
bool tail_wants(const struct tail *t, int64_t *offset, size_t *length);
/* The bytes at the offset last wanted; fewer than wanted: the file ended there. */
void tail_feed(struct tail *t, const char *bytes, size_t n);
/* May be called at any time, once; also when a read failed. Strings in *out are never cut inside
 * a UTF-8 sequence. Owner: the arena. */
void tail_finish(struct tail *t, struct tail_result *out);

/* Of a whole file. Returns: 0, or the negative errno of a read that failed: *out is of what was
 * read before. Owner: the arena. */
int tail_read(const struct event_reader *reader, const struct record_source *source,
              struct arena *arena, struct tail_result *out);

const char *tail_turn_word(enum tail_turn turn); /* "over", "awaits reply", ... */
