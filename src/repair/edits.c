#include "repair/edits.h"

#include "base/clock.h"
#include "base/io/digest.h"
#include "base/json.h"
#include "conversation/image_size.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* The steps from `from` on that are about the same record. Returns: where they end. */
static size_t same_record(const struct repair_steps *m, size_t from)
{
    size_t to = from;
    while (to < m->step_count && m->steps[to].offset == m->steps[from].offset)
        to++;
    return to;
}

static struct repair_plan_edit *edit(struct repair_steps *m, const struct repair_steps_step *step,
                                     enum damage_cure action, int64_t from, int64_t to,
                                     const char *text)
{
    struct repair_plan_edit *e =
        repair_steps_add_edit(m, step->kind, action, step->line, from, to, text);
    e->is_guess = step->is_guess;
    return e;
}

/* What stands behind a record: "\n", "\r\n", the end of the file, or something else. */
static int line_end_behind(struct repair_steps *m, int64_t at, int64_t *length, bool *is_end)
{
    char bytes[2];
    int64_t n = m->source->read(m->source->context, bytes, sizeof bytes, at);
    if (n < 0)
        return (int)n;
    *is_end = n == 0;
    *length = n > 0 && bytes[0] == '\n'                        ? 1
              : n == 2 && bytes[0] == '\r' && bytes[1] == '\n' ? 2
                                                               : 0;
    return 0;
}

static int edit_drop(struct repair_steps *m, const struct repair_steps_step *step)
{
    int64_t from = m->skim->record.from, to = m->skim->record.to, length;
    bool is_end, is_alone = from == 0;
    char before = 0;
    int r = line_end_behind(m, to, &length, &is_end);
    if (r == 0 && from > 0) {
        int64_t n = m->source->read(m->source->context, &before, 1, from - 1);
        r = n < 0 ? (int)n : 0;
        is_alone = n == 1 && before == '\n';
    }
    if (r == 0)
        edit(m, step, DAMAGE_CURE_DROP, from, to + (is_alone ? length : 0), NULL);
    return r;
}

/* With its quotes, as it stands in the file: of a long one the skim has the beginning alone, which
 * may end within an escape. */
static int quote_uuid(struct repair_steps *m, const struct json_stream *s, const char **out)
{
    const struct json_stream_value *v = &s->members[JSON_STREAM_UUID];
    BUF_RELEASE struct buf whole = {0};
    int r = transcript_scan_bytes(m->source, v->span.from, v->span.to, &whole);
    if (r == 0)
        *out = arena_strndup(m->arena, whole.p, whole.n);
    return r;
}

/* The id of a record as it will be. The skim becomes that record's. */
static int quote_node(struct repair_steps *m, uint32_t node, struct json_stream *s,
                      const char **out)
{
    int r = transcript_scan_skim(m->source, (int64_t)m->g->nodes[node].offset, s);
    if (r == 0 && m->names && m->names[node])
        *out = m->names[node];
    else if (r == 0)
        r = quote_uuid(m, s, out);
    return r;
}

static int edit_relink(struct repair_steps *m, const struct repair_steps_step *step)
{
    uint32_t parent = graph_parent(m->g, step->node);
    const struct json_stream_value *value = &m->skim->members[JSON_STREAM_PARENT];
    const char *text = "null";
    int64_t at = m->skim->members[JSON_STREAM_UUID].span.to;
    bool is_absent = value->kind == JSON_STREAM_ABSENT;
    if (is_absent && parent == GRAPH_NONE)
        return 0;
    if (parent != GRAPH_NONE) {
        int r = quote_node(m, parent, m->other, &text);
        if (r < 0)
            return r;
    }
    if (is_absent)
        edit(m, step, DAMAGE_CURE_RELINK, at, at,
             arena_printf(m->arena, ",\"parentUuid\":%s", text));
    else
        edit(m, step, DAMAGE_CURE_RELINK, value->span.from, value->span.to, text);
    return 0;
}

/* A run of blocks goes with the comma before it, or behind it for the first. */
static void edit_blocks(struct repair_steps *m, size_t from, size_t to)
{
    const struct json_stream *s = m->skim;
    const struct json_stream_block *run = NULL; /* the first of those that go together */
    int64_t run_end = 0;
    const struct repair_steps_step *step = &m->steps[from];
    while (step->what != REPAIR_STEPS_BLOCK)
        step++;
    for (size_t i = 0; i < s->block_count; i++) {
        const struct json_stream_block *b = &s->blocks[i];
        if (b->is_nested)
            continue;
        if (repair_steps_takes_block(m, from, to, i)) {
            run = run ? run : b;
            run_end = b->span.to;
            continue;
        }
        if (run)
            edit(m, step, DAMAGE_CURE_DROP, run->index ? run->before : run->span.from,
                 run->index ? run_end : b->span.from, NULL);
        run = NULL;
    }
    if (run && run->index)
        edit(m, step, DAMAGE_CURE_DROP, run->before, run_end, NULL);
}

/* SHA-256 of what the base64 in [from, to) stands for. */
static int digest_picture(struct repair_steps *m, struct json_stream_span data,
                          char sha[static DIGEST_TEXT_SIZE])
{
    enum { PIECE = 64 * 1024 }; /* a multiple of four: no byte is split */
    struct digest digest;
    BUF_RELEASE struct buf piece = {0};
    unsigned char *bytes = mem_resize(NULL, PIECE);
    int r = 0;
    digest_init(&digest);
    for (int64_t at = data.from; at < data.to && r == 0; at += PIECE) {
        int64_t to = at + PIECE < data.to ? at + PIECE : data.to;
        piece.n = 0;
        r = transcript_scan_bytes(m->source, at, to, &piece);
        size_t n = r == 0 ? image_size_decode((struct sv){piece.p, piece.n}, bytes) : 0;
        digest_add(&digest, (const char *)bytes, n);
    }
    digest_end(&digest, sha);
    free(bytes);
    return r;
}

static int edit_image(struct repair_steps *m, const struct repair_steps_step *step)
{
    const struct json_stream_block *b = &m->skim->blocks[step->argument];
    char sha[DIGEST_TEXT_SIZE];
    BUF_RELEASE struct buf ending = {0};
    int64_t length = b->data.to - b->data.from;
    int r = digest_picture(m, b->data, sha);
    if (r == 0 && length >= 2)
        r = transcript_scan_bytes(m->source, b->data.to - 2, b->data.to, &ending);
    if (r == 0) {
        int64_t size = image_size_bytes(length, length >= 2 ? ending.p : "AA");
        edit(m, step, DAMAGE_CURE_REPLACE, b->span.from, b->span.to,
             arena_printf(m->arena,
                          "{\"type\":\"text\",\"text\":\"[image removed by session-rescue: %lld "
                          "bytes, sha256 %s; the original is in the backup ",
                          (long long)size, sha))
            ->behind = "]\"}";
    }
    return r;
}

/* With its quotes. The words are those that fit.c looks for. */
static const char *cut_words(struct repair_steps *m, const char *what, int64_t bytes,
                             int64_t tokens)
{
    return arena_printf(m->arena,
                        "\"[%s removed by session-rescue: %lld bytes, about %lld tokens; the "
                        "original is in the backup ",
                        what, (long long)bytes, (long long)tokens);
}

/* Of a result the content alone: the pair stays, and whether it was an error. */
static void edit_cut(struct repair_steps *m, const struct repair_steps_step *step)
{
    const struct json_stream_block *b = &m->skim->blocks[step->argument];
    bool is_result = b->kind == JSON_STREAM_BLOCK_TOOL_RESULT;
    struct json_stream_span span = is_result ? b->content : b->span;
    const char *words = cut_words(m,
                                  is_result                            ? "tool result"
                                  : b->kind == JSON_STREAM_BLOCK_IMAGE ? "image"
                                                                       : "thinking",
                                  span.to - span.from, step->tokens);
    edit(m, step, DAMAGE_CURE_REPLACE, span.from, span.to,
         is_result ? words : arena_printf(m->arena, "{\"type\":\"text\",\"text\":%s", words))
        ->behind = is_result ? "]\"" : "]\"}";
}

/* What a result says: its text, or the texts among its blocks; of others, what they are. */
static void add_said(const struct json_value *content, struct buf *out)
{
    struct sv text;
    if (json_string(content, &text))
        buf_add(out, text.p, text.n);
    for (const struct json_value *b = json_is_array(content) ? json_first(content) : NULL; b;
         b = json_next(content, b)) {
        buf_adds(out, out->n ? "\n" : "");
        if (json_string(json_get(b, "text"), &text))
            buf_add(out, text.p, text.n);
        else if (json_string(json_get(b, "type"), &text))
            buf_addf(out, "[%.*s]", (int)text.n, text.p);
    }
}

/* The model sees it so; a result without its call it does not. */
static int edit_say(struct repair_steps *m, const struct repair_steps_step *step)
{
    const struct json_stream_block *b = &m->skim->blocks[step->argument];
    BUF_RELEASE struct buf block = {0}, whole = {0}, said = {0}, text = {0};
    const struct json_value *root;
    int r = transcript_scan_bytes(m->source, b->span.from, b->span.to, &block);
    if (r == 0)
        line_check_escape((struct sv){block.p, block.n}, &whole);
    if (r == 0)
        r = json_parse(m->arena, (struct sv){whole.p, whole.n}, &root);
    if (r == 0) {
        struct json_document *d = json_document_new();
        struct json_node *node = json_object(d);
        buf_adds(&said, "[The result of a call that is not in the transcript any more:]\n");
        add_said(json_get(root, "content"), &said);
        json_put_string(d, node, "type", "text");
        json_put_text(d, node, "text", (struct sv){said.p, said.n});
        json_finish(d, node, true, &text);
        while (text.n && text.p[text.n - 1] == '\n')
            text.n--;
        edit(m, step, DAMAGE_CURE_REPLACE, b->span.from, b->span.to,
             arena_strndup(m->arena, text.p, text.n));
    }
    return r;
}

static int edit_trim(struct repair_steps *m, const struct repair_steps_step *step)
{
    struct json_stream_span span = m->skim->members[step->argument].span;
    edit(m, step, DAMAGE_CURE_REPLACE, span.from, span.to,
         arena_printf(m->arena,
                      "\"[%lld bytes trimmed by session-rescue; the original is in the backup ",
                      (long long)(span.to - span.from)))
        ->behind = "]\"";
    return 0;
}

static bool is_within(int64_t offset, struct json_stream_span span)
{
    return span.from <= offset && offset < span.to;
}

/* The ids of calls are compared: they stay as they are. */
static bool is_in_id(const struct json_stream *s, int64_t offset)
{
    for (size_t i = 0; i < s->block_count; i++)
        if (is_within(offset, s->blocks[i].id))
            return true;
    return false;
}

static void edit_text(struct repair_steps *m, const struct repair_steps_step *step)
{
    for (size_t i = 0; i < m->skim->bad_text_count; i++) {
        const struct json_stream_bad_text *b = &m->skim->bad_text[i];
        if (is_in_id(m->skim, b->offset))
            continue;
        edit(m, step, DAMAGE_CURE_REPLACE, b->offset, b->offset + b->length,
             b->is_escape ? "\\ufffd" : REPLACEMENT);
    }
}

static void edit_wrap(struct repair_steps *m, const struct repair_steps_step *step)
{
    struct json_stream_span span = m->skim->members[JSON_STREAM_CONTENT].span;
    edit(m, step, DAMAGE_CURE_REPLACE, span.from, span.from, "[{\"type\":\"text\",\"text\":");
    edit(m, step, DAMAGE_CURE_REPLACE, span.to, span.to, "}]");
}

static void edit_time(struct repair_steps *m, const struct repair_steps_step *step)
{
    char stamp[WALL_TEXT_SIZE];
    const struct json_stream_value *value = &m->skim->members[JSON_STREAM_TIMESTAMP];
    const char *text =
        arena_printf(m->arena, "\"%s\"", wall_format_ms((struct wall){step->argument}, stamp));
    if (value->kind == JSON_STREAM_ABSENT) {
        int64_t at = m->skim->members[JSON_STREAM_UUID].span.to;
        edit(m, step, DAMAGE_CURE_INSERT, at, at,
             arena_printf(m->arena, ",\"timestamp\":%s", text));
    } else {
        edit(m, step, DAMAGE_CURE_INSERT, value->span.from, value->span.to, text);
    }
}

/* Of a text so long that it was cut, or that had to be escaped, nothing is told: no client writes
 * one. */
static const char *member_text(struct repair_steps *m, enum json_stream_member member,
                               const char *key)
{
    struct sv text = json_stream_text(m->skim, member);
    bool is_plain = text.n && text.n < JSON_STREAM_TEXT_MAX;
    for (size_t i = 0; i < text.n; i++)
        is_plain =
            is_plain && (unsigned char)text.p[i] >= 0x20 && text.p[i] != '"' && text.p[i] != '\\';
    return is_plain ? arena_printf(m->arena, "\"%s\":\"%.*s\",", key, (int)text.n, text.p) : "";
}

/* A record behind this one that answers a call, as the client writes one for a call that failed. */
static int edit_answer(struct repair_steps *m, const struct repair_steps_step *step)
{
    const struct json_stream *s = m->skim;
    const struct json_stream_block *b = &s->blocks[step->argument];
    BUF_RELEASE struct buf id = {0};
    const char *parent;
    int64_t length;
    bool is_end;
    int r = transcript_scan_bytes(m->source, b->id.from, b->id.to, &id);
    if (r == 0)
        r = quote_node(m, step->node, m->other, &parent);
    if (r == 0)
        r = line_end_behind(m, s->record.to, &length, &is_end);
    if (r < 0)
        return r;
    const char *uuid = repair_steps_made_uuid(m, graph_id_of(sv_of(parent)), b->tool);
    static const char said[] = "Interrupted: the result was lost; session recovered";
    const char *record = arena_printf(
        m->arena,
        "%s{\"parentUuid\":%s,\"isSidechain\":false,\"userType\":\"external\",%s%s\"type\":"
        "\"user\","
        "\"message\":{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"content\":\"%s\","
        "\"is_error\":true,\"tool_use_id\":\"%.*s\"}]},\"uuid\":\"%s\",%s"
        "\"toolUseResult\":\"Error: %s\",\"sourceToolAssistantUUID\":%s}%s",
        length ? "" : "\n", parent, member_text(m, JSON_STREAM_SESSION_ID, "sessionId"),
        member_text(m, JSON_STREAM_VERSION, "version"), said, (int)id.n, id.p ? id.p : "", uuid,
        member_text(m, JSON_STREAM_TIMESTAMP, "timestamp"), said, parent,
        length || is_end ? "\n" : "");
    edit(m, step, DAMAGE_CURE_INSERT, s->record.to + length, s->record.to + length, record);
    return 0;
}

static int edit_front(struct repair_steps *m, const struct repair_steps_step *step)
{
    BUF_RELEASE struct buf record = {0};
    int64_t front = m->v->has_mark ? 3 : 0;
    int r = transcript_scan_bytes(m->source, m->skim->record.from, m->skim->record.to, &record);
    if (r == 0)
        edit(m, step, DAMAGE_CURE_INSERT, front, front,
             arena_printf(m->arena, "%.*s\n", (int)record.n, record.p));
    return r == 0 ? edit_drop(m, step) : r;
}

static int edit_record(struct repair_steps *m, size_t from, size_t to)
{
    int r = 0;
    bool has_blocks = false;
    m->skim->keeps_bad_text = m->steps[to - 1].what >= REPAIR_STEPS_TEXT || to - from > 1;
    r = transcript_scan_skim(m->source, m->steps[from].offset, m->skim);
    if (r == 0 && m->steps[from].what == REPAIR_STEPS_DROP)
        return edit_drop(m, &m->steps[from]);
    for (size_t i = from; i < to && r == 0; i++) {
        const struct repair_steps_step *step = &m->steps[i];
        switch (step->what) {
        case REPAIR_STEPS_RELINK:
            r = edit_relink(m, step);
            break;
        case REPAIR_STEPS_BLOCK:
            has_blocks = true;
            break;
        case REPAIR_STEPS_IMAGE:
            r = edit_image(m, step);
            break;
        case REPAIR_STEPS_SAY:
            r = edit_say(m, step);
            break;
        case REPAIR_STEPS_TEXT:
            edit_text(m, step);
            break;
        case REPAIR_STEPS_NULL:
            edit(m, step, DAMAGE_CURE_REPLACE, m->skim->blocks[step->argument].span.from,
                 m->skim->blocks[step->argument].span.to,
                 "{\"type\":\"text\",\"text\":\"[null]\"}");
            break;
        case REPAIR_STEPS_WRAP:
            edit_wrap(m, step);
            break;
        case REPAIR_STEPS_ANSWER:
            r = edit_answer(m, step);
            break;
        case REPAIR_STEPS_NAME:
            edit(m, step, DAMAGE_CURE_REPLACE, m->skim->members[JSON_STREAM_UUID].span.from,
                 m->skim->members[JSON_STREAM_UUID].span.to, m->names[step->node]);
            break;
        case REPAIR_STEPS_FRONT:
            return edit_front(m, step);
        case REPAIR_STEPS_TIME:
            edit_time(m, step);
            break;
        case REPAIR_STEPS_TRIM:
            r = edit_trim(m, step);
            break;
        case REPAIR_STEPS_CUT:
            edit_cut(m, step);
            break;
        case REPAIR_STEPS_DROP:
            break;
        }
    }
    if (r == 0 && has_blocks)
        edit_blocks(m, from, to);
    return r;
}

static int compare_edits(const void *a, const void *b)
{
    const struct repair_plan_edit *x = a, *y = b;
    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    /* what is put in at a place goes before what is taken away there */
    return (x->to > y->to) - (x->to < y->to);
}

/* What lies within bytes that are taken away goes with them. */
static void remove_overlaps(struct repair_plan *plan)
{
    size_t kept = 0;
    for (size_t i = 0; i < plan->edit_count; i++) {
        const struct repair_plan_edit *last = kept ? &plan->edits[kept - 1] : NULL;
        if (!last || plan->edits[i].from >= last->to)
            plan->edits[kept++] = plan->edits[i];
    }
    plan->edit_count = kept;
}

int edits_make(struct repair_steps *m)
{
    int r = 0;
    repair_steps_sort_steps(m);
    for (size_t from = 0, to; from < m->step_count && r == 0; from = to) {
        to = same_record(m, from);
        r = edit_record(m, from, to);
    }
    if (m->plan->edit_count)
        qsort(m->plan->edits, m->plan->edit_count, sizeof *m->plan->edits, compare_edits);
    remove_overlaps(m->plan);
    return r;
}

/* The record once more, at the end of the file: there it is the leaf for clients that know no
 * pointers. */
static int write_again(struct repair_steps *m)
{
    int64_t end = m->v->size_bytes;
    BUF_RELEASE struct buf record = {0};
    int r = transcript_scan_bytes(m->source, m->skim->record.from, m->skim->record.to, &record);
    if (r == 0)
        repair_steps_add_edit(
            m, DAMAGE_DEAD_END_LEAF, DAMAGE_CURE_INSERT, m->v->all_lines + 1, end, end,
            arena_printf(m->arena, "%s%s\n", m->v->lacks_final_newline ? "\n" : "", record.p))
            ->is_guess = true;
    return r;
}

/* A subagent's record hangs on it, directly or by records that are no messages: for clients that
 * know no pointers it is no end then, wherever it stands. */
static bool has_subagent_below(const struct graph *g, uint32_t node)
{
    for (uint32_t i = 0; i < g->count; i++) {
        if (!g->nodes[i].is_sidechain || g->nodes[i].is_dropped)
            continue;
        uint32_t at = graph_parent(g, i);
        for (size_t n = 0; at != GRAPH_NONE && at != node && n < g->count; n++)
            at = repair_steps_is_message(g, at) ? GRAPH_NONE : graph_parent(g, at);
        if (at == node)
            return true;
    }
    return false;
}

/* A record of no words that hangs on it, which makes it an end. */
static void hang_below(struct repair_steps *m, uint32_t node, const char *uuid)
{
    int64_t end = m->v->size_bytes;
    const char *text = arena_printf(
        m->arena,
        "%s{\"parentUuid\":%s,\"isSidechain\":false,\"type\":\"system\",\"subtype\":"
        "\"informational\",\"content\":\"\",\"level\":\"info\",%s%s%s\"uuid\":\"%s\"}\n",
        m->v->lacks_final_newline ? "\n" : "", uuid,
        member_text(m, JSON_STREAM_SESSION_ID, "sessionId"),
        member_text(m, JSON_STREAM_VERSION, "version"),
        member_text(m, JSON_STREAM_TIMESTAMP, "timestamp"),
        repair_steps_made_uuid(m, m->g->nodes[node].id, graph_id_of(SV("below"))));
    repair_steps_add_edit(m, DAMAGE_DEAD_END_LEAF, DAMAGE_CURE_INSERT, m->v->all_lines + 1, end,
                          end, text)
        ->is_guess = true;
}

static bool is_changed(const struct repair_steps *m, uint32_t node)
{
    for (size_t i = 0; i < m->step_count; i++)
        if (m->steps[i].node == node)
            return true;
    return false;
}

int edits_point(struct repair_steps *m, uint32_t node)
{
    int64_t end = m->v->size_bytes;
    if (!m->options->wants_edits || m->options->is_live) /* somebody writes there just now */
        return 0;
    const char *uuid;
    int r = quote_node(m, node, m->skim, &uuid);
    if (r < 0)
        return r;
    if (!graph_knows_pointers(m->g) && has_subagent_below(m->g, node)) {
        hang_below(m, node, uuid);
        return 0;
    }
    if (!graph_knows_pointers(m->g)) /* a copy of what changes would be another record */
        return is_changed(m, node) ? 0 : write_again(m);
    const char *text = arena_printf(m->arena,
                                    "%s{\"type\":\"last-prompt\",\"lastPrompt\":\"\",\"leafUuid\":%"
                                    "s,\"explicit\":true,%s\"rewound\":"
                                    "false}\n",
                                    m->v->lacks_final_newline ? "\n" : "", uuid,
                                    member_text(m, JSON_STREAM_SESSION_ID, "sessionId"));
    repair_steps_add_edit(m, DAMAGE_DEAD_END_LEAF, DAMAGE_CURE_INSERT, m->v->all_lines + 1, end,
                          end, text)
        ->is_guess = true;
    return 0;
}
