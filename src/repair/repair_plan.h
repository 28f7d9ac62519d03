/*
 * repair_plan: what is wrong with a transcript, what it costs a resume, and a plan
 * of byte ranges that mends it.
 *
 *     transcript_scan_read(&source, &survey);
 *     repair_plan_make(&source, &survey, &options, &arena, &plan);
 *     ... show plan.problems, plan.edits
 *     repair_plan_write(&source, &plan, backup, &sink);
 *
 * An edit takes the bytes [from, to) of the file away and puts a text in their
 * place; what no edit names is kept byte for byte. Edits are in order and do not
 * overlap, so that kept and removed bytes are together the whole file.
 *
 * What is normal, or does no harm, is never edited; a file that nothing hurts
 * has no edits. A second plan, of what the first one made, is empty.
 *
 * What a resume loads is the graph's walk of the file as it is, seen as the
 * client sees it, against the walk of the mended file.
 */
#pragma once

#include "base/arena.h"
#include "repair/scan/transcript_scan.h"

/* The API's limits on images, as it refuses them. */
enum {
    REPAIR_PLAN_IMAGE_MAX = 5242880, /* of base64 */
    REPAIR_PLAN_SIDE_MAX = 8000,     /* pixels */
    REPAIR_PLAN_SIDE_OF_MANY = 2000, /* in a request with more images than */
    REPAIR_PLAN_MANY_IMAGES = 20,
};

struct repair_plan_options {
    bool lines_only;        /* what its client makes of the records is not known: only the lines
                               are judged, and nothing is mended */
    bool is_live;           /* a process has the session: a torn last line is a write under way */
    bool shrinks;           /* also trims what the API never sees */
    bool fits;              /* also cuts what is sent until it is short enough: see fit.h */
    int64_t window;         /* tokens that the model takes, as the user says; 0: not said */
    int64_t model_window;   /* as its name says; 0: not known */
    const char *started_in; /* whose folder is another one than the file's; NULL: none */
    const char *file_id;    /* the session that the file's name says; NULL: none */
    bool wants_edits;       /* else only the problems */
    int64_t client_version; /* of who will resume it, as client_version; 0: the newest that wrote */
    int64_t
        modified_ms; /* wall time of the file's last write: for times that have to be invented */
};

struct repair_plan_problem {
    enum damage_kind kind;
    enum damage_severity severity;
    uint32_t line; /* 0: of the whole file */
    int64_t offset;
    int64_t length;          /* bytes; -1: the record that begins there */
    const char *detail;      /* what makes it this one: "60311 bytes"; NULL: nothing to add */
    const char *consequence; /* NULL: none */
    uint32_t node;           /* of the graph; GRAPH_NONE: none */
    bool is_mended;
    bool is_guess; /* the way it is mended */
};

struct repair_plan_edit {
    int64_t from, to;
    const char *text; /* in their place */
    size_t text_length;
    const char *behind; /* the backup's name goes between text and this; NULL: it is not named */
    enum damage_kind kind;
    enum damage_cure action;
    uint32_t line;
    bool is_guess;
};

/* Messages: prompts, results, and the assistant's, of which records with one message id are one. */
struct repair_plan_messages {
    size_t in_file;  /* of the main chain */
    size_t expected; /* that a resume should load: since the last compaction, with what it kept */
    size_t reached;  /* of those, what the client loads from the file as it is */
};

/* What is cut so that the conversation can be sent again; tokens are an estimate. */
struct repair_plan_fit {
    bool is_planned; /* it was asked for */
    bool fits;       /* afterwards, with a fifth to spare; else nothing is cut */
    bool was_cut;    /* by an earlier fit, and nothing was answered since */
    int64_t tokens_before, tokens_after, window, target;
    size_t results, images, thinking;
};

/* A message's record that the client loads. */
struct repair_plan_loaded {
    int64_t offset;
    uint32_t line;
    enum graph_role role;
};

/* What is not loaded from the mended file: a branch that was left, or what was summed up. */
struct repair_plan_branch {
    uint32_t line; /* of its last message */
    int64_t offset;
    int64_t at_ms;
    uint32_t fork_line; /* of the record that it hangs on; 0: on none */
    int64_t fork_offset;
    size_t message_count;
    bool is_summed_up;
};

struct repair_plan {
    struct repair_plan_messages messages;
    struct repair_plan_fit fit;
    bool lines_only;   /* nothing is known but the problems: of messages and branches nothing */
    bool can_resume;   /* the client finds a conversation, and does not fail on it */
    bool hurts;        /* one of the problems */
    bool is_reordered; /* a compaction stands behind a later one */
    bool is_unsettled; /* no plan was found that would leave nothing to do: no edits */
    struct repair_plan_loaded
        *loaded; /* from the file as it is, in order; none without can_resume */
    size_t loaded_count;
    struct repair_plan_branch *branches; /* the newest first */
    size_t branch_count;
    struct repair_plan_loaded *left; /* the message's records on them, as they stand in the file */
    size_t left_count;
    struct repair_plan_problem *problems; /* as they stand in the file */
    size_t problem_count, problem_capacity;
    struct repair_plan_edit *edits; /* in order */
    size_t edit_count, edit_capacity;
};

/* The scan's graph is mended on the way. Returns: 0, or negative errno of the caller's function.
 * Owner: the arena. */
int repair_plan_make(const struct record_source *source, struct transcript_scan *v,
                     const struct repair_plan_options *options, struct arena *a,
                     struct repair_plan *out);

/* Whole records that the edits say they put in, less those that they say they take out. Returns: 0,
 * or negative errno of the caller's function. */
int repair_plan_balance(const struct record_source *source, const struct repair_plan *plan,
                        int64_t *balance);

/* Where the mended file and what is removed go, piece by piece. */
struct repair_plan_sink {
    int (*write)(void *context, const char *bytes, size_t n);
    /* Bytes of one edit, in one call or several; is_first for the first of them. NULL: nobody
     * wants them. */
    int (*removed)(void *context, const struct repair_plan_edit *edit, const char *bytes, size_t n,
                   bool is_first);
    void *context;
};

/* backup: its name, as edits tell it. Returns: 0 or the first negative errno. */
int repair_plan_write(const struct record_source *source, const struct repair_plan *plan,
                      const char *backup, const struct repair_plan_sink *sink);
