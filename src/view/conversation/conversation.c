#include "view/conversation/conversation.h"

#include "base/json.h"
#include "base/utf8.h"
#include "conversation/message.h"
#include "view/conversation/survey.h"
#include "view/json.h"

#include <stdlib.h>
#include <string.h>

enum { ARGUMENT_COLUMNS = 72 };

/* Up to the next such byte, which is taken off the rest; all of it where there is none. */
static struct sv cut_at(struct sv *rest, char c)
{
    const char *end = rest->n ? memchr(rest->p, c, rest->n) : NULL;
    size_t n = end ? (size_t)(end - rest->p) : rest->n;
    struct sv part = sv_slice(*rest, 0, n);
    *rest = end ? sv_slice(*rest, n + 1, rest->n) : (struct sv){0};
    return part;
}

void view_add_lines(struct buf *out, struct sv s, const char *prefix)
{
    bool is_more = true;
    while (is_more) {
        size_t before = s.n;
        struct sv line = cut_at(&s, '\n');
        is_more = line.n < before;
        if (line.n && line.p[line.n - 1] == '\r')
            line.n--;
        buf_adds(out, prefix);
        for (bool has_tab = true; has_tab;) {
            before = line.n;
            struct sv part = cut_at(&line, '\t');
            has_tab = part.n < before;
            utf8_add_printable(out, part, 0);
            if (has_tab)
                buf_adds(out, "\t");
        }
        buf_adds(out, "\n");
    }
}

void view_add_fenced(struct buf *out, struct sv s)
{
    size_t longest = 2, run = 0;
    for (size_t i = 0; i < s.n; i++) {
        run = s.p[i] == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    buf_fill(out, '`', longest + 1);
    buf_adds(out, "\n");
    view_add_lines(out, s, "");
    buf_fill(out, '`', longest + 1);
    buf_adds(out, "\n");
}

static void add_word(struct buf *out, struct sv s, size_t columns)
{
    utf8_add_printable(out, s, columns);
}

/* ---- Markdown ----------------------------------------------------------------------------- */

struct drawing {
    struct buf *out;
    const struct view_conversation *v;
    struct view_survey survey;
    uint64_t message; /* that is being drawn; 0: none of the model's */
    struct view_bounds bounds;
    bool is_in_list; /* the last line is an item of a list */
};

static void end_list(struct drawing *d)
{
    if (d->is_in_list)
        buf_adds(d->out, "\n");
    d->is_in_list = false;
}

static void add_call(struct drawing *d, const struct block *b)
{
    char size[STR_SIZE_TEXT];
    const struct view_result *r = view_survey_result(&d->survey, b->id);
    buf_adds(d->out, "- **");
    add_word(d->out, b->name, 0);
    buf_adds(d->out, "**");
    if (b->argument.n) {
        buf_adds(d->out, " ");
        add_word(d->out, b->argument, ARGUMENT_COLUMNS);
    }
    if (r)
        buf_addf(d->out, " (%s%s)", r->is_error ? "failed, " : "",
                 str_format_size((int64_t)r->size_bytes, size));
    else
        buf_adds(d->out, " (no result)");
    buf_adds(d->out, "\n");
    d->is_in_list = true;
    if (!d->v->unfolds || !b->input)
        return;
    BUF_RELEASE struct buf input = {0};
    json_add_value(b->input, &input);
    end_list(d);
    view_add_fenced(d->out, (struct sv){input.p, input.n});
    buf_adds(d->out, "\n");
}

static void add_thinking(struct drawing *d, const struct block *b)
{
    char size[STR_SIZE_TEXT];
    end_list(d);
    if (!b->text.n)
        buf_adds(d->out, "*thinking, not kept*\n\n");
    else if (!d->v->unfolds)
        buf_addf(d->out, "*thinking, %s*\n\n", str_format_size((int64_t)b->text.n, size));
    else {
        view_add_lines(d->out, b->text, "> ");
        buf_adds(d->out, "\n");
    }
}

static void add_item(struct drawing *d, const char *what, const struct block *b)
{
    char size[STR_SIZE_TEXT];
    buf_addf(d->out, "- %s: ", what);
    add_word(d->out, b->name, 0);
    if (b->size_bytes >= 0)
        buf_addf(d->out, ", %s", str_format_size(b->size_bytes, size));
    buf_adds(d->out, "\n");
    d->is_in_list = true;
}

static void add_block(struct drawing *d, const struct block *b)
{
    switch (b->kind) {
    case BLOCK_TEXT:
        end_list(d);
        view_add_lines(d->out, b->text, "");
        buf_adds(d->out, "\n");
        break;
    case BLOCK_THINKING:
        add_thinking(d, b);
        break;
    case BLOCK_CALL:
        add_call(d, b);
        break;
    case BLOCK_RESULT:
        if (d->v->unfolds) {
            end_list(d);
            view_add_fenced(d->out, b->text);
            buf_adds(d->out, "\n");
        }
        break;
    case BLOCK_IMAGE:
        add_item(d, "image", b);
        break;
    case BLOCK_FILE:
        add_item(d, "file", b);
        break;
    case BLOCK_OTHER:
        add_item(d, "not shown", b);
        break;
    }
}

static void add_header(struct drawing *d, const struct event *e, const struct message *m)
{
    char time[WALL_TEXT_SIZE];
    end_list(d);
    buf_addf(d->out, "## %s, %s", view_who(e),
             wall_known(e->at) ? wall_format(e->at, time) : "at no known time");
    if (m->model.n) {
        buf_adds(d->out, ", ");
        add_word(d->out, m->model, 0);
    }
    buf_adds(d->out, "\n\n");
}

static void draw_contents(struct drawing *d, const struct event *e, const struct message *m)
{
    uint64_t message = graph_id_of(e->message_id);
    if (e->kind == EVENT_COMPACT_BOUNDARY) {
        end_list(d);
        buf_adds(
            d->out,
            "---\n\n*Compacted here: what follows began with a summary of what is above.*\n\n");
    } else if (e->kind == EVENT_TOOL_RESULT) {
        /* folded into its call; parallel ones stand between the records of one message */
        for (size_t i = 0; i < m->block_count; i++)
            if (d->v->unfolds || m->blocks[i].kind != BLOCK_RESULT)
                add_block(d, &m->blocks[i]);
        return;
    } else {
        if (!message || message != d->message)
            add_header(d, e, m);
        for (size_t i = 0; i < m->block_count; i++)
            add_block(d, &m->blocks[i]);
    }
    d->message = message;
}

static void draw_title(struct drawing *d)
{
    const struct view_conversation *v = d->v;
    buf_adds(d->out, "# Session ");
    utf8_adds_printable(d->out, v->session_id);
    if (v->subagent) {
        buf_adds(d->out, ", subagent ");
        utf8_adds_printable(d->out, v->subagent);
    }
    buf_adds(d->out, "\n\n");
    for (size_t i = 0; i < v->file_count; i++) {
        buf_adds(d->out, "- from ");
        utf8_adds_printable(d->out, v->files[i]);
        buf_adds(d->out, "\n");
    }
    for (size_t i = 0; i < v->conversation->gap_count; i++) {
        const struct conversation_gap *gap = &v->conversation->gaps[i];
        buf_addf(d->out, "- not readable: %lld bytes at byte %lld of ", (long long)gap->length,
                 (long long)gap->offset);
        utf8_adds_printable(d->out, v->files[gap->file]);
        buf_adds(d->out, "\n");
    }
    buf_adds(d->out, "\n");
}

static void draw_record(void *drawing, size_t item, const struct event *e, const struct message *m)
{
    struct drawing *d = drawing;
    if (view_is_silent(e, m))
        return;
    const char *bound = view_bound_before(&d->bounds, &d->v->conversation->items[item], e);
    if (bound) {
        end_list(d);
        buf_addf(d->out, "---\n\n*%s*\n\n", bound);
        d->message = 0;
    }
    draw_contents(d, e, m);
}

size_t view_markdown_conversation(struct buf *out, const struct view_conversation *v)
{
    struct drawing d = {.out = out, .v = v};
    view_survey_make(v, false, &d.survey);
    draw_title(&d);
    size_t lost = view_each_record(v, out, draw_record, &d);
    end_list(&d);
    view_survey_release(&d.survey);
    return lost;
}

/* ---- JSON --------------------------------------------------------------------------------- */

static struct json_node *block_node(struct json_document *d, const struct block *b)
{
    struct json_node *node = json_object(d);
    bool has_text = b->kind == BLOCK_TEXT || b->kind == BLOCK_THINKING || b->kind == BLOCK_RESULT;
    json_put_string(d, node, "type", view_block_word(b->kind));
    if (has_text)
        json_put_text(d, node, "text", b->text);
    if (b->kind == BLOCK_CALL || b->kind == BLOCK_RESULT)
        json_put_text(d, node, "id", b->id);
    if (b->name.n)
        json_put_text(d, node, "name", b->name);
    if (b->kind == BLOCK_CALL)
        json_put_value(d, node, "input", b->input);
    if (b->kind == BLOCK_RESULT)
        json_put_bool(d, node, "is_error", b->is_error);
    if (b->kind == BLOCK_IMAGE && b->size_bytes >= 0)
        json_put_integer(d, node, "size_bytes", b->size_bytes);
    return node;
}

/* A message that is being gathered from its records. */
struct gathering {
    struct buf *out;
    const struct view_conversation *v;
    struct json_document *d; /* NULL: none yet */
    struct json_node *root, *uuids, *blocks;
    uint64_t message;
    bool is_loaded;
};

static void end_message(struct gathering *g)
{
    if (!g->d)
        return;
    json_put(g->d, g->root, "uuids", g->uuids);
    json_put(g->d, g->root, "blocks", g->blocks);
    json_finish(g->d, g->root, true, g->out);
}

static void begin_message(struct gathering *g, const struct conversation_item *item,
                          const struct event *e, const struct message *m)
{
    struct json_document *d = g->d = json_document_new();
    struct json_node *root = g->root = json_object(d);
    g->uuids = json_array(d);
    g->blocks = json_array(d);
    g->message = graph_id_of(e->message_id);
    g->is_loaded = view_is_loaded(item, e);
    json_put_string(d, root, "schema", VIEW_SCHEMA);
    json_put_string(d, root, "session_id", g->v->session_id);
    json_put_string(d, root, "subagent", g->v->subagent);
    json_put_time(d, root, "at", e->at);
    json_put_string(d, root, "who", message_speaker_word(message_speaker(e)));
    json_put_string(d, root, "kind", event_kind_word(e->kind));
    view_json_put_place(d, root, g->v, item, e);
    json_put_known_text(d, root, "message_id", e->message_id);
    json_put_known_text(d, root, "model", m->model);
    json_put_string(d, root, "file", g->v->files[item->file]);
}

static void gather(void *gathering, size_t item, const struct event *e, const struct message *m)
{
    struct gathering *g = gathering;
    const struct conversation_item *of = &g->v->conversation->items[item];
    uint64_t message = graph_id_of(e->message_id);
    if (view_is_silent(e, m))
        return;
    if (!message || message != g->message || view_is_loaded(of, e) != g->is_loaded) {
        end_message(g);
        begin_message(g, of, e, m);
    }
    if (e->uuid.n)
        json_put_text(g->d, g->uuids, NULL, e->uuid);
    for (size_t i = 0; i < m->block_count; i++)
        json_put(g->d, g->blocks, NULL, block_node(g->d, &m->blocks[i]));
}

size_t view_json_conversation(struct buf *out, const struct view_conversation *v)
{
    struct gathering g = {.out = out, .v = v};
    size_t lost = view_each_record(v, out, gather, &g);
    end_message(&g);
    return lost;
}
