/*
 * check: what is wrong with transcripts, as text and as JSON.
 *
 * There may be thousands: each is drawn as soon as it was read.
 */
#pragma once

#include "control/repair_examine.h"
#include "session_rescue.h"

struct view_checked {
    const struct agent *agent; /* whose transcript it is */
    const char *session_id;    /* NULL: not known */
    const char *path;          /* NULL: not known; only when it is gone */
    int64_t size_bytes;
    int live_pid;               /* 0: no process has it */
    const char *why;            /* why it could not be read; NULL: it was read */
    const struct sr_left *left; /* its transcript is gone; NULL: not so */
    const struct repair_examined_form *form;
    const struct transcript_scan *survey;
    const struct repair_plan *plan;
    const char *fuller; /* the stem of a backup that holds more; NULL: none is known */
    int64_t fuller_bytes;
    bool fuller_is_unknown; /* a backup that cannot be read may hold more */
    const char *unfinished; /* what its last turn still lacks, where no process has it; NULL:
                               nothing, or that is not known */
    const char *danger;     /* why its client is going to delete it; NULL: nothing is known */
};

enum view_checked_verdict {
    VIEW_SOUND,
    VIEW_DAMAGED,
    VIEW_UNREADABLE,
    VIEW_EMPTY,
    VIEW_NO_TRANSCRIPT, /* it holds no record of a session */
    VIEW_GONE,          /* the transcript is gone */
    VIEW_OTHER_FORM, /* UTF-16, an array, records over several lines: not what all clients read */
    VIEW_CHECKED_VERDICTS
};
enum view_checked_verdict view_checked_verdict(const struct view_checked *c);
const char *view_checked_word(enum view_checked_verdict verdict); /* "sound", "damaged", ... */

/* "UTF-16LE, 12 records over several lines"; only for a file in another form. */
void view_add_form(struct buf *out, const struct repair_examined_form *form);

/* "resume would lose 312 of 340 messages"; adds nothing if it would lose none. */
void view_add_consequence(struct buf *out, const struct repair_plan *plan);

/* One line of a problem, with its newline. */
void view_text_problem(struct buf *out, const struct repair_plan_problem *p);

/* A line for the transcript, one for each problem, and one for all abandoned branches. verbose:
 * also a line for each oddity and each branch; names_branches: for each branch. */
void view_text_checked(struct buf *out, const struct view_checked *c, bool verbose,
                       bool names_branches);

/* For each kind of damage listed: what the client does with it, what is lost, what causes it, and
 * what to run. */
void view_text_explained(struct buf *out, const struct view_checked *c, bool verbose);

struct json_document;
struct json_node;
struct json_node *view_json_form(struct json_document *d, const struct repair_examined_form *form);
struct json_node *view_json_messages(struct json_document *d, const struct repair_plan *plan);
struct json_node *view_json_problems(struct json_document *d, const struct view_checked *c,
                                     bool verbose);

struct json_node *view_json_branches(struct json_document *d, const struct repair_plan *plan);

/* The document grows with each transcript. */
struct view_check_json {
    struct json_document *document;
    struct json_node *root, *transcripts;
    size_t counts[VIEW_CHECKED_VERDICTS]; /* by enum view_checked_verdict */
};

void view_json_check_begin(struct view_check_json *j, int64_t taken_at_ms);
void view_json_checked(struct view_check_json *j, const struct view_checked *c, bool verbose);
/* Writes and frees the document. */
void view_json_check_end(struct view_check_json *j, struct buf *out);
