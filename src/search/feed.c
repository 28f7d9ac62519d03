#include "search/feed.h"

#include "jsonl/line_check.h"
#include "jsonl/lines.h"
#include "jsonl/thin_record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    READ = 1024 * 1024,
    /* of transcripts in one transaction: an interrupted first index goes on from the last one, and
     * the log of changes stays short */
    COMMIT_BYTES = 64 * 1024 * 1024,
    TAIL = 4096, /* bytes before the place that was reached, which tell a file that was replaced */
};

struct reading {
    const struct feed *feed;
    const struct fs_file *file;
    struct index_file *known;
    struct thin_record pending; /* a line that is not whole yet, from known->read_bytes */
    int64_t pending_bytes;      /* of it, so far */
    struct buf words, split;
};

bool feed_is_known(const struct index_file *known, const struct fs_file *seen)
{
    return known->device == seen->device && known->inode == seen->inode &&
           (known->size_bytes == seen->size_bytes ||
            (seen->size_bytes < 0 && known->size_bytes >= 0)) &&
           known->mtime_ns == seen->mtime_ns && !known->is_unsettled;
}

/* ---- records ------------------------------------------------------------------------------ */

/* What a record is known by: copies of it in other files have the same. Where records are no chain,
 * one may be rewritten under its id, or have none and say what another said. */
static int64_t key_of(const struct event_reader *reader, const struct event *e, struct sv words)
{
    if (reader->is_chained)
        return index_key(e->uuid.n ? e->uuid : words);
    return (int64_t)((uint64_t)index_key(words) + (uint64_t)index_key(e->uuid) * 31 +
                     (uint64_t)e->at.ms);
}

/* Prompts that wait in a queue come again as prompts; what no person or model said is not found. */
static bool is_worth_finding(const struct event *e, struct sv words)
{
    switch (e->kind) {
    case EVENT_OTHER:
    case EVENT_METADATA:
    case EVENT_NOTE:
    case EVENT_ENQUEUE:
    case EVENT_DEQUEUE:
    case EVENT_QUEUE_REMOVE:
    case EVENT_QUEUE_CLEAR:
    case EVENT_INTERRUPTED:
    case EVENT_ASK:
    case EVENT_ANSWERED:
        return false;
    default:
        return words.n > 0;
    }
}

static bool read_words(const struct event_reader *reader, struct arena *a, struct sv record,
                       struct event *e, struct message *m, struct buf *words)
{
    words->n = 0;
    if (reader->read_message(a, record, e, m) < 0)
        return false;
    message_add_words(e, m, FEED_WORDS_MAX, words);
    return true;
}

static bool add_record(struct reading *r, struct sv record, int64_t offset)
{
    ARENA_RELEASE struct arena a = {0};
    struct event e;
    struct message m;
    bool is_record = read_words(r->feed->reader, &a, record, &e, &m, &r->words);
    struct sv words = {r->words.p, r->words.n};
    if (is_record && is_worth_finding(&e, words)) {
        r->split.n = 0;
        index_words_add(words, &r->split);
        index_add_message(r->feed->ix, r->known, key_of(r->feed->reader, &e, words), e.at.ms,
                          offset, (struct sv){r->split.p, r->split.n});
    }
    return is_record;
}

/* A record of which only the beginning is there. */
static void add_stub(struct reading *r, struct sv stub, int64_t offset)
{
    BUF_RELEASE struct buf closed = {0};
    if (line_check_complete(stub, &closed))
        add_record(r, (struct sv){closed.p, closed.n}, offset);
}

/* Most lines are one record; of one that is damaged every piece that can be read counts. */
static void add_line(struct reading *r, struct sv line, int64_t offset, bool is_whole)
{
    struct line_check scan;
    if (!line.n || add_record(r, line, offset))
        return;
    line_check_line(line, r->feed->reader->record_start, &scan);
    for (size_t i = 0; i < scan.piece_count; i++) {
        const struct line_check_piece *p = &scan.pieces[i];
        struct sv piece = sv_slice(line, p->from, p->to);
        if (p->kind == LINE_CHECK_RECORD)
            add_record(r, piece, offset + (int64_t)p->from);
        else if ((p->kind == LINE_CHECK_STUB || p->kind == LINE_CHECK_RAW) && is_whole)
            add_stub(r, piece, offset + (int64_t)p->from);
    }
}

/* ---- files -------------------------------------------------------------------------------- */

static int digest_before(int fd, int64_t offset, int64_t *digest)
{
    char bytes[TAIL];
    size_t wanted = offset < TAIL ? (size_t)offset : TAIL;
    ssize_t n = fs_read_at(fd, bytes, wanted, offset - (int64_t)wanted);
    if (n < 0)
        return (int)n;
    *digest = index_key((struct sv){bytes, (size_t)n});
    return 0;
}

static bool was_replaced(const struct fs_file *file, const struct index_file *known)
{
    int64_t digest;
    return known->device != file->device || known->inode != file->inode ||
           file->size_bytes < known->read_bytes ||
           digest_before(file->fd, known->read_bytes, &digest) < 0 || digest != known->digest;
}

/* One read's bytes: takes the lines that end in them. */
static void take(struct reading *r, struct sv bytes)
{
    while (bytes.n) {
        struct sv line;
        bool ends = sv_cut_line(&bytes, &line);
        int64_t n = (int64_t)line.n;
        if (!ends || r->pending_bytes) {
            thin_record_feed(&r->pending, line.p, line.n);
            line = (struct sv){r->pending.out.p, r->pending.out.n};
        }
        r->pending_bytes += n;
        if (!ends)
            return;
        add_line(r, line, r->known->read_bytes, true);
        r->known->read_bytes += r->pending_bytes + 1;
        thin_record_next(&r->pending);
        r->pending_bytes = 0;
    }
}

static void save(struct reading *r, bool is_done)
{
    struct index_file *known = r->known;
    if (is_done && known->is_unsettled)
        index_settle(r->feed->ix, known);
    /* until all was read, it is not as the index knows it */
    known->size_bytes = is_done ? r->file->size_bytes : -1;
    if (digest_before(r->file->fd, known->read_bytes, &known->digest) < 0)
        known->size_bytes = -1;
    index_save_file(r->feed->ix, r->feed->root, r->feed->path, known);
}

static void commit(struct reading *r)
{
    save(r, false);
    index_commit(r->feed->ix);
    index_begin(r->feed->ix);
}

static int read_on(struct reading *r)
{
    struct fs_pieces p = {.fd = r->file->fd, .size = READ, .offset = r->known->read_bytes};
    struct sv piece;
    while (fs_next_piece(&p, &piece) && index_code(r->feed->ix, NULL) == 0) {
        take(r, piece);
        r->feed->ix->uncommitted_bytes += (int64_t)piece.n;
        if (r->feed->progress)
            r->feed->progress(r->feed->context, (int64_t)piece.n);
        if (r->feed->ix->uncommitted_bytes >= COMMIT_BYTES)
            commit(r);
    }
    return fs_end_pieces(&p);
}

int feed_file(const struct feed *feed, const struct fs_file *file, struct index_file *known)
{
    struct reading r = {.feed = feed, .file = file, .known = known};
    if (!known->id) {
        known->session = index_session(feed->ix, feed->session_id);
        index_save_file(feed->ix, feed->root, feed->path, known);
    } else if (was_replaced(file, known)) {
        index_unsettle(feed->ix, known);
    }
    known->device = file->device;
    known->inode = file->inode;
    known->mtime_ns = file->mtime_ns;
    int code = read_on(&r);
    /* The last line has no end yet: where it is a record, it is found, and read again next time. */
    if (r.pending_bytes && code == 0)
        add_line(&r, (struct sv){r.pending.out.p, r.pending.out.n}, known->read_bytes, false);
    save(&r, code == 0);
    thin_record_release(&r.pending);
    buf_release(&r.words);
    buf_release(&r.split);
    return code;
}

/* ---- reading again ------------------------------------------------------------------------ */

static int read_line_at(int fd, int64_t offset, struct thin_record *line)
{
    struct fs_pieces p = {.fd = fd, .size = 64 * 1024, .offset = offset};
    bool ends = false;
    for (struct sv rest, part; !ends && fs_next_piece(&p, &rest);) {
        ends = sv_cut_line(&rest, &part);
        thin_record_feed(line, part.p, part.n);
    }
    return fs_end_pieces(&p);
}

static bool is_it(const struct event_reader *reader, struct arena *a, struct sv record, int64_t key,
                  struct event *e, struct message *m, struct buf *words)
{
    return read_words(reader, a, record, e, m, words) &&
           key_of(reader, e, (struct sv){words->p, words->n}) == key;
}

int feed_read_record(const struct event_reader *reader, int fd, int64_t offset, int64_t key,
                     struct arena *a, struct event *e, struct message *m)
{
    struct thin_record line = {0};
    BUF_RELEASE struct buf words = {0}, closed = {0};
    struct line_check scan;
    int r = read_line_at(fd, offset, &line);
    struct sv text = {line.out.p, line.out.n};
    if (r == 0 && text.n && !is_it(reader, a, text, key, e, m, &words)) {
        line_check_line(text, reader->record_start, &scan);
        struct sv first = sv_slice(text, scan.pieces[0].from, scan.pieces[0].to);
        if (scan.piece_count &&
            (scan.pieces[0].kind == LINE_CHECK_STUB || scan.pieces[0].kind == LINE_CHECK_RAW) &&
            line_check_complete(first, &closed))
            first = (struct sv){closed.p, closed.n};
        if (!scan.piece_count || !is_it(reader, a, first, key, e, m, &words))
            r = -ENODATA;
    } else if (r == 0 && !text.n) {
        r = -ENODATA;
    }
    thin_record_release(&line);
    return r;
}
