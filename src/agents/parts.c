#include "agents/parts.h"

#include <string.h>

size_t parts_tools(struct arena *a, const struct json_value *parts, const char *member,
                   const struct event_tool **out)
{
    struct event_tool *tools = NULL;
    size_t count = 0, capacity = 0;
    const struct json_value *part;
    for (part = json_first(parts); part; part = json_next(parts, part)) {
        const struct json_value *one = json_get(part, member);
        if (!json_is_object(one))
            continue;
        struct event_tool *tool = ARENA_PUSH(a, tools, count, capacity);
        *tool = (struct event_tool){json_text_at(one, "id"), json_text_at(one, "name")};
    }
    *out = tools;
    return count;
}

struct sv parts_words(const struct json_value *parts)
{
    const struct json_value *part;
    for (part = json_first(parts); part; part = json_next(parts, part)) {
        struct sv text = json_text_at(part, "text");
        if (text.n && !json_is_true(json_get(part, "thought")))
            return text;
    }
    return (struct sv){"", 0};
}

void parts_read_call(const struct json_value *call, struct block *b)
{
    static const char *const keys[] = {"command", "file_path", "absolute_path", "path", "pattern",
                                       "query",   "url",       "prompt",        NULL};
    b->kind = BLOCK_CALL;
    b->id = json_text_at(call, "id");
    b->name = json_text_at(call, "name");
    b->input = json_get(call, "args");
    b->argument = contents_argument(b->input, keys);
}

static void read_response(const struct json_value *response, struct block *b)
{
    const struct json_value *says = json_get(response, "response");
    struct sv error = json_text_at(says, "error");
    b->kind = BLOCK_RESULT;
    b->id = json_text_at(response, "id");
    b->is_error = error.n > 0;
    b->text = error.n ? error : json_text_at(says, "output");
}

void parts_read(const struct json_value *part, struct block *b)
{
    const struct json_value *call = json_get(part, "functionCall");
    const struct json_value *response = json_get(part, "functionResponse");
    const struct json_value *data = json_get(part, "inlineData");
    *b = (struct block){.kind = BLOCK_OTHER, .size_bytes = -1};
    if (call) {
        parts_read_call(call, b);
    } else if (response) {
        read_response(response, b);
    } else if (data) {
        b->kind = BLOCK_IMAGE;
        b->name = json_text_at(data, "mimeType");
        b->base64 = json_text_at(data, "data");
        b->size_bytes = (int64_t)(b->base64.n / 4 * 3);
    } else {
        b->kind = json_is_true(json_get(part, "thought")) ? BLOCK_THINKING : BLOCK_TEXT;
        b->text = json_text_at(part, "text");
    }
}
