/*
 * copy: a true copy of a file that may be written, cut, replaced or removed
 * while it is read.
 *
 * What the copy holds is a state that the file had: its bytes are read once,
 * digested on the way, and, where the file changed meanwhile, read again and
 * compared; that is tried a few times. The source is opened below a folder,
 * for reading, and nothing about it changes. Then the copy is synced, read back
 * from the disk and its digest compared.
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
    bool is_lines; /* JSONL: a copy of a file that grows ends at a line end */
    /* Where the bytes behind that line end go. */
    int torn_at;
    const char *torn;
    void (*progress)(void *context, int64_t bytes);
    void *context;
};

enum copy_state {
    COPY_STABLE,   /* the file did not change while it was read */
    COPY_GREW,     /* it did; these bytes stood in it before and after */
    COPY_UNSTABLE, /* it was rewritten every time it was read: parts may be of different moments */
    COPY_MISSING,  /* there was none: the copy of the transcript is empty */
};

struct copied {
    enum copy_state state;
    struct fs_file source; /* when it was read; its descriptor is closed */
    int64_t size_bytes;
    char sha256[DIGEST_TEXT_SIZE];
    bool ends_in_newline;        /* or is empty */
    int64_t torn_bytes;          /* kept apart */
    enum readback_way read_back; /* not read from a manifest */
};

enum { COPY_SOURCE_FAILED = 1 };

/*
 * The copy is synced and read back. Returns: 0; COPY_SOURCE_FAILED where the
 * source cannot be opened or read, with error->code and nothing left of the copy;
 * a negative errno where the copy cannot be made, or this program lacks memory
 * or descriptors.
 */
int copy_file(const struct copy_request *request, struct copied *out, struct sr_error *error);

const char *copy_state_word(enum copy_state state); /* "stable", "grew", "unstable" */
