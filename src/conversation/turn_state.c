#include "conversation/turn_state.h"

#include "conversation/text.h"

#include <string.h>

static void begin_turn(struct turn_state *s, const struct event *e)
{
    s->r->turn = TAIL_TURN_AWAITS_REPLY;
    s->r->turn_was_interrupted = false;
    s->r->turn_began_at = s->r->asked_at = e->at;
    s->r->found_turn_start = true;
    s->tool_count = s->ask_count = 0;
    s->command_is_open = e->kind == EVENT_COMMAND;
    if (e->kind == EVENT_PROMPT && e->is_human)
        s->prompt = e;
}

static void end_turn(struct turn_state *s)
{
    s->r->turn = TAIL_TURN_OVER;
    s->r->turn_was_interrupted = false;
    s->tool_count = s->ask_count = 0;
}

/* The model is to be asked, once the tools are done. */
static void await(struct turn_state *s, const struct event *e)
{
    s->r->turn = s->tool_count ? TAIL_TURN_AWAITS_TOOL : TAIL_TURN_AWAITS_REPLY;
    if (s->tool_count == 0)
        s->r->asked_at = e->at;
}

static void close_tools(struct turn_state *s, const struct event *e)
{
    for (size_t i = 0; i < e->result_count; i++) {
        for (size_t k = 0; k < s->tool_count; k++) {
            if (sv_equals(s->tools[k].tool.id, e->results[i].id)) {
                memmove(&s->tools[k], &s->tools[k + 1], (--s->tool_count - k) * sizeof *s->tools);
                break;
            }
        }
    }
}

static void open_tools(struct turn_state *s, const struct event *e)
{
    for (size_t i = 0; i < e->call_count && s->tool_count < TAIL_OPEN_TOOLS_MAX; i++) {
        bool known = false; /* the same record may stand in the file twice */
        for (size_t k = 0; k < s->tool_count; k++)
            known |= sv_equals(s->tools[k].tool.id, e->calls[i].id);
        if (!known)
            s->tools[s->tool_count++] = (struct turn_state_tool){e->calls[i], e->message_id, e->at};
    }
}

/* The model speaks again only when it has all results: an open call of an earlier message had its
 * result, and that was lost. */
static void forget_older_calls(struct turn_state *s, const struct event *e)
{
    size_t kept = 0;
    if (!e->message_id.n)
        return;
    for (size_t k = 0; k < s->tool_count; k++)
        if (sv_equals(s->tools[k].message_id, e->message_id))
            s->tools[kept++] = s->tools[k];
    s->tool_count = kept;
}

static void tell_reply(struct turn_state *s, const struct event *e)
{
    s->command_is_open = false;
    s->error = s->retry = NULL;
    if (e->context_tokens)
        s->sized = e;
    forget_older_calls(s, e);
    open_tools(s, e);
    if (e->ends_turn)
        end_turn(s);
    else
        s->r->turn = s->tool_count ? TAIL_TURN_AWAITS_TOOL : TAIL_TURN_REPLYING;
}

static void tell_queue(struct turn_state *s, const struct event *e)
{
    size_t at = 0;
    switch (e->kind) {
    case EVENT_ENQUEUE: {
        *ARENA_PUSH(s->own, s->queue, s->queue_count, s->queue_capacity) =
            (struct turn_state_queued){e->text, e->at};
        return;
    }
    case EVENT_QUEUE_CLEAR:
        s->queue_count = 0;
        return;
    case EVENT_QUEUE_REMOVE:
        for (size_t i = 0; e->text.n && i < s->queue_count; i++)
            if (sv_equals(s->queue[i].text, e->text))
                at = i;
        break;
    default:
        break;
    }
    if (s->queue_count) /* else it was put in before what was read */
        memmove(&s->queue[at], &s->queue[at + 1], (--s->queue_count - at) * sizeof *s->queue);
}

static bool is_of(const struct event *ask, const struct event *answer)
{
    return ask->result_count && answer->result_count &&
           sv_equals(ask->results[0].id, answer->results[0].id);
}

static void tell_ask(struct turn_state *s, const struct event *e)
{
    if (s->ask_count < TAIL_OPEN_TOOLS_MAX)
        s->asks[s->ask_count++] = e;
}

static void tell_answer(struct turn_state *s, const struct event *e)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->ask_count; i++)
        if (!is_of(s->asks[i], e))
            s->asks[kept++] = s->asks[i];
    s->ask_count = kept;
}

void turn_state_tell(struct turn_state *s, const struct event *e)
{
    if (event_is_conversational(e))
        s->leaf = e;
    switch (e->kind) {
    case EVENT_PROMPT:
    case EVENT_COMMAND:
        begin_turn(s, e);
        break;
    case EVENT_LOCAL_OUTPUT:
        if (s->command_is_open)
            end_turn(s);
        break;
    case EVENT_NOTE:
        if (e->expects_reply)
            await(s, e);
        break;
    case EVENT_TOOL_RESULT:
        s->error = s->retry = NULL;
        close_tools(s, e);
        if (e->ends_turn)
            end_turn(s);
        else
            await(s, e);
        break;
    case EVENT_ASSISTANT_TEXT:
    case EVENT_ASSISTANT_THINKING:
    case EVENT_TOOL_USE:
        tell_reply(s, e);
        break;
    case EVENT_TURN_OVER:
        end_turn(s);
        break;
    case EVENT_INTERRUPTED:
        end_turn(s);
        s->r->turn_was_interrupted = true;
        break;
    case EVENT_API_ERROR:
        end_turn(s);
        s->retry = NULL;
        s->error = e;
        break;
    case EVENT_API_RETRY:
        s->retry = e;
        break;
    case EVENT_COMPACT_BOUNDARY:
        s->r->compacted_at = e->at;
        s->sized = NULL;
        break;
    case EVENT_COMPACT_SUMMARY:
        /* The user's own /compact ends there; the agent's leads on to the next request. */
        if (s->compacted_automatically) {
            s->tool_count = 0;
            s->r->turn = TAIL_TURN_AWAITS_REPLY;
        } else {
            end_turn(s);
        }
        break;
    case EVENT_ENQUEUE:
    case EVENT_DEQUEUE:
    case EVENT_QUEUE_REMOVE:
    case EVENT_QUEUE_CLEAR:
        tell_queue(s, e);
        break;
    case EVENT_ASK:
        tell_ask(s, e);
        break;
    case EVENT_ANSWERED:
        tell_answer(s, e);
        break;
    case EVENT_OTHER:
    case EVENT_METADATA:
    case EVENT_ATTACHMENT:
    case EVENT_TITLE:
        break;
    }
}

static const char *kept(struct turn_state *s, struct sv text)
{
    return text_cut(s->arena, text, TAIL_TEXT_MAX);
}

void turn_state_end(struct turn_state *s)
{
    struct tail_result *r = s->r;
    if (s->leaf) {
        r->leaf_kind = s->leaf->kind;
        r->leaf_uuid = kept(s, s->leaf->uuid);
        r->leaf_at = s->leaf->at;
    }
    if (s->prompt) {
        r->prompt = kept(s, s->prompt->text);
        r->prompt_at = s->prompt->at;
    }
    if (s->ask_count) {
        r->asks = kept(s, s->asks[0]->text);
        r->asks_since = s->asks[0]->at;
    }
    if (s->error) {
        r->api_error = kept(s, s->error->text);
        r->api_error_at = s->error->at;
    }
    if (s->retry) {
        r->api_retry_at = s->retry->at;
        r->api_retry_attempt = s->retry->retry_attempt;
        r->api_retry_limit = s->retry->retry_limit;
        r->api_retry_in_ms = s->retry->retry_in_ms;
        r->api_retry = s->retry->text.n ? kept(s, s->retry->text) : NULL;
    }
    if (s->sized) {
        r->context_tokens = s->sized->context_tokens;
        r->context_model = kept(s, s->sized->model);
    }
    if (s->tool_count) {
        struct tail_tool *tools = arena_alloc(s->arena, s->tool_count * sizeof *tools);
        for (size_t i = 0; i < s->tool_count; i++)
            tools[i] = (struct tail_tool){kept(s, s->tools[i].tool.id),
                                          kept(s, s->tools[i].tool.name), s->tools[i].since};
        r->open_tools = tools;
        r->open_tool_count = s->tool_count;
    }
    r->queued_count = s->queue_count;
    if (s->queue_count)
        r->queued_since = s->queue[0].since;
}
