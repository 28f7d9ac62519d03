/*
 * graph: the records of a transcript linked to their parents, and which of them a
 * client loads when it resumes the session.
 *
 * The order of lines is not the order of the conversation: each record names
 * its parent, children are often written before their parents, and the results
 * of parallel calls are on side branches. Records are added as they are read,
 * then linked, then walked from the leaf, the conversation's last record:
 *
 *     struct graph g;
 *     graph_init(&g);
 *     while (there is a record)
 *         graph_add(&g, &record);
 *     graph_link(&g);
 *     struct graph_walk w;
 *     graph_walk(&g, &w);
 *     for (size_t i = 0; i < w.count; i++)
 *         ... g.nodes[w.order[i]].offset, oldest first
 *     graph_walk_release(&w);
 *     graph_release(&g);
 *
 * A node takes 40 bytes, so a transcript of 300 MB needs 10 to 15 MB. Ids are kept as
 * hashes of 64 bits: among a hundred thousand ids, the chance that two have the same
 * hash is less than one in three thousand million.
 *
 * The walk does what clients were measured to do (doc/repair.md). It goes from the last record
 * of the file, or from the one that a pointer names, along the parents to a root. If a parent is
 * missing, or was met already, the newest record of the 5 s before the child takes its place; if
 * there is none, everything older is silently lost. Then the records that belong to the messages
 * on the way are fetched: a message's other records, by message id; the results of its calls (since
 * 2.1.281 also results with another parent); and what a compaction preserved of the records before
 * it.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GRAPH_BRIDGE_MS = 5000 };

#define GRAPH_NONE UINT32_MAX

enum graph_role {
    GRAPH_LINK, /* on the chain, but not a message: attachment, turn_duration, ... */
    GRAPH_PROGRESS,
    GRAPH_BOUNDARY, /* of a compaction: a summary of the records before it comes after it */
    GRAPH_USER,     /* a prompt */
    GRAPH_RESULT,   /* results of tool calls */
    GRAPH_ASSISTANT,
};

/* A record to add. */
struct graph_record {
    enum graph_role role;
    struct sv uuid;
    struct sv parent_uuid; /* empty: it has none */
    struct sv message_id;  /* of an assistant's record; empty: none */
    int64_t at_ms;         /* wall time; 0: not known */
    bool lacks_time;       /* it has no time stamp */
    struct sv stamp;       /* its time, as it is written */
    int64_t offset;        /* of the record in its file */
    uint32_t line;         /* of the file, from 1 */
    bool is_sidechain;     /* of a subagent */
    bool is_summary;       /* summarises what a compaction removed */
    bool is_virtual;       /* the client shows it, but does not send it */
    bool is_blank;         /* of an assistant's record: texts of white space, and nothing else */
    bool is_thinking;      /* the same: thinking, and nothing else */
    bool has_words;        /* the same: calls, and a text beside them */
    bool is_sent;          /* a link that is sent to the model all the same */
    bool is_hidden;        /* the client does not see it: see graph_reveal */
    bool is_beside;        /* more follows it on its line: old clients do not see it */
    bool is_marked;        /* after a byte order mark inside the file: only old clients see it */
};

struct graph_node {
    uint64_t id;
    union {
        uint64_t parent_id; /* until graph_link, and later if lacks_parent; 0: none */
        uint32_t parent;    /* after graph_link; GRAPH_NONE: none */
    };
    int64_t at_ms;
    uint64_t offset : 37; /* 128 GB */
    uint64_t role : 3;
    uint64_t is_sidechain : 1;
    uint64_t lacks_parent : 1;  /* it names a parent that the file does not have */
    uint64_t is_superseded : 1; /* a later record has the same id, and the client uses that one */
    uint64_t is_dropped : 1;    /* see graph_drop */
    uint64_t is_hidden : 1;
    uint64_t is_beside : 1;
    uint64_t is_marked : 1;
    uint64_t is_summary : 1;
    uint64_t is_sent : 1;
    uint64_t has_copy : 1; /* an earlier record has the same id */
    uint64_t lacks_time : 1;
    uint64_t is_virtual : 1;
    uint64_t is_blank : 1;
    uint64_t is_thinking : 1;
    uint64_t has_words : 1;
    uint64_t has_stamp : 1; /* see struct graph_stamp */
    uint64_t tag : 8;       /* for the caller; 0 at first */
    uint32_t message;       /* hash of the message's id; 0: none */
    uint32_t line;
};

struct graph_preserved {
    uint32_t boundary;
    uint64_t id;
};

/* What a boundary says it kept, besides the list: the records from head to tail, after the anchor.
 */
struct graph_compaction {
    uint32_t boundary;
    bool has_segment;
    uint64_t anchor, head, tail;
};

/* A line that names the conversation's last record. */
struct graph_pointer {
    uint64_t id;      /* 0: none */
    uint32_t at;      /* how many records come before that line */
    bool is_explicit; /* the user rewound the conversation to it */
};

/* A time stamp in another form than clients write, or none at all: some of their loader's rules
 * compare the texts. */
struct graph_stamp {
    uint32_t node;
    char text[44]; /* no longer, and no NUL where it fills it */
};

/* A call, or a result of one. */
struct graph_tool {
    uint64_t id;
    uint32_t node;
    uint32_t block : 31; /* its place among the record's blocks */
    uint32_t is_result : 1;
};

struct graph {
    struct graph_node *nodes; /* in the order of the file */
    size_t count, capacity;
    uint32_t *by_id; /* index of the ids, after graph_link */
    size_t by_id_size;
    struct graph_preserved *preserved;
    size_t preserved_count, preserved_capacity;
    struct graph_compaction *compactions;
    size_t compaction_count;
    struct graph_pointer *pointers;
    size_t pointer_count, pointer_capacity;
    struct graph_stamp *stamps; /* by node */
    size_t stamp_count, stamp_capacity;
    struct graph_tool *tools; /* after graph_link by id, calls first, else in file order */
    size_t tool_count, tool_capacity;
    int64_t version; /* of the client that loads, as client_version; 0: the newest known */
    bool has_sidechain, has_main_chain;
    bool has_null_line;
    size_t null_line_at; /* records before the first one; 2.1.110 reads no further */
    struct graph_open {  /* a record that breaks off where a value should follow: see graph_line */
        size_t lines;    /* lines from that record on; 0: there is none, or there are several */
        size_t from, to, pointers_from, pointers_to; /* nodes and pointers of the line after it */
    } open;
};

void graph_init(struct graph *g);
void graph_release(struct graph *g);

/* Returns: 0 only for an empty text. */
uint64_t graph_id_of(struct sv uuid);

/* Returns: the index of the new node; GRAPH_NONE when there are 4 thousand million. */
uint32_t graph_add(struct graph *g, const struct graph_record *record);

/* Notes that, as the boundary says, this record before it is still sent to the model. */
void graph_preserve(struct graph *g, uint32_t boundary, uint64_t id);

/* Once for each boundary that keeps records. */
void graph_compaction(struct graph *g, const struct graph_compaction *compaction);

/* Adds a pointer to the leaf. uuid empty: it says that there is no leaf. */
void graph_point(struct graph *g, struct sv uuid, bool is_explicit);

/* Notes a line that is just "null". */
void graph_null_line(struct graph *g);

/* To be called after all of a line that is not blank was added. is_open: the line is one record
 * that breaks off where a value should follow. If the file's last line comes after such a line,
 * clients of which graph_reads_first holds wait for the end of that record, and never see the last
 * line. */
void graph_line(struct graph *g, bool is_open);

void graph_add_tool(struct graph *g, const struct graph_tool *tool);

/* Finds the parents. To be called once, when all records are added. */
void graph_link(struct graph *g);

/* After graph_link. Changes the graph to what a client of that version (client_version) sees. */
void graph_see_as(struct graph *g, int64_t version);

/* Shows the hidden nodes: records after damage on their line, once that is repaired. */
void graph_reveal(struct graph *g);

/* Before graph_link. If a transcript only has records of a subagent, they become its main chain. */
void graph_adopt_sidechain(struct graph *g);

/* After graph_link. Returns: the node that the client uses for an id, or GRAPH_NONE. */
uint32_t graph_find(const struct graph *g, uint64_t id);

/* After graph_link. Returns: the nearest ancestor that was not dropped; GRAPH_NONE for a root, and
 * if the parent is missing. */
uint32_t graph_parent(const struct graph *g, uint32_t node);
bool graph_lacks_parent(const struct graph *g, uint32_t node);

/* Gives a node a time, in the form that clients write. */
void graph_set_time(struct graph *g, uint32_t node, int64_t at_ms);
/* Gives a node another parent; GRAPH_NONE makes it a root. */
void graph_set_parent(struct graph *g, uint32_t node, uint32_t parent);
/* Removes a node; its children get its parent. */
void graph_drop(struct graph *g, uint32_t node);
/* After nodes were dropped: an earlier record with the same id takes the place of each. */
void graph_settle(struct graph *g);

/* Whether the client considers a node: it is of the main chain, neither hidden nor dropped, and no
 * later record has its id. */
bool graph_is_in_play(const struct graph *g, uint32_t node);

/* After graph_link. The user chose the leaf, or that there is none; the second: only the latter. */
bool graph_user_chose(const struct graph *g);
bool graph_user_cleared(const struct graph *g);
/* A client of that version follows pointers. */
bool graph_knows_pointers(const struct graph *g);
/* A client of that version reads the first record of a line, whatever follows it, and none after a
 * byte order mark inside the file. */
bool graph_reads_first(const struct graph *g);
/* A client of that version fails on a "null" line. */
bool graph_fails_on_null(const struct graph *g);
/* After graph_link. The id of the record to which the file's pointers lead; 0: none. */
uint64_t graph_pointed(const struct graph *g);
/* Forgets the pointers to that record. */
void graph_unpoint(struct graph *g, uint64_t id);
enum graph_end {
    GRAPH_END_NOTHING,  /* there is no leaf */
    GRAPH_END_ROOT,     /* the beginning */
    GRAPH_END_BOUNDARY, /* a compaction */
    GRAPH_END_GAP,      /* a parent is missing */
    GRAPH_END_CYCLE,
};

enum graph_mark {
    GRAPH_UNREACHED,
    GRAPH_ON_CHAIN,
    GRAPH_BESIDE, /* fetched from a side branch, or from before the compaction */
};

/* The client takes this record as the parent of the node. */
struct graph_bridge {
    uint32_t node, parent;
};

struct graph_walk {
    uint32_t leaf;       /* GRAPH_NONE: none */
    uint32_t unsortable; /* one of several records fetched for a message, without a time; before
                            2.1.330 the client fails on it; GRAPH_NONE: none */
    uint32_t undated;    /* would be the leaf, but the client ignores it as it has no time */
    enum graph_end end;
    uint32_t stopped_at; /* the oldest node of the chain, or a compaction behind the leaf */
    uint32_t cut_at;     /* the compaction that removed everything before it in the file,
                            whatever the parents are; GRAPH_NONE: none */
    struct graph_bridge *bridges; /* gaps and cycles that the client bridged by time */
    size_t bridged;
    unsigned char *marks;    /* enum graph_mark of each node */
    unsigned char *is_shown; /* of each node: it is virtual, by itself or by the one that it is
                                joined to, or left out with its calls; NULL: each that is virtual.
                                See graph_is_shown */
    unsigned char *is_cut;   /* 1: of each node that cut_at removed; NULL: there is none */
    uint32_t *order; /* all that is reached, oldest first; a fetched record comes after the one
                        that it belongs to */
    size_t count;
    size_t message_count; /* prompts, results and messages of the assistant among them */
};

/* After graph_link. Owner: graph_walk_release. */
void graph_walk(const struct graph *g, struct graph_walk *out);
/* The same from another leaf. */
void graph_walk_from(const struct graph *g, uint32_t leaf, struct graph_walk *out);
/* The same from the last record of the file that is no parent, and past compactions. */
void graph_walk_from_end(const struct graph *g, struct graph_walk *out);
void graph_walk_release(struct graph_walk *w);

/* The client does not send a node that it loads: it is virtual, or joined to one that is, or none
 * of its calls has a result, and they are left out with the text beside them. */
bool graph_is_shown(const struct graph *g, const struct graph_walk *w, uint32_t node);
/* The last of these: its text is lost with the calls. */
bool graph_is_left_out(const struct graph *g, const struct graph_walk *w, uint32_t node);
/* The calls of a node get results. */
void graph_answer(struct graph *g, uint32_t node);

/* Whether a node is the first record of a message that is sent. An assistant's message may be split
 * over several records. */
bool graph_begins_message(const struct graph *g, const struct graph_walk *w, uint32_t node);
