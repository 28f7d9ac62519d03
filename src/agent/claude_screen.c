#include "agent/claude_screen.h"

#include <stdlib.h>
#include <string.h>

enum { LINES_MAX = 2000, GREY_FIRST = 232 /* of the 256 colours: shades of grey from here on */ };

static const struct sv rule = {"\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80",
                               12};                /* four times U+2500 */
static const struct sv mark = {"\xe2\x9d\xaf", 3}; /* U+276F */
static const struct sv hard_blank = {"\xc2\xa0", 2};

/* How the characters that follow look. */
struct look {
    bool is_dim, is_grey;
};

/* The parameters of "ESC [ ... m". */
static void change_look(struct look *look, struct sv parameters)
{
    long values[16] = {0};
    size_t n = 0;
    for (size_t i = 0; i < parameters.n && n < 16; i++) {
        if (parameters.p[i] == ';')
            n++;
        else if (parameters.p[i] >= '0' && parameters.p[i] <= '9' && values[n] < 1000)
            values[n] = values[n] * 10 + (parameters.p[i] - '0');
    }
    n = n < 16 ? n + 1 : 16;
    for (size_t i = 0; i < n; i++) {
        if (values[i] == 38 || values[i] == 48) {
            bool is_palette = i + 2 < n && values[i + 1] == 5;
            if (values[i] == 38)
                look->is_grey = is_palette && values[i + 2] >= GREY_FIRST;
            i += is_palette ? 2 : 4;
        } else if (values[i] == 0) {
            *look = (struct look){0};
        } else if (values[i] == 2) {
            look->is_dim = true;
        } else if (values[i] == 22) {
            look->is_dim = false;
        } else if (values[i] == 39 || (values[i] >= 30 && values[i] <= 37)) {
            look->is_grey = false;
        }
    }
}

/* The length of the escape sequence that s begins with. */
static size_t escape_length(struct sv s)
{
    size_t i = 1;
    if (s.n < 2 || s.p[1] != '[')
        return s.n < 2 ? s.n : 2;
    for (i = 2; i < s.n && (s.p[i] < 0x40 || s.p[i] > 0x7e); i++)
        ;
    return i < s.n ? i + 1 : s.n;
}

/* Appends what a line shows; hints only where they are wanted. The look goes on from line to line.
 */
static void add_shown(struct buf *out, struct sv line, struct look *look, bool with_hints)
{
    for (size_t i = 0; i < line.n;) {
        struct sv rest = sv_slice(line, i, line.n);
        if (rest.p[0] == '\x1b') {
            size_t n = escape_length(rest);
            if (n > 2 && rest.p[n - 1] == 'm')
                change_look(look, sv_slice(rest, 2, n - 1));
            i += n;
            continue;
        }
        if (with_hints || (!look->is_dim && !look->is_grey))
            buf_add(out, rest.p, 1);
        i++;
    }
}

struct lines {
    struct sv items[LINES_MAX];
    struct look looks[LINES_MAX]; /* with which they begin */
    size_t count;
};

static void split(struct sv screen, struct lines *lines)
{
    struct look look = {0};
    for (size_t at = 0; at < screen.n && lines->count < LINES_MAX;) {
        size_t end = sv_find(screen, at, SV("\n"));
        struct buf unused = {0};
        lines->looks[lines->count] = look;
        lines->items[lines->count] = sv_slice(screen, at, end);
        add_shown(&unused, lines->items[lines->count++], &look, false);
        buf_release(&unused);
        at = end + 1;
    }
}

static bool begins_with(const struct lines *lines, size_t i, struct sv word)
{
    struct buf text = {0};
    struct look look = {0};
    add_shown(&text, lines->items[i], &look, true);
    bool begins = sv_starts_with((struct sv){text.p, text.n}, word);
    buf_release(&text);
    return begins;
}

/* One line of the box, without the two columns before it and the blanks behind. */
static void add_line(struct buf *out, const struct lines *lines, size_t i, bool is_first)
{
    struct buf text = {0};
    struct look look = lines->looks[i];
    add_shown(&text, lines->items[i], &look, false);
    struct sv s = {text.p ? text.p : "", text.n};
    if (is_first && sv_starts_with(s, mark))
        s = sv_slice(s, mark.n, s.n);
    if (is_first && sv_starts_with(s, hard_blank))
        s = sv_slice(s, hard_blank.n, s.n);
    else if (is_first && sv_starts_with(s, SV(" ")))
        s = sv_slice(s, 1, s.n);
    if (!is_first && sv_starts_with(s, SV("  ")))
        s = sv_slice(s, 2, s.n);
    while (s.n && s.p[s.n - 1] == ' ')
        s.n--;
    if (!is_first)
        buf_adds(out, "\n");
    buf_add(out, s.p, s.n);
    buf_release(&text);
}

bool claude_screen_prompt(struct sv screen, struct arena *a, struct sv *typed)
{
    struct lines *lines = mem_resize(NULL, sizeof *lines);
    lines->count = 0;
    split(screen, lines);
    size_t end = lines->count; /* the rule below the box */
    while (end > 0 && !begins_with(lines, end - 1, rule))
        end--;
    size_t begin = end > 0 ? end - 1 : 0; /* the line below the rule above it */
    while (begin > 0 && !begins_with(lines, begin - 1, rule))
        begin--;
    bool is_there = end > 1 && begin > 0 && begin < end - 1 && begins_with(lines, begin, mark);
    if (is_there) {
        struct buf text = {0};
        for (size_t i = begin; i < end - 1; i++)
            add_line(&text, lines, i, i == begin);
        while (text.n && text.p[text.n - 1] == '\n')
            text.n--;
        *typed = (struct sv){arena_strndup(a, text.p ? text.p : "", text.n), text.n};
        buf_release(&text);
    }
    free(lines);
    return is_there;
}
