/*
 * copy: a true copy of a file that may be written, cut, replaced or removed
 * while it is read.
 *
 * The copy holds a state that the file really had. Its bytes are read and
 * digested once; if the file changed meanwhile they are read again and compared,
 * a few times at most. The source is opened for reading, below a folder, and
 * nothing about it changes. Then the copy is synced, read back from the disk,
 * and its digest compared.
 */
#pragma once

#include "backup/io/readback.h"
#include "base/err.h"
#include "base/io/fs.h"

#include <stdbool.h>
#include <stdint.h>

struct copy_request {
    int from_at;
    const char *from;
    const char *from_shown; /* for messages */
    int to_at;
    const char *to; /* a new name */
    const char *to_shown;
    bool is_lines; /* JSONL: the copy of a growing file ends at a line end */
    /* Gets the bytes after that line end. */
    int torn_at;
    const char *torn;
    void (*progress)(void *context, int64_t bytes);
    void *context;
};

enum copy_state {
    COPY_STABLE,   /* the file did not change while it was read */
    COPY_GREW,     /* it was appended to; these bytes were in it before and after */
    COPY_UNSTABLE, /* it was rewritten at every try: parts may be from different moments */
    COPY_MISSING,  /* there was no file: the copy of the transcript is empty */
};

struct copied {
    enum copy_state state;
    struct fs_file source; /* as it was when read; its descriptor is closed */
    int64_t size_bytes;
    char sha256[DIGEST_TEXT_SIZE];
    bool ends_in_newline;        /* or is empty */
    int64_t torn_bytes;          /* kept apart */
    enum readback_way read_back; /* not parsed from a manifest */
};

enum { COPY_SOURCE_FAILED = 1 };

/*
 * Returns: 0: the copy is synced and read back; COPY_SOURCE_FAILED: the source cannot be opened or
 * read, with the reason in error->code and nothing left of the copy; negative errno: the copy
 * cannot be made, or this program lacks memory or descriptors.
 */
int copy_file(const struct copy_request *request, struct copied *out, struct sr_error *error);

const char *copy_state_word(enum copy_state state); /* "stable", "grew", "unstable" */
