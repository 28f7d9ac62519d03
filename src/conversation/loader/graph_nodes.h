/*
 * graph_nodes: a record, as json_stream tells it, put into the graph: the one place that
 * says what of a record the loader goes by.
 */
#pragma once

#include "conversation/json_stream.h"
#include "conversation/loader/graph.h"

/* Where a record stands. */
struct graph_nodes_place {
    uint32_t line;
    bool is_hidden; /* behind damage on its line, or not in the file that is loaded */
    bool is_beside; /* there is something behind it on its line */
    bool is_marked; /* a byte order mark stands before it, and not at the beginning of the file */
};

/* The client puts it on its chain. */
bool graph_nodes_is_on_chain(const struct json_stream *s);

/* Adds a record with its calls and what it says of a compaction, or a pointer to the leaf. Returns:
 * its node; GRAPH_NONE for what is no part of the chain. */
uint32_t graph_nodes_add(struct graph *g, const struct json_stream *s,
                         const struct graph_nodes_place *place);

/* It is a message, and well-formed: its blocks can be looked at. */
bool graph_nodes_has_blocks(const struct json_stream *s, enum graph_role role);
