/* The records of events.jsonl, as 1.0.102 writes them. */
#include "agents/contents.h"
#include "agents/copilot/copilot.h"

#include <errno.h>

static const struct event_tool *one_id(struct arena *a, struct sv id)
{
    struct event_tool *tool = arena_alloc(a, sizeof *tool);
    *tool = (struct event_tool){.id = id};
    return tool;
}

/* ---- what a record is to its turn --------------------------------------------------------- */

/* The folder that the client was started in, and what it is. */
static void read_start(const struct json_value *data, struct event *e)
{
    e->session_id = json_text_at(data, "sessionId");
    e->version = json_text_at(data, "copilotVersion");
    e->cwd = json_text_at(json_get(data, "context"), "cwd");
}

/* A source is said of what the client puts in a user's name. */
static void read_prompt(const struct json_value *data, struct event *e)
{
    struct sv source = json_text_at(data, "source");
    e->text = json_text_at(data, "content");
    e->kind = EVENT_PROMPT;
    e->expects_reply = true;
    e->is_human = !source.n || sv_is(source, "user");
    e->message_id = json_text_at(data, "messageId");
}

/* The reply to one request, whole. The last of a turn calls no tool. */
static void read_reply(struct arena *a, const struct json_value *data, struct event *e)
{
    const struct json_value *requests = json_get(data, "toolRequests"), *r;
    struct event_tool *calls = arena_alloc(a, (json_length(requests) + 1) * sizeof *calls);
    for (r = json_first(requests); r; r = json_next(requests, r))
        calls[e->call_count++] =
            (struct event_tool){json_text_at(r, "toolCallId"), json_text_at(r, "name")};
    e->kind = e->call_count ? EVENT_TOOL_USE : EVENT_ASSISTANT_TEXT;
    e->calls = calls;
    e->ends_turn = e->call_count == 0;
    e->text = json_text_at(data, "content");
    e->model = json_text_at(data, "model");
    e->message_id = json_text_at(data, "messageId");
}

static void read_result(struct arena *a, const struct json_value *data, struct event *e)
{
    e->kind = EVENT_TOOL_RESULT;
    e->expects_reply = true;
    e->results = one_id(a, json_text_at(data, "toolCallId"));
    e->result_count = 1;
}

static void read_question(struct arena *a, const struct json_value *data, enum event_kind kind,
                          struct event *e)
{
    e->kind = kind;
    e->text = SV("permission prompt");
    e->results = one_id(a, json_text_at(data, "requestId"));
    e->result_count = 1;
}

/* After the last try, in a record of its own. */
static void read_error(const struct json_value *data, struct event *e)
{
    e->kind = EVENT_API_ERROR;
    e->ends_turn = true;
    e->text = json_text_at(data, "message");
}

static void read_data(struct arena *a, struct sv type, const struct json_value *data,
                      struct event *e)
{
    if (sv_is(type, "user.message"))
        read_prompt(data, e);
    else if (sv_is(type, "assistant.message"))
        read_reply(a, data, e);
    else if (sv_is(type, "tool.execution_complete"))
        read_result(a, data, e);
    else if (sv_is(type, "permission.requested"))
        read_question(a, data, EVENT_ASK, e);
    else if (sv_is(type, "permission.completed"))
        read_question(a, data, EVENT_ANSWERED, e);
    else if (sv_is(type, "session.error"))
        read_error(data, e);
    else if (sv_is(type, "session.start") || sv_is(type, "session.resume"))
        read_start(data, e);
    else if (sv_is(type, "abort"))
        e->kind = EVENT_INTERRUPTED;
}

/* A subagent's records stand among the others. */
static void read_event(struct arena *a, const struct json_value *root, struct event *e)
{
    const struct json_value *data = json_get(root, "data");
    *e = (struct event){.kind = EVENT_METADATA};
    e->uuid = json_text_at(root, "id");
    e->parent_uuid = json_text_at(root, "parentId");
    wall_parse(json_text_at(root, "timestamp"), &e->at);
    e->agent_id = json_text_at(root, "agentId");
    e->is_sidechain = e->agent_id.n > 0 || json_text_at(data, "parentToolCallId").n > 0;
    e->is_root = json_is_null(json_get(root, "parentId"));
    read_data(a, json_text_at(root, "type"), data, e);
}

static int read_record(struct arena *a, struct sv record, struct event *out)
{
    const struct json_value *root;
    int r = contents_root(a, record, &root);
    if (r == 0)
        read_event(a, root, out);
    return r;
}

/* ---- what it says ------------------------------------------------------------------------- */

static void add_text(struct contents *list, enum block_kind kind, struct sv text)
{
    if (text.n)
        contents_add(list, kind, text);
}

/* The argument by which a person knows a call again. */
static struct sv telling_argument(const struct json_value *input)
{
    static const char *const keys[] = {"command", "path",        "pattern", "query",
                                       "url",     "description", NULL};
    return contents_argument(input, keys);
}

static void add_calls(struct contents *list, const struct json_value *requests)
{
    for (const struct json_value *r = json_first(requests); r; r = json_next(requests, r)) {
        struct block *b = contents_add(list, BLOCK_CALL, SV(""));
        b->id = json_text_at(r, "toolCallId");
        b->name = json_text_at(r, "name");
        b->input = json_get(r, "arguments");
        b->argument = telling_argument(b->input);
    }
}

static void add_result(struct contents *list, const struct json_value *data)
{
    struct sv text = json_text_at(json_get(data, "result"), "content");
    if (!text.n)
        text = json_text_at(json_get(data, "error"), "message");
    struct block *b = contents_add(list, BLOCK_RESULT, text);
    b->id = json_text_at(data, "toolCallId");
    b->is_error = !json_is_true(json_get(data, "success"));
}

static void add_attachments(struct contents *list, const struct json_value *files)
{
    for (const struct json_value *f = json_first(files); f; f = json_next(files, f))
        contents_add(list, BLOCK_FILE, SV(""))->name = json_text_at(f, "path");
}

static int read_message(struct arena *a, struct sv record, struct event *e, struct message *out)
{
    const struct json_value *root;
    int r = contents_root(a, record, &root);
    if (r < 0)
        return r;
    read_event(a, root, e);
    struct contents list = {.arena = a};
    const struct json_value *data = json_get(root, "data");
    if (e->kind == EVENT_PROMPT) {
        add_text(&list, BLOCK_TEXT, e->text);
        add_attachments(&list, json_get(data, "attachments"));
    } else if (e->kind == EVENT_ASSISTANT_TEXT || e->kind == EVENT_TOOL_USE) {
        add_text(&list, BLOCK_THINKING, json_text_at(data, "reasoningText"));
        add_text(&list, BLOCK_TEXT, e->text);
        add_calls(&list, json_get(data, "toolRequests"));
    } else if (e->kind == EVENT_TOOL_RESULT) {
        add_result(&list, data);
    } else if (e->kind == EVENT_API_ERROR) {
        add_text(&list, BLOCK_TEXT, e->text);
    }
    *out = (struct message){list.items, list.count, e->model};
    return 0;
}

/* {"type":"session.start","data":{...},"id":...,"timestamp":...,"parentId":...} */
static bool recognises(struct arena *a, struct sv record)
{
    const struct json_value *root;
    if (contents_root(a, record, &root) < 0)
        return false;
    struct sv type = json_text_at(root, "type");
    return sv_find(type, 0, SV(".")) < type.n && json_is_object(json_get(root, "data")) &&
           json_text_at(root, "id").n && json_text_at(root, "timestamp").n &&
           json_get(root, "parentId");
}

const struct event_reader event_copilot = {
    .agent = "copilot",
    .record_start = {"{\"type\":", 8},
    .read = read_record,
    .read_message = read_message,
    .recognises = recognises,
};
