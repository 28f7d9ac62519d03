/* What Claude Code's records say, 2.0.0 to 2.1.330. */
#include "agents/claude/events.h"
#include "agents/contents.h"

#include <errno.h>
#include <string.h>

/* {"type":"image","source":{"type":"base64","media_type":"image/png","data":"..."}} */
static void add_image(struct contents *list, const struct json_value *block)
{
    const struct json_value *source = json_get(block, "source");
    struct block *b = contents_add(list, BLOCK_IMAGE, (struct sv){0});
    b->name = json_text_at(source, "media_type");
    if (!b->name.n)
        b->name = json_text_at(block, "type");
    struct sv data = json_text_at(source, "data");
    b->base64 = data;
    size_t padding = sv_ends_with(data, SV("==")) ? 2 : sv_ends_with(data, SV("=")) ? 1 : 0;
    if (data.n)
        b->size_bytes = (int64_t)(data.n / 4 * 3 - padding);
}

/* The argument by which a person knows a call again; by the names that tools use. */
static struct sv telling_argument(const struct json_value *input)
{
    static const char *const keys[] = {
        "command",     "file_path", "notebook_path", "path",   "pattern", "query", "url",
        "description", "skill",     "subject",       "prompt", "plan",    NULL};
    return contents_argument(input, keys);
}

static void add_call(struct contents *list, const struct json_value *block)
{
    struct block *b = contents_add(list, BLOCK_CALL, (struct sv){0});
    b->id = json_text_at(block, "id");
    b->name = json_text_at(block, "name");
    b->input = json_get(block, "input");
    b->argument = telling_argument(b->input);
}

/* A result's content is a string, or blocks: its texts become one, its pictures follow it. */
static void add_result(struct contents *list, const struct json_value *block)
{
    const struct json_value *content = json_get(block, "content"), *part;
    size_t place = list->count;
    BUF_RELEASE struct buf joined = {0};
    struct sv text = {0};
    contents_add(list, BLOCK_RESULT, (struct sv){0});
    json_string(content, &text);
    for (part = json_first(content); part; part = json_next(content, part)) {
        struct sv type = json_text_at(part, "type"), more = json_text_at(part, "text");
        if (sv_is(type, "image") || sv_is(type, "document"))
            add_image(list, part);
        if (!sv_is(type, "text") || !more.n)
            continue;
        if (text.n && !joined.n)
            buf_add(&joined, text.p, text.n);
        if (joined.n) {
            buf_adds(&joined, "\n");
            buf_add(&joined, more.p, more.n);
        }
        text = more;
    }
    if (joined.n)
        text = (struct sv){arena_strndup(list->arena, joined.p, joined.n), joined.n};
    struct block *b = &list->items[place];
    b->id = json_text_at(block, "tool_use_id");
    b->text = text;
    b->is_error = json_is_true(json_get(block, "is_error"));
}

static void add_text(struct contents *list, enum block_kind kind, struct sv text)
{
    contents_add(list, kind, text);
}

static void add_block(struct contents *list, const struct json_value *block)
{
    struct sv type = json_text_at(block, "type");
    if (sv_is(type, "text"))
        add_text(list, BLOCK_TEXT, json_text_at(block, "text"));
    else if (sv_is(type, "thinking"))
        add_text(list, BLOCK_THINKING, json_text_at(block, "thinking"));
    else if (sv_is(type, "redacted_thinking"))
        contents_add(list, BLOCK_THINKING, (struct sv){0});
    else if (sv_is(type, "tool_use") || sv_is(type, "server_tool_use"))
        add_call(list, block);
    else if (sv_is(type, "tool_result") || sv_ends_with(type, SV("_tool_result")))
        add_result(list, block);
    else if (sv_is(type, "image") || sv_is(type, "document"))
        add_image(list, block);
    else
        contents_add(list, BLOCK_OTHER, (struct sv){0})->name = type;
}

static void add_content(struct contents *list, const struct json_value *content)
{
    struct sv text;
    const struct json_value *block;
    if (json_string(content, &text))
        add_text(list, BLOCK_TEXT, text);
    if (json_is_array(content))
        for (block = json_first(content); block; block = json_next(content, block))
            add_block(list, block);
}

/*
 * Input that was typed while the agent was at work ("queued_command") is kept as an attachment; so
 * are files that a prompt names. The others are the client's own business.
 */
static void add_attachment(struct contents *list, const struct json_value *attachment,
                           struct event *e)
{
    struct sv type = json_text_at(attachment, "type"), name = json_text_at(attachment, "filename");
    if (sv_is(type, "queued_command")) {
        e->kind = EVENT_PROMPT;
        add_content(list, json_get(attachment, "prompt"));
        return;
    }
    if (!name.n)
        name = json_text_at(attachment, "planFilePath");
    if (!name.n)
        return;
    const struct json_value *file = json_path(attachment, "content", "file", NULL);
    struct block *b = contents_add(list, BLOCK_FILE, (struct sv){0});
    b->name = name;
    b->text = json_text_at(file, "content");
    if (!b->text.n)
        b->text = json_text_at(attachment, "planContent");
}

int message_claude_read(struct arena *a, struct sv record, struct event *e, struct message *out)
{
    const struct json_value *root;
    if (contents_root(a, record, &root) < 0)
        return -EBADMSG;
    event_claude_read(a, root, e);
    struct contents list = {.arena = a};
    const struct json_value *message = json_get(root, "message");
    if (message && e->kind != EVENT_OTHER && e->kind != EVENT_METADATA)
        add_content(&list, json_get(message, "content"));
    else if (e->kind == EVENT_ATTACHMENT)
        add_attachment(&list, json_get(root, "attachment"), e);
    else if (sv_is(json_text_at(root, "type"), "system"))
        add_content(&list, json_get(root, "content"));
    *out = (struct message){list.items, list.count, json_text_at(message, "model")};
    return 0;
}
