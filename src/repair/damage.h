/*
 * damage: what can be wrong with a transcript, kind by kind: a table.
 *
 * What each kind does to a session was tried on the real clients; doc/repair.md
 * tells of all of them. Most of what looks broken is normal.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum damage_kind {
    DAMAGE_TORN_TAIL,
    DAMAGE_STUB,
    DAMAGE_GLUED,
    DAMAGE_NUL_PADDING,
    DAMAGE_FRAGMENT,
    DAMAGE_RAW_CONTROL,
    DAMAGE_INNER_MARK,
    DAMAGE_NULL_LINE,
    DAMAGE_LONG_LINE,
    DAMAGE_ORPHAN_RESULT,
    DAMAGE_UNANSWERED_TOOL,
    DAMAGE_MISSING_PARENT,
    DAMAGE_CYCLE,
    DAMAGE_PROGRESS_FORK,
    DAMAGE_STALE_LEAF,
    DAMAGE_DEAD_POINTER,
    DAMAGE_DEAD_END_LEAF,
    DAMAGE_BOUNDARY_PARENT_GONE,
    DAMAGE_SUMMARY_GONE,
    DAMAGE_DUPLICATE_RECORD,
    DAMAGE_ID_CLASH,
    DAMAGE_EARLY_COPY,
    DAMAGE_LATE_BOUNDARY,
    DAMAGE_DUPLICATE_TOOL_ID,
    DAMAGE_STALE_THINKING,
    DAMAGE_EMPTY_TEXT,
    DAMAGE_BAD_TEXT,
    DAMAGE_OVERSIZED_IMAGE,
    DAMAGE_HUGE_RECORD,
    DAMAGE_FOREIGN_SESSION_ID,
    DAMAGE_WRONG_FOLDER,
    DAMAGE_MALFORMED_METADATA,
    DAMAGE_ERROR_TAIL,
    DAMAGE_TOO_LONG,
    DAMAGE_NO_MESSAGE,
    DAMAGE_BAD_CONTENT,
    DAMAGE_NULL_BLOCK,
    DAMAGE_NO_TIMESTAMPS,
    DAMAGE_NO_CONVERSATION,
    DAMAGE_ODD_BYTES, /* blank lines, a byte order mark, CRLF, no newline at the end */
    DAMAGE_KINDS,
};

enum damage_severity {
    DAMAGE_HARMLESS, /* normal, or the client copes with it without loss */
    DAMAGE_MILD,     /* something is not as it was written, and nothing more is lost by it */
    DAMAGE_HURTS,    /* a resume fails or loses something, or the next record would be lost */
};

/* How it is mended. */
enum damage_cure {
    DAMAGE_CURE_NONE,
    DAMAGE_CURE_DROP,
    DAMAGE_CURE_SPLIT,
    DAMAGE_CURE_RELINK,
    DAMAGE_CURE_INSERT,
    DAMAGE_CURE_REPLACE,
};

/* What its user is to run. */
enum damage_run {
    DAMAGE_RUN_NOT_SAID,
    DAMAGE_RUN_NOTHING,    /* it needs nothing */
    DAMAGE_RUN_NONE_KNOWN, /* nothing is known to help */
    DAMAGE_RUN_RESUME,     /* for the command that finds it */
    DAMAGE_RUN_REPAIR,
    DAMAGE_RUN_FIT,
    DAMAGE_RUN_SHRINK, /* and only who wants it smaller */
};

struct damage {
    const char *word;              /* stable: "missing-parent" */
    const char *catalogue;         /* "D8"; NULL: none */
    enum damage_severity severity; /* of clients that do not know better */
    /* The first version whose client copes with it; 0: see severity alone. As client_version. What
     * hurts others is then mild, what is harmless to others hurt clients before it. */
    int64_t tolerated_since;
    const char *refusal;     /* what the API says of it; NULL: nothing is known */
    const char *what;        /* a sentence's beginning: "its parent is not in the file" */
    const char *consequence; /* what it does when it hurts */
    enum damage_cure cure;
    /* For who has such a file. */
    const char *client; /* what the client does with it */
    const char *loss;   /* what is lost by it */
    const char *origin; /* what leaves it behind: a person's own doing told from a crash */
    enum damage_run run;
};

extern const struct damage damages[DAMAGE_KINDS];

/* Which kinds the text of an API error names: bit 1 << kind each. */
uint64_t damage_named_by(struct sv text);

const char *damage_severity_word(enum damage_severity severity);
/* What "session-rescue --repair WHICH" goes on with; NULL: that is not to be run. */
const char *damage_run_option(enum damage_run run);
const char *damage_cure_word(enum damage_cure cure);
