/*
 * tail: what a session did last, from the end of its transcript.
 *
 * Does no I/O: it says which bytes it needs next, and the caller reads them. It
 * begins with the last 32 kB and goes back until it knows where the last turn
 * began, at most 1 MB, whatever the file's size.
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
 * The order of records on disk is not the order of the conversation: children
 * are often written before their parents. Events are sorted by time stamp, and a
 * child never comes before its parent.
 *
 * Some things leave no record and cannot be seen here: a compaction in progress,
 * the part of a reply that is still being streamed, a retry of the request (in
 * some versions), and a permission prompt (in most clients; see asks).
 */
#pragma once

#include "conversation/event.h"
#include "jsonl/record_source.h"

#include <stdint.h>

enum {
    TAIL_READ_FIRST = 32 * 1024,
    TAIL_READ_MAX = 512 * 1024,
    TAIL_LIMIT = 1024 * 1024,    /* bytes read of one file */
    TAIL_CONTEXT = 128 * 1024,   /* the same, if only the size of the context is still missing */
    TAIL_LONG_LINE = 256 * 1024, /* a line that begins further back is called oversized */
    TAIL_TEXT_MAX = 512,         /* bytes kept of the text of a prompt or an error */
    TAIL_SESSION_IDS_MAX = 8,
    TAIL_OPEN_TOOLS_MAX = 64,
};

/* What the conversation waits for, according to the transcript. */
enum tail_turn {
    TAIL_TURN_UNKNOWN,      /* no conversation in what was read */
    TAIL_TURN_OVER,         /* the agent waits for its user */
    TAIL_TURN_AWAITS_REPLY, /* a prompt or a tool result comes last */
    TAIL_TURN_AWAITS_TOOL,  /* see open_tools */
    TAIL_TURN_REPLYING,     /* the reply has begun and does not say that it is complete: more blocks
                               follow, or an old version wrote no stop_reason */
};

struct tail_tool {
    const char *id, *name;
    struct wall since;
};

/* A line that begins too far back to be read. */
struct tail_oversized {
    bool is_there;
    bool is_last;            /* nothing follows it in the file */
    int64_t length_at_least; /* bytes */
    enum event_kind kind;    /* from its last members; EVENT_OTHER: they do not tell */
    struct wall at;          /* often not known: it may come before the long part */
};

/* What is odd about the bytes. If the file has a live owner, a torn last line is being written. */
struct tail_oddities {
    bool last_line_is_torn;
    int64_t torn_offset; /* where that line begins; negative: further back than was read */
    bool lacks_final_newline;
    bool shrank;      /* the file ended before its given size: it was cut meanwhile */
    size_t nul_lines; /* lines with NUL bytes */
    size_t crlf_lines;
    size_t glued_lines;
    size_t unparsable_lines;  /* lines without any record (a torn last one is not counted) */
    int64_t first_bad_offset; /* of the first glued, NUL or unparsable line; negative: none */
};

struct tail_result {
    enum tail_turn turn;
    bool turn_was_interrupted; /* it is over because the user stopped it */
    bool reached_start;        /* the whole file was read */
    bool found_turn_start;     /* the record that began the last turn was read */
    bool only_sidechain;       /* a subagent's file */
    bool ends_in_metadata;     /* the last record on disk is not part of the conversation */

    struct wall last_event_at;  /* newest conversational event, also of subagents */
    struct wall last_record_at; /* newest record of any kind with a time */
    enum event_kind leaf_kind;  /* the last conversational event, and its record's id */
    const char *leaf_uuid;
    struct wall leaf_at;

    struct wall turn_began_at; /* the prompt, command or notification that began the last turn */
    struct wall prompt_at;     /* last text of a person; unknown: it was not read */
    const char *prompt;        /* at most TAIL_TEXT_MAX bytes */

    struct wall asked_at; /* the last request to the model: time of the prompt, or of the last
                             result that it needed; unknown: it was not read */
    const struct tail_tool *open_tools; /* called in the last turn, and without a result */
    size_t open_tool_count;

    struct wall asks_since; /* a question is on the screen since; unknown: no record says so */
    const char *asks;       /* what for */

    struct wall api_error_at; /* an error after the last progress; unknown: none */
    const char *api_error;
    struct wall api_retry_at; /* likewise, of a request that is retried */
    int64_t api_retry_attempt, api_retry_limit, api_retry_in_ms; /* 0: not said */
    const char *api_retry;                                       /* why; NULL: not said */

    size_t queued_count; /* input that was typed and not used yet; it may be of an earlier process:
                            compare queued_since with the start of this one */
    struct wall queued_since;

    struct wall compacted_at; /* the last compaction that was read */

    /* Size of the conversation at the last reply after that. 0: none was read. */
    int64_t context_tokens;
    const char *context_model; /* who wrote it */

    const char *session_ids[TAIL_SESSION_IDS_MAX]; /* distinct, newest first */
    size_t session_id_count;
    const char *cwd, *version, *entrypoint, *agent_id; /* the newest; NULL: not said */
    const char *title;                                 /* given by the user, else by the agent */
    const char *relocated_to;   /* the last directory to which the session was moved */
    const char *continued_in;   /* the session in which it continues; NULL also if this one went on
                                   afterwards */
    bool is_terse;              /* the newest event of the conversation is (struct event) */
    bool holds_no_record;       /* the whole file was read, and has no whole record */
    bool holds_no_conversation; /* the whole file was read, and no line is part of a conversation */

    struct tail_oversized oversized;
    struct tail_oddities oddities;
    int64_t bytes_read;
};

struct tail_event;

struct tail {
    const struct event_reader *reader;
    struct arena *arena; /* for the results */
    struct arena own;    /* for what is only needed until tail_finish */
    int64_t file_size;
    int64_t from;       /* the file was read from here to its end */
    struct buf pending; /* the end of a line at that place, of which the beginning was not read */
    bool pending_is_last;
    bool done;
    struct tail_event **events; /* newest first, as they stand on disk */
    size_t event_count, event_capacity;
    bool has_main_chain, has_sidechain;
    bool knows_context;           /* a reply with a token count, or a compaction, was read */
    int64_t turn_start;           /* offset of the newest record that begins a turn, */
    int64_t sidechain_turn_start; /* and of the same for a subagent; negative: none yet */
    bool took_any;
    bool went_on; /* a person's prompt or a whole reply was read */
    bool title_is_automatic;
    struct tail_result result;
};

/* Owner: the results belong to the arena; tail_finish frees everything else. */
void tail_init(struct tail *t, const struct event_reader *reader, struct arena *arena,
               int64_t file_size);
/* Returns: false when enough is known. */
bool tail_wants(const struct tail *t, int64_t *offset, size_t *length);
/* Takes the bytes at the last wanted offset; fewer than wanted: the file ended there. */
void tail_feed(struct tail *t, const char *bytes, size_t n);
/* To be called once, at any time, also after a failed read. Strings in *out are never cut inside a
 * UTF-8 sequence. Owner: the arena. */
void tail_finish(struct tail *t, struct tail_result *out);

/* All of the above for one file. Returns: 0, or the negative errno of a failed read: then *out is
 * based on what was read before. Owner: the arena. */
int tail_read(const struct event_reader *reader, const struct record_source *source,
              struct arena *arena, struct tail_result *out);

/* What its last turn still lacks, of a session that no process has: "Bash has no result". Returns:
 * NULL: nothing, or that is not known; of chained records repair/ tells it. Owner: the arena. */
const char *tail_lacks(const struct event_reader *reader, const struct tail_result *tail,
                       struct arena *arena);

const char *tail_turn_word(enum tail_turn turn); /* "over", "awaits reply", ... */
