#include "jsonl/line_filter.h"

#include <string.h>

/* Behind `"key":`, with what white space JSON allows. */
static bool is_value(struct sv line, size_t at, struct sv key)
{
    bool has_colon = false;
    for (; at; at--) {
        char before = line.p[at - 1];
        if (before == ':' && !has_colon)
            has_colon = true;
        else if (before != ' ' && before != '\t')
            break;
    }
    return has_colon && sv_ends_with(sv_slice(line, 0, at), key);
}

static bool is_marked(const struct line_filter *m, struct sv line)
{
    for (size_t at = 0; (at = sv_find(line, at, m->mark)) < line.n; at++)
        if (!m->key.n || is_value(line, at, m->key))
            return true;
    return false;
}

static void end_line(struct line_filter *m, struct buf *out)
{
    struct sv text = {m->line.p, m->line.n};
    if (!m->is_skipping && is_marked(m, text))
        buf_add(out, text.p, text.n);
    m->line.n = 0;
    m->is_skipping = false;
}

void line_filter_feed(struct line_filter *m, struct sv piece, struct buf *out)
{
    while (piece.n) {
        struct sv part;
        bool ends = sv_cut_line(&piece, &part);
        size_t n = part.n + ends;
        if (!m->is_skipping && n > m->limit - m->line.n) {
            m->is_skipping = true;
            m->too_long++;
        }
        if (!m->is_skipping)
            buf_add(&m->line, part.p, n);
        if (ends)
            end_line(m, out);
    }
}

void line_filter_release(struct line_filter *m)
{
    buf_release(&m->line);
}
