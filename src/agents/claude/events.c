/* Claude Code's records, 2.0.0 to 2.1.330: one JSON object a line, one content block a record. */
#include "agents/claude/events.h"
#include "agents/contents.h"

#include <errno.h>

enum {
    TOKENS_LIMIT = 1000000000,         /* what a window never holds: a broken record */
    RETRY_LIMIT_MS = 7 * 24 * 3600000, /* nor is a try put off for so long */
};

/* Of a session: it may be looked for by its name, which no other text is to lead. */
static struct sv session_id_at(const struct json_value *object, const char *key)
{
    struct sv id = json_text_at(object, key);
    return str_is_uuid(id) ? id : (struct sv){0};
}

static bool starts_with(struct sv s, const char *prefix)
{
    return sv_starts_with(s, sv_of(prefix));
}

static bool starts_with_any(struct sv s, const char *const *prefixes)
{
    for (; *prefixes; prefixes++)
        if (starts_with(s, *prefixes))
            return true;
    return false;
}

static bool is_type(const struct json_value *block, const char *type)
{
    return sv_equals(json_text_at(block, "type"), sv_of(type));
}

/* A message's content is a string, or blocks; the first words of either. */
static struct sv words_of(const struct json_value *content)
{
    struct sv text = {0};
    if (json_string(content, &text))
        return text;
    const struct json_value *block;
    for (block = json_first(content); block; block = json_next(content, block)) {
        if (is_type(block, "text") && (text = json_text_at(block, "text")).n)
            return text;
    }
    return text;
}

/* The blocks of one type as tools. Returns: their count. */
static size_t tools_of(struct arena *a, const struct json_value *content, const char *type,
                       const char *id_key, const struct event_tool **out)
{
    struct event_tool *tools = NULL;
    size_t count = 0, capacity = 0;
    const struct json_value *block;
    for (block = json_first(content); block; block = json_next(content, block)) {
        if (!is_type(block, type))
            continue;
        struct event_tool *tool = ARENA_PUSH(a, tools, count, capacity);
        tool->id = json_text_at(block, id_key);
        tool->name = json_text_at(block, "name");
    }
    *out = tools;
    return count;
}

/* Text in the user's name that the client wrote, or that it answers without the model. */
static bool read_client_text(struct sv text, struct event *e)
{
    static const char *const outputs[] = {"<local-command-stdout>", "<local-command-stderr>",
                                          "<bash-stdout>", "<bash-stderr>", NULL};
    static const char *const commands[] = {"<command-name>", "<command-message>", "<bash-input>",
                                           NULL};
    static const char *const notes[] = {"<local-command-caveat>", "Caveat: The messages below",
                                        NULL};
    if (starts_with(text, "[Request interrupted by user")) {
        e->kind = EVENT_INTERRUPTED;
        e->ends_turn = true;
    } else if (starts_with_any(text, outputs)) {
        e->kind = EVENT_LOCAL_OUTPUT;
    } else if (starts_with_any(text, commands)) {
        e->kind = EVENT_COMMAND;
        e->expects_reply = true;
        e->clears = starts_with(text, "<command-name>/clear<");
    } else if (starts_with_any(text, notes)) {
        e->kind = EVENT_NOTE;
    } else {
        return false;
    }
    return true;
}

/* Notes that the client sends to the model at once; others wait for the next prompt. */
static const char *const asking_notes[] = {"Stop hook feedback", "Continue from where you left off",
                                           NULL};

/* Prompts that come from the client's own machinery: a background job that ended, another agent. */
static const char *const machine_prompts[] = {"<task-notification>", "<teammate-message", NULL};

static void read_user(struct arena *a, const struct json_value *root, struct event *e)
{
    const struct json_value *content = json_path(root, "message", "content", NULL);

    e->result_count = tools_of(a, content, "tool_result", "tool_use_id", &e->results);
    if (e->result_count || json_get(root, "sourceToolAssistantUUID")) {
        e->kind = EVENT_TOOL_RESULT;
        e->expects_reply = true;
        return;
    }
    e->text = words_of(content);
    if (json_is_true(json_get(root, "isCompactSummary"))) {
        e->kind = EVENT_COMPACT_SUMMARY;
        return;
    }
    if (read_client_text(e->text, e))
        return;
    if (json_is_true(json_get(root, "isMeta"))) {
        e->kind = EVENT_NOTE;
        e->expects_reply = starts_with_any(e->text, asking_notes);
        return;
    }
    struct sv origin = json_text_at(json_get(root, "origin"), "kind");
    e->kind = EVENT_PROMPT;
    e->expects_reply = true;
    e->is_human = !e->is_sidechain && (!origin.n || sv_equals(origin, SV("human"))) &&
                  !starts_with_any(e->text, machine_prompts);
}

/* What the reply has seen and said: the next request begins with all of it. The client's own error
 * messages (model "<synthetic>") count nothing. */
static void read_usage(const struct json_value *message, struct event *e)
{
    static const char *const parts[] = {"input_tokens", "cache_creation_input_tokens",
                                        "cache_read_input_tokens", "output_tokens"};
    const struct json_value *usage = json_get(message, "usage");
    struct sv model = json_text_at(message, "model");
    int64_t sum = 0, n;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (json_integer(json_get(usage, parts[i]), &n) && n > 0 && n <= TOKENS_LIMIT)
            sum += n;
    if (starts_with(model, "<"))
        return;
    e->model = model;
    e->context_tokens = sum;
}

static void read_assistant(struct arena *a, const struct json_value *root, struct event *e)
{
    const struct json_value *message = json_get(root, "message");
    const struct json_value *content = json_get(message, "content");

    e->message_id = json_text_at(message, "id");
    e->stop_reason = json_text_at(message, "stop_reason");
    e->call_count = tools_of(a, content, "tool_use", "id", &e->calls);
    if (json_is_true(json_get(root, "isApiErrorMessage"))) {
        e->kind = EVENT_API_ERROR;
        e->ends_turn = true;
        e->text = words_of(content);
        return;
    }
    read_usage(message, e);
    if (e->call_count) {
        e->kind = EVENT_TOOL_USE;
        return;
    }
    const struct json_value *first = json_first(content);
    if (is_type(first, "thinking") || is_type(first, "redacted_thinking")) {
        /* Its record carries the message's stop_reason too, though the text is still to come. */
        e->kind = EVENT_ASSISTANT_THINKING;
        return;
    }
    e->kind = EVENT_ASSISTANT_TEXT;
    e->ends_turn = sv_equals(e->stop_reason, SV("end_turn")) ||
                   sv_equals(e->stop_reason, SV("stop_sequence")) ||
                   sv_equals(e->stop_reason, SV("refusal"));
}

static void read_system(const struct json_value *root, struct event *e)
{
    struct sv subtype = json_text_at(root, "subtype");
    if (sv_equals(subtype, SV("turn_duration"))) {
        e->kind = EVENT_TURN_OVER;
        e->ends_turn = true;
    } else if (sv_equals(subtype, SV("compact_boundary"))) {
        struct sv trigger = json_text_at(json_get(root, "compactMetadata"), "trigger");
        e->kind = EVENT_COMPACT_BOUNDARY;
        e->is_automatic = sv_equals(trigger, SV("auto"));
    } else if (sv_equals(subtype, SV("local_command"))) {
        e->kind = EVENT_LOCAL_OUTPUT;
    } else if (sv_equals(subtype, SV("api_error"))) {
        double pause_ms;
        e->kind = EVENT_API_RETRY;
        e->text = json_text_at(root, "content");
        json_integer(json_get(root, "retryAttempt"), &e->retry_attempt);
        json_integer(json_get(root, "maxRetries"), &e->retry_limit);
        if (json_real(json_get(root, "retryInMs"), &pause_ms) && pause_ms > 0 &&
            pause_ms < (double)RETRY_LIMIT_MS)
            e->retry_in_ms = (int64_t)pause_ms;
    }
}

static void read_queue(const struct json_value *root, struct event *e)
{
    static const struct {
        const char *operation;
        enum event_kind kind;
    } operations[] = {
        {"enqueue", EVENT_ENQUEUE},
        {"dequeue", EVENT_DEQUEUE},
        {"remove", EVENT_QUEUE_REMOVE},
        {"popAll", EVENT_QUEUE_CLEAR},
    };
    struct sv operation = json_text_at(root, "operation");
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        if (sv_equals(operation, sv_of(operations[i].operation)))
            e->kind = operations[i].kind;
    e->text = json_text_at(root, "content");
}

static void read_title(const struct json_value *root, const char *key, bool automatic,
                       struct event *e)
{
    e->kind = EVENT_TITLE;
    e->title = json_text_at(root, key);
    e->is_automatic = automatic;
}

/* The last members of a record whose beginning, the type with it, is not there. */
static void read_fragment(const struct json_value *root, struct event *e)
{
    if (json_get(root, "toolUseResult") || json_get(root, "sourceToolAssistantUUID")) {
        e->kind = EVENT_TOOL_RESULT;
        e->expects_reply = true;
    } else if (json_get(root, "permissionMode") || json_get(root, "promptSource")) {
        e->kind = EVENT_PROMPT;
        e->expects_reply = true;
        e->is_human = !e->is_sidechain;
    }
}

/* As JavaScript takes a value for true, and with it the client. */
static bool is_truthy(const struct json_value *v)
{
    struct sv text;
    double number;
    return json_is_true(v) || json_is_object(v) || json_is_array(v) ||
           (json_string(v, &text) && text.n) ||
           (json_real(v, &number) && (number < 0 || number > 0));
}

void event_claude_read(struct arena *a, const struct json_value *root, struct event *out)
{
    enum {
        UUID,
        PARENT,
        SESSION,
        AGENT,
        CWD,
        VERSION,
        ENTRYPOINT,
        SIDECHAIN,
        TIMESTAMP,
        FORKED,
        TYPE,
        COUNT
    };
    static const struct sv keys[COUNT] = {
        [UUID] = SV("uuid"),
        [PARENT] = SV("parentUuid"),
        [SESSION] = SV("sessionId"),
        [AGENT] = SV("agentId"),
        [CWD] = SV("cwd"),
        [VERSION] = SV("version"),
        [ENTRYPOINT] = SV("entrypoint"),
        [SIDECHAIN] = SV("isSidechain"),
        [TIMESTAMP] = SV("timestamp"),
        [FORKED] = SV("forkedFrom"),
        [TYPE] = SV("type"),
    };
    const struct json_value *v[COUNT];
    json_get_each(root, keys, COUNT, v);
    struct event e = {
        .uuid = json_text(v[UUID]),
        .parent_uuid = json_text(v[PARENT]),
        .session_id = json_text(v[SESSION]),
        .agent_id = json_text(v[AGENT]),
        .cwd = json_text(v[CWD]),
        .version = json_text(v[VERSION]),
        .entrypoint = json_text(v[ENTRYPOINT]),
        .is_root = json_is_null(v[PARENT]),
        .is_sidechain = is_truthy(v[SIDECHAIN]),
    };
    wall_parse(json_text(v[TIMESTAMP]), &e.at);
    e.forked_from = session_id_at(v[FORKED], "sessionId");

    struct sv type = json_text(v[TYPE]);
    if (sv_equals(type, SV("user")))
        read_user(a, root, &e);
    else if (sv_equals(type, SV("assistant")))
        read_assistant(a, root, &e);
    else if (sv_equals(type, SV("system")))
        read_system(root, &e);
    else if (sv_equals(type, SV("attachment")))
        e.kind = EVENT_ATTACHMENT;
    else if (sv_equals(type, SV("queue-operation")))
        read_queue(root, &e);
    else if (sv_equals(type, SV("custom-title")))
        read_title(root, "customTitle", false, &e);
    else if (sv_equals(type, SV("ai-title")))
        read_title(root, "aiTitle", true, &e);
    else if (sv_equals(type, SV("summary")))
        read_title(root, "summary", true, &e);
    else if (!type.n)
        read_fragment(root, &e);
    else if (!e.uuid.n)
        e.kind = EVENT_METADATA;
    if (sv_equals(type, SV("relocated")))
        e.relocated_to = json_text_at(root, "relocatedCwd");
    else if (sv_equals(type, SV("continued-in")))
        e.continued_in = session_id_at(root, "continuedInSessionId");
    *out = e;
}

static int read_record(struct arena *a, struct sv record, struct event *out)
{
    const struct json_value *root;
    if (contents_root(a, record, &root) < 0)
        return -EBADMSG;
    event_claude_read(a, root, out);
    return 0;
}

/* What was said: Qwen's records have the same members, but for the message's content. */
static bool recognises(struct arena *a, struct sv record)
{
    const struct json_value *root;
    if (contents_root(a, record, &root) < 0)
        return false;
    const struct json_value *message = json_get(root, "message");
    struct sv type = json_text_at(root, "type");
    return json_get(root, "parentUuid") && json_text_at(root, "uuid").n &&
           (sv_is(type, "user") || sv_is(type, "assistant")) &&
           sv_equals(json_text_at(message, "role"), type) && json_get(message, "content") &&
           !json_get(message, "parts");
}

const struct event_reader event_claude = {
    .agent = "claude",
    .recognises = recognises,
    .record_start = {"{\"parentUuid\":", 14},
    .is_chained = true,
    .read = read_record,
    .read_message = message_claude_read,
};
