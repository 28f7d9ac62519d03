/*
 * feed: reads what is new in a transcript into the index.
 *
 * A transcript grows at its end, so only the bytes from the last reading to the
 * last line end are read. If it is another file, is shorter, or the bytes before
 * that place differ, it was replaced and is read from its beginning. Memory is
 * bounded by the longest line, at most THIN_RECORD_FROM: of a longer one only the
 * beginnings of its strings are indexed.
 */
#pragma once

#include "base/io/fs.h"
#include "conversation/message.h"
#include "search/index.h"

enum {
    FEED_WORDS_MAX = 1024 * 1024, /* of one record */
};

struct feed {
    struct index *ix;
    const struct event_reader *reader;
    int64_t root;
    const char *path; /* below the root: the name of the file in the index */
    const char *session_id;
    /* Called with the number of bytes read. NULL: not wanted. */
    void (*progress)(void *context, int64_t bytes);
    void *context;
};

/* Whether a file is unchanged since it was indexed: then there is nothing to read. */
bool feed_is_known(const struct index_file *known, const struct fs_file *seen);

/*
 * Reads what is new in an open file. Call it between index_begin and index_commit; it commits now
 * and then itself, and begins again. known: from index_find_file, or all zero. Returns: 0, or
 * negative errno when the file could not be read to its end; what was read is indexed.
 */
int feed_file(const struct feed *feed, const struct fs_file *file, struct index_file *known);

/*
 * Reads the one record that begins at an offset again. Returns: 0, or -ENODATA when no record
 * of that key begins there. Owner: the arena.
 */
int feed_read_record(const struct event_reader *reader, int fd, int64_t offset, int64_t key,
                     struct arena *a, struct event *e, struct message *m);
