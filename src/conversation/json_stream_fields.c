#include "conversation/json_stream_fields.h"

#include "base/arena.h"
#include "conversation/image_size.h"
#include "conversation/loader/graph.h"

#include <stdlib.h>
#include <string.h>

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
    IN_PROGRESS,
    IN_COMPACTION,
    IN_PRESERVED,
    IN_PRESERVED_IDS,
    IN_SEGMENT,
    CONTEXTS,
};

/* Members by what is done with them; below JSON_STREAM_MEMBERS the members themselves. */
enum key {
    KEY_OTHER = JSON_STREAM_MEMBERS,
    KEY_BLOCK_TYPE,
    KEY_BLOCK_ID,
    KEY_BLOCK_TEXT,
    KEY_BLOCK_CONTENT,
    KEY_BLOCK_SOURCE,
    KEY_DATA,
    KEY_PROGRESS,
    KEY_COMPACTION,
    KEY_PRESERVED,
    KEY_PRESERVED_IDS,
    KEY_SEGMENT,
};

/* The names that are looked for. */
struct name {
    unsigned char key, n;
    char text[18];
};

#define NAME(key, text)             \
    {                               \
        key, sizeof(text) - 1, text \
    }

static const struct name record_names[] = {
    NAME(JSON_STREAM_TYPE, "type"),
    NAME(JSON_STREAM_SUBTYPE, "subtype"),
    NAME(JSON_STREAM_UUID, "uuid"),
    NAME(JSON_STREAM_PARENT, "parentUuid"),
    NAME(JSON_STREAM_LOGICAL_PARENT, "logicalParentUuid"),
    NAME(JSON_STREAM_SESSION_ID, "sessionId"),
    NAME(JSON_STREAM_TIMESTAMP, "timestamp"),
    NAME(JSON_STREAM_VERSION, "version"),
    NAME(JSON_STREAM_AGENT_ID, "agentId"),
    NAME(JSON_STREAM_LEAF, "leafUuid"),
    NAME(JSON_STREAM_EXPLICIT, "explicit"),
    NAME(JSON_STREAM_IS_SIDECHAIN, "isSidechain"),
    NAME(JSON_STREAM_IS_API_ERROR, "isApiErrorMessage"),
    NAME(JSON_STREAM_IS_SUMMARY, "isCompactSummary"),
    NAME(JSON_STREAM_IS_VIRTUAL, "isVirtual"),
    NAME(KEY_COMPACTION, "compactMetadata"),
    NAME(JSON_STREAM_ERROR_DETAILS, "errorDetails"),
    NAME(JSON_STREAM_TOOL_USE_RESULT, "toolUseResult"),
    NAME(KEY_PROGRESS, "data"),
    NAME(JSON_STREAM_ATTACHMENT, "attachment"),
    NAME(JSON_STREAM_SNAPSHOT, "snapshot"),
    NAME(JSON_STREAM_MESSAGE, "message"),
};
static const struct name compaction_names[] = {
    NAME(KEY_PRESERVED, "preservedMessages"),
    NAME(KEY_SEGMENT, "preservedSegment"),
};
static const struct name segment_names[] = {
    NAME(JSON_STREAM_ANCHOR, "anchorUuid"),
    NAME(JSON_STREAM_HEAD, "headUuid"),
    NAME(JSON_STREAM_TAIL, "tailUuid"),
};
static const struct name preserved_names[] = {
    NAME(KEY_PRESERVED_IDS, "uuids"),
    NAME(JSON_STREAM_ANCHOR, "anchorUuid"),
};
static const struct name attachment_names[] = {
    NAME(JSON_STREAM_ATTACHMENT_TYPE, "type"),
    NAME(JSON_STREAM_ATTACHMENT_CONTENT, "content"),
};
static const struct name snapshot_names[] = {
    NAME(JSON_STREAM_SNAPSHOT_FILES, "trackedFileBackups"),
};
static const struct name progress_names[] = {
    NAME(JSON_STREAM_FULL_OUTPUT, "fullOutput"),
    NAME(JSON_STREAM_OUTPUT, "output"),
};
static const struct name message_names[] = {
    NAME(JSON_STREAM_MESSAGE_ID, "id"),   NAME(JSON_STREAM_MESSAGE_ROLE, "role"),
    NAME(JSON_STREAM_MODEL, "model"),     NAME(JSON_STREAM_USAGE, "usage"),
    NAME(JSON_STREAM_CONTENT, "content"),
};
static const struct name block_names[] = {
    NAME(KEY_BLOCK_TYPE, "type"),       NAME(KEY_BLOCK_ID, "id"),
    NAME(KEY_BLOCK_ID, "tool_use_id"),  NAME(KEY_BLOCK_TEXT, "text"),
    NAME(KEY_BLOCK_CONTENT, "content"), NAME(KEY_BLOCK_SOURCE, "source"),
};
static const struct name result_block_names[] = {
    NAME(KEY_BLOCK_TYPE, "type"),
    NAME(KEY_BLOCK_TEXT, "text"),
    NAME(KEY_BLOCK_SOURCE, "source"),
};
static const struct name source_names[] = {
    NAME(KEY_DATA, "data"),
};

#define NAMES(list)                         \
    {                                       \
        list, sizeof(list) / sizeof *(list) \
    }

static const struct names {
    const struct name *items;
    size_t count;
} names[CONTEXTS] = {
    [IN_RECORD] = NAMES(record_names),       [IN_COMPACTION] = NAMES(compaction_names),
    [IN_PRESERVED] = NAMES(preserved_names), [IN_ATTACHMENT] = NAMES(attachment_names),
    [IN_SNAPSHOT] = NAMES(snapshot_names),   [IN_MESSAGE] = NAMES(message_names),
    [IN_BLOCK] = NAMES(block_names),         [IN_RESULT_BLOCK] = NAMES(result_block_names),
    [IN_SOURCE] = NAMES(source_names),       [IN_RESULT_SOURCE] = NAMES(source_names),
    [IN_SEGMENT] = NAMES(segment_names),     [IN_PROGRESS] = NAMES(progress_names),
};

static enum context context_of(const struct json_stream *s)
{
    return s->depth && s->depth <= JSON_STREAM_KNOWN_DEPTH ? s->contexts[s->depth - 1] : ELSEWHERE;
}

/* The key of a value at this depth; KEY_OTHER in an array, and where nobody looks. */
static enum key key_of(const struct json_stream *s)
{
    return s->depth && s->depth <= JSON_STREAM_KNOWN_DEPTH ? s->keys[s->depth - 1] : KEY_OTHER;
}

bool json_stream_fields_is_sent(const struct json_stream *s)
{
    const struct json_stream_value *content = &s->members[JSON_STREAM_CONTENT];
    return content->kind != JSON_STREAM_ABSENT && content->span.to == content->span.from;
}

/* ---- blocks ------------------------------------------------------------------------------- */

static void open_block(struct json_stream *s, bool is_nested, int64_t at)
{
    s->open[is_nested] = (struct json_stream_block){
        .is_nested = is_nested,
        .index = s->element_count[is_nested],
        .span = {at, at},
        .before = s->element_end[is_nested],
    };
}

/* A block goes before those that are nested in it. */
static void keep_block(struct json_stream *s, const struct json_stream_block *block, size_t at)
{
    if (s->block_count == JSON_STREAM_BLOCKS_MAX) {
        s->has_more_blocks = true;
        return;
    }
    s->blocks = mem_grow(s->blocks, s->block_count, &s->block_capacity, sizeof *s->blocks);
    memmove(&s->blocks[at + 1], &s->blocks[at], (s->block_count - at) * sizeof *s->blocks);
    s->blocks[at] = *block;
    s->block_count++;
}

static void close_block(struct json_stream *s, bool is_nested, int64_t at)
{
    struct json_stream_block *block = &s->open[is_nested];
    block->span.to = at;
    if (block->kind != JSON_STREAM_BLOCK_TEXT)
        block->is_empty = false;
    size_t place = s->block_count;
    while (!is_nested && place > 0 && s->blocks[place - 1].is_nested &&
           s->blocks[place - 1].span.from > block->span.from)
        place--;
    keep_block(s, block, place);
}

static enum json_stream_block_kind block_kind(struct sv type)
{
    static const struct {
        const char *name;
        enum json_stream_block_kind kind;
    } kinds[] = {
        {"text", JSON_STREAM_BLOCK_TEXT},
        {"tool_use", JSON_STREAM_BLOCK_TOOL_USE},
        {"tool_result", JSON_STREAM_BLOCK_TOOL_RESULT},
        {"thinking", JSON_STREAM_BLOCK_THINKING},
        {"redacted_thinking", JSON_STREAM_BLOCK_THINKING},
        {"image", JSON_STREAM_BLOCK_IMAGE},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (sv_equals(type, sv_of(kinds[i].name)))
            return kinds[i].kind;
    return JSON_STREAM_BLOCK_OTHER;
}

/* The block that a string belongs to. */
static struct json_stream_block *block_of(struct json_stream *s)
{
    enum context c = context_of(s);
    return &s->open[c == IN_RESULT_BLOCK || c == IN_RESULT_SOURCE];
}

/* ---- values ------------------------------------------------------------------------------- */

void json_stream_fields_begin_value(struct json_stream *s, enum json_stream_kind kind, int64_t at)
{
    enum key key = key_of(s);
    enum context context = context_of(s);
    if (kind == JSON_STREAM_NULL && (context == IN_CONTENT || context == IN_RESULT)) {
        open_block(s, context == IN_RESULT, at);
        s->open[context == IN_RESULT].kind = JSON_STREAM_BLOCK_NULL;
        s->is_null_block = true;
    }
    if (key == KEY_BLOCK_CONTENT)
        s->open[0].content = (struct json_stream_span){at, at};
    if (key >= (enum key)JSON_STREAM_MEMBERS)
        return;
    struct json_stream_value *v = &s->members[key];
    v->kind = (unsigned char)kind;
    v->n = 0;
    v->span = (struct json_stream_span){at, at};
    v->key = s->key_span;
    if (key == (enum key)JSON_STREAM_MESSAGE ||
        key == (enum key)JSON_STREAM_CONTENT) { /* the last one counts */
        s->block_count = s->top_count = 0;
        s->is_blank = false;
        s->text = (struct json_stream_span){0};
    }
    for (int m = JSON_STREAM_MESSAGE_ID;
         key == (enum key)JSON_STREAM_MESSAGE && m <= JSON_STREAM_CONTENT; m++)
        s->members[m].kind = JSON_STREAM_ABSENT;
}

void json_stream_fields_end_value(struct json_stream *s, int64_t at)
{
    enum key key = key_of(s);
    enum context context = context_of(s);
    if (key < (enum key)JSON_STREAM_MEMBERS) {
        s->members[key].span.to = at;
        s->members[key].is_nonzero = s->is_nonzero;
    }
    if (key == KEY_BLOCK_CONTENT)
        s->open[0].content.to = at;
    if (context == IN_CONTENT || context == IN_RESULT) {
        bool nested = context == IN_RESULT;
        if (s->is_null_block)
            close_block(s, nested, at);
        s->is_null_block = false;
        s->element_count[nested]++;
        s->element_end[nested] = at;
        s->top_count += !nested;
    }
}

static enum context context_for(enum context context, enum key key, bool object)
{
    switch (context) {
    case IN_RECORD:
        return !object                                   ? ELSEWHERE
               : key == (enum key)JSON_STREAM_MESSAGE    ? IN_MESSAGE
               : key == (enum key)JSON_STREAM_ATTACHMENT ? IN_ATTACHMENT
               : key == (enum key)JSON_STREAM_SNAPSHOT   ? IN_SNAPSHOT
               : key == KEY_PROGRESS                     ? IN_PROGRESS
               : key == KEY_COMPACTION                   ? IN_COMPACTION
                                                         : ELSEWHERE;
    case IN_COMPACTION:
        return object && key == KEY_PRESERVED ? IN_PRESERVED
               : object && key == KEY_SEGMENT ? IN_SEGMENT
                                              : ELSEWHERE;
    case IN_PRESERVED:
        return !object && key == KEY_PRESERVED_IDS ? IN_PRESERVED_IDS : ELSEWHERE;
    case IN_MESSAGE:
        return !object && key == (enum key)JSON_STREAM_CONTENT ? IN_CONTENT : ELSEWHERE;
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

void json_stream_fields_open(struct json_stream *s, bool is_object, int64_t at)
{
    enum context context = s->depth ? context_for(context_of(s), key_of(s), is_object) : IN_RECORD;
    if (s->depth)
        json_stream_fields_begin_value(s, is_object ? JSON_STREAM_OBJECT : JSON_STREAM_ARRAY, at);
    if (s->depth < JSON_STREAM_KNOWN_DEPTH) {
        s->contexts[s->depth] = (unsigned char)context;
        s->keys[s->depth] = KEY_OTHER;
    }
    s->depth++;
    if (context == IN_CONTENT || context == IN_RESULT) {
        s->element_count[context == IN_RESULT] = 0;
        s->element_end[context == IN_RESULT] = at + 1;
    }
    if (context == IN_BLOCK || context == IN_RESULT_BLOCK)
        open_block(s, context == IN_RESULT_BLOCK, at);
}

void json_stream_fields_close(struct json_stream *s, int64_t at)
{
    enum context context = context_of(s);
    if (context == IN_BLOCK || context == IN_RESULT_BLOCK)
        close_block(s, context == IN_RESULT_BLOCK, at);
    if (--s->depth)
        json_stream_fields_end_value(s, at);
}

/* ---- strings ------------------------------------------------------------------------------ */

enum json_stream_fields_use json_stream_fields_begin_key(struct json_stream *s, int64_t at)
{
    s->key_span = (struct json_stream_span){at, at};
    if (s->depth <= JSON_STREAM_KNOWN_DEPTH)
        s->keys[s->depth - 1] = KEY_OTHER;
    return names[context_of(s)].count ? JSON_STREAM_FIELDS_KEY : JSON_STREAM_FIELDS_PASS;
}

void json_stream_fields_end_key(struct json_stream *s, struct sv name)
{
    const struct names *all = &names[context_of(s)];
    if (name.n == 0)
        return;
    for (const struct name *n = all->items, *end = n + all->count; n < end; n++)
        if (n->n == name.n && n->text[0] == name.p[0] && memcmp(n->text, name.p, name.n) == 0) {
            s->keys[s->depth - 1] = n->key;
            return;
        }
}

enum json_stream_fields_use json_stream_fields_begin_string(struct json_stream *s, int64_t at)
{
    enum context context = context_of(s);
    enum key key = key_of(s);
    json_stream_fields_begin_value(s, JSON_STREAM_STRING, at);
    if (context == IN_PRESERVED_IDS)
        return JSON_STREAM_FIELDS_PRESERVED_ID;
    if (context == IN_CONTENT || context == IN_RESULT)
        return JSON_STREAM_FIELDS_PASS;
    if (key == (enum key)JSON_STREAM_CONTENT) {
        s->is_blank = true;
        return JSON_STREAM_FIELDS_TEXT;
    }
    if (key < (enum key)JSON_STREAM_MEMBERS)
        return JSON_STREAM_FIELDS_MEMBER;
    switch (key) {
    case KEY_BLOCK_TYPE:
        return JSON_STREAM_FIELDS_TYPE;
    case KEY_BLOCK_ID:
        return JSON_STREAM_FIELDS_ID;
    case KEY_BLOCK_TEXT:
        block_of(s)->is_empty = true;
        return JSON_STREAM_FIELDS_TEXT;
    case KEY_DATA:
        block_of(s)->data.from = at + 1;
        return JSON_STREAM_FIELDS_PICTURE;
    default:
        return JSON_STREAM_FIELDS_PASS;
    }
}

void json_stream_fields_fill_text(struct json_stream *s)
{
    if (key_of(s) == KEY_BLOCK_TEXT)
        block_of(s)->is_empty = false;
    else
        s->is_blank = false;
}

static void add_preserved(struct json_stream *s, uint64_t id)
{
    *MEM_PUSH(s->preserved, s->preserved_count, s->preserved_capacity) = id;
}

void json_stream_fields_end_string(struct json_stream *s, struct sv small, int64_t at)
{
    struct json_stream_block *block = block_of(s);
    struct json_stream_value *member;
    switch ((enum json_stream_fields_use)s->use) {
    case JSON_STREAM_FIELDS_MEMBER:
        member = &s->members[key_of(s)];
        memcpy(member->text, small.p, small.n);
        member->n = (unsigned char)small.n;
        break;
    case JSON_STREAM_FIELDS_TYPE:
        block->kind = (unsigned char)block_kind(small);
        break;
    case JSON_STREAM_FIELDS_ID:
        block->tool = graph_id_of(small);
        block->id = (struct json_stream_span){s->string_from + 1, at};
        break;
    case JSON_STREAM_FIELDS_TEXT:
        if (s->text.to == s->text.from)
            s->text = (struct json_stream_span){s->string_from + 1, at};
        break;
    case JSON_STREAM_FIELDS_PICTURE:
        block->data.to = at;
        image_size_size((struct sv){s->head, s->head_length}, &block->width, &block->height);
        break;
    case JSON_STREAM_FIELDS_PRESERVED_ID:
        add_preserved(s, graph_id_of(small));
        break;
    case JSON_STREAM_FIELDS_KEY:
    case JSON_STREAM_FIELDS_PASS:
        break;
    }
    json_stream_fields_end_value(s, at + 1);
}
