#include "app/records.h"

#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum { PIECE = 1024 * 1024 };

void records_begin(struct records *r, const char *const *files)
{
    *r = (struct records){.files = files, .fd = -1};
}

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
    int code = fs_open_file(AT_FDCWD, r->files[file], &opened);
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

int records_add(struct records *r, size_t file, struct conversation *c)
{
    struct buf held = {0};
    int64_t offset = 0; /* of held, in the file */
    ssize_t got = open_one(r, file);
    if (got < 0)
        return (int)got;
    do {
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
    buf_release(&held);
    return (int)got;
}

int records_read(struct records *r, const struct conversation_item *item, struct arena *a,
                 struct sv *text)
{
    int code = open_one(r, item->file);
    if (code < 0)
        return code;
    char *bytes = arena_alloc(a, (size_t)item->length + 1);
    ssize_t got = fs_read_at(r->fd, bytes, (size_t)item->length, item->offset);
    if (got != item->length)
        return got < 0 ? (int)got : -ENODATA;
    bytes[got] = '\0';
    *text = (struct sv){bytes, (size_t)got};
    return 0;
}
