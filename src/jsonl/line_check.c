#include "jsonl/line_check.h"

#include "base/arena.h"
#include "jsonl/json_number.h"

#include <stdint.h>
#include <string.h>

/*
 * Deeper nesting than this counts as broken. Ten thousand levels were tried
 * on the client; a bit a level makes this 8 kB on the stack.
 */
enum { DEPTH_MAX = 65536 };

enum outcome {
    COMPLETE, /* `at` is behind the closing brace */
    CUT,      /* correct up to the end of the line, `at` */
    BROKEN,   /* `at` can not stand there */
};

enum expect { A_VALUE, A_VALUE_OR_END, A_KEY, A_KEY_OR_END, A_COLON, A_COMMA_OR_END };

struct reading {
    struct sv line;
    size_t at;
    size_t keep;          /* a cut record makes sense up to here, once its brackets are closed */
    bool keeps_open_text; /* ... and a quote */
    bool takes_raw;       /* control characters within texts */
    size_t depth;
    unsigned char is_object[DEPTH_MAX / 8]; /* by depth; bits above `depth` mean nothing */
};

static bool inside_object(const struct reading *r)
{
    size_t level = r->depth - 1;
    return r->is_object[level / 8] >> level % 8 & 1;
}

static bool open_bracket(struct reading *r, bool object)
{
    if (r->depth == DEPTH_MAX)
        return false;
    size_t level = r->depth++;
    unsigned bit = 1u << level % 8;
    unsigned bits = r->is_object[level / 8];
    r->is_object[level / 8] = (unsigned char)(object ? bits | bit : bits & ~bit);
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* r->at stands behind the opening quote; leaves it behind the closing one. *whole: how far the
 * text is not in the middle of an escape. */
static enum outcome read_text(struct reading *r, size_t *whole)
{
    const char *p = r->line.p;
    size_t n = r->line.n;
    size_t i = r->at;
    enum outcome outcome = CUT;
    for (; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        if (c == '"') {
            outcome = COMPLETE;
            i++;
            break;
        }
        if (c < 0x20 && c && r->takes_raw)
            continue;
        if (c < 0x20) {
            outcome = BROKEN;
            break;
        }
        *whole = i++; /* an escape */
        if (i == n)
            break;
        size_t more = p[i] == 'u' ? 4 : 0;
        if (!more && !memchr("\"\\/bfnrt", p[i], 8)) {
            outcome = BROKEN;
            break;
        }
        while (more && i + 1 < n && is_hex(p[i + 1])) {
            i++;
            more--;
        }
        if (more) {
            i++;
            outcome = i < n ? BROKEN : CUT;
            break;
        }
        *whole = SIZE_MAX;
    }
    if (*whole == SIZE_MAX)
        *whole = i;
    r->at = i;
    return outcome;
}

static enum outcome read_word(struct reading *r, const char *word)
{
    for (; *word; word++, r->at++) {
        if (r->at == r->line.n)
            return CUT;
        if (r->line.p[r->at] != *word)
            return BROKEN;
    }
    return COMPLETE;
}

static enum outcome read_number(struct reading *r)
{
    enum json_number so_far = JSON_NUMBER_NONE, next;
    while (r->at < r->line.n && (next = json_number_next(so_far, r->line.p[r->at]))) {
        so_far = next;
        r->at++;
    }
    if (r->at == r->line.n)
        return CUT;
    return json_number_is_whole(so_far) ? COMPLETE : BROKEN;
}

static enum outcome read_scalar(struct reading *r, char c)
{
    switch (c) {
    case 't':
        return read_word(r, "true");
    case 'f':
        return read_word(r, "false");
    case 'n':
        return read_word(r, "null");
    default:
        return read_number(r);
    }
}

/* Reads a key or a value that begins with c, and says what is to follow. Of a bracket only itself
 * is read. */
static enum outcome read_token(struct reading *r, char c, enum expect *expect)
{
    bool is_key = *expect == A_KEY || *expect == A_KEY_OR_END;
    enum outcome outcome;
    if (c == '"') {
        size_t whole = SIZE_MAX;
        r->at++;
        outcome = read_text(r, &whole);
        if (outcome == CUT && !is_key) {
            r->keep = whole;
            r->keeps_open_text = true;
        }
    } else if (is_key) {
        outcome = BROKEN;
    } else if (c == '{' || c == '[') {
        if (!open_bracket(r, c == '{'))
            return BROKEN;
        r->keep = ++r->at;
        *expect = c == '{' ? A_KEY_OR_END : A_VALUE_OR_END;
        return COMPLETE;
    } else {
        outcome = read_scalar(r, c);
    }
    if (outcome != COMPLETE)
        return outcome;
    *expect = is_key ? A_COLON : A_COMMA_OR_END;
    if (!is_key)
        r->keep = r->at;
    return COMPLETE;
}

static bool may_end(enum expect expect)
{
    return expect == A_KEY_OR_END || expect == A_VALUE_OR_END || expect == A_COMMA_OR_END;
}

/* Reads the object that begins at r->at. */
static enum outcome read_object(struct reading *r)
{
    const char *p = r->line.p;
    enum expect expect = A_KEY_OR_END;
    enum outcome outcome = COMPLETE;

    r->depth = 0;
    open_bracket(r, true);
    r->keep = ++r->at;
    r->keeps_open_text = false;

    while (r->depth && outcome == COMPLETE) {
        while (r->at < r->line.n && is_space(p[r->at]))
            r->at++;
        if (r->at == r->line.n)
            return CUT;
        char c = p[r->at];
        if (may_end(expect) && c == (inside_object(r) ? '}' : ']')) {
            r->depth--;
            r->keep = ++r->at;
            expect = A_COMMA_OR_END;
        } else if (expect == A_COMMA_OR_END || expect == A_COLON) {
            if (c != (expect == A_COLON ? ':' : ','))
                return BROKEN;
            r->at++;
            expect = expect == A_COMMA_OR_END && inside_object(r) ? A_KEY : A_VALUE;
        } else {
            outcome = read_token(r, c, &expect);
        }
    }
    return outcome;
}

static void add_piece(struct line_check *out, struct sv line, enum line_check_piece_kind kind,
                      size_t from, size_t to)
{
    struct line_check_piece *last = out->piece_count ? &out->pieces[out->piece_count - 1] : NULL;
    if (last && kind == LINE_CHECK_NOISE &&
        (last->kind == LINE_CHECK_NOISE || last->kind == LINE_CHECK_STUB)) {
        last->to = to;
        return;
    }
    if (out->piece_count == LINE_CHECK_PIECES_MAX) {
        out->record_count -= last->kind == LINE_CHECK_RECORD;
        last->kind = LINE_CHECK_NOISE;
        last->to = line.n;
        out->has_more = true;
        return;
    }
    out->pieces[out->piece_count++] = (struct line_check_piece){kind, from, to};
    out->record_count += kind == LINE_CHECK_RECORD;
}

/* Where the next record, or NUL, may begin at or after `from`. */
static size_t next_start(struct sv line, size_t from)
{
    size_t object = sv_find(line, from, SV("{\""));
    const char *nul = from < object ? memchr(line.p + from, '\0', object - from) : NULL;
    return nul ? (size_t)(nul - line.p) : object;
}

/*
 * What broke at `at`, having begun at `from`, was perhaps cut off there and
 * another record written behind it. That record's brace is the byte that
 * broke, or, when the cut lies inside a text, stands before its first quote:
 * `{"type":"pr-link","prNu` + `{"parentUuid":` breaks at the p of parentUuid.
 */
static size_t glued_start(struct sv line, size_t from, size_t at)
{
    if (at >= from + 3 && line.p[at - 1] == '"' && line.p[at - 2] == '{')
        return at - 2;
    return next_start(line, at);
}

/* Something that a record may have behind it. */
static bool ends_cleanly(struct sv line, size_t at)
{
    while (at < line.n && is_space(line.p[at]))
        at++;
    return at == line.n || line.p[at] == '{' || line.p[at] == '\0';
}

static void set_break(struct line_check *out, struct sv line, size_t at)
{
    if (out->breaks_at == line.n)
        out->breaks_at = at;
}

/* What broke at a control character, read once more. One failure in a line is enough: it may have
 * gone to its end. Returns: whether it is a record, which ends at r->at. */
static bool is_raw(struct sv line, size_t from, struct reading *r, bool *tries_raw)
{
    unsigned char c = r->at < line.n ? (unsigned char)line.p[r->at] : 0;
    if (!*tries_raw || !c || c >= 0x20)
        return false;
    size_t broke_at = r->at;
    r->at = from;
    r->takes_raw = true;
    *tries_raw = read_object(r) == COMPLETE && ends_cleanly(line, r->at);
    r->takes_raw = false;
    if (!*tries_raw)
        r->at = broke_at;
    return *tries_raw;
}

/* Cuts off one piece at `from`. Returns: where the next may begin. */
static size_t take_piece(struct sv line, size_t from, struct sv record_start, struct reading *r,
                         bool *tries_raw, struct line_check *out)
{
    if (line.p[from] == '\0') {
        size_t to = from;
        while (to < line.n && line.p[to] == '\0')
            to++;
        add_piece(out, line, LINE_CHECK_NUL, from, to);
        return to;
    }
    if (line.p[from] != '{') {
        size_t to = next_start(line, from);
        set_break(out, line, from);
        add_piece(out, line, LINE_CHECK_NOISE, from, to);
        return to;
    }

    r->at = from;
    size_t to;
    switch (read_object(r)) {
    case COMPLETE:
        /* Inside noise, an object with more behind it is a part of something larger. */
        to = r->at;
        if (out->breaks_at < line.n && !ends_cleanly(line, to))
            add_piece(out, line, LINE_CHECK_NOISE, from, to);
        else
            add_piece(out, line, LINE_CHECK_RECORD, from, to);
        return to;
    case BROKEN:
        set_break(out, line, r->at);
        if (is_raw(line, from, r, tries_raw)) {
            add_piece(out, line, LINE_CHECK_RAW, from, r->at);
            return r->at;
        }
        to = glued_start(line, from, r->at);
        add_piece(out, line, LINE_CHECK_STUB, from, to);
        return to;
    case CUT:
        break;
    }
    /* Cut off; unless what looks like an object inside is a record behind a stub. */
    to = record_start.n ? sv_find(line, from + 1, record_start) : line.n;
    if (to < line.n) {
        r->at = to;
        if (read_object(r) != COMPLETE || !ends_cleanly(line, r->at))
            to = line.n;
        else
            set_break(out, line, to);
    }
    add_piece(out, line, LINE_CHECK_STUB, from, to);
    return to;
}

static enum line_check_kind kind_of(const struct line_check *s)
{
    size_t nuls = 0;
    const struct line_check_piece *first = NULL; /* that is not NULs */
    for (size_t i = 0; i < s->piece_count; i++) {
        if (s->pieces[i].kind == LINE_CHECK_NUL)
            nuls++;
        else if (!first)
            first = &s->pieces[i];
    }
    if (!s->piece_count)
        return LINE_CHECK_BLANK;
    if (!first)
        return LINE_CHECK_NULS;
    if (s->record_count == 1 && s->piece_count == 1 + nuls)
        return nuls ? LINE_CHECK_NUL_PADDED : LINE_CHECK_WHOLE;
    if (s->record_count)
        return LINE_CHECK_GLUED;
    return first->kind == LINE_CHECK_STUB ? LINE_CHECK_TORN : LINE_CHECK_GARBAGE;
}

static void check_line(struct sv line, struct sv record_start, bool *tries_raw,
                       struct line_check *out)
{
    struct reading r;
    r.line = line;
    r.takes_raw = false;
    *out = (struct line_check){.breaks_at = line.n};

    size_t at = sv_starts_with(line, SV(LINE_CHECK_MARK)) ? 3 : 0;
    while (at < line.n && !out->has_more) {
        if (is_space(line.p[at]))
            at++;
        else
            at = take_piece(line, at, record_start, &r, tries_raw, out);
    }
    out->kind = kind_of(out);
}

void line_check_line(struct sv line, struct sv record_start, struct line_check *out)
{
    bool tries_raw = true;
    check_line(line, record_start, &tries_raw, out);
}

void line_check_pieces(struct sv line, struct sv record_start, struct line_check_piece **pieces,
                       size_t *count)
{
    struct line_check scan = {.has_more = true};
    struct line_check_piece *all = NULL;
    size_t n = 0, from = 0;
    bool tries_raw = true;
    while (scan.has_more) {
        check_line(sv_slice(line, from, line.n), record_start, &tries_raw, &scan);
        size_t taken = scan.piece_count - scan.has_more; /* the last one is looked at again */
        all = mem_resize(all, (n + taken + 1) * sizeof *all);
        for (size_t i = 0; i < taken; i++)
            all[n++] = (struct line_check_piece){scan.pieces[i].kind, from + scan.pieces[i].from,
                                                 from + scan.pieces[i].to};
        if (scan.has_more)
            from += scan.pieces[taken].from;
    }
    *pieces = all;
    *count = n;
}

bool line_check_is_open(struct sv stub)
{
    char last = '\0';
    bool in_string = false, in_array[64] = {false};
    size_t depth = 0;
    for (size_t i = 0; i < stub.n; i++) {
        char c = stub.p[i];
        if (in_string) {
            i += c == '\\';
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth >= sizeof in_array)
                return false;
            in_array[depth] = c == '[';
        } else if ((c == '}' || c == ']') && depth) {
            depth--;
        }
        last = c == ' ' || c == '\t' || c == '\r' || c == '\n' ? last : c;
    }
    return !in_string && (last == ':' || last == '[' || (last == ',' && in_array[depth]));
}

bool line_check_is_null(struct sv line)
{
    while (line.n && is_space(line.p[0]))
        line = sv_slice(line, 1, line.n);
    while (line.n && is_space(line.p[line.n - 1]))
        line.n--;
    return sv_equals(line, SV("null"));
}

void line_check_escape(struct sv raw, struct buf *out)
{
    bool in_text = false;
    for (size_t i = 0; i < raw.n; i++) {
        unsigned char c = (unsigned char)raw.p[i];
        if (in_text && c < 0x20) {
            buf_addf(out, "\\u%04x", c);
            continue;
        }
        if (c == '"')
            in_text = !in_text;
        buf_add(out, &raw.p[i], 1);
        if (in_text && c == '\\' && i + 1 < raw.n)
            buf_add(out, &raw.p[++i], 1);
    }
}

bool line_check_complete(struct sv cut, struct buf *out)
{
    struct reading r;
    r.line = cut;
    r.takes_raw = false;
    r.at = 0;
    while (r.at < cut.n && is_space(cut.p[r.at]))
        r.at++;
    if (r.at == cut.n || cut.p[r.at] != '{')
        return false;
    read_object(&r);
    buf_add(out, cut.p, r.keep);
    if (r.keeps_open_text)
        buf_adds(out, "\"");
    for (; r.depth; r.depth--)
        buf_adds(out, inside_object(&r) ? "}" : "]");
    return true;
}

/* Where the text that ends with the quote at `closing` begins, its quote included; SIZE_MAX: before
 * these bytes. A quote behind an odd number of backslashes belongs to the text. */
static size_t text_start(struct sv s, size_t closing)
{
    for (size_t i = closing; i-- > 0;) {
        if (s.p[i] != '"')
            continue;
        size_t run = i;
        while (run && s.p[run - 1] == '\\')
            run--;
        if ((i - run) % 2 == 0)
            return run ? i : SIZE_MAX; /* at 0 the backslashes may begin further back */
        i = run;
        if (!i)
            break;
    }
    return SIZE_MAX;
}

size_t line_check_last_members(struct sv tail)
{
    size_t i = tail.n;
    while (i && is_space(tail.p[i - 1]))
        i--;
    if (!i || tail.p[i - 1] != '}')
        return tail.n;
    i--;

    /* Backwards from the closing brace no byte is of two minds: outside texts there are no
     * backslashes, and the first quote met closes a text. */
    size_t from = tail.n;
    size_t depth = 1;
    while (i-- > 0) {
        switch (tail.p[i]) {
        case '"':
            if ((i = text_start(tail, i)) == SIZE_MAX)
                return from;
            break;
        case '}':
        case ']':
            depth++;
            break;
        case '{':
        case '[':
            if (--depth == 0)
                return i + 1;
            break;
        case ',':
            if (depth == 1)
                from = i + 1;
            break;
        default:
            break;
        }
    }
    return from;
}
