/*
 * turn_state: the state of a conversation's last turn, from its events in the
 * order in which they happened.
 *
 *     struct turn_state s = {.r = &result, .arena = &arena, .own = &scratch};
 *     for (each event)
 *         turn_state_tell(&s, &event);
 *     turn_state_end(&s);
 */
#pragma once

#include "conversation/tail.h"

struct turn_state_tool {
    struct event_tool tool;
    struct sv message_id;
    struct wall since;
};

struct turn_state_queued {
    struct sv text;
    struct wall since;
};

/* The events must stay valid until turn_state_end. */
struct turn_state {
    struct tail_result *r;
    struct arena *arena; /* for the result */
    struct arena *own;   /* for what is only needed until turn_state_end */
    const struct event *leaf;
    const struct event *error, *retry, *prompt;
    const struct event *sized;                     /* the last reply with a token count */
    const struct event *asks[TAIL_OPEN_TOOLS_MAX]; /* questions on the screen, oldest first */
    size_t ask_count;
    bool command_is_open;         /* the client may still answer it without the model */
    bool compacted_automatically; /* of the last compaction */
    struct turn_state_tool tools[TAIL_OPEN_TOOLS_MAX];
    size_t tool_count;
    struct turn_state_queued *queue;
    size_t queue_count, queue_capacity;
};

void turn_state_tell(struct turn_state *s, const struct event *e);
/* Fills the result. Owner of its strings: the arena. */
void turn_state_end(struct turn_state *s);
