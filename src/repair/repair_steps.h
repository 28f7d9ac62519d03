/*
 * mending: the inside of repair: a plan while it is made.
 *
 * shards, spots, calls and links judge, each what it knows of, and say what is
 * to be done with which record (struct mending_step); edits turns that into
 * edits of bytes; repair.c puts all of it in order.
 */
#pragma once

#include "repair/repair_plan.h"

enum mending_what {
    MENDING_DROP,   /* the record */
    MENDING_RELINK, /* to what graph_parent says by the end */
    MENDING_BLOCK,  /* takes a block away */
    MENDING_IMAGE,  /* a text in place of a block */
    MENDING_SAY,    /* a result as a text */
    MENDING_TEXT,   /* U+FFFD in place of bad text */
    MENDING_WRAP,   /* a text as a list of one block */
    MENDING_ANSWER, /* a result behind the record, for the call in that block */
    MENDING_NAME,   /* an id of its own: see mending_name */
    MENDING_FRONT,  /* to the beginning of the file; what comes of that is planned for later */
    MENDING_TIME,   /* a time stamp behind its uuid; argument: ms */
    MENDING_TRIM,   /* a member: enum skim_member */
    MENDING_CUT,    /* a text in place of a result, an image or thinking */
};

struct mending_step {
    enum mending_what what;
    enum damage_kind kind;
    bool is_guess;
    uint32_t node; /* GRAPH_NONE: a record that is none */
    uint32_t line;
    int64_t offset; /* of the record */
    int64_t argument;
    int64_t tokens; /* MENDING_CUT: that it saves */
};

struct mending {
    const struct record_source *source;
    struct survey *v;
    struct graph *g;
    const struct repair_options *options;
    struct arena *arena;
    struct repair_plan *plan;
    struct mending_step *steps;
    size_t step_count, step_capacity;
    struct skim *skim, *other;
    struct graph_walk before; /* as the client loads it */
    int64_t newest_version;   /* as survey_newest_version, with what was hidden */
    uint64_t mended_kinds;    /* 1 << kind */
    const char **names;       /* of each node: its new id, in quotes; NULL: it has none */
};

/* Returns: the step, until the next one is added. */
struct mending_step *mending_add_step(struct mending *m, enum mending_what what,
                                      enum damage_kind kind, uint32_t node, int64_t argument);
/* Takes a record out, with all of its id. */
void mending_drop(struct mending *m, enum damage_kind kind, uint32_t node);
struct repair_edit *mending_add_edit(struct mending *m, enum damage_kind kind,
                                     enum damage_cure action, uint32_t line, int64_t from,
                                     int64_t to, const char *text);
struct repair_problem *mending_add_problem(struct mending *m, enum damage_kind kind,
                                           enum damage_severity severity, uint32_t line,
                                           int64_t offset);

struct repair_problem *mending_add_node_problem(struct mending *m, enum damage_kind kind,
                                                enum damage_severity severity, uint32_t node);

/* Gives a record another id, derived from its own and its place, so that a dry run shows what a run
 * does. Then graph_settle. */
void mending_name(struct mending *m, uint32_t node);
/* Version 4 in form. */
const char *mending_made_uuid(struct mending *m, uint64_t a, uint64_t b);

/* By the client that wrote the file last, and by what the API said last. */
enum damage_severity mending_severity(const struct mending *m, enum damage_kind kind);
bool mending_is_message(const struct graph *g, uint32_t node);

/* By the place of their record, then by what they do. */
void mending_sort_steps(struct mending *m);
/* One of the steps [from, to), which are of one record, takes the block away. */
bool mending_takes_block(const struct mending *m, size_t from, size_t to, size_t block);
/* Steps that take every block of a record away become one that drops it. */
int mending_settle_blocks(struct mending *m);
