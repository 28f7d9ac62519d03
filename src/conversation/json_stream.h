/*
 * json_stream: what a record says of itself, read as its bytes go by.
 *
 * A line is never held: one of 13 MB takes as much memory as one of 100 bytes.
 * The bytes are fed in any pieces; what is kept of a record is where its values
 * stand in the file, and the first bytes of those that are short.
 *
 *     struct json_stream s;
 *     json_stream_begin(&s, 0);
 *     while (there are bytes) {
 *         size_t took = json_stream_feed(&s, bytes, n);
 *         ...
 *         if (s.is_over) {
 *             ... s.shape, json_stream_text(&s, JSON_STREAM_UUID), s.blocks[i]
 *             json_stream_next(&s);
 *         }
 *     }
 *     json_stream_end(&s);
 *     ... the last line, when s.is_over
 *     json_stream_release(&s);
 *
 * It reads the grammar that line_check reads: a line is JSON_STREAM_RECORD here if and only if it
 * is LINE_CHECK_WHOLE there. What is wrong with the others, line_check says.
 *
 * Keys and short values are compared as they read, whatever escapes they are written with.
 */
#pragma once

#include "base/str.h"
#include "jsonl/json_number.h"

#include <stdbool.h>
#include <stdint.h>

enum json_stream_shape {
    JSON_STREAM_BLANK,
    JSON_STREAM_RECORD, /* one object, and nothing beside it */
    JSON_STREAM_BROKEN, /* anything else: line_check judges it */
};

/* The members of a record that are looked at. */
enum json_stream_member {
    JSON_STREAM_TYPE,
    JSON_STREAM_SUBTYPE,
    JSON_STREAM_UUID,
    JSON_STREAM_PARENT,
    JSON_STREAM_LOGICAL_PARENT,
    JSON_STREAM_SESSION_ID,
    JSON_STREAM_TIMESTAMP,
    JSON_STREAM_VERSION,
    JSON_STREAM_AGENT_ID,
    JSON_STREAM_LEAF,
    JSON_STREAM_EXPLICIT,
    JSON_STREAM_IS_SIDECHAIN,
    JSON_STREAM_IS_API_ERROR,
    JSON_STREAM_IS_SUMMARY, /* isCompactSummary */
    JSON_STREAM_IS_VIRTUAL,
    JSON_STREAM_ERROR_DETAILS, /* of the API's answer */
    JSON_STREAM_TOOL_USE_RESULT,
    JSON_STREAM_FULL_OUTPUT, /* data.fullOutput and data.output of a progress record */
    JSON_STREAM_OUTPUT,
    JSON_STREAM_ATTACHMENT,
    JSON_STREAM_ATTACHMENT_TYPE, /* attachment.type */
    JSON_STREAM_ATTACHMENT_CONTENT,
    JSON_STREAM_SNAPSHOT,
    JSON_STREAM_SNAPSHOT_FILES, /* snapshot.trackedFileBackups */
    JSON_STREAM_MESSAGE,
    JSON_STREAM_MESSAGE_ID,   /* message.id */
    JSON_STREAM_MESSAGE_ROLE, /* message.role */
    JSON_STREAM_MODEL,        /* message.model */
    JSON_STREAM_USAGE,        /* message.usage */
    JSON_STREAM_CONTENT,      /* message.content */
    JSON_STREAM_ANCHOR,       /* compactMetadata.preserved….anchorUuid, .headUuid, .tailUuid */
    JSON_STREAM_HEAD,
    JSON_STREAM_TAIL,
    JSON_STREAM_MEMBERS,
};

enum json_stream_kind {
    JSON_STREAM_ABSENT,
    JSON_STREAM_NULL,
    JSON_STREAM_TRUE,
    JSON_STREAM_FALSE,
    JSON_STREAM_NUMBER,
    JSON_STREAM_STRING,
    JSON_STREAM_OBJECT,
    JSON_STREAM_ARRAY,
};

/* Bytes [from, to) of the file. */
struct json_stream_span {
    int64_t from, to;
};

enum {
    JSON_STREAM_TEXT_MAX = 64,
    JSON_STREAM_BLOCKS_MAX = 4096,
    JSON_STREAM_KNOWN_DEPTH = 8, /* nothing that is looked at stands deeper */
};

struct json_stream_value {
    unsigned char kind;              /* enum json_stream_kind */
    unsigned char n;                 /* bytes of text; a longer one is cut */
    bool is_nonzero;                 /* a number that is not 0 */
    char text[JSON_STREAM_TEXT_MAX]; /* as it reads */
    struct json_stream_span key;     /* from its quote */
    struct json_stream_span span;    /* quotes and brackets included */
};

enum json_stream_block_kind {
    JSON_STREAM_BLOCK_OTHER,
    JSON_STREAM_BLOCK_TEXT,
    JSON_STREAM_BLOCK_TOOL_USE,
    JSON_STREAM_BLOCK_TOOL_RESULT,
    JSON_STREAM_BLOCK_THINKING, /* redacted_thinking too */
    JSON_STREAM_BLOCK_IMAGE,
    JSON_STREAM_BLOCK_NULL, /* null in a block's place */
};

/* A block of message.content, or, nested, of a tool result's own content. */
struct json_stream_block {
    unsigned char kind; /* enum json_stream_block_kind */
    bool is_nested;     /* in the last block before it that is not */
    bool is_empty;      /* a text with nothing in it but white space */
    uint32_t index;     /* in its array */
    uint64_t tool;      /* id of a call, or of the call that is answered: as graph_id_of */
    struct json_stream_span span;
    struct json_stream_span id;      /* of a call, between the quotes */
    struct json_stream_span data;    /* of an image: its base64, without the quotes */
    struct json_stream_span content; /* of a result, quotes and brackets included */
    uint32_t width, height;          /* of an image; 0: not known */
    int64_t before; /* where the element before it ends; behind the bracket for the first */
};

/* Text of a message that cannot be sent: half of a surrogate pair, a NUL, bytes that are not UTF-8.
 */
struct json_stream_bad_text {
    int64_t offset;
    unsigned char length;
    bool is_escape; /* "\ud83d", "\u0000" */
};

struct json_stream {
    /* the line that is over */
    bool is_over;
    bool has_newline;
    bool ends_in_return; /* a record whose line ends in "\r\n" */
    enum json_stream_shape shape;
    struct json_stream_span line;   /* without its newline */
    struct json_stream_span record; /* from brace to brace */
    struct json_stream_value members[JSON_STREAM_MEMBERS];
    struct json_stream_span
        text; /* the first of its message's that is not empty; between the quotes */
    struct json_stream_block *blocks;
    size_t block_count, block_capacity;
    bool has_more_blocks;
    uint64_t *preserved; /* compactMetadata.preservedMessages.uuids, as graph_id_of */
    size_t preserved_count, preserved_capacity;
    bool is_blank;    /* message.content is a text, and nothing but white space */
    size_t top_count; /* elements of message.content */
    size_t bad_text_count;
    bool keeps_bad_text; /* set by the caller: in bad_text, too */
    bool spans_lines;    /* set by the caller: of one record, whose lines do not end it; it is over
                            with its last brace, or with the byte that cannot be */
    bool takes_raw;      /* set by the caller: control characters within strings, too */
    struct json_stream_bad_text *bad_text;
    size_t bad_text_capacity;

    /* the reading */
    int64_t offset; /* of the next byte */
    unsigned char state;
    unsigned char mark_at; /* bytes of a byte order mark so far */
    unsigned char use;     /* enum json_stream_fields_use, of the string being read */
    bool is_key;
    bool passes; /* no more of it is kept or looked at */
    unsigned char hex_left;
    enum json_number number; /* so far */
    bool is_nonzero;
    const char *word; /* what is left of true, false, null */
    uint32_t hex;
    int64_t escape_from; /* of the escape being read */
    int64_t high_from;   /* of half a pair that waits for the other; -1: none */
    unsigned char utf8_left, utf8_low, utf8_high, utf8_length;
    size_t depth;
    unsigned char contexts[JSON_STREAM_KNOWN_DEPTH], keys[JSON_STREAM_KNOWN_DEPTH]; /* by depth */
    char small[JSON_STREAM_TEXT_MAX]; /* a key, a block's type, an id */
    size_t small_length;
    struct json_stream_span key_span;
    int64_t string_from; /* of the opening quote */
    char head[1024];     /* of an image's base64 */
    size_t head_length;
    bool is_null_block;
    struct json_stream_block open[2]; /* being read: of a message, of a result */
    uint32_t element_count[2];
    int64_t element_end[2];
    unsigned char is_object[65536 / 8]; /* by depth */
};

/* offset: of the first byte that will be fed, in its file. */
void json_stream_begin(struct json_stream *s, int64_t offset);
/* Again, from another place of the file. */
void json_stream_restart(struct json_stream *s, int64_t offset);
void json_stream_release(struct json_stream *s);

/* Takes bytes up to and with the next newline. Returns: how many. */
size_t json_stream_feed(struct json_stream *s, const char *bytes, size_t n);
/* No more bytes: a line that was begun is over. */
void json_stream_end(struct json_stream *s);
/* Forgets the line that is over. */
void json_stream_next(struct json_stream *s);

/* Whether the record is one of a session's: it has a type, and a place in one. */
bool json_stream_is_of_session(const struct json_stream *s);

/* Of a string; empty for any other value. */
struct sv json_stream_text(const struct json_stream *s, enum json_stream_member m);
bool json_stream_is(const struct json_stream *s, enum json_stream_member m, const char *text);
