/* Kimi Code's records, 2.1.0 (protocol 1.5): one JSON object a line. A reply, a call and a result
 * are "loop events" of a step, which is one request to the model. 0.10.0 (protocol 1.3) names no
 * agent in them, and writes no end of a turn, no error, no question and no directory down. */
#include "agents/contents.h"
#include "agents/kimi/kimi.h"

#include <errno.h>

enum {
    TOKENS_LIMIT = 1000000000,        /* what no window holds */
    RETRY_LIMIT_MS = 7 * 24 * 3600000 /* nor is a try put off for so long */
};

struct record {
    const struct json_value *root;
    const struct json_value *step; /* of a loop event, what happened; else NULL */
    struct sv type;
};

static const struct event_tool *tool_of(struct arena *a, struct sv id, struct sv name)
{
    struct event_tool *tool = arena_alloc(a, sizeof *tool);
    *tool = (struct event_tool){id, name};
    return tool;
}

/* The first words of what is a list of parts. */
static struct sv words_of(const struct json_value *parts)
{
    struct sv text = {0};
    for (const struct json_value *p = json_first(parts); p && !text.n; p = json_next(parts, p))
        text = json_text_at(p, "text");
    return text;
}

/* ---- the steps of a turn ------------------------------------------------------------------ */

static int64_t tokens_of(const struct json_value *usage)
{
    static const char *const parts[] = {"inputOther", "output", "inputCacheRead",
                                        "inputCacheCreation"};
    int64_t n, sum = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (json_integer(json_get(usage, parts[i]), &n) && n > 0 && n <= TOKENS_LIMIT)
            sum += n;
    return sum;
}

/* Behind a turn.cancel. */
static bool is_interrupted(const struct json_value *result)
{
    return json_is_true(json_get(result, "isError")) &&
           sv_is(json_text_at(result, "output"), "Interrupted by user");
}

/* A part of a reply is written once it is whole, its step's end behind the results of its calls. */
static void read_step(struct arena *a, const struct json_value *step, struct event *e)
{
    struct sv type = json_text_at(step, "type"), reason = json_text_at(step, "finishReason");
    struct sv part = json_text_at(json_get(step, "part"), "type");
    e->uuid = json_text_at(step, "uuid");
    e->message_id = json_text_at(step, "stepUuid");
    e->kind = EVENT_METADATA;
    if (sv_is(type, "step.begin")) {
        e->kind = EVENT_NOTE; /* the model is asked, the first time or again */
        e->expects_reply = true;
    } else if (sv_is(type, "content.part")) {
        e->kind = sv_is(part, "think") ? EVENT_ASSISTANT_THINKING : EVENT_ASSISTANT_TEXT;
        e->text = json_text_at(json_get(step, "part"), "text");
    } else if (sv_is(type, "tool.call")) {
        e->kind = EVENT_TOOL_USE;
        e->calls = tool_of(a, json_text_at(step, "toolCallId"), json_text_at(step, "name"));
        e->call_count = 1;
    } else if (sv_is(type, "tool.result")) {
        e->kind = EVENT_TOOL_RESULT;
        e->ends_turn = e->is_terse && is_interrupted(json_get(step, "result"));
        e->expects_reply = !e->ends_turn;
        e->results = tool_of(a, json_text_at(step, "toolCallId"), (struct sv){0});
        e->result_count = 1;
    } else if (sv_is(type, "step.end") && !sv_is(reason, "tool_use") && !sv_is(reason, "error")) {
        e->kind = EVENT_ASSISTANT_TEXT;
        e->message_id = e->uuid;
        e->stop_reason = reason;
        e->ends_turn = e->is_terse;
        e->context_tokens = tokens_of(json_get(step, "usage"));
    }
}

/* ---- turns -------------------------------------------------------------------------------- */

/* What a task in the background tells begins a turn, too. */
static void read_prompt(const struct json_value *root, struct event *e)
{
    struct sv origin = json_text_at(json_get(root, "origin"), "kind");
    e->kind = EVENT_PROMPT;
    e->uuid = json_text_at(root, "promptId");
    e->text = words_of(json_get(root, "input"));
    e->is_human = sv_is(origin, "user") && !e->is_sidechain;
    e->is_root = e->expects_reply = true;
}

static void read_end(const struct json_value *root, struct event *e)
{
    struct sv reason = json_text_at(root, "reason");
    const struct json_value *error = json_get(root, "error");
    e->kind = sv_is(reason, "cancelled") ? EVENT_INTERRUPTED
              : sv_is(reason, "failed")  ? EVENT_API_ERROR
                                         : EVENT_TURN_OVER;
    e->ends_turn = true;
    if (e->kind == EVENT_API_ERROR)
        e->text = json_text_at(error, "message");
}

static void read_retry(const struct json_value *root, struct event *e)
{
    double pause_ms;
    e->kind = EVENT_API_RETRY;
    e->text = json_text_at(root, "errorMessage");
    json_integer(json_get(root, "nextAttempt"), &e->retry_attempt);
    json_integer(json_get(root, "maxAttempts"), &e->retry_limit);
    if (json_real(json_get(root, "delayMs"), &pause_ms) && pause_ms > 0 &&
        pause_ms < (double)RETRY_LIMIT_MS)
        e->retry_in_ms = (int64_t)pause_ms;
}

static void read_question(struct arena *a, const struct json_value *root, bool is_answered,
                          struct event *e)
{
    struct sv kind = json_text_at(root, "kind");
    e->kind = is_answered ? EVENT_ANSWERED : EVENT_ASK;
    e->results = tool_of(a, json_text_at(root, "id"), (struct sv){0});
    e->result_count = 1;
    if (!is_answered)
        e->text = sv_is(kind, "approval") ? SV("permission prompt") : kind;
}

static void read_type(struct arena *a, const struct record *r, struct event *e)
{
    if (r->step)
        read_step(a, r->step, e);
    else if (sv_is(r->type, "turn.prompt"))
        read_prompt(r->root, e);
    else if (sv_is(r->type, "turn.ended"))
        read_end(r->root, e);
    else if (e->is_terse && sv_is(r->type, "turn.cancel")) {
        e->kind = EVENT_INTERRUPTED;
        e->ends_turn = true;
    } else if (sv_is(r->type, "turn.step.retrying"))
        read_retry(r->root, e);
    else if (sv_is(r->type, "interaction.request"))
        read_question(a, r->root, false, e);
    else if (sv_is(r->type, "interaction.resolved"))
        read_question(a, r->root, true, e);
    else if (sv_is(r->type, "profile.bind"))
        e->cwd = json_text_at(json_get(r->root, "environmentDisclosure"), "cwd");
    else if (sv_is(r->type, "context.apply_compaction"))
        e->kind = EVENT_COMPACT_BOUNDARY;
    else if (sv_is(r->type, "llm.request"))
        e->model = json_text_at(r->root, "modelAlias");
    else if (sv_is(r->type, "turn.steer")) {
        e->kind = EVENT_NOTE; /* what was typed while a turn goes on, and is sent within it */
        e->expects_reply = true;
        e->text = words_of(json_get(r->root, "input"));
    }
}

static int read_root(struct arena *a, struct sv bytes, struct record *out)
{
    struct record r = {0};
    if (contents_root(a, bytes, &r.root) < 0)
        return -EBADMSG;
    r.type = json_text_at(r.root, "type");
    if (sv_is(r.type, "context.append_loop_event"))
        r.step = json_get(r.root, "event");
    *out = r;
    return 0;
}

static struct event event_of(struct arena *a, const struct record *r)
{
    int64_t ms;
    struct sv agent = json_text_at(r->root, "agentId");
    struct event e = {.kind = EVENT_METADATA, .is_terse = !agent.n};
    if (sv_is(r->type, "metadata"))
        e.version = json_text_at(r->root, "app_version");
    if (json_integer(json_get(r->root, sv_is(r->type, "metadata") ? "created_at" : "time"), &ms) &&
        ms > 0)
        e.at.ms = ms;
    if (agent.n && !sv_is(agent, "main")) {
        e.agent_id = agent;
        e.is_sidechain = true;
    }
    read_type(a, r, &e);
    return e;
}

static int read_record(struct arena *a, struct sv bytes, struct event *out)
{
    struct record r;
    if (read_root(a, bytes, &r) < 0)
        return -EBADMSG;
    *out = event_of(a, &r);
    return 0;
}

/* ---- what a record says ------------------------------------------------------------------- */

/* Of a prompt, or of a result that is no single text. */
static void add_parts(struct contents *list, const struct json_value *parts, enum block_kind kind)
{
    for (const struct json_value *p = json_first(parts); p; p = json_next(parts, p)) {
        struct sv type = json_text_at(p, "type"), text = json_text_at(p, "text");
        if (sv_is(type, "text") && text.n)
            contents_add(list, kind, text);
        else if (!sv_is(type, "text"))
            contents_add(list, BLOCK_OTHER, (struct sv){0})->name = type;
    }
}

static struct sv argument_of(const struct json_value *args)
{
    static const char *const keys[] = {"command", "path",  "file_path",   "pattern",
                                       "url",     "query", "description", NULL};
    return contents_argument(args, keys);
}

static void add_result(struct contents *list, const struct json_value *result, struct sv id)
{
    const struct json_value *output = json_get(result, "output");
    size_t before = list->count;
    struct sv text = {0};
    if (json_string(output, &text) || !json_is_array(output))
        contents_add(list, BLOCK_RESULT, text);
    else
        add_parts(list, output, BLOCK_RESULT);
    for (size_t i = before; i < list->count; i++) {
        list->items[i].id = id;
        list->items[i].is_error = json_is_true(json_get(result, "isError"));
    }
}

static void add_step(struct contents *list, const struct json_value *step)
{
    struct sv type = json_text_at(step, "type"), id = json_text_at(step, "toolCallId");
    const struct json_value *part = json_get(step, "part");
    if (sv_is(type, "content.part")) {
        bool is_thought = sv_is(json_text_at(part, "type"), "think");
        struct sv text = json_text_at(part, is_thought ? "think" : "text");
        if (text.n)
            contents_add(list, is_thought ? BLOCK_THINKING : BLOCK_TEXT, text);
    } else if (sv_is(type, "tool.call")) {
        struct block *b = contents_add(list, BLOCK_CALL, (struct sv){0});
        b->id = id;
        b->name = json_text_at(step, "name");
        b->input = json_get(step, "args");
        b->argument = argument_of(b->input);
    } else if (sv_is(type, "tool.result")) {
        add_result(list, json_get(step, "result"), id);
    }
}

static int read_message(struct arena *a, struct sv bytes, struct event *e, struct message *out)
{
    struct record r;
    struct contents list = {.arena = a};
    if (read_root(a, bytes, &r) < 0)
        return -EBADMSG;
    *e = event_of(a, &r);
    if (r.step)
        add_step(&list, r.step);
    else if (e->kind == EVENT_PROMPT || e->kind == EVENT_NOTE)
        add_parts(&list, json_get(r.root, "input"), BLOCK_TEXT);
    else if (e->kind == EVENT_API_ERROR && e->text.n)
        contents_add(&list, BLOCK_TEXT, e->text);
    *out = (struct message){list.items, list.count, (struct sv){0}};
    return 0;
}

/* The first line names the protocol; what a turn consists of has words of its own. */
static bool recognises(struct arena *a, struct sv bytes)
{
    struct record r;
    if (read_root(a, bytes, &r) < 0)
        return false;
    return r.step || sv_is(r.type, "turn.prompt") || sv_is(r.type, "profile.bind") ||
           (sv_is(r.type, "metadata") && json_text_at(r.root, "protocol_version").n);
}

const struct event_reader event_kimi = {
    .agent = "kimi",
    .says_end = true,
    .record_start = {"{\"type\":", 8},
    .recognises = recognises,
    .read = read_record,
    .read_message = read_message,
};
