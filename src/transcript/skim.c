#include "transcript/skim.h"

#include "base/arena.h"
#include "base/utf8.h"
#include "transcript/graph.h"
#include "transcript/picture.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 65536, KNOWN_DEPTH = 8 };

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

/* What an object or array is to the record. */
enum context {
    ELSEWHERE,
    IN_RECORD,
    IN_MESSAGE,
    IN_CONTENT,
    IN_BLOCK,
    IN_SOURCE,
    IN_RESULT, /* the content of a tool's result */
    IN_RESULT_BLOCK,
    IN_RESULT_SOURCE,
    IN_ATTACHMENT,
    IN_SNAPSHOT,
    IN_COMPACTION,
    IN_PRESERVED,
    IN_PRESERVED_IDS,
};

/* Members by what is done with them; below SKIM_MEMBERS the members themselves. */
enum key {
    KEY_OTHER = SKIM_MEMBERS,
    KEY_BLOCK_TYPE,
    KEY_BLOCK_ID,
    KEY_BLOCK_TEXT,
    KEY_BLOCK_CONTENT,
    KEY_BLOCK_SOURCE,
    KEY_DATA,
    KEY_COMPACTION,
    KEY_PRESERVED,
    KEY_PRESERVED_IDS,
};

enum string { OF_NO_INTEREST, A_KEY, A_MEMBER, A_TYPE, AN_ID, A_TEXT, A_PICTURE, A_PRESERVED_ID };

struct known {
    enum context context;
    struct sv name;
    enum key key;
};

#define S(text)                \
    {                          \
        text, sizeof(text) - 1 \
    }

static const struct known known_keys[] = {
    {IN_RECORD, S("type"), (enum key)SKIM_TYPE},
    {IN_RECORD, S("subtype"), (enum key)SKIM_SUBTYPE},
    {IN_RECORD, S("uuid"), (enum key)SKIM_UUID},
    {IN_RECORD, S("parentUuid"), (enum key)SKIM_PARENT},
    {IN_RECORD, S("logicalParentUuid"), (enum key)SKIM_LOGICAL_PARENT},
    {IN_RECORD, S("sessionId"), (enum key)SKIM_SESSION_ID},
    {IN_RECORD, S("timestamp"), (enum key)SKIM_TIMESTAMP},
    {IN_RECORD, S("version"), (enum key)SKIM_VERSION},
    {IN_RECORD, S("agentId"), (enum key)SKIM_AGENT_ID},
    {IN_RECORD, S("leafUuid"), (enum key)SKIM_LEAF},
    {IN_RECORD, S("explicit"), (enum key)SKIM_EXPLICIT},
    {IN_RECORD, S("isSidechain"), (enum key)SKIM_IS_SIDECHAIN},
    {IN_RECORD, S("isApiErrorMessage"), (enum key)SKIM_IS_API_ERROR},
    {IN_RECORD, S("isCompactSummary"), (enum key)SKIM_IS_SUMMARY},
    {IN_RECORD, S("compactMetadata"), KEY_COMPACTION},
    {IN_COMPACTION, S("preservedMessages"), KEY_PRESERVED},
    {IN_PRESERVED, S("uuids"), KEY_PRESERVED_IDS},
    {IN_RECORD, S("toolUseResult"), (enum key)SKIM_TOOL_USE_RESULT},
    {IN_RECORD, S("attachment"), (enum key)SKIM_ATTACHMENT},
    {IN_RECORD, S("snapshot"), (enum key)SKIM_SNAPSHOT},
    {IN_RECORD, S("message"), (enum key)SKIM_MESSAGE},
    {IN_ATTACHMENT, S("type"), (enum key)SKIM_ATTACHMENT_TYPE},
    {IN_ATTACHMENT, S("content"), (enum key)SKIM_ATTACHMENT_CONTENT},
    {IN_SNAPSHOT, S("trackedFileBackups"), (enum key)SKIM_SNAPSHOT_FILES},
    {IN_MESSAGE, S("id"), (enum key)SKIM_MESSAGE_ID},
    {IN_MESSAGE, S("role"), (enum key)SKIM_MESSAGE_ROLE},
    {IN_MESSAGE, S("content"), (enum key)SKIM_CONTENT},
    {IN_BLOCK, S("type"), KEY_BLOCK_TYPE},
    {IN_BLOCK, S("id"), KEY_BLOCK_ID},
    {IN_BLOCK, S("tool_use_id"), KEY_BLOCK_ID},
    {IN_BLOCK, S("text"), KEY_BLOCK_TEXT},
    {IN_BLOCK, S("content"), KEY_BLOCK_CONTENT},
    {IN_BLOCK, S("source"), KEY_BLOCK_SOURCE},
    {IN_RESULT_BLOCK, S("type"), KEY_BLOCK_TYPE},
    {IN_RESULT_BLOCK, S("text"), KEY_BLOCK_TEXT},
    {IN_RESULT_BLOCK, S("source"), KEY_BLOCK_SOURCE},
    {IN_SOURCE, S("data"), KEY_DATA},
    {IN_RESULT_SOURCE, S("data"), KEY_DATA},
};

/* ---- the record so far -------------------------------------------------------------------- */

static void start_line(struct skim *s)
{
    s->is_over = s->has_newline = s->ends_in_return = false;
    s->line = s->record = (struct skim_span){s->offset, s->offset};
    for (size_t i = 0; i < SKIM_MEMBERS; i++) {
        s->members[i].kind = SKIM_ABSENT;
        s->members[i].n = 0;
    }
    s->word_count = s->block_count = s->top_count = s->bad_text_count = 0;
    s->preserved_count = 0;
    s->has_more_blocks = false;
    s->state = AT_START;
    s->mark_at = 0;
    s->depth = 0;
    s->high_from = -1;
    s->element_count[0] = s->element_count[1] = 0;
}

void skim_begin(struct skim *s, int64_t offset)
{
    memset(s, 0, offsetof(struct skim, is_object));
    s->offset = offset;
    start_line(s);
}

void skim_restart(struct skim *s, int64_t offset)
{
    s->offset = offset;
    start_line(s);
}

void skim_release(struct skim *s)
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

void skim_next(struct skim *s)
{
    start_line(s);
}

struct sv skim_text(const struct skim *s, enum skim_member m)
{
    const struct skim_value *v = &s->members[m];
    return (struct sv){v->text, v->kind == SKIM_STRING ? v->n : 0};
}

bool skim_is(const struct skim *s, enum skim_member m, const char *text)
{
    return s->members[m].kind == SKIM_STRING && sv_equals(skim_text(s, m), sv_of(text));
}

static enum context context_of(const struct skim *s)
{
    return s->depth && s->depth <= KNOWN_DEPTH ? s->contexts[s->depth - 1] : ELSEWHERE;
}

static bool inside_object(const struct skim *s)
{
    size_t level = s->depth - 1;
    return s->is_object[level / 8] >> level % 8 & 1;
}

/* Only of a message's content, while it is read: nothing else of a record is sent. */
static void add_bad_text(struct skim *s, int64_t from, int64_t length, bool is_escape)
{
    const struct skim_value *content = &s->members[SKIM_CONTENT];
    if (content->kind == SKIM_ABSENT || content->span.to > content->span.from)
        return;
    if (s->keeps_bad_text && s->bad_text_count == s->bad_text_capacity) {
        s->bad_text_capacity = s->bad_text_capacity ? s->bad_text_capacity * 2 : 16;
        s->bad_text = mem_resize(s->bad_text, s->bad_text_capacity * sizeof *s->bad_text);
    }
    if (s->keeps_bad_text)
        s->bad_text[s->bad_text_count] =
            (struct skim_bad_text){from, (unsigned char)length, is_escape};
    s->bad_text_count++;
}

/* ---- blocks ------------------------------------------------------------------------------- */

static void open_block(struct skim *s, bool is_nested, int64_t at)
{
    s->open[is_nested] = (struct skim_block){
        .is_nested = is_nested,
        .index = s->element_count[is_nested],
        .span = {at, at},
        .before = s->element_end[is_nested],
    };
}

/* A block goes before those that are nested in it. */
static void keep_block(struct skim *s, const struct skim_block *block, size_t at)
{
    if (s->block_count == SKIM_BLOCKS_MAX) {
        s->has_more_blocks = true;
        return;
    }
    if (s->block_count == s->block_capacity) {
        s->block_capacity = s->block_capacity ? s->block_capacity * 2 : 8;
        s->blocks = mem_resize(s->blocks, s->block_capacity * sizeof *s->blocks);
    }
    memmove(&s->blocks[at + 1], &s->blocks[at], (s->block_count - at) * sizeof *s->blocks);
    s->blocks[at] = *block;
    s->block_count++;
}

static void close_block(struct skim *s, bool is_nested, int64_t at)
{
    struct skim_block *block = &s->open[is_nested];
    block->span.to = at;
    if (block->kind != SKIM_BLOCK_TEXT)
        block->is_empty = false;
    size_t place = s->block_count;
    while (!is_nested && place > 0 && s->blocks[place - 1].is_nested &&
           s->blocks[place - 1].span.from > block->span.from)
        place--;
    keep_block(s, block, place);
}

static enum skim_block_kind block_kind(struct sv type)
{
    static const struct {
        const char *name;
        enum skim_block_kind kind;
    } kinds[] = {
        {"text", SKIM_BLOCK_TEXT},
        {"tool_use", SKIM_BLOCK_TOOL_USE},
        {"tool_result", SKIM_BLOCK_TOOL_RESULT},
        {"thinking", SKIM_BLOCK_THINKING},
        {"redacted_thinking", SKIM_BLOCK_THINKING},
        {"image", SKIM_BLOCK_IMAGE},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (sv_equals(type, sv_of(kinds[i].name)))
            return kinds[i].kind;
    return SKIM_BLOCK_OTHER;
}

static bool is_in_nested(const struct skim *s)
{
    enum context c = context_of(s);
    return c == IN_RESULT_BLOCK || c == IN_RESULT_SOURCE;
}

/* ---- values ------------------------------------------------------------------------------- */

static enum string string_for(struct skim *s, enum context context, enum key key, int64_t at)
{
    if (context == IN_PRESERVED_IDS)
        return A_PRESERVED_ID;
    if (context == IN_CONTENT || context == IN_RESULT)
        return OF_NO_INTEREST;
    if (key == (enum key)SKIM_CONTENT)
        return A_TEXT;
    if (key < (enum key)SKIM_MEMBERS)
        return A_MEMBER;
    switch (key) {
    case KEY_BLOCK_TYPE:
        return A_TYPE;
    case KEY_BLOCK_ID:
        return AN_ID;
    case KEY_BLOCK_TEXT:
        s->open[is_in_nested(s)].is_empty = true;
        return A_TEXT;
    case KEY_DATA:
        s->open[is_in_nested(s)].data.from = at + 1;
        return A_PICTURE;
    default:
        return OF_NO_INTEREST;
    }
}

/* The key of a value at this depth; KEY_OTHER in an array, and where nobody looks. */
static enum key key_of(const struct skim *s)
{
    return s->depth && s->depth <= KNOWN_DEPTH ? s->keys[s->depth - 1] : KEY_OTHER;
}

static void begin_value(struct skim *s, enum skim_kind kind, int64_t at)
{
    enum key key = key_of(s);
    if (key < (enum key)SKIM_MEMBERS) {
        struct skim_value *v = &s->members[key];
        v->kind = (unsigned char)kind;
        v->n = 0;
        v->span = (struct skim_span){at, at};
        v->key = s->key_span;
        if (key == (enum key)SKIM_MESSAGE ||
            key == (enum key)SKIM_CONTENT) /* the last one counts */
            s->block_count = s->top_count = s->word_count = 0;
        for (int m = SKIM_MESSAGE_ID; key == (enum key)SKIM_MESSAGE && m <= SKIM_CONTENT; m++)
            s->members[m].kind = SKIM_ABSENT;
    }
}

static void end_value(struct skim *s, int64_t at)
{
    enum key key = key_of(s);
    enum context context = context_of(s);
    if (key < (enum key)SKIM_MEMBERS)
        s->members[key].span.to = at;
    if (context == IN_CONTENT || context == IN_RESULT) {
        bool nested = context == IN_RESULT;
        s->element_count[nested]++;
        s->element_end[nested] = at;
        s->top_count += !nested;
    }
    s->state = AT_COMMA_OR_END;
}

static enum context context_for(enum context context, enum key key, bool object)
{
    switch (context) {
    case IN_RECORD:
        return !object                            ? ELSEWHERE
               : key == (enum key)SKIM_MESSAGE    ? IN_MESSAGE
               : key == (enum key)SKIM_ATTACHMENT ? IN_ATTACHMENT
               : key == (enum key)SKIM_SNAPSHOT   ? IN_SNAPSHOT
               : key == KEY_COMPACTION            ? IN_COMPACTION
                                                  : ELSEWHERE;
    case IN_COMPACTION:
        return object && key == KEY_PRESERVED ? IN_PRESERVED : ELSEWHERE;
    case IN_PRESERVED:
        return !object && key == KEY_PRESERVED_IDS ? IN_PRESERVED_IDS : ELSEWHERE;
    case IN_MESSAGE:
        return !object && key == (enum key)SKIM_CONTENT ? IN_CONTENT : ELSEWHERE;
    case IN_CONTENT:
        return object ? IN_BLOCK : ELSEWHERE;
    case IN_BLOCK:
        return object && key == KEY_BLOCK_SOURCE     ? IN_SOURCE
               : !object && key == KEY_BLOCK_CONTENT ? IN_RESULT
                                                     : ELSEWHERE;
    case IN_RESULT:
        return object ? IN_RESULT_BLOCK : ELSEWHERE;
    case IN_RESULT_BLOCK:
        return object && key == KEY_BLOCK_SOURCE ? IN_RESULT_SOURCE : ELSEWHERE;
    default:
        return ELSEWHERE;
    }
}

static bool open_bracket(struct skim *s, bool object, int64_t at)
{
    if (s->depth == DEPTH_MAX)
        return false;
    enum context context = s->depth ? context_for(context_of(s), key_of(s), object) : IN_RECORD;
    if (s->depth)
        begin_value(s, object ? SKIM_OBJECT : SKIM_ARRAY, at);
    size_t level = s->depth++;
    unsigned bit = 1u << level % 8, bits = s->is_object[level / 8];
    s->is_object[level / 8] = (unsigned char)(object ? bits | bit : bits & ~bit);
    if (level < KNOWN_DEPTH) {
        s->contexts[level] = (unsigned char)context;
        s->keys[level] = KEY_OTHER;
    }
    if (context == IN_CONTENT || context == IN_RESULT) {
        s->element_count[context == IN_RESULT] = 0;
        s->element_end[context == IN_RESULT] = at + 1;
    }
    if (context == IN_BLOCK || context == IN_RESULT_BLOCK)
        open_block(s, context == IN_RESULT_BLOCK, at);
    s->state = object ? AT_KEY_OR_END : AT_VALUE_OR_END;
    return true;
}

static void close_bracket(struct skim *s, int64_t at)
{
    enum context context = context_of(s);
    if (context == IN_BLOCK || context == IN_RESULT_BLOCK)
        close_block(s, context == IN_RESULT_BLOCK, at + 1);
    s->depth--;
    if (s->depth) {
        end_value(s, at + 1);
    } else {
        s->record.to = at + 1;
        s->state = AT_END;
    }
}

/* ---- strings ------------------------------------------------------------------------------ */

/* Keeps what there is room for. */
static void keep_small(struct skim *s, const char *bytes, size_t n)
{
    size_t room = s->small_length < sizeof s->small ? sizeof s->small - s->small_length : 0;
    memcpy(s->small + s->small_length * (room > 0), bytes, n < room ? n : room);
    s->small_length += n;
}

static void keep_words(struct skim *s, const char *bytes, size_t n)
{
    size_t room = sizeof s->words - s->word_count;
    size_t taken = n < room ? n : room;
    memcpy(s->words + s->word_count, bytes, taken);
    s->word_count += taken;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void keep_text(struct skim *s, const char *bytes, size_t n)
{
    bool is_first = s->small_length == 0; /* of the record */
    enum key key = key_of(s);
    if (key == KEY_BLOCK_TEXT) {
        struct skim_block *block = &s->open[is_in_nested(s)];
        for (size_t i = 0; i < n && block->is_empty; i++)
            block->is_empty = is_space(bytes[i]);
    }
    if (is_first)
        keep_words(s, bytes, n);
}

static void keep_picture(struct skim *s, const char *bytes, size_t n)
{
    size_t room = sizeof s->head - s->head_length;
    size_t taken = n < room ? n : room;
    memcpy(s->head + s->head_length, bytes, taken);
    s->head_length += taken;
}

static void keep(struct skim *s, const char *bytes, size_t n)
{
    switch (s->string_is) {
    case A_KEY:
    case A_MEMBER:
    case A_TYPE:
    case AN_ID:
    case A_PRESERVED_ID:
        keep_small(s, bytes, n);
        break;
    case A_TEXT:
        keep_text(s, bytes, n);
        break;
    case A_PICTURE:
        keep_picture(s, bytes, n);
        break;
    default:
        break;
    }
}

static enum key find_key(enum context context, struct sv name)
{
    for (size_t i = 0; i < sizeof known_keys / sizeof *known_keys; i++)
        if (known_keys[i].context == context && sv_equals(name, known_keys[i].name))
            return known_keys[i].key;
    return KEY_OTHER;
}

static void end_picture(struct skim *s, int64_t at)
{
    struct skim_block *block = &s->open[is_in_nested(s)];
    block->data.to = at;
    picture_size((struct sv){s->head, s->head_length}, &block->width, &block->height);
}

/* A half that no other half followed. */
static void settle_pair(struct skim *s)
{
    if (s->high_from >= 0)
        add_bad_text(s, s->high_from, 6, true);
    s->high_from = -1;
}

static void begin_string(struct skim *s, bool is_key, int64_t at)
{
    s->small_length = 0;
    s->head_length = 0;
    s->state = IN_STRING;
    s->is_key = is_key;
    s->string_from = at;
    if (is_key) {
        s->string_is = context_of(s) == ELSEWHERE ? OF_NO_INTEREST : A_KEY;
        s->key_span = (struct skim_span){at, at};
        if (s->depth <= KNOWN_DEPTH)
            s->keys[s->depth - 1] = KEY_OTHER;
        return;
    }
    begin_value(s, SKIM_STRING, at);
    s->string_is = (unsigned char)string_for(s, context_of(s), key_of(s), at);
    if (s->string_is == A_TEXT)
        s->small_length = s->word_count; /* only the first text is kept */
}

static void add_preserved(struct skim *s, uint64_t id)
{
    if (s->preserved_count == s->preserved_capacity) {
        s->preserved_capacity = s->preserved_capacity ? s->preserved_capacity * 2 : 16;
        s->preserved = mem_resize(s->preserved, s->preserved_capacity * sizeof *s->preserved);
    }
    s->preserved[s->preserved_count++] = id;
}

/* at: of the closing quote. */
static void end_string(struct skim *s, int64_t at)
{
    size_t n = s->small_length < sizeof s->small ? s->small_length : sizeof s->small;
    struct sv small = {s->small, n};
    settle_pair(s);
    if (s->is_key) {
        s->key_span.to = at + 1;
        if (s->string_is == A_KEY)
            s->keys[s->depth - 1] = (unsigned char)find_key(context_of(s), small);
        s->state = AT_COLON;
        return;
    }
    struct skim_block *block = &s->open[is_in_nested(s)];
    switch (s->string_is) {
    case A_MEMBER:
        memcpy(s->members[key_of(s)].text, small.p, small.n);
        s->members[key_of(s)].n = (unsigned char)small.n;
        break;
    case A_TYPE:
        block->kind = (unsigned char)block_kind(small);
        break;
    case AN_ID:
        block->tool = graph_id_of(small);
        block->id = (struct skim_span){s->string_from + 1, at};
        break;
    case A_PICTURE:
        end_picture(s, at);
        break;
    case A_PRESERVED_ID:
        add_preserved(s, graph_id_of(small));
        break;
    default:
        break;
    }
    end_value(s, at + 1);
}

/* ---- characters --------------------------------------------------------------------------- */

/* The first byte at or after p that a string does not simply go on with. */
static const char *skip_plain(const char *p, const char *end)
{
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    while (end - p >= 8) {
        uint64_t word;
        memcpy(&word, p, sizeof word);
        uint64_t quotes = word ^ ones * '"', slashes = word ^ ones * '\\';
        uint64_t stops = (quotes - ones) & ~quotes;
        stops |= (slashes - ones) & ~slashes;
        stops |= word - ones * 0x20; /* below a space, for bytes that are not above 127 */
        stops = (stops | word) & tops;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        /* a borrow marks bytes wrongly only behind one that is marked rightly */
        if (stops)
            return p + __builtin_ctzll(stops) / 8;
#else
        if (stops)
            break;
#endif
        p += 8;
    }
    while (p < end && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80 && *p != '"' &&
           *p != '\\')
        p++;
    return p;
}

static inline bool is_simple_escape(char c)
{
    static const bool simple[256] = {['"'] = true, ['\\'] = true, ['/'] = true, ['b'] = true,
                                     ['f'] = true, ['n'] = true,  ['r'] = true, ['t'] = true};
    return simple[(unsigned char)c];
}

/* Nothing of the string is kept any more, nor looked at. */
static bool keeps_nothing(const struct skim *s)
{
    switch (s->string_is) {
    case OF_NO_INTEREST:
        return true;
    case A_TEXT:
        return (s->small_length || s->word_count == sizeof s->words) &&
               !(key_of(s) == KEY_BLOCK_TEXT && s->open[is_in_nested(s)].is_empty);
    case A_PICTURE:
        return s->head_length == sizeof s->head;
    default:
        return false;
    }
}

/* As skip_plain, over whole escapes and characters too. */
static const char *skip_more(const char *p, const char *end)
{
    uint32_t code;
    for (;;) {
        p = skip_plain(p, end);
        size_t n = 0;
        if (end - p >= 2 && *p == '\\')
            n = is_simple_escape(p[1]) ? 2 : 0;
        else if (p < end && (unsigned char)*p >= 0x80)
            n = utf8_decode((struct sv){p, (size_t)(end - p)}, &code);
        if (n == 0)
            return p;
        p += n;
    }
}

/* Takes the first byte of a character beyond ASCII. */
static void begin_utf8(struct skim *s, unsigned char c, int64_t at)
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
static bool go_on_utf8(struct skim *s, unsigned char c)
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

static void end_escape(struct skim *s)
{
    uint32_t code = s->hex;
    s->state = IN_STRING;
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

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void take_escape(struct skim *s, char c)
{
    if (c == 'u') {
        s->hex = 0;
        s->hex_left = 4;
        s->state = IN_HEX;
        keep(s, "\\u", 2);
        return;
    }
    if (!is_simple_escape(c)) {
        s->state = IN_RUIN;
        return;
    }
    settle_pair(s);
    char pair[2] = {'\\', c};
    if (strchr("nrt", c) && s->string_is == A_TEXT) {
        keep_words(s, s->small_length ? "" : pair, s->small_length ? 0 : 2);
    } else {
        keep(s, pair, 2);
    }
    s->state = IN_STRING;
}

static void take_hex(struct skim *s, char c)
{
    int digit = hex_digit(c);
    if (digit < 0) {
        s->state = IN_RUIN;
        return;
    }
    keep(s, &c, 1);
    s->hex = s->hex << 4 | (uint32_t)digit;
    if (--s->hex_left == 0)
        end_escape(s);
}

/* One byte that stands outside all strings; not white space. */
static void take_structure(struct skim *s, char c, int64_t at)
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
            begin_string(s, true, at);
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
    enum skim_kind kind = c == 't' ? SKIM_TRUE : c == 'f' ? SKIM_FALSE : SKIM_NULL;
    if (c == '"') {
        begin_string(s, false, at);
    } else if (c == '{' || c == '[') {
        if (!open_bracket(s, c == '{', at))
            s->state = IN_RUIN;
    } else if (c == 't' || c == 'f' || c == 'n') {
        begin_value(s, kind, at);
        s->word = words[kind == SKIM_TRUE ? 0 : kind == SKIM_FALSE ? 1 : 2];
        s->state = IN_WORD;
    } else if (c == '-' || (c >= '0' && c <= '9')) {
        begin_value(s, SKIM_NUMBER, at);
        s->state = IN_NUMBER;
    } else {
        s->state = IN_RUIN;
    }
}

/* ---- lines -------------------------------------------------------------------------------- */

static void end_line(struct skim *s, int64_t at, bool has_newline)
{
    bool is_blank = s->state == AT_START && (s->mark_at == 0 || s->mark_at == 3);
    s->shape = s->state == AT_END ? SKIM_RECORD : is_blank ? SKIM_BLANK : SKIM_BROKEN;
    s->line.to = at;
    s->has_newline = has_newline;
    s->is_over = true;
}

/* Before the record, where a file may begin with a byte order mark. */
static void take_start(struct skim *s, char c, int64_t at)
{
    static const char mark[] = "\xef\xbb\xbf";
    if (s->mark_at < 3 && at == s->line.from + s->mark_at && c == mark[s->mark_at]) {
        s->mark_at++;
    } else if (c != '{' || s->mark_at == 1 || s->mark_at == 2) {
        s->state = IN_RUIN;
    } else {
        s->record.from = at;
        open_bracket(s, true, at);
    }
}

/* Behind the record. */
static void take_end(struct skim *s, char c)
{
    s->ends_in_return = c == '\r';
    if (!is_space(c))
        s->state = IN_RUIN;
}

/* Takes what a string goes on with. Returns: what is left. */
static const char *take_string(struct skim *s, const char *p, const char *end, int64_t at)
{
    bool is_past = keeps_nothing(s) && s->high_from < 0;
    const char *stop = is_past ? skip_more(p, end) : skip_plain(p, end);
    if (stop > p) {
        settle_pair(s);
        if (!is_past)
            keep(s, p, (size_t)(stop - p));
        at += stop - p;
    }
    if (stop == end)
        return end;
    if (*stop == '"') {
        end_string(s, at);
    } else if (*stop == '\\') {
        s->state = IN_ESCAPE;
        s->escape_from = at;
    } else if ((unsigned char)*stop < 0x20) {
        s->state = IN_RUIN;
        return stop;
    } else {
        settle_pair(s);
        begin_utf8(s, (unsigned char)*stop, at);
        keep(s, stop, 1);
    }
    return stop + 1;
}

/* The other places where white space counts. Returns: whether the byte was taken. */
static bool take_inside(struct skim *s, char c, int64_t at)
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
    default: /* IN_NUMBER, as loosely as scan */
        if ((c < '0' || c > '9') && (!c || !strchr("+-.eE", c))) {
            end_value(s, at);
            return false;
        }
    }
    return s->state != IN_RUIN;
}

size_t skim_feed(struct skim *s, const char *bytes, size_t n)
{
    const char *p = bytes, *end = bytes + n;
    while (p < end && !s->is_over) {
        int64_t at = s->offset + (p - bytes);
        if (s->state == IN_STRING) {
            p = take_string(s, p, end, at);
        } else if (s->state >= IN_ESCAPE && s->state <= IN_NUMBER) {
            p += take_inside(s, *p, at);
        } else if (s->state == IN_RUIN) {
            const char *newline = memchr(p, '\n', (size_t)(end - p));
            p = newline ? newline : end;
            if (newline)
                end_line(s, s->offset + (p++ - bytes), true);
        } else if (*p == '\n') {
            end_line(s, at, true);
            p++;
        } else {
            if (s->state == AT_START && !is_space(*p))
                take_start(s, *p, at);
            else if (s->state == AT_END)
                take_end(s, *p);
            else if (!is_space(*p))
                take_structure(s, *p, at);
            p++;
        }
    }
    s->offset += p - bytes;
    return (size_t)(p - bytes);
}

void skim_end(struct skim *s)
{
    if (!s->is_over && s->offset > s->line.from)
        end_line(s, s->offset, false);
}
