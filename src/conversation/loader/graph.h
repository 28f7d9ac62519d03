/*
 * graph: how the records of a transcript hang together, and which of them a
 * resumed client would load.
 *
 * The order of lines is not the order of the conversation: each record names
 * its parent, a flush often writes children before their parents, and the
 * results of parallel calls stand on side branches. Records are added as they
 * are read, then linked, then walked from the leaf:
 *
 *     struct graph g;
 *     graph_init(&g);
 *     while (there is a record)
 *         graph_add(&g, &record);
 *     graph_link(&g);
 *     struct graph_walk w;
 *     graph_walk(&g, &w);
 *     for (size_t i = 0; i < w.count; i++)
 *         ... g.nodes[w.order[i]].offset, the oldest first
 *     graph_walk_release(&w);
 *     graph_release(&g);
 *
 * A node takes 40 bytes, so that a transcript of 300 MB does in 10 to 15 MB.
 * Ids are kept as hashes of 64 bits: that two ids of a hundred thousand meet is
 * less likely than one in three thousand million.
 *
 * How the walk goes was measured (doc/repair.md): from the last record of the file, or
 * from another that a pointer names, along the parents to a root. Where a parent is not there, or
 * was met already, the newest record of the 5 s before the child takes its place; where there is
 * none, all that is older is silently lost. Then what belongs to a message on the way is fetched
 * from the side branches: its other records, by message id, and the results of its calls (since
 * 2.1.281 also those that hang elsewhere); and what a compaction preserved of the records before
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
    GRAPH_LINK, /* on the chain, and no message: attachment, turn_duration, ... */
    GRAPH_PROGRESS,
    GRAPH_BOUNDARY, /* of a compaction: what stands before it is summed up behind it */
    GRAPH_USER,     /* a prompt */
    GRAPH_RESULT,   /* results of tool calls */
    GRAPH_ASSISTANT,
};

/* A record as it is added. */
struct graph_record {
    enum graph_role role;
    struct sv uuid;
    struct sv parent_uuid; /* empty: it says that it has none */
    struct sv message_id;  /* of an assistant's; empty: none */
    int64_t at_ms;         /* wall time; 0: not known */
    bool lacks_time;       /* it says none, in no words */
    int64_t offset;        /* of the record in its file */
    uint32_t line;         /* of the file, from 1 */
    bool is_sidechain;     /* of a subagent */
    bool is_summary;       /* of what a compaction took away */
    bool is_virtual;       /* the client shows it, and sends nothing of it */
    bool is_sent;          /* a link whose words are sent all the same */
    bool is_hidden;        /* the client does not see it: see graph_reveal */
    bool is_beside;        /* something stands behind it on its line: old clients do not see it */
    bool is_marked;        /* behind a byte order mark inside the file: old clients alone see it */
};

struct graph_node {
    uint64_t id;
    union {
        uint64_t parent_id; /* until graph_link, and where it is not there; 0: none */
        uint32_t parent;    /* from then on; GRAPH_NONE: none */
    };
    int64_t at_ms;
    uint64_t offset : 40; /* 1 TB */
    uint64_t role : 4;
    uint64_t is_sidechain : 1;
    uint64_t lacks_parent : 1;  /* it names a parent that is not there */
    uint64_t is_superseded : 1; /* a later record has the same id; the client takes that one */
    uint64_t is_dropped : 1;    /* see graph_drop */
    uint64_t is_hidden : 1;
    uint64_t is_beside : 1;
    uint64_t is_marked : 1;
    uint64_t is_summary : 1;
    uint64_t is_sent : 1;
    uint64_t has_copy : 1; /* an earlier record has the same id */
    uint64_t lacks_time : 1;
    uint64_t is_virtual : 1;
    uint64_t tag : 8; /* the caller's own; 0 at first */
    uint32_t message; /* hash of the message's id; 0: none */
    uint32_t line;
};

struct graph_preserved {
    uint32_t boundary;
    uint64_t id;
};

/* What a boundary says that it kept, beside the list: from head to tail, behind the anchor. */
struct graph_compaction {
    uint32_t boundary;
    bool has_segment;
    uint64_t anchor, head, tail;
};

/* Which record is the conversation's last: said behind that many records. */
struct graph_pointer {
    uint64_t id; /* 0: none */
    uint32_t at;
    bool is_explicit; /* by the user's own rewinding */
};

/* A call, or a result of one. */
struct graph_tool {
    uint64_t id;
    uint32_t node;
    uint32_t block : 31; /* its place among the record's blocks */
    uint32_t is_result : 1;
};

struct graph {
    struct graph_node *nodes; /* as they stand in the file */
    size_t count, capacity;
    uint32_t *by_id; /* index of the ids, after graph_link */
    size_t by_id_size;
    struct graph_preserved *preserved;
    size_t preserved_count, preserved_capacity;
    struct graph_compaction *compactions;
    size_t compaction_count;
    struct graph_pointer *pointers;
    size_t pointer_count, pointer_capacity;
    struct graph_tool *tools; /* after graph_link by id, calls first, as they stand in the file */
    size_t tool_count, tool_capacity;
    int64_t version; /* of the client that loads, as client_version; 0: the newest known */
    bool has_sidechain, has_main_chain;
    bool has_null_line;
    size_t null_line_at; /* the first stands behind that many records; 2.1.110 reads no further */
    struct graph_open {
        size_t lines; /* that stand behind a record which breaks off where a value is to come, with
                         that one; 0: there is none, or several lines do */
        size_t from, to, pointers_from, pointers_to; /* what the line behind it has */
    } open;
};

void graph_init(struct graph *g);
void graph_release(struct graph *g);

/* Never 0 for a text; 0 for an empty one. */
uint64_t graph_id_of(struct sv uuid);

/* Returns: the place of the new node; GRAPH_NONE when there are 4 thousand million. */
uint32_t graph_add(struct graph *g, const struct graph_record *record);

/* A boundary says that this record before it is still sent to the model. */
void graph_preserve(struct graph *g, uint32_t boundary, uint64_t id);

/* For a boundary that keeps records, once. */
void graph_compaction(struct graph *g, const struct graph_compaction *compaction);

/* A pointer to the leaf. uuid empty: to nothing at all. */
void graph_point(struct graph *g, struct sv uuid, bool is_explicit);

/* A line that is nothing but "null". */
void graph_null_line(struct graph *g);

/* A line that is not blank was read, all of it was added. is_open: it is nothing but a record that
 * breaks off where a value is to come. Where the last line of the file stands behind such a one,
 * clients that read the record which a line begins with (graph_reads_first) wait for the end of
 * that record, and never see the line. */
void graph_line(struct graph *g, bool is_open);

void graph_add_tool(struct graph *g, const struct graph_tool *tool);

/* Finds the parents. Once, when all are added. */
void graph_link(struct graph *g);

/* After graph_link. What a client of that version (as client_version) would see. */
void graph_see_as(struct graph *g, int64_t version);

/* Takes the hidden nodes in: records that stand behind damage on their line, once that is mended.
 */
void graph_reveal(struct graph *g);

/* A transcript that has nothing but a subagent's records is that subagent's: they are its main
 * chain. Before graph_link. */
void graph_adopt_sidechain(struct graph *g);

/* After graph_link. Returns: the node that the client would take for an id, or GRAPH_NONE. */
uint32_t graph_find(const struct graph *g, uint64_t id);

/* After graph_link. Returns: GRAPH_NONE for a root, and where the parent is not there; what was
 * dropped is passed over. */
uint32_t graph_parent(const struct graph *g, uint32_t node);
bool graph_lacks_parent(const struct graph *g, uint32_t node);

/* Gives a node another parent; GRAPH_NONE makes it a root. */
void graph_set_parent(struct graph *g, uint32_t node, uint32_t parent);
/* Takes a node out; its children have its parent from then on. */
void graph_drop(struct graph *g, uint32_t node);
/* After nodes were dropped: an earlier record with the id of one takes its place. */
void graph_settle(struct graph *g);

/* Whether the client would look at a node at all: of the main chain, seen, not dropped, and no
 * later record has its id. */
bool graph_is_in_play(const struct graph *g, uint32_t node);

/* After graph_link. The leaf is one that the user chose, or that there is none; the latter alone.
 */
bool graph_user_chose(const struct graph *g);
bool graph_user_cleared(const struct graph *g);
/* A client of that version follows pointers. */
bool graph_knows_pointers(const struct graph *g);
/* A client of that version reads the record that a line begins with, whatever stands behind it, and
 * none behind a byte order mark inside the file. */
bool graph_reads_first(const struct graph *g);
/* A client of that version fails on a line of null, if it has not come to terms with it by then. */
bool graph_fails_on_null(const struct graph *g);
/* After graph_link. The id of the record that the pointers of the file come to; 0: none. */
uint64_t graph_pointed(const struct graph *g);
/* Forgets the pointers to that record. */
void graph_unpoint(struct graph *g, uint64_t id);
enum graph_end {
    GRAPH_END_NOTHING,  /* there is no leaf */
    GRAPH_END_ROOT,     /* the beginning */
    GRAPH_END_BOUNDARY, /* a compaction */
    GRAPH_END_GAP,      /* a parent is not there */
    GRAPH_END_CYCLE,
};

enum graph_mark {
    GRAPH_UNREACHED,
    GRAPH_ON_CHAIN,
    GRAPH_BESIDE, /* fetched from a side branch, or from before the compaction */
};

/* The client takes that record for the parent of this one. */
struct graph_bridge {
    uint32_t node, parent;
};

struct graph_walk {
    uint32_t leaf;       /* GRAPH_NONE: none */
    uint32_t unsortable; /* before 2.1.330 the client fails on it: of several records that it
                            fetches for a message, one without a time; GRAPH_NONE: none */
    uint32_t undated; /* would be the leaf, and the client passes it over for its lack of a time */
    enum graph_end end;
    uint32_t stopped_at;          /* the oldest node of the chain */
    uint32_t cut_at;              /* the compaction that took away what stands before it, whatever
                                     hangs on what; GRAPH_NONE: none did */
    struct graph_bridge *bridges; /* gaps and cycles that the client closed by time */
    size_t bridged;
    unsigned char *marks; /* enum graph_mark of each node */
    uint32_t *order;      /* all that is reached, the oldest first; what was fetched stands
                             behind what it belongs to */
    size_t count;
    size_t message_count; /* prompts, results and messages of the assistant among them */
};

/* After graph_link. Owner: graph_walk_release. */
void graph_walk(const struct graph *g, struct graph_walk *out);
/* The same from another leaf. */
void graph_walk_from(const struct graph *g, uint32_t leaf, struct graph_walk *out);
/* The same from the last record of the file that is nobody's parent, over what compactions took. */
void graph_walk_from_end(const struct graph *g, struct graph_walk *out);
void graph_walk_release(struct graph_walk *w);

/* Whether a node is a message that is sent, and begins one: of an assistant's message that was
 * split over several records only the first does. */
bool graph_begins_message(const struct graph *g, uint32_t node);
