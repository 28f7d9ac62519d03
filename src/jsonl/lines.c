#include "jsonl/lines.h"

#include <string.h>

struct lines lines_of(struct sv bytes, int64_t offset)
{
    return (struct lines){bytes, offset};
}

/* A line of its bytes, line end included. */
static struct line line_of(struct sv bytes, int64_t offset)
{
    struct line line = {.text = bytes, .offset = offset};
    if (line.text.n && line.text.p[line.text.n - 1] == '\n') {
        line.has_newline = true;
        line.text.n--;
        if (line.text.n && line.text.p[line.text.n - 1] == '\r') {
            line.has_return = true;
            line.text.n--;
        }
    }
    return line;
}

bool lines_next(struct lines *it, struct line *out)
{
    if (!it->rest.n)
        return false;
    const char *newline = memchr(it->rest.p, '\n', it->rest.n);
    size_t n = newline ? (size_t)(newline - it->rest.p) + 1 : it->rest.n;
    *out = line_of(sv_slice(it->rest, 0, n), it->offset);
    it->rest = sv_slice(it->rest, n, it->rest.n);
    it->offset += (int64_t)n;
    return true;
}

bool lines_previous(struct lines *it, struct line *out)
{
    if (!it->rest.n)
        return false;
    /* the newline at the very end is this line's own */
    const char *before = memrchr(it->rest.p, '\n', it->rest.n - 1);
    size_t from = before ? (size_t)(before - it->rest.p) + 1 : 0;
    *out = line_of(sv_slice(it->rest, from, it->rest.n), it->offset + (int64_t)from);
    it->rest.n = from;
    return true;
}
