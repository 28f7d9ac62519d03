/*
 * repair_plan: what is wrong with a transcript, what a resume loses by it, and a
 * plan of byte ranges that repairs it.
 *
 *     transcript_scan_read(&source, &scan);
 *     repair_plan_make(&source, &scan, &options, &arena, &plan);
 *     ... show plan.problems, plan.edits
 *     repair_plan_write(&source, &plan, backup, &sink);
 *
 * An edit replaces the bytes [from, to) of the file with a text; all other bytes
 * are kept. Edits are in order and do not overlap, so that kept and removed bytes
 * together are the whole file.
 *
 * Normal or harmless things are never edited; a file without harmful damage gets
 * no edits. A second plan, for the result of the first, has none.
 *
 * What a resume loses is found by comparing two walks of the graph: of the file
 * as the client sees it, and of the mended file.
 */
#pragma once

#include "base/arena.h"
#include "repair/scan/transcript_scan.h"

/* The limits above which the API refuses images. */
enum {
    REPAIR_PLAN_IMAGE_MAX = 5242880, /* of base64 */
    REPAIR_PLAN_SIDE_MAX = 8000,     /* pixels */
    REPAIR_PLAN_SIDE_OF_MANY = 2000, /* in a request with more images than */
    REPAIR_PLAN_MANY_IMAGES = 20,
};

struct repair_plan_options {
    bool lines_only;        /* it is not known how the client loads records: only the lines are
                               judged, and nothing is mended */
    bool is_live;           /* a process has the session: a torn last line is still being written */
    bool shrinks;           /* also trims what the API never sees */
    bool fits;              /* also cuts what is sent until it is short enough: see fit.h */
    int64_t window;         /* tokens of the model's window, given by the user; 0: not given */
    int64_t model_window;   /* tokens, from the model's name; 0: not known */
    const char *started_in; /* the directory, when its folder is not the file's; NULL: it is */
    const char *file_id;    /* the session id in the file's name; NULL: none */
    bool wants_edits;       /* false: only the problems */
    int64_t client_version; /* of the client that will resume it; 0: the newest that wrote in it */
    int64_t
        modified_ms; /* wall time of the file's last write, used where a time stamp is made up */
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
    bool is_guess; /* the repair is a guess */
};

struct repair_plan_edit {
    int64_t from, to;
    const char *text; /* in their place */
    size_t text_length;
    const char *behind; /* follows text and the backup's name; NULL: the backup is not named */
    enum damage_kind kind;
    enum damage_cure action;
    uint32_t line;
    bool is_guess;
};

/* Counts of messages: prompts, results and replies. Records with one message id are one message. */
struct repair_plan_messages {
    size_t in_file;  /* of the main chain */
    size_t expected; /* a resume should load: since the last compaction, with what it kept */
    size_t reached;  /* how many of those the client loads from the file as it is */
};

/* What is cut so that the conversation can be sent again; tokens are estimates. */
struct repair_plan_fit {
    bool is_planned; /* it was asked for */
    bool fits;       /* after the cut, with a fifth to spare; if not, nothing is cut */
    bool was_cut;    /* by an earlier fit, and nothing was answered since */
    int64_t tokens_before, tokens_after, window, target;
    size_t results, images, thinking;
};

/* A record of a message that the client loads. */
struct repair_plan_loaded {
    int64_t offset;
    uint32_t line;
    enum graph_role role;
};

/* Something not loaded from the mended file: an abandoned branch, or what was summed up. */
struct repair_plan_branch {
    uint32_t line; /* of its last message */
    int64_t offset;
    int64_t at_ms;
    uint32_t fork_line; /* of the record where it branches off; 0: none */
    int64_t fork_offset;
    size_t message_count;
    bool is_summed_up;
};

struct repair_plan {
    struct repair_plan_messages messages;
    struct repair_plan_fit fit;
    bool lines_only;   /* only the problems are known, not messages and branches */
    bool can_resume;   /* the client finds a conversation, and does not fail on it */
    bool hurts;        /* one of the problems is DAMAGE_HURTS */
    bool is_reordered; /* a compaction comes after a later one */
    bool is_unsettled; /* no plan leaves nothing to do: there are no edits */
    struct repair_plan_loaded
        *loaded; /* from the file as it is, in order; none without can_resume */
    size_t loaded_count;
    struct repair_plan_branch *branches; /* newest first */
    size_t branch_count;
    struct repair_plan_loaded *left; /* their messages' records, in the order of the file */
    size_t left_count;
    struct repair_plan_problem *problems; /* in the order of the file */
    size_t problem_count, problem_capacity;
    struct repair_plan_edit *edits; /* in order */
    size_t edit_count, edit_capacity;
};

/* Changes the scan's graph to the mended one. Returns: 0, or negative errno of the source. Owner:
 * the arena. */
int repair_plan_make(const struct record_source *source, struct transcript_scan *v,
                     const struct repair_plan_options *options, struct arena *a,
                     struct repair_plan *out);

/* By how many whole records the edits change the file: added minus removed. Returns: 0, or negative
 * errno of the source. */
int repair_plan_balance(const struct record_source *source, const struct repair_plan *plan,
                        int64_t *balance);

/* Gets the mended file and what is removed, piece by piece. */
struct repair_plan_sink {
    int (*write)(void *context, const char *bytes, size_t n);
    /* The removed bytes of one edit, in one call or several; is_first: the first call. NULL: not
     * wanted. */
    int (*removed)(void *context, const struct repair_plan_edit *edit, const char *bytes, size_t n,
                   bool is_first);
    void *context;
};

/* backup: the name that the texts of edits give. Returns: 0 or the first negative errno. */
int repair_plan_write(const struct record_source *source, const struct repair_plan *plan,
                      const char *backup, const struct repair_plan_sink *sink);
