#include "backup/io/sums.h"

#include "jsonl/lines.h"

#include <errno.h>
#include <string.h>

void sums_add(struct buf *out, const char *sha256, const char *name)
{
    if (strpbrk(name, "\\\n\r"))
        buf_adds(out, "\\");
    buf_addf(out, "%s  ", sha256);
    for (const char *p = name; *p; p++) {
        if (*p == '\\')
            buf_adds(out, "\\\\");
        else if (*p == '\n')
            buf_adds(out, "\\n");
        else if (*p == '\r')
            buf_adds(out, "\\r");
        else
            buf_add(out, p, 1);
    }
    buf_adds(out, "\n");
}

static const char *unescaped(struct arena *a, struct sv text)
{
    BUF_RELEASE struct buf name = {0};
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '\\' && i + 1 < text.n) {
            c = text.p[++i];
            c = c == 'n' ? '\n' : c == 'r' ? '\r' : c;
        }
        buf_add(&name, &c, 1);
    }
    return arena_strndup(a, name.p, name.n);
}

static bool is_digest(struct sv text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!text.p[i] || !strchr("0123456789abcdef", text.p[i]))
            return false;
    return text.n == DIGEST_TEXT_SIZE - 1;
}

static int parse_line(struct arena *a, struct sv line, struct sum *out)
{
    bool is_escaped = sv_starts_with(line, SV("\\"));
    line = sv_slice(line, is_escaped, line.n);
    size_t digits = DIGEST_TEXT_SIZE - 1;
    if (line.n < digits + 3 || !is_digest(sv_slice(line, 0, digits)) ||
        !sv_starts_with(sv_slice(line, digits, line.n), SV("  ")))
        return -EBADMSG;
    struct sv name = sv_slice(line, digits + 2, line.n);
    if (memchr(name.p, '\0', name.n)) /* no name on disk holds one */
        return -EBADMSG;
    memcpy(out->sha256, line.p, digits);
    out->sha256[digits] = '\0';
    out->name = is_escaped ? unescaped(a, name) : arena_strndup(a, name.p, name.n);
    return 0;
}

int sums_parse(struct arena *a, struct sv text, struct sum **sums, size_t *count)
{
    struct lines it = lines_of(text, 0);
    struct line line;
    struct sum *items = NULL;
    size_t n = 0, capacity = 0;
    while (lines_next(&it, &line))
        if (!line.has_newline || parse_line(a, line.text, ARENA_PUSH(a, items, n, capacity)) < 0)
            return -EBADMSG;
    *sums = items;
    *count = n;
    return 0;
}
