/* The lines of Goose's rows. A message's content_json is a list of parts. */
#include "agents/contents.h"
#include "agents/goose/goose.h"

#include <errno.h>

struct line {
    struct sv table, role;
    const struct json_value *row, *parts;
};

static int read_line(struct arena *a, struct sv record, struct line *out)
{
    const struct json_value *root;
    if (contents_root(a, record, &root) < 0)
        return -EBADMSG;
    *out = (struct line){.table = json_text_at(root, "table"), .row = json_get(root, "row")};
    out->role = json_text_at(out->row, "role");
    struct sv text = json_text_at(out->row, "content_json");
    if (text.n && json_parse(a, text, &out->parts) < 0)
        out->parts = NULL;
    return 0;
}

static const struct json_value *part_of(const struct json_value *parts, const char *type)
{
    for (const struct json_value *p = json_first(parts); p; p = json_next(parts, p))
        if (sv_is(json_text_at(p, "type"), type))
            return p;
    return NULL;
}

static size_t tools(struct arena *a, const struct json_value *parts, const char *type,
                    const struct event_tool **out)
{
    struct event_tool *items = NULL;
    size_t count = 0, capacity = 0;
    for (const struct json_value *p = json_first(parts); p; p = json_next(parts, p))
        if (sv_is(json_text_at(p, "type"), type))
            *ARENA_PUSH(a, items, count, capacity) =
                (struct event_tool){json_text_at(p, "id"),
                                    json_text_at(json_path(p, "toolCall", "value", NULL), "name")};
    *out = items;
    return count;
}

/* Seconds, by the source; milliseconds would be later than the year 5000. */
static struct wall time_of(const struct json_value *row)
{
    const int64_t latest_s = 100000000000;
    int64_t n;
    if (!json_integer(json_get(row, "created_timestamp"), &n) || n <= 0)
        return (struct wall){0};
    return (struct wall){n < latest_s ? n * 1000 : n};
}

/* What ends a turn is not known. */
static void read_message_row(struct arena *a, const struct line *l, struct event *e)
{
    bool is_user = sv_is(l->role, "user");
    e->session_id = json_text_at(l->row, "session_id");
    e->at = time_of(l->row);
    e->text = json_text_at(part_of(l->parts, "text"), "text");
    if (part_of(l->parts, "toolResponse")) {
        e->kind = EVENT_TOOL_RESULT;
        e->expects_reply = true;
        e->result_count = tools(a, l->parts, "toolResponse", &e->results);
    } else if (part_of(l->parts, "toolRequest")) {
        e->kind = EVENT_TOOL_USE;
        e->call_count = tools(a, l->parts, "toolRequest", &e->calls);
    } else if (is_user) {
        e->kind = EVENT_PROMPT;
        e->is_human = e->expects_reply = e->is_root = true;
    } else {
        e->kind = EVENT_ASSISTANT_TEXT;
    }
}

static void read_event(struct arena *a, const struct line *l, struct event *e)
{
    *e = (struct event){.kind = EVENT_METADATA};
    if (sv_is(l->table, "messages")) {
        read_message_row(a, l, e);
    } else if (sv_is(l->table, "sessions")) {
        e->kind = EVENT_TITLE;
        e->title = json_text_at(l->row, "name");
        e->session_id = json_text_at(l->row, "id");
        e->cwd = json_text_at(l->row, "working_dir");
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

/* {"status":"success","value":[{"type":"text",...}]}, in later versions {"content":[...]} */
static void add_result(struct contents *list, const struct json_value *part)
{
    const struct json_value *result = json_get(part, "toolResult");
    const struct json_value *value = json_get(result, "value");
    const struct json_value *content = json_is_array(value) ? value : json_get(value, "content");
    struct sv text = json_text_at(part_of(content, "text"), "text");
    struct block *b =
        contents_add(list, BLOCK_RESULT, text.n ? text : json_text_at(result, "error"));
    b->id = json_text_at(part, "id");
    b->is_error =
        sv_is(json_text_at(result, "status"), "error") || json_is_true(json_get(value, "isError"));
}

static void add_part(struct contents *list, const struct json_value *p)
{
    static const char *const keys[] = {"command", "path", "query", "url", NULL};
    struct sv type = json_text_at(p, "type");
    if (sv_is(type, "text")) {
        contents_add(list, BLOCK_TEXT, json_text_at(p, "text"));
    } else if (sv_is(type, "thinking")) {
        contents_add(list, BLOCK_THINKING, json_text_at(p, "thinking"));
    } else if (sv_is(type, "toolResponse")) {
        add_result(list, p);
    } else if (sv_is(type, "toolRequest")) {
        const struct json_value *call = json_path(p, "toolCall", "value", NULL);
        struct block *b = contents_add(list, BLOCK_CALL, SV(""));
        b->id = json_text_at(p, "id");
        b->name = json_text_at(call, "name");
        b->input = json_get(call, "arguments");
        b->argument = contents_argument(b->input, keys);
    } else if (sv_is(type, "image")) {
        struct block *b = contents_add(list, BLOCK_IMAGE, SV(""));
        b->name = json_text_at(p, "mimeType");
        b->base64 = json_text_at(p, "data");
    } else {
        contents_add(list, BLOCK_OTHER, SV(""))->name = type;
    }
}

static int read_message(struct arena *a, struct sv record, struct event *e, struct message *out)
{
    struct line l;
    struct contents list = {.arena = a};
    int r = read_line(a, record, &l);
    if (r < 0)
        return r;
    read_event(a, &l, e);
    for (const struct json_value *p = json_first(l.parts); p; p = json_next(l.parts, p))
        add_part(&list, p);
    struct sv text = json_text_at(l.row, "content_json");
    if (text.n && !json_is_array(l.parts)) /* it is shown as it stands */
        contents_add(&list, BLOCK_TEXT, text);
    *out = (struct message){list.items, list.count, e->model};
    return 0;
}

static bool recognises(struct arena *a, struct sv record)
{
    const struct json_value *root;
    if (contents_root(a, record, &root) < 0)
        return false;
    struct sv table = json_text_at(root, "table");
    return sv_is(json_text_at(root, "database"), GOOSE_DATABASE) ||
           ((sv_is(table, "sessions") || sv_is(table, "messages")) &&
            json_is_object(json_get(root, "row")));
}

const struct event_reader event_goose = {
    .agent = "goose",
    .record_start = {"{\"", 2},
    .recognises = recognises,
    .read = read_record,
    .read_message = read_message,
};
