/*
 * Any bytes as a transcript, skimmed in pieces of a size that the first byte
 * says. A line is a record to skim if and only if it is whole to scan; the lines
 * partition the file; every span lies within its line; the size of the pieces
 * changes nothing.
 */
#include "conversation/json_stream.h"
#include "jsonl/line_check.h"
#include "jsonl/lines.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void must_be_within(struct json_stream_span inner, struct json_stream_span outer)
{
    must(outer.from <= inner.from && inner.from <= inner.to && inner.to <= outer.to);
}

static void check_block(const struct json_stream *s, const struct json_stream_block *b)
{
    must_be_within(b->span, s->members[JSON_STREAM_CONTENT].span);
    must(b->before <= b->span.from);
    must(b->before > s->members[JSON_STREAM_CONTENT].span.from);
    if (b->data.to)
        must_be_within(b->data, b->span);
}

static void check_line(const struct json_stream *s, const struct line *line)
{
    struct line_check scan;
    if (line->offset && sv_starts_with(line->text, SV(LINE_CHECK_MARK)))
        return; /* the stream reads a mark at the beginning of the file alone */
    line_check_line(line->text, SV("{\"parentUuid\":"), &scan);
    must(s->line.from == line->offset && s->has_newline == line->has_newline);
    must((s->shape == JSON_STREAM_RECORD) == (scan.kind == LINE_CHECK_WHOLE));
    must((s->shape == JSON_STREAM_BLANK) == (scan.kind == LINE_CHECK_BLANK));
    if (s->shape != JSON_STREAM_RECORD)
        return;
    must(s->record.from == line->offset + (int64_t)scan.pieces[0].from);
    must(s->record.to == line->offset + (int64_t)scan.pieces[0].to);
    for (int m = 0; m < JSON_STREAM_MEMBERS; m++)
        if (s->members[m].kind != JSON_STREAM_ABSENT) {
            must_be_within(s->members[m].span, s->record);
            must(s->members[m].n <= JSON_STREAM_TEXT_MAX);
        }
    for (size_t i = 0; i < s->block_count; i++)
        check_block(s, &s->blocks[i]);
    for (size_t i = 0; i < s->bad_text_count; i++)
        must_be_within((struct json_stream_span){s->bad_text[i].offset,
                                                 s->bad_text[i].offset + s->bad_text[i].length},
                       s->record);
    if (s->text.to)
        must_be_within(s->text, s->members[JSON_STREAM_CONTENT].span);
}

static void must_be_alike(const struct json_stream *a, const struct json_stream *b)
{
    must(a->shape == b->shape && a->block_count == b->block_count);
    must(a->bad_text_count == b->bad_text_count);
    must(a->text.from == b->text.from && a->text.to == b->text.to);
    if (a->shape != JSON_STREAM_RECORD)
        return;
    for (int m = 0; m < JSON_STREAM_MEMBERS; m++) {
        must(a->members[m].kind == b->members[m].kind && a->members[m].n == b->members[m].n);
        must(memcmp(a->members[m].text, b->members[m].text, a->members[m].n) == 0);
    }
    for (size_t i = 0; i < a->block_count; i++) {
        const struct json_stream_block *x = &a->blocks[i], *y = &b->blocks[i];
        must(x->kind == y->kind && x->tool == y->tool && x->width == y->width);
        must(x->span.from == y->span.from && x->span.to == y->span.to);
    }
}

static void feed_line(struct json_stream *s, struct sv file, size_t *at, size_t piece)
{
    while (*at < file.n && !s->is_over) {
        size_t n = file.n - *at < piece ? file.n - *at : piece;
        *at += json_stream_feed(s, file.p + *at, n);
    }
    if (!s->is_over)
        json_stream_end(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct json_stream whole, pieces;
    if (size < 1)
        return 0;
    struct sv file = {(const char *)data + 1, size - 1};
    struct lines it = lines_of(file, 0);
    struct line line;
    size_t a = 0, b = 0;
    json_stream_begin(&whole, 0);
    json_stream_begin(&pieces, 0);
    whole.keeps_bad_text = true;
    while (lines_next(&it, &line)) {
        feed_line(&whole, file, &a, file.n);
        feed_line(&pieces, file, &b, data[0] % 32u + 1);
        must(a == b &&
             a == (size_t)(line.offset) + line.text.n + line.has_return + line.has_newline);
        must(whole.is_over && pieces.is_over);
        check_line(&whole, &line);
        must_be_alike(&whole, &pieces);
        json_stream_next(&whole);
        json_stream_next(&pieces);
    }
    must(a == file.n);
    json_stream_end(&whole);
    must(!whole.is_over);
    json_stream_release(&whole);
    json_stream_release(&pieces);
    return 0;
}
