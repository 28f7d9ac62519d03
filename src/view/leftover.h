/*
 * leftover: what remains of a conversation whose transcript is gone, as Markdown and as JSON lines.
 * Its text is made harmless as in conversation.h.
 */
#pragma once

#include "base/clock.h"
#include "base/str.h"
#include "session_rescue.h"

#include <stdbool.h>

enum leftover_kind {
    LEFTOVER_PROMPT, /* from the history of prompts */
    LEFTOVER_REPORT, /* a subagent's last message */
    LEFTOVER_RESULT, /* of a tool */
    LEFTOVER_LIST,   /* a to-do list */
};

struct leftover_item {
    enum leftover_kind kind;
    struct wall at;
    const char *name;   /* of the file; REPORT: with the subagent's task; PROMPT: NULL */
    const char *path;   /* absolute */
    struct sv text;     /* only the beginning if it is long */
    int64_t size_bytes; /* of the file; negative: it could not be read */
};

/* A file of the user's that the session changed. */
struct leftover_file {
    const char *path;     /* NULL: not known */
    const char *name;     /* among the versions */
    size_t version_count; /* how many versions there are */
};

struct view_leftover {
    const char *session_id;
    const struct sr_left *left;
    /* A backup's conversation covers the time from until to since. since unknown: there is no such
     * backup; until unknown: it covers the beginning too. */
    struct wall until, since;
    const struct leftover_item *items; /* in order of time */
    size_t item_count;
    const struct leftover_file *files;
    size_t file_count;
};

void view_markdown_leftover(struct buf *out, const struct view_leftover *v);
/* The same text, as a part of a page. */
void view_html_leftover(struct buf *out, const struct view_leftover *v);
/* A line that says what is left, then one line per item. */
void view_json_leftover(struct buf *out, const struct view_leftover *v);
