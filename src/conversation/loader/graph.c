#include "conversation/loader/graph.h"

#include "base/arena.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- ids ---------------------------------------------------------------------------------- */

/* Spreads every bit over all others (the last steps of MurmurHash3). */
static uint64_t mix(uint64_t h)
{
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdu;
    h ^= h >> 33;
    h *= 0xc4ceb9fe1a85ec53u;
    return h ^ h >> 33;
}

uint64_t graph_id_of(struct sv text)
{
    uint64_t h = text.n * 0x9e3779b97f4a7c15u;
    while (text.n) {
        uint64_t word = 0;
        size_t n = text.n < sizeof word ? text.n : sizeof word;
        memcpy(&word, text.p, n);
        h = mix(h ^ word) + 0x9e3779b97f4a7c15u;
        text = sv_slice(text, n, text.n);
        h += !h;
    }
    return h;
}

/* ---- adding ------------------------------------------------------------------------------- */

void graph_init(struct graph *g)
{
    *g = (struct graph){0};
}

void graph_release(struct graph *g)
{
    free(g->nodes);
    free(g->by_id);
    free(g->preserved);
    free(g->compactions);
    free(g->pointers);
    free(g->stamps);
    free(g->tools);
    *g = (struct graph){0};
}

/* "2026-02-05T10:11:12.345Z": such texts stand in the order of the times. */
static bool is_usual_stamp(const struct graph_record *r)
{
    enum { LENGTH = 24 };
    return r->at_ms && r->stamp.n == LENGTH && r->stamp.p[10] == 'T' && r->stamp.p[19] == '.' &&
           r->stamp.p[LENGTH - 1] == 'Z';
}

static void add_stamp(struct graph *g, struct sv text)
{
    struct graph_stamp *stamp = MEM_PUSH(g->stamps, g->stamp_count, g->stamp_capacity);
    size_t n = text.n < sizeof stamp->text ? text.n : sizeof stamp->text;
    *stamp = (struct graph_stamp){.node = (uint32_t)g->count};
    memcpy(stamp->text, text.p, n);
    g->nodes[g->count].has_stamp = 1;
}

uint32_t graph_add(struct graph *g, const struct graph_record *r)
{
    if (g->count == GRAPH_NONE)
        return GRAPH_NONE;
    if (g->count == g->capacity) {
        g->capacity = g->capacity ? g->capacity + g->capacity / 2 : 256;
        g->nodes = mem_resize(g->nodes, g->capacity * sizeof *g->nodes);
    }
    g->nodes[g->count] = (struct graph_node){
        .id = graph_id_of(r->uuid),
        .parent_id = graph_id_of(r->parent_uuid),
        .at_ms = r->at_ms,
        .offset = (uint64_t)r->offset & 0x1fffffffff,
        .role = r->role & 7,
        .is_sidechain = r->is_sidechain,
        .is_hidden = r->is_hidden || r->is_marked,
        .lacks_time = r->lacks_time,
        .is_virtual = r->is_virtual,
        .is_blank = r->is_blank,
        .is_thinking = r->is_thinking,
        .has_words = r->has_words,
        .is_beside = r->is_beside,
        .is_marked = r->is_marked,
        .is_summary = r->is_summary,
        .is_sent = r->is_sent,
        .message = (uint32_t)graph_id_of(r->message_id),
        .line = r->line,
    };
    if (r->stamp.n && !is_usual_stamp(r))
        add_stamp(g, r->stamp);
    if (r->is_sidechain) {
        g->has_sidechain = true;
    } else {
        g->has_main_chain = true;
    }
    return (uint32_t)g->count++;
}

void graph_preserve(struct graph *g, uint32_t boundary, uint64_t id)
{
    *MEM_PUSH(g->preserved, g->preserved_count, g->preserved_capacity) =
        (struct graph_preserved){boundary, id};
}

void graph_compaction(struct graph *g, const struct graph_compaction *compaction)
{
    g->compactions = mem_resize(g->compactions, (g->compaction_count + 1) * sizeof *g->compactions);
    g->compactions[g->compaction_count++] = *compaction;
}

void graph_point(struct graph *g, struct sv uuid, bool is_explicit)
{
    *MEM_PUSH(g->pointers, g->pointer_count, g->pointer_capacity) =
        (struct graph_pointer){graph_id_of(uuid), (uint32_t)g->count, is_explicit};
}

void graph_null_line(struct graph *g)
{
    if (!g->has_null_line)
        g->null_line_at = g->count;
    g->has_null_line = true;
}

void graph_line(struct graph *g, bool is_open)
{
    struct graph_open *o = &g->open;
    if (is_open)
        *o = (struct graph_open){.lines = 1, .from = g->count, .pointers_from = g->pointer_count};
    else
        o->lines = o->lines == 1 ? 2 : 0;
    o->to = g->count;
    o->pointers_to = g->pointer_count;
}

/* The last line of the file stands inside of another one's record. */
static void hide_inside(struct graph *g)
{
    const struct graph_open *o = &g->open;
    if (o->lines != 2)
        return;
    for (size_t i = o->from; i < o->to; i++)
        g->nodes[i].is_hidden = g->nodes[i].is_marked = true;
    g->pointer_count = o->pointers_to > o->pointers_from ? o->pointers_from : g->pointer_count;
}

void graph_add_tool(struct graph *g, const struct graph_tool *tool)
{
    if (g->tool_count == g->tool_capacity) {
        g->tool_capacity = g->tool_capacity ? g->tool_capacity + g->tool_capacity / 2 : 64;
        g->tools = mem_resize(g->tools, g->tool_capacity * sizeof *g->tools);
    }
    g->tools[g->tool_count++] = *tool;
}

/* ---- linking ------------------------------------------------------------------------------ */

/* The slot of an id in the index: its own, or the free one where it belongs. */
static size_t slot_of(const struct graph *g, uint64_t id)
{
    size_t slot = id & (g->by_id_size - 1);
    while (g->by_id[slot] != GRAPH_NONE && g->nodes[g->by_id[slot]].id != id)
        slot = (slot + 1) & (g->by_id_size - 1);
    return slot;
}

uint32_t graph_find(const struct graph *g, uint64_t id)
{
    return id && g->by_id_size ? g->by_id[slot_of(g, id)] : GRAPH_NONE;
}

/* Puts a node into the index; of two with one id the later one stays. */
static void enter(struct graph *g, uint32_t node)
{
    if (!g->nodes[node].id)
        return;
    uint32_t *slot = &g->by_id[slot_of(g, g->nodes[node].id)];
    uint32_t other = *slot;
    if (other == GRAPH_NONE) {
        *slot = node;
    } else if (other < node) {
        g->nodes[other].is_superseded = 1;
        g->nodes[node].has_copy = 1;
        *slot = node;
    } else {
        g->nodes[node].is_superseded = 1;
        g->nodes[other].has_copy = 1;
    }
}

static void empty_index(struct graph *g)
{
    for (size_t i = 0; i < g->by_id_size; i++)
        g->by_id[i] = GRAPH_NONE;
}

static void resolve(struct graph *g, uint32_t i)
{
    struct graph_node *node = &g->nodes[i];
    uint64_t id = node->parent_id;
    uint32_t parent = graph_find(g, id);
    node->lacks_parent = id && parent == GRAPH_NONE;
    if (node->lacks_parent)
        return;
    node->parent_id = 0;
    node->parent = parent;
}

static int compare_tools(const void *a, const void *b)
{
    const struct graph_tool *x = a, *y = b;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    if (x->is_result != y->is_result)
        return x->is_result ? 1 : -1;
    if (x->node != y->node)
        return x->node < y->node ? -1 : 1;
    return (x->block > y->block) - (x->block < y->block);
}

void graph_link(struct graph *g)
{
    hide_inside(g);
    if (g->tool_count)
        qsort(g->tools, g->tool_count, sizeof *g->tools, compare_tools);
    g->by_id_size = 16;
    while (g->by_id_size < g->count + g->count / 2)
        g->by_id_size *= 2;
    g->by_id = mem_resize(NULL, g->by_id_size * sizeof *g->by_id);
    empty_index(g);
    for (uint32_t i = 0; i < g->count; i++)
        if (!g->nodes[i].is_hidden)
            enter(g, i);
    for (uint32_t i = 0; i < g->count; i++)
        resolve(g, i);
}

/* Of several records with one id the last counts, as a parent too. */
static void follow_copies(struct graph *g)
{
    for (uint32_t i = 0; i < g->count; i++) {
        struct graph_node *node = &g->nodes[i];
        if (node->lacks_parent || node->parent == GRAPH_NONE)
            continue;
        uint32_t parent = graph_find(g, g->nodes[node->parent].id);
        if (parent != GRAPH_NONE)
            node->parent = parent;
    }
}

void graph_reveal(struct graph *g)
{
    for (uint32_t i = 0; i < g->count; i++)
        if (g->nodes[i].is_hidden) {
            g->nodes[i].is_hidden = 0;
            enter(g, i);
        }
    for (uint32_t i = 0; i < g->count; i++)
        if (g->nodes[i].lacks_parent)
            resolve(g, i);
    follow_copies(g);
}

void graph_adopt_sidechain(struct graph *g)
{
    for (uint32_t i = 0; i < g->count; i++)
        g->nodes[i].is_sidechain = 0;
    g->has_main_chain = g->has_main_chain || g->has_sidechain;
    g->has_sidechain = false;
}

/* The node itself, or the last above it that was dropped: what its parent is told by. */
static uint32_t told_by(const struct graph *g, uint32_t node)
{
    for (size_t i = 0; i < g->count && !g->nodes[node].lacks_parent; i++) {
        uint32_t parent = g->nodes[node].parent;
        if (parent == GRAPH_NONE || !g->nodes[parent].is_dropped)
            break;
        node = parent;
    }
    return node;
}

uint32_t graph_parent(const struct graph *g, uint32_t node)
{
    node = told_by(g, node);
    uint32_t parent = g->nodes[node].lacks_parent ? GRAPH_NONE : g->nodes[node].parent;
    /* dropped ones that go in a circle */
    return parent != GRAPH_NONE && g->nodes[parent].is_dropped ? GRAPH_NONE : parent;
}

bool graph_lacks_parent(const struct graph *g, uint32_t node)
{
    return g->nodes[told_by(g, node)].lacks_parent;
}

void graph_set_parent(struct graph *g, uint32_t node, uint32_t parent)
{
    g->nodes[node].parent_id = 0;
    g->nodes[node].parent = parent;
    g->nodes[node].lacks_parent = 0;
}

void graph_set_time(struct graph *g, uint32_t node, int64_t at_ms)
{
    g->nodes[node].at_ms = at_ms;
    g->nodes[node].lacks_time = g->nodes[node].has_stamp = 0;
}

void graph_drop(struct graph *g, uint32_t node)
{
    g->nodes[node].is_dropped = 1;
}

void graph_settle(struct graph *g)
{
    empty_index(g);
    for (uint32_t i = 0; i < g->count; i++) {
        g->nodes[i].is_superseded = 0;
        if (!g->nodes[i].is_hidden && !g->nodes[i].is_dropped)
            enter(g, i);
    }
    follow_copies(g);
}

bool graph_is_in_play(const struct graph *g, uint32_t i)
{
    const struct graph_node *node = &g->nodes[i];
    return !node->is_sidechain && !node->is_superseded && !node->is_dropped && !node->is_hidden;
}

/* ---- what the client has of it -------------------------------------------------------------- */

enum { MISSING = GRAPH_NONE - 1 };

/* What changed, each found between two versions that stand beside each other in the registry:
 * doc/repair.md. */
enum {
    READS_FIRST_SINCE = 2010113, /* of a line the record that it begins with */
    NULL_FAILS_SINCE = 2010116,  /* a line of null ends the resume; before, the reading */
    LAST_SINCE = 2010116,        /* the last record is the leaf, also where the file has one end */
    POINTER_SINCE = 2010120,
    NEWEST_BELOW_SINCE = 2010257, /* no pointers: the newest of what hangs on the last record */
    ELSEWHERE_SINCE = 2010281,    /* results that hang elsewhere than on their call */
    BESIDE_SINCE = 2010286,       /* a pointer at a call or result beside the way is passed over */
    UNDATED_SINCE = 2010330,      /* a leaf without a time is taken */
    BEHIND_LEAF_SINCE = POINTER_SINCE, /* what is no message and hangs on the leaf */
    AS_TREE_SINCE = 2010268, /* the same, each before what hangs on it; before, by their times */
    APART_SINCE = 2010269,   /* prompts stay apart though what stood between them is left out */
    IN_FILE_ORDER_SINCE = 2010261, /* what is fetched stands as in the file; before, by its time */
    OPEN_KEPT_SINCE = 2010265,     /* calls of a turn that is open at the end are answered */
    LAST_KEPT_SINCE = 2010281,     /* the same of the last message, if it has no result */
};

static bool is_since(const struct graph *g, int64_t version)
{
    return !g->version || g->version >= version;
}

enum loader { LOADER_BY_ENDS, LOADER_BY_POINTER };

static enum loader loader_of(const struct graph *g)
{
    return is_since(g, POINTER_SINCE) ? LOADER_BY_POINTER : LOADER_BY_ENDS;
}

/* For the search by time: only when there is a gap. */
struct timed {
    int64_t at_ms;
    uint32_t rank, node;
    uint32_t
        below; /* the next place at or below this one that may not have been met; own: itself */
    bool is_sidechain;
};

/*
 * The records by id as the client holds them: of several with one id the last, at the place of the
 * first; without progress records, which children are led past.
 */
struct walking {
    const struct graph *g;
    struct graph_walk *w;
    enum loader loader;
    uint32_t *held; /* in the client's order */
    size_t held_count;
    uint32_t *up;          /* of each node: its parent, GRAPH_NONE, or MISSING */
    uint32_t *ranks;       /* of each node: its place in held; GRAPH_NONE: it is not held */
    bool has_kept;         /* a compaction kept records, and they were hung behind its summary */
    struct timed *by_time; /* NULL: not sorted yet */
    size_t timed_count;
};

static bool is_seen(const struct graph *g, uint32_t node)
{
    const struct graph_node *n = &g->nodes[node];
    return !n->is_hidden && !n->is_dropped && n->role != GRAPH_PROGRESS;
}

static void write_stamp(const struct graph *g, uint32_t node, struct graph_stamp *out)
{
    size_t low = 0, high = g->stamp_count;
    *out = (struct graph_stamp){.node = node};
    if (!g->nodes[node].has_stamp) {
        wall_format_ms((struct wall){g->nodes[node].at_ms}, out->text);
        return;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (g->stamps[middle].node < node)
            low = middle + 1;
        else
            high = middle;
    }
    *out = g->stamps[low];
}

static bool has_stamp(const struct graph *g, uint32_t node)
{
    return g->nodes[node].at_ms || g->nodes[node].has_stamp;
}

/* As the client compares the texts; one without a time is before all. */
static int compare_stamps(const struct graph *g, uint32_t a, uint32_t b)
{
    const struct graph_node *x = &g->nodes[a], *y = &g->nodes[b];
    struct graph_stamp s, t;
    if (!has_stamp(g, a) || !has_stamp(g, b))
        return has_stamp(g, a) - has_stamp(g, b);
    if (!x->has_stamp && !y->has_stamp)
        return (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms);
    write_stamp(g, a, &s);
    write_stamp(g, b, &t);
    return memcmp(s.text, t.text, sizeof s.text);
}

static bool is_message(const struct graph *g, uint32_t node)
{
    return g->nodes[node].role >= GRAPH_USER;
}

/* A progress record passes on its own parent to children that stand behind it, to no others. */
static uint32_t parent_as_read(const struct graph *g, uint32_t node)
{
    uint32_t child = node, parent = graph_parent(g, node);
    while (parent != GRAPH_NONE && g->nodes[parent].role == GRAPH_PROGRESS) {
        if (parent >= child)
            return MISSING;
        child = parent;
        parent = graph_parent(g, child);
    }
    if (parent == GRAPH_NONE)
        return graph_lacks_parent(g, child) ? MISSING : GRAPH_NONE;
    return is_seen(g, parent) ? parent : MISSING;
}

static void hold(struct walking *k)
{
    const struct graph *g = k->g;
    k->held = mem_resize(NULL, (g->count + 1) * sizeof *k->held);
    k->up = mem_resize(NULL, (g->count + 1) * sizeof *k->up);
    k->ranks = mem_resize(NULL, (g->count + 1) * sizeof *k->ranks);
    for (uint32_t i = 0; i < g->count; i++) {
        k->ranks[i] = GRAPH_NONE;
        k->up[i] = GRAPH_NONE;
    }
    for (uint32_t i = 0; i < g->count; i++) {
        if (!is_seen(g, i))
            continue;
        uint32_t last = g->nodes[i].is_superseded ? graph_find(g, g->nodes[i].id) : i;
        if (last == GRAPH_NONE || !is_seen(g, last) || k->ranks[last] != GRAPH_NONE)
            continue;
        k->ranks[last] = (uint32_t)k->held_count;
        k->held[k->held_count++] = last;
        k->up[last] = parent_as_read(g, last);
    }
}

static bool is_held(const struct walking *k, uint32_t node)
{
    return node < MISSING && k->ranks[node] != GRAPH_NONE;
}

static void let_go(struct walking *k)
{
    free(k->held);
    free(k->up);
    free(k->ranks);
    free(k->by_time);
}

/* ---- what a compaction kept ------------------------------------------------------------------ */

/* The records that a boundary keeps, in order. Returns: false where the client gives up on it. */
static bool find_kept(const struct walking *k, const struct graph_compaction *c, uint32_t *kept,
                      size_t *count)
{
    const struct graph *g = k->g;
    *count = 0;
    for (size_t i = 0; i < g->preserved_count && k->loader != LOADER_BY_ENDS; i++)
        if (g->preserved[i].boundary == c->boundary) {
            kept[*count] = graph_find(g, g->preserved[i].id);
            if (!is_held(k, kept[(*count)++]))
                return false;
        }
    if (*count || !c->has_segment)
        return true;
    uint32_t node = graph_find(g, c->tail), head = graph_find(g, c->head);
    while (is_held(k, node) && *count < k->held_count) {
        kept[(*count)++] = node;
        if (node == head) {
            for (size_t i = 0; i < *count / 2; i++) {
                uint32_t other = kept[i];
                kept[i] = kept[*count - 1 - i];
                kept[*count - 1 - i] = other;
            }
            return true;
        }
        node = k->up[node];
    }
    return false;
}

/* Its parent is not there, and would be this one. */
static bool names(const struct walking *k, uint32_t node, uint64_t id)
{
    const struct graph_node *n = &k->g->nodes[told_by(k->g, node)];
    return k->up[node] == MISSING && n->lacks_parent && n->parent_id == id;
}

/* Hangs what was kept behind the summary, and what hung there behind that. */
static void hang_kept(struct walking *k, uint64_t anchor_id, const uint32_t *kept, size_t count)
{
    uint32_t anchor = graph_find(k->g, anchor_id), tail = kept[count - 1];
    bool in_line = k->loader != LOADER_BY_ENDS;
    for (size_t i = 0; i < (in_line ? count : 1); i++)
        k->up[kept[i]] = i ? kept[i - 1] : is_held(k, anchor) ? anchor : MISSING;
    for (size_t i = 0; i < k->held_count; i++)
        if (k->held[i] != kept[0] &&
            (is_held(k, anchor) ? k->up[k->held[i]] == anchor : names(k, k->held[i], anchor_id)))
            k->up[k->held[i]] = tail;
}

/* What stands before the last boundary is gone but for what was kept. */
static void cut_before(struct walking *k, uint32_t boundary, const uint32_t *kept, size_t count)
{
    k->w->cut_at = boundary;
    uint32_t rank = k->ranks[boundary], tail = count ? kept[count - 1] : GRAPH_NONE;
    unsigned char *is_kept = mem_resize(NULL, k->g->count + 1);
    size_t left = 0;
    memset(is_kept, 0, k->g->count + 1);
    k->w->is_cut = mem_resize(NULL, k->g->count + 1);
    memset(k->w->is_cut, 0, k->g->count + 1);
    for (size_t i = 0; i < count; i++)
        is_kept[kept[i]] = 1;
    for (size_t i = 0; i < k->held_count; i++) {
        uint32_t node = k->held[i];
        if (i < rank && !is_kept[node]) {
            k->ranks[node] = GRAPH_NONE;
            k->w->is_cut[node] = 1;
        } else
            k->held[left++] = node;
    }
    k->held_count = left;
    for (size_t i = 0; i < left; i++) {
        uint32_t node = k->held[i], parent = k->up[node];
        if (parent >= MISSING || is_held(k, parent))
            continue;
        bool follows = tail != GRAPH_NONE && k->loader != LOADER_BY_ENDS && is_message(k->g, node);
        k->up[node] = follows ? tail : MISSING;
    }
    free(is_kept);
}

static void apply_compaction(struct walking *k)
{
    const struct graph *g = k->g;
    uint32_t last = GRAPH_NONE;
    const struct graph_compaction *keeping = NULL;
    for (size_t i = 0; i < k->held_count; i++) {
        if (g->nodes[k->held[i]].role != GRAPH_BOUNDARY)
            continue;
        last = k->held[i];
        for (size_t c = 0; c < g->compaction_count; c++)
            if (g->compactions[c].boundary == last &&
                (g->compactions[c].has_segment || k->loader != LOADER_BY_ENDS))
                keeping = &g->compactions[c];
    }
    if (!keeping)
        return;
    uint32_t *kept = mem_resize(NULL, (g->count + g->preserved_count + 1) * sizeof *kept);
    size_t count = 0;
    if (keeping->boundary != last) {
        cut_before(k, last, NULL, 0);
    } else if (find_kept(k, keeping, kept, &count)) {
        if (count)
            hang_kept(k, keeping->anchor, kept, count);
        cut_before(k, last, kept, count);
        k->has_kept = count > 0 && k->loader != LOADER_BY_ENDS;
    }
    free(kept);
}

/* ---- the leaf ---------------------------------------------------------------------------------
 */

/* What the pointers of a file come to by its end. */
struct choice {
    uint32_t leaf; /* GRAPH_NONE: none, or not there */
    bool is_explicit, was_explicit, is_cleared, has_any;
};

static void follow_pointer(const struct graph_pointer *p, uint64_t *leaf, struct choice *c)
{
    c->has_any = true;
    if (p->id) {
        bool is_same = p->id == *leaf;
        c->is_explicit = p->is_explicit || (c->is_explicit && is_same);
        c->was_explicit = p->is_explicit || (c->was_explicit && is_same);
        c->is_cleared = false;
        *leaf = p->id;
    } else if (p->is_explicit) {
        c->is_explicit = c->was_explicit = false;
        c->is_cleared = true;
        *leaf = 0;
    }
}

static struct choice read_pointers(const struct graph *g)
{
    struct choice c = {.leaf = GRAPH_NONE};
    uint64_t leaf = 0;
    size_t p = 0;
    for (uint32_t i = 0; i <= g->count; i++) {
        for (; p < g->pointer_count && g->pointers[p].at <= i; p++)
            follow_pointer(&g->pointers[p], &leaf, &c);
        if (i == g->count || !is_seen(g, i))
            continue;
        if (!g->nodes[i].is_sidechain)
            c.is_explicit = c.is_cleared = false;
        if (g->nodes[i].role == GRAPH_BOUNDARY) {
            c.is_explicit = c.was_explicit = false;
            leaf = 0;
        }
    }
    c.leaf = graph_find(g, leaf);
    return c;
}

bool graph_knows_pointers(const struct graph *g)
{
    return loader_of(g) != LOADER_BY_ENDS;
}

bool graph_reads_first(const struct graph *g)
{
    return is_since(g, READS_FIRST_SINCE);
}

bool graph_fails_on_null(const struct graph *g)
{
    return is_since(g, NULL_FAILS_SINCE);
}

void graph_see_as(struct graph *g, int64_t version)
{
    bool differs = false;
    g->version = version;
    bool by_whole_lines = !is_since(g, READS_FIRST_SINCE);
    bool ends_at_null = g->has_null_line && !is_since(g, NULL_FAILS_SINCE);
    for (uint32_t i = 0; i < g->count; i++) {
        struct graph_node *node = &g->nodes[i];
        bool is_behind = ends_at_null && i >= g->null_line_at;
        if (!is_behind && !(by_whole_lines && (node->is_beside || node->is_marked)))
            continue;
        node->is_hidden = is_behind || node->is_beside;
        differs = true;
    }
    if (!differs)
        return;
    graph_settle(g);
    for (uint32_t i = 0; i < g->count; i++)
        if (g->nodes[i].lacks_parent)
            resolve(g, i);
}

bool graph_user_cleared(const struct graph *g)
{
    return graph_knows_pointers(g) && read_pointers(g).is_cleared;
}

uint64_t graph_pointed(const struct graph *g)
{
    uint32_t leaf = graph_knows_pointers(g) ? read_pointers(g).leaf : GRAPH_NONE;
    return leaf == GRAPH_NONE ? 0 : g->nodes[leaf].id;
}

void graph_unpoint(struct graph *g, uint64_t id)
{
    size_t left = 0;
    for (size_t i = 0; i < g->pointer_count; i++)
        if (g->pointers[i].id != id)
            g->pointers[left++] = g->pointers[i];
    g->pointer_count = left;
}

bool graph_user_chose(const struct graph *g)
{
    if (!graph_knows_pointers(g))
        return false;
    struct choice c = read_pointers(g);
    return c.is_cleared || (c.is_explicit && c.leaf != GRAPH_NONE && is_seen(g, c.leaf));
}

/* The last record of the file that is no subagent's. */
static uint32_t last_record(const struct walking *k)
{
    const struct graph *g = k->g;
    for (uint32_t i = (uint32_t)g->count; i-- > 0;)
        if (is_seen(g, i) && !g->nodes[i].is_sidechain) {
            uint32_t node = g->nodes[i].is_superseded ? graph_find(g, g->nodes[i].id) : i;
            return is_held(k, node) ? node : GRAPH_NONE;
        }
    return GRAPH_NONE;
}

/* The node itself, or the nearest message above it; GRAPH_NONE: none, also where it goes in a
 * circle. */
static uint32_t nearest_message(const struct walking *k, uint32_t node)
{
    for (size_t i = 0; is_held(k, node) && i <= k->held_count; i++) {
        if (is_message(k->g, node))
            return node;
        node = k->up[node];
    }
    return GRAPH_NONE;
}

static bool leads_to(const struct walking *k, uint32_t node, uint32_t to)
{
    for (size_t i = 0; is_held(k, node) && i <= k->held_count; i++) {
        if (node == to)
            return true;
        node = k->up[node];
    }
    return false;
}

static bool has_place(const struct graph_node *node)
{
    return node->role == GRAPH_ASSISTANT && node->message;
}

static bool has_call(const struct graph *g, uint32_t node)
{
    for (size_t i = 0; i < g->tool_count; i++)
        if (g->tools[i].node == node && !g->tools[i].is_result)
            return true;
    return false;
}

/* Since 2.1.286: a call of a message on the way there, or a result that hangs on one. */
static bool leads_beside(const struct walking *k, uint32_t node, uint32_t to)
{
    const struct graph *g = k->g;
    if (g->nodes[to].role == GRAPH_RESULT && is_held(k, k->up[to]))
        to = k->up[to];
    else if (!has_call(g, to))
        return false;
    if (!is_since(g, BESIDE_SINCE) || !has_place(&g->nodes[to]))
        return false;
    for (size_t i = 0; is_held(k, node) && i <= k->held_count; i++) {
        if (has_place(&g->nodes[node]) && g->nodes[node].message == g->nodes[to].message)
            return true;
        node = k->up[node];
    }
    return false;
}

/* Stores the messages that end something, 1 each. Returns: how many. */
static size_t find_ends(const struct walking *k, unsigned char *is_end)
{
    enum { CHILD = 2, MESSAGE_CHILD = 4 };
    size_t count = 0;
    memset(is_end, 0, k->g->count + 1);
    for (size_t i = 0; i < k->held_count; i++) {
        uint32_t parent = k->up[k->held[i]];
        if (parent < MISSING)
            is_end[parent] |=
                (unsigned char)(CHILD | (is_message(k->g, k->held[i]) ? MESSAGE_CHILD : 0));
    }
    for (size_t i = 0; i < k->held_count; i++) {
        uint32_t node = is_end[k->held[i]] & CHILD ? GRAPH_NONE : nearest_message(k, k->held[i]);
        if (node == GRAPH_NONE || is_end[node] & 1 ||
            (k->loader != LOADER_BY_ENDS && is_end[node] & MESSAGE_CHILD))
            continue;
        is_end[node] |= 1;
        count++;
    }
    return count;
}

/* Of the ends the newest, that was found first. */
static uint32_t newest_of(const struct walking *k, const unsigned char *is_end)
{
    const struct graph *g = k->g;
    uint32_t best = GRAPH_NONE, undated = GRAPH_NONE;
    for (size_t i = 0; i < k->held_count; i++) {
        uint32_t node = k->held[i];
        if (g->nodes[node].is_sidechain || (is_end && !(is_end[node] & 1)))
            continue;
        if (!g->nodes[node].at_ms && !is_since(g, UNDATED_SINCE))
            undated = node;
        else if (best == GRAPH_NONE || g->nodes[node].at_ms > g->nodes[best].at_ms)
            best = node;
    }
    if (best == GRAPH_NONE)
        k->w->undated = undated;
    return best;
}

/* The newest record of the file stands before the last one. */
static bool has_newer_than(const struct walking *k, uint32_t last)
{
    const struct graph *g = k->g;
    uint32_t newest = GRAPH_NONE;
    for (uint32_t i = 0; i < g->count; i++)
        if (is_seen(g, i) && !g->nodes[i].is_sidechain && has_stamp(g, i) &&
            (newest == GRAPH_NONE || compare_stamps(g, i, newest) > 0))
            newest = i;
    return newest != GRAPH_NONE && g->nodes[newest].id != g->nodes[last].id;
}

/* The newest record below one: where no pointer is in the file, that is the leaf. */
static uint32_t newest_below(const struct walking *k, uint32_t last)
{
    enum { NO = 1, YES = 2 };
    const struct graph *g = k->g;
    unsigned char *is_below = mem_resize(NULL, g->count + 1);
    uint32_t *way = mem_resize(NULL, (k->held_count + 1) * sizeof *way);
    uint32_t best = GRAPH_NONE;
    memset(is_below, 0, g->count + 1);
    is_below[last] = YES;
    for (size_t i = 0; i < k->held_count; i++) {
        size_t n = 0;
        uint32_t node = k->held[i];
        for (; is_held(k, node) && !is_below[node]; node = k->up[node]) {
            is_below[node] = NO;
            way[n++] = node;
        }
        unsigned char found = is_held(k, node) ? is_below[node] : NO;
        while (n > 0)
            is_below[way[--n]] = found;
        node = k->held[i];
        if (is_below[node] == YES && node != last && !g->nodes[node].is_sidechain &&
            has_stamp(g, node) && (best == GRAPH_NONE || compare_stamps(g, node, best) >= 0))
            best = node;
    }
    free(is_below);
    free(way);
    return best == GRAPH_NONE ? last : best;
}

/* A record that the client may choose must have a time, before 2.1.330. */
static uint32_t if_dated(const struct walking *k, uint32_t node)
{
    if (node != GRAPH_NONE && !k->g->nodes[node].at_ms && !is_since(k->g, UNDATED_SINCE))
        k->w->undated = node;
    return node != GRAPH_NONE && !k->g->nodes[node].is_sidechain &&
                   (k->g->nodes[node].at_ms || is_since(k->g, UNDATED_SINCE))
               ? node
               : GRAPH_NONE;
}

static uint32_t choose_among_ends(struct walking *k, const struct choice *c, uint32_t last)
{
    unsigned char *is_end = mem_resize(NULL, k->g->count + 1);
    size_t count = find_ends(k, is_end);
    uint32_t chosen = GRAPH_NONE;
    if (count > 1) {
        bool by_pointer = k->loader != LOADER_BY_ENDS && is_held(k, c->leaf) &&
                          is_end[c->leaf] & 1 && !leads_beside(k, last, c->leaf);
        chosen = nearest_message(k, by_pointer ? c->leaf : last);
    }
    if (chosen != GRAPH_NONE)
        chosen = if_dated(k, chosen);
    else if (count > 0 || k->loader == LOADER_BY_ENDS)
        chosen = newest_of(k, is_end);
    else
        chosen = newest_of(k, NULL);
    free(is_end);
    return chosen;
}

static uint32_t choose_leaf(struct walking *k)
{
    struct choice c = read_pointers(k->g);
    uint32_t last = last_record(k), leaf = GRAPH_NONE;
    if (k->loader == LOADER_BY_ENDS) {
        leaf = is_since(k->g, LAST_SINCE) ? nearest_message(k, last) : GRAPH_NONE;
        return leaf != GRAPH_NONE ? if_dated(k, leaf) : choose_among_ends(k, &c, last);
    }
    if (c.is_cleared)
        return GRAPH_NONE;
    bool is_there = is_held(k, c.leaf);
    if (!k->has_kept || (c.is_explicit && is_there && !k->g->nodes[c.leaf].is_sidechain)) {
        if (is_there)
            leaf = !c.is_explicit && last != GRAPH_NONE &&
                           (leads_to(k, last, c.leaf) || leads_beside(k, last, c.leaf))
                       ? last
                       : c.leaf;
        if (leaf == GRAPH_NONE && !k->has_kept)
            leaf = is_since(k->g, NEWEST_BELOW_SINCE) && !c.has_any && last != GRAPH_NONE &&
                           has_newer_than(k, last)
                       ? newest_below(k, last)
                       : last;
        leaf = nearest_message(k, leaf);
        if (leaf != GRAPH_NONE)
            return if_dated(k, leaf);
    }
    return choose_among_ends(k, &c, last);
}

/* ---- walking ------------------------------------------------------------------------------ */

static int compare_timed(const void *a, const void *b)
{
    const struct timed *x = a, *y = b;
    if (x->is_sidechain != y->is_sidechain)
        return x->is_sidechain ? 1 : -1;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return (x->rank < y->rank) - (x->rank > y->rank);
}

static void sort_by_time(struct walking *k)
{
    const struct graph *g = k->g;
    k->by_time = mem_resize(NULL, (k->held_count + 1) * sizeof *k->by_time);
    for (size_t i = 0; i < k->held_count; i++) {
        const struct graph_node *node = &g->nodes[k->held[i]];
        if (node->at_ms)
            k->by_time[k->timed_count++] = (struct timed){
                .at_ms = node->at_ms,
                .rank = (uint32_t)i,
                .node = k->held[i],
                .is_sidechain = node->is_sidechain,
            };
    }
    if (k->timed_count)
        qsort(k->by_time, k->timed_count, sizeof *k->by_time, compare_timed);
    for (uint32_t i = 0; i < k->timed_count; i++)
        k->by_time[i].below = i;
}

/* The first place at or below this one that was not met; GRAPH_NONE: none. */
static uint32_t unmet_below(struct walking *k, uint32_t at)
{
    uint32_t found = at;
    while (found != GRAPH_NONE) {
        struct timed *t = &k->by_time[found];
        if (t->below != found)
            found = t->below;
        else if (k->w->marks[t->node] == GRAPH_UNREACHED)
            break;
        else
            found = t->below = found ? found - 1 : GRAPH_NONE;
    }
    while (at != GRAPH_NONE && at != found) {
        uint32_t next = k->by_time[at].below;
        k->by_time[at].below = found;
        at = next;
    }
    return found;
}

/* What takes the place of a parent that is not there; GRAPH_NONE: nothing does. */
static uint32_t bridge(struct walking *k, uint32_t node)
{
    const struct graph_node *n = &k->g->nodes[node];
    if (!n->at_ms)
        return GRAPH_NONE;
    if (!k->by_time)
        sort_by_time(k);
    struct timed key = {.at_ms = n->at_ms, .rank = 0, .is_sidechain = n->is_sidechain};
    size_t low = 0, high = k->timed_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_timed(&k->by_time[middle], &key) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    uint32_t at = low ? unmet_below(k, (uint32_t)low - 1) : GRAPH_NONE;
    if (at == GRAPH_NONE)
        return GRAPH_NONE;
    const struct timed *t = &k->by_time[at];
    return t->is_sidechain == n->is_sidechain && t->at_ms >= n->at_ms - GRAPH_BRIDGE_MS
               ? t->node
               : GRAPH_NONE;
}

static void add_bridge(struct graph_walk *w, uint32_t node, uint32_t parent)
{
    if ((w->bridged & (w->bridged - 1)) == 0)
        w->bridges = mem_resize(w->bridges, (w->bridged ? w->bridged * 2 : 1) * sizeof *w->bridges);
    w->bridges[w->bridged++] = (struct graph_bridge){node, parent};
}

/* From the leaf to where it ends. Stores the chain, the newest first. */
static void follow(struct walking *k)
{
    struct graph_walk *w = k->w;
    for (uint32_t node = w->leaf; node != GRAPH_NONE;) {
        w->marks[node] = GRAPH_ON_CHAIN;
        w->order[w->count++] = w->stopped_at = node;
        /* a compaction may name a parent: nothing is sent of what stands before it */
        uint32_t parent = k->g->nodes[node].role == GRAPH_BOUNDARY ? GRAPH_NONE : k->up[node];
        bool is_circle = parent < MISSING && w->marks[parent] != GRAPH_UNREACHED;
        if (is_circle || parent == MISSING) {
            w->end = is_circle ? GRAPH_END_CYCLE : GRAPH_END_GAP;
            parent = bridge(k, node);
            if (parent != GRAPH_NONE)
                add_bridge(w, node, parent);
        } else if (parent == GRAPH_NONE) {
            w->end = k->g->nodes[node].role == GRAPH_BOUNDARY ? GRAPH_END_BOUNDARY : GRAPH_END_ROOT;
        }
        node = parent;
    }
    for (size_t i = 0; i < w->count / 2; i++) {
        uint32_t node = w->order[i];
        w->order[i] = w->order[w->count - 1 - i];
        w->order[w->count - 1 - i] = node;
    }
}

/* What is fetched, and behind which place of the chain it goes. */
struct fetched {
    uint32_t at, until; /* the place; the last that its message has */
    enum { RECORD, RESULT, RESULT_ELSEWHERE } what;
    const struct graph *g;
    uint32_t rank, node;
    uint32_t of;        /* the rank of what it hangs on: a client has them in that order */
    size_t first, last; /* RESULT_ELSEWHERE: what the graph's tools have of its call */
};

struct fetched_list {
    struct fetched *items;
    size_t count, capacity;
};

/* Where in the chain the first and the last record of a message stand. */
struct place {
    uint32_t first, last; /* GRAPH_NONE: it is not on the chain */
};

static void add_fetched(const struct walking *k, struct fetched_list *list,
                        const struct place *place, struct fetched item)
{
    item.at = is_since(k->g, IN_FILE_ORDER_SINCE) ? place->first : place->last;
    item.until = place->last;
    item.rank = k->ranks[item.node];
    item.g = k->g;
    *MEM_PUSH(list->items, list->count, list->capacity) = item;
}

/* The places of all messages: open addressing, by the message's hash. */
struct places {
    const struct graph *g;
    const struct graph_walk *w;
    struct place *items;
    size_t size;
};

static struct place *place_of(const struct places *p, uint32_t message)
{
    size_t slot = message * 0x9e3779b1u & (p->size - 1);
    while (p->items[slot].first != GRAPH_NONE &&
           p->g->nodes[p->w->order[p->items[slot].first]].message != message)
        slot = (slot + 1) & (p->size - 1);
    return &p->items[slot];
}

static struct places find_places(const struct graph *g, const struct graph_walk *w)
{
    struct places p = {.g = g, .w = w, .size = 16};
    size_t count = 0;
    for (size_t i = 0; i < w->count; i++)
        count += has_place(&g->nodes[w->order[i]]);
    while (p.size < count + count / 2)
        p.size *= 2;
    p.items = mem_resize(NULL, p.size * sizeof *p.items);
    for (size_t i = 0; i < p.size; i++)
        p.items[i].first = GRAPH_NONE;
    for (uint32_t i = 0; i < w->count; i++) {
        if (!has_place(&g->nodes[w->order[i]]))
            continue;
        struct place *place = place_of(&p, g->nodes[w->order[i]].message);
        if (place->first == GRAPH_NONE)
            place->first = i;
        place->last = i;
    }
    return p;
}

static int compare_fetched(const void *a, const void *b)
{
    const struct fetched *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    if (x->what != y->what)
        return x->what < y->what ? -1 : 1;
    int by_time = compare_stamps(x->g, x->node, y->node);
    return by_time ? by_time : (x->rank > y->rank) - (x->rank < y->rank);
}

/* Records of a message, and results that hang on one of them. */
static void find_beside(struct walking *k, const struct places *places, struct fetched_list *out)
{
    const struct graph *g = k->g;
    for (size_t i = 0; i < k->held_count; i++) {
        uint32_t node = k->held[i], of = node;
        bool is_result = g->nodes[node].role == GRAPH_RESULT;
        if (k->w->marks[node] != GRAPH_UNREACHED ||
            (!is_result && g->nodes[node].role != GRAPH_ASSISTANT))
            continue;
        if (is_result && (!is_held(k, of = k->up[node]) || g->nodes[of].role != GRAPH_ASSISTANT))
            continue;
        if (!g->nodes[of].message)
            continue;
        const struct place *place = place_of(places, g->nodes[of].message);
        if (place->first != GRAPH_NONE)
            add_fetched(k, out, place,
                        (struct fetched){.what = is_result ? RESULT : RECORD,
                                         .node = node,
                                         .of = is_result ? k->ranks[of] : 0});
    }
}

static bool stands_before(const struct fetched *a, const struct fetched *b)
{
    return a->of != b->of ? a->of < b->of : a->rank < b->rank;
}

/* What is fetched for a message is sorted by its time, which any but the first must have. */
static uint32_t find_unsortable(const struct graph *g, const struct fetched_list *list)
{
    for (size_t from = 0, to; from < list->count; from = to) {
        const struct fetched *first = &list->items[from];
        for (to = from + 1; to < list->count && list->items[to].at == list->items[from].at &&
                            list->items[to].what == list->items[from].what;
             to++)
            first = stands_before(&list->items[to], first) ? &list->items[to] : first;
        for (size_t i = from; i < to; i++)
            if (&list->items[i] != first && g->nodes[list->items[i].node].lacks_time)
                return list->items[i].node;
    }
    return GRAPH_NONE;
}

/* A record with the calls of one id; GRAPH_NONE where there is none, or several messages have it.
 */
static uint32_t caller_of(const struct walking *k, size_t first, size_t last)
{
    const struct graph *g = k->g;
    uint32_t caller = GRAPH_NONE;
    for (size_t i = first; i < last && !g->tools[i].is_result; i++) {
        uint32_t node = g->tools[i].node;
        if (!is_held(k, node) || !has_place(&g->nodes[node]))
            continue;
        if (caller != GRAPH_NONE && g->nodes[node].message != g->nodes[caller].message)
            return GRAPH_NONE;
        caller = node;
    }
    return caller;
}

/* Since 2.1.281: results that hang elsewhere than on the message of their call. */
static void find_elsewhere(struct walking *k, const struct places *places, struct fetched_list *out)
{
    const struct graph *g = k->g;
    for (size_t from = 0, to; from < g->tool_count; from = to) {
        for (to = from + 1; to < g->tool_count && g->tools[to].id == g->tools[from].id; to++)
            ;
        uint32_t caller = caller_of(k, from, to);
        const struct place *place =
            caller == GRAPH_NONE ? NULL : place_of(places, g->nodes[caller].message);
        for (size_t i = from; i < to && place && place->first != GRAPH_NONE; i++) {
            uint32_t node = g->tools[i].node;
            if (g->tools[i].is_result && g->nodes[node].role == GRAPH_RESULT && is_held(k, node) &&
                g->nodes[node].is_sidechain == g->nodes[caller].is_sidechain &&
                k->w->marks[node] == GRAPH_UNREACHED)
                add_fetched(k, out, place,
                            (struct fetched){
                                .what = RESULT_ELSEWHERE, .node = node, .first = from, .last = to});
        }
    }
}

static bool has_result(const struct walking *k, const struct fetched *f)
{
    for (size_t i = f->first; i < f->last; i++)
        if (k->g->tools[i].is_result && k->w->marks[k->g->tools[i].node] != GRAPH_UNREACHED)
            return true;
    return false;
}

static int compare_ranks(const void *a, const void *b)
{
    const struct fetched *x = a, *y = b;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

/* Since 2.1.330, whatever the times say: behind the first record of its message that is on the way,
 * and behind what comes next there and stands before it in the file, as far as the last of the
 * message. Messages that stand between each other's records are as one. */
static void place_in_file_order(const struct walking *k, struct fetched *f, size_t count)
{
    for (size_t from = 0, to; from < count; from = to) {
        uint32_t at = f[from].at, until = f[from].until;
        for (to = from + 1; to < count && f[to].at <= until; to++)
            until = f[to].until > until ? f[to].until : until;
        qsort(f + from, to - from, sizeof *f, compare_ranks);
        for (size_t i = from; i < to; i++) {
            while (at < until && k->ranks[k->w->order[at + 1]] < f[i].rank)
                at++;
            f[i].at = at;
        }
    }
}

static struct fetched_list fetch(struct walking *k)
{
    struct places places = find_places(k->g, k->w);
    struct fetched_list list = {0};
    size_t count = 0;
    find_beside(k, &places, &list);
    if (is_since(k->g, ELSEWHERE_SINCE))
        find_elsewhere(k, &places, &list);
    free(places.items);
    if (list.count)
        qsort(list.items, list.count, sizeof *list.items, compare_fetched);
    if (!is_since(k->g, IN_FILE_ORDER_SINCE))
        k->w->unsortable = find_unsortable(k->g, &list);
    for (size_t i = 0; i < list.count; i++) {
        const struct fetched *f = &list.items[i];
        if (k->w->marks[f->node] != GRAPH_UNREACHED ||
            (f->what == RESULT_ELSEWHERE && has_result(k, f)))
            continue;
        k->w->marks[f->node] = GRAPH_BESIDE;
        list.items[count++] = *f;
    }
    list.count = count;
    if (is_since(k->g, IN_FILE_ORDER_SINCE))
        place_in_file_order(k, list.items, count);
    return list;
}

/* Puts what was fetched into the order, from the end. */
static void merge(struct graph_walk *w, const struct fetched *fetched, size_t count)
{
    size_t from = w->count, to = w->count + count;
    w->count = to;
    while (to > 0 && count > 0) {
        if (from == 0 || fetched[count - 1].at >= from - 1)
            w->order[--to] = fetched[--count].node;
        else
            w->order[--to] = w->order[--from];
    }
}

/* What hangs on the leaf, as it is sorted. */
struct behind {
    const struct graph *g;
    uint32_t rank, node;
    uint32_t like; /* whose time counts: one without a time goes with the one before it */
};

/* Of what hangs on the leaf: no message, and not on the way. */
static bool may_follow(const struct walking *k, uint32_t node)
{
    return is_held(k, node) && !is_message(k->g, node) && k->w->marks[node] == GRAPH_UNREACHED;
}

/* Whether such a record hangs on the leaf, over none but its like. `state`: what is known of each
 * node. */
static bool hangs_on_leaf(const struct walking *k, uint32_t node, unsigned char *state,
                          uint32_t *way)
{
    enum { NO = 1, YES = 2 };
    size_t n = 0;
    for (; may_follow(k, node) && !state[node]; node = k->up[node]) {
        state[node] = NO;
        way[n++] = node;
    }
    bool is_on_leaf = node < MISSING && (node == k->w->leaf || state[node] == YES);
    while (is_on_leaf && n > 0)
        state[way[--n]] = YES;
    return is_on_leaf;
}

static int compare_behind(const void *a, const void *b)
{
    const struct behind *x = a, *y = b;
    int by_time = compare_stamps(x->g, x->like, y->like);
    return by_time ? by_time : (x->rank > y->rank) - (x->rank < y->rank);
}

/* Each before what hangs on it, and that before the next of its parent. */
static void lay_as_tree(struct walking *k, const struct behind *items, size_t count)
{
    struct graph_walk *w = k->w;
    uint32_t *first = mem_resize(NULL, k->g->count * sizeof *first);
    uint32_t *next = mem_resize(NULL, k->g->count * sizeof *next);
    first[w->leaf] = GRAPH_NONE;
    for (size_t i = 0; i < count; i++)
        first[items[i].node] = GRAPH_NONE;
    for (size_t i = count; i-- > 0;) {
        uint32_t *siblings = &first[k->up[items[i].node]];
        next[items[i].node] = *siblings;
        *siblings = items[i].node;
    }
    for (uint32_t node = first[w->leaf]; node != GRAPH_NONE;) {
        w->order[w->count++] = node;
        if (first[node] != GRAPH_NONE) {
            node = first[node];
            continue;
        }
        while (node != w->leaf && next[node] == GRAPH_NONE)
            node = k->up[node];
        node = node == w->leaf ? GRAPH_NONE : next[node];
    }
    free(first);
    free(next);
}

/* A compaction that came to stand behind the leaf: nothing from before it is sent. */
static void cut_at_boundary(struct walking *k, size_t from)
{
    struct graph_walk *w = k->w;
    size_t at = w->count;
    while (at > from && k->g->nodes[w->order[at - 1]].role != GRAPH_BOUNDARY)
        at--;
    if (at-- == from)
        return;
    for (size_t i = 0; i < at; i++)
        w->marks[w->order[i]] = GRAPH_UNREACHED;
    w->count -= at;
    memmove(w->order, w->order + at, w->count * sizeof *w->order);
    w->stopped_at = w->order[0];
    w->end = GRAPH_END_BOUNDARY;
}

/* What is no message and hangs on the leaf stands behind all: what was typed while the agent
 * worked, and what the user's own commands said. */
static void append_behind_leaf(struct walking *k)
{
    struct graph_walk *w = k->w;
    if (w->leaf == GRAPH_NONE || !is_since(k->g, BEHIND_LEAF_SINCE))
        return;
    unsigned char *state = mem_resize(NULL, k->g->count);
    uint32_t *way = mem_resize(NULL, k->g->count * sizeof *way);
    struct behind *items = mem_resize(NULL, k->g->count * sizeof *items);
    size_t count = 0;
    memset(state, 0, k->g->count);
    for (size_t i = 0; i < k->held_count; i++) {
        uint32_t node = k->held[i];
        if (!may_follow(k, node) || !hangs_on_leaf(k, node, state, way))
            continue;
        w->marks[node] = GRAPH_BESIDE;
        uint32_t like = has_stamp(k->g, node) || !count ? node : items[count - 1].like;
        items[count++] =
            (struct behind){.g = k->g, .rank = k->ranks[node], .node = node, .like = like};
    }
    if (count)
        qsort(items, count, sizeof *items, compare_behind);
    size_t from = w->count;
    if (is_since(k->g, AS_TREE_SINCE))
        lay_as_tree(k, items, count);
    else
        for (size_t i = 0; i < count; i++)
            w->order[w->count++] = items[i].node;
    cut_at_boundary(k, from);
    free(items);
    free(way);
    free(state);
}

/* The last record of the file that is nobody's parent. */
static uint32_t last_end(const struct walking *k)
{
    const struct graph *g = k->g;
    unsigned char *has_child = mem_resize(NULL, g->count + 1);
    uint32_t last = GRAPH_NONE, end = GRAPH_NONE;
    memset(has_child, 0, g->count + 1);
    for (size_t i = 0; i < k->held_count; i++)
        if (k->up[k->held[i]] < MISSING && k->up[k->held[i]] != k->held[i] &&
            !g->nodes[k->held[i]].is_sidechain)
            has_child[k->up[k->held[i]]] = 1;
    for (uint32_t i = 0; i < g->count; i++)
        if (is_held(k, i) && !g->nodes[i].is_sidechain) {
            last = i;
            end = has_child[i] ? end : i;
        }
    free(has_child);
    return end == GRAPH_NONE ? last : end;
}

/* ---- what is joined ----------------------------------------------------------------------- */

/* Of each node: it has calls, and none of them a result that was reached. */
static unsigned char *find_unanswered(const struct graph *g, const struct graph_walk *w)
{
    enum { ANSWERED = 2 };
    unsigned char *is_unanswered = mem_resize(NULL, g->count + 1);
    memset(is_unanswered, 0, g->count + 1);
    for (size_t from = 0, to; from < g->tool_count; from = to) {
        bool is_answered = false;
        for (to = from; to < g->tool_count && g->tools[to].id == g->tools[from].id; to++)
            is_answered = is_answered || (g->tools[to].is_result &&
                                          w->marks[g->tools[to].node] != GRAPH_UNREACHED);
        for (size_t i = from; i < to && !g->tools[i].is_result; i++)
            is_unanswered[g->tools[i].node] |= is_answered ? ANSWERED : 1;
    }
    for (uint32_t i = 0; i < g->count; i++)
        is_unanswered[i] = is_unanswered[i] == 1;
    return is_unanswered;
}

/* What stands between two prompts. Thinking alone is left out, unless its message has more. */
struct between {
    bool is_kept;
    uint32_t thinking, blank; /* their messages; 0: none */
};

static void look_between(struct between *b, const struct graph_node *node, bool is_unanswered)
{
    if (node->role == GRAPH_PROGRESS || is_unanswered)
        return;
    b->thinking = node->is_thinking ? node->message : b->thinking;
    b->blank = node->is_blank ? node->message : b->blank;
    b->is_kept = b->is_kept || !(node->is_thinking || node->is_blank) ||
                 (b->thinking && b->thinking == b->blank);
}

static void make_shown(const struct graph *g, struct graph_walk *w)
{
    w->is_shown = mem_resize(NULL, g->count + 1);
    for (uint32_t i = 0; i < g->count; i++)
        w->is_shown[i] = g->nodes[i].is_virtual;
}

/* The client looks before the compaction, too, where that names a parent. */
static bool has_blank(const struct walking *k)
{
    const struct graph *g = k->g;
    const struct graph_walk *w = k->w;
    for (size_t i = 0; i < w->count; i++)
        if (g->nodes[w->order[i]].is_blank)
            return true;
    uint32_t node = w->end == GRAPH_END_BOUNDARY ? w->stopped_at : GRAPH_NONE;
    for (size_t i = 0; is_held(k, node) && i <= k->held_count; i++, node = k->up[node])
        if (g->nodes[node].is_blank)
            return true;
    return false;
}

/* Where a record of white space alone is left out, clients before APART_SINCE join prompts and
 * results that follow one another: one message, virtual if its first is. */
static void join(const struct walking *k, const unsigned char *is_unanswered)
{
    const struct graph *g = k->g;
    struct graph_walk *w = k->w;
    uint32_t first = GRAPH_NONE;
    struct between between = {0};
    make_shown(g, w);
    for (size_t i = 0; i < w->count; i++) {
        uint32_t at = w->order[i];
        if (g->nodes[at].role != GRAPH_USER && g->nodes[at].role != GRAPH_RESULT) {
            look_between(&between, &g->nodes[at], is_unanswered[at]);
            continue;
        }
        first = between.is_kept || first == GRAPH_NONE ? at : first;
        w->is_shown[at] = w->is_shown[first];
        between = (struct between){0};
    }
}

/* Where a turn is left open at the end of the file, its calls are answered if it has a result, and
 * since LAST_KEPT_SINCE those of the last message in any case. */
static void keep_open_turn(const struct graph *g, const struct graph_walk *w,
                           unsigned char *is_unanswered)
{
    uint32_t last = GRAPH_NONE;
    bool is_open = false, has_result = false;
    size_t from = w->count;
    for (; from > 0 && g->nodes[w->order[from - 1]].role != GRAPH_USER; from--) {
        uint32_t node = w->order[from - 1];
        const struct graph_node *n = &g->nodes[node];
        if (n->role == GRAPH_RESULT) {
            has_result = true;
            is_open = is_open || last == GRAPH_NONE;
        }
        if (n->role != GRAPH_ASSISTANT || n->is_virtual || n->is_blank || n->is_thinking)
            continue;
        last = last == GRAPH_NONE ? node : last;
        if (node == last || (n->message && n->message == g->nodes[last].message))
            is_open = is_open || has_call(g, node);
        else if (!is_open)
            return;
    }
    for (size_t i = from; i < w->count && last != GRAPH_NONE; i++) {
        uint32_t node = w->order[i], message = g->nodes[node].message;
        bool is_last = node == last || (message && message == g->nodes[last].message);
        if (has_result || (is_last && is_since(g, LAST_KEPT_SINCE)))
            is_unanswered[node] = 0;
    }
}

/* What is loaded and not sent, beside what is virtual. */
static void leave_out(const struct walking *k)
{
    const struct graph *g = k->g;
    struct graph_walk *w = k->w;
    bool has_virtual = false, has_words = false;
    for (size_t i = 0; i < w->count; i++) {
        has_virtual = has_virtual || g->nodes[w->order[i]].is_virtual;
        has_words = has_words || g->nodes[w->order[i]].has_words;
    }
    bool joins = has_virtual && !is_since(g, APART_SINCE) && has_blank(k);
    if (!joins && !has_words)
        return;
    unsigned char *is_unanswered = find_unanswered(g, w);
    if (is_since(g, OPEN_KEPT_SINCE))
        keep_open_turn(g, w, is_unanswered);
    if (joins)
        join(k, is_unanswered);
    else
        make_shown(g, w);
    for (size_t i = 0; i < w->count; i++)
        if (g->nodes[w->order[i]].has_words && is_unanswered[w->order[i]])
            w->is_shown[w->order[i]] = 1;
    free(is_unanswered);
}

enum from { FROM_CHOICE, FROM_END, FROM_LEAF };

static void walk(const struct graph *g, enum from from, uint32_t leaf, struct graph_walk *out)
{
    struct graph_walk w = {.leaf = leaf,
                           .unsortable = GRAPH_NONE,
                           .undated = GRAPH_NONE,
                           .stopped_at = GRAPH_NONE,
                           .cut_at = GRAPH_NONE};
    struct walking k = {.g = g, .w = &w, .loader = loader_of(g)};
    w.marks = mem_resize(NULL, g->count + 1);
    w.order = mem_resize(NULL, (g->count + 1) * sizeof *w.order);
    memset(w.marks, 0, g->count + 1);
    hold(&k);
    if (from != FROM_END)
        apply_compaction(&k);
    if (from != FROM_LEAF)
        w.leaf = from == FROM_CHOICE ? choose_leaf(&k) : last_end(&k);
    if (w.leaf != GRAPH_NONE && !is_held(&k, w.leaf))
        w.leaf = GRAPH_NONE;
    follow(&k);
    struct fetched_list fetched = fetch(&k);
    merge(&w, fetched.items, fetched.count);
    free(fetched.items);
    append_behind_leaf(&k);
    leave_out(&k);
    let_go(&k);
    for (size_t i = 0; i < w.count; i++)
        w.message_count += graph_begins_message(g, &w, w.order[i]);
    *out = w;
}

void graph_walk(const struct graph *g, struct graph_walk *out)
{
    walk(g, FROM_CHOICE, GRAPH_NONE, out);
}

void graph_walk_from_end(const struct graph *g, struct graph_walk *out)
{
    walk(g, FROM_END, GRAPH_NONE, out);
}

void graph_walk_from(const struct graph *g, uint32_t leaf, struct graph_walk *out)
{
    walk(g, FROM_LEAF, leaf, out);
}

void graph_walk_release(struct graph_walk *w)
{
    free(w->marks);
    free(w->is_shown);
    free(w->is_cut);
    free(w->order);
    free(w->bridges);
    *w = (struct graph_walk){0};
}

bool graph_is_shown(const struct graph *g, const struct graph_walk *w, uint32_t node)
{
    return w->is_shown ? w->is_shown[node] : g->nodes[node].is_virtual;
}

bool graph_is_left_out(const struct graph *g, const struct graph_walk *w, uint32_t node)
{
    return g->nodes[node].has_words && !g->nodes[node].is_virtual && graph_is_shown(g, w, node);
}

void graph_answer(struct graph *g, uint32_t node)
{
    g->nodes[node].has_words = 0;
}

bool graph_begins_message(const struct graph *g, const struct graph_walk *w, uint32_t i)
{
    const struct graph_node *node = &g->nodes[i];
    if (graph_is_shown(g, w, i))
        return false;
    if (node->role == GRAPH_USER || node->role == GRAPH_RESULT || node->is_sent)
        return true;
    if (node->role != GRAPH_ASSISTANT)
        return false;
    uint32_t parent = graph_parent(g, i);
    return !node->message || parent == GRAPH_NONE || g->nodes[parent].role != GRAPH_ASSISTANT ||
           g->nodes[parent].is_virtual || g->nodes[parent].message != node->message;
}
