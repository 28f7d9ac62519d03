#include "salvage/memory_search.h"

#include "base/json.h"
#include "salvage/stream_deltas.h"

#include <stdlib.h>
#include <string.h>

enum {
    COUNT_MAX = 1 << 20, /* references; what was freed has none, or a pointer in their place */
    STRING_MIN = 8,      /* units */
    STRING_MAX = 8 * 1024 * 1024, /* of which a reply of 128000 tokens takes a tenth */
    CANDIDATES_MAX = 4096,        /* then the better half is kept */
    HEADS_MAX = 64,
    /* A text of which the beginning cannot be laid out any more, as its pieces were overwritten. */
    PARTIAL_UNITS = 64,
    PARTIAL_TILES = 4,
    TAIL_UNITS = 48,      /* texts that end alike are the same text, folded to another width */
    WORK_MAX = 200000000, /* comparisons of pieces, some seconds */
    LINE_MIN = 16,        /* bytes of a line that is worth being looked for on disk */
    LINES_CHECKED = 100,
    TYPED_STRETCH = 4, /* a typed text is so many times as long as without its blanks, */
    TYPED_MORE = 64,   /* and so many units more, at most */
};

const char *memory_search_kind_word(enum memory_search_kind kind)
{
    static const char *const words[] = {"reply", "thinking", "prompt", "request", "others"};
    return words[kind];
}

const char *memory_search_sureness_word(enum memory_search_sureness sureness)
{
    static const char *const words[] = {"high", "medium", "low"};
    return words[sureness];
}

/* As JSON.stringify writes a string, without the quotes. */
static void add_json(struct buf *out, struct sv text)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    for (size_t i = 0; i < text.n; i++) {
        const char *hit = text.p[i] ? strchr(from, text.p[i]) : NULL;
        if (hit)
            buf_addf(out, "\\%c", to[hit - from]);
        else if ((unsigned char)text.p[i] < 0x20)
            buf_addf(out, "\\u%04x", (unsigned)text.p[i]);
        else
            buf_add(out, text.p + i, 1);
    }
}

/* ---- the strings of an engine ------------------------------------------------------------- */

/* Called for every string; it may be none, only bytes that look like one. is_in_use: the engine
 * counts references to it, and does not write over it. */
typedef void string_found(void *context, struct js_string text, bool is_in_use);

static uint64_t load64(const char *p)
{
    uint64_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

static uint32_t load32(const char *p)
{
    uint32_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

static bool fits(const struct memory_run *run, size_t at, size_t length, size_t width)
{
    return length >= STRING_MIN && length <= STRING_MAX && at <= run->n &&
           length * width <= run->n - at;
}

static struct js_string units_in(const struct memory_run *run, size_t at, size_t length,
                                 bool is_wide)
{
    return (struct js_string){(const unsigned char *)run->bytes + at, length, is_wide};
}

/*
 * WTF::StringImpl, as its characters follow it: reference count and length (32 bits each), pointer
 * to the characters, flags (32 bits; 4: of 8 bits), characters. The pointer is at i.
 */
static void look_for_jsc(const struct memory_run *run, size_t i, string_found *found, void *context)
{
    if (i < 8 || i + 12 > run->n)
        return;
    uint32_t count = load32(run->bytes + i - 8);
    size_t length = load32(run->bytes + i - 4);
    bool is_wide = !(load32(run->bytes + i + 8) & 4);
    if (fits(run, i + 12, length, is_wide ? 2 : 1))
        found(context, units_in(run, i + 12, length, is_wide), count > 0 && count < COUNT_MAX);
}

/*
 * v8::SeqString: tagged pointer to the map, hash (32 bits, 3: not computed), length, characters.
 * The map would say how wide they are; both are tried. The pointer is at i.
 */
static void look_for_v8(const struct memory_run *run, size_t i, string_found *found, void *context)
{
    if (i + 16 > run->n || load32(run->bytes + i + 8) != 3)
        return;
    size_t length = load32(run->bytes + i + 12);
    if (fits(run, i + 16, length, 1))
        found(context, units_in(run, i + 16, length, false), false);
    if (fits(run, i + 16, length, 2))
        found(context, units_in(run, i + 16, length, true), false);
}

static bool is_tagged_pointer(uint64_t word)
{
    return (word & 3) == 1 && word > 0xffff && word >> 47 == 0;
}

static void each_string(const struct memory_search_search *search, string_found *found,
                        void *context)
{
    for (size_t r = 0; r < search->run_count; r++) {
        const struct memory_run *run = &search->runs[r];
        for (size_t i = 0; i + 8 <= run->n; i += 8) {
            uint64_t word = load64(run->bytes + i);
            if (word == run->address + i + 12)
                look_for_jsc(run, i, found, context);
            else if (is_tagged_pointer(word))
                look_for_v8(run, i, found, context);
        }
    }
}

/* ---- those that can be laid out with pieces ------------------------------------------------ */

struct candidate {
    struct js_string text;
    size_t covered, tiles; /* from its end */
    bool is_in_use;
};

/* A text that no other holds. */
struct head {
    struct candidate best;
    size_t state_count;  /* earlier states of it that were found: it grew */
    size_t newest_state; /* units */
    size_t bare;         /* units of the longest that lacks only line ends; 0: there is none */
    size_t seen;         /* units that pieces cover, gaps allowed */
    size_t last_gap;     /* its end */
    struct js_string squeezed; /* without blanks */
    bool has_variant;          /* another is the same but for blanks */
    bool has_twin;             /* another string is the same up to there */
};

struct finder {
    const struct memory_search_search *search;
    struct arena *arena;
    struct stream_deltas pieces;
    enum memory_search_kind kind;
    struct candidate *candidates;
    size_t count, string_count;
    struct head heads[HEADS_MAX];
    size_t head_count;
    struct memory_search_found *out;
    size_t capacity;
};

static bool is_complete(const struct candidate *c)
{
    return c->covered == c->text.n;
}

static int by_length(const void *left, const void *right)
{
    const struct candidate *a = left, *b = right;
    if (a->text.n != b->text.n)
        return a->text.n > b->text.n ? -1 : 1;
    if (a->covered != b->covered)
        return a->covered > b->covered ? -1 : 1;
    return b->is_in_use - a->is_in_use;
}

static void consider(void *context, struct js_string text, bool is_in_use)
{
    struct finder *f = context;
    struct candidate c = {.text = text, .is_in_use = is_in_use};
    f->string_count++;
    c.covered = stream_deltas_cover(&f->pieces, text, &c.tiles);
    bool is_partial = c.covered >= PARTIAL_UNITS && c.tiles >= PARTIAL_TILES;
    if (c.tiles < 2 || (!is_complete(&c) && !is_partial))
        return;
    if (f->count == CANDIDATES_MAX) {
        qsort(f->candidates, f->count, sizeof *f->candidates, by_length);
        f->count /= 2;
    }
    f->candidates[f->count++] = c;
}

static struct js_string without_line_ends(struct js_string text)
{
    while (text.n && unit_at(text, text.n - 1) == '\n')
        text.n--;
    return text;
}

/* Returns: the candidate is the head's text, an earlier state or a part of it. */
static bool belongs(struct head *h, struct js_string part, bool is_state)
{
    struct js_string whole = h->best.text;
    if (part.n > whole.n)
        return false;
    if (!js_string_equal(js_string_slice(whole, 0, part.n), part))
        return js_string_find(whole, 0, part) < whole.n;
    if (part.n < whole.n && is_state) {
        h->state_count += part.n != h->newest_state;
        h->newest_state = part.n;
        if (!h->bare && part.n >= without_line_ends(whole).n)
            h->bare = part.n;
    }
    return true;
}

/* An earlier state with a line end behind it, as clients draw it, belongs to the head too. */
static bool is_of_a_head(struct finder *f, const struct candidate *c)
{
    struct js_string bare = without_line_ends(c->text);
    bool belongs_to_any = false;
    for (size_t i = 0; i < f->head_count; i++)
        if (belongs(&f->heads[i], c->text, true) ||
            (bare.n < c->text.n && belongs(&f->heads[i], bare, false)))
            belongs_to_any = true;
    return belongs_to_any;
}

/* Where line ends came as pieces too, a text that is drawn with some behind it looks laid out; the
 * text itself is then there as well. */
static void take_off_line_ends(struct head *h)
{
    if (!h->bare)
        return;
    h->best.covered -= h->best.text.n - h->bare;
    h->best.text.n = h->bare;
}

/* The one that agrees with more of the stream before; else the shorter. */
static int by_agreement(const void *left, const void *right)
{
    const struct head *a = left, *b = right;
    if (a->seen != b->seen)
        return a->seen > b->seen ? -1 : 1;
    return a->best.text.n < b->best.text.n ? -1 : a->best.text.n > b->best.text.n;
}

static struct js_string squeezed(struct arena *a, struct js_string text)
{
    unsigned char *kept = arena_alloc(a, 2 * text.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        unsigned unit = unit_at(text, i);
        if (unit_is_blank(unit))
            continue;
        kept[2 * n] = (unsigned char)(unit & 0xff);
        kept[2 * n++ + 1] = (unsigned char)(unit >> 8);
    }
    return (struct js_string){kept, n, true};
}

/* But for blanks it ends like a part of one that agrees better: it is that, as it was drawn, folded
 * or with other line ends. Or it agrees with little of the stream, as any long text does. */
static bool is_inferior(const struct head *better, const struct head *h)
{
    struct js_string text = h->squeezed;
    size_t n = text.n < TAIL_UNITS ? text.n : TAIL_UNITS;
    struct js_string tail = js_string_slice(text, text.n - n, text.n);
    if (!is_complete(&h->best) && h->seen < better->seen / 8)
        return true;
    return n == 0 || js_string_find(better->squeezed, 0, tail) < better->squeezed.n;
}

/* Of two that differ in blanks only, the one that more earlier states were found of is the text as
 * it came, the other as it is drawn. Returns: h is none of its own. */
static bool is_taken_in(struct finder *f, size_t kept, const struct head *h)
{
    for (size_t i = 0; i < kept; i++) {
        struct head *better = &f->heads[i];
        if (!is_inferior(better, h))
            continue;
        bool differs = is_complete(&h->best) && js_string_equal(better->squeezed, h->squeezed);
        if (differs && h->state_count > better->state_count)
            *better = *h;
        better->has_variant = better->has_variant || differs;
        return true;
    }
    return false;
}

static void find_heads(struct finder *f)
{
    qsort(f->candidates, f->count, sizeof *f->candidates, by_length);
    for (size_t i = 0; i < f->count && f->head_count < HEADS_MAX; i++)
        if (!is_of_a_head(f, &f->candidates[i]))
            f->heads[f->head_count++] = (struct head){.best = f->candidates[i]};
    for (size_t i = 0; i < f->head_count; i++) {
        struct head *h = &f->heads[i];
        take_off_line_ends(h);
        h->squeezed = squeezed(f->arena, h->best.text);
        h->seen = stream_deltas_cover_in_parts(&f->pieces, h->best.text, &h->last_gap);
        if (is_complete(&h->best))
            h->seen = h->best.text.n;
    }
    qsort(f->heads, f->head_count, sizeof *f->heads, by_agreement);
    size_t kept = 0;
    for (size_t i = 0; i < f->head_count; i++)
        if (!is_taken_in(f, kept, &f->heads[i]))
            f->heads[kept++] = f->heads[i];
    f->head_count = kept;
}

static void look_for_twin(void *context, struct js_string text, bool is_in_use)
{
    (void)is_in_use; /* it agrees, whether or not */
    struct finder *f = context;
    for (size_t i = 0; i < f->head_count; i++) {
        struct head *h = &f->heads[i];
        struct js_string best = h->best.text;
        if (h->has_twin || is_complete(&h->best) || text.p == best.p || text.n < h->last_gap)
            continue;
        h->has_twin = js_string_equal(js_string_slice(text, 0, h->last_gap),
                                      js_string_slice(best, 0, h->last_gap));
    }
}

/* ---- which of them is the reply ----------------------------------------------------------- */

/* Clients ask for a title of the session with a request of its own. */
static bool is_a_title(struct arena *a, struct sv text)
{
    const struct json_value *root;
    return text.n && text.p[0] == '{' && json_parse(a, text, &root) == 0 && json_get(root, "title");
}

static bool is_known(struct finder *f, struct sv text)
{
    BUF_RELEASE struct buf json = {0};
    while (text.n && text.p[text.n - 1] == '\n')
        text.n--;
    add_json(&json, text);
    bool known = f->search->is_on_disk &&
                 f->search->is_on_disk(f->search->context, (struct sv){json.p, json.n});
    return known;
}

static struct sv utf8_of(struct finder *f, struct js_string text)
{
    BUF_RELEASE struct buf out = {0};
    js_string_add_utf8(&out, text);
    struct sv kept = {arena_strndup(f->arena, out.p ? out.p : "", out.n), out.n};
    return kept;
}

static enum memory_search_sureness sureness_of(const struct head *h)
{
    if (is_complete(&h->best))
        return h->has_variant ? MEMORY_SEARCH_LIKELY : MEMORY_SEARCH_SURE;
    return h->has_twin || h->best.is_in_use ? MEMORY_SEARCH_LIKELY : MEMORY_SEARCH_UNSURE;
}

static const char *why_of(struct finder *f, const struct head *h)
{
    const struct candidate *c = &h->best;
    const char *found =
        arena_printf(f->arena, "a string of the client of %zu characters", c->text.n);
    if (is_complete(c))
        return arena_printf(
            f->arena,
            "%s; pieces of the stream that were found beside it make it up from its "
            "first character to its last%s",
            found, h->has_variant ? "; another string differs from it in blanks or line ends" : "");
    return arena_printf(
        f->arena,
        "%s; pieces of the stream that were found beside it make up %zu of them, the "
        "last %zu without a gap; %s",
        found, h->seen, c->covered,
        h->has_twin    ? "a second string is the same where there are gaps"
        : c->is_in_use ? "the engine has it in use, and so whole"
                       : "nothing confirms what stands in the gaps");
}

static void add_text(struct finder *f, const struct head *h, struct sv text, bool is_alone)
{
    struct memory_search_text *t = ARENA_PUSH(f->arena, f->out->items, f->out->count, f->capacity);
    *t = (struct memory_search_text){f->kind, sureness_of(h), text, why_of(f, h)};
    if (is_alone)
        return;
    t->sureness = MEMORY_SEARCH_UNSURE;
    t->why = arena_printf(f->arena,
                          "%s; it is not the only such text, and which of them is the %s "
                          "cannot be told",
                          t->why, memory_search_kind_word(f->kind));
}

/* Every line of some length is on disk: it is an older text, drawn with other line ends. */
static bool has_known_lines(struct finder *f, struct sv text)
{
    size_t lines = 0;
    for (struct sv line; text.n && lines < LINES_CHECKED;) {
        sv_cut_line(&text, &line);
        if (line.n < LINE_MIN)
            continue;
        if (!is_known(f, line))
            return false;
        lines++;
    }
    return lines > 0;
}

static bool is_no_reply(struct finder *f, struct sv text)
{
    return is_a_title(f->arena, text) || is_known(f, text);
}

static void keep(struct finder *f, struct sv texts[static HEADS_MAX],
                 bool (*is_dropped)(struct finder *f, struct sv text))
{
    size_t kept = 0;
    for (size_t i = 0; i < f->head_count; i++) {
        struct sv text = texts[i];
        if (is_dropped(f, text))
            continue;
        texts[kept] = text;
        f->heads[kept++] = f->heads[i];
    }
    f->head_count = kept;
}

/* Drops what is on disk, and the client's own requests. */
static void drop_known(struct finder *f, struct sv texts[static HEADS_MAX])
{
    for (size_t i = 0; i < f->head_count; i++)
        texts[i] = utf8_of(f, f->heads[i].best.text);
    keep(f, texts, is_no_reply);
    /* a reply may repeat lines that were said before: asked only where there is a choice */
    if (f->head_count > 1)
        keep(f, texts, has_known_lines);
}

static void find_kind(struct finder *f)
{
    struct sv texts[HEADS_MAX];
    f->count = f->head_count = f->string_count = 0;
    f->pieces.work = WORK_MAX;
    if (f->pieces.count == 0)
        return;
    each_string(f->search, consider, f);
    find_heads(f);
    drop_known(f, texts);
    bool has_gaps = false;
    for (size_t i = 0; i < f->head_count; i++)
        has_gaps = has_gaps || !is_complete(&f->heads[i].best);
    if (has_gaps)
        each_string(f->search, look_for_twin, f);
    size_t growing = 0;
    for (size_t i = 0; i < f->head_count; i++)
        growing += f->heads[i].state_count > 1;
    for (size_t i = 0; i < f->head_count; i++) {
        bool grows = f->heads[i].state_count > 1;
        /* what the user sees is drawn while it grows; a request behind the scenes is not */
        add_text(f, &f->heads[i], texts[i], f->head_count == 1 || (grows && growing == 1));
    }
}

void memory_search_find(const struct memory_search_search *search, struct arena *a,
                        struct memory_search_found *out)
{
    struct finder *f = mem_resize(NULL, sizeof *f);
    struct stream_deltas *thinking = mem_resize(NULL, sizeof *thinking);
    memset(f, 0, sizeof *f);
    memset(thinking, 0, sizeof *thinking);
    *out = (struct memory_search_found){0};
    f->search = search;
    f->arena = a;
    f->out = out;
    f->candidates = mem_resize(NULL, CANDIDATES_MAX * sizeof *f->candidates);
    stream_deltas_collect(search->runs, search->run_count, a, &f->pieces, thinking);
    out->piece_count = f->pieces.count + thinking->count;

    f->kind = MEMORY_SEARCH_REPLY;
    find_kind(f);
    out->string_count = f->string_count;
    stream_deltas_release(&f->pieces);
    f->pieces = *thinking;
    f->kind = MEMORY_SEARCH_THINKING;
    find_kind(f);
    if (f->string_count > out->string_count)
        out->string_count = f->string_count;
    stream_deltas_release(&f->pieces);
    free(f->candidates);
    free(thinking);
    free(f);
}

/* ---- what was typed ----------------------------------------------------------------------- */

struct typed {
    struct js_string shown; /* without blanks */
    struct js_string text;
    size_t count; /* of texts that differ */
};

static bool is_same_but_for_blanks(struct js_string text, struct js_string shown)
{
    size_t j = 0;
    for (size_t i = 0; i < text.n; i++) {
        unsigned unit = unit_at(text, i);
        if (unit_is_blank(unit))
            continue;
        if (j == shown.n || unit != unit_at(shown, j++))
            return false;
    }
    return j == shown.n;
}

/* Without the blanks around it, which a screen does not tell. */
static struct js_string trimmed(struct js_string u)
{
    size_t from = 0, to = u.n;
    while (from < to && unit_is_blank(unit_at(u, from)))
        from++;
    while (to > from && unit_is_blank(unit_at(u, to - 1)))
        to--;
    return js_string_slice(u, from, to);
}

static void compare_typed(void *context, struct js_string text, bool is_in_use)
{
    (void)is_in_use;
    struct typed *t = context;
    if (text.n < t->shown.n || text.n > t->shown.n * TYPED_STRETCH + TYPED_MORE ||
        !is_same_but_for_blanks(text, t->shown))
        return;
    text = trimmed(text);
    if (t->count && js_string_equal(t->text, text))
        return;
    t->text = text;
    t->count++;
}

bool memory_search_find_typed(const struct memory_search_search *search, struct sv shown,
                              struct arena *a, struct sv *typed)
{
    BUF_RELEASE struct buf wide = {0}, squeezed = {0}, text = {0};
    js_string_add_bytes(&wide, shown);
    for (size_t i = 0; i + 2 <= wide.n; i += 2)
        if (!unit_is_blank(unit_at(
                (struct js_string){(const unsigned char *)wide.p, wide.n / 2, true}, i / 2)))
            buf_add(&squeezed, wide.p + i, 2);
    struct typed t = {.shown = {(const unsigned char *)squeezed.p, squeezed.n / 2, true}};
    if (t.shown.n >= STRING_MIN)
        each_string(search, compare_typed, &t);
    if (t.count == 1) {
        js_string_add_utf8(&text, t.text);
        *typed = (struct sv){arena_strndup(a, text.p, text.n), text.n};
    }
    return t.count == 1;
}
