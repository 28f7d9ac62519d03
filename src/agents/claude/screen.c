#include "agents/claude/screen.h"

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
    while (screen.n && lines->count < LINES_MAX) {
        BUF_RELEASE struct buf unused = {0};
        lines->looks[lines->count] = look;
        sv_cut_line(&screen, &lines->items[lines->count]);
        add_shown(&unused, lines->items[lines->count++], &look, false);
    }
}

static bool begins_with(const struct lines *lines, size_t i, struct sv word)
{
    BUF_RELEASE struct buf text = {0};
    struct look look = {0};
    add_shown(&text, lines->items[i], &look, true);
    bool begins = sv_starts_with((struct sv){text.p, text.n}, word);
    return begins;
}

/* One line of the box, without the two columns before it and the blanks behind. */
static void add_line(struct buf *out, const struct lines *lines, size_t i, bool is_first)
{
    BUF_RELEASE struct buf text = {0};
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
}

/* The box: its lines are begin to end, which is the rule below it. Returns: false where there is
 * none. */
static bool find_box(const struct lines *lines, size_t *begin, size_t *end)
{
    size_t below = lines->count, above;
    while (below > 0 && !begins_with(lines, below - 1, rule))
        below--;
    for (above = below > 0 ? below - 1 : 0; above > 0 && !begins_with(lines, above - 1, rule);)
        above--;
    if (below <= 1 || above == 0 || above >= below - 1 || !begins_with(lines, above, mark))
        return false;
    *begin = above;
    *end = below - 1;
    return true;
}

bool claude_screen_prompt(struct sv screen, struct arena *a, struct sv *typed)
{
    struct lines *lines = mem_resize(NULL, sizeof *lines);
    size_t begin, end;
    lines->count = 0;
    split(screen, lines);
    bool is_there = find_box(lines, &begin, &end);
    if (is_there) {
        BUF_RELEASE struct buf text = {0};
        for (size_t i = begin; i < end; i++)
            add_line(&text, lines, i, i == begin);
        while (text.n && text.p[text.n - 1] == '\n')
            text.n--;
        *typed = (struct sv){arena_strndup(a, text.p ? text.p : "", text.n), text.n};
    }
    free(lines);
    return is_there;
}

/* ---- the state ---------------------------------------------------------------------------- */

enum { STATE_REACH = 16 /* lines between it and the box */ };

static const struct sv dot = {" \xc2\xb7 ", 4}; /* U+00B7 */

static struct sv trimmed(struct sv s)
{
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\r'))
        s.n--;
    while (s.n && s.p[0] == ' ')
        s = sv_slice(s, 1, s.n);
    return s;
}

/* The frames of the spinner: U+00B7, U+2722, U+2733, U+2736, U+273B, U+273D. */
static bool begins_with_star(struct sv line, struct sv *rest)
{
    static const char *const stars[] = {
        "\xc2\xb7 ",     "* ",           "\xe2\x9c\xa2 ", "\xe2\x9c\xb3 ", "\xe2\x9c\xb6 ",
        "\xe2\x9c\xbb ", "\xe2\x9c\xbd "};
    for (size_t i = 0; i < sizeof stars / sizeof *stars; i++)
        if (sv_starts_with(line, sv_of(stars[i]))) {
            *rest = sv_slice(line, strlen(stars[i]), line.n);
            return true;
        }
    return false;
}

/* From the box upwards to the first line that is neither blank nor two columns in. Where that
 * folds, what follows it comes with it. */
static bool find_state(const struct lines *lines, size_t box, struct arena *a, struct sv *state)
{
    size_t above = box - 1; /* the rule */
    for (size_t i = above; i-- > 0 && above - i <= STATE_REACH;) {
        struct sv line = lines->items[i], rest;
        if (trimmed(line).n == 0 || sv_starts_with(line, SV("  ")))
            continue;
        if (!begins_with_star(line, &rest))
            return false;
        rest = trimmed(rest);
        bool folds = i + 1 < above && sv_ends_with(rest, trimmed(dot));
        struct sv next = folds ? trimmed(lines->items[i + 1]) : SV("");
        *state = sv_of(arena_printf(a, "%.*s%s%.*s", (int)rest.n, rest.p, folds ? " " : "",
                                    (int)next.n, next.p));
        return state->n > 0;
    }
    return false;
}

/* What follows the last dot, which is taken off. */
static struct sv take_last(struct sv *s)
{
    size_t at = s->n, found = s->n;
    for (size_t from = 0; (at = sv_find(*s, from, dot)) < s->n; from = at + 1)
        found = at;
    struct sv last = found < s->n ? sv_slice(*s, found + dot.n, s->n) : (struct sv){0};
    *s = sv_slice(*s, 0, found);
    return last;
}

/* A number of at most six digits. Returns: whether there is one. */
static bool take_number(struct sv *s, int64_t *value)
{
    size_t n = 0;
    int64_t found = 0;
    while (n < s->n && n < 6 && s->p[n] >= '0' && s->p[n] <= '9')
        found = found * 10 + (s->p[n++] - '0');
    *s = sv_slice(*s, n, s->n);
    *value = found;
    return n > 0;
}

/* "attempt 5/10" */
static bool read_attempt(struct sv s, struct agent_screen *out)
{
    if (!sv_starts_with(s, SV("attempt ")))
        return false;
    s = sv_slice(s, 8, s.n);
    if (!take_number(&s, &out->attempt) || !sv_starts_with(s, SV("/")))
        return false;
    s = sv_slice(s, 1, s.n);
    return take_number(&s, &out->of) && s.n == 0;
}

/* "1h 5m", "8s": in seconds. */
static bool read_span(struct sv s, int64_t *seconds)
{
    static const struct {
        char letter;
        int64_t seconds;
    } units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
    int64_t sum = 0;
    size_t before = 0;
    while (s.n) {
        int64_t number;
        size_t unit = before;
        if (!take_number(&s, &number) || s.n == 0)
            return false;
        while (unit < sizeof units / sizeof *units && units[unit].letter != s.p[0])
            unit++;
        if (unit == sizeof units / sizeof *units)
            return false;
        sum += number * units[unit].seconds;
        before = unit + 1;
        s = trimmed(sv_slice(s, 1, s.n));
    }
    *seconds = sum;
    return before > 0;
}

/* "Retrying in 1h (5:55am)", "retrying in 6s"; "retrying, waiting up to 5m" and the like: now. */
static bool read_due(struct sv s, struct arena *a, struct agent_screen *out)
{
    if (s.n < 8 || (s.p[0] != 'R' && s.p[0] != 'r') ||
        !sv_starts_with(sv_slice(s, 1, s.n), SV("etrying")))
        return false;
    s = sv_slice(s, 8, s.n);
    out->due_in_s = 0;
    if (!sv_starts_with(s, SV(" in ")))
        return true;
    s = sv_slice(s, 4, s.n);
    size_t bracket = sv_find(s, 0, SV(" ("));
    struct sv span = sv_slice(s, 0, bracket);
    if (!read_span(span, &out->due_in_s))
        return false;
    out->due = arena_strndup(a, span.p, span.n);
    if (bracket < s.n && sv_ends_with(s, SV(")")))
        out->until = arena_strndup(a, s.p + bracket + 2, s.n - bracket - 3);
    return true;
}

static void read_retry(struct sv state, struct arena *a, struct agent_screen *out)
{
    struct agent_screen retry = *out;
    struct sv attempt = take_last(&state), due = take_last(&state);
    if (!read_attempt(attempt, &retry) || !read_due(due, a, &retry))
        return;
    retry.is_retrying = true;
    retry.why = arena_strndup(a, state.p, state.n);
    *out = retry;
}

/* "1. Yes", and of the one that Enter takes also U+276F before it. */
static bool is_choice(const struct lines *lines, size_t i, bool is_chosen)
{
    BUF_RELEASE struct buf text = {0};
    struct look look = {0};
    add_shown(&text, lines->items[i], &look, true);
    struct sv line = trimmed((struct sv){text.p, text.n});
    bool has_mark = sv_starts_with(line, mark);
    line = trimmed(has_mark ? sv_slice(line, mark.n, line.n) : line);
    return has_mark == is_chosen && line.n > 2 && line.p[0] >= '1' && line.p[0] <= '9' &&
           line.p[1] == '.' && line.p[2] == ' ';
}

static bool any_choice(const struct lines *lines, size_t begin, size_t end, bool is_chosen)
{
    bool any = false;
    for (size_t i = begin; i < end && !any; i++)
        any = is_choice(lines, i, is_chosen);
    return any;
}

/* Of the n lines before: one more than the last that is a rule; 0: none is. */
static size_t below_rule(const struct lines *lines, size_t n)
{
    while (n > 0 && !begins_with(lines, n - 1, rule))
        n--;
    return n;
}

/* Below a rule, where nothing stands that was said. 2.1.110: a permission has one above it, a
 * question another above its last choice. */
static bool offers_choice(const struct lines *lines)
{
    size_t last = below_rule(lines, lines->count);
    if (last == 0)
        return false;
    return any_choice(lines, last, lines->count, true) ||
           (any_choice(lines, last, lines->count, false) &&
            any_choice(lines, below_rule(lines, last - 1), last - 1, true));
}

void claude_screen_read(struct sv screen, struct arena *a, struct agent_screen *out)
{
    struct lines *lines = mem_resize(NULL, sizeof *lines);
    size_t begin, end;
    struct sv state;
    *out = (struct agent_screen){.asks = FACT_UNKNOWN};
    lines->count = 0;
    split(screen, lines);
    if (!find_box(lines, &begin, &end)) {
        if (offers_choice(lines))
            out->asks = FACT_YES;
    } else {
        out->asks = FACT_NO;
        if (find_state(lines, begin, a, &state)) {
            out->line = state.p;
            read_retry(state, a, out);
        }
    }
    free(lines);
}

bool claude_shows_dialog(const char *screen)
{
    static const char *const words[] = {"Esc to cancel",   "Esc to exit",    "Enter to confirm",
                                        "Enter to select", "Do you want to", "Press Escape to"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasestr(screen, words[i]))
            return true;
    return false;
}
