/*
 * skim: what a record says of itself, read as its bytes go by.
 *
 * A line is never held: one of 13 MB takes as much memory as one of 100 bytes.
 * The bytes are fed in any pieces; what is kept of a record is where its values
 * stand in the file, and the first bytes of those that are short.
 *
 *     struct skim s;
 *     skim_begin(&s, 0);
 *     while (there are bytes) {
 *         size_t took = skim_feed(&s, bytes, n);
 *         ...
 *         if (s.is_over) {
 *             ... s.shape, skim_text(&s, SKIM_UUID), s.blocks[i]
 *             skim_next(&s);
 *         }
 *     }
 *     skim_end(&s);
 *     ... the last line, when s.is_over
 *     skim_release(&s);
 *
 * It reads the grammar that scan reads, so a line is SKIM_RECORD here if and
 * only if it is SCAN_WHOLE there; of all others scan says what is wrong.
 *
 * Keys are compared as they stand: the client writes none with escapes.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum skim_shape {
    SKIM_BLANK,
    SKIM_RECORD, /* one object, and nothing beside it */
    SKIM_BROKEN, /* anything else: scan's to judge */
};

/* The members of a record that are looked at. */
enum skim_member {
    SKIM_TYPE,
    SKIM_SUBTYPE,
    SKIM_UUID,
    SKIM_PARENT,
    SKIM_LOGICAL_PARENT,
    SKIM_SESSION_ID,
    SKIM_TIMESTAMP,
    SKIM_VERSION,
    SKIM_AGENT_ID,
    SKIM_LEAF,
    SKIM_EXPLICIT,
    SKIM_IS_SIDECHAIN,
    SKIM_IS_API_ERROR,
    SKIM_IS_SUMMARY,    /* isCompactSummary */
    SKIM_ERROR_DETAILS, /* of the API's answer */
    SKIM_TOOL_USE_RESULT,
    SKIM_FULL_OUTPUT, /* data.fullOutput and data.output of a progress record */
    SKIM_OUTPUT,
    SKIM_ATTACHMENT,
    SKIM_ATTACHMENT_TYPE, /* attachment.type */
    SKIM_ATTACHMENT_CONTENT,
    SKIM_SNAPSHOT,
    SKIM_SNAPSHOT_FILES, /* snapshot.trackedFileBackups */
    SKIM_MESSAGE,
    SKIM_MESSAGE_ID,   /* message.id */
    SKIM_MESSAGE_ROLE, /* message.role */
    SKIM_MODEL,        /* message.model */
    SKIM_USAGE,        /* message.usage */
    SKIM_CONTENT,      /* message.content */
    SKIM_ANCHOR,       /* compactMetadata.preserved….anchorUuid, .headUuid, .tailUuid */
    SKIM_HEAD,
    SKIM_TAIL,
    SKIM_MEMBERS,
};

enum skim_kind {
    SKIM_ABSENT,
    SKIM_NULL,
    SKIM_TRUE,
    SKIM_FALSE,
    SKIM_NUMBER,
    SKIM_STRING,
    SKIM_OBJECT,
    SKIM_ARRAY,
};

/* Bytes [from, to) of the file. */
struct skim_span {
    int64_t from, to;
};

enum {
    SKIM_TEXT_MAX = 64,
    SKIM_BLOCKS_MAX = 4096,
    SKIM_KNOWN_DEPTH = 8, /* nothing that is looked at stands deeper */
};

struct skim_value {
    unsigned char kind;       /* enum skim_kind */
    unsigned char n;          /* bytes of text; a longer one is cut */
    char text[SKIM_TEXT_MAX]; /* between the quotes, escapes as they stand */
    struct skim_span key;     /* from its quote */
    struct skim_span span;    /* quotes and brackets included */
};

enum skim_block_kind {
    SKIM_BLOCK_OTHER,
    SKIM_BLOCK_TEXT,
    SKIM_BLOCK_TOOL_USE,
    SKIM_BLOCK_TOOL_RESULT,
    SKIM_BLOCK_THINKING, /* redacted_thinking too */
    SKIM_BLOCK_IMAGE,
};

/* A block of message.content, or, nested, of a tool result's own content. */
struct skim_block {
    unsigned char kind; /* enum skim_block_kind */
    bool is_nested;     /* in the last block before it that is not */
    bool is_empty;      /* a text with nothing in it but white space */
    uint32_t index;     /* in its array */
    uint64_t tool;      /* id of a call, or of the call that is answered: as graph_id_of */
    struct skim_span span;
    struct skim_span id;      /* of a call, between the quotes */
    struct skim_span data;    /* of an image: its base64, without the quotes */
    struct skim_span content; /* of a result, quotes and brackets included */
    uint32_t width, height;   /* of an image; 0: not known */
    int64_t before; /* where the element before it ends; behind the bracket for the first */
};

/* Text of a message that cannot be sent: half of a surrogate pair, a NUL, bytes that are not UTF-8.
 */
struct skim_bad_text {
    int64_t offset;
    unsigned char length;
    bool is_escape; /* "\ud83d", "\u0000" */
};

struct skim {
    /* the line that is over */
    bool is_over;
    bool has_newline;
    bool ends_in_return; /* a record whose line ends in "\r\n" */
    enum skim_shape shape;
    struct skim_span line;   /* without its newline */
    struct skim_span record; /* from brace to brace */
    struct skim_value members[SKIM_MEMBERS];
    struct skim_span text; /* the first of its message's that is not empty; between the quotes */
    struct skim_block *blocks;
    size_t block_count, block_capacity;
    bool has_more_blocks;
    uint64_t *preserved; /* compactMetadata.preservedMessages.uuids, as graph_id_of */
    size_t preserved_count, preserved_capacity;
    size_t top_count; /* elements of message.content */
    size_t bad_text_count;
    bool keeps_bad_text; /* set by the caller: in bad_text, too */
    bool spans_lines;    /* set by the caller: of one record, whose lines do not end it; it is over
                            with its last brace, or with the byte that cannot be */
    struct skim_bad_text *bad_text;
    size_t bad_text_capacity;

    /* the reading */
    int64_t offset; /* of the next byte */
    unsigned char state;
    unsigned char mark_at; /* bytes of a byte order mark so far */
    unsigned char use;     /* enum skimming_use, of the string being read */
    bool is_key;
    bool passes; /* no more of it is kept or looked at */
    unsigned char hex_left;
    const char *word; /* what is left of true, false, null */
    uint32_t hex;
    int64_t escape_from; /* of the escape being read */
    int64_t high_from;   /* of half a pair that waits for the other; -1: none */
    unsigned char utf8_left, utf8_low, utf8_high, utf8_length;
    size_t depth;
    unsigned char contexts[SKIM_KNOWN_DEPTH], keys[SKIM_KNOWN_DEPTH]; /* by depth */
    char small[SKIM_TEXT_MAX]; /* a key, a block's type, an id */
    size_t small_length;
    struct skim_span key_span;
    int64_t string_from; /* of the opening quote */
    char head[1024];     /* of an image's base64 */
    size_t head_length;
    struct skim_block open[2]; /* being read: of a message, of a result */
    uint32_t element_count[2];
    int64_t element_end[2];
    unsigned char is_object[65536 / 8]; /* by depth */
};

/* offset: of the first byte that will be fed, in its file. */
void skim_begin(struct skim *s, int64_t offset);
/* Again, from another place of the file. */
void skim_restart(struct skim *s, int64_t offset);
void skim_release(struct skim *s);

/* Takes bytes up to and with the next newline. Returns: how many. */
size_t skim_feed(struct skim *s, const char *bytes, size_t n);
/* No more bytes: a line that was begun is over. */
void skim_end(struct skim *s);
/* Forgets the line that is over. */
void skim_next(struct skim *s);

/* Whether the record is one of a session's: it has a type, and a place in one. */
bool skim_is_of_session(const struct skim *s);

/* Of a string; empty for any other value. */
struct sv skim_text(const struct skim *s, enum skim_member m);
bool skim_is(const struct skim *s, enum skim_member m, const char *text);
