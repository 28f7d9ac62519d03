#include "repair/fit.h"

#include "base/json.h"
#include "repair/patched_source.h"

#include <stdlib.h>
#include <string.h>

enum {
    WINDOW_USUAL = 200000,
    WINDOW_LARGEST = 1000000,
    OVERHEAD = 25000,    /* the client's own words and tools, where no answer counts them */
    CUT_MIN = 600,       /* bytes: what is put in their place takes some 170 */
    MARK_BYTES = 170,    /* of a mark, with its backup's name */
    MARK_MAX = 400,      /* no mark is longer */
    RATE_USUAL = 286,    /* tokens in 1000 bytes: 3.5 bytes each */
    RATE_LEAST = 150,    /* 6.7 bytes each */
    RATE_MOST = 600,     /* 1.7 bytes each: text that is not in the Latin script */
    RATE_TOKENS = 5000,  /* fewer between two answers say nothing about the rate */
    IMAGE_PIXELS = 750,  /* a token each, as the vendor documents */
    IMAGE_MOST = 1600,   /* larger ones are scaled down */
    DOCUMENT_BYTES = 40, /* of base64 a token: 2000 tokens and some 80 kB a page */
    DETAILS_MAX = 2000,  /* bytes of an error that are looked at */
    TOKENS_LIMIT = 1000000000,
};

#define MARK_WORDS " removed by session-rescue: "

/* What is sent: what counts by its bytes, and what does not. */
struct measure {
    int64_t bytes, tokens;
};

/* A record that says how many tokens were sent up to it. */
struct count {
    int64_t tokens, at_ms;
    struct measure sent;
    size_t marks; /* of those that stand before it */
};

/* What an earlier fit left in place of something. */
struct mark {
    int64_t bytes, tokens, at_ms;
};

struct cut {
    uint32_t node, block, group;
    unsigned char kind; /* enum json_stream_block_kind */
    bool is_kept;
    size_t at; /* in the walk */
    struct measure saves;
};

struct fit {
    struct repair_steps *m;
    const struct graph_walk *w;
    struct cut *cuts;
    size_t cut_count, cut_capacity;
    struct mark *marks;
    size_t mark_count, mark_capacity;
    struct measure sent;
    struct count first, last; /* tokens 0: none */
    int64_t limit;            /* that the last refusal names; 0: none */
    int64_t refused_ms;
    bool was_refused;
    uint32_t boundary; /* of the last compaction; GRAPH_NONE: none */
    uint32_t group, message;
    bool is_turn_over;         /* what comes next from the assistant is another message */
    bool was_result;           /* the last message was */
    size_t prompt_at, turn_at; /* in the walk: the last prompt, and that of the last answer */
};

/* ---- refusals ----------------------------------------------------------------------------- */

static bool is_refusal(const struct repair_steps *m, size_t spot)
{
    const struct transcript_scan_spot *s = &m->v->spots[spot];
    return spot >= m->v->last_error && s->kind == DAMAGE_ERROR_TAIL &&
           ((uint64_t)s->number >> DAMAGE_TOO_LONG & 1) && s->node != GRAPH_NONE &&
           m->before.marks[s->node] != GRAPH_UNREACHED;
}

void fit_judge_refusals(struct repair_steps *m)
{
    size_t count = 0;
    uint32_t first = GRAPH_NONE;
    for (size_t i = m->v->last_error; i < m->v->spot_count; i++) {
        if (!is_refusal(m, i))
            continue;
        first = count++ ? first : m->v->spots[i].node;
    }
    if (!count)
        return;
    struct repair_plan_problem *p =
        repair_steps_add_node_problem(m, DAMAGE_TOO_LONG, DAMAGE_HURTS, first);
    p->is_mended = false;
    p->detail = count == 1 ? "the last prompt was refused"
                           : arena_printf(m->arena, "the last %zu prompts were refused", count);
}

/* ---- what is known ------------------------------------------------------------------------ */

/* The number that stands at *at, which moves behind it. */
static bool take_number(struct sv text, size_t *at, int64_t *out)
{
    size_t from = *at;
    while (from < text.n && (text.p[from] < '0' || text.p[from] > '9'))
        from++;
    size_t to = from;
    while (to < text.n && text.p[to] >= '0' && text.p[to] <= '9')
        to++;
    *at = to;
    return sv_to_i64(sv_slice(text, from, to), out) && *out > 0 && *out <= TOKENS_LIMIT;
}

/* "prompt is too long: 214501 tokens > 200000 maximum"; "exceed context limit: 195000 + 32000 >
 * 200000", of which the second is the room for an answer. */
static bool read_limit(struct sv text, int64_t *tokens, int64_t *limit)
{
    static const char *const words[] = {"prompt is too long", "exceed context limit"};
    for (size_t i = 0; i < 2; i++) {
        int64_t n[2], room;
        size_t at = sv_find(text, 0, sv_of(words[i]));
        if (at == text.n || !take_number(text, &at, &n[0]) ||
            (i == 1 && !take_number(text, &at, &room)) || !take_number(text, &at, &n[1]))
            continue;
        *tokens = n[0];
        *limit = n[1];
        return true;
    }
    return false;
}

static void add_count(struct fit *f, int64_t tokens, int64_t at_ms)
{
    f->last = (struct count){tokens, at_ms, f->sent, f->mark_count};
    if (!f->first.tokens)
        f->first = f->last;
}

static int bytes_of(struct fit *f, struct json_stream_span span, int64_t most, struct buf *out)
{
    int64_t to = span.to - span.from < most ? span.to : span.from + most;
    return transcript_scan_bytes(f->m->source, span.from, to, out);
}

static int take_error(struct fit *f, const struct graph_node *node)
{
    const struct json_stream *s = f->m->skim;
    BUF_RELEASE struct buf words = {0}, details = {0};
    int64_t tokens;
    int r = bytes_of(f, s->text, DETAILS_MAX, &words);
    if (r == 0 && s->members[JSON_STREAM_ERROR_DETAILS].kind == JSON_STREAM_STRING)
        r = bytes_of(f, s->members[JSON_STREAM_ERROR_DETAILS].span, DETAILS_MAX, &details);
    struct sv said = {words.p, words.n};
    if (r == 0 && (damage_named_by(said) >> DAMAGE_TOO_LONG & 1)) {
        f->was_refused = true;
        f->refused_ms = node->at_ms;
        if (read_limit((struct sv){details.p, details.n}, &tokens, &f->limit) ||
            read_limit(said, &tokens, &f->limit))
            add_count(f, tokens, node->at_ms);
    }
    return r;
}

/* Of a message before the compaction the usage tells of what stood there then. */
static int take_usage(struct fit *f, uint32_t node)
{
    static const char *const parts[] = {"input_tokens", "cache_creation_input_tokens",
                                        "cache_read_input_tokens", "output_tokens"};
    enum { USAGE_MAX = 16 * 1024 };
    const struct json_stream *s = f->m->skim;
    const struct json_stream_value *usage = &s->members[JSON_STREAM_USAGE];
    const struct json_value *root;
    ARENA_RELEASE struct arena a = {0};
    BUF_RELEASE struct buf text = {0};
    int64_t sum = 0, n;
    if (usage->kind != JSON_STREAM_OBJECT || usage->span.to - usage->span.from > USAGE_MAX ||
        sv_starts_with(json_stream_text(s, JSON_STREAM_MODEL), SV("<")) ||
        (f->boundary != GRAPH_NONE && node < f->boundary))
        return 0;
    int r = transcript_scan_bytes(f->m->source, usage->span.from, usage->span.to, &text);
    if (r == 0 && json_parse(&a, (struct sv){text.p, text.n}, &root) == 0)
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
            if (json_integer(json_get(root, parts[i]), &n) && n > 0 && n <= TOKENS_LIMIT)
                sum += n;
    if (sum) {
        add_count(f, sum, f->m->g->nodes[node].at_ms);
        f->was_refused = false;
        f->limit = 0;
    }
    return r;
}

/* When a backup was made, by its name; that of a plan is yet to be made. */
static int64_t backup_time(struct sv name)
{
    char text[] = "0000-00-00T00:00:00Z";
    struct wall at;
    if (name.n < sizeof text - 1)
        return sv_equals(name, SV(PATCHED_SOURCE_BACKUP)) ? INT64_MAX : 0;
    memcpy(text, name.p, sizeof text - 1);
    text[13] = text[16] = ':';
    return wall_parse(sv_of(text), &at) ? at.ms + 999 : 0;
}

static void add_mark(struct fit *f, struct sv text)
{
    static const char behind[] = "the original is in the backup ";
    size_t at = sv_find(text, 0, SV(MARK_WORDS)), name = sv_find(text, 0, sv_of(behind));
    struct mark mark;
    if (at == text.n || name == text.n || !take_number(text, &at, &mark.bytes) ||
        !take_number(text, &at, &mark.tokens))
        return;
    name += sizeof behind - 1;
    size_t end = name + strcspn(text.p + name, "]");
    mark.at_ms = backup_time(sv_slice(text, name, end < text.n ? end : text.n));
    *MEM_PUSH(f->marks, f->mark_count, f->mark_capacity) = mark;
}

static int look_for_mark(struct fit *f, struct json_stream_span span)
{
    BUF_RELEASE struct buf text = {0};
    int64_t length = span.to - span.from;
    if (length <= (int64_t)sizeof MARK_WORDS || length > MARK_MAX)
        return 0;
    int r = transcript_scan_bytes(f->m->source, span.from, span.to, &text);
    if (r == 0)
        add_mark(f, (struct sv){text.p, text.n});
    return r;
}

/* ---- what is sent ------------------------------------------------------------------------- */

static int64_t image_tokens(const struct json_stream_block *b)
{
    int64_t tokens = (int64_t)b->width * b->height / IMAGE_PIXELS;
    return tokens == 0 || tokens > IMAGE_MOST ? IMAGE_MOST : tokens;
}

/* A block alone; of a result, what is nested in it counts by itself. */
static struct measure measure_block(const struct json_stream_block *b)
{
    int64_t length = b->span.to - b->span.from;
    switch (b->kind) {
    case JSON_STREAM_BLOCK_IMAGE:
        return (struct measure){0, image_tokens(b)};
    case JSON_STREAM_BLOCK_THINKING: /* beside the signature, which is longer, and no text */
        return (struct measure){length * 2 / 5, 0};
    case JSON_STREAM_BLOCK_OTHER:
        if (b->data.to > b->data.from)
            return (struct measure){0, (b->data.to - b->data.from) / DOCUMENT_BYTES};
        break;
    default:
        break;
    }
    return (struct measure){length, 0};
}

/* With the blocks that are nested in it. */
static struct measure measure_top(const struct json_stream *s, size_t block)
{
    struct measure all = measure_block(&s->blocks[block]);
    for (size_t i = block + 1; i < s->block_count && s->blocks[i].is_nested; i++) {
        const struct json_stream_block *b = &s->blocks[i];
        struct measure own = measure_block(b);
        all.bytes += own.bytes - (b->span.to - b->span.from);
        all.tokens += own.tokens;
    }
    return all;
}

static void add_cut(struct fit *f, uint32_t node, size_t block, struct measure all)
{
    const struct json_stream_block *b = &f->m->skim->blocks[block];
    int64_t length = b->kind == JSON_STREAM_BLOCK_TOOL_RESULT ? b->content.to - b->content.from
                                                              : b->span.to - b->span.from;
    if (b->kind == JSON_STREAM_BLOCK_TOOL_RESULT)
        all.bytes -= b->span.to - b->span.from - length;
    *MEM_PUSH(f->cuts, f->cut_count, f->cut_capacity) = (struct cut){
        .node = node,
        .block = (uint32_t)block,
        .group = f->group,
        .kind = b->kind,
        .is_kept = length < CUT_MIN,
        .saves = {all.bytes - MARK_BYTES, all.tokens},
    };
}

static int take_blocks(struct fit *f, uint32_t node)
{
    const struct json_stream *s = f->m->skim;
    int64_t length =
        s->members[JSON_STREAM_CONTENT].span.to - s->members[JSON_STREAM_CONTENT].span.from;
    int r = 0;
    for (size_t i = 0; i < s->block_count && r == 0; i++) {
        const struct json_stream_block *b = &s->blocks[i];
        struct measure all;
        if (b->is_nested)
            continue;
        all = measure_top(s, i);
        length -= b->span.to - b->span.from;
        f->sent.bytes += all.bytes;
        f->sent.tokens += all.tokens;
        if (b->kind == JSON_STREAM_BLOCK_TOOL_RESULT || b->kind == JSON_STREAM_BLOCK_IMAGE ||
            b->kind == JSON_STREAM_BLOCK_THINKING)
            add_cut(f, node, i, all);
        if (b->kind == JSON_STREAM_BLOCK_TEXT)
            r = look_for_mark(f, b->span);
        else if (b->kind == JSON_STREAM_BLOCK_TOOL_RESULT)
            r = look_for_mark(f, b->content);
    }
    f->sent.bytes += length > 0 ? length : 0;
    return r;
}

/* An API message is all records of one id, and what stands beside them without a word between. */
static void begin_group(struct fit *f, const struct graph_node *node, size_t at)
{
    if (node->role != GRAPH_ASSISTANT) {
        if (node->role == GRAPH_USER && !f->was_result)
            f->prompt_at = at;
        f->was_result = node->role == GRAPH_RESULT;
        f->is_turn_over = true;
        return;
    }
    if (f->is_turn_over && (!node->message || node->message != f->message))
        f->group++;
    f->message = node->message;
    f->is_turn_over = f->was_result = false;
    f->turn_at = f->prompt_at;
}

static int take_record(struct fit *f, size_t at)
{
    uint32_t node = f->w->order[at];
    const struct graph_node *n = &f->m->g->nodes[node];
    const struct json_stream *s = f->m->skim;
    size_t cuts = f->cut_count;
    if (n->role == GRAPH_PROGRESS || n->role == GRAPH_BOUNDARY)
        return 0;
    int r = transcript_scan_skim(f->m->source, (int64_t)n->offset, f->m->skim);
    if (r < 0)
        return r;
    if (n->role == GRAPH_LINK) {
        if (json_stream_is(s, JSON_STREAM_TYPE, "attachment"))
            f->sent.bytes += s->members[JSON_STREAM_ATTACHMENT].span.to -
                             s->members[JSON_STREAM_ATTACHMENT].span.from;
        return 0;
    }
    if (s->members[JSON_STREAM_IS_API_ERROR].kind == JSON_STREAM_TRUE)
        return take_error(f, n);
    begin_group(f, n, at);
    r = take_blocks(f, node);
    for (size_t i = cuts; i < f->cut_count; i++)
        f->cuts[i].at = at;
    return r == 0 && n->role == GRAPH_ASSISTANT ? take_usage(f, node) : r;
}

static int read_walk(struct fit *f)
{
    int r = 0;
    f->boundary = GRAPH_NONE;
    for (size_t i = 0; i < f->w->count; i++)
        if (f->m->g->nodes[f->w->order[i]].role == GRAPH_BOUNDARY)
            f->boundary = f->w->order[i];
    for (size_t i = 0; i < f->w->count && r == 0; i++)
        r = take_record(f, i);
    for (size_t i = 0; i < f->cut_count; i++)
        if (f->cuts[i].kind == JSON_STREAM_BLOCK_THINKING && f->cuts[i].at >= f->turn_at)
            f->cuts[i].is_kept = true;
    return r;
}

/* ---- the estimate ------------------------------------------------------------------------- */

static int64_t tokens_at(struct measure what, int64_t rate)
{
    return what.bytes * rate / 1000 + what.tokens;
}

/* What was cut since a record was written: it tells of the time before. */
static struct measure cut_since(const struct fit *f, const struct count *c)
{
    struct measure cut = {0};
    for (size_t i = 0; i < c->marks; i++)
        if (f->marks[i].at_ms > c->at_ms) {
            cut.bytes += f->marks[i].bytes;
            cut.tokens += f->marks[i].tokens;
        }
    return cut;
}

/* Tokens in 1000 bytes, as two answers show it that have a good deal between them. */
static int64_t rate_of(const struct fit *f)
{
    int64_t bytes = f->last.sent.bytes + cut_since(f, &f->last).bytes - f->first.sent.bytes;
    int64_t tokens = f->last.tokens - f->last.sent.tokens - f->first.tokens + f->first.sent.tokens;
    if (tokens < RATE_TOKENS || bytes < RATE_TOKENS)
        return RATE_USUAL;
    int64_t rate = tokens * 1000 / bytes;
    return rate < RATE_LEAST ? RATE_LEAST : rate > RATE_MOST ? RATE_MOST : rate;
}

static int64_t tokens_before(const struct fit *f, int64_t rate)
{
    if (!f->last.tokens)
        return tokens_at(f->sent, rate) + OVERHEAD;
    struct measure rest = {f->sent.bytes - f->last.sent.bytes,
                           f->sent.tokens - f->last.sent.tokens};
    int64_t tokens = f->last.tokens - cut_since(f, &f->last).tokens + tokens_at(rest, rate);
    return tokens > 0 ? tokens : 0;
}

static int64_t window_of(const struct fit *f)
{
    const struct repair_plan_options *o = f->m->options;
    if (o->window)
        return o->window;
    if (f->limit)
        return f->limit;
    int64_t window = o->model_window ? o->model_window : WINDOW_USUAL;
    if (!f->was_refused && f->last.tokens > window) /* so it holds more than its name says */
        window = f->last.tokens > WINDOW_LARGEST ? f->last.tokens : WINDOW_LARGEST;
    return window;
}

/* It was cut behind all that is known of it: how long it is now the next answer will say. */
static bool was_cut_since(const struct fit *f)
{
    int64_t known_ms = f->last.at_ms;
    if (f->was_refused && f->refused_ms > known_ms)
        known_ms = f->refused_ms;
    for (size_t i = 0; i < f->mark_count; i++)
        if (f->marks[i].at_ms > known_ms)
            return true;
    return false;
}

/* ---- the plan ----------------------------------------------------------------------------- */

/* Which are cut, until no more than the target is left: is_kept of the others. */
static void choose(struct fit *f, int64_t rate, struct repair_plan_fit *plan)
{
    uint32_t group = UINT32_MAX; /* its thinking goes */
    int64_t left = plan->tokens_before;
    for (size_t i = 0; i < f->cut_count; i++) {
        struct cut *c = &f->cuts[i];
        bool goes_along =
            c->kind == JSON_STREAM_BLOCK_THINKING && c->group == group && c->at < f->turn_at;
        if (!goes_along && (left <= plan->target || c->is_kept)) {
            c->is_kept = true;
            continue;
        }
        c->is_kept = false;
        left -= tokens_at(c->saves, rate);
        plan->results += c->kind == JSON_STREAM_BLOCK_TOOL_RESULT;
        plan->images += c->kind == JSON_STREAM_BLOCK_IMAGE;
        plan->thinking += c->kind == JSON_STREAM_BLOCK_THINKING;
        if (c->kind == JSON_STREAM_BLOCK_THINKING)
            group = c->group;
    }
    plan->tokens_after = left;
    plan->fits = left <= plan->target;
}

static void add_steps(struct fit *f, int64_t rate)
{
    for (size_t i = 0; i < f->cut_count; i++) {
        const struct cut *c = &f->cuts[i];
        if (c->is_kept)
            continue;
        int64_t tokens = tokens_at(c->saves, rate);
        repair_steps_add_step(f->m, REPAIR_STEPS_CUT, DAMAGE_TOO_LONG, c->node, c->block)->tokens =
            tokens > 1 ? tokens : 1;
    }
}

static void tell_problem(struct repair_steps *m, const struct repair_plan_fit *plan)
{
    struct repair_plan *all = m->plan;
    for (size_t i = 0; i < all->problem_count; i++)
        if (all->problems[i].kind == DAMAGE_TOO_LONG) {
            all->problems[i].is_mended = true;
            return;
        }
    repair_steps_add_problem(m, DAMAGE_TOO_LONG, DAMAGE_MILD, 0, 0)->detail =
        arena_printf(m->arena, "about %lld tokens, of %lld that the model takes",
                     (long long)plan->tokens_before, (long long)plan->window);
}

static void make_plan(struct fit *f, struct repair_plan_fit *plan)
{
    int64_t rate = rate_of(f);
    plan->is_planned = true;
    plan->window = window_of(f);
    plan->tokens_before = plan->tokens_after = tokens_before(f, rate);
    plan->target = plan->window / 5 * 4;
    plan->was_cut = was_cut_since(f);
    if (plan->was_cut) {
        plan->fits = true;
        return;
    }
    bool is_named = f->m->options->window > 0; /* another model than the one that refused it */
    if (f->was_refused && !is_named && plan->tokens_before < plan->window) /* the API knows */
        plan->target = plan->tokens_before / 5 * 4;
    choose(f, rate, plan);
    if (plan->fits && plan->results + plan->images + plan->thinking) {
        add_steps(f, rate);
        tell_problem(f->m, plan);
    }
}

int fit_judge(struct repair_steps *m, const struct graph_walk *w)
{
    struct fit f = {.m = m, .w = w, .is_turn_over = true};
    if (!m->options->fits)
        return 0;
    int r = read_walk(&f);
    if (r == 0)
        make_plan(&f, &m->plan->fit);
    free(f.cuts);
    free(f.marks);
    return r;
}
