/*
 * damage: a table of everything that can be wrong with a transcript.
 *
 * What each kind does to a session was tried on the real clients; doc/repair.md
 * describes all of them. Most of what looks broken is normal.
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
    DAMAGE_TWO_SESSIONS,
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
    DAMAGE_BAD_ROW,
    DAMAGE_LONE_ROW,
    DAMAGE_LEFT_RUNNING,
    DAMAGE_KINDS,
};

enum damage_severity {
    DAMAGE_HARMLESS, /* normal, or the client copes with it without loss */
    DAMAGE_MILD,     /* something differs from what was written, but nothing more is lost */
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

/* What the user should run. */
enum damage_run {
    DAMAGE_RUN_NOT_SAID,
    DAMAGE_RUN_NOTHING,    /* nothing needs to be done */
    DAMAGE_RUN_NONE_KNOWN, /* nothing is known to help */
    DAMAGE_RUN_RESUME,     /* --resume, which shows the command for it */
    DAMAGE_RUN_CONTEXT,    /* --context of the file, which shows all that it holds */
    DAMAGE_RUN_REPAIR,
    DAMAGE_RUN_FIT,
    DAMAGE_RUN_SHRINK, /* only to make the file smaller */
};

struct damage {
    const char *word;      /* stable: "missing-parent" */
    const char *catalogue; /* "D8"; NULL: none */
    enum damage_severity severity;
    /* The first client version that copes with it, as client_version; 0: none. From that version on
     * DAMAGE_HURTS counts as mild; before it, DAMAGE_HARMLESS counts as DAMAGE_HURTS. */
    int64_t tolerated_since;
    const char *refusal;     /* the API's words for it; NULL: not known */
    const char *what;        /* the beginning of a sentence: "its parent is not in the file" */
    const char *consequence; /* its effect when it hurts */
    enum damage_cure cure;
    /* Explanations for the user. */
    const char *client; /* what the client does with it */
    const char *loss;   /* what is lost */
    const char *origin; /* what causes it: a crash, or somebody's own edit */
    enum damage_run run;
};

extern const struct damage damages[DAMAGE_KINDS];

/* The kinds that the text of an API error names, as bits 1 << kind. */
uint64_t damage_named_by(struct sv text);

const char *damage_severity_word(enum damage_severity severity);
/* The option to add to "session-rescue --repair WHICH"; NULL: do not run that. */
const char *damage_run_option(enum damage_run run);
const char *damage_cure_word(enum damage_cure cure);
