#include "conversation/head.h"

#include "conversation/text.h"
#include "jsonl/line_check.h"
#include "jsonl/lines.h"

struct looking {
    struct head *out;
    struct arena *arena;
    bool saw_root, saw_main_chain, saw_sidechain;
    bool title_is_automatic;
};

static void keep_first(struct looking *l, const char **kept, struct sv s)
{
    if (!*kept && s.n)
        *kept = arena_strndup(l->arena, s.p, s.n);
}

static void keep_cwd(struct looking *l, struct sv cwd)
{
    struct head *h = l->out;
    if (!cwd.n || h->cwd_count == HEAD_CWDS_MAX)
        return;
    for (size_t i = 0; i < h->cwd_count; i++)
        if (sv_equals(sv_of(h->cwds[i]), cwd))
            return;
    h->cwds[h->cwd_count++] = arena_strndup(l->arena, cwd.p, cwd.n);
}

static bool is_earlier(struct wall a, struct wall b)
{
    return wall_known(a) && (!wall_known(b) || a.ms < b.ms);
}

static void keep_prompt(struct looking *l, const struct event *e)
{
    struct head *h = l->out;
    if (h->prompt && !is_earlier(e->at, h->prompt_at))
        return;
    h->prompt = text_cut(l->arena, e->text, HEAD_TEXT_MAX);
    h->prompt_at = e->at;
}

static void take_event(struct looking *l, const struct event *e)
{
    struct head *h = l->out;

    h->record_count++;
    keep_cwd(l, e->cwd);
    keep_first(l, &h->session_id, e->session_id);
    keep_first(l, &h->version, e->version);
    keep_first(l, &h->entrypoint, e->entrypoint);
    keep_first(l, &h->agent_id, e->agent_id);
    keep_first(l, &h->forked_from, e->forked_from);
    if (is_earlier(e->at, h->first_at))
        h->first_at = e->at;
    if (e->kind == EVENT_TITLE && e->title.n && (!h->title || l->title_is_automatic)) {
        h->title = text_cut(l->arena, e->title, HEAD_TEXT_MAX);
        l->title_is_automatic = e->is_automatic;
    }
    if (event_is_conversational(e)) {
        l->saw_sidechain |= e->is_sidechain;
        l->saw_main_chain |= !e->is_sidechain;
    }
    l->saw_root |= e->is_root && !e->is_sidechain;
    /* 2.1.110 writes the command itself at the head of the new transcript. */
    if (e->clears && !h->prompt)
        h->begins_with_clear = true;
    if (e->kind == EVENT_PROMPT && e->is_human)
        keep_prompt(l, e);
    h->is_enough = l->saw_root && h->prompt;
}

/* A line that is not one whole record: what can be had of it. */
static void take_damaged(struct looking *l, const struct event_reader *reader, struct sv line,
                         bool is_last, struct arena *scratch)
{
    struct line_check scan;
    struct event e;
    line_check_line(line, reader->record_start, &scan);
    for (size_t i = 0; i < scan.piece_count; i++) {
        struct line_check_piece piece = scan.pieces[i];
        if (piece.kind == LINE_CHECK_RECORD &&
            reader->read(scratch, sv_slice(line, piece.from, piece.to), &e) == 0)
            take_event(l, &e);
    }
    if (!is_last || scan.kind != LINE_CHECK_TORN)
        return;
    BUF_RELEASE struct buf completed = {0};
    if (line_check_complete(line, &completed) &&
        reader->read(scratch, (struct sv){completed.p, completed.n}, &e) == 0)
        take_event(l, &e);
}

void head_read(const struct event_reader *reader, struct arena *a, struct sv bytes, bool all,
               struct head *out)
{
    struct lines it = lines_of(bytes, 0);
    struct line line;
    *out = (struct head){0};
    struct looking l = {.out = out, .arena = a};

    while ((all || !out->is_enough) && lines_next(&it, &line)) {
        ARENA_RELEASE struct arena scratch = {0};
        struct event e;
        if (reader->read(&scratch, line.text, &e) == 0)
            take_event(&l, &e);
        else
            take_damaged(&l, reader, line.text, !line.has_newline, &scratch);
    }
    out->lacks_root = l.saw_main_chain && !l.saw_root;
    out->only_sidechain = l.saw_sidechain && !l.saw_main_chain;
}
