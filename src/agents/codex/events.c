/* The records of a rollout, 0.63.0 to 0.171.0: {"timestamp", "ordinal", "type", "payload"}. */
#include "agents/codex/codex.h"
#include "agents/contents.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* "2026-11-27T18:21:18.159Z" */
static struct wall time_of(struct sv text)
{
    struct wall at = {0};
    wall_parse(text, &at);
    return at;
}

/* ---- what was said ------------------------------------------------------------------------ */

/* The texts of a content, joined. */
static struct sv text_of(struct arena *a, const struct json_value *content)
{
    struct buf joined = {0};
    struct sv first = {0};
    size_t count = 0;
    for (const struct json_value *part = json_first(content); part;
         part = json_next(content, part)) {
        struct sv text = json_text_at(part, "text");
        if (!text.n)
            continue;
        first = count++ ? first : text;
        if (joined.n)
            buf_adds(&joined, "\n");
        buf_add(&joined, text.p, text.n);
    }
    struct sv all = count < 2 ? first : (struct sv){arena_strndup(a, joined.p, joined.n), joined.n};
    buf_release(&joined);
    return all;
}

static void read_prompt(struct sv text, struct event *e)
{
    e->kind = EVENT_PROMPT;
    e->text = text;
    e->expects_reply = e->is_human = e->is_root = true;
}

/*
 * A prompt and what the client adds to it are alike here: the event beside it is the prompt. What
 * the model says ends its turn where no record of its own will say so: those of before 0.154 have
 * no "id" (of 0.130, where one follows within some milliseconds).
 */
static void read_model_text(struct arena *a, const struct json_value *item, struct event *e)
{
    e->kind = EVENT_METADATA;
    if (!sv_is(json_text_at(item, "role"), "assistant"))
        return;
    e->kind = EVENT_ASSISTANT_TEXT;
    e->text = text_of(a, json_get(item, "content"));
    e->ends_turn = !json_get(item, "id");
}

static void read_call(struct arena *a, const struct json_value *item, struct event *e)
{
    struct event_tool *tool = arena_alloc(a, sizeof *tool);
    struct sv name = json_text_at(item, "name"), type = json_text_at(item, "type");
    *tool = (struct event_tool){json_text_at(item, "call_id"), name.n ? name : type};
    e->kind = EVENT_TOOL_USE;
    e->calls = tool;
    e->call_count = 1;
}

static void read_result(struct arena *a, const struct json_value *item, struct event *e)
{
    struct event_tool *tool = arena_alloc(a, sizeof *tool);
    *tool = (struct event_tool){.id = json_text_at(item, "call_id")};
    e->kind = EVENT_TOOL_RESULT;
    e->expects_reply = true;
    e->results = tool;
    e->result_count = 1;
}

static bool is_call(struct sv type)
{
    return sv_is(type, "function_call") || sv_is(type, "custom_tool_call") ||
           sv_is(type, "local_shell_call") || sv_is(type, "tool_search_call");
}

static bool is_result(struct sv type)
{
    return sv_is(type, "function_call_output") || sv_is(type, "custom_tool_call_output") ||
           sv_is(type, "local_shell_call_output") || sv_is(type, "tool_search_output");
}

static void read_item(struct arena *a, const struct json_value *item, struct event *e)
{
    struct sv type = json_text_at(item, "type");
    if (sv_is(type, "message"))
        read_model_text(a, item, e);
    else if (sv_is(type, "reasoning"))
        e->kind = EVENT_ASSISTANT_THINKING;
    else if (is_call(type) && json_text_at(item, "call_id").n)
        read_call(a, item, e);
    else if (is_result(type))
        read_result(a, item, e);
}

/* ---- what happened ------------------------------------------------------------------------ */

static void read_end(const struct json_value *payload, struct event *e)
{
    struct sv why = json_text_at(json_get(payload, "error"), "message");
    e->kind = why.n ? EVENT_API_ERROR : EVENT_TURN_OVER;
    e->text = why;
    e->ends_turn = true;
}

static void read_happened(struct arena *a, const struct json_value *payload, struct event *e)
{
    struct sv type = json_text_at(payload, "type");
    const struct json_value *item = json_get(payload, "item");
    if (sv_is(type, "task_started") || sv_is(type, "turn_started")) {
        e->kind = EVENT_NOTE;
        e->expects_reply = true;
    } else if (sv_is(type, "task_complete") || sv_is(type, "turn_complete")) {
        read_end(payload, e);
    } else if (sv_is(type, "turn_aborted")) {
        e->kind = EVENT_INTERRUPTED;
        e->ends_turn = true;
    } else if (sv_is(type, "user_message")) {
        read_prompt(json_text_at(payload, "message"), e);
    } else if (sv_is(type, "item_completed") && sv_is(json_text_at(item, "type"), "UserMessage")) {
        read_prompt(text_of(a, json_get(item, "content")), e);
    }
}

static void read_head(const struct json_value *payload, struct event *e)
{
    e->session_id = json_text_at(payload, "id");
    e->cwd = json_text_at(payload, "cwd");
    e->version = json_text_at(payload, "cli_version");
    e->entrypoint = json_text_at(payload, "source");
    e->forked_from = json_text_at(payload, "forked_from_id");
}

static int read_all(struct arena *a, struct sv record, struct event *e,
                    const struct json_value **payload)
{
    const struct json_value *root;
    if (contents_root(a, record, &root) < 0)
        return -EBADMSG;
    struct sv type = json_text_at(root, "type");
    const struct json_value *inner = json_get(root, "payload");
    *e = (struct event){.kind = EVENT_METADATA, .at = time_of(json_text_at(root, "timestamp"))};
    *payload = inner;
    if (sv_is(type, "response_item")) {
        read_item(a, inner, e);
    } else if (sv_is(type, "event_msg")) {
        read_happened(a, inner, e);
    } else if (sv_is(type, "session_meta")) {
        read_head(inner, e);
    } else if (sv_is(type, "turn_context")) {
        e->cwd = json_text_at(inner, "cwd");
    } else if (sv_is(type, "compacted")) {
        e->kind = EVENT_COMPACT_BOUNDARY;
        e->is_automatic = true; /* whether the user asked for it is not said */
    }
    return 0;
}

static int read_record(struct arena *a, struct sv record, struct event *out)
{
    const struct json_value *payload;
    return read_all(a, record, out, &payload);
}

/* ---- messages ----------------------------------------------------------------------------- */

/* The argument by which a person knows a call again. */
static struct sv telling_argument(const struct json_value *input)
{
    static const char *const keys[] = {"cmd",   "command", "path",  "pattern",
                                       "query", "url",     "input", NULL};
    return contents_argument(input, keys);
}

/* Arguments are JSON in a string; those of a custom tool are the text that it takes. */
static void tell_call(struct arena *a, const struct json_value *item, struct block *b)
{
    const struct json_value *input = json_get(item, "action");
    struct sv text = json_text_at(item, "arguments");
    if (text.n)
        json_parse(a, text, &input);
    b->kind = BLOCK_CALL;
    b->input = json_is_object(input) ? input : NULL;
    b->argument = b->input ? telling_argument(b->input) : json_text_at(item, "input");
}

static void tell_result(struct arena *a, const struct json_value *item, struct block *b)
{
    const struct json_value *output = json_get(item, "output");
    b->kind = BLOCK_RESULT;
    if (!json_string(output, &b->text))
        b->text = json_is_array(output) ? text_of(a, output) : json_text_at(output, "content");
}

static int read_message(struct arena *a, struct sv record, struct event *e, struct message *out)
{
    const struct json_value *payload;
    int r = read_all(a, record, e, &payload);
    if (r < 0)
        return r;
    struct block *b = arena_alloc(a, sizeof *b);
    *b = (struct block){.kind = BLOCK_TEXT, .text = e->text, .size_bytes = -1};
    size_t count = e->text.n > 0;
    if (e->kind == EVENT_ASSISTANT_THINKING) {
        b->kind = BLOCK_THINKING;
        b->text = text_of(a, json_get(payload, "summary"));
        count = 1;
    } else if (e->kind == EVENT_TOOL_USE) {
        tell_call(a, payload, b);
        b->id = e->calls->id;
        b->name = e->calls->name;
        count = 1;
    } else if (e->kind == EVENT_TOOL_RESULT) {
        tell_result(a, payload, b);
        b->id = e->results->id;
        count = 1;
    }
    *out = (struct message){.blocks = b, .block_count = count};
    return 0;
}

/* {"timestamp", "type", "payload"}, as no other's. */
static bool recognises(struct arena *a, struct sv record)
{
    const struct json_value *root;
    return json_parse(a, record, &root) == 0 && json_text_at(root, "timestamp").n &&
           json_text_at(root, "type").n && json_is_object(json_get(root, "payload"));
}

const struct event_reader event_codex = {
    .agent = "codex",
    .says_end = true,
    .recognises = recognises,
    .record_start = {"{\"timestamp\":", 13},
    .read = read_record,
    .read_message = read_message,
};
