#include "conversation/tail.h"

#include "conversation/text.h"
#include "conversation/turn_state.h"
#include "jsonl/line_check.h"
#include "jsonl/lines.h"

#include <stdlib.h>
#include <string.h>

/*
 * How far before the turn's first record is read on: a flush writes a few
 * records in any order, so that what belongs behind the prompt may stand
 * before it. The shuffled first turns that were seen are 2 to 4 kB.
 */
enum { TURN_START_MARGIN = 16 * 1024 };

struct tail_event {
    struct event e; /* its views are the tail's own */
    size_t place;   /* as it stands on disk */
    int64_t rank;   /* time, and behind its parent: see put_in_order */
};

void tail_init(struct tail *t, const struct event_reader *reader, struct arena *arena,
               int64_t file_size)
{
    *t = (struct tail){
        .reader = reader,
        .arena = arena,
        .file_size = file_size,
        .from = file_size,
        .turn_start = -1,
        .sidechain_turn_start = -1,
        .pending_is_last = true,
        .result.oddities.torn_offset = -1,
        .result.oddities.first_bad_offset = -1,
    };
}

/* Gathering */

static struct sv own(struct tail *t, struct sv s, size_t max)
{
    struct sv kept = text_beginning(s, max);
    return (struct sv){kept.n ? arena_strndup(&t->own, kept.p, kept.n) : NULL, kept.n};
}

static const struct event_tool *own_tools(struct tail *t, const struct event_tool *tools, size_t n)
{
    if (!n)
        return NULL;
    struct event_tool *copy = arena_alloc(&t->own, n * sizeof *copy);
    for (size_t i = 0; i < n; i++)
        copy[i] = (struct event_tool){own(t, tools[i].id, TAIL_TEXT_MAX),
                                      own(t, tools[i].name, TAIL_TEXT_MAX)};
    return copy;
}

static void keep_newest(struct tail *t, const char **kept, struct sv s)
{
    if (!*kept && s.n)
        *kept = arena_strndup(t->arena, s.p, s.n);
}

static void keep_session_id(struct tail *t, struct sv id)
{
    struct tail_result *r = &t->result;
    if (!id.n || r->session_id_count == TAIL_SESSION_IDS_MAX)
        return;
    for (size_t i = 0; i < r->session_id_count; i++)
        if (sv_equals(sv_of(r->session_ids[i]), id))
            return;
    r->session_ids[r->session_id_count++] = arena_strndup(t->arena, id.p, id.n);
}

static void keep_title(struct tail *t, const struct event *e)
{
    struct tail_result *r = &t->result;
    if (!e->title.n || (r->title && (!t->title_is_automatic || e->is_automatic)))
        return;
    r->title = text_cut(t->arena, e->title, TAIL_TEXT_MAX);
    t->title_is_automatic = e->is_automatic;
}

static bool begins_turn(const struct event *e)
{
    return e->kind == EVENT_COMMAND ||
           (e->kind == EVENT_PROMPT && (e->is_human || e->is_sidechain));
}

/* For the order, and for the story. */
static void keep_event(struct tail *t, const struct event *e)
{
    struct tail_event *kept = arena_alloc(&t->own, sizeof *kept);
    kept->e = (struct event){
        .kind = e->kind,
        .at = e->at,
        .uuid = own(t, e->uuid, TAIL_TEXT_MAX),
        .parent_uuid = own(t, e->parent_uuid, TAIL_TEXT_MAX),
        .message_id = own(t, e->message_id, TAIL_TEXT_MAX),
        .text = own(t, e->text, TAIL_TEXT_MAX),
        .model = own(t, e->model, TAIL_TEXT_MAX),
        .context_tokens = e->context_tokens,
        .calls = own_tools(t, e->calls, e->call_count),
        .call_count = e->call_count,
        .results = own_tools(t, e->results, e->result_count),
        .result_count = e->result_count,
        .is_sidechain = e->is_sidechain,
        .is_human = e->is_human,
        .expects_reply = e->expects_reply,
        .ends_turn = e->ends_turn,
        .is_automatic = e->is_automatic,
    };
    *ARENA_PUSH(&t->own, t->events, t->event_count, t->event_capacity) = kept;
}

/* Takes in one record; called from the newest on disk to the oldest. */
static void take_event(struct tail *t, const struct event *e, int64_t offset)
{
    struct tail_result *r = &t->result;
    bool is_metadata = e->kind == EVENT_METADATA || e->kind == EVENT_TITLE;

    if (!t->took_any)
        r->ends_in_metadata = is_metadata;
    t->took_any = true;
    keep_newest(t, &r->cwd, e->cwd);
    keep_newest(t, &r->version, e->version);
    keep_newest(t, &r->entrypoint, e->entrypoint);
    keep_newest(t, &r->agent_id, e->agent_id);
    keep_session_id(t, e->session_id);
    keep_title(t, e);
    keep_newest(t, &r->relocated_to, e->relocated_to);
    if (!t->went_on)
        keep_newest(t, &r->continued_in, e->continued_in);
    t->went_on |= event_goes_on(e);
    if (e->at.ms > r->last_record_at.ms)
        r->last_record_at = e->at;
    if (event_is_conversational(e)) {
        if (!t->has_main_chain && !t->has_sidechain)
            r->is_terse = e->is_terse;
        t->has_main_chain |= !e->is_sidechain;
        t->has_sidechain |= e->is_sidechain;
        if (e->at.ms > r->last_event_at.ms)
            r->last_event_at = e->at;
    }
    t->knows_context |=
        !e->is_sidechain && (e->context_tokens > 0 || e->kind == EVENT_COMPACT_BOUNDARY);
    if (begins_turn(e)) {
        int64_t *start = e->is_sidechain ? &t->sidechain_turn_start : &t->turn_start;
        if (*start < 0)
            *start = offset;
    }
    if (!is_metadata && (e->kind != EVENT_OTHER || e->uuid.n))
        keep_event(t, e);
}

static void note_damage(struct tail *t, const struct line_check *scan, const struct line *line,
                        bool is_last)
{
    struct tail_oddities *o = &t->result.oddities;
    bool has_nuls = false;
    for (size_t i = 0; i < scan->piece_count; i++)
        has_nuls |= scan->pieces[i].kind == LINE_CHECK_NUL;

    if (is_last && !line->has_newline && scan->kind == LINE_CHECK_TORN && !has_nuls) {
        o->last_line_is_torn = true;
        o->torn_offset = line->offset;
        return;
    }
    o->nul_lines += has_nuls;
    o->glued_lines += scan->kind == LINE_CHECK_GLUED;
    o->unparsable_lines += scan->record_count == 0 && scan->kind != LINE_CHECK_NULS;
    o->first_bad_offset = line->offset; /* lines come from the end: the last noted is the first */
}

static void take_damaged(struct tail *t, const struct line *line, bool is_last,
                         struct arena *scratch)
{
    struct line_check scan;
    line_check_line(line->text, t->reader->record_start, &scan);
    if (scan.kind == LINE_CHECK_BLANK)
        return;
    size_t unread = 0;
    for (size_t i = scan.piece_count; i-- > 0;) {
        struct line_check_piece piece = scan.pieces[i];
        struct event e;
        if (piece.kind != LINE_CHECK_RECORD)
            continue;
        if (t->reader->read(scratch, sv_slice(line->text, piece.from, piece.to), &e) == 0)
            take_event(t, &e, line->offset + (int64_t)piece.from);
        else
            unread++;
    }
    scan.record_count -= unread;
    /* A byte order mark is all that was odd. */
    if (scan.kind == LINE_CHECK_WHOLE && !unread)
        return;
    note_damage(t, &scan, line, is_last);
}

static void take_line(struct tail *t, const struct line *line)
{
    bool is_last = t->pending_is_last;
    t->pending_is_last = false;
    if (is_last)
        t->result.oddities.lacks_final_newline = !line->has_newline;
    t->result.oddities.crlf_lines += line->has_return;
    if (!line->text.n)
        return;

    ARENA_RELEASE struct arena scratch = {0};
    struct event e;
    if (t->reader->read(&scratch, line->text, &e) == 0)
        take_event(t, &e, line->offset);
    else
        take_damaged(t, line, is_last, &scratch);
}

static bool knows_enough(const struct tail *t)
{
    bool is_subagent = !t->has_main_chain && t->result.agent_id;
    int64_t start = is_subagent ? t->sidechain_turn_start : t->turn_start;
    if (start - t->from < TURN_START_MARGIN)
        return false;
    return is_subagent || t->knows_context || t->result.bytes_read >= TAIL_CONTEXT;
}

bool tail_wants(const struct tail *t, int64_t *offset, size_t *length)
{
    int64_t n = t->result.bytes_read ? t->result.bytes_read * 3 : TAIL_READ_FIRST;
    if (n > TAIL_READ_MAX)
        n = TAIL_READ_MAX;
    if (n > TAIL_LIMIT - t->result.bytes_read)
        n = TAIL_LIMIT - t->result.bytes_read;
    if (n > t->from)
        n = t->from;
    if (t->done || n <= 0)
        return false;
    *offset = t->from - n;
    *length = (size_t)n;
    return true;
}

/* From the last to the first. That one is kept for later where it may begin further back. */
static void take_lines(struct tail *t, struct sv text, int64_t offset, bool begins_line)
{
    struct lines it = lines_of(text, offset);
    for (struct line line; it.rest.n;) {
        struct lines before = it;
        lines_previous(&it, &line);
        if (!it.rest.n && offset > 0 && !begins_line) {
            it = before;
            break;
        }
        take_line(t, &line);
    }
    if (it.rest.n)
        buf_add(&t->pending, it.rest.p, it.rest.n);
}

void tail_feed(struct tail *t, const char *bytes, size_t n)
{
    int64_t offset;
    size_t wanted;
    if (!tail_wants(t, &offset, &wanted))
        return;
    if (n < wanted) {
        t->result.oddities.shrank = true;
        if (t->from < t->file_size) { /* what was read before does not join on */
            t->done = true;
            return;
        }
    }
    t->from = offset;
    t->result.bytes_read += (int64_t)wanted;

    /* Only the last line goes on in what was read before. */
    const char *newline = t->pending.n && n ? memrchr(bytes, '\n', n) : NULL;
    size_t whole = !t->pending.n ? n : newline ? (size_t)(newline - bytes) + 1 : 0;
    if (t->pending.n) {
        BUF_RELEASE struct buf joined = {0};
        buf_add(&joined, bytes + whole, n - whole);
        buf_add(&joined, t->pending.p, t->pending.n);
        buf_release(&t->pending);
        take_lines(t, (struct sv){joined.p, joined.n}, offset + (int64_t)whole, whole > 0);
    }
    take_lines(t, (struct sv){bytes, whole}, offset, false);
    t->done = knows_enough(t);
}

/* The beginning of this line is out of reach; its end says what it is. */
static void take_oversized(struct tail *t)
{
    struct tail_oversized *o = &t->result.oversized;
    struct lines it = lines_of((struct sv){t->pending.p, t->pending.n}, t->from);
    struct line line;
    if (t->pending.n < TAIL_LONG_LINE || !lines_previous(&it, &line))
        return;

    *o = (struct tail_oversized){
        .is_there = true,
        .is_last = t->pending_is_last,
        .length_at_least = (int64_t)line.text.n,
    };
    if (o->is_last)
        t->result.oddities.lacks_final_newline = !line.has_newline;
    size_t from = line.text.n - (line.text.n < TAIL_READ_FIRST ? line.text.n : TAIL_READ_FIRST);
    struct sv end = sv_slice(line.text, from, line.text.n);
    size_t members = line_check_last_members(end);
    if (members == end.n) {
        t->result.oddities.last_line_is_torn = o->is_last && !line.has_newline;
        return;
    }

    BUF_RELEASE struct buf object = {0};
    ARENA_RELEASE struct arena scratch = {0};
    struct event e;
    buf_adds(&object, "{");
    buf_add(&object, end.p + members, end.n - members);
    if (t->reader->read(&scratch, (struct sv){object.p, object.n}, &e) == 0) {
        o->kind = e.kind;
        o->at = e.at;
        take_event(t, &e, t->from);
    }
}

/* Judging */

static int by_uuid(const void *a, const void *b)
{
    struct sv x = (*(struct tail_event *const *)a)->e.uuid;
    struct sv y = (*(struct tail_event *const *)b)->e.uuid;
    int order = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);
    return order ? order : (x.n > y.n) - (x.n < y.n);
}

static int by_rank(const void *a, const void *b)
{
    const struct tail_event *x = *(struct tail_event *const *)a;
    const struct tail_event *y = *(struct tail_event *const *)b;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

static struct tail_event *parent_of(const struct tail_event *child, struct tail_event **named,
                                    size_t count)
{
    struct tail_event key = {.e.uuid = child->e.parent_uuid};
    const struct tail_event *wanted = &key;
    if (!child->e.parent_uuid.n || !count)
        return NULL;
    struct tail_event **hit = bsearch(&wanted, named, count, sizeof *named, by_uuid);
    return hit ? *hit : NULL;
}

/* Room between two milliseconds for that many children of one time. */
enum { RANKS_PER_MS = 4096 };

/* By their time stamps; one without stands behind the one before it on disk. */
static void rank_by_time(struct tail_event **events, size_t count)
{
    int64_t before = 0;
    for (size_t i = 0; i < count; i++) {
        struct wall at = events[i]->e.at;
        bool timed = wall_known(at) && at.ms < INT64_MAX / RANKS_PER_MS / 2;
        events[i]->place = i;
        events[i]->rank = timed ? at.ms * RANKS_PER_MS : before + 1;
        before = events[i]->rank;
    }
}

/* Records mostly stand behind their parents: one or two rounds settle it. A cycle never settles. */
static void rank_behind_parents(struct tail *t)
{
    enum { ROUNDS = 8 };
    size_t n = t->event_count, named_count = 0;
    struct tail_event **events = t->events;
    struct tail_event **named = arena_alloc(&t->own, (n + 1) * sizeof *named);
    struct tail_event **parents = arena_alloc(&t->own, (n + 1) * sizeof *parents);
    for (size_t i = 0; i < n; i++)
        if (events[i]->e.uuid.n)
            named[named_count++] = events[i];
    qsort(named, named_count, sizeof *named, by_uuid);
    for (size_t i = 0; i < n; i++)
        parents[i] = parent_of(events[i], named, named_count);

    bool changed = true;
    for (int round = 0; changed && round < ROUNDS; round++) {
        changed = false;
        for (size_t i = 0; i < n; i++) {
            if (parents[i] && parents[i] != events[i] && events[i]->rank <= parents[i]->rank) {
                events[i]->rank = parents[i]->rank + 1;
                changed = true;
            }
        }
    }
}

static bool is_in_order(struct tail_event **events, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (by_rank(&events[i - 1], &events[i]) > 0)
            return false;
    return true;
}

/*
 * Turns the events from "newest first on disk" into the order in which they
 * happened. Time stamps alone would do for most; but a few records are a
 * millisecond older than their parent, or as old, and a clock may be set back.
 */
static void put_in_order(struct tail *t)
{
    size_t n = t->event_count;
    struct tail_event **events = t->events;
    if (!n)
        return;
    for (size_t i = 0; i < n / 2; i++) {
        struct tail_event *swapped = events[i];
        events[i] = events[n - 1 - i];
        events[n - 1 - i] = swapped;
    }
    rank_by_time(events, n);
    rank_behind_parents(t);
    if (!is_in_order(events, n))
        qsort(events, n, sizeof *events, by_rank);
}

void tail_finish(struct tail *t, struct tail_result *out)
{
    take_oversized(t);
    put_in_order(t);

    struct tail_result *r = &t->result;
    struct turn_state s = {.r = r, .arena = t->arena, .own = &t->own};
    r->only_sidechain = t->has_sidechain && !t->has_main_chain;
    r->reached_start = t->from == 0;
    r->holds_no_record = r->reached_start && !t->took_any;
    r->holds_no_conversation = r->reached_start && !t->event_count;
    for (size_t i = 0; i < t->event_count; i++)
        if (t->events[i]->e.kind == EVENT_COMPACT_BOUNDARY)
            s.compacted_automatically = t->events[i]->e.is_automatic;
    for (size_t i = 0; i < t->event_count; i++) {
        const struct event *e = &t->events[i]->e;
        if (r->only_sidechain || !e->is_sidechain)
            turn_state_tell(&s, e);
    }
    turn_state_end(&s);
    *out = *r;
    buf_release(&t->pending);
    arena_release(&t->own);
}

int tail_read(const struct event_reader *reader, const struct record_source *source,
              struct arena *arena, struct tail_result *out)
{
    struct tail t;
    int64_t offset, n = 0;
    size_t length, room = 0;
    char *bytes = NULL;
    tail_init(&t, reader, arena, source->size_bytes);
    while (n >= 0 && tail_wants(&t, &offset, &length)) {
        if (length > room) { /* what it held is not to be moved */
            free(bytes);
            bytes = mem_resize(NULL, room = length);
        }
        n = source->read(source->context, bytes, length, offset);
        if (n >= 0)
            tail_feed(&t, bytes, (size_t)n);
    }
    tail_finish(&t, out);
    free(bytes);
    return n < 0 ? (int)n : 0;
}

const char *tail_turn_word(enum tail_turn turn)
{
    static const char *const words[] = {
        [TAIL_TURN_UNKNOWN] = "unknown",           [TAIL_TURN_OVER] = "over",
        [TAIL_TURN_AWAITS_REPLY] = "awaits reply", [TAIL_TURN_AWAITS_TOOL] = "awaits tool",
        [TAIL_TURN_REPLYING] = "replying",
    };
    return words[turn];
}

/* How many calls, and the name of the first. */
static const char *lacks_results(const struct tail_result *tail, struct arena *arena)
{
    const char *name = tail->open_tools[0].name;
    size_t others = tail->open_tool_count - 1;
    name = name && *name ? name : "a tool";
    if (others == 0)
        return arena_printf(arena, "%s has no result", name);
    return arena_printf(arena, "%s and %zu other call%s have no result", name, others,
                        others == 1 ? "" : "s");
}

const char *tail_lacks(const struct event_reader *reader, const struct tail_result *tail,
                       struct arena *arena)
{
    if (reader->is_chained || tail->continued_in || tail->oversized.is_last)
        return NULL;
    switch (tail->turn) {
    case TAIL_TURN_AWAITS_TOOL:
        return tail->open_tool_count ? lacks_results(tail, arena) : NULL;
    case TAIL_TURN_AWAITS_REPLY:
        if (tail->leaf_kind == EVENT_TOOL_RESULT)
            return "a tool's result has no reply";
        return tail->leaf_kind == EVENT_PROMPT ? "its prompt has no reply" : NULL;
    case TAIL_TURN_REPLYING:
        return reader->says_end ? "its reply does not say that it is complete" : NULL;
    case TAIL_TURN_UNKNOWN:
    case TAIL_TURN_OVER:
        break;
    }
    return NULL;
}
