/* A conversation as CUSF 1.0.0: JSON lines that every agent's conversation fits into. doc/cusf.md
 * has the keys; agents/cusf.c reads them again. */
#include "view/conversation/survey.h"
#include "view/json.h"

#include <string.h>

enum { KINDS = EVENT_ANSWERED + 1 };

struct drawing {
    struct buf *out;
    const struct view_conversation *v;
    size_t line; /* counts, so that two lines are never the same */
    size_t left_out[KINDS];
    size_t counts[3]; /* messages, calls, results */
};

void view_cusf_begin(struct buf *out, struct wall now, const char *exporter)
{
    struct json_document *d = json_document_new();
    struct json_node *root = json_object(d), *meta = json_object(d);
    json_put(d, root, "_meta", meta);
    json_put_string(d, meta, "format", "cusf");
    json_put_string(d, meta, "version", "1.0.0");
    json_put_time(d, meta, "exported_at", now);
    json_put_string(d, meta, "exporter", exporter);
    json_finish(d, root, true, out);
}

static void draw_start(struct drawing *d, const struct view_survey *s)
{
    const struct view_conversation *v = d->v;
    struct json_document *doc = json_document_new();
    struct json_node *root = json_object(doc);
    json_put_string(doc, root, "type", "session_start");
    json_put_string(doc, root, "session_id", v->session_id);
    json_put_string(doc, root, "subagent", v->subagent);
    json_put_string(doc, root, "llm_source", v->conversation->reader->agent);
    json_put_string(doc, root, "llm_model", s->model);
    json_put_time(doc, root, "started_at", s->first_at);
    json_put_string(doc, root, "project_path", s->cwd);
    json_put_null(doc, root, "git_branch");
    json_put_string(doc, root, "cwd", s->cwd);
    json_put_string(doc, root, "client_version", s->version);
    json_put_strings(doc, root, "files", v->files, v->file_count);
    json_finish(doc, root, true, d->out);
}

static void draw_end(struct drawing *d, const struct view_survey *s, size_t lost)
{
    struct json_document *doc = json_document_new();
    struct json_node *root = json_object(doc), *left = json_object(doc);
    json_put_string(doc, root, "type", "session_end");
    json_put_string(doc, root, "session_id", d->v->session_id);
    json_put_time(doc, root, "ended_at", s->last_at);
    json_put_integer(doc, root, "messages", (int64_t)d->counts[0]);
    json_put_integer(doc, root, "tool_uses", (int64_t)d->counts[1]);
    json_put_integer(doc, root, "tool_results", (int64_t)d->counts[2]);
    json_put_integer(doc, root, "lost", (int64_t)lost);
    json_put_integer(doc, root, "gaps", (int64_t)d->v->conversation->gap_count);
    for (int kind = 0; kind < KINDS; kind++)
        if (d->left_out[kind])
            json_put_integer(doc, left, event_kind_word((enum event_kind)kind),
                             (int64_t)d->left_out[kind]);
    if (d->v->conversation->beside_count)
        json_put_integer(doc, left, "beside the conversation",
                         (int64_t)d->v->conversation->beside_count);
    json_put(doc, root, "left_out", left);
    json_finish(doc, root, true, d->out);
}

/* What all lines of a record have. */
static struct json_node *begin_line(struct drawing *d, struct json_document *doc, const char *type,
                                    const struct conversation_item *item, const struct event *e,
                                    const struct message *m)
{
    struct json_node *root = json_object(doc);
    json_put_string(doc, root, "type", type);
    json_put_integer(doc, root, "line", (int64_t)++d->line);
    json_put_string(doc, root, "session_id", d->v->session_id);
    json_put_string(doc, root, "subagent", d->v->subagent);
    json_put_known_text(doc, root, "uuid", e->uuid);
    json_put_known_text(doc, root, "message_id", e->message_id);
    json_put_time(doc, root, "timestamp", e->at);
    json_put_string(doc, root, "role", message_speaker_word(message_speaker(e)));
    json_put_string(doc, root, "kind", event_kind_word(e->kind));
    json_put_bool(doc, root, "is_human", e->is_human);
    json_put_known_text(doc, root, "model", m->model);
    view_json_put_place(doc, root, d->v, item, e);
    return root;
}

static void put_block(struct json_document *doc, struct json_node *content, const struct block *b)
{
    struct json_node *node = json_object(doc);
    json_put_string(doc, node, "type", view_block_word(b->kind));
    if (b->kind == BLOCK_TEXT || b->kind == BLOCK_THINKING || b->kind == BLOCK_FILE)
        json_put_text(doc, node, "text", b->text);
    if (b->name.n)
        json_put_text(doc, node, "name", b->name);
    if (b->base64.n)
        json_put_text(doc, node, "base64", b->base64);
    if (b->kind == BLOCK_IMAGE)
        json_put_count(doc, node, "size_bytes", b->size_bytes);
    json_put(doc, content, NULL, node);
}

static bool is_content(const struct block *b)
{
    return b->kind != BLOCK_CALL && b->kind != BLOCK_RESULT;
}

/* Texts, pictures and files that stand together are one message; a call and a result are lines of
 * their own. Returns: how many blocks it took. */
static size_t draw_line(struct drawing *d, const struct conversation_item *item,
                        const struct event *e, const struct message *m, size_t from)
{
    struct json_document *doc = json_document_new();
    const struct block *b = from < m->block_count ? &m->blocks[from] : NULL;
    const char *type = !b || is_content(b)     ? "message"
                       : b->kind == BLOCK_CALL ? "tool_use"
                                               : "tool_result";
    struct json_node *root = begin_line(d, doc, type, item, e, m);
    size_t to = from;
    if (e->context_tokens) {
        struct json_node *usage = json_object(doc);
        json_put_integer(doc, usage, "context_tokens", e->context_tokens);
        json_put(doc, root, "usage", usage);
    }
    if (!b || is_content(b)) {
        struct json_node *content = json_array(doc);
        for (; to < m->block_count && is_content(&m->blocks[to]); to++)
            put_block(doc, content, &m->blocks[to]);
        json_put(doc, root, "content", content);
        d->counts[0]++;
    } else if (b->kind == BLOCK_CALL) {
        json_put_text(doc, root, "id", b->id);
        json_put_text(doc, root, "name", b->name);
        json_put_text(doc, root, "argument", b->argument);
        json_put_value(doc, root, "input", b->input);
        d->counts[1]++;
        to++;
    } else {
        json_put_text(doc, root, "tool_use_id", b->id);
        json_put_text(doc, root, "content", b->text);
        json_put_bool(doc, root, "is_error", b->is_error);
        d->counts[2]++;
        to++;
    }
    json_finish(doc, root, true, d->out);
    return to;
}

static void draw_record(void *drawing, size_t item, const struct event *e, const struct message *m)
{
    struct drawing *d = drawing;
    const struct conversation_item *of = &d->v->conversation->items[item];
    if (view_is_silent(e, m)) {
        d->left_out[e->kind]++;
        return;
    }
    size_t at = 0;
    do
        at = draw_line(d, of, e, m, at);
    while (at < m->block_count);
}

size_t view_cusf_conversation(struct buf *out, const struct view_conversation *v)
{
    struct drawing d = {.out = out, .v = v};
    struct view_survey survey;
    view_survey_make(v, false, &survey);
    draw_start(&d, &survey);
    size_t lost = view_each_record(v, out, draw_record, &d);
    draw_end(&d, &survey, lost);
    view_survey_release(&survey);
    return lost;
}
