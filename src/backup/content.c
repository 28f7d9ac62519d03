#include "backup/content.h"

#include "base/arena.h"
#include "base/io/fs.h"
#include "jsonl/line_check.h"

#include <stdlib.h>
#include <string.h>

enum {
    PIECE = 64 * 1024,
    LINE_LIMIT = 256 * 1024 * 1024, /* no client reads or writes a record so long */
};

static enum content of_record(const struct event_reader *reader, struct sv record)
{
    ARENA_RELEASE struct arena scratch = {0};
    struct event e;
    enum content found = CONTENT_NONE;
    if (reader->read(&scratch, record, &e) == 0) {
        bool is_metadata = e.kind == EVENT_METADATA || e.kind == EVENT_TITLE ||
                           (e.kind == EVENT_OTHER && !e.uuid.n);
        found = is_metadata ? CONTENT_METADATA : CONTENT_CONVERSATION;
    }
    return found;
}

static enum content of_line(const struct event_reader *reader, struct sv line)
{
    struct line_check_piece *pieces;
    size_t count;
    enum content found = CONTENT_NONE;
    line_check_pieces(line, reader->record_start, &pieces, &count);
    for (size_t i = 0; i < count && found != CONTENT_CONVERSATION; i++) {
        if (pieces[i].kind != LINE_CHECK_RECORD)
            continue;
        enum content one = of_record(reader, sv_slice(line, pieces[i].from, pieces[i].to));
        found = one > found ? one : found;
    }
    free(pieces);
    return found;
}

/* Takes in what is read, a line at a time; line: what there is of the last one. */
static enum content feed(const struct event_reader *reader, struct buf *line, struct sv bytes)
{
    enum content found = CONTENT_NONE;
    while (bytes.n && found != CONTENT_CONVERSATION) {
        struct sv part;
        bool ends = sv_cut_line(&bytes, &part);
        while (!line->n && part.n && !*part.p) /* NULs, maybe a disk full of them */
            part = sv_slice(part, 1, part.n);
        if (line->n + part.n <= LINE_LIMIT)
            buf_add(line, part.p, part.n);
        if (!ends)
            break;
        enum content one = of_line(reader, (struct sv){line->p, line->n});
        found = one > found ? one : found;
        line->n = 0;
    }
    return found;
}

int content_read_open(int fd, const struct event_reader *reader, enum content *out)
{
    BUF_RELEASE struct buf line = {0};
    enum content found = CONTENT_NONE;
    struct fs_pieces p = {.fd = fd, .size = PIECE};
    struct sv piece;
    while (found != CONTENT_CONVERSATION && fs_next_piece(&p, &piece)) {
        enum content one = feed(reader, &line, piece);
        found = one > found ? one : found;
    }
    if (found != CONTENT_CONVERSATION) {
        enum content last = of_line(reader, (struct sv){line.p, line.n});
        found = last > found ? last : found;
    }
    int r = fs_end_pieces(&p);
    if (r == 0)
        *out = found;
    return r;
}

int content_read(int at, const char *path, const struct event_reader *reader, enum content *out)
{
    struct fs_file file;
    int r = fs_open_file(at, path, &file);
    if (r < 0)
        return r;
    r = content_read_open(file.fd, reader, out);
    fs_close(&file.fd);
    return r;
}
