/*
 * update: the index brought up to date with the sources: new and grown files
 * read, replaced ones read again, vanished ones forgotten.
 */
#pragma once

#include "search/index.h"
#include "search/sources.h"

struct update {
    struct index *ix;
    struct sources *sources; /* what could not be read is added to its problems */
    /* NULL: nobody asks. */
    void (*progress)(void *context, int64_t done_bytes, int64_t total_bytes);
    void *context;
    int64_t done_bytes, total_bytes; /* its own */
};

/* Of the sources' roots, in the order of sources->roots. Owner: the arena of sources. */
int64_t *update_roots(struct index *ix, struct sources *sources);

/* Returns: 0, or as index_code: then what was committed before is kept. */
int update_run(struct update *u, const int64_t *roots, struct sr_error *error);
