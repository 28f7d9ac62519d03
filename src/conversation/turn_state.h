/*
 * story: what the events of a conversation, told in the order in which they
 * happened, say of its last turn.
 *
 *     struct story s = {.r = &result, .arena = &arena, .own = &scratch};
 *     for (each event)
 *         story_tell(&s, &event);
 *     story_end(&s);
 */
#pragma once

#include "conversation/tail.h"

struct story_tool {
    struct event_tool tool;
    struct sv message_id;
    struct wall since;
};

struct story_queued {
    struct sv text;
    struct wall since;
};

/* The events must stay valid until story_end. */
struct story {
    struct tail_result *r;
    struct arena *arena; /* the result's */
    struct arena *own;   /* what is only needed until story_end */
    const struct event *leaf;
    const struct event *error, *retry, *prompt;
    const struct event *sized;    /* the last reply that says how much it has seen */
    bool command_is_open;         /* the client may yet answer it alone */
    bool compacted_automatically; /* the last compaction */
    struct story_tool tools[TAIL_OPEN_TOOLS_MAX];
    size_t tool_count;
    struct story_queued *queue;
    size_t queue_count, queue_capacity;
};

void story_tell(struct story *s, const struct event *e);
/* Writes what is known to the result; the strings in it are the arena's. */
void story_end(struct story *s);
