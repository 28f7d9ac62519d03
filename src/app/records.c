#include "app/records.h"

#include "base/io/fs.h"
#include "jsonl/thin_record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 1024 * 1024 };

void records_end(struct records *r)
{
    fs_close(&r->fd);
}

static int open_one(struct records *r, size_t file)
{
    struct fs_file opened;
    if (r->fd >= 0 && r->file == file)
        return 0;
    fs_close(&r->fd);
    int code = file == 0 && r->rows
                   ? agent_open_records(r->agent, r->store, r->rows, AGENT_WHOLE, &opened)
                   : fs_open_linked(AT_FDCWD, r->files[file], &opened);
    if (code < 0)
        return code;
    r->fd = opened.fd;
    r->file = file;
    return 0;
}

/* How many of the bytes are whole lines; before `from` no line ends. */
static size_t whole_lines(const struct buf *b, size_t from)
{
    const char *last = memrchr(b->p + from, '\n', b->n - from);
    return last ? (size_t)(last - b->p) + 1 : 0;
}

/*
 * Thins bytes of the file from an offset on, to the end of their line or to length; 0: to the
 * former alone. Returns: how many those are, without the newline; or negative errno.
 */
static int64_t thin_line(struct records *r, int64_t offset, int64_t length, struct thin_record *t)
{
    char *bytes = mem_resize(NULL, PIECE);
    int64_t done = 0;
    bool is_over = false;
    while (!is_over && (length == 0 || done < length)) {
        size_t wanted = length && length - done < PIECE ? (size_t)(length - done) : PIECE;
        ssize_t got = fs_read_at(r->fd, bytes, wanted, offset + done);
        if (got <= 0) {
            done = got < 0 ? got : done;
            break;
        }
        struct sv rest = {bytes, (size_t)got}, part;
        is_over = sv_cut_line(&rest, &part);
        thin_record_feed(t, part.p, part.n);
        done += (int64_t)part.n;
    }
    free(bytes);
    return done;
}

/* A line that is longer than what is held of it. Returns: its bytes, or negative errno. */
static int64_t add_long(struct records *r, size_t file, int64_t offset, struct conversation *c)
{
    struct thin_record t = {0};
    int64_t n = thin_line(r, offset, 0, &t);
    if (n > 0)
        conversation_add_long(c, (struct sv){t.out.p, t.out.n}, offset, n, file);
    thin_record_release(&t);
    return n;
}

int records_add(struct records *r, size_t file, struct conversation *c)
{
    BUF_RELEASE struct buf held = {0};
    int64_t offset = 0; /* of held, in the file */
    ssize_t got = open_one(r, file);
    if (got < 0)
        return (int)got;
    do {
        if (held.n > THIN_RECORD_FROM) {
            int64_t n = add_long(r, file, offset, c);
            held.n = 0;
            got = n < 0 ? (ssize_t)n : 0;
            if (n < 0)
                break;
            offset += n + 1;
        }
        size_t before = held.n;
        buf_fill(&held, '\0', PIECE);
        got = fs_read_at(r->fd, held.p + before, PIECE, offset + (int64_t)before);
        held.n = before + (got > 0 ? (size_t)got : 0);
        size_t n = got > 0 ? whole_lines(&held, before) : held.n;
        conversation_add(c, (struct sv){held.p, n}, offset, file);
        if (n)
            memmove(held.p, held.p + n, held.n - n);
        held.n -= n;
        offset += (int64_t)n;
    } while (got > 0);
    return (int)got;
}

int records_read(struct records *r, const struct conversation_item *item, struct arena *a,
                 struct sv *text)
{
    int code = open_one(r, item->file);
    if (code < 0)
        return code;
    if (item->length > THIN_RECORD_FROM) {
        struct thin_record t = {0};
        int64_t n = thin_line(r, item->offset, item->length, &t);
        if (n == item->length)
            *text = (struct sv){arena_strndup(a, t.out.p, t.out.n), t.out.n};
        thin_record_release(&t);
        return n < 0 ? (int)n : n < item->length ? -ENODATA : 0;
    }
    char *bytes = arena_alloc(a, (size_t)item->length + 1);
    ssize_t got = fs_read_at(r->fd, bytes, (size_t)item->length, item->offset);
    if (got != item->length)
        return got < 0 ? (int)got : -ENODATA;
    bytes[got] = '\0';
    *text = (struct sv){bytes, (size_t)got};
    return 0;
}
