#include "view/report.h"

#include "base/json.h"
#include "view/html.h"
#include "view/json.h"
#include "view/plain_words.h"

#include <stdlib.h>
#include <string.h>

enum { EVENTS_SHOWN = 300, VERSION_MAX = 24 };

/* One fact; text NULL: a number. */
struct row {
    const char *section, *name;
    const char *text;
    double number;
};

struct tool {
    const char *own, *name; /* its own name, and "tool-1" */
    size_t calls, failed, unanswered;
    int64_t longest_ms;
};

struct report {
    const struct view_report *of;
    struct arena arena;
    struct row *rows;
    size_t row_count, row_capacity;
    struct tool *tools;
    size_t tool_count, tool_capacity;
};

static const char *const left_out[] = {
    "all that was said: prompts, replies, thinking, arguments and results of tools",
    "paths, names of files, the user, the machine, ids of sessions and processes, addresses",
    "names of tools and models; the same number is the same tool everywhere in this report",
    "words of the evidence that this program did not make: [...]",
};

/* ---- what is told ------------------------------------------------------------------------- */

static void add_row(struct report *r, struct row row)
{
    *ARENA_PUSH(&r->arena, r->rows, r->row_count, r->row_capacity) = row;
}

/* A word that this program chose; NULL: not known, and nothing is added. */
static void add_word(struct report *r, const char *section, const char *name, const char *word)
{
    if (word)
        add_row(r, (struct row){section, name, word, 0});
}

static void add_number(struct report *r, const char *section, const char *name, double n)
{
    if (n >= 0)
        add_row(r, (struct row){section, name, NULL, n});
}

static void add_time(struct report *r, const char *section, const char *name, int64_t at_ms)
{
    char text[WALL_TEXT_SIZE];
    if (at_ms > 0)
        add_word(r, section, name,
                 arena_strdup(&r->arena, wall_format((struct wall){at_ms}, text)));
}

static void add_sentences(struct report *r, const char *section, const char *name,
                          const char *const *sentences, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        BUF_RELEASE struct buf plain = {0};
        plain_words_add(&plain, sv_of(sentences[i]));
        add_word(r, section, name, arena_strndup(&r->arena, plain.n ? plain.p : "", plain.n));
    }
}

/* As clients number themselves; anything else may be any text. */
static void add_version(struct report *r, const char *version)
{
    size_t n = version ? strlen(version) : 0;
    if (n && n <= VERSION_MAX && strspn(version, "0123456789.") == n)
        add_word(r, "session", "version", version);
}

static void tell_session(struct report *r)
{
    const struct sr_session *s = r->of->session;
    add_word(r, "program", "version", r->of->program);
    add_word(r, "program", "system", r->of->system);
    add_time(r, "program", "taken at", r->of->taken_at_ms);
    add_word(r, "session", "agent", s->agent);
    add_version(r, s->version);
    add_word(r, "session", "kind", sr_kind_word(s->kind));
    add_word(r, "session", "mapped by", sr_mapping_word(s->mapped_by));
    add_word(r, "session", "mapping", sr_certainty_word(s->mapping_certainty));
    add_word(r, "session", "terminal", s->tty ? "yes" : "none, or not known");
    add_word(r, "session", "multiplexer", s->multiplexer.kind);
    add_word(r, "session", "container", s->container ? "yes" : NULL);
    add_word(r, "process", "runs", s->pid ? "yes" : "no");
    add_time(r, "process", "started at", s->started_at_ms);
    if (s->pid) {
        add_number(r, "process", "cpu percent", s->cpu_percent);
        add_number(r, "process", "memory bytes", (double)s->rss_bytes);
        add_number(r, "process", "children", (double)s->child_count);
        add_number(r, "process", "processes that take part", (double)s->attachment_count);
        add_number(r, "process", "other processes of the session", (double)s->twin_count);
    }
    add_word(r, "verdict", "verdict", sr_verdict_word(s->verdict));
    add_word(r, "verdict", "cause", s->cause);
    add_word(r, "verdict", "confidence", s->confidence);
    add_word(r, "verdict", "advice", s->advice);
    add_time(r, "verdict", "last activity", s->last_activity_at_ms);
    add_number(r, "verdict", "silent seconds",
               s->last_activity_at_ms > 0 ? (double)s->silent_s : -1);
    add_sentences(r, "verdict", "evidence", s->evidence, s->evidence_count);
    add_sentences(r, "verdict", "not known", s->notes, s->note_count);
    add_word(r, "saved", "conversation", sr_persistence_word(s->persistence));
    add_word(r, "saved", "why not", s->unsaved_why);
    add_time(r, "saved", "until", s->unsaved_since_ms);
    add_number(r, "context", "tokens", (double)s->context_tokens);
    add_number(r, "context", "window", (double)s->context_window);
    add_number(r, "context", "percent", s->context_percent);
}

static void tell_transcript(struct report *r)
{
    const struct view_checked *c = r->of->checked;
    if (!c)
        return;
    add_number(r, "transcript", "bytes", (double)c->size_bytes);
    add_word(r, "transcript", "verdict", view_checked_word(view_checked_verdict(c)));
    if (c->why)
        return;
    add_number(r, "transcript", "messages in it", (double)c->plan->messages.in_file);
    add_number(r, "transcript", "messages that a resume should load",
               (double)c->plan->messages.expected);
    add_number(r, "transcript", "messages that it loads", (double)c->plan->messages.reached);
    for (size_t i = 0; i < c->plan->problem_count; i++) {
        const struct repair_plan_problem *p = &c->plan->problems[i];
        add_word(r, "transcript", "damage",
                 arena_printf(&r->arena, "%s, line %lu, %s", damages[p->kind].word,
                              (unsigned long)p->line, damage_severity_word(p->severity)));
    }
}

static struct tool *tool_of(struct report *r, const char *own)
{
    for (size_t i = 0; i < r->tool_count; i++)
        if (strcmp(r->tools[i].own, own) == 0)
            return &r->tools[i];
    struct tool *t = ARENA_PUSH(&r->arena, r->tools, r->tool_count, r->tool_capacity);
    *t = (struct tool){.own = own, .name = arena_printf(&r->arena, "tool-%zu", r->tool_count)};
    return t;
}

static void tell_conversation(struct report *r)
{
    struct view_survey *s = r->of->survey;
    if (!s) {
        add_word(r, "conversation", "not read", r->of->unread);
        return;
    }
    add_number(r, "conversation", "prompts", (double)s->prompt_count);
    add_number(r, "conversation", "replies", (double)s->replies);
    add_number(r, "conversation", "tool calls", (double)s->calls);
    add_number(r, "conversation", "failed", (double)s->failures);
    add_number(r, "conversation", "places that could not be read", (double)s->gaps);
    add_number(r, "conversation", "records rewritten meanwhile", (double)s->lost);
    add_time(r, "conversation", "from", s->first_at.ms);
    add_time(r, "conversation", "to", s->last_at.ms);
    for (size_t i = 0; i < s->point_count; i++) {
        struct timeline_point *p = &s->points[i];
        if (p->kind != TIMELINE_CALL)
            continue;
        struct tool *t = tool_of(r, p->name ? p->name : "");
        const struct view_result *result = view_survey_result_of(s, p->call);
        int64_t took_ms =
            result && p->at_ms && wall_known(result->at) ? result->at.ms - p->at_ms : 0;
        t->calls++;
        t->unanswered += !result;
        t->failed += result && result->is_error;
        t->longest_ms = took_ms > t->longest_ms ? took_ms : t->longest_ms;
        p->name = t->name;
    }
}

static struct report make(const struct view_report *of)
{
    struct report r = {.of = of};
    tell_session(&r);
    tell_transcript(&r);
    tell_conversation(&r);
    return r;
}

static const char *const kind_words[] = {"prompt",     "reply",     "call", "result",
                                         "compaction", "API error", "other"};

/* The newest of them. */
static size_t first_shown(const struct view_survey *s)
{
    return s->point_count > EVENTS_SHOWN ? s->point_count - EVENTS_SHOWN : 0;
}

/* ---- HTML --------------------------------------------------------------------------------- */

static void draw_rows(struct buf *out, const struct report *r)
{
    const char *section = NULL;
    for (size_t i = 0; i < r->row_count; i++) {
        const struct row *row = &r->rows[i];
        if (!str_equals(section, row->section))
            buf_addf(out, "%s<h2>%s</h2>\n<table>\n", section ? "</table>\n" : "", row->section);
        section = row->section;
        buf_addf(out, "<tr><th>%s</th><td>", row->name);
        if (row->text)
            html_adds(out, row->text);
        else
            buf_addf(out, "%.15g", row->number);
        buf_adds(out, "</td></tr>\n");
    }
    buf_adds(out, section ? "</table>\n" : "");
}

static void draw_tools(struct buf *out, const struct report *r)
{
    if (!r->tool_count)
        return;
    buf_adds(out, "<h2>tools</h2>\n<table>\n<tr><th>tool</th><th>calls</th><th>failed</th>"
                  "<th>without a result</th><th>longest</th></tr>\n");
    for (size_t i = 0; i < r->tool_count; i++)
        buf_addf(out, "<tr><td>%s</td><td>%zu</td><td>%zu</td><td>%zu</td><td>%.1f s</td></tr>\n",
                 r->tools[i].name, r->tools[i].calls, r->tools[i].failed, r->tools[i].unanswered,
                 (double)r->tools[i].longest_ms / 1000);
    buf_adds(out, "</table>\n");
}

static void draw_events(struct buf *out, const struct view_survey *s)
{
    char time[WALL_TEXT_SIZE];
    size_t first = first_shown(s);
    buf_addf(out, "<h2>events</h2>\n<p class=\"faint\">the last %zu of %zu</p>\n<table>\n",
             s->point_count - first, s->point_count);
    for (size_t i = first; i < s->point_count; i++) {
        const struct timeline_point *p = &s->points[i];
        buf_addf(out, "<tr><td>%s</td><td>%s%s</td><td>%s</td><td>",
                 p->at_ms ? wall_format((struct wall){p->at_ms}, time) : "", kind_words[p->kind],
                 p->is_error ? ", failed" : "", p->name ? p->name : "");
        if (p->context_tokens)
            buf_addf(out, "%lld tokens", (long long)p->context_tokens);
        buf_adds(out, "</td></tr>\n");
    }
    buf_adds(out, "</table>\n");
}

void view_html_report(struct buf *out, const struct view_report *of)
{
    struct report r = make(of);
    html_begin(out, "Report of a session");
    buf_adds(out, "<h1>Report of a session</h1>\n");
    if (of->survey)
        timeline_draw(out, of->survey->points, of->survey->point_count);
    draw_rows(out, &r);
    draw_tools(out, &r);
    if (of->survey)
        draw_events(out, of->survey);
    buf_adds(out, "<h2>left out</h2>\n<ul>\n");
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
        buf_addf(out, "<li>%s</li>\n", left_out[i]);
    buf_adds(out, "</ul>\n");
    html_end(out);
    arena_release(&r.arena);
}

/* ---- JSON --------------------------------------------------------------------------------- */

static void put_rows(struct json_document *d, struct json_node *root, const struct report *r)
{
    struct json_node *rows = json_array(d);
    for (size_t i = 0; i < r->row_count; i++) {
        const struct row *row = &r->rows[i];
        struct json_node *node = json_object(d);
        json_put_string(d, node, "section", row->section);
        json_put_string(d, node, "name", row->name);
        if (row->text)
            json_put_string(d, node, "value", row->text);
        else
            json_put_real(d, node, "value", row->number);
        json_put(d, rows, NULL, node);
    }
    json_put(d, root, "facts", rows);
}

static void put_tools(struct json_document *d, struct json_node *root, const struct report *r)
{
    struct json_node *tools = json_array(d);
    for (size_t i = 0; i < r->tool_count; i++) {
        const struct tool *t = &r->tools[i];
        struct json_node *node = json_object(d);
        json_put_string(d, node, "tool", t->name);
        json_put_integer(d, node, "calls", (int64_t)t->calls);
        json_put_integer(d, node, "failed", (int64_t)t->failed);
        json_put_integer(d, node, "unanswered", (int64_t)t->unanswered);
        json_put_integer(d, node, "longest_ms", t->longest_ms);
        json_put(d, tools, NULL, node);
    }
    json_put(d, root, "tools", tools);
}

static void put_events(struct json_document *d, struct json_node *root, const struct view_survey *s)
{
    struct json_node *events = json_array(d);
    for (size_t i = s ? first_shown(s) : 0; s && i < s->point_count; i++) {
        const struct timeline_point *p = &s->points[i];
        struct json_node *node = json_object(d);
        json_put_time(d, node, "at", (struct wall){p->at_ms});
        json_put_string(d, node, "kind", kind_words[p->kind]);
        json_put_string(d, node, "tool", p->name);
        json_put_count(d, node, "context_tokens", p->context_tokens ? p->context_tokens : -1);
        json_put_bool(d, node, "is_error", p->is_error);
        json_put(d, events, NULL, node);
    }
    json_put(d, root, "events", events);
    json_put_integer(d, root, "event_count", s ? (int64_t)s->point_count : 0);
}

void view_json_report(struct buf *out, const struct view_report *of)
{
    struct report r = make(of);
    struct json_document *d = json_document_new();
    struct json_node *root = json_object(d);
    json_put_string(d, root, "schema", VIEW_SCHEMA);
    put_rows(d, root, &r);
    put_tools(d, root, &r);
    put_events(d, root, of->survey);
    json_put_strings(d, root, "left_out", left_out, sizeof left_out / sizeof *left_out);
    json_finish(d, root, false, out);
    arena_release(&r.arena);
}
