/*
 * content: whether a transcript holds what was said, or nothing that could be brought back.
 *
 * A file that is there, whole to the last byte, may hold none of the conversation: it was emptied,
 * a crash left NULs, a full disk the beginning of a record.
 */
#pragma once

#include "conversation/event.h"

enum content {
    CONTENT_NONE,         /* not one whole record */
    CONTENT_METADATA,     /* records, and none of a conversation: a title, a mode */
    CONTENT_CONVERSATION, /* one of its records at least */
};

/* Reads the file as far as it takes. Returns: 0 or negative errno. */
int content_of(int at, const char *path, const struct event_reader *reader, enum content *out);
