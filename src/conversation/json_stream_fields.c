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

/* Members by what is done with them; below SKIM_MEMBERS the members themselves. */
enum key {
    KEY_OTHER = SKIM_MEMBERS,
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

/* The names that are looked for. The client writes none with escapes. */
struct name {
    unsigned char key, n;
    char text[18];
};

#define NAME(key, text)             \
    {                               \
        key, sizeof(text) - 1, text \
    }

static const struct name record_names[] = {
    NAME(SKIM_TYPE, "type"),
    NAME(SKIM_SUBTYPE, "subtype"),
    NAME(SKIM_UUID, "uuid"),
    NAME(SKIM_PARENT, "parentUuid"),
    NAME(SKIM_LOGICAL_PARENT, "logicalParentUuid"),
    NAME(SKIM_SESSION_ID, "sessionId"),
    NAME(SKIM_TIMESTAMP, "timestamp"),
    NAME(SKIM_VERSION, "version"),
    NAME(SKIM_AGENT_ID, "agentId"),
    NAME(SKIM_LEAF, "leafUuid"),
    NAME(SKIM_EXPLICIT, "explicit"),
    NAME(SKIM_IS_SIDECHAIN, "isSidechain"),
    NAME(SKIM_IS_API_ERROR, "isApiErrorMessage"),
    NAME(SKIM_IS_SUMMARY, "isCompactSummary"),
    NAME(KEY_COMPACTION, "compactMetadata"),
    NAME(SKIM_ERROR_DETAILS, "errorDetails"),
    NAME(SKIM_TOOL_USE_RESULT, "toolUseResult"),
    NAME(KEY_PROGRESS, "data"),
    NAME(SKIM_ATTACHMENT, "attachment"),
    NAME(SKIM_SNAPSHOT, "snapshot"),
    NAME(SKIM_MESSAGE, "message"),
};
static const struct name compaction_names[] = {
    NAME(KEY_PRESERVED, "preservedMessages"),
    NAME(KEY_SEGMENT, "preservedSegment"),
};
static const struct name segment_names[] = {
    NAME(SKIM_ANCHOR, "anchorUuid"),
    NAME(SKIM_HEAD, "headUuid"),
    NAME(SKIM_TAIL, "tailUuid"),
};
static const struct name preserved_names[] = {
    NAME(KEY_PRESERVED_IDS, "uuids"),
    NAME(SKIM_ANCHOR, "anchorUuid"),
};
static const struct name attachment_names[] = {
    NAME(SKIM_ATTACHMENT_TYPE, "type"),
    NAME(SKIM_ATTACHMENT_CONTENT, "content"),
};
static const struct name snapshot_names[] = {
    NAME(SKIM_SNAPSHOT_FILES, "trackedFileBackups"),
};
static const struct name progress_names[] = {
    NAME(SKIM_FULL_OUTPUT, "fullOutput"),
    NAME(SKIM_OUTPUT, "output"),
};
static const struct name message_names[] = {
    NAME(SKIM_MESSAGE_ID, "id"), NAME(SKIM_MESSAGE_ROLE, "role"), NAME(SKIM_MODEL, "model"),
    NAME(SKIM_USAGE, "usage"),   NAME(SKIM_CONTENT, "content"),
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

static enum context context_of(const struct skim *s)
{
    return s->depth && s->depth <= SKIM_KNOWN_DEPTH ? s->contexts[s->depth - 1] : ELSEWHERE;
}

/* The key of a value at this depth; KEY_OTHER in an array, and where nobody looks. */
static enum key key_of(const struct skim *s)
{
    return s->depth && s->depth <= SKIM_KNOWN_DEPTH ? s->keys[s->depth - 1] : KEY_OTHER;
}

bool skimming_is_sent(const struct skim *s)
{
    const struct skim_value *content = &s->members[SKIM_CONTENT];
    return content->kind != SKIM_ABSENT && content->span.to == content->span.from;
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

/* The block that a string belongs to. */
static struct skim_block *block_of(struct skim *s)
{
    enum context c = context_of(s);
    return &s->open[c == IN_RESULT_BLOCK || c == IN_RESULT_SOURCE];
}

/* ---- values ------------------------------------------------------------------------------- */

void skimming_begin_value(struct skim *s, enum skim_kind kind, int64_t at)
{
    enum key key = key_of(s);
    if (key == KEY_BLOCK_CONTENT)
        s->open[0].content = (struct skim_span){at, at};
    if (key >= (enum key)SKIM_MEMBERS)
        return;
    struct skim_value *v = &s->members[key];
    v->kind = (unsigned char)kind;
    v->n = 0;
    v->span = (struct skim_span){at, at};
    v->key = s->key_span;
    if (key == (enum key)SKIM_MESSAGE || key == (enum key)SKIM_CONTENT) { /* the last one counts */
        s->block_count = s->top_count = 0;
        s->text = (struct skim_span){0};
    }
    for (int m = SKIM_MESSAGE_ID; key == (enum key)SKIM_MESSAGE && m <= SKIM_CONTENT; m++)
        s->members[m].kind = SKIM_ABSENT;
}

void skimming_end_value(struct skim *s, int64_t at)
{
    enum key key = key_of(s);
    enum context context = context_of(s);
    if (key < (enum key)SKIM_MEMBERS)
        s->members[key].span.to = at;
    if (key == KEY_BLOCK_CONTENT)
        s->open[0].content.to = at;
    if (context == IN_CONTENT || context == IN_RESULT) {
        bool nested = context == IN_RESULT;
        s->element_count[nested]++;
        s->element_end[nested] = at;
        s->top_count += !nested;
    }
}

static enum context context_for(enum context context, enum key key, bool object)
{
    switch (context) {
    case IN_RECORD:
        return !object                            ? ELSEWHERE
               : key == (enum key)SKIM_MESSAGE    ? IN_MESSAGE
               : key == (enum key)SKIM_ATTACHMENT ? IN_ATTACHMENT
               : key == (enum key)SKIM_SNAPSHOT   ? IN_SNAPSHOT
               : key == KEY_PROGRESS              ? IN_PROGRESS
               : key == KEY_COMPACTION            ? IN_COMPACTION
                                                  : ELSEWHERE;
    case IN_COMPACTION:
        return object && key == KEY_PRESERVED ? IN_PRESERVED
               : object && key == KEY_SEGMENT ? IN_SEGMENT
                                              : ELSEWHERE;
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

void skimming_open(struct skim *s, bool is_object, int64_t at)
{
    enum context context = s->depth ? context_for(context_of(s), key_of(s), is_object) : IN_RECORD;
    if (s->depth)
        skimming_begin_value(s, is_object ? SKIM_OBJECT : SKIM_ARRAY, at);
    if (s->depth < SKIM_KNOWN_DEPTH) {
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

void skimming_close(struct skim *s, int64_t at)
{
    enum context context = context_of(s);
    if (context == IN_BLOCK || context == IN_RESULT_BLOCK)
        close_block(s, context == IN_RESULT_BLOCK, at);
    if (--s->depth)
        skimming_end_value(s, at);
}

/* ---- strings ------------------------------------------------------------------------------ */

enum skimming_use skimming_begin_key(struct skim *s, int64_t at)
{
    s->key_span = (struct skim_span){at, at};
    if (s->depth <= SKIM_KNOWN_DEPTH)
        s->keys[s->depth - 1] = KEY_OTHER;
    return names[context_of(s)].count ? SKIMMING_KEY : SKIMMING_PASS;
}

void skimming_end_key(struct skim *s, struct sv name)
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

enum skimming_use skimming_begin_string(struct skim *s, int64_t at)
{
    enum context context = context_of(s);
    enum key key = key_of(s);
    skimming_begin_value(s, SKIM_STRING, at);
    if (context == IN_PRESERVED_IDS)
        return SKIMMING_PRESERVED_ID;
    if (context == IN_CONTENT || context == IN_RESULT)
        return SKIMMING_PASS;
    if (key == (enum key)SKIM_CONTENT)
        return SKIMMING_TEXT;
    if (key < (enum key)SKIM_MEMBERS)
        return SKIMMING_MEMBER;
    switch (key) {
    case KEY_BLOCK_TYPE:
        return SKIMMING_TYPE;
    case KEY_BLOCK_ID:
        return SKIMMING_ID;
    case KEY_BLOCK_TEXT:
        block_of(s)->is_empty = true;
        return SKIMMING_TEXT;
    case KEY_DATA:
        block_of(s)->data.from = at + 1;
        return SKIMMING_PICTURE;
    default:
        return SKIMMING_PASS;
    }
}

void skimming_fill_text(struct skim *s)
{
    if (key_of(s) == KEY_BLOCK_TEXT)
        block_of(s)->is_empty = false;
}

static void add_preserved(struct skim *s, uint64_t id)
{
    if (s->preserved_count == s->preserved_capacity) {
        s->preserved_capacity = s->preserved_capacity ? s->preserved_capacity * 2 : 16;
        s->preserved = mem_resize(s->preserved, s->preserved_capacity * sizeof *s->preserved);
    }
    s->preserved[s->preserved_count++] = id;
}

void skimming_end_string(struct skim *s, struct sv small, int64_t at)
{
    struct skim_block *block = block_of(s);
    struct skim_value *member;
    switch ((enum skimming_use)s->use) {
    case SKIMMING_MEMBER:
        member = &s->members[key_of(s)];
        memcpy(member->text, small.p, small.n);
        member->n = (unsigned char)small.n;
        break;
    case SKIMMING_TYPE:
        block->kind = (unsigned char)block_kind(small);
        break;
    case SKIMMING_ID:
        block->tool = graph_id_of(small);
        block->id = (struct skim_span){s->string_from + 1, at};
        break;
    case SKIMMING_TEXT:
        if (s->text.to == s->text.from)
            s->text = (struct skim_span){s->string_from + 1, at};
        break;
    case SKIMMING_PICTURE:
        block->data.to = at;
        picture_size((struct sv){s->head, s->head_length}, &block->width, &block->height);
        break;
    case SKIMMING_PRESERVED_ID:
        add_preserved(s, graph_id_of(small));
        break;
    case SKIMMING_KEY:
    case SKIMMING_PASS:
        break;
    }
    skimming_end_value(s, at + 1);
}
