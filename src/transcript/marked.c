#include "transcript/marked.h"

#include <string.h>

static void end_line(struct marked *m, struct buf *out)
{
    struct sv text = {m->line.p, m->line.n};
    if (!m->is_skipping && sv_find(text, 0, m->mark) < text.n)
        buf_add(out, text.p, text.n);
    m->line.n = 0;
    m->is_skipping = false;
}

void marked_feed(struct marked *m, struct sv piece, struct buf *out)
{
    while (piece.n) {
        const char *newline = memchr(piece.p, '\n', piece.n);
        size_t n = newline ? (size_t)(newline - piece.p) + 1 : piece.n;
        if (!m->is_skipping && n > m->limit - m->line.n) {
            m->is_skipping = true;
            m->too_long++;
        }
        if (!m->is_skipping)
            buf_add(&m->line, piece.p, n);
        if (newline)
            end_line(m, out);
        piece = sv_slice(piece, n, piece.n);
    }
}

void marked_release(struct marked *m)
{
    buf_release(&m->line);
}
