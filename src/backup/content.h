/*
 * content: whether a transcript holds a conversation, or nothing worth restoring.
 *
 * A file may exist and hold none of the conversation: it was emptied, a crash left only NULs, or a
 * full disk only the beginning of a record.
 */
#pragma once

#include "conversation/event.h"

enum content {
    CONTENT_NONE,         /* not one whole record */
    CONTENT_METADATA,     /* records, but none of a conversation: a title, a mode */
    CONTENT_CONVERSATION, /* at least one record of a conversation */
};

/* Reads only as much of the file as needed. Returns: 0 or negative errno. */
int content_read(int at, const char *path, const struct event_reader *reader, enum content *out);
/* Of a file that is open; it stays so. */
int content_read_open(int fd, const struct event_reader *reader, enum content *out);
