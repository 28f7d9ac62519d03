/* What Gemini CLI's records say, as 0.61.0 writes them. */
#include "agents/gemini/gemini.h"
#include "agents/parts.h"
#include "jsonl/lines.h"

#include <errno.h>
#include <string.h>

enum {
    TOKENS_LIMIT = 1000000000, /* what no window holds */
    /* "Request cancelled." may be stamped some ms before the prompt that was cancelled. */
    CANCEL_SLACK_MS = 1000,
};

#define CONTEXT "<session_context>"

static bool is_blank(struct sv s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != ' ' && s.p[i] != '\n' && s.p[i] != '\t' && s.p[i] != '\r')
            return false;
    return true;
}

/* A message's contents are a text, or parts. */
static struct sv words_of(const struct json_value *message)
{
    const struct json_value *content = json_get(message, "content");
    struct sv text = json_text_at(message, "content");
    return text.n || !content ? text : parts_words(content);
}

static bool has_any(const struct json_value *message, const char *member)
{
    return json_first(json_get(message, member)) != NULL;
}

/* The first message of each session is the client's own. */
static bool is_context(struct sv words)
{
    return sv_starts_with(words, SV(CONTEXT)) || sv_starts_with(words, SV("<hook_context>"));
}

/* As isResumableMessageRecord of 0.61.0 has it. */
static bool is_said(const struct json_value *message)
{
    struct sv type = json_text_at(message, "type"), words = words_of(message);
    bool is_empty = is_blank(words);
    if (sv_is(type, "gemini"))
        return !is_empty || has_any(message, "toolCalls") || has_any(message, "thoughts");
    if (!sv_is(type, "user"))
        return false;
    if (is_empty)
        return has_any(message, "content"); /* results of tools */
    return !is_context(words) && words.p[0] != '/' && words.p[0] != '?';
}

/* A list of messages replaces all that was before it. */
static bool says_anything(const struct json_value *messages)
{
    const struct json_value *message;
    for (message = json_first(messages); message; message = json_next(messages, message))
        if (is_said(message))
            return true;
    return false;
}

bool gemini_has_conversation(struct sv text)
{
    bool has = false;
    struct lines it = lines_of(text, 0);
    struct line line;
    while (lines_next(&it, &line)) {
        struct arena scratch = {0};
        const struct json_value *root, *messages;
        if (json_parse(&scratch, line.text, &root) == 0) {
            messages = json_path(root, "$set", "messages", NULL);
            if (!messages)
                messages = json_get(root, "messages");
            has = messages ? says_anything(messages) : has || is_said(root);
        }
        arena_release(&scratch);
    }
    return has;
}

/* ---- records ------------------------------------------------------------------------------ */

static void read_user(struct arena *a, const struct json_value *root, struct event *e)
{
    const struct json_value *content = json_get(root, "content");
    e->result_count = parts_tools(a, content, "functionResponse", &e->results);
    e->text = words_of(root);
    if (e->result_count) {
        e->kind = EVENT_TOOL_RESULT;
    } else if (is_context(e->text)) {
        e->kind = EVENT_METADATA;
        return;
    } else {
        e->kind = EVENT_PROMPT;
        e->is_human = true;
    }
    e->expects_reply = true;
}

/* Each call, and that which stands for all of a message: see read_reply. */
static void read_calls(struct arena *a, const struct json_value *root, struct event *e)
{
    struct event_tool *tools = NULL;
    size_t count = 0, capacity = 0, cancelled = 0;
    const struct json_value *calls = json_get(root, "toolCalls"), *call;
    *ARENA_PUSH(a, tools, count, capacity) = (struct event_tool){.id = json_text_at(root, "id")};
    for (call = json_first(calls); call; call = json_next(calls, call)) {
        struct wall at;
        *ARENA_PUSH(a, tools, count, capacity) =
            (struct event_tool){json_text_at(call, "id"), json_text_at(call, "name")};
        cancelled += sv_is(json_text_at(call, "status"), "cancelled");
        if (wall_parse(json_text_at(call, "timestamp"), &at) && at.ms > e->at.ms)
            e->at = at;
    }
    e->kind = EVENT_TOOL_RESULT;
    e->results = tools;
    e->result_count = count;
    e->ends_turn = cancelled + 1 == count; /* the user allowed none */
    e->expects_reply = !e->ends_turn;
}

/*
 * A message is written when it is complete, without the tools that it calls; those stand in it when
 * it is written once more, after the last of them. A message without a word has called one, of
 * which nothing else is known yet. One with words may have, too: it counts as the turn's end.
 */
static void read_reply(struct arena *a, const struct json_value *root, struct event *e)
{
    int64_t tokens;
    e->model = json_text_at(root, "model");
    if (json_integer(json_path(root, "tokens", "total", NULL), &tokens) && tokens > 0 &&
        tokens <= TOKENS_LIMIT)
        e->context_tokens = tokens;
    if (has_any(root, "toolCalls")) {
        read_calls(a, root, e);
    } else if (is_blank(words_of(root))) {
        struct event_tool *tool = arena_alloc(a, sizeof *tool);
        *tool = (struct event_tool){json_text_at(root, "id"), SV("tool")};
        e->kind = EVENT_TOOL_USE;
        e->calls = tool;
        e->call_count = 1;
    } else {
        e->kind = EVENT_ASSISTANT_TEXT;
        e->ends_turn = true;
    }
}

static void read_info(const struct json_value *root, struct event *e)
{
    if (sv_is(words_of(root), "Request cancelled.")) {
        e->kind = EVENT_INTERRUPTED;
        e->at.ms += wall_known(e->at) ? CANCEL_SLACK_MS : 0;
    } else {
        e->kind = EVENT_METADATA;
    }
}

/* "- **Workspace Directories:**\n  - /home/u/p\n" of the message that begins a session. */
static struct sv directory_in(struct sv words)
{
    static const char before[] = "Workspace Directories:**\n  - ";
    size_t at = is_context(words) ? sv_find(words, 0, SV(before)) : words.n;
    if (at >= words.n)
        return (struct sv){0};
    at += strlen(before);
    return sv_slice(words, at, sv_find(words, at, SV("\n")));
}

static void read_set(const struct json_value *set, struct event *e)
{
    e->kind = EVENT_METADATA;
    e->session_id = json_text_at(set, "sessionId");
    e->cwd = directory_in(words_of(json_first(json_get(set, "messages"))));
    e->title = json_text_at(set, "summary");
    if (e->title.n) {
        e->kind = EVENT_TITLE;
        e->is_automatic = true;
    }
}

static void read_header(const struct json_value *root, struct event *e)
{
    e->kind = EVENT_METADATA;
    e->session_id = json_text_at(root, "sessionId");
    e->is_root = true;
    wall_parse(json_text_at(root, "startTime"), &e->at);
}

static void read_event(struct arena *a, const struct json_value *root, struct event *out)
{
    struct event e = {0};
    struct sv type = json_text_at(root, "type");
    const struct json_value *set = json_get(root, "$set");
    wall_parse(json_text_at(root, "timestamp"), &e.at);
    if (set) {
        read_set(set, &e);
    } else if (json_get(root, "$rewindTo")) {
        e.kind = EVENT_TURN_OVER;
    } else if (json_get(root, "projectHash")) {
        read_header(root, &e);
    } else if (sv_is(type, "user")) {
        read_user(a, root, &e);
    } else if (sv_is(type, "gemini")) {
        read_reply(a, root, &e);
    } else if (sv_is(type, "info")) {
        read_info(root, &e);
    } else if (sv_is(type, "error")) {
        e.kind = EVENT_API_ERROR;
        e.text = words_of(root);
    } else if (sv_is(type, "warning")) {
        e.kind = EVENT_METADATA;
    }
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

/* "**Subject** what it thinks" */
static void add_thoughts(struct arena *a, const struct json_value *thoughts, struct contents *list)
{
    const struct json_value *one;
    for (one = json_first(thoughts); one; one = json_next(thoughts, one)) {
        struct sv subject = json_text_at(one, "subject"), says = json_text_at(one, "description");
        const char *text = arena_printf(a, "%.*s%s%.*s", (int)subject.n, subject.p,
                                        subject.n && says.n ? ": " : "", (int)says.n, says.p);
        contents_add(list, BLOCK_THINKING, sv_of(text));
    }
}

static void add_call(const struct json_value *call, struct contents *list)
{
    const struct json_value *results = json_get(call, "result"), *one;
    parts_read_call(call, contents_add(list, BLOCK_CALL, (struct sv){0}));
    for (one = json_first(results); one; one = json_next(results, one))
        parts_read(one, contents_add(list, BLOCK_RESULT, (struct sv){0}));
}

static void add_parts(const struct json_value *parts, struct contents *list)
{
    const struct json_value *part;
    for (part = json_first(parts); part; part = json_next(parts, part))
        parts_read(part, contents_add(list, BLOCK_OTHER, (struct sv){0}));
}

/* What the tools answered stands in their calls, and once more in a message of its own. */
static void add_contents(struct arena *a, const struct json_value *root, const struct event *e,
                         struct contents *list)
{
    struct sv text = json_text_at(root, "content");
    const struct json_value *calls = json_get(root, "toolCalls"), *call;
    if (e->kind == EVENT_METADATA || (e->kind == EVENT_TOOL_RESULT && !has_any(root, "toolCalls")))
        return;
    add_thoughts(a, json_get(root, "thoughts"), list);
    if (text.n)
        contents_add(list, BLOCK_TEXT, text);
    else
        add_parts(json_get(root, "content"), list);
    for (call = json_first(calls); call; call = json_next(calls, call))
        add_call(call, list);
}

static int read_message(struct arena *a, struct sv record, struct event *e, struct message *out)
{
    const struct json_value *root;
    struct contents list = {.arena = a};
    int r = contents_root(a, record, &root);
    if (r < 0)
        return r;
    read_event(a, root, e);
    add_contents(a, root, e, &list);
    *out = (struct message){list.items, list.count, json_text_at(root, "model")};
    return 0;
}

static bool recognises(struct arena *a, struct sv record)
{
    const struct json_value *root;
    return json_parse(a, record, &root) == 0 && json_text_at(root, "projectHash").n &&
           json_text_at(root, "sessionId").n && json_text_at(root, "startTime").n;
}

const struct event_reader event_gemini = {
    .agent = "gemini",
    .record_start = {"{\"id\":", 6},
    .recognises = recognises,
    .read = read_record,
    .read_message = read_message,
};
