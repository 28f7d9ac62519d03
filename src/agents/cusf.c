#include "agents/cusf.h"

#include "agents/contents.h"

#include <errno.h>
#include <string.h>

static bool recognises(struct arena *a, struct sv record)
{
    const struct json_value *root;
    return contents_root(a, record, &root) == 0 &&
           sv_equals(json_text_at(json_get(root, "_meta"), "format"), SV("cusf"));
}

static enum event_kind kind_of(struct sv word)
{
    for (int kind = 0; kind <= EVENT_ANSWERED; kind++)
        if (sv_equals(word, sv_of(event_kind_word((enum event_kind)kind))))
            return (enum event_kind)kind;
    return EVENT_OTHER;
}

static enum block_kind block_kind_of(struct sv word)
{
    static const struct {
        const char *word;
        enum block_kind kind;
    } kinds[] = {{"text", BLOCK_TEXT},
                 {"thinking", BLOCK_THINKING},
                 {"image", BLOCK_IMAGE},
                 {"file", BLOCK_FILE}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (sv_equals(word, sv_of(kinds[i].word)))
            return kinds[i].kind;
    return BLOCK_OTHER;
}

/* No id of its own: one record may have become several lines. */
static void read_event(const struct json_value *root, struct event *e)
{
    *e = (struct event){
        .kind = kind_of(json_text_at(root, "kind")),
        .session_id = json_text_at(root, "session_id"),
        .message_id = json_text_at(root, "message_id"),
        .model = json_text_at(root, "model"),
        .cwd = json_text_at(root, "cwd"),
        .version = json_text_at(root, "client_version"),
        .is_human = json_is_true(json_get(root, "is_human")),
    };
    if (sv_equals(json_text_at(root, "type"), SV("session_start")))
        e->kind = EVENT_METADATA;
    json_integer(json_path(root, "usage", "context_tokens", NULL), &e->context_tokens);
    wall_parse(json_text_at(root, "timestamp"), &e->at);
}

static void read_content(const struct json_value *root, struct contents *list)
{
    const struct json_value *content = json_get(root, "content"), *part;
    for (part = json_first(content); part; part = json_next(content, part)) {
        struct block *b = contents_add(list, block_kind_of(json_text_at(part, "type")),
                                       json_text_at(part, "text"));
        b->name = json_text_at(part, "name");
        b->base64 = json_text_at(part, "base64");
        json_integer(json_get(part, "size_bytes"), &b->size_bytes);
    }
}

static int read_message(struct arena *a, struct sv record, struct event *e, struct message *out)
{
    const struct json_value *root;
    struct contents list = {.arena = a};
    if (contents_root(a, record, &root) < 0)
        return -EBADMSG;
    read_event(root, e);
    struct sv type = json_text_at(root, "type");
    if (sv_equals(type, SV("tool_use"))) {
        struct block *b = contents_add(&list, BLOCK_CALL, (struct sv){0});
        b->id = json_text_at(root, "id");
        b->name = json_text_at(root, "name");
        b->argument = json_text_at(root, "argument");
        b->input = json_get(root, "input");
    } else if (sv_equals(type, SV("tool_result"))) {
        struct block *b = contents_add(&list, BLOCK_RESULT, json_text_at(root, "content"));
        b->id = json_text_at(root, "tool_use_id");
        b->is_error = json_is_true(json_get(root, "is_error"));
    } else {
        read_content(root, &list);
    }
    *out = (struct message){list.items, list.count, e->model};
    return 0;
}

static int read_record(struct arena *a, struct sv record, struct event *out)
{
    struct message m;
    return read_message(a, record, out, &m);
}

static const struct event_reader reader = {
    .agent = "cusf",
    .record_start = {"{\"", 2},
    .recognises = recognises,
    .read = read_record,
    .read_message = read_message,
};

const struct agent agent_cusf = {
    .name = "cusf", .title = "CUSF", .product = "CUSF", .vendor = "cusf", .reader = &reader};
