#include "conversation/conversation.h"

#include "conversation/loader/client_version.h"
#include "conversation/loader/graph_nodes.h"
#include "jsonl/line_check.h"
#include "jsonl/lines.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* More branches than this are not walked one by one: what is left is one, by time. */
enum { BRANCHES_MAX = 64 };

void conversation_begin(struct conversation *c, const struct event_reader *reader)
{
    *c = (struct conversation){.reader = reader, .file = SIZE_MAX};
    c->skim = mem_resize(NULL, sizeof *c->skim);
    json_stream_begin(c->skim, 0);
    graph_init(&c->graph);
}

uint64_t conversation_id_of(const struct event *e, struct sv record)
{
    return graph_id_of(e->uuid.n ? e->uuid : record);
}

/* An id that is not UTF-8, or that is long, reads otherwise in a chain. */
bool conversation_is_of_item(const struct conversation *c, const struct conversation_item *item,
                             const struct event *e, struct sv record)
{
    if (conversation_id_of(e, record) == item->id)
        return true;
    if (!c->reader->is_chained)
        return false;
    json_stream_restart(c->skim, 0);
    json_stream_feed(c->skim, record.p, record.n);
    json_stream_end(c->skim);
    return graph_id_of(json_stream_text(c->skim, JSON_STREAM_UUID)) == item->id;
}

/* ---- reading ------------------------------------------------------------------------------ */

static bool is_known(const struct conversation *c, uint64_t id)
{
    if (!id || !c->known_size)
        return false;
    size_t slot = id & (c->known_size - 1);
    while (c->known[slot] && c->known[slot] != id)
        slot = (slot + 1) & (c->known_size - 1);
    return c->known[slot] == id;
}

/* All that was added so far is known to the files to come. */
static void know_all(struct conversation *c)
{
    size_t size = 16, count = c->reader->is_chained ? c->graph.count : c->count;
    while (size < count * 2)
        size *= 2;
    c->known = mem_resize(c->known, size * sizeof *c->known);
    memset(c->known, 0, size * sizeof *c->known);
    c->known_size = size;
    for (size_t i = 0; i < count; i++) {
        uint64_t id = c->reader->is_chained ? c->graph.nodes[i].id : c->items[i].id;
        size_t slot = id & (size - 1);
        while (c->known[slot] && c->known[slot] != id)
            slot = (slot + 1) & (size - 1);
        c->known[slot] = id;
    }
}

/* length: from the brace that the record begins with, behind a byte order mark. */
static void keep_place(struct conversation *c, uint32_t node, int64_t length)
{
    if (node >= c->record_capacity) {
        c->record_capacity = c->record_capacity ? c->record_capacity * 2 : 256;
        c->records = mem_resize(c->records, c->record_capacity * sizeof *c->records);
    }
    c->records[node] = (struct conversation_item){
        .file = c->file,
        .offset = c->skim->record.from,
        .length = length,
        .id = c->graph.nodes[node].id,
        .at_ms = c->graph.nodes[node].at_ms,
    };
}

/* Of the first file alone: that is what a client loads. */
static void look_at_version(struct conversation *c, uint32_t node)
{
    int64_t version = client_version(json_stream_text(c->skim, JSON_STREAM_VERSION));
    if (c->file == c->first_file && c->graph.nodes[node].role <= GRAPH_USER && version > c->version)
        c->version = version;
}

/* How much of a line the record is. */
enum share { ALONE, FIRST, BEHIND, MARKED };

/* One that stands where it was said. */
static bool add_said(struct conversation *c, struct sv record, int64_t offset, int64_t length)
{
    ARENA_RELEASE struct arena a = {0};
    struct event e;
    bool is_record = c->reader->read(&a, record, &e) == 0;
    uint64_t id = is_record ? conversation_id_of(&e, record) : 0;
    if (is_record && !is_known(c, id))
        *MEM_PUSH(c->items, c->count, c->capacity) = (struct conversation_item){
            .file = c->file, .offset = offset, .length = length, .id = id, .at_ms = e.at.ms};
    return is_record;
}

static bool add_record(struct conversation *c, struct sv record, int64_t offset, int64_t length,
                       enum share share)
{
    bool is_copy = c->file != c->first_file;
    if (!c->reader->is_chained)
        return add_said(c, record, offset, length);
    json_stream_restart(c->skim, offset);
    json_stream_feed(c->skim, record.p, record.n);
    json_stream_end(c->skim);
    if (c->skim->shape != JSON_STREAM_RECORD)
        return false;
    struct sv uuid = json_stream_text(c->skim, JSON_STREAM_UUID);
    if (is_copy && (!uuid.n || is_known(c, graph_id_of(uuid))))
        return true;
    uint32_t node = graph_nodes_add(&c->graph, c->skim,
                                    &(struct graph_nodes_place){
                                        .is_hidden = is_copy || share == BEHIND,
                                        .is_beside = share == FIRST || share == BEHIND,
                                        .is_marked = share == MARKED,
                                    });
    if (node != GRAPH_NONE) {
        keep_place(c, node, length - (c->skim->record.from - offset));
        look_at_version(c, node);
    } else {
        c->beside_count += !is_copy;
    }
    return true;
}

static void add_gap(struct conversation *c, int64_t offset, int64_t length)
{
    *MEM_PUSH(c->gaps, c->gap_count, c->gap_capacity) =
        (struct conversation_gap){c->file, offset, length};
}

/* What a client loads is of the first file alone. */
static void end_line(struct conversation *c, bool is_open)
{
    if (c->file == c->first_file)
        graph_line(&c->graph, is_open);
}

static void add_line(struct conversation *c, const struct line *line)
{
    struct line_check_piece *pieces;
    size_t count;
    if (!line->text.n)
        return;
    if (add_record(c, line->text, line->offset, (int64_t)line->text.n, ALONE)) {
        end_line(c, false);
        return;
    }
    if (line_check_is_null(line->text) && c->file == c->first_file)
        graph_null_line(&c->graph);
    line_check_pieces(line->text, c->reader->record_start, &pieces, &count);
    bool is_marked =
        line->offset > 0 && count == 1 && sv_starts_with(line->text, SV(LINE_CHECK_MARK));
    for (size_t i = 0; i < count; i++) {
        const struct line_check_piece *p = &pieces[i];
        int64_t offset = line->offset + (int64_t)p->from;
        if (p->kind == LINE_CHECK_NUL ||
            (p->kind == LINE_CHECK_RECORD &&
             add_record(c, sv_slice(line->text, p->from, p->to), offset, (int64_t)(p->to - p->from),
                        i           ? BEHIND
                        : is_marked ? MARKED
                                    : FIRST)))
            continue;
        add_gap(c, offset, (int64_t)(p->to - p->from));
    }
    end_line(c, count == 1 && pieces[0].kind == LINE_CHECK_STUB && line_check_is_open(line->text));
    free(pieces);
}

static void enter_file(struct conversation *c, size_t file)
{
    if (c->file == SIZE_MAX)
        c->first_file = file;
    else if (file != c->file && (c->graph.count || c->count))
        know_all(c);
    c->file = file;
}

void conversation_add_long(struct conversation *c, struct sv thinned, int64_t offset,
                           int64_t length, size_t file)
{
    enter_file(c, file);
    if (!add_record(c, thinned, offset, length, ALONE))
        add_gap(c, offset, length);
    end_line(c, false);
}

void conversation_add(struct conversation *c, struct sv lines, int64_t offset, size_t file)
{
    struct lines it = lines_of(lines, offset);
    struct line line;
    enter_file(c, file);
    while (lines_next(&it, &line))
        add_line(c, &line);
}

/* ---- order -------------------------------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
    const struct conversation_item *x = a, *y = b;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

static void append(struct conversation *c, uint32_t node, size_t branch, bool is_loaded)
{
    struct conversation_item *item = &c->items[c->count++];
    *item = c->records[node];
    item->branch = branch;
    item->is_loaded = is_loaded;
}

/* What a walk reached, once; it is dropped from the graph. */
static enum graph_end take_walk(struct conversation *c, const struct graph_walk *w, size_t branch,
                                bool is_loaded)
{
    for (size_t i = 0; i < w->count; i++) {
        const struct graph_node *node = &c->graph.nodes[w->order[i]];
        if (!node->is_superseded && !node->is_dropped)
            append(c, w->order[i], branch, is_loaded && !graph_is_shown(&c->graph, w, w->order[i]));
    }
    for (size_t i = 0; i < w->count; i++)
        graph_drop(&c->graph, w->order[i]);
    return w->count ? w->end : GRAPH_END_NOTHING;
}

/* What the client loads of the first file. Then all else is there to be walked, too. */
static enum graph_end take_loaded(struct conversation *c, uint32_t *leaf)
{
    struct graph *g = &c->graph;
    struct graph_walk w;
    if (!g->has_main_chain)
        graph_adopt_sidechain(g);
    graph_link(g);
    graph_see_as(g, c->client_version ? c->client_version : c->version);
    graph_walk(g, &w);
    *leaf = graph_user_chose(g) ? GRAPH_NONE : w.leaf;
    enum graph_end end = take_walk(c, &w, 0, true);
    graph_walk_release(&w);
    for (uint32_t i = 0; i < g->count; i++) { /* copies of what was said */
        uint32_t said = graph_find(g, g->nodes[i].id);
        if (said != GRAPH_NONE && g->nodes[said].is_dropped)
            graph_drop(g, i);
    }
    graph_adopt_sidechain(g);
    graph_reveal(g);
    graph_settle(g);
    return end;
}

/* One chain from the newest leaf that is left. leaf becomes GRAPH_NONE once something goes on
 * behind it. */
static enum graph_end take_next(struct conversation *c, uint32_t *leaf, int64_t *last_ms,
                                bool *goes_on)
{
    struct graph_walk w;
    graph_walk_from_end(&c->graph, &w);
    const struct graph_node *first = w.count ? &c->graph.nodes[w.order[0]] : NULL;
    *goes_on = first && *leaf != GRAPH_NONE && !first->lacks_parent && first->parent == *leaf;
    *leaf = *goes_on ? GRAPH_NONE : *leaf;
    *last_ms = w.count ? c->graph.nodes[w.order[w.count - 1]].at_ms : 0;
    bool is_main = *goes_on || !c->count;
    enum graph_end end = take_walk(c, &w, is_main ? 0 : c->branch_count + 1, false);
    graph_walk_release(&w);
    return end;
}

/* Puts the last stretch of the items, from `from` on, before the first `before`. */
static void rotate(struct conversation *c, size_t before, size_t from)
{
    size_t n = c->count - from;
    struct conversation_item *moved = mem_resize(NULL, (n + 1) * sizeof *moved);
    memcpy(moved, c->items + from, n * sizeof *moved);
    memmove(c->items + before + n, c->items + before, (from - before) * sizeof *moved);
    memcpy(c->items + before, moved, n * sizeof *moved);
    free(moved);
}

static void take_rest(struct conversation *c)
{
    size_t from = c->count;
    for (uint32_t i = 0; i < c->graph.count; i++)
        if (!c->graph.nodes[i].is_dropped && !c->graph.nodes[i].is_superseded)
            append(c, i, c->branch_count + 1, false);
    if (c->count == from)
        return;
    qsort(c->items + from, c->count - from, sizeof *c->items, by_time);
    c->branch_count++;
}

/* What copies alone have: behind the first file where it was said later, else on a branch. */
static void place_copies(struct conversation *c)
{
    size_t from = 0;
    int64_t last_ms = 0;
    for (; from < c->count && c->items[from].file == c->first_file; from++)
        if (c->items[from].at_ms > last_ms)
            last_ms = c->items[from].at_ms;
    if (c->count == from)
        return;
    qsort(c->items + from, c->count - from, sizeof *c->items, by_time);
    size_t later = from;
    while (later < c->count && c->items[later].at_ms <= last_ms)
        c->items[later++].branch = 1;
    c->branch_count = later > from;
    rotate(c, from, later);
}

void conversation_finish(struct conversation *c)
{
    int64_t last_ms, begins_ms;
    uint32_t leaf;
    size_t main_count; /* of the items, those of the conversation itself */
    if (!c->reader->is_chained) {
        place_copies(c);
        return;
    }
    c->items = mem_resize(NULL, (c->graph.count + 1) * sizeof *c->items);
    if (!c->graph.count)
        return;
    enum graph_end end = take_loaded(c, &leaf), next = GRAPH_END_ROOT;
    begins_ms = c->count ? c->items[0].at_ms : 0;
    main_count = c->count;
    for (size_t i = 0; i < BRANCHES_MAX && next != GRAPH_END_NOTHING; i++) {
        size_t from = c->count;
        bool goes_on;
        next = take_next(c, &leaf, &last_ms, &goes_on);
        if (c->count == from)
            continue;
        if (from == 0) {
            end = next;
        } else if (goes_on) {
            rotate(c, main_count, from);
        } else if (last_ms <= begins_ms && (end == GRAPH_END_BOUNDARY || end == GRAPH_END_GAP)) {
            /* What ends before the conversation begins is what a compaction summed up, or lies
             * behind a parent that is not there. */
            for (size_t j = from; j < c->count; j++)
                c->items[j].branch = 0;
            begins_ms = c->items[from].at_ms;
            rotate(c, 0, from);
            end = next;
        } else {
            c->branch_count++;
            continue;
        }
        if (from == 0)
            begins_ms = c->items[0].at_ms;
        main_count += c->count - from;
    }
    take_rest(c);
}

size_t conversation_drop_before(struct conversation *c, struct wall at)
{
    size_t kept = c->count, undated = 0;
    int64_t next_ms = INT64_MAX; /* the time of the next one that has one */
    for (size_t i = c->count; i-- > 0;) {
        bool is_dated = c->items[i].at_ms != 0;
        if (is_dated)
            next_ms = c->items[i].at_ms;
        if (next_ms < at.ms)
            continue;
        undated += !is_dated;
        c->items[--kept] = c->items[i];
    }
    c->count -= kept;
    memmove(c->items, &c->items[kept], c->count * sizeof *c->items);
    return undated;
}

void conversation_release(struct conversation *c)
{
    graph_release(&c->graph);
    if (c->skim)
        json_stream_release(c->skim);
    free(c->skim);
    free(c->items);
    free(c->records);
    free(c->known);
    free(c->gaps);
    *c = (struct conversation){0};
}
