/*
 * leftover: what can be told of a conversation whose transcript is gone, as Markdown and as JSON
 * lines. Made harmless as a conversation is.
 */
#pragma once

#include "base/clock.h"
#include "base/str.h"
#include "session_rescue.h"

#include <stdbool.h>

enum leftover_kind {
    LEFTOVER_PROMPT, /* of the history of prompts */
    LEFTOVER_REPORT, /* the last that a subagent said */
    LEFTOVER_RESULT, /* of a tool */
    LEFTOVER_LIST,   /* things to do */
};

struct leftover_item {
    enum leftover_kind kind;
    struct wall at;
    const char *name;   /* of the file; of a report: with what the subagent was for; PROMPT: NULL */
    const char *path;   /* absolute */
    struct sv text;     /* the beginning, where it is long */
    int64_t size_bytes; /* of the file; negative: it could not be read */
};

/* A file of the user's that the session changed. */
struct leftover_file {
    const char *path;     /* NULL: only what it is called among the versions is known */
    const char *name;     /* there */
    size_t version_count; /* that are there */
};

struct view_leftover {
    const char *session_id;
    const struct sr_left *left;
    /* What is in between is in the conversation of a backup; since unknown: there is none; until
     * unknown: it has the beginning. */
    struct wall until, since;
    const struct leftover_item *items; /* in order of time */
    size_t item_count;
    const struct leftover_file *files;
    size_t file_count;
};

void view_markdown_leftover(struct buf *out, const struct view_leftover *v);
/* A line that says what is left, then a line an item. */
void view_json_leftover(struct buf *out, const struct view_leftover *v);
