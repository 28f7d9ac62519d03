#include "repair/scan/broken_lines.h"

#include <stdlib.h>

enum { SHOWN_MAX = 40 }; /* of bytes that are no record: a comma, a line's number, a note */

static enum damage_kind kind_of_piece(const struct transcript_scan_line *line, struct sv bytes,
                                      const struct line_check_piece *pieces, size_t count, size_t i)
{
    switch (pieces[i].kind) {
    case LINE_CHECK_NUL:
        return DAMAGE_NUL_PADDING;
    case LINE_CHECK_STUB:
        return i == count - 1 && !line->has_newline &&
                       line->from + (int64_t)pieces[i].to == line->to
                   ? DAMAGE_TORN_TAIL
                   : DAMAGE_STUB;
    default:
        return line_check_is_null(bytes) ? DAMAGE_NULL_LINE : DAMAGE_FRAGMENT;
    }
}

static bool is_record(const struct line_check_piece *piece)
{
    return piece->kind == LINE_CHECK_RECORD || piece->kind == LINE_CHECK_RAW;
}

static void tell_pieces(struct repair_steps *m, const struct transcript_scan_line *line,
                        struct sv bytes, const struct line_check_piece *pieces, size_t count)
{
    size_t records = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t at = line->from + (int64_t)pieces[i].from;
        if (is_record(&pieces[i])) {
            records++;
            continue;
        }
        enum damage_kind kind = kind_of_piece(line, bytes, pieces, count, i);
        bool is_live = kind == DAMAGE_TORN_TAIL && m->options->is_live;
        struct repair_plan_problem *p = repair_steps_add_problem(
            m, kind, is_live ? DAMAGE_HARMLESS : repair_steps_severity(m, kind), line->line, at);
        p->length = (int64_t)(pieces[i].to - pieces[i].from);
        if (is_live)
            p->detail = "a live process has the session: it may be writing just now";
        else if (kind == DAMAGE_FRAGMENT && p->length <= SHOWN_MAX)
            p->detail =
                arena_printf(m->arena, "\"%.*s\"", (int)p->length, bytes.p + pieces[i].from);
    }
    if (records == count && count > 1)
        repair_steps_add_problem(m, DAMAGE_GLUED, DAMAGE_HURTS, line->line, line->from)->detail =
            arena_printf(m->arena, "%zu records", count);
}

/* Leaves the records, a line each. */
static void edit_pieces(struct repair_steps *m, const struct transcript_scan_line *line,
                        struct sv bytes, const struct line_check_piece *pieces, size_t count)
{
    const struct line_check_piece *record = NULL; /* the last one so far */
    size_t first_bad = count;
    for (size_t i = 0; i < count; i++) {
        if (!is_record(&pieces[i])) {
            first_bad = first_bad == count ? i : first_bad;
            continue;
        }
        int64_t at = line->from + (int64_t)pieces[i].from;
        bool has_bad = first_bad < count;
        enum damage_kind kind =
            has_bad ? kind_of_piece(line, bytes, pieces, count, first_bad) : DAMAGE_GLUED;
        if (record)
            repair_steps_add_edit(m, kind, has_bad ? DAMAGE_CURE_DROP : DAMAGE_CURE_SPLIT,
                                  line->line, line->from + (int64_t)record->to, at, "\n");
        else if (has_bad)
            repair_steps_add_edit(m, kind, DAMAGE_CURE_DROP, line->line,
                                  line->from + (int64_t)pieces[first_bad].from, at, NULL);
        record = &pieces[i];
        first_bad = count;
    }
    if (first_bad == count)
        return;
    enum damage_kind kind = kind_of_piece(line, bytes, pieces, count, first_bad);
    if (record)
        repair_steps_add_edit(m, kind, DAMAGE_CURE_DROP, line->line,
                              line->from + (int64_t)record->to,
                              line->from + (int64_t)pieces[count - 1].to, NULL);
    else
        repair_steps_add_edit(m, kind, DAMAGE_CURE_DROP, line->line, line->from,
                              line->to + line->has_newline, NULL);
}

/* The control characters in the texts of a record, escaped. */
static void edit_raw(struct repair_steps *m, const struct transcript_scan_line *line,
                     struct sv bytes, const struct line_check_piece *piece)
{
    bool in_text = false, is_told = false;
    for (size_t i = piece->from; i < piece->to; i++) {
        unsigned char c = (unsigned char)bytes.p[i];
        int64_t at = line->from + (int64_t)i;
        if (c == '"')
            in_text = !in_text;
        if (in_text && c == '\\')
            i++;
        if (!in_text || c >= 0x20)
            continue;
        if (!is_told)
            repair_steps_add_problem(m, DAMAGE_RAW_CONTROL, DAMAGE_HURTS, line->line, at);
        is_told = true;
        repair_steps_add_edit(m, DAMAGE_RAW_CONTROL, DAMAGE_CURE_REPLACE, line->line, at, at + 1,
                              arena_printf(m->arena, "\\u%04x", c));
    }
}

/* A byte order mark belongs at the beginning of a file alone. */
static void edit_mark(struct repair_steps *m, const struct transcript_scan_line *line)
{
    if (line->from == 0 || !graph_reads_first(m->g))
        return;
    repair_steps_add_problem(m, DAMAGE_INNER_MARK, DAMAGE_HURTS, line->line, line->from);
    repair_steps_add_edit(m, DAMAGE_INNER_MARK, DAMAGE_CURE_DROP, line->line, line->from,
                          line->from + 3, NULL);
}

static int mend_line(struct repair_steps *m, const struct transcript_scan_line *line)
{
    BUF_RELEASE struct buf read = {0};
    struct line_check_piece *pieces;
    size_t count;
    if (line->is_too_long) {
        repair_steps_add_problem(m, DAMAGE_LONG_LINE, DAMAGE_HURTS, line->line, line->from)
            ->length = line->to - line->from;
        return 0;
    }
    int r = transcript_scan_bytes(m->source, line->from, line->to, &read);
    if (r < 0)
        return r;
    struct sv bytes = {read.p, read.n};
    line_check_pieces(bytes, m->source->record_start, &pieces, &count);
    tell_pieces(m, line, bytes, pieces, count);
    bool is_under_way = m->options->is_live && count > 0 &&
                        kind_of_piece(line, bytes, pieces, count, count - 1) == DAMAGE_TORN_TAIL;
    if (!is_under_way)
        edit_pieces(m, line, bytes, pieces, count);
    if (count && is_record(&pieces[0]) && sv_starts_with(bytes, SV(LINE_CHECK_MARK)))
        edit_mark(m, line);
    for (size_t i = 0; i < count; i++)
        if (pieces[i].kind == LINE_CHECK_RAW)
            edit_raw(m, line, bytes, &pieces[i]);
    free(pieces);
    return 0;
}

int broken_lines_mend(struct repair_steps *m)
{
    int r = 0;
    for (size_t i = 0; i < m->v->line_count && r == 0; i++)
        r = mend_line(m, &m->v->lines[i]);
    return r;
}
