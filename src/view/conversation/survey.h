/*
 * conversation_survey: a conversation read once before it is drawn: which call has which result,
 * which prompts there are, and when what happened.
 *
 * Memory grows with the number of records, not with their size.
 */
#pragma once

#include "conversation/message.h"
#include "view/conversation/conversation.h"
#include "view/timeline.h"

struct view_result {
    uint64_t call;
    size_t item; /* the record it stands in */
    size_t size_bytes;
    struct wall at;
    bool has_call; /* that is in the conversation, too */
    bool is_error;
};

struct view_prompt {
    size_t item;
    struct wall at;
    const char *text; /* its beginning, made harmless; owner: the survey */
};

struct view_survey {
    struct arena arena;
    struct view_result *results; /* by the ids of their calls, open addressing */
    size_t result_size;
    struct view_prompt *prompts;
    size_t prompt_count, prompt_capacity;
    bool with_points;
    struct timeline_point *points; /* in the order of the conversation */
    size_t point_count, point_capacity;
    struct wall first_at, last_at;
    const char *model, *cwd, *version; /* the first that is named; NULL: none is */
    size_t replies, calls, failures;   /* failures: results that are errors */
    int64_t context_tokens;            /* of the last reply that says; 0: none does */
    size_t gaps;                       /* places that could not be read */
    size_t lost;                       /* records that were gone when they should be read */

    /* private */
    size_t result_count;
};

/* with_points: also what timeline_draw wants. */
void view_survey_make(const struct view_conversation *v, bool with_points, struct view_survey *out);
void view_survey_release(struct view_survey *s);

/* Returns: the result of a call; NULL: there is none. */
const struct view_result *view_survey_result(const struct view_survey *s, struct sv call);
/* The same, by graph_id_of the call. */
const struct view_result *view_survey_result_of(const struct view_survey *s, uint64_t call);

/* Reads a record again. Returns: false where it is not there any more, or by now another one. */
bool view_read_item(const struct view_conversation *v, const struct conversation_item *item,
                    struct arena *a, struct event *e, struct message *m);

/*
 * Reads each record again, from v->first on, and hands on those that are there. out: what is drawn;
 * v->take gets it before each, and may end it. NULL: nothing is drawn.
 * Returns: how many were gone.
 */
typedef void view_use_record(void *context, size_t item, const struct event *e,
                             const struct message *m);
size_t view_each_record(const struct view_conversation *v, struct buf *out, view_use_record *use,
                        void *context);

/* What is to be said before the next record that is shown. Start with {0}. */
struct view_bounds {
    size_t branch;
    bool is_loaded, is_begun;
};
/* That a branch begins, or that what a resume loads begins or ends; a compaction says so of itself.
 * NULL: nothing. */
const char *view_bound_before(struct view_bounds *b, const struct conversation_item *item,
                              const struct event *e);

/* What a reader of the conversation misses nothing by. */
bool view_is_silent(const struct event *e, const struct message *m);

/* A resume loads it. */
bool view_is_loaded(const struct conversation_item *item, const struct event *e);

/* Adds "branch", and "is_loaded": null where that is not known. */
void view_json_put_place(struct json_document *d, struct json_node *to,
                         const struct view_conversation *v, const struct conversation_item *item,
                         const struct event *e);

/* "text", "thinking", "call", "result", "image", "file", "other" */
const char *view_block_word(enum block_kind kind);

/* "user", "agent", "summary", "API error", ... */
const char *view_who(const struct event *e);
