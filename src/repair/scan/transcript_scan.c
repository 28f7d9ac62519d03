#include "repair/scan/transcript_scan.h"

#include "base/arena.h"
#include "conversation/loader/client_version.h"
#include "conversation/loader/graph_nodes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 256 * 1024, SMALL_PIECE = 16 * 1024, WORDS_MAX = 512 };

/* One pass over a transcript. */
struct pass {
    const struct record_source *source;
    size_t broken_max;
    struct transcript_scan *v;
    struct json_stream *skim;           /* of the lines */
    struct json_stream *inner;          /* of records that share their line with something else */
    char version[JSON_STREAM_TEXT_MAX]; /* of the last record that said one */
    size_t version_length;
    unsigned char version_tag;
    bool saw_agent_id;
    bool is_hidden; /* the record being taken stands behind damage on its line */
    bool is_beside; /* there is something behind it on its line */
    bool is_marked; /* a byte order mark stands before it */
    uint32_t line;
    uint32_t own_id_line; /* the last with the first record's session id */
};

/* ---- bytes -------------------------------------------------------------------------------- */

int transcript_scan_bytes(const struct record_source *source, int64_t from, int64_t to,
                          struct buf *out)
{
    size_t length = (size_t)(to - from), done = 0;
    char *bytes = mem_resize(NULL, length + 1);
    while (done < length) {
        int64_t n =
            source->read(source->context, bytes + done, length - done, from + (int64_t)done);
        if (n <= 0) {
            free(bytes);
            return n < 0 ? (int)n : -EIO; /* it was there a moment ago */
        }
        done += (size_t)n;
    }
    buf_add(out, bytes, length);
    free(bytes);
    return 0;
}

int transcript_scan_skim(const struct record_source *source, int64_t offset, struct json_stream *s)
{
    char bytes[SMALL_PIECE];
    json_stream_restart(s, offset);
    while (!s->is_over && s->record.to == s->record.from) {
        int64_t n = source->read(source->context, bytes, sizeof bytes, s->offset);
        if (n < 0)
            return (int)n;
        if (n == 0)
            break;
        json_stream_feed(s, bytes, (size_t)n);
    }
    return s->record.to > s->record.from ? 0 : -EBADMSG;
}

/* ---- what a record is --------------------------------------------------------------------- */

static struct transcript_scan_spot *add_spot(struct pass *p, enum damage_kind kind, uint32_t node,
                                             int64_t offset)
{
    struct transcript_scan *v = p->v;
    struct transcript_scan_spot *spot = MEM_PUSH(v->spots, v->spot_count, v->spot_capacity);
    *spot = (struct transcript_scan_spot){
        .kind = (unsigned char)kind,
        .node = node,
        .line = p->line,
        .offset = offset,
    };
    return spot;
}

static void look_at_blocks(struct pass *p, const struct json_stream *s, uint32_t node)
{
    for (size_t i = 0; i < s->block_count; i++) {
        const struct json_stream_block *b = &s->blocks[i];
        struct transcript_scan_spot *spot;
        if (b->kind == JSON_STREAM_BLOCK_NULL) {
            spot = add_spot(p, DAMAGE_NULL_BLOCK, node, b->span.from);
            spot->block = (uint32_t)i;
            spot->side = b->is_nested;
        }
        if (b->is_empty && !b->is_nested) {
            spot = add_spot(p, DAMAGE_EMPTY_TEXT, node, b->span.from);
            spot->block = (uint32_t)i;
            spot->side = (uint32_t)s->top_count;
        }
        if (b->kind == JSON_STREAM_BLOCK_IMAGE && b->data.to) {
            spot = add_spot(p, DAMAGE_OVERSIZED_IMAGE, node, b->span.from);
            spot->is_image = true;
            spot->block = (uint32_t)i;
            spot->number = b->data.to - b->data.from;
            spot->side = b->width > b->height ? b->width : b->height;
            p->v->image_count++;
        }
    }
}

/* A prompt of nothing is sent by clients before 2.1.330, one of nothing but white space by all. */
static void look_at_prompt(struct pass *p, const struct json_stream *s, uint32_t node)
{
    const struct json_stream_value *content = &s->members[JSON_STREAM_CONTENT];
    bool is_text = content->kind == JSON_STREAM_STRING;
    if (is_text ? s->is_blank : content->kind == JSON_STREAM_ARRAY && s->top_count == 0)
        add_spot(p, DAMAGE_BAD_CONTENT, node, s->record.from)->side =
            is_text && content->span.to - content->span.from > 2 ? TRANSCRIPT_SCAN_WHITE
                                                                 : TRANSCRIPT_SCAN_NOTHING;
}

static void look_at_message(struct pass *p, const struct json_stream *s, enum graph_role role,
                            uint32_t node)
{
    enum json_stream_kind content = s->members[JSON_STREAM_CONTENT].kind;
    bool is_assistant = role == GRAPH_ASSISTANT;
    if (s->members[JSON_STREAM_MESSAGE].kind != JSON_STREAM_OBJECT)
        add_spot(p, DAMAGE_NO_MESSAGE, node, s->record.from);
    else if (content != JSON_STREAM_ARRAY && (is_assistant || content != JSON_STREAM_STRING))
        add_spot(p, DAMAGE_BAD_CONTENT, node, s->record.from)->number =
            content == JSON_STREAM_STRING;
    else if (graph_nodes_has_blocks(s, role))
        look_at_blocks(p, s, node);
    if (role == GRAPH_USER && s->members[JSON_STREAM_MESSAGE].kind == JSON_STREAM_OBJECT)
        look_at_prompt(p, s, node);
}

/* 2.1.197 fails to start with an attachment of null, and with a reminder that has no list. */
static void look_at_attachment(struct pass *p, const struct json_stream *s, uint32_t node)
{
    bool is_object = s->members[JSON_STREAM_ATTACHMENT].kind == JSON_STREAM_OBJECT;
    if (json_stream_is(s, JSON_STREAM_TYPE, "attachment") &&
        (!is_object || (json_stream_is(s, JSON_STREAM_ATTACHMENT_TYPE, "task_reminder") &&
                        s->members[JSON_STREAM_ATTACHMENT_CONTENT].kind != JSON_STREAM_ARRAY)))
        add_spot(p, DAMAGE_MALFORMED_METADATA, node, s->record.from)->side = is_object;
}

static void look_at_ids(struct pass *p, const struct json_stream *s)
{
    struct transcript_scan *v = p->v;
    struct sv id = json_stream_text(s, JSON_STREAM_SESSION_ID);
    p->saw_agent_id = p->saw_agent_id || json_stream_text(s, JSON_STREAM_AGENT_ID).n;
    if (!id.n)
        return;
    if (!v->session_id[0]) {
        memcpy(v->session_id, id.p, id.n);
        v->session_id[id.n] = '\0';
    }
    if (sv_equals(id, sv_of(v->session_id))) {
        v->ids_are_mixed = v->ids_are_mixed || v->foreign_ids;
        p->own_id_line = p->line;
    } else if (v->foreign_ids++) {
        v->ids_are_mixed = v->ids_are_mixed || !sv_equals(id, sv_of(v->foreign_id));
    } else {
        v->foreign_line = p->line;
        v->foreign_offset = s->record.from;
        v->ids_are_mixed = p->own_id_line == p->line;
        memcpy(v->foreign_id, id.p, id.n);
        v->foreign_id[id.n] = '\0';
    }
}

/* A pointer to the conversation's last record: one that the user set counts, others are notes. */
static void look_at_pointer(struct pass *p, const struct json_stream *s)
{
    const struct json_stream_value *leaf = &s->members[JSON_STREAM_LEAF];
    if (leaf->kind == JSON_STREAM_ABSENT || json_stream_text(s, JSON_STREAM_UUID).n)
        return;
    if (leaf->kind == JSON_STREAM_STRING && json_stream_is(s, JSON_STREAM_TYPE, "last-prompt"))
        add_spot(p, DAMAGE_STALE_LEAF, GRAPH_NONE, s->record.from)->number =
            (int64_t)graph_id_of(json_stream_text(s, JSON_STREAM_LEAF));
}

/* A version's place in the list of them, plus one; 0: none, or too many. */
static unsigned char tag_of(struct transcript_scan *v, int64_t version)
{
    size_t i = 0;
    if (!version)
        return 0;
    while (i < v->version_count && v->versions[i] != version)
        i++;
    if (i == TRANSCRIPT_SCAN_VERSIONS_MAX)
        return 0;
    if (i == v->version_count)
        v->versions[v->version_count++] = version;
    return (unsigned char)(i + 1);
}

/* By what the version is judged must not be what a repair takes away: prompts and the client's own
 * records that no repair drops. */
static void look_at_version(struct pass *p, const struct json_stream *s, uint32_t node)
{
    struct transcript_scan *v = p->v;
    struct sv text = json_stream_text(s, JSON_STREAM_VERSION);
    if (v->graph.nodes[node].role > GRAPH_USER || !text.n)
        return;
    if (!sv_equals(text, (struct sv){p->version, p->version_length})) {
        memcpy(p->version, text.p, text.n);
        p->version_length = text.n;
        p->version_tag = tag_of(v, client_version(text));
    }
    v->graph.nodes[node].tag = p->version_tag;
}

int64_t transcript_scan_newest_version(const struct transcript_scan *v)
{
    int64_t newest = 0;
    for (size_t i = 0; i < v->graph.count; i++) {
        const struct graph_node *node = &v->graph.nodes[i];
        if (node->tag && !node->has_copy && !node->is_superseded &&
            v->versions[node->tag - 1] > newest)
            newest = v->versions[node->tag - 1];
    }
    return newest;
}

/* What an error says, in its beginning: once more, as few records are errors. */
static int look_at_error(struct pass *p, const struct json_stream *s, uint32_t node)
{
    BUF_RELEASE struct buf words = {0};
    int64_t to = s->text.to - s->text.from < WORDS_MAX ? s->text.to : s->text.from + WORDS_MAX;
    int r = transcript_scan_bytes(p->source, s->text.from, to, &words);
    if (r < 0)
        return r;
    uint64_t named = damage_named_by((struct sv){words.p, words.n});
    add_spot(p, DAMAGE_ERROR_TAIL, node, s->record.from)->number = (int64_t)named;
    p->v->error_kinds |= named;
    return 0;
}

static void look_at_model(struct transcript_scan *v, const struct json_stream *s)
{
    struct sv model = json_stream_text(s, JSON_STREAM_MODEL);
    if (!model.n || model.p[0] == '<') /* "<synthetic>": the client's own words */
        return;
    memcpy(v->model, model.p, model.n);
    v->model[model.n] = '\0';
}

/* What the client puts in where a resume finds a prompt without an answer: the API said nothing. */
static int is_filler(struct pass *p, const struct json_stream *s, bool *out)
{
    static const char words[] = "No response requested.";
    BUF_RELEASE struct buf text = {0};
    bool is_candidate = json_stream_is(s, JSON_STREAM_MODEL, "<synthetic>") &&
                        s->text.to - s->text.from == (int64_t)sizeof words - 1;
    int r = is_candidate ? transcript_scan_bytes(p->source, s->text.from, s->text.to, &text) : 0;
    *out = is_candidate && r == 0 && sv_equals((struct sv){text.p, text.n}, sv_of(words));
    return r;
}

static int look_at_errors(struct pass *p, const struct json_stream *s, uint32_t node, bool is_clean)
{
    struct transcript_scan *v = p->v;
    bool says_nothing;
    if (s->members[JSON_STREAM_IS_API_ERROR].kind == JSON_STREAM_TRUE)
        return look_at_error(p, s, node);
    int r = is_filler(p, s, &says_nothing);
    if (r == 0 && is_clean && !says_nothing) {
        v->last_error = (uint32_t)v->spot_count;
        v->error_kinds = 0;
    }
    return r;
}

/* By the spots that were found in a record. */
static bool may_be_dropped(const struct transcript_scan *v, size_t first_spot)
{
    for (size_t i = first_spot; i < v->spot_count; i++)
        switch (v->spots[i].kind) {
        case DAMAGE_EMPTY_TEXT:
        case DAMAGE_NULL_BLOCK:
        case DAMAGE_MALFORMED_METADATA:
        case DAMAGE_NO_MESSAGE:
        case DAMAGE_BAD_CONTENT:
        case DAMAGE_STALE_LEAF:
            return true;
        default:
            break;
        }
    return false;
}

/* What the API never sees: --shrink trims it. */
static void look_at_length(struct pass *p, const struct json_stream *s, uint32_t node)
{
    static const struct {
        enum json_stream_member member;
        int64_t long_bytes;
    } members[] = {
        {JSON_STREAM_TOOL_USE_RESULT, TRANSCRIPT_SCAN_HUGE},
        {JSON_STREAM_FULL_OUTPUT, TRANSCRIPT_SCAN_LONG_OUTPUT},
        {JSON_STREAM_OUTPUT, TRANSCRIPT_SCAN_LONG_OUTPUT},
    };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const struct json_stream_value *v = &s->members[members[i].member];
        int64_t length = v->kind == JSON_STREAM_ABSENT ? 0 : v->span.to - v->span.from;
        bool is_progress = i > 0 && json_stream_is(s, JSON_STREAM_TYPE, "progress") &&
                           v->kind == JSON_STREAM_STRING;
        if (length < members[i].long_bytes || (i > 0 && !is_progress))
            continue;
        struct transcript_scan_spot *spot = add_spot(p, DAMAGE_HUGE_RECORD, node, v->span.from);
        spot->number = length;
        spot->block = members[i].member;
    }
}

static int take_record(struct pass *p, const struct json_stream *s)
{
    struct transcript_scan *v = p->v;
    size_t spots = v->spot_count;
    v->all_records++;
    v->session_records += json_stream_is_of_session(s);
    look_at_ids(p, s);
    look_at_pointer(p, s);
    uint32_t node = graph_nodes_add(
        &v->graph, s,
        &(struct graph_nodes_place){p->line, p->is_hidden, p->is_beside, p->is_marked});
    bool is_node = node != GRAPH_NONE;
    enum graph_role role = is_node ? (enum graph_role)v->graph.nodes[node].role : GRAPH_LINK;
    look_at_attachment(p, s, node);
    if (is_node && role >= GRAPH_USER)
        look_at_message(p, s, role, node);
    if (is_node && role == GRAPH_BOUNDARY)
        add_spot(p, DAMAGE_BOUNDARY_PARENT_GONE, node, s->record.from)->number =
            (int64_t)graph_id_of(json_stream_text(s, JSON_STREAM_LOGICAL_PARENT));
    if (s->bad_text_count)
        add_spot(p, DAMAGE_BAD_TEXT, node, s->record.from)->number = (int64_t)s->bad_text_count;
    look_at_length(p, s, node);
    bool is_clean = !may_be_dropped(v, spots);
    if (is_node && is_clean)
        look_at_version(p, s, node);
    if (!is_node || role != GRAPH_ASSISTANT || v->graph.nodes[node].is_sidechain)
        return 0;
    look_at_model(v, s);
    return look_at_errors(p, s, node, is_clean && s->block_count > 0);
}

/* ---- lines -------------------------------------------------------------------------------- */

static void add_line(struct pass *p)
{
    struct transcript_scan *v = p->v;
    *MEM_PUSH(v->lines, v->line_count, v->line_capacity) = (struct transcript_scan_line){
        .from = p->skim->line.from,
        .to = p->skim->line.to,
        .line = p->line,
        .has_newline = p->skim->has_newline,
        .is_too_long = p->skim->line.to - p->skim->line.from > TRANSCRIPT_SCAN_LINE_MAX,
    };
}

/* The records on a line that is not one record. The client reads only one that it begins with. */
static int take_broken(struct pass *p)
{
    BUF_RELEASE struct buf line = {0};
    struct line_check_piece *pieces;
    size_t count;
    add_line(p);
    if (p->v->line_count > p->broken_max)
        return -E2BIG;
    const struct transcript_scan_line *l = &p->v->lines[p->v->line_count - 1];
    if (l->is_too_long) {
        graph_line(&p->v->graph, false);
        return 0;
    }
    int64_t from = l->from;
    int r = transcript_scan_bytes(p->source, from, l->to, &line);
    if (r < 0)
        return r;
    if (line_check_is_null((struct sv){line.p, line.n}))
        graph_null_line(&p->v->graph);
    line_check_pieces((struct sv){line.p, line.n}, p->source->record_start, &pieces, &count);
    bool has_mark =
        from > 0 && line.n && sv_starts_with((struct sv){line.p, line.n}, SV(LINE_CHECK_MARK));
    bool is_open = count == 1 && pieces[0].kind == LINE_CHECK_STUB &&
                   line_check_is_open((struct sv){line.p, line.n});
    for (size_t i = 0; i < count && r == 0; i++) {
        const struct line_check_piece *piece = &pieces[i];
        p->is_marked = has_mark && piece->kind == LINE_CHECK_RECORD && count == 1;
        p->is_hidden = i > 0 || piece->kind == LINE_CHECK_RAW || (has_mark && !p->is_marked);
        p->is_beside = !p->is_marked;
        if (piece->kind != LINE_CHECK_RECORD && piece->kind != LINE_CHECK_RAW)
            continue;
        json_stream_restart(p->inner, from + (int64_t)piece->from);
        json_stream_feed(p->inner, line.p + piece->from, piece->to - piece->from);
        json_stream_end(p->inner);
        r = take_record(p, p->inner);
    }
    p->is_hidden = p->is_beside = p->is_marked = false;
    graph_line(&p->v->graph, is_open);
    free(pieces);
    return r;
}

static int take_line(struct pass *p)
{
    struct transcript_scan *v = p->v;
    const struct json_stream *s = p->skim;
    int r;
    p->line = ++v->all_lines;
    v->lacks_final_newline = !s->has_newline;
    if (p->line == 1)
        v->has_mark = s->mark_at == 3;
    switch (s->shape) {
    case JSON_STREAM_BLANK:
        v->blank_lines++;
        return 0;
    case JSON_STREAM_RECORD:
        v->crlf_lines += s->ends_in_return;
        r = take_record(p, s);
        graph_line(&v->graph, false);
        return r;
    case JSON_STREAM_BROKEN:
        break;
    }
    return take_broken(p);
}

static int read_lines(struct pass *p, char *bytes, size_t piece)
{
    struct transcript_scan *v = p->v;
    int r = 0;
    for (;;) {
        int64_t n = p->source->read(p->source->context, bytes, piece, v->size_bytes);
        if (n <= 0) {
            r = (int)n;
            break;
        }
        v->size_bytes += n;
        for (size_t at = 0; at < (size_t)n;) {
            at += json_stream_feed(p->skim, bytes + at, (size_t)n - at);
            if (!p->skim->is_over)
                break;
            if ((r = take_line(p)) < 0)
                return r;
            json_stream_next(p->skim);
        }
    }
    if (r == 0) {
        json_stream_end(p->skim);
        r = p->skim->is_over ? take_line(p) : 0;
    }
    return r;
}

int transcript_scan_read(const struct record_source *source, struct transcript_scan *out)
{
    return transcript_scan_read_within(source, SIZE_MAX, out);
}

int transcript_scan_read_within(const struct record_source *source, size_t broken_max,
                                struct transcript_scan *out)
{
    struct transcript_scan v = {0};
    struct pass p = {
        .source = source,
        .broken_max = broken_max,
        .v = &v,
        .skim = mem_resize(NULL, sizeof *p.skim),
        .inner = mem_resize(NULL, sizeof *p.inner),
    };
    size_t piece = source->size_bytes < PIECE ? (size_t)source->size_bytes + 1 : PIECE;
    char *bytes = mem_resize(NULL, piece);
    graph_init(&v.graph);
    json_stream_begin(p.skim, 0);
    json_stream_begin(p.inner, 0);
    p.inner->takes_raw = true;
    int r = read_lines(&p, bytes, piece);
    json_stream_release(p.skim);
    json_stream_release(p.inner);
    free(p.skim);
    free(p.inner);
    free(bytes);
    if (r < 0) {
        transcript_scan_release(&v);
        return r;
    }
    v.is_subagents = p.saw_agent_id && v.graph.has_sidechain && !v.graph.has_main_chain;
    if (v.is_subagents)
        graph_adopt_sidechain(&v.graph);
    graph_link(&v.graph);
    for (size_t i = 0; i < v.graph.count && !v.has_copies; i++)
        v.has_copies = v.graph.nodes[i].is_superseded;
    *out = v;
    return 0;
}

void transcript_scan_release(struct transcript_scan *v)
{
    graph_release(&v->graph);
    free(v->lines);
    free(v->spots);
    *v = (struct transcript_scan){0};
}
