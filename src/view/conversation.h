/*
 * conversation: what was said, as Markdown and as JSON lines.
 *
 * What comes from a transcript is made harmless, whether it goes to a terminal
 * or to a file: control characters become visible, line ends and tabs stay.
 */
#pragma once

#include "base/str.h"
#include "conversation/conversation.h"

#include <stdbool.h>

/*
 * Reads a record again. Returns: 0, or a negative errno: it is gone. Owner of *text:
 * the arena.
 */
typedef int view_fetch(void *context, const struct conversation_item *item, struct arena *a,
                       struct sv *text);

/* Takes what is drawn so far, and empties it, or leaves it for later. Returns: false: draw no
 * further. */
typedef bool view_take(void *context, struct buf *out);

struct view_conversation {
    const char *session_id;
    const char *subagent;     /* file name of a subagent's transcript; NULL: the session's own */
    const char *const *files; /* paths, by the numbers in the conversation */
    size_t file_count;
    const struct conversation *conversation;
    bool unfolds; /* what tools were called with, what they answered, thinking */
    view_fetch *fetch;
    view_take *take;
    void *context; /* of both */
};

/*
 * Draws record by record, and calls take after each: neither the records nor the drawing is ever
 * held as a whole. Returns: how many records were gone when they were to be drawn.
 */
size_t view_markdown_conversation(struct buf *out, const struct view_conversation *v);
/* A line a message. */
size_t view_json_conversation(struct buf *out, const struct view_conversation *v);

/* Text as it is drawn there: lines stay lines, tabs stay tabs; prefix: before each line. */
void view_add_lines(struct buf *out, struct sv s, const char *prefix);
/* Between fences longer than any in it. */
void view_add_fenced(struct buf *out, struct sv s);
