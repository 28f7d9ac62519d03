#include "jsonl/record_source.h"

#include <string.h>

static int64_t read_text(void *context, char *bytes, size_t n, int64_t offset)
{
    const struct sv *text = context;
    struct sv part = sv_slice(*text, (size_t)offset, (size_t)offset + n);
    if (part.n)
        memcpy(bytes, part.p, part.n);
    return (int64_t)part.n;
}

struct record_source record_source_of_text(struct sv *text, struct sv record_start)
{
    return (struct record_source){read_text, text, (int64_t)text->n, record_start};
}
