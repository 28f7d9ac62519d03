/*
 * repair_steps: the inside of repair_plan: a plan while it is made.
 *
 * broken_lines, findings, check_tool_calls and check_parents each judge their
 * part, and add what to do with which record (struct repair_steps_step). edits.c
 * turns this into edits of bytes; repair_plan.c calls all of them in order.
 */
#pragma once

#include "repair/repair_plan.h"

enum repair_steps_what {
    REPAIR_STEPS_DROP,   /* the record */
    REPAIR_STEPS_RELINK, /* to what graph_parent says by the end */
    REPAIR_STEPS_BLOCK,  /* takes a block away */
    REPAIR_STEPS_IMAGE,  /* a text in place of a block */
    REPAIR_STEPS_SAY,    /* a result as a text */
    REPAIR_STEPS_TEXT,   /* U+FFFD in place of bad text */
    REPAIR_STEPS_NULL,   /* a text in place of a null */
    REPAIR_STEPS_WRAP,   /* a text as a list of one block */
    REPAIR_STEPS_ANSWER, /* a result behind the record, for the call in that block */
    REPAIR_STEPS_NAME,   /* an id of its own: see repair_steps_name */
    REPAIR_STEPS_FRONT,  /* to the beginning of the file; the result is planned for again */
    REPAIR_STEPS_TIME,   /* a time stamp behind its uuid; argument: ms */
    REPAIR_STEPS_TRIM,   /* a member: enum json_stream_member */
    REPAIR_STEPS_CUT,    /* a text in place of a result, an image or thinking */
};

struct repair_steps_step {
    enum repair_steps_what what;
    enum damage_kind kind;
    bool is_guess;
    uint32_t node; /* GRAPH_NONE: a record that is none */
    uint32_t line;
    int64_t offset; /* of the record */
    int64_t argument;
    int64_t tokens; /* REPAIR_STEPS_CUT: that it saves */
};

/* A list of nodes sorted by a key that several may share, then by place. */
struct repair_steps_group {
    uint64_t key;
    uint32_t node;
};

struct repair_steps {
    const struct record_source *source;
    struct transcript_scan *v;
    struct graph *g;
    const struct repair_plan_options *options;
    struct arena *arena;
    struct repair_plan *plan;
    struct repair_steps_step *steps;
    size_t step_count, step_capacity;
    struct json_stream *skim, *other;
    struct graph_walk before; /* as the client loads it */
    int64_t newest_version;   /* as transcript_scan_newest_version, with what was hidden */
    bool keeps_boundary;      /* a compaction that stands late stays where it is */
    uint64_t mended_kinds;    /* 1 << kind */
    const char **names;       /* of each node: its new id, in quotes; NULL: it has none */
    struct repair_steps_group *by_id, *by_message; /* of all nodes; NULL: not asked for yet */
};

/* Returns: the step, until the next one is added. */
struct repair_steps_step *repair_steps_add_step(struct repair_steps *m, enum repair_steps_what what,
                                                enum damage_kind kind, uint32_t node,
                                                int64_t argument);
/* Drops a record, and all others with its id. */
void repair_steps_drop(struct repair_steps *m, enum damage_kind kind, uint32_t node);
struct repair_plan_edit *repair_steps_add_edit(struct repair_steps *m, enum damage_kind kind,
                                               enum damage_cure action, uint32_t line, int64_t from,
                                               int64_t to, const char *text);
struct repair_plan_problem *repair_steps_add_problem(struct repair_steps *m, enum damage_kind kind,
                                                     enum damage_severity severity, uint32_t line,
                                                     int64_t offset);

struct repair_plan_problem *repair_steps_add_node_problem(struct repair_steps *m,
                                                          enum damage_kind kind,
                                                          enum damage_severity severity,
                                                          uint32_t node);

/* Gives a record another id, derived from its own and its place, so that a dry run shows the same
 * id as the run. Call graph_settle after it. */
void repair_steps_name(struct repair_steps *m, uint32_t node);
/* Whether another record that the client would look at belongs to the same message: by message id,
 * not by parents, because a repair changes parents and must not change this. */
bool repair_steps_shares_message(struct repair_steps *m, uint32_t node);
/* Version 4 in form. */
const char *repair_steps_made_uuid(struct repair_steps *m, uint64_t a, uint64_t b);

/* Depends on the client that wrote the file last, and on the API's last answer. */
enum damage_severity repair_steps_severity(const struct repair_steps *m, enum damage_kind kind);
bool repair_steps_is_message(const struct graph *g, uint32_t node);

/* Sorts by the place of the record, then by what the step does. */
void repair_steps_sort_steps(struct repair_steps *m);
/* Whether one of the steps [from, to), all for one record, removes the block. */
bool repair_steps_takes_block(const struct repair_steps *m, size_t from, size_t to, size_t block);
/* Replaces steps that remove every block of a record by one that drops the record. */
int repair_steps_settle_blocks(struct repair_steps *m);
