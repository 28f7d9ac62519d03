#include "conversation/message.h"

#include "conversation/text.h"

enum speaker message_speaker(const struct event *e)
{
    switch (e->kind) {
    case EVENT_PROMPT:
    case EVENT_COMMAND:
    case EVENT_INTERRUPTED:
    case EVENT_ENQUEUE:
        return SPEAKER_USER;
    case EVENT_ASSISTANT_TEXT:
    case EVENT_ASSISTANT_THINKING:
    case EVENT_TOOL_USE:
        return SPEAKER_AGENT;
    case EVENT_TOOL_RESULT:
        return SPEAKER_TOOL;
    default:
        return SPEAKER_CLIENT;
    }
}

const char *message_speaker_word(enum speaker speaker)
{
    static const char *const words[] = {"user", "agent", "tool", "client"};
    return words[speaker];
}

struct words {
    struct buf *out;
    size_t until; /* of out */
};

static void add_words(struct words *w, struct sv s)
{
    if (!s.n || w->out->n >= w->until)
        return;
    s = text_beginning(s, w->until - w->out->n);
    buf_add(w->out, s.p, s.n);
    buf_adds(w->out, "\n");
}

static bool add_member(void *context, struct sv key, const struct json_value *value);

/* Every string below a value. How deep it goes is bounded by the parser's memory, not by us: so a
 * bound. */
static void add_strings(struct words *w, const struct json_value *value, int depth);

struct member {
    struct words *words;
    int depth;
};

static void add_strings(struct words *w, const struct json_value *value, int depth)
{
    enum { DEPTH_LIMIT = 32 };
    struct sv s;
    if (json_string(value, &s))
        add_words(w, s);
    if (depth == DEPTH_LIMIT)
        return;
    const struct json_value *item;
    if (json_is_array(value))
        for (item = json_first(value); item; item = json_next(value, item))
            add_strings(w, item, depth + 1);
    struct member member = {w, depth + 1};
    json_each(value, add_member, &member);
}

static bool add_member(void *context, struct sv key, const struct json_value *value)
{
    struct member *member = context;
    (void)key;
    add_strings(member->words, value, member->depth);
    return true;
}

void message_add_words(const struct event *e, const struct message *m, size_t max, struct buf *out)
{
    struct words w = {out, out->n + max};
    add_words(&w, e->title);
    for (size_t i = 0; i < m->block_count; i++) {
        const struct block *b = &m->blocks[i];
        if (b->kind == BLOCK_CALL || b->kind == BLOCK_FILE)
            add_words(&w, b->name);
        add_words(&w, b->text);
        if (b->kind == BLOCK_CALL)
            add_strings(&w, b->input, 0);
    }
}
