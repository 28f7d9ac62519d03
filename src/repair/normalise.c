#include "repair/normalise.h"

#include "base/arena.h"
#include "conversation/json_stream.h"
#include "jsonl/line_check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 256 * 1024, MARK = 3 };

/* ---- encodings ---------------------------------------------------------------------------- */

static bool may_begin_json(unsigned char c)
{
    return c && strchr("{[ \t\r\n", c);
}

enum normalise_encoding normalise_encoding(struct sv head)
{
    const unsigned char *b = (const unsigned char *)head.p;
    if (head.n < 2)
        return NORMALISE_UTF8;
    if (b[0] == 0xff && b[1] == 0xfe)
        return NORMALISE_UTF16LE;
    if (b[0] == 0xfe && b[1] == 0xff)
        return NORMALISE_UTF16BE;
    if (head.n < 4)
        return NORMALISE_UTF8;
    if (may_begin_json(b[0]) && !b[1] && b[2] && !b[3])
        return NORMALISE_UTF16LE;
    if (!b[0] && may_begin_json(b[1]) && !b[2] && b[3])
        return NORMALISE_UTF16BE;
    return NORMALISE_UTF8;
}

const char *normalise_encoding_word(enum normalise_encoding encoding)
{
    static const char *const words[] = {"utf-8", "utf-16le", "utf-16be"};
    return words[encoding];
}

const char *normalise_packer(struct sv head)
{
    static const struct {
        struct sv magic;
        const char *name;
    } known[] = {
        {SV("\x1f\x8b"), "gzip"}, {SV("\x28\xb5\x2f\xfd"), "zstd"}, {SV("\xfd\x37zX"), "xz"},
        {SV("BZh"), "bzip2"},     {SV("PK\x03\x04"), "zip"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (sv_starts_with(head, known[i].magic))
            return known[i].name;
    return NULL;
}

/* Bytes gathered until there are enough to be written. */
struct output {
    normalise_sink *write;
    void *context;
    char *bytes;
    size_t n;
    bool is_in_line; /* the last byte was no newline */
};

static void output_begin(struct output *o, normalise_sink *write, void *context)
{
    *o = (struct output){.write = write, .context = context, .bytes = mem_resize(NULL, PIECE)};
}

static int output_flush(struct output *o)
{
    int r = o->n ? o->write(o->context, o->bytes, o->n) : 0;
    o->n = 0;
    return r;
}

static int output_add(struct output *o, const char *bytes, size_t n)
{
    if (n == 0)
        return 0;
    int r = o->n + n > PIECE ? output_flush(o) : 0;
    o->is_in_line = bytes[n - 1] != '\n';
    if (r == 0 && n > PIECE)
        return o->write(o->context, bytes, n);
    memcpy(o->bytes + o->n, bytes, n);
    o->n += n;
    return r;
}

static int output_end(struct output *o, int r)
{
    if (r == 0)
        r = output_flush(o);
    free(o->bytes);
    return r;
}

static size_t encode(uint32_t code, char out[static 4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)((0xf00u >> n & 0xff) | code);
    return n;
}

static int put_code(struct output *o, uint32_t code)
{
    char text[4];
    return output_add(o, text, encode(code, text));
}

static uint32_t unit_at(const char *p, enum normalise_encoding encoding)
{
    const unsigned char *b = (const unsigned char *)p;
    return encoding == NORMALISE_UTF16LE ? b[0] | (uint32_t)b[1] << 8 : b[1] | (uint32_t)b[0] << 8;
}

/* high: half a pair that waits for the other, 0: none. */
static int put_unit(struct output *o, uint32_t unit, uint32_t *high)
{
    int r = 0;
    bool is_low = unit >= 0xdc00 && unit <= 0xdfff, is_high = unit >= 0xd800 && unit < 0xdc00;
    if (*high && is_low) {
        r = put_code(o, 0x10000 + ((*high - 0xd800) << 10) + (unit - 0xdc00));
        *high = 0;
        return r;
    }
    if (*high)
        r = put_code(o, *high);
    *high = is_high ? unit : 0;
    return r == 0 && !is_high ? put_code(o, unit) : r;
}

int normalise_recode(const struct record_source *source, enum normalise_encoding encoding,
                     normalise_sink *write, void *context)
{
    struct output o;
    char *bytes = mem_resize(NULL, PIECE);
    int64_t offset = 0, n;
    size_t held = 0;
    uint32_t high = 0;
    bool is_first = true;
    int r = 0;
    output_begin(&o, write, context);
    while (r == 0 && (n = source->read(source->context, bytes + held, PIECE - held, offset)) != 0) {
        size_t i = 0, there = held + (size_t)n;
        if (n < 0) {
            r = (int)n;
            break;
        }
        if (is_first && there >= 2) {
            is_first = false;
            i = unit_at(bytes, encoding) == 0xfeff ? 2 : 0;
        }
        for (; i + 1 < there && r == 0; i += 2)
            r = put_unit(&o, unit_at(bytes + i, encoding), &high);
        offset += n;
        held = there - i;
        bytes[0] = bytes[there - 1]; /* the half unit that is held */
    }
    if (r == 0 && high)
        r = put_code(&o, high);
    if (r == 0 && held)
        r = output_add(&o, bytes, held);
    free(bytes);
    return output_end(&o, r);
}

/* ---- finding ------------------------------------------------------------------------------ */

/* A place of the source, and what of it is in memory. */
struct finder {
    const struct record_source *source;
    struct normalise_found *out;
    struct json_stream *record, *alone;
    char *bytes;
    int64_t at, bytes_from;
    size_t n, piece;
    int error; /* the source's */

    int64_t line_from; /* of the line that at is on */
    int64_t text_from; /* nothing but white space, and an array's punctuation, from there to at */
    bool keeps_spans;
    bool in_array;
    bool doubts; /* behind something broken: what is whole may be the inside of a record */
};

/* The bytes at a place, as many as are at hand; empty at the end, or on an error. */
static struct sv bytes_at(struct finder *f, int64_t at)
{
    if (at < f->bytes_from || at >= f->bytes_from + (int64_t)f->n) {
        int64_t n = f->error ? 0 : f->source->read(f->source->context, f->bytes, f->piece, at);
        f->error = n < 0 ? (int)n : f->error;
        f->bytes_from = at;
        f->n = n > 0 ? (size_t)n : 0;
    }
    size_t skipped = (size_t)(at - f->bytes_from);
    return (struct sv){f->bytes + skipped, f->n - skipped};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Behind blanks, and behind newlines too where that is said. Returns: the byte there; -1: none. */
static int byte_behind_blanks(struct finder *f, int64_t *at, bool skips_lines)
{
    for (;;) {
        struct sv there = bytes_at(f, *at);
        size_t i = 0;
        while (i < there.n && (is_blank(there.p[i]) || (skips_lines && there.p[i] == '\n')))
            i++;
        *at += (int64_t)i;
        if (i < there.n)
            return (unsigned char)there.p[i];
        if (there.n == 0)
            return -1;
    }
}

/* Behind the end of a line. */
static int64_t next_line(struct finder *f, int64_t at)
{
    for (;;) {
        struct sv there = bytes_at(f, at);
        const char *newline = there.n ? memchr(there.p, '\n', there.n) : NULL;
        if (newline)
            return at + (newline - there.p) + 1;
        if (there.n == 0)
            return at;
        at += (int64_t)there.n;
    }
}

/* The line that begins at an offset is a record by itself, and not an empty one. */
static bool is_record_alone(struct finder *f, int64_t line_from)
{
    struct json_stream *s = f->alone;
    json_stream_restart(s, line_from);
    for (struct sv there; !s->is_over && (there = bytes_at(f, s->offset)).n;)
        json_stream_feed(s, there.p, there.n);
    json_stream_end(s);
    return s->is_over && s->shape == JSON_STREAM_RECORD && s->record.to - s->record.from > 2;
}

/* What may be a record, and what its lines say against it. */
struct candidate {
    int64_t from, column;        /* its brace; the indent of the line that it stands on */
    int64_t rival, rival_column; /* a line that is no deeper and begins with a brace; -1: none */
    int64_t again;               /* the line that begins another, as this one broke off; -1: none */
    bool has_lines;              /* more than one */
};

/*
 * Another line of a candidate. Inside of a record a brace stands deeper than the record's own: one
 * that does not, with a deeper line behind it, begins the next record, and so does a line that is
 * one by itself; then the one before broke off. Returns: whether that is so.
 */
static bool is_broken_by(struct finder *f, struct candidate *c, int64_t line_from)
{
    int64_t at = line_from;
    int first = byte_behind_blanks(f, &at, false);
    int64_t column = at - line_from;
    f->line_from = line_from;
    c->has_lines = true;
    if (first < 0 || first == '\n')
        return false;
    if (c->rival >= 0 && column > c->rival_column)
        c->again = c->rival;
    else if (first == '{' && column <= c->column && is_record_alone(f, line_from))
        c->again = line_from;
    c->rival = first == '{' && column <= c->column ? line_from : -1;
    c->rival_column = column;
    return c->again >= 0;
}

/* Reads one. Returns: whether the whole of it is there; f->record says where it ends. */
static bool read_candidate(struct finder *f, struct candidate *c)
{
    struct json_stream *s = f->record;
    json_stream_restart(s, c->from);
    while (!s->is_over) {
        struct sv there = bytes_at(f, s->offset);
        const char *newline = there.n ? memchr(there.p, '\n', there.n) : NULL;
        size_t n = newline ? (size_t)(newline - there.p) + 1 : there.n;
        if (n == 0)
            return false;
        json_stream_feed(s, there.p, n);
        if (newline && !s->is_over && is_broken_by(f, c, s->offset))
            return false;
    }
    return s->shape == JSON_STREAM_RECORD;
}

static void add_span(struct finder *f, int64_t from, int64_t to,
                     const struct json_stream_span *record)
{
    struct normalise_found *out = f->out;
    if (!f->keeps_spans)
        return;
    *MEM_PUSH(out->spans, out->count, out->capacity) =
        (struct normalise_span){from, to, record ? record->from : to, record ? record->to : to};
}

/* Goes on behind what is no record. */
static void pass_over(struct finder *f, int64_t line_from)
{
    f->at = f->line_from = f->text_from = line_from;
    f->doubts = true;
}

/* One broke off: another line says so, or the byte that cannot be, with which another may begin. */
static void give_up(struct finder *f, const struct candidate *c)
{
    int64_t at = f->line_from;
    if (c->again >= 0)
        pass_over(f, c->again);
    else if (c->has_lines && byte_behind_blanks(f, &at, false) == '{' &&
             at == f->record->offset - 1)
        pass_over(f, f->line_from);
    else
        pass_over(f, next_line(f, at));
}

/* Behind a whole record: blanks, and in an array a comma. */
static int64_t end_of_punctuation(struct finder *f, int64_t at, bool *ends_line)
{
    int c = byte_behind_blanks(f, &at, false);
    if (c == ',' && f->in_array) {
        at++;
        c = byte_behind_blanks(f, &at, false);
    }
    *ends_line = c == '\n' || c < 0;
    return at + (c == '\n');
}

static void take_record(struct finder *f, const struct candidate *c)
{
    const struct json_stream_span *record = &f->record->record;
    bool ends_line;
    int64_t to = end_of_punctuation(f, record->to, &ends_line);
    f->doubts = false;
    f->out->whole++;
    f->out->of_session += json_stream_is_of_session(f->record);
    if (c->has_lines || f->in_array) {
        f->out->joined++;
        add_span(f, f->text_from, to, record);
    }
    f->at = f->text_from = to;
    if (ends_line)
        f->line_from = to;
}

static struct candidate candidate_at(struct finder *f, int64_t from)
{
    int64_t text = f->line_from;
    byte_behind_blanks(f, &text, false);
    return (struct candidate){from, text - f->line_from, .rival = -1, .again = -1};
}

static void take_brace(struct finder *f)
{
    struct candidate c = candidate_at(f, f->at);
    if (!read_candidate(f, &c))
        give_up(f, &c);
    else if (f->doubts && !json_stream_is_of_session(f->record))
        pass_over(f, next_line(f, f->record->record.to));
    else
        take_record(f, &c);
}

/* An array begins at the first byte that counts, and its first item is a session's record. */
static void enter_array(struct finder *f)
{
    int64_t at = f->at, line_from = f->line_from;
    if (byte_behind_blanks(f, &at, true) != '[')
        return;
    int64_t behind = ++at;
    if (byte_behind_blanks(f, &at, true) != '{')
        return;
    struct candidate c = candidate_at(f, at);
    if (read_candidate(f, &c) && json_stream_is_of_session(f->record)) {
        f->in_array = f->out->is_array = true;
        f->at = behind;
    }
    f->line_from = line_from;
}

static void leave_array(struct finder *f)
{
    int64_t at = f->at + 1;
    int c = byte_behind_blanks(f, &at, false);
    f->in_array = false;
    add_span(f, f->text_from, at + (c == '\n'), NULL);
    f->at = f->text_from = f->line_from = at + (c == '\n');
}

static void take_byte(struct finder *f, int c)
{
    if (c == '{')
        take_brace(f);
    else if (c == '\n') {
        f->line_from = ++f->at;
        f->text_from = f->in_array && !f->doubts ? f->text_from : f->at;
    } else if (f->in_array && c == ',' && !f->doubts)
        f->at++;
    else if (f->in_array && c == ']' && !f->doubts)
        leave_array(f);
    else
        pass_over(f, next_line(f, f->at));
}

/* A byte order mark goes, where something is joined. */
static void pass_mark(struct finder *f)
{
    static const char mark[] = "\xef\xbb\xbf";
    for (int64_t i = 0; i < MARK; i++) {
        struct sv there = bytes_at(f, i);
        if (f->at > 0 || there.n == 0 || *there.p != mark[i])
            return;
    }
    f->at = f->line_from = f->text_from = MARK;
    add_span(f, 0, MARK, NULL);
}

static void find(struct finder *f)
{
    pass_mark(f);
    enter_array(f);
    for (int c; (c = byte_behind_blanks(f, &f->at, false)) >= 0;)
        take_byte(f, c);
    if (f->out->joined == 0) /* what is in order stays as it is */
        f->out->count = 0;
}

int normalise_find(const struct record_source *source, int64_t from, bool keeps_spans,
                   struct normalise_found *out)
{
    struct normalise_found found = {0};
    size_t piece = source->size_bytes < PIECE ? (size_t)source->size_bytes + 1 : PIECE;
    struct finder f = {
        .source = source,
        .out = &found,
        .record = mem_resize(NULL, sizeof *f.record),
        .alone = mem_resize(NULL, sizeof *f.alone),
        .bytes = mem_resize(NULL, piece),
        .piece = piece,
        .at = from,
        .line_from = from,
        .text_from = from,
        .keeps_spans = keeps_spans,
    };
    json_stream_begin(f.record, from);
    json_stream_begin(f.alone, from);
    f.record->spans_lines = true;
    find(&f);
    json_stream_release(f.record);
    json_stream_release(f.alone);
    free(f.record);
    free(f.alone);
    free(f.bytes);
    if (f.error < 0) {
        normalise_release(&found);
        return f.error;
    }
    *out = found;
    return 0;
}

void normalise_release(struct normalise_found *found)
{
    free(found->spans);
    *found = (struct normalise_found){0};
}

/* ---- writing ------------------------------------------------------------------------------ */

enum keeping { KEEP_ALL, KEEP_TOKENS, KEEP_NOTHING };

/* Where in a record the next byte stands. */
struct place {
    bool in_string, is_escaped;
};

/* Adds all but the white space between the tokens of a record. */
static int add_tokens(struct output *o, struct place *p, const char *bytes, size_t n)
{
    size_t done = 0;
    int r = 0;
    for (size_t i = 0; i < n && r == 0; i++) {
        char c = bytes[i];
        if (p->in_string) {
            p->in_string = c != '"' || p->is_escaped;
            p->is_escaped = c == '\\' && !p->is_escaped;
        } else if (c == '"') {
            p->in_string = true;
        } else if (is_blank(c) || c == '\n') {
            r = output_add(o, bytes + done, i - done);
            done = i + 1;
        }
    }
    return r == 0 ? output_add(o, bytes + done, n - done) : r;
}

/* Every byte is read, once and in order, also of what goes away: its digest may be wanted. */
static int copy(const struct record_source *source, struct output *o, int64_t from, int64_t to,
                enum keeping keeping, char *bytes)
{
    struct place p = {0};
    int r = 0;
    while (from < to && r == 0) {
        int64_t wanted = to - from < PIECE ? to - from : PIECE;
        int64_t n = source->read(source->context, bytes, (size_t)wanted, from);
        if (n <= 0)
            return n < 0 ? (int)n : -EIO; /* it was there a moment ago */
        r = keeping == KEEP_ALL      ? output_add(o, bytes, (size_t)n)
            : keeping == KEEP_TOKENS ? add_tokens(o, &p, bytes, (size_t)n)
                                     : 0;
        from += n;
    }
    return r;
}

static int write_span(const struct record_source *source, struct output *o,
                      const struct normalise_span *span, char *bytes)
{
    bool has_record = span->record_from < span->record_to;
    int r = copy(source, o, span->from, span->record_from, KEEP_NOTHING, bytes);
    if (r == 0 && has_record && o->is_in_line)
        r = output_add(o, "\n", 1);
    if (r == 0)
        r = copy(source, o, span->record_from, span->record_to, KEEP_TOKENS, bytes);
    if (r == 0 && has_record)
        r = output_add(o, "\n", 1);
    return r == 0 ? copy(source, o, span->record_to, span->to, KEEP_NOTHING, bytes) : r;
}

int normalise_write(const struct record_source *source, const struct normalise_found *found,
                    normalise_sink *write, void *context)
{
    struct output o;
    char *bytes = mem_resize(NULL, PIECE);
    int64_t at = 0;
    int r = 0;
    output_begin(&o, write, context);
    for (size_t i = 0; i < found->count && r == 0; i++) {
        r = copy(source, &o, at, found->spans[i].from, KEEP_ALL, bytes);
        if (r == 0)
            r = write_span(source, &o, &found->spans[i], bytes);
        at = found->spans[i].to;
    }
    if (r == 0)
        r = copy(source, &o, at, source->size_bytes, KEEP_ALL, bytes);
    free(bytes);
    return output_end(&o, r);
}
