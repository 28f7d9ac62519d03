#include "view/conversation/survey.h"

#include "base/utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { PROMPT_COLUMNS = 100, FIRST_SLOTS = 64 };

#define NO_ITEM SIZE_MAX /* of a call whose result was not met yet */

bool view_read_item(const struct view_conversation *v, const struct conversation_item *item,
                    struct arena *a, struct event *e, struct message *m)
{
    struct sv text;
    return v->fetch(v->context, item, a, &text) == 0 &&
           v->conversation->reader->read_message(a, text, e, m) == 0 &&
           conversation_is_of_item(v->conversation, item, e, text);
}

size_t view_each_record(const struct view_conversation *v, struct buf *out, view_use_record *use,
                        void *context)
{
    const struct conversation *c = v->conversation;
    size_t lost = 0;
    for (size_t i = v->first; i < c->count && (!out || v->take(v->context, out)); i++) {
        ARENA_RELEASE struct arena a = {0};
        struct event e;
        struct message m;
        bool is_there = view_read_item(v, &c->items[i], &a, &e, &m);
        lost += !is_there;
        if (is_there)
            use(context, i, &e, &m);
    }
    return lost;
}

bool view_is_silent(const struct event *e, const struct message *m)
{
    switch (e->kind) {
    case EVENT_OTHER:
    case EVENT_METADATA:
    case EVENT_NOTE:
    case EVENT_TURN_OVER:
    case EVENT_ENQUEUE:
    case EVENT_DEQUEUE:
    case EVENT_QUEUE_REMOVE:
    case EVENT_QUEUE_CLEAR:
    case EVENT_TITLE:
    case EVENT_ASK:
    case EVENT_ANSWERED:
        return true;
    case EVENT_COMPACT_BOUNDARY:
        return false;
    default:
        return m->block_count == 0;
    }
}

/* What a client tells of a try that failed stands on its way, and goes to no model. */
bool view_is_loaded(const struct conversation_item *item, const struct event *e)
{
    return item->is_loaded && e->kind != EVENT_API_RETRY;
}

void view_json_put_place(struct json_document *d, struct json_node *to,
                         const struct view_conversation *v, const struct conversation_item *item,
                         const struct event *e)
{
    json_put_integer(d, to, "branch", (int64_t)item->branch);
    if (v->conversation->reader->is_chained)
        json_put_bool(d, to, "is_loaded", view_is_loaded(item, e));
    else
        json_put_null(d, to, "is_loaded");
}

const char *view_bound_before(struct view_bounds *b, const struct conversation_item *item,
                              const struct event *e)
{
    bool is_other_branch = item->branch != b->branch;
    bool is_bound = b->is_begun && !item->branch && item->is_loaded != b->is_loaded &&
                    e->kind != EVENT_COMPACT_BOUNDARY && e->kind != EVENT_COMPACT_SUMMARY;
    bool is_told = item->is_loaded == view_is_loaded(item, e); /* else it says nothing of the way */
    b->branch = item->branch;
    b->is_begun = true;
    b->is_loaded = is_told ? item->is_loaded : b->is_loaded;
    return is_other_branch         ? "A branch that was left:"
           : !is_bound || !is_told ? NULL
           : item->is_loaded       ? "A resume begins here: it does not load what is above."
                                   : "A resume ends here: it does not load what is below.";
}

const char *view_block_word(enum block_kind kind)
{
    static const char *const words[] = {"text",  "thinking", "call", "result",
                                        "image", "file",     "other"};
    return words[kind];
}

const char *view_who(const struct event *e)
{
    return e->kind == EVENT_COMPACT_SUMMARY ? "summary"
           : e->kind == EVENT_API_ERROR     ? "API error"
                                            : message_speaker_word(message_speaker(e));
}

/* ---- the survey --------------------------------------------------------------------------- */

static struct view_result *slot_of(const struct view_survey *s, uint64_t call)
{
    size_t slot = call & (s->result_size - 1);
    while (s->results[slot].call && s->results[slot].call != call)
        slot = (slot + 1) & (s->result_size - 1);
    return &s->results[slot];
}

const struct view_result *view_survey_result_of(const struct view_survey *s, uint64_t call)
{
    const struct view_result *r = call ? slot_of(s, call) : NULL;
    return r && r->call && r->item != NO_ITEM ? r : NULL;
}

const struct view_result *view_survey_result(const struct view_survey *s, struct sv call)
{
    return view_survey_result_of(s, call.n ? graph_id_of(call) : 0);
}

static const char *first_of(struct view_survey *s, const char *known, struct sv more)
{
    return known || !more.n ? known : arena_strndup(&s->arena, more.p, more.n);
}

static const char *beginning_of(struct view_survey *s, struct sv text)
{
    BUF_RELEASE struct buf b = {0};
    utf8_add_printable(&b,
                       sv_slice(text, 0, text.n < 4 * PROMPT_COLUMNS ? text.n : 4 * PROMPT_COLUMNS),
                       PROMPT_COLUMNS);
    return arena_strndup(&s->arena, b.n ? b.p : "", b.n);
}

static struct timeline_point *add_point(struct view_survey *s, enum timeline_kind kind,
                                        struct wall at)
{
    struct timeline_point *p = MEM_PUSH(s->points, s->point_count, s->point_capacity);
    *p = (struct timeline_point){.kind = kind, .at_ms = at.ms};
    return p;
}

static void add_record_point(struct view_survey *s, const struct event *e)
{
    enum timeline_kind kind = e->kind == EVENT_PROMPT || e->kind == EVENT_COMMAND ? TIMELINE_PROMPT
                              : e->kind == EVENT_COMPACT_BOUNDARY ? TIMELINE_COMPACTION
                              : e->kind == EVENT_API_ERROR || e->kind == EVENT_API_RETRY
                                  ? TIMELINE_ERROR
                              : message_speaker(e) == SPEAKER_AGENT ? TIMELINE_REPLY
                                                                    : TIMELINE_OTHER;
    add_point(s, kind, e->at)->context_tokens = e->context_tokens;
}

/* Twice as many slots, where half of them are used. */
static void make_room(struct view_survey *s)
{
    struct view_result *old = s->results;
    size_t size = s->result_size;
    if (s->result_count < size / 2)
        return;
    s->result_size = size ? size * 2 : FIRST_SLOTS;
    s->results = mem_resize(NULL, s->result_size * sizeof *s->results);
    memset(s->results, 0, s->result_size * sizeof *s->results);
    for (size_t i = 0; i < size; i++)
        if (old[i].call)
            *slot_of(s, old[i].call) = old[i];
    free(old);
}

/* The call's or result's place among the results; NULL: it is neither. */
static struct view_result *place_of(struct view_survey *s, const struct block *b)
{
    if ((b->kind != BLOCK_CALL && b->kind != BLOCK_RESULT) || !b->id.n)
        return NULL;
    make_room(s);
    struct view_result *slot = slot_of(s, graph_id_of(b->id));
    s->result_count += slot->call == 0;
    if (!slot->call)
        *slot = (struct view_result){.call = graph_id_of(b->id), .item = NO_ITEM};
    return slot;
}

static void add_tool_point(struct view_survey *s, const struct event *e, const struct block *b)
{
    bool is_call = b->kind == BLOCK_CALL;
    struct timeline_point *p = add_point(s, is_call ? TIMELINE_CALL : TIMELINE_RESULT, e->at);
    p->call = b->id.n ? graph_id_of(b->id) : 0;
    p->name = is_call ? beginning_of(s, b->name) : NULL;
    p->is_error = b->is_error;
}

static void survey_block(struct view_survey *s, size_t item, const struct event *e,
                         const struct block *b)
{
    struct view_result *slot = place_of(s, b);
    if (b->kind == BLOCK_CALL && slot)
        slot->has_call = true;
    if (b->kind == BLOCK_RESULT && slot) {
        slot->item = item;
        slot->at = e->at;
        slot->size_bytes = b->text.n;
        slot->is_error = b->is_error;
    }
    s->calls += b->kind == BLOCK_CALL;
    s->failures += b->kind == BLOCK_RESULT && b->is_error;
    if (s->with_points && (b->kind == BLOCK_CALL || b->kind == BLOCK_RESULT))
        add_tool_point(s, e, b);
}

/* A command is known by its name, a prompt by its first text. */
static struct sv said_by(const struct event *e, const struct message *m)
{
    if (e->kind == EVENT_COMMAND && e->text.n)
        return e->text;
    for (size_t i = 0; i < m->block_count; i++)
        if (m->blocks[i].kind == BLOCK_TEXT)
            return m->blocks[i].text;
    return SV("(no text)");
}

static void survey_record(void *survey, size_t item, const struct event *e, const struct message *m)
{
    struct view_survey *s = survey;
    s->cwd = first_of(s, s->cwd, e->cwd);
    s->version = first_of(s, s->version, e->version);
    if (view_is_silent(e, m))
        return;
    if (wall_known(e->at)) {
        s->first_at = wall_known(s->first_at) && s->first_at.ms < e->at.ms ? s->first_at : e->at;
        s->last_at = s->last_at.ms > e->at.ms ? s->last_at : e->at;
    }
    s->model = first_of(s, s->model, m->model);
    s->replies += message_speaker(e) == SPEAKER_AGENT;
    s->context_tokens = e->context_tokens ? e->context_tokens : s->context_tokens;
    if (s->with_points)
        add_record_point(s, e);
    for (size_t i = 0; i < m->block_count; i++)
        survey_block(s, item, e, &m->blocks[i]);
    if ((e->kind == EVENT_PROMPT && e->is_human) || e->kind == EVENT_COMMAND)
        *ARENA_PUSH(&s->arena, s->prompts, s->prompt_count, s->prompt_capacity) =
            (struct view_prompt){item, e->at, beginning_of(s, said_by(e, m))};
}

void view_survey_make(const struct view_conversation *v, bool with_points, struct view_survey *out)
{
    *out = (struct view_survey){.with_points = with_points, .gaps = v->conversation->gap_count};
    make_room(out);
    out->lost = view_each_record(v, NULL, survey_record, out);
}

void view_survey_release(struct view_survey *s)
{
    free(s->results);
    free(s->points);
    arena_release(&s->arena);
    *s = (struct view_survey){0};
}

size_t view_conversation_last(const struct view_conversation *v, size_t count)
{
    const struct conversation *c = v->conversation;
    uint64_t after = 0; /* the message of the record behind it */
    size_t first = c->count, found = 0;
    for (size_t i = c->count; i-- > 0;) {
        ARENA_RELEASE struct arena a = {0};
        struct event e;
        struct message m;
        bool is_shown = view_read_item(v, &c->items[i], &a, &e, &m) && !view_is_silent(&e, &m);
        uint64_t message = is_shown ? graph_id_of(e.message_id) : 0;
        bool counts = is_shown && e.kind != EVENT_TOOL_RESULT && (!message || message != after);
        if (counts && found++ == count)
            break;
        if (is_shown)
            first = i;
        after = is_shown && e.kind != EVENT_TOOL_RESULT ? message : after;
    }
    return first;
}
