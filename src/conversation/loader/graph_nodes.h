/*
 * graph_nodes: adds a record that json_stream has read to the graph. Only this module
 * decides which members of a record matter to the loader.
 */
#pragma once

#include "conversation/json_stream.h"
#include "conversation/loader/graph.h"

/* The place of a record. */
struct graph_nodes_place {
    uint32_t line;
    bool is_hidden; /* it comes after damage on its line, or is not in the file that is loaded */
    bool is_beside; /* more follows it on its line */
    bool is_marked; /* after a byte order mark, but not one at the beginning of the file */
};

/* The client puts it on its chain. */
bool graph_nodes_is_on_chain(const struct json_stream *s);

/* Adds a record with its calls and what it says about a compaction, or a pointer to the leaf.
 * Returns: its node; GRAPH_NONE if it is not part of the chain. */
uint32_t graph_nodes_add(struct graph *g, const struct json_stream *s,
                         const struct graph_nodes_place *place);

/* It is a message, and well-formed: its blocks can be looked at. */
bool graph_nodes_has_blocks(const struct json_stream *s, enum graph_role role);
