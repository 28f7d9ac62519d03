/*
 * feed: what is new in a transcript, read into the index.
 *
 * A transcript grows at its end: from where it was read before, to its last
 * line end, is all that is read. It has been replaced when it is another file,
 * is shorter, or when the bytes before that place are others: then it is read
 * from its beginning. Memory is bounded by the longest line, and that by
 * THIN_RECORD_FROM: of a longer one the beginning of its texts is indexed.
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
    /* Told how many bytes were read. NULL: nobody asks. */
    void (*progress)(void *context, int64_t bytes);
    void *context;
};

/* Whether a file is as the index knows it: then there is nothing to read. */
bool feed_is_known(const struct index_file *known, const struct fs_file *seen);

/*
 * Reads what is new of an open file, between index_begin and index_commit; it commits on the way
 * now and then, and begins again. known: as index_find_file tells, or all zero.
 * Returns: 0 or negative errno: the file could not be read further; what was read is indexed.
 */
int feed_file(const struct feed *feed, const struct fs_file *file, struct index_file *known);

/*
 * Reads the one record that begins at an offset again. Returns: 0, or -ENODATA when no record
 * of that key begins there. Owner: the arena.
 */
int feed_read_record(const struct event_reader *reader, int fd, int64_t offset, int64_t key,
                     struct arena *a, struct event *e, struct message *m);
