/*
 * update: brings the index up to date with the sources: reads new and grown
 * files, reads replaced ones again, and forgets vanished ones.
 */
#pragma once

#include "search/index.h"
#include "search/sources.h"

struct update {
    struct index *ix;
    struct sources *sources; /* gets, as problems, what could not be read */
    /* NULL: not wanted. */
    void (*progress)(void *context, int64_t done_bytes, int64_t total_bytes);
    void *context;
    int64_t done_bytes, total_bytes; /* its own */
};

/* The ids of the roots, in the order of sources->roots. Owner: the arena of sources. */
int64_t *update_roots(struct index *ix, struct sources *sources);

/* Returns: 0, or as index_code: then what was committed before is kept. */
int update_run(struct update *u, const int64_t *roots, struct sr_error *error);
