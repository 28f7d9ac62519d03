/* The lines that rows.c writes, of the rows of opencode 1.18.33. */
#include "agents/opencode/opencode.h"
#include "base/json.h"
#include "conversation/message.h"

#include <errno.h>

enum { TOKENS_LIMIT = 1000000000 }; /* what no window holds */

/* A line, and what stands as JSON text in its row. */
struct line {
    struct sv table, role;
    const struct json_value *row, *data;
};

static struct wall time_at(const struct json_value *object, const char *key)
{
    int64_t ms;
    return (struct wall){json_integer(json_get(object, key), &ms) && ms > 0 ? ms : 0};
}

static struct wall first_known(struct wall a, struct wall b)
{
    return wall_known(a) ? a : b;
}

static int read_line(struct arena *a, struct sv record, struct line *out)
{
    const struct json_value *root;
    if (json_parse(a, record, &root) < 0 || !json_is_object(root))
        return -EBADMSG;
    *out = (struct line){json_text_at(root, "table"), json_text_at(root, "role"),
                         json_get(root, "row"), NULL};
    struct sv data = json_text_at(out->row, "data");
    if (data.n && json_parse(a, data, &out->data) < 0)
        out->data = NULL;
    return 0;
}

/* ---- messages ----------------------------------------------------------------------------- */

/* What the next request begins with. */
static int64_t tokens_of(const struct json_value *data)
{
    static const char *const parts[] = {"input", "output", "reasoning"};
    const struct json_value *tokens = json_get(data, "tokens"), *cache = json_get(tokens, "cache");
    int64_t n, sum = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (json_integer(json_get(tokens, parts[i]), &n) && n > 0 && n <= TOKENS_LIMIT)
            sum += n;
    if (json_integer(json_get(cache, "read"), &n) && n > 0 && n <= TOKENS_LIMIT)
        sum += n;
    if (json_integer(json_get(cache, "write"), &n) && n > 0 && n <= TOKENS_LIMIT)
        sum += n;
    return sum;
}

/* A request of the agent's: done, failed, or still open. The last of a turn did not end by calling
 * a tool. */
static void read_reply(const struct line *l, struct event *e)
{
    const struct json_value *error = json_get(l->data, "error");
    struct wall completed = time_at(json_get(l->data, "time"), "completed");
    struct sv finish = json_text_at(l->data, "finish");
    e->model = json_text_at(l->data, "modelID");
    e->stop_reason = finish;
    if (json_is_object(error)) {
        bool was_stopped = sv_is(json_text_at(error, "name"), "MessageAbortedError");
        e->kind = was_stopped ? EVENT_INTERRUPTED : EVENT_API_ERROR;
        e->ends_turn = true;
        e->text = json_text_at(json_get(error, "data"), "message");
        if (!e->text.n)
            e->text = json_text_at(error, "name");
        e->at = first_known(completed, time_at(l->row, "time_updated"));
        return;
    }
    e->kind = EVENT_METADATA;
    if (!wall_known(completed))
        return;
    e->at = completed;
    e->context_tokens = tokens_of(l->data);
    if (!finish.n || sv_is(finish, "tool-calls") || sv_is(finish, "unknown"))
        return;
    e->kind = EVENT_ASSISTANT_TEXT;
    e->ends_turn = true;
}

static void read_message_row(const struct line *l, struct event *e)
{
    e->at = time_at(l->row, "time_created");
    e->kind = EVENT_METADATA;
    e->message_id = e->uuid;
    if (sv_is(json_text_at(l->data, "role"), "assistant"))
        read_reply(l, e);
}

/* ---- parts -------------------------------------------------------------------------------- */

static void read_text(const struct line *l, struct event *e)
{
    bool is_user = sv_is(l->role, "user");
    e->text = json_text_at(l->data, "text");
    e->kind = is_user ? EVENT_PROMPT : EVENT_ASSISTANT_TEXT;
    e->expects_reply = is_user;
    e->is_human = is_user && !json_is_true(json_get(l->data, "synthetic"));
    e->is_root = is_user;
    if (!is_user)
        e->at = first_known(time_at(json_get(l->data, "time"), "end"), e->at);
}

/* One part is the call and, later, its result. */
static void read_tool(struct arena *a, const struct line *l, struct event *e)
{
    const struct json_value *state = json_get(l->data, "state"), *time = json_get(state, "time");
    struct sv status = json_text_at(state, "status");
    struct event_tool *tool = arena_alloc(a, sizeof *tool);
    bool is_done = sv_is(status, "completed") || sv_is(status, "error");
    *tool = (struct event_tool){json_text_at(l->data, "callID"), json_text_at(l->data, "tool")};
    if (is_done) {
        e->kind = EVENT_TOOL_RESULT;
        e->expects_reply = true;
        e->results = tool;
        e->result_count = 1;
    } else {
        e->kind = EVENT_TOOL_USE;
        e->calls = tool;
        e->call_count = 1;
    }
    e->at = first_known(time_at(time, is_done ? "end" : "start"), e->at);
}

static void read_retry(const struct line *l, struct event *e)
{
    e->kind = EVENT_API_RETRY;
    json_integer(json_get(l->data, "attempt"), &e->retry_attempt);
    e->text = json_text_at(json_get(json_get(l->data, "error"), "data"), "message");
}

static void read_part(struct arena *a, const struct line *l, struct event *e)
{
    struct sv type = json_text_at(l->data, "type");
    e->at = time_at(l->row, "time_created");
    e->message_id = json_text_at(l->row, "message_id");
    if (sv_is(type, "text")) {
        read_text(l, e);
    } else if (sv_is(type, "reasoning")) {
        e->kind = EVENT_ASSISTANT_THINKING;
        e->at = first_known(time_at(json_get(l->data, "time"), "end"), e->at);
    } else if (sv_is(type, "tool")) {
        read_tool(a, l, e);
    } else if (sv_is(type, "retry")) {
        read_retry(l, e);
    } else if (sv_is(type, "compaction")) {
        e->kind = EVENT_COMPACT_BOUNDARY;
        e->is_automatic = json_is_true(json_get(l->data, "auto"));
    } else if (sv_is(type, "file")) {
        e->kind = EVENT_ATTACHMENT;
    }
}

static void read_event(struct arena *a, const struct line *l, struct event *e)
{
    *e = (struct event){.kind = EVENT_METADATA};
    e->uuid = json_text_at(l->row, "id");
    if (sv_is(l->table, "part")) {
        e->kind = EVENT_OTHER;
        e->session_id = json_text_at(l->row, "session_id");
        read_part(a, l, e);
    } else if (sv_is(l->table, "message")) {
        e->session_id = json_text_at(l->row, "session_id");
        read_message_row(l, e);
    } else if (sv_is(l->table, "session")) {
        e->kind = EVENT_TITLE;
        e->title = json_text_at(l->row, "title");
        e->session_id = json_text_at(l->row, "id");
        e->cwd = json_text_at(l->row, "directory");
        e->version = json_text_at(l->row, "version");
    }
}

static int read_record(struct arena *a, struct sv record, struct event *out)
{
    struct line l;
    int r = read_line(a, record, &l);
    if (r == 0)
        read_event(a, &l, out);
    return r;
}

/* ---- what they say ------------------------------------------------------------------------ */

static size_t add_tool(const struct line *l, struct event *e, struct block *blocks)
{
    const struct json_value *state = json_get(l->data, "state");
    struct sv status = json_text_at(state, "status");
    blocks[0] = (struct block){
        .kind = BLOCK_CALL,
        .id = json_text_at(l->data, "callID"),
        .name = json_text_at(l->data, "tool"),
        .input = json_get(state, "input"),
        .argument = json_text_at(state, "title"),
    };
    e->kind = EVENT_TOOL_USE; /* the model's, with what came of it */
    if (!sv_is(status, "completed") && !sv_is(status, "error"))
        return 1;
    blocks[1] = (struct block){
        .kind = BLOCK_RESULT,
        .id = blocks[0].id,
        .text = json_text_at(state, sv_is(status, "error") ? "error" : "output"),
        .is_error = sv_is(status, "error"),
    };
    return 2;
}

/* blocks: room for two. Returns: how many. */
static size_t add_part(const struct line *l, struct event *e, struct block *blocks)
{
    struct sv type = json_text_at(l->data, "type"), text = json_text_at(l->data, "text");
    struct sv mime = json_text_at(l->data, "mime");
    if (sv_is(type, "tool"))
        return add_tool(l, e, blocks);
    if (sv_is(type, "text") && json_is_true(json_get(l->data, "synthetic")))
        e->kind = EVENT_NOTE;
    if (sv_is(type, "text") || sv_is(type, "reasoning"))
        blocks[0] =
            (struct block){.kind = sv_is(type, "text") ? BLOCK_TEXT : BLOCK_THINKING, .text = text};
    else if (sv_is(type, "file"))
        blocks[0] = (struct block){
            .kind = sv_starts_with(mime, SV("image/")) ? BLOCK_IMAGE : BLOCK_FILE,
            .name = json_text_at(l->data, "filename"),
            .text = json_text_at(json_path(l->data, "source", "text", NULL), "value"),
        };
    else if (sv_is(type, "retry"))
        blocks[0] = (struct block){.kind = BLOCK_TEXT, .text = e->text};
    else
        return 0;
    blocks[0].size_bytes = -1;
    return 1;
}

static int read_message(struct arena *a, struct sv record, struct event *e, struct message *out)
{
    struct line l;
    struct block *blocks = arena_alloc(a, 2 * sizeof *blocks);
    int r = read_line(a, record, &l);
    if (r < 0)
        return r;
    read_event(a, &l, e);
    *out = (struct message){.blocks = blocks, .model = e->model};
    if (sv_is(l.table, "part"))
        out->block_count = add_part(&l, e, blocks);
    if (l.table.n && (e->kind == EVENT_API_ERROR || e->kind == EVENT_INTERRUPTED)) {
        e->message_id = (struct sv){0}; /* a word of its own, behind what the reply said */
        blocks[out->block_count++] =
            (struct block){.kind = BLOCK_TEXT, .text = e->text, .size_bytes = -1};
    }
    return 0;
}

static bool recognises(struct arena *a, struct sv record)
{
    const struct json_value *root;
    return json_parse(a, record, &root) == 0 &&
           (((opencode_owner_column(json_text_at(root, "table")) ||
              sv_is(json_text_at(root, "table"), "project")) &&
             json_is_object(json_get(root, "row"))) ||
            sv_is(json_text_at(root, "database"), OPENCODE_DATABASE));
}

const struct event_reader event_opencode = {
    .agent = "opencode",
    .says_end = true,
    .record_start = {"{\"table\":", 9},
    .recognises = recognises,
    .read = read_record,
    .read_message = read_message,
};
