/* What Qwen Code's records say, as 0.24.4 writes them. */
#include "agents/parts.h"
#include "agents/qwen/qwen.h"

#include <errno.h>
#include <string.h>

enum { TOKENS_LIMIT = 1000000000 }; /* what no window holds */

static const struct json_value *parts_of(const struct json_value *root)
{
    return json_path(root, "message", "parts", NULL);
}

static void read_user(const struct json_value *root, struct event *e)
{
    struct sv who = json_text_at(root, "provenance");
    e->kind = EVENT_PROMPT;
    e->text = parts_words(parts_of(root));
    e->expects_reply = true;
    e->is_human = !e->is_sidechain && (!who.n || sv_is(who, "real_user"));
}

static void read_assistant(struct arena *a, const struct json_value *root, struct event *e)
{
    int64_t tokens;
    e->model = json_text_at(root, "model");
    if (json_integer(json_path(root, "usageMetadata", "totalTokenCount", NULL), &tokens) &&
        tokens > 0 && tokens <= TOKENS_LIMIT)
        e->context_tokens = tokens;
    e->call_count = parts_tools(a, parts_of(root), "functionCall", &e->calls);
    e->kind = e->call_count ? EVENT_TOOL_USE : EVENT_ASSISTANT_TEXT;
    e->ends_turn = !e->call_count;
}

/* A call that the user did not allow, or stopped, ends the turn: nobody is asked after it. */
static void read_result(struct arena *a, const struct json_value *root, struct event *e)
{
    struct sv status = json_text_at(json_get(root, "toolCallResult"), "status");
    e->kind = EVENT_TOOL_RESULT;
    e->result_count = parts_tools(a, parts_of(root), "functionResponse", &e->results);
    e->ends_turn = sv_is(status, "cancelled");
    e->expects_reply = !e->ends_turn;
}

static void read_system(const struct json_value *root, struct event *e)
{
    struct sv subtype = json_text_at(root, "subtype");
    const struct json_value *payload = json_get(root, "systemPayload");
    e->kind = EVENT_METADATA;
    if (sv_is(subtype, "chat_compression")) {
        e->kind = EVENT_COMPACT_BOUNDARY;
    } else if (sv_is(subtype, "custom_title")) {
        e->kind = EVENT_TITLE;
        e->title = json_text_at(payload, "customTitle");
        e->is_automatic = sv_is(json_text_at(payload, "titleSource"), "auto");
    } else if (sv_is(subtype, "ui_telemetry")) {
        const struct json_value *event = json_get(payload, "uiEvent");
        if (sv_is(json_text_at(event, "event.name"), "qwen-code.api_error")) {
            e->kind = EVENT_API_RETRY;
            e->text = json_text_at(event, "error_message");
        }
    }
}

static void read_event(struct arena *a, const struct json_value *root, struct event *out)
{
    struct event e = {
        .uuid = json_text_at(root, "uuid"),
        .parent_uuid = json_text_at(root, "parentUuid"),
        .session_id = json_text_at(root, "sessionId"),
        .agent_id = json_text_at(root, "agentId"),
        .cwd = json_text_at(root, "cwd"),
        .version = json_text_at(root, "version"),
        .is_root = json_is_null(json_get(root, "parentUuid")),
        .is_sidechain = json_is_true(json_get(root, "isSidechain")),
    };
    struct sv type = json_text_at(root, "type");
    wall_parse(json_text_at(root, "timestamp"), &e.at);
    if (sv_is(type, "user"))
        read_user(root, &e);
    else if (sv_is(type, "assistant"))
        read_assistant(a, root, &e);
    else if (sv_is(type, "tool_result"))
        read_result(a, root, &e);
    else if (sv_is(type, "system"))
        read_system(root, &e);
    *out = e;
}

static int read_record(struct arena *a, struct sv record, struct event *out)
{
    const struct json_value *root;
    int r = contents_root(a, record, &root);
    if (r == 0)
        read_event(a, root, out);
    return r;
}

/* ---- all that it says --------------------------------------------------------------------- */

static int read_message(struct arena *a, struct sv record, struct event *e, struct message *out)
{
    const struct json_value *root, *part;
    struct block *blocks = NULL;
    size_t count = 0, capacity = 0;
    int r = contents_root(a, record, &root);
    if (r < 0)
        return r;
    read_event(a, root, e);
    const struct json_value *parts = parts_of(root);
    for (part = json_first(parts); part; part = json_next(parts, part))
        parts_read(part, ARENA_PUSH(a, blocks, count, capacity));
    *out = (struct message){blocks, count, json_text_at(root, "model")};
    return 0;
}

static bool recognises(struct arena *a, struct sv record)
{
    const struct json_value *root;
    return json_parse(a, record, &root) == 0 && json_is_array(parts_of(root)) &&
           json_text_at(root, "sessionId").n;
}

const struct event_reader event_qwen = {
    .agent = "qwen",
    .record_start = {"{\"uuid\":", 8},
    .recognises = recognises,
    .read = read_record,
    .read_message = read_message,
};
