/* Any bytes as the prompt history, in pieces of any size: what is taken is just the whole lines
 * with the mark. The first byte is the size of a piece. */
#include "must.h"

#include "jsonl/line_filter.h"
#include "jsonl/lines.h"

enum { LIMIT = 64 };

static const struct sv mark = {"mark", 4};

/* The plain way to the same answer. */
static void take_in_one(struct sv bytes, struct buf *out)
{
    struct lines it = lines_of(bytes, 0);
    struct line line;
    while (lines_next(&it, &line)) {
        size_t n = line.text.n + line.has_return + line.has_newline;
        if (line.has_newline && n <= LIMIT && sv_find(line.text, 0, mark) < line.text.n)
            buf_add(out, line.text.p, n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct sv bytes = {(const char *)data + 1, size - 1};
    size_t piece = data[0] + 1u;
    struct line_filter m = {.mark = mark, .limit = LIMIT};
    struct buf taken = {0}, expected = {0};
    for (size_t at = 0; at < bytes.n; at += piece) {
        line_filter_feed(&m, sv_slice(bytes, at, at + piece), &taken);
        must(m.line.n <= LIMIT);
    }
    line_filter_release(&m);
    take_in_one(bytes, &expected);
    must(taken.n == expected.n && (!taken.n || memcmp(taken.p, expected.p, taken.n) == 0));
    buf_release(&taken);
    buf_release(&expected);
    return 0;
}
