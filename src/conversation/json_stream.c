#include "conversation/json_stream.h"

#include "base/arena.h"
#include "conversation/json_stream_fields.h"
#include "jsonl/string_span.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 65536 };

enum state {
    AT_START, /* before the record */
    AT_VALUE,
    AT_VALUE_OR_END,
    AT_KEY,
    AT_KEY_OR_END,
    AT_COLON,
    AT_COMMA_OR_END,
    IN_STRING,
    IN_ESCAPE,
    IN_HEX,
    IN_UTF8,
    IN_WORD,
    IN_NUMBER,
    AT_END,  /* behind the record */
    IN_RUIN, /* until the line ends */
};

/* ---- the record so far -------------------------------------------------------------------- */

static void start_line(struct json_stream *s)
{
    s->is_over = s->has_newline = s->ends_in_return = false;
    s->line = s->record = (struct json_stream_span){s->offset, s->offset};
    for (size_t i = 0; i < JSON_STREAM_MEMBERS; i++) {
        s->members[i].kind = JSON_STREAM_ABSENT;
        s->members[i].n = 0;
    }
    s->text = (struct json_stream_span){0};
    s->block_count = s->top_count = s->bad_text_count = 0;
    s->preserved_count = 0;
    s->has_more_blocks = s->is_blank = false;
    s->state = AT_START;
    s->mark_at = 0;
    s->is_null_block = false;
    s->depth = 0;
    s->high_from = -1;
    s->element_count[0] = s->element_count[1] = 0;
}

void json_stream_begin(struct json_stream *s, int64_t offset)
{
    memset(s, 0, offsetof(struct json_stream, is_object));
    s->offset = offset;
    start_line(s);
}

void json_stream_restart(struct json_stream *s, int64_t offset)
{
    s->offset = offset;
    start_line(s);
}

void json_stream_release(struct json_stream *s)
{
    free(s->blocks);
    free(s->bad_text);
    free(s->preserved);
    s->preserved = NULL;
    s->preserved_capacity = 0;
    s->blocks = NULL;
    s->bad_text = NULL;
    s->block_capacity = s->bad_text_capacity = 0;
}

void json_stream_next(struct json_stream *s)
{
    start_line(s);
}

struct sv json_stream_text(const struct json_stream *s, enum json_stream_member m)
{
    const struct json_stream_value *v = &s->members[m];
    return (struct sv){v->text, v->kind == JSON_STREAM_STRING ? v->n : 0};
}

bool json_stream_is(const struct json_stream *s, enum json_stream_member m, const char *text)
{
    return s->members[m].kind == JSON_STREAM_STRING &&
           sv_equals(json_stream_text(s, m), sv_of(text));
}

bool json_stream_is_of_session(const struct json_stream *s)
{
    static const enum json_stream_member places[] = {JSON_STREAM_UUID, JSON_STREAM_SESSION_ID,
                                                     JSON_STREAM_LEAF, JSON_STREAM_SNAPSHOT,
                                                     JSON_STREAM_TIMESTAMP};
    bool has_place = false;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        has_place = has_place || s->members[places[i]].kind != JSON_STREAM_ABSENT;
    return has_place && s->members[JSON_STREAM_TYPE].kind == JSON_STREAM_STRING;
}

static bool inside_object(const struct json_stream *s)
{
    size_t level = s->depth - 1;
    return s->is_object[level / 8] >> level % 8 & 1;
}

/* ---- values ------------------------------------------------------------------------------- */

static void end_value(struct json_stream *s, int64_t at)
{
    json_stream_fields_end_value(s, at);
    s->state = AT_COMMA_OR_END;
}

static void open_bracket(struct json_stream *s, bool is_object, int64_t at)
{
    if (s->depth == DEPTH_MAX) {
        s->state = IN_RUIN;
        return;
    }
    size_t level = s->depth;
    unsigned bit = 1u << level % 8, bits = s->is_object[level / 8];
    s->is_object[level / 8] = (unsigned char)(is_object ? bits | bit : bits & ~bit);
    json_stream_fields_open(s, is_object, at);
    s->state = is_object ? AT_KEY_OR_END : AT_VALUE_OR_END;
}

static void close_bracket(struct json_stream *s, int64_t at)
{
    json_stream_fields_close(s, at + 1);
    s->state = AT_COMMA_OR_END;
    if (s->depth == 0) {
        s->record.to = at + 1;
        s->state = AT_END;
    }
}

/* ---- strings ------------------------------------------------------------------------------ */

static void add_bad_text(struct json_stream *s, int64_t from, int64_t length, bool is_escape)
{
    if (!json_stream_fields_is_sent(s))
        return;
    if (s->keeps_bad_text)
        *MEM_PUSH(s->bad_text, s->bad_text_count, s->bad_text_capacity) =
            (struct json_stream_bad_text){from, (unsigned char)length, is_escape};
    else
        s->bad_text_count++;
}

/* A half that no other half followed. */
static void settle_pair(struct json_stream *s)
{
    if (s->high_from >= 0)
        add_bad_text(s, s->high_from, 6, true);
    s->high_from = -1;
}

static void enter_string(struct json_stream *s, bool is_key, enum json_stream_fields_use use,
                         int64_t at)
{
    s->is_key = is_key;
    s->use = (unsigned char)use;
    s->passes = use == JSON_STREAM_FIELDS_PASS;
    s->small_length = s->head_length = 0;
    s->string_from = at;
    s->state = IN_STRING;
}

static void begin_key(struct json_stream *s, int64_t at)
{
    enter_string(s, true, json_stream_fields_begin_key(s, at), at);
}

static void begin_string(struct json_stream *s, int64_t at)
{
    enter_string(s, false, json_stream_fields_begin_string(s, at), at);
}

/* at: of the closing quote. */
static void end_string(struct json_stream *s, struct sv small, int64_t at)
{
    settle_pair(s);
    small.n = small.n < JSON_STREAM_TEXT_MAX ? small.n : JSON_STREAM_TEXT_MAX;
    if (!s->is_key) {
        json_stream_fields_end_string(s, small, at);
        s->state = AT_COMMA_OR_END;
        return;
    }
    s->key_span.to = at + 1;
    if (s->use == JSON_STREAM_FIELDS_KEY)
        json_stream_fields_end_key(s, small);
    s->state = AT_COLON;
}

static inline bool is_space(char c)
{
    return (unsigned char)c <= ' ' && (c == ' ' || c == '\t' || c == '\r' || c == '\n');
}

/* Appends what there is room for. Returns: how much there is then. */
static size_t fill(char *room, size_t size, size_t filled, const char *bytes, size_t n)
{
    size_t taken = n < size - filled ? n : size - filled;
    memcpy(room + filled, bytes, taken);
    return filled + taken;
}

static void keep(struct json_stream *s, const char *bytes, size_t n)
{
    if (s->passes)
        return;
    if (s->use == JSON_STREAM_FIELDS_TEXT) {
        for (size_t i = 0; i < n && !s->passes; i++)
            s->passes = !is_space(bytes[i]);
        if (s->passes)
            json_stream_fields_fill_text(s);
    } else if (s->use == JSON_STREAM_FIELDS_PICTURE) {
        s->head_length = fill(s->head, sizeof s->head, s->head_length, bytes, n);
        s->passes = s->head_length == sizeof s->head;
    } else {
        s->small_length = fill(s->small, sizeof s->small, s->small_length, bytes, n);
    }
}

/* ---- characters --------------------------------------------------------------------------- */

/* Takes the first byte of a character beyond ASCII. */
static void begin_utf8(struct json_stream *s, unsigned char c, int64_t at)
{
    s->escape_from = at;
    s->utf8_low = 0x80;
    s->utf8_high = 0xbf;
    s->utf8_length = 1;
    if (c >= 0xc2 && c <= 0xdf) {
        s->utf8_left = 1;
    } else if (c >= 0xe0 && c <= 0xef) {
        s->utf8_left = 2;
        s->utf8_low = c == 0xe0 ? 0xa0 : 0x80;
        s->utf8_high = c == 0xed ? 0x9f : 0xbf;
    } else if (c >= 0xf0 && c <= 0xf4) {
        s->utf8_left = 3;
        s->utf8_low = c == 0xf0 ? 0x90 : 0x80;
        s->utf8_high = c == 0xf4 ? 0x8f : 0xbf;
    } else {
        add_bad_text(s, at, 1, false);
        return;
    }
    s->state = IN_UTF8;
}

/* Returns: false when the byte is no part of the character; it is then still to be read. */
static bool go_on_utf8(struct json_stream *s, unsigned char c)
{
    bool fits = c >= s->utf8_low && c <= s->utf8_high;
    if (fits) {
        s->utf8_length++;
        s->utf8_low = 0x80;
        s->utf8_high = 0xbf;
        if (--s->utf8_left == 0)
            s->state = IN_STRING;
        return true;
    }
    add_bad_text(s, s->escape_from, s->utf8_length, false);
    s->state = IN_STRING;
    return false;
}

/* What is compared or looked at for white space is kept as it reads; of half a pair, three bytes.
 */
static bool keeps_escapes(const struct json_stream *s)
{
    return s->use == JSON_STREAM_FIELDS_PICTURE;
}

static void keep_code(struct json_stream *s, uint32_t code)
{
    char bytes[3] = {(char)code};
    size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : 3;
    if (n == 2)
        bytes[0] = (char)(0xc0 | code >> 6);
    if (n == 3)
        bytes[0] = (char)(0xe0 | code >> 12);
    for (size_t i = 1; i < n; i++)
        bytes[i] = (char)(0x80 | (code >> 6 * (n - 1 - i) & 0x3f));
    keep(s, bytes, n);
}

static void end_escape(struct json_stream *s)
{
    uint32_t code = s->hex;
    s->state = IN_STRING;
    if (!keeps_escapes(s))
        keep_code(s, code);
    bool is_low = code >= 0xdc00 && code <= 0xdfff;
    if (is_low && s->high_from >= 0) {
        s->high_from = -1;
        return;
    }
    settle_pair(s);
    if (code >= 0xd800 && code <= 0xdbff)
        s->high_from = s->escape_from;
    else if (is_low || code == 0)
        add_bad_text(s, s->escape_from, 6, true);
}

static void take_escape(struct json_stream *s, char c)
{
    if (c == 'u') {
        s->hex = 0;
        s->hex_left = 4;
        s->state = IN_HEX;
        if (keeps_escapes(s))
            keep(s, "\\u", 2);
        return;
    }
    if (!string_span_is_escape(c)) {
        s->state = IN_RUIN;
        return;
    }
    settle_pair(s);
    static const char names[] = "bfnrt", codes[] = "\b\f\n\r\t";
    const char *name = strchr(names, c);
    char pair[2] = {'\\', c};
    if (!keeps_escapes(s))
        keep(s, name ? &codes[name - names] : &c, 1);
    else
        keep(s, pair, sizeof pair);
    s->state = IN_STRING;
}

static void take_hex(struct json_stream *s, char c)
{
    int digit = string_span_hex_digit(c);
    if (digit < 0) {
        s->state = IN_RUIN;
        return;
    }
    if (keeps_escapes(s))
        keep(s, &c, 1);
    s->hex = s->hex << 4 | (uint32_t)digit;
    if (--s->hex_left == 0)
        end_escape(s);
}

/* What mostly stands behind a string: `:"`, `:`, or `,"`. Returns: what is left. */
static inline const char *take_usual(struct json_stream *s, const char *p, const char *end,
                                     int64_t at)
{
    if (end - p < 2 || *p != (s->is_key ? ':' : ','))
        return p;
    if (s->is_key && p[1] != '"') {
        s->state = AT_VALUE;
        return p + 1;
    }
    if (p[1] != '"' || (!s->is_key && !inside_object(s)))
        return p;
    if (s->is_key)
        begin_string(s, at + 1);
    else
        begin_key(s, at + 1);
    return p + 2;
}

/* Takes what a string goes on with. Returns: what is left. */
static const char *take_string(struct json_stream *s, const char *p, const char *end, int64_t at)
{
    const char *stop =
        s->passes && s->high_from < 0 ? string_span_end_sound(p, end) : string_span_end(p, end);
    size_t n = (size_t)(stop - p);
    bool is_all = stop < end && *stop == '"' && s->small_length == 0;
    if (n) {
        settle_pair(s);
        if (!is_all || s->use >= JSON_STREAM_FIELDS_TEXT)
            keep(s, p, n);
    }
    if (stop == end)
        return end;
    at += (int64_t)n;
    if (*stop == '"') {
        end_string(s, is_all ? (struct sv){p, n} : (struct sv){s->small, s->small_length}, at);
        return take_usual(s, stop + 1, end, at + 1);
    } else if (*stop == '\\') {
        s->state = IN_ESCAPE;
        s->escape_from = at;
    } else if ((unsigned char)*stop < 0x20) {
        if (!s->takes_raw || !*stop || *stop == '\n') {
            s->state = IN_RUIN;
            return stop;
        }
        settle_pair(s);
        keep(s, stop, 1);
    } else {
        settle_pair(s);
        begin_utf8(s, (unsigned char)*stop, at);
        keep(s, stop, 1);
    }
    return stop + 1;
}

/* ---- structure ---------------------------------------------------------------------------- */

/* One byte that stands outside all strings; not white space. */
static void take_structure(struct json_stream *s, char c, int64_t at)
{
    static const char *const words[] = {"rue", "alse", "ull"};
    switch (s->state) {
    case AT_COMMA_OR_END:
        if (c == ',')
            s->state = inside_object(s) ? AT_KEY : AT_VALUE;
        else if (c == (inside_object(s) ? '}' : ']'))
            close_bracket(s, at);
        else
            s->state = IN_RUIN;
        return;
    case AT_COLON:
        s->state = c == ':' ? AT_VALUE : IN_RUIN;
        return;
    case AT_KEY:
    case AT_KEY_OR_END:
        if (c == '"')
            begin_key(s, at);
        else if (c == '}' && s->state == AT_KEY_OR_END)
            close_bracket(s, at);
        else
            s->state = IN_RUIN;
        return;
    case AT_VALUE_OR_END:
        if (c == ']') {
            close_bracket(s, at);
            return;
        }
        break;
    case AT_VALUE:
        break;
    default:
        s->state = IN_RUIN;
        return;
    }
    enum json_stream_kind kind = c == 't'   ? JSON_STREAM_TRUE
                                 : c == 'f' ? JSON_STREAM_FALSE
                                            : JSON_STREAM_NULL;
    if (c == '"') {
        begin_string(s, at);
    } else if (c == '{' || c == '[') {
        open_bracket(s, c == '{', at);
    } else if (c == 't' || c == 'f' || c == 'n') {
        json_stream_fields_begin_value(s, kind, at);
        s->word = words[kind == JSON_STREAM_TRUE ? 0 : kind == JSON_STREAM_FALSE ? 1 : 2];
        s->state = IN_WORD;
    } else if ((s->number = json_number_next(JSON_NUMBER_NONE, c))) {
        json_stream_fields_begin_value(s, JSON_STREAM_NUMBER, at);
        s->is_nonzero = s->number == JSON_NUMBER_INTEGER;
        s->state = IN_NUMBER;
    } else {
        s->state = IN_RUIN;
    }
}

/* ---- lines -------------------------------------------------------------------------------- */

static void end_line(struct json_stream *s, int64_t at, bool has_newline)
{
    bool is_blank = s->state == AT_START && (s->mark_at == 0 || s->mark_at == 3);
    s->shape = s->state == AT_END ? JSON_STREAM_RECORD
               : is_blank         ? JSON_STREAM_BLANK
                                  : JSON_STREAM_BROKEN;
    s->line.to = at;
    s->has_newline = has_newline;
    s->is_over = true;
}

/* Before the record, where a file may begin with a byte order mark. */
static void take_start(struct json_stream *s, char c, int64_t at)
{
    static const char mark[] = "\xef\xbb\xbf";
    if (s->mark_at < 3 && at == s->mark_at && c == mark[s->mark_at]) {
        s->mark_at++;
    } else if (c != '{' || s->mark_at == 1 || s->mark_at == 2) {
        s->state = IN_RUIN;
    } else {
        s->record.from = at;
        open_bracket(s, true, at);
    }
}

/* Behind the record. */
static void take_end(struct json_stream *s, char c)
{
    s->ends_in_return = c == '\r';
    if (!is_space(c))
        s->state = IN_RUIN;
}

/* Returns: whether the byte was taken. */
static bool go_on_number(struct json_stream *s, char c, int64_t at)
{
    enum json_number next = json_number_next(s->number, c);
    if (next) {
        s->number = next;
        s->is_nonzero |= c >= '1' && c <= '9' && next <= JSON_NUMBER_FRACTION;
        return true;
    }
    if (json_number_is_whole(s->number))
        end_value(s, at);
    else
        s->state = IN_RUIN;
    return false;
}

/* The other places where white space counts. Returns: whether the byte was taken. */
static bool take_inside(struct json_stream *s, char c, int64_t at)
{
    switch (s->state) {
    case IN_ESCAPE:
        take_escape(s, c);
        break;
    case IN_HEX:
        take_hex(s, c);
        break;
    case IN_UTF8:
        if (!go_on_utf8(s, (unsigned char)c))
            return false;
        keep(s, &c, 1);
        break;
    case IN_WORD:
        if (c != *s->word)
            s->state = IN_RUIN;
        else if (!*++s->word)
            end_value(s, at + 1);
        break;
    default: /* IN_NUMBER */
        return go_on_number(s, c, at);
    }
    return s->state != IN_RUIN;
}

static const char *take_ruin(struct json_stream *s, const char *p, const char *end, int64_t at)
{
    if (s->spans_lines) {
        end_line(s, at, false);
        return p;
    }
    const char *newline = memchr(p, '\n', (size_t)(end - p));
    if (!newline)
        return end;
    end_line(s, at + (newline - p), true);
    return newline + 1;
}

/* One byte outside of strings and words. */
static void take_outside(struct json_stream *s, char c, int64_t at)
{
    if (c == '\n' && !s->spans_lines)
        end_line(s, at, true);
    else if (s->state == AT_END)
        take_end(s, c);
    else if (is_space(c))
        return;
    else if (s->state == AT_START)
        take_start(s, c, at);
    else
        take_structure(s, c, at);
}

size_t json_stream_feed(struct json_stream *s, const char *bytes, size_t n)
{
    const char *p = bytes, *end = bytes + n;
    while (p < end && !s->is_over) {
        int64_t at = s->offset + (p - bytes);
        switch (s->state) {
        case IN_STRING:
            p = take_string(s, p, end, at);
            break;
        case IN_ESCAPE:
        case IN_HEX:
        case IN_UTF8:
        case IN_WORD:
        case IN_NUMBER:
            p += take_inside(s, *p, at);
            break;
        case IN_RUIN:
            p = take_ruin(s, p, end, at);
            break;
        default:
            take_outside(s, *p++, at);
            if (s->spans_lines && s->state == AT_END)
                end_line(s, at + 1, false);
        }
    }
    s->offset += p - bytes;
    return (size_t)(p - bytes);
}

void json_stream_end(struct json_stream *s)
{
    if (!s->is_over && s->offset > s->line.from)
        end_line(s, s->offset, false);
}
