/*
 * conversation: what was said, as Markdown and as JSON lines.
 *
 * What comes from a transcript is made harmless, whether it goes to a terminal
 * or to a file: control characters become visible, line ends and tabs stay.
 */
#pragma once

#include "base/str.h"
#include "transcript/conversation.h"

#include <stdbool.h>

struct view_conversation {
    const char *session_id;
    const char *subagent;     /* file name of a subagent's transcript; NULL: the session's own */
    const char *const *files; /* paths, by the numbers in the conversation */
    size_t file_count;
    const struct conversation *conversation;
    bool unfolds; /* what tools were called with, what they answered, thinking */
};

void view_markdown_conversation(struct buf *out, const struct view_conversation *v);
/* A line a message. */
void view_json_conversation(struct buf *out, const struct view_conversation *v);
