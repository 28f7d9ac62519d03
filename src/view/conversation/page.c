/* A conversation as one page: a picture of when what happened, the prompts as a table of contents,
 * and what was said. */
#include "base/utf8.h"
#include "view/conversation/survey.h"
#include "view/html.h"

#include <string.h>

struct drawing {
    struct buf *out;
    const struct view_conversation *v;
    struct view_survey survey;
    uint64_t message; /* that is being drawn; 0: none */
    size_t prompt;    /* the next one in the survey */
    struct view_bounds bounds;
    struct arena kept; /* the record that results were taken from last: many may stand in one */
    struct message results;
    size_t results_item;
    bool has_results;
};

static void add_size(struct buf *out, int64_t bytes)
{
    char size[STR_SIZE_TEXT];
    buf_adds(out, str_format_size(bytes, size));
}

/* ---- text --------------------------------------------------------------------------------- */

static struct sv fence_of(struct sv line)
{
    size_t indent = 0, n = 0;
    while (indent < line.n && indent < 4 && line.p[indent] == ' ')
        indent++;
    while (indent + n < line.n && line.p[indent + n] == '`')
        n++;
    return n >= 3 ? sv_slice(line, indent, indent + n) : (struct sv){0};
}

/* What stands between two backquotes on a line is code. */
static void add_line(struct buf *out, struct sv line)
{
    while (line.n) {
        size_t from = sv_find(line, 0, SV("`"));
        size_t to = from < line.n ? sv_find(line, from + 1, SV("`")) : line.n;
        bool is_code = to < line.n && to > from + 1;
        if (!is_code)
            from = to < line.n ? to + 1 : line.n;
        html_add(out, sv_slice(line, 0, from));
        if (is_code) {
            buf_adds(out, "<code>");
            html_add(out, sv_slice(line, from + 1, to));
            buf_adds(out, "</code>");
            from = to + 1;
        }
        line = sv_slice(line, from, line.n);
    }
    buf_adds(out, "\n");
}

/* Fenced code is set apart; all else stays as it was written. */
static void add_text(struct buf *out, struct sv text)
{
    struct sv line, fence = {0};
    buf_adds(out, "<div class=\"text\">");
    while (text.n) {
        sv_cut_line(&text, &line);
        struct sv mark = fence_of(line);
        if (!fence.n && mark.n) {
            fence = mark;
            buf_adds(out, "</div><pre>");
        } else if (fence.n && mark.n >= fence.n) {
            fence = (struct sv){0};
            buf_adds(out, "</pre><div class=\"text\">");
        } else if (fence.n) {
            html_add(out, line);
            buf_adds(out, "\n");
        } else {
            add_line(out, line);
        }
    }
    buf_adds(out, fence.n ? "</pre>\n" : "</div>\n");
}

static void add_pre(struct buf *out, struct sv text)
{
    buf_adds(out, "<pre>");
    html_add(out, text);
    buf_adds(out, "</pre>\n");
}

/* ---- blocks ------------------------------------------------------------------------------- */

static bool is_base64(struct sv s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!(s.p[i] >= 'A' && s.p[i] <= 'Z') && !(s.p[i] >= 'a' && s.p[i] <= 'z') &&
            !(s.p[i] >= '0' && s.p[i] <= '9') && s.p[i] != '+' && s.p[i] != '/' && s.p[i] != '=')
            return false;
    return s.n > 0;
}

static void add_image(struct buf *out, const struct block *b)
{
    static const char *const shown[] = {"image/png", "image/jpeg", "image/gif", "image/webp"};
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        if (sv_equals(b->name, sv_of(shown[i])) && is_base64(b->base64)) {
            buf_addf(out, "<p><img alt=\"image\" src=\"data:%s;base64,", shown[i]);
            buf_add(out, b->base64.p, b->base64.n);
            buf_adds(out, "\"></p>\n");
            return;
        }
    buf_adds(out, "<p class=\"faint\">image: ");
    html_add(out, b->name);
    if (b->size_bytes >= 0) {
        buf_adds(out, ", ");
        add_size(out, b->size_bytes);
    }
    buf_adds(out, "</p>\n");
}

static void add_named(struct buf *out, const char *what, const struct block *b)
{
    buf_addf(out, "<p class=\"faint\">%s: ", what);
    html_add(out, b->name);
    buf_adds(out, "</p>\n");
    if (b->text.n)
        add_pre(out, b->text);
}

static const struct message *results_in(struct drawing *d, size_t item)
{
    struct event e;
    if (d->has_results && d->results_item == item)
        return &d->results;
    arena_release(&d->kept);
    d->results_item = item;
    d->has_results =
        view_read_item(d->v, &d->v->conversation->items[item], &d->kept, &e, &d->results);
    return d->has_results ? &d->results : NULL;
}

/* The results of a call, read from their record. */
static void add_result_of(struct drawing *d, const struct block *call,
                          const struct view_result *result)
{
    const struct message *m = results_in(d, result->item);
    bool is_of_it = false;
    for (size_t i = 0; m && i < m->block_count; i++) {
        const struct block *b = &m->blocks[i];
        is_of_it = b->kind == BLOCK_RESULT ? sv_equals(b->id, call->id) : is_of_it;
        if (is_of_it && b->kind == BLOCK_RESULT)
            add_pre(d->out, b->text);
        else if (is_of_it && b->kind == BLOCK_IMAGE)
            add_image(d->out, b);
    }
}

static void add_call(struct drawing *d, const struct block *b)
{
    const struct view_result *r = view_survey_result(&d->survey, b->id);
    BUF_RELEASE struct buf input = {0};
    buf_addf(d->out, "<details><summary%s><b>", !r || r->is_error ? " class=\"bad\"" : "");
    html_add(d->out, b->name);
    buf_adds(d->out, "</b> ");
    BUF_RELEASE struct buf argument = {0};
    utf8_add_printable(&argument, b->argument, 100);
    html_adds(d->out, argument.p);
    buf_adds(d->out, " <span class=\"faint\">(");
    if (r) {
        buf_adds(d->out, r->is_error ? "failed, " : "");
        add_size(d->out, (int64_t)r->size_bytes);
    } else {
        buf_adds(d->out, "no result");
    }
    buf_adds(d->out, ")</span></summary>\n");
    if (b->input)
        json_add_value(b->input, &input);
    add_pre(d->out, (struct sv){input.p, input.n});
    if (r)
        add_result_of(d, b, r);
    buf_adds(d->out, "</details>\n");
}

static void add_thinking(struct drawing *d, const struct block *b)
{
    if (!b->text.n) {
        buf_adds(d->out, "<p class=\"faint\">thinking, not kept</p>\n");
        return;
    }
    buf_adds(d->out, "<details><summary class=\"faint\">thinking, ");
    add_size(d->out, (int64_t)b->text.n);
    buf_adds(d->out, "</summary>");
    add_text(d->out, b->text);
    buf_adds(d->out, "</details>\n");
}

static void add_block(struct drawing *d, const struct block *b)
{
    switch (b->kind) {
    case BLOCK_TEXT:
        add_text(d->out, b->text);
        break;
    case BLOCK_THINKING:
        add_thinking(d, b);
        break;
    case BLOCK_CALL:
        add_call(d, b);
        break;
    case BLOCK_RESULT: /* no call of it is known */
        buf_adds(d->out, "<details><summary class=\"faint\">result of a call that is not here"
                         "</summary>\n");
        add_pre(d->out, b->text);
        buf_adds(d->out, "</details>\n");
        break;
    case BLOCK_IMAGE:
        add_image(d->out, b);
        break;
    case BLOCK_FILE:
        add_named(d->out, "file", b);
        break;
    case BLOCK_OTHER:
        add_named(d->out, "not shown", b);
        break;
    }
}

/* ---- records ------------------------------------------------------------------------------ */

static void add_header(struct drawing *d, size_t item, const struct event *e,
                       const struct message *m)
{
    char time[WALL_TEXT_SIZE];
    const struct view_survey *s = &d->survey;
    const char *who = view_who(e);
    while (d->prompt < s->prompt_count && s->prompts[d->prompt].item < item)
        d->prompt++;
    buf_addf(d->out, "<h2 class=\"%s\"", e->kind == EVENT_API_ERROR ? "bad" : who);
    if (d->prompt < s->prompt_count && s->prompts[d->prompt].item == item)
        buf_addf(d->out, " id=\"c%zup%zu\"", d->v->number, d->prompt + 1);
    buf_addf(d->out, ">%s <small>%s", who,
             wall_known(e->at) ? wall_format(e->at, time) : "at no known time");
    if (m->model.n) {
        buf_adds(d->out, ", ");
        html_add(d->out, m->model);
    }
    if (e->context_tokens)
        buf_addf(d->out, ", %lld tokens", (long long)e->context_tokens);
    buf_adds(d->out, "</small></h2>\n");
}

/* A result, and the images behind it, are drawn with the call, which may stand in the same record.
 * of_call: of the block before; false at first. */
static bool is_drawn_there(const struct drawing *d, const struct block *b, bool *of_call)
{
    const struct view_result *r = view_survey_result(&d->survey, b->id);
    if (b->kind == BLOCK_RESULT)
        *of_call = r && r->has_call;
    return *of_call && (b->kind == BLOCK_RESULT || b->kind == BLOCK_IMAGE);
}

static bool has_own_blocks(const struct drawing *d, const struct message *m)
{
    bool of_call = false;
    for (size_t i = 0; i < m->block_count; i++)
        if (!is_drawn_there(d, &m->blocks[i], &of_call))
            return true;
    return false;
}

static void draw_contents(struct drawing *d, size_t item, const struct event *e,
                          const struct message *m)
{
    uint64_t message = graph_id_of(e->message_id);
    bool of_call = false;
    if (e->kind == EVENT_COMPACT_BOUNDARY) {
        buf_adds(d->out, "<hr><p class=\"faint\">Compacted here: what follows began with a summary "
                         "of what is above.</p>\n");
        d->message = message;
        return;
    }
    if (!has_own_blocks(d, m))
        return;
    if (e->kind != EVENT_TOOL_RESULT && (!message || message != d->message))
        add_header(d, item, e, m);
    for (size_t i = 0; i < m->block_count; i++)
        if (!is_drawn_there(d, &m->blocks[i], &of_call))
            add_block(d, &m->blocks[i]);
    if (e->kind != EVENT_TOOL_RESULT)
        d->message = message;
}

static void draw_record(void *drawing, size_t item, const struct event *e, const struct message *m)
{
    struct drawing *d = drawing;
    if (view_is_silent(e, m))
        return;
    const char *bound = view_bound_before(&d->bounds, &d->v->conversation->items[item], e);
    if (bound) {
        buf_addf(d->out, "<hr><p class=\"faint\">%s</p>\n", bound);
        d->message = 0;
    }
    draw_contents(d, item, e, m);
}

/* ---- the page ----------------------------------------------------------------------------- */

static void add_fact(struct buf *out, const char *name, const char *value)
{
    if (!value)
        return;
    buf_addf(out, "<tr><th>%s</th><td>", name);
    html_adds(out, value);
    buf_adds(out, "</td></tr>\n");
}

static void draw_facts(struct drawing *d)
{
    const struct view_survey *s = &d->survey;
    const struct view_conversation *v = d->v;
    char time[WALL_TEXT_SIZE];
    struct buf *out = d->out;
    buf_adds(out, "<table>\n");
    add_fact(out, "session", v->session_id);
    add_fact(out, "subagent", v->subagent);
    add_fact(out, "agent", v->conversation->reader->agent);
    add_fact(out, "model", s->model);
    add_fact(out, "client", s->version);
    add_fact(out, "directory", s->cwd);
    add_fact(out, "from", wall_known(s->first_at) ? wall_format(s->first_at, time) : NULL);
    add_fact(out, "to", wall_known(s->last_at) ? wall_format(s->last_at, time) : NULL);
    buf_addf(
        out,
        "<tr><th>said</th><td>%zu prompts, %zu replies, %zu tool calls, %zu failed</td></tr>\n",
        s->prompt_count, s->replies, s->calls, s->failures);
    if (s->context_tokens)
        buf_addf(out, "<tr><th>context</th><td>%lld tokens at the end</td></tr>\n",
                 (long long)s->context_tokens);
    for (size_t i = 0; i < v->file_count; i++)
        add_fact(out, "read from", v->files[i]);
    for (size_t i = 0; i < v->conversation->gap_count; i++) {
        const struct conversation_gap *gap = &v->conversation->gaps[i];
        buf_addf(out, "<tr><th class=\"bad\">not readable</th><td>%lld bytes at byte %lld of ",
                 (long long)gap->length, (long long)gap->offset);
        html_adds(out, v->files[gap->file]);
        buf_adds(out, "</td></tr>\n");
    }
    buf_adds(out, "</table>\n");
}

static void draw_prompts(struct drawing *d)
{
    const struct view_survey *s = &d->survey;
    if (!s->prompt_count)
        return;
    buf_adds(d->out, "<nav><h2>Prompts</h2><ol>\n");
    for (size_t i = 0; i < s->prompt_count; i++) {
        buf_addf(d->out, "<li><a href=\"#c%zup%zu\">", d->v->number, i + 1);
        html_adds(d->out, s->prompts[i].text);
        buf_adds(d->out, "</a></li>\n");
    }
    buf_adds(d->out, "</ol></nav>\n");
}

size_t view_html_conversation(struct buf *out, const struct view_conversation *v)
{
    struct drawing d = {.out = out, .v = v};
    BUF_RELEASE struct buf title = {0};
    view_survey_make(v, true, &d.survey);
    buf_addf(&title, "Session %s%s%s", v->session_id, v->subagent ? ", subagent " : "",
             v->subagent ? v->subagent : "");
    buf_adds(out, "<h1>");
    html_adds(out, title.p);
    buf_adds(out, "</h1>\n");
    draw_facts(&d);
    timeline_draw(out, d.survey.points, d.survey.point_count);
    draw_prompts(&d);
    size_t lost = view_each_record(v, out, draw_record, &d);
    arena_release(&d.kept);
    view_survey_release(&d.survey);
    return lost;
}
