#include "transcript/conversation.h"

#include "transcript/lines.h"
#include "transcript/scan.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* More branches than this are not walked one by one: what is left is one, by time. */
enum { BRANCHES_MAX = 64 };

void conversation_begin(struct conversation *c, const struct event_reader *reader)
{
    *c = (struct conversation){.reader = reader, .file = SIZE_MAX};
    graph_init(&c->graph);
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
    size_t size = 16;
    while (size < c->graph.count * 2)
        size *= 2;
    c->known = mem_resize(c->known, size * sizeof *c->known);
    memset(c->known, 0, size * sizeof *c->known);
    c->known_size = size;
    for (size_t i = 0; i < c->graph.count; i++) {
        uint64_t id = c->graph.nodes[i].id;
        size_t slot = id & (size - 1);
        while (c->known[slot] && c->known[slot] != id)
            slot = (slot + 1) & (size - 1);
        c->known[slot] = id;
    }
}

static enum graph_role role_of(const struct event *e)
{
    switch (e->kind) {
    case EVENT_COMPACT_BOUNDARY:
        return GRAPH_BOUNDARY;
    case EVENT_TOOL_RESULT:
        return GRAPH_RESULT;
    case EVENT_ASSISTANT_TEXT:
    case EVENT_ASSISTANT_THINKING:
    case EVENT_TOOL_USE:
    case EVENT_API_ERROR:
        return GRAPH_ASSISTANT;
    case EVENT_PROMPT:
    case EVENT_COMMAND:
    case EVENT_LOCAL_OUTPUT:
    case EVENT_NOTE:
    case EVENT_INTERRUPTED:
    case EVENT_COMPACT_SUMMARY:
        return GRAPH_USER;
    default:
        return GRAPH_LINK;
    }
}

static bool add_record(struct conversation *c, struct sv record, int64_t offset, int64_t length)
{
    struct arena a = {0};
    struct event e;
    bool is_record = c->reader->read(&a, record, &e) == 0;
    if (is_record && e.uuid.n && !is_known(c, graph_id_of(e.uuid))) {
        struct graph_record r = {
            .role = role_of(&e),
            .uuid = e.uuid,
            .parent_uuid = e.parent_uuid,
            .message_id = e.message_id,
            .at_ms = e.at.ms,
            .is_sidechain = false, /* a subagent's own transcript is one like any other */
        };
        uint32_t node = graph_add(&c->graph, &r);
        if (node != GRAPH_NONE) {
            if (node >= c->record_capacity) {
                c->record_capacity = c->record_capacity ? c->record_capacity * 2 : 256;
                c->records = mem_resize(c->records, c->record_capacity * sizeof *c->records);
            }
            c->records[node] = (struct conversation_item){
                .file = c->file,
                .offset = offset,
                .length = length,
                .id = c->graph.nodes[node].id,
                .at_ms = e.at.ms,
            };
        }
    }
    arena_release(&a);
    return is_record;
}

static void add_gap(struct conversation *c, int64_t offset, int64_t length)
{
    if (c->gap_count == c->gap_capacity) {
        c->gap_capacity = c->gap_capacity ? c->gap_capacity * 2 : 8;
        c->gaps = mem_resize(c->gaps, c->gap_capacity * sizeof *c->gaps);
    }
    c->gaps[c->gap_count++] = (struct conversation_gap){c->file, offset, length};
}

static void add_line(struct conversation *c, const struct line *line)
{
    struct scan_piece *pieces;
    size_t count;
    if (!line->text.n || add_record(c, line->text, line->offset, (int64_t)line->text.n))
        return;
    scan_pieces(line->text, c->reader->record_start, &pieces, &count);
    for (size_t i = 0; i < count; i++) {
        const struct scan_piece *p = &pieces[i];
        int64_t offset = line->offset + (int64_t)p->from;
        if (p->kind == SCAN_NUL ||
            (p->kind == SCAN_RECORD && add_record(c, sv_slice(line->text, p->from, p->to), offset,
                                                  (int64_t)(p->to - p->from))))
            continue;
        add_gap(c, offset, (int64_t)(p->to - p->from));
    }
    free(pieces);
}

static void enter_file(struct conversation *c, size_t file)
{
    if (file != c->file && c->graph.count)
        know_all(c);
    c->file = file;
}

void conversation_add_long(struct conversation *c, struct sv thinned, int64_t offset,
                           int64_t length, size_t file)
{
    enter_file(c, file);
    if (!add_record(c, thinned, offset, length))
        add_gap(c, offset, length);
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

static void append(struct conversation *c, uint32_t node, size_t branch)
{
    struct conversation_item *item = &c->items[c->count++];
    *item = c->records[node];
    item->branch = branch;
}

/* One chain from the newest leaf that is left; what it reaches is dropped from the graph. */
static enum graph_end walk(struct conversation *c, size_t branch, int64_t *last_ms)
{
    struct graph_walk w;
    graph_walk_from_end(&c->graph, &w);
    *last_ms = 0;
    for (size_t i = 0; i < w.count; i++) {
        const struct graph_node *node = &c->graph.nodes[w.order[i]];
        if (!node->is_superseded && !node->is_dropped) {
            append(c, w.order[i], branch);
            *last_ms = node->at_ms;
        }
    }
    for (size_t i = 0; i < w.count; i++)
        graph_drop(&c->graph, w.order[i]);
    enum graph_end end = w.count ? w.end : GRAPH_END_NOTHING;
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
            append(c, i, c->branch_count + 1);
    if (c->count == from)
        return;
    qsort(c->items + from, c->count - from, sizeof *c->items, by_time);
    c->branch_count++;
}

void conversation_finish(struct conversation *c)
{
    int64_t last_ms, begins_ms;
    c->items = mem_resize(NULL, (c->graph.count + 1) * sizeof *c->items);
    if (!c->graph.count)
        return;
    graph_link(&c->graph);
    enum graph_end end = walk(c, 0, &last_ms);
    begins_ms = c->count ? c->items[0].at_ms : 0;
    for (size_t i = 0; i < BRANCHES_MAX && end != GRAPH_END_NOTHING; i++) {
        size_t from = c->count;
        enum graph_end next = walk(c, c->branch_count + 1, &last_ms);
        if (next == GRAPH_END_NOTHING || c->count == from) {
            end = next;
            continue;
        }
        /* What ends before the conversation begins is what a compaction summed up, or lies behind
         * a parent that is not there. */
        if (last_ms <= begins_ms && (end == GRAPH_END_BOUNDARY || end == GRAPH_END_GAP)) {
            for (size_t j = from; j < c->count; j++)
                c->items[j].branch = 0;
            begins_ms = c->items[from].at_ms;
            rotate(c, 0, from);
            end = next;
        } else {
            c->branch_count++;
        }
    }
    take_rest(c);
}

void conversation_release(struct conversation *c)
{
    graph_release(&c->graph);
    free(c->items);
    free(c->records);
    free(c->known);
    free(c->gaps);
    *c = (struct conversation){0};
}
