/* Any bytes as a line: the pieces account for all of them, and hold what they are said to. */
#include "must.h"

#include "base/json.h"
#include "jsonl/line_check.h"

static const struct sv MARK = {"{\"parentUuid\":", 14};

static bool is_filler(struct sv line, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (!strchr(" \t\r\n", line.p[i]) || !line.p[i])
            return i < 3 && sv_starts_with(line, SV("\xef\xbb\xbf"));
    return true;
}

static enum line_check_kind kind_of(struct sv line)
{
    struct line_check scan;
    line_check_line(line, MARK, &scan);
    return scan.kind;
}

/* It is no record as it stands, and one once its control characters are escaped. */
static void check_raw(struct sv raw)
{
    struct buf escaped = {0};
    must(kind_of(raw) != LINE_CHECK_WHOLE);
    line_check_escape(raw, &escaped);
    must(kind_of((struct sv){escaped.p, escaped.n}) == LINE_CHECK_WHOLE);
    buf_release(&escaped);
}

static void check_pieces(struct sv line, const struct line_check *scan)
{
    size_t at = 0, records = 0;
    for (size_t i = 0; i < scan->piece_count; i++) {
        struct line_check_piece piece = scan->pieces[i];
        must(piece.from >= at && piece.from < piece.to && piece.to <= line.n);
        must(is_filler(line, at, piece.from));
        if (piece.kind == LINE_CHECK_RECORD) {
            records++;
            must(kind_of(sv_slice(line, piece.from, piece.to)) == LINE_CHECK_WHOLE);
        }
        if (piece.kind == LINE_CHECK_RAW)
            check_raw(sv_slice(line, piece.from, piece.to));
        at = piece.to;
    }
    must(is_filler(line, at, line.n));
    must(records == scan->record_count);
    must(scan->breaks_at <= line.n);
}

/* What the JSON library reads as an object is whole, whatever else it may be. */
static void check_against_json(struct sv line, const struct line_check *scan)
{
    struct arena arena = {0};
    const struct json_value *root;
    if (!memchr(line.p, '\0', line.n) && json_parse(&arena, line, &root) == 0 &&
        json_is_object(root))
        must(scan->kind == LINE_CHECK_WHOLE);
    arena_release(&arena);
}

static void check_completed(struct sv line)
{
    struct buf out = {0};
    if (line_check_complete(line, &out))
        must(kind_of((struct sv){out.p, out.n}) == LINE_CHECK_WHOLE);
    buf_release(&out);
}

static void check_last_members(struct sv line, const struct line_check *scan)
{
    size_t from = line_check_last_members(line);
    must(from <= line.n);
    if (from == line.n || scan->kind != LINE_CHECK_WHOLE)
        return;
    struct buf object = {0};
    buf_adds(&object, "{");
    buf_add(&object, line.p + from, line.n - from);
    must(kind_of((struct sv){object.p, object.n}) == LINE_CHECK_WHOLE);
    buf_release(&object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sv line = {(const char *)data, size};
    struct line_check scan;
    line_check_line(line, MARK, &scan);
    check_pieces(line, &scan);
    check_against_json(line, &scan);
    check_completed(line);
    check_last_members(line, &scan);
    return 0;
}
