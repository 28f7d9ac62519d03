#include "conversation/event.h"

const char *event_kind_word(enum event_kind kind)
{
    static const char *const words[] = {
        [EVENT_OTHER] = "other",
        [EVENT_METADATA] = "metadata",
        [EVENT_ATTACHMENT] = "attachment",
        [EVENT_PROMPT] = "prompt",
        [EVENT_COMMAND] = "command",
        [EVENT_LOCAL_OUTPUT] = "local output",
        [EVENT_NOTE] = "note",
        [EVENT_TOOL_RESULT] = "tool result",
        [EVENT_ASSISTANT_TEXT] = "assistant text",
        [EVENT_ASSISTANT_THINKING] = "assistant thinking",
        [EVENT_TOOL_USE] = "tool use",
        [EVENT_TURN_OVER] = "turn over",
        [EVENT_INTERRUPTED] = "interrupted",
        [EVENT_API_ERROR] = "API error",
        [EVENT_API_RETRY] = "API retry",
        [EVENT_COMPACT_BOUNDARY] = "compact boundary",
        [EVENT_COMPACT_SUMMARY] = "compact summary",
        [EVENT_ENQUEUE] = "enqueue",
        [EVENT_DEQUEUE] = "dequeue",
        [EVENT_QUEUE_REMOVE] = "queue remove",
        [EVENT_QUEUE_CLEAR] = "queue clear",
        [EVENT_TITLE] = "title",
        [EVENT_ASK] = "ask",
        [EVENT_ANSWERED] = "answered",
    };
    return words[kind];
}

bool event_is_conversational(const struct event *e)
{
    switch (e->kind) {
    case EVENT_PROMPT:
    case EVENT_COMMAND:
    case EVENT_LOCAL_OUTPUT:
    case EVENT_TOOL_RESULT:
    case EVENT_ASSISTANT_TEXT:
    case EVENT_ASSISTANT_THINKING:
    case EVENT_TOOL_USE:
    case EVENT_TURN_OVER:
    case EVENT_INTERRUPTED:
    case EVENT_API_ERROR:
    case EVENT_COMPACT_BOUNDARY:
    case EVENT_COMPACT_SUMMARY:
    case EVENT_ASK:
    case EVENT_ANSWERED:
        return true;
    case EVENT_NOTE:
        return e->expects_reply;
    default:
        return false;
    }
}

bool event_goes_on(const struct event *e)
{
    if (e->is_sidechain)
        return false;
    return (e->kind == EVENT_PROMPT && e->is_human) ||
           (e->stop_reason.n && e->kind != EVENT_API_ERROR);
}
