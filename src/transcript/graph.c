#include "transcript/graph.h"

#include "base/arena.h"

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
    *g = (struct graph){0};
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
        .offset = (uint64_t)r->offset & 0xfffffffffff,
        .role = r->role & 0xf,
        .is_sidechain = r->is_sidechain,
        .is_hidden = r->is_hidden,
        .is_summary = r->is_summary,
        .message = (uint32_t)graph_id_of(r->message_id),
        .line = r->line,
    };
    if (r->is_sidechain) {
        g->has_sidechain = true;
    } else {
        g->has_main_chain = true;
        g->has_pointer = false;
    }
    return (uint32_t)g->count++;
}

void graph_preserve(struct graph *g, uint32_t boundary, uint64_t id)
{
    if (g->preserved_count == g->preserved_capacity) {
        g->preserved_capacity = g->preserved_capacity ? g->preserved_capacity * 2 : 16;
        g->preserved = mem_resize(g->preserved, g->preserved_capacity * sizeof *g->preserved);
    }
    g->preserved[g->preserved_count++] = (struct graph_preserved){boundary, id};
}

void graph_point(struct graph *g, struct sv uuid)
{
    g->has_pointer = true;
    g->leaf_id = graph_id_of(uuid);
    g->is_cleared = uuid.n == 0;
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

void graph_link(struct graph *g)
{
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
    for (uint32_t i = 0; i < g->count; i++) {
        struct graph_node *node = &g->nodes[i];
        if (node->lacks_parent || node->parent == GRAPH_NONE)
            continue;
        uint32_t parent = graph_find(g, g->nodes[node->parent].id);
        if (parent != GRAPH_NONE)
            node->parent = parent;
    }
}

bool graph_is_in_play(const struct graph *g, uint32_t i)
{
    const struct graph_node *node = &g->nodes[i];
    return !node->is_sidechain && !node->is_superseded && !node->is_dropped && !node->is_hidden;
}

/* ---- walking ------------------------------------------------------------------------------ */

/* For the search by time: only when there is a gap. */
struct timed {
    int64_t at_ms;
    uint32_t node;
};

struct walking {
    const struct graph *g;
    struct graph_walk *w;
    struct timed *by_time; /* NULL: not sorted yet */
    size_t timed_count;
};

static int compare_timed(const void *a, const void *b)
{
    const struct timed *x = a, *y = b;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return (x->node > y->node) - (x->node < y->node);
}

static void sort_by_time(struct walking *k)
{
    const struct graph *g = k->g;
    k->by_time = mem_resize(NULL, (g->count + 1) * sizeof *k->by_time);
    for (uint32_t i = 0; i < g->count; i++)
        if (graph_is_in_play(g, i) && g->nodes[i].at_ms)
            k->by_time[k->timed_count++] = (struct timed){g->nodes[i].at_ms, i};
    qsort(k->by_time, k->timed_count, sizeof *k->by_time, compare_timed);
}

/* What takes the place of a parent that is not there; GRAPH_NONE: nothing does. */
static uint32_t bridge(struct walking *k, uint32_t node)
{
    int64_t at_ms = k->g->nodes[node].at_ms;
    if (!at_ms)
        return GRAPH_NONE;
    if (!k->by_time)
        sort_by_time(k);
    struct timed key = {at_ms, node};
    size_t low = 0, high = k->timed_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_timed(&k->by_time[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    while (low-- > 0 && k->by_time[low].at_ms >= at_ms - GRAPH_BRIDGE_MS)
        if (k->w->marks[k->by_time[low].node] == GRAPH_UNREACHED)
            return k->by_time[low].node;
    return GRAPH_NONE;
}

/*
 * The last record of the file that is nobody's parent, also where a newer one stands before it;
 * unless the user chose. has_child: room for all nodes, zeroed.
 */
static uint32_t choose_leaf(const struct graph *g, unsigned char *has_child)
{
    if (g->has_pointer && g->is_cleared)
        return GRAPH_NONE;
    uint32_t leaf = g->has_pointer ? graph_find(g, g->leaf_id) : GRAPH_NONE;
    if (leaf != GRAPH_NONE && graph_is_in_play(g, leaf))
        return leaf;
    uint32_t last = GRAPH_NONE;
    for (uint32_t i = 0; i < g->count; i++) {
        if (!graph_is_in_play(g, i))
            continue;
        uint32_t parent = graph_parent(g, i);
        if (parent != GRAPH_NONE && parent != i)
            has_child[parent] = 1;
        last = i;
    }
    for (size_t i = g->count; i-- > 0;)
        if (!has_child[i] && graph_is_in_play(g, (uint32_t)i))
            return (uint32_t)i;
    return last;
}

/* From the leaf to where it ends. Stores the chain, the newest first. */
static void follow(struct walking *k)
{
    const struct graph *g = k->g;
    struct graph_walk *w = k->w;
    for (uint32_t node = w->leaf; node != GRAPH_NONE;) {
        w->marks[node] = GRAPH_ON_CHAIN;
        w->order[w->count++] = w->stopped_at = node;
        uint32_t parent = graph_parent(g, node);
        bool is_circle = parent != GRAPH_NONE && w->marks[parent] != GRAPH_UNREACHED;
        if (is_circle || (parent == GRAPH_NONE && graph_lacks_parent(g, node))) {
            w->end = is_circle ? GRAPH_END_CYCLE : GRAPH_END_GAP;
            parent = bridge(k, node);
            w->bridged += parent != GRAPH_NONE;
        } else if (parent == GRAPH_NONE) {
            w->end = g->nodes[node].role == GRAPH_BOUNDARY ? GRAPH_END_BOUNDARY : GRAPH_END_ROOT;
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
    uint32_t at;
    bool is_result;
    uint32_t node;
};

struct fetched_list {
    struct fetched *items;
    size_t count, capacity;
};

static void add_fetched(struct fetched_list *list, struct fetched item)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 64;
        list->items = mem_resize(list->items, list->capacity * sizeof *list->items);
    }
    list->items[list->count++] = item;
}

/* What the compaction at the chain's beginning preserved goes behind its summary. */
static void fetch_preserved(const struct graph *g, struct graph_walk *w, struct fetched_list *out)
{
    for (size_t i = 0; i < g->preserved_count; i++) {
        const struct graph_preserved *p = &g->preserved[i];
        uint32_t node = p->boundary == w->stopped_at ? graph_find(g, p->id) : GRAPH_NONE;
        if (node == GRAPH_NONE || w->marks[node] != GRAPH_UNREACHED || !graph_is_in_play(g, node))
            continue;
        w->marks[node] = GRAPH_BESIDE;
        add_fetched(out, (struct fetched){w->count > 1, false, node});
    }
}

/* Where in the chain each message stands last: open addressing, by the message's hash. */
struct places {
    const struct graph *g;
    const struct graph_walk *w;
    uint32_t *items; /* GRAPH_NONE: free */
    size_t size;
};

static uint32_t *place_of(const struct places *p, uint32_t message)
{
    size_t slot = message * 0x9e3779b1u & (p->size - 1);
    while (p->items[slot] != GRAPH_NONE &&
           p->g->nodes[p->w->order[p->items[slot]]].message != message)
        slot = (slot + 1) & (p->size - 1);
    return &p->items[slot];
}

static bool has_place(const struct graph_node *node)
{
    return node->role == GRAPH_ASSISTANT && node->message;
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
        p.items[i] = GRAPH_NONE;
    for (uint32_t i = 0; i < w->count; i++)
        if (has_place(&g->nodes[w->order[i]]))
            *place_of(&p, g->nodes[w->order[i]].message) = i;
    return p;
}

static int compare_fetched(const void *a, const void *b)
{
    const struct fetched *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    if (x->is_result != y->is_result)
        return x->is_result ? 1 : -1;
    return (x->node > y->node) - (x->node < y->node);
}

static void fetch_branches(const struct graph *g, struct graph_walk *w, bool results,
                           const struct places *places, struct fetched_list *out)
{
    for (uint32_t i = 0; i < g->count; i++) {
        uint32_t of = i;
        if (w->marks[i] != GRAPH_UNREACHED || !graph_is_in_play(g, i) ||
            g->nodes[i].role != (results ? GRAPH_RESULT : GRAPH_ASSISTANT))
            continue;
        if (results &&
            ((of = graph_parent(g, i)) == GRAPH_NONE || g->nodes[of].role != GRAPH_ASSISTANT))
            continue;
        uint32_t at = g->nodes[of].message ? *place_of(places, g->nodes[of].message) : GRAPH_NONE;
        if (at == GRAPH_NONE)
            continue;
        w->marks[i] = GRAPH_BESIDE;
        add_fetched(out, (struct fetched){at, results, i});
    }
}

static struct fetched_list fetch(const struct graph *g, struct graph_walk *w)
{
    struct places places = find_places(g, w);
    struct fetched_list list = {0};
    if (w->end == GRAPH_END_BOUNDARY)
        fetch_preserved(g, w, &list);
    fetch_branches(g, w, false, &places, &list);
    fetch_branches(g, w, true, &places, &list);
    free(places.items);
    if (list.count)
        qsort(list.items, list.count, sizeof *list.items, compare_fetched);
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

void graph_walk(const struct graph *g, struct graph_walk *out)
{
    unsigned char *has_child = mem_resize(NULL, g->count + 1);
    memset(has_child, 0, g->count + 1);
    uint32_t leaf = choose_leaf(g, has_child);
    free(has_child);
    graph_walk_from(g, leaf, out);
}

void graph_walk_from(const struct graph *g, uint32_t leaf, struct graph_walk *out)
{
    struct graph_walk w = {.leaf = leaf, .stopped_at = GRAPH_NONE};
    struct walking k = {.g = g, .w = &w};
    w.marks = mem_resize(NULL, g->count + 1);
    w.order = mem_resize(NULL, (g->count + 1) * sizeof *w.order);
    memset(w.marks, 0, g->count + 1);
    follow(&k);
    free(k.by_time);

    struct fetched_list fetched = fetch(g, &w);
    merge(&w, fetched.items, fetched.count);
    free(fetched.items);
    for (size_t i = 0; i < w.count; i++)
        w.message_count += graph_begins_message(g, w.order[i]);
    *out = w;
}

void graph_walk_release(struct graph_walk *w)
{
    free(w->marks);
    free(w->order);
    *w = (struct graph_walk){0};
}

bool graph_begins_message(const struct graph *g, uint32_t i)
{
    const struct graph_node *node = &g->nodes[i];
    if (node->role == GRAPH_USER || node->role == GRAPH_RESULT)
        return true;
    if (node->role != GRAPH_ASSISTANT)
        return false;
    uint32_t parent = graph_parent(g, i);
    return !node->message || parent == GRAPH_NONE || g->nodes[parent].role != GRAPH_ASSISTANT ||
           g->nodes[parent].message != node->message;
}
