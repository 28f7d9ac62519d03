#include "agents/contents.h"

#include <errno.h>

int contents_root(struct arena *a, struct sv record, const struct json_value **root)
{
    return json_parse(a, record, root) < 0 || !json_is_object(*root) ? -EBADMSG : 0;
}

struct block *contents_add(struct contents *list, enum block_kind kind, struct sv text)
{
    struct block *b = ARENA_PUSH(list->arena, list->items, list->count, list->capacity);
    *b = (struct block){.kind = kind, .text = text, .size_bytes = -1};
    return b;
}

struct sv contents_argument(const struct json_value *input, const char *const *keys)
{
    struct sv text = {0};
    for (; *keys && !text.n; keys++)
        text = json_text_at(input, *keys);
    return text.n ? text : SV("");
}
