/*
 * conversation: what was said, as Markdown and as JSON lines.
 *
 * Text from a transcript is made harmless for terminals and files alike: control
 * characters become visible, line ends and tabs stay.
 */
#pragma once

#include "base/str.h"
#include "conversation/conversation.h"

#include <stdbool.h>

/*
 * Reads a record again. Returns: 0, or negative errno when it is gone. Owner of *text: the arena.
 */
typedef int view_fetch(void *context, const struct conversation_item *item, struct arena *a,
                       struct sv *text);

/* Takes what is drawn so far and empties out, or leaves it for later. Returns: false to stop. */
typedef bool view_take(void *context, struct buf *out);

struct view_conversation {
    const char *session_id;
    const char *subagent;     /* file name of a subagent's transcript; NULL: the session's own */
    const char *const *files; /* paths, by the numbers in the conversation */
    size_t file_count;
    const struct conversation *conversation;
    size_t first;  /* the item to begin with */
    size_t number; /* of the conversation on its page */
    bool unfolds;  /* also draw arguments and results of tools, and thinking */
    view_fetch *fetch;
    view_take *take;
    void *context; /* of both */
};

/*
 * Draws record by record and calls take after each, so that neither all records nor the whole
 * drawing is ever in memory. Returns: how many records were gone when they should be drawn.
 */
size_t view_markdown_conversation(struct buf *out, const struct view_conversation *v);
/* One line per message. Returns: as above. */
size_t view_json_conversation(struct buf *out, const struct view_conversation *v);
/* What html_begin and html_end stand around. Returns: as above. */
size_t view_html_conversation(struct buf *out, const struct view_conversation *v);
/* CUSF 1.0.0 (doc/cusf.md), which begins with one such line. Returns: as above. */
void view_cusf_begin(struct buf *out, struct wall now, const char *exporter);
size_t view_cusf_conversation(struct buf *out, const struct view_conversation *v);

/* The item that the last count messages begin with; what a tool answered belongs to its call. */
size_t view_conversation_last(const struct view_conversation *v, size_t count);

/* Adds text as above: line ends and tabs stay. prefix: put before each line. */
void view_add_lines(struct buf *out, struct sv s, const char *prefix);
/* Adds text as a code block, between fences longer than any in the text. */
void view_add_fenced(struct buf *out, struct sv s);
