#include "session/owners.h"

#include "base/err.h"

#include <errno.h>

struct rows {
    struct session *items;
    size_t count, capacity;
};

/* A row of its own for each session: its notes, and the terminal that its UI lends. */
static struct live *copy_of(struct arena *a, const struct live *live)
{
    struct live *copy = arena_alloc(a, sizeof *copy);
    *copy = *live;
    copy->notes = NULL;
    copy->note_count = copy->note_capacity = 0;
    for (size_t i = 0; i < live->note_count; i++)
        live_note(copy, a, "%s", live->notes[i]);
    return copy;
}

/* seen: whether these are all. */
static void add_row(struct snapshot *snap, struct rows *rows, const struct session *from,
                    const struct agent_held *held, struct lookup seen)
{
    struct session *row = ARENA_PUSH(&snap->arena, rows->items, rows->count, rows->capacity);
    *row = *from;
    row->live = copy_of(&snap->arena, from->live);
    row->session_id = held->session_id;
    row->mapped_by = held->by;
    row->certainty = held->is_likely ? SR_LIKELY : SR_EXACT;
    row->is_held = true;
    row->which = seen;
    if (seen.state == LOOKUP_UNKNOWN)
        live_note(row->live, &snap->arena, "process %d may have other sessions, too: %s: %s",
                  (int)row->live->stat.pid, seen.where, err_reason(seen.code));
    if (row->live->role == AGENT_SERVER) { /* who was there first has started it, for all */
        row->live->parent_session = 0;
        row->live->parent_session_id = NULL;
    }
}

static void add_unknown(struct snapshot *snap, struct rows *rows, struct session *s,
                        struct lookup seen)
{
    s->which = seen;
    live_note(s->live, &snap->arena, "it is not known for sure which session it is: %s: %s",
              seen.where, err_reason(seen.code));
    *ARENA_PUSH(&snap->arena, rows->items, rows->count, rows->capacity) = *s;
}

/* Returns: whether it has none of its own, and may be drawing one of another's. */
static bool add_held(struct snapshot *snap, struct rows *rows, struct session *s)
{
    struct agent_held *held;
    size_t count = 0;
    pid_t pid = s->live->stat.pid;
    if (s->live->stat.state == 'Z' || s->live->stat.state == 'X')
        return true;
    struct lookup seen =
        s->live->agent->holding->held(&s->store->io, &snap->proc, pid, &held, &count);
    for (size_t i = 0; i < count; i++)
        add_row(snap, rows, s, &held[i], seen);
    if (seen.state == LOOKUP_UNKNOWN && count == 0)
        add_unknown(snap, rows, s, seen);
    return seen.state != LOOKUP_UNKNOWN && count == 0;
}

static struct session *owned_row(struct rows *rows, const struct store *store, const char *id)
{
    for (size_t i = 0; i < rows->count; i++)
        if (rows->items[i].is_held && rows->items[i].store == store &&
            str_equals(rows->items[i].session_id, id))
            return &rows->items[i];
    return NULL;
}

/* How much its terminal is there: gone, not seen, seen. */
static int terminal_rank(const struct live *live)
{
    return live->tty_is_gone ? 0 : live->tty ? 2 : 1;
}

/* Of several that draw it, the one whose terminal is there lends it. */
static void lend_terminal(struct arena *a, struct session *row, const struct live *ui)
{
    struct live *live = row->live;
    bool is_first = row->attachment_count == 1 && !live->tty;
    if (!is_first && terminal_rank(ui) <= terminal_rank(live))
        return;
    live->tty = ui->tty;
    live->tty_is_gone = ui->tty_is_gone;
    live->multiplexer = ui->multiplexer;
    if (is_first)
        live_note(live, a,
                  "process %d runs its turns, and process %d only draws it: ending that one frees "
                  "nothing",
                  (int)live->stat.pid, (int)ui->stat.pid);
}

static void add_ui(struct arena *a, struct session *row, struct live *ui)
{
    struct attachment *all = arena_alloc(a, (row->attachment_count + 1) * sizeof *all);
    for (size_t i = 0; i < row->attachment_count; i++)
        all[i] = row->attachments[i];
    all[row->attachment_count] = (struct attachment){ui, SR_ROLE_UI};
    lend_terminal(a, row, ui);
    row->attachments = all;
    row->attachment_count++;
    row->live->current = row->live->current || ui->current;
}

/* One that has none: it draws another's, or is about to begin. A server without one is none. */
static void add_without(struct snapshot *snap, struct rows *rows, struct session *s)
{
    struct live *live = s->live;
    const struct agent_holding *holding = live->agent->holding;
    struct agent_drawing of = {.pid = live->stat.pid,
                               .started_at = proc_start_time(&snap->proc, live->stat.start_ticks)};
    const char *id = NULL;
    struct lookup seen = lookup_found();
    if (live->role == AGENT_SERVER && live->stat.state != 'Z')
        return;
    if (holding->drawn) {
        proc_read_cwd(&snap->proc, live->stat.pid, &snap->arena, &of.cwd);
        seen = holding->drawn(&s->store->io, &of, &id);
    }
    if (!id)
        id = live->named_session_id;
    struct session *row = id ? owned_row(rows, s->store, id) : NULL;
    if (row) {
        add_ui(&snap->arena, row, live);
        return;
    }
    s->has_none = true;
    if (seen.state == LOOKUP_UNKNOWN) {
        add_unknown(snap, rows, s, seen);
        return;
    }
    *ARENA_PUSH(&snap->arena, rows->items, rows->count, rows->capacity) = *s;
}

/* It draws one of its home's sessions, and it is not known which. */
static bool may_draw(const struct session *ui, const struct session *row)
{
    return row->is_held && row->attachment_count == 1 && !row->live->tty &&
           ui->store == row->store && !ui->session_id && !ui->live->named_session_id &&
           ui->live->role != AGENT_SERVER && ui->live->tty_is_gone;
}

/* A session that nobody is seen to draw may be that of a terminal that is gone. */
static void mark_orphans(struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        for (size_t j = 0; j < rows->count; j++)
            if (may_draw(&rows->items[j], &rows->items[i]))
                rows->items[i].may_be_orphaned = true;
}

static bool can_tell(const struct session *s)
{
    return s->live->agent->holding && session_can_read_store(s);
}

size_t owners_find(struct snapshot *snap, struct session *gathered, size_t count,
                   struct session **out)
{
    struct rows rows = {0};
    bool *is_without = arena_alloc(&snap->arena, (count + 1) * sizeof *is_without);
    for (size_t i = 0; i < count; i++) {
        struct session *s = &gathered[i];
        is_without[i] = false;
        if (!can_tell(s) || !stores_enter(&snap->stores, s->store->io.path)) {
            *ARENA_PUSH(&snap->arena, rows.items, rows.count, rows.capacity) = *s;
            continue;
        }
        is_without[i] = add_held(snap, &rows, s);
        stores_leave(&snap->stores);
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_without[i])
            continue;
        if (!stores_enter(&snap->stores, gathered[i].store->io.path)) {
            *ARENA_PUSH(&snap->arena, rows.items, rows.count, rows.capacity) = gathered[i];
            continue;
        }
        add_without(snap, &rows, &gathered[i]);
        stores_leave(&snap->stores);
    }
    mark_orphans(&rows);
    *out = rows.items;
    return rows.count;
}
