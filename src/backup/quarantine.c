#include "backup/quarantine.h"

#include "backup/backup_dir.h"
#include "base/io/durable.h"
#include "base/io/fs.h"
#include "base/json.h"
#include "jsonl/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define UNFINISHED ".quarantine-"

enum { REPAIRS_MAX = 99, LAST_LINE_MAX = 16 * 1024, PIECE = 48 * 1024 };

static void unfinished_name(const struct quarantine *q, char name[static QUARANTINE_NAME_SIZE])
{
    snprintf(name, QUARANTINE_NAME_SIZE, UNFINISHED "%s", q->stem);
}

/* The first repair of a backup, or a further one. */
static void final_name(const char *stem, int repair, char name[static QUARANTINE_NAME_SIZE])
{
    if (repair == 1)
        snprintf(name, QUARANTINE_NAME_SIZE, "%s.quarantine" BACKUP_TRANSCRIPT, stem);
    else
        snprintf(name, QUARANTINE_NAME_SIZE, "%s.quarantine-%d" BACKUP_TRANSCRIPT, stem, repair);
}

int quarantine_begin(struct quarantine *q, int folder, const char *stem)
{
    char name[QUARANTINE_NAME_SIZE];
    *q = (struct quarantine){.folder = folder, .fd = -1};
    snprintf(q->stem, sizeof q->stem, "%s", stem);
    unfinished_name(q, name);
    int r = durable_remove(folder, name); /* left by a repair that was killed */
    if (r == 0)
        r = durable_create(folder, name);
    if (r < 0)
        return r;
    q->fd = r;
    return 0;
}

static int put_base64(struct quarantine *q, const unsigned char *bytes, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char text[PIECE / 3 * 4];
    size_t length = 0;
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        unsigned a = bytes[i], b = left > 1 ? bytes[i + 1] : 0, c = left > 2 ? bytes[i + 2] : 0;
        text[length++] = digits[a >> 2];
        text[length++] = digits[(a & 3) << 4 | b >> 4];
        text[length++] = left > 1 ? digits[(b & 15) << 2 | c >> 6] : '=';
        text[length++] = left > 2 ? digits[c & 63] : '=';
    }
    return durable_write(q->fd, text, length);
}

/* What is held goes first; what does not fill a group is held again. */
static int put_bytes(struct quarantine *q, const char *bytes, size_t n)
{
    unsigned char piece[PIECE];
    int r = 0;
    while (n && r == 0) {
        size_t taken = n < sizeof piece - q->held_count ? n : sizeof piece - q->held_count;
        memcpy(piece, q->held, q->held_count);
        memcpy(piece + q->held_count, bytes, taken);
        size_t all = q->held_count + taken, whole = all - all % 3;
        q->held_count = all - whole;
        memcpy(q->held, piece + whole, q->held_count);
        r = put_base64(q, piece, whole);
        bytes += taken;
        n -= taken;
    }
    return r;
}

static int end_line(struct quarantine *q)
{
    int r = 0;
    if (!q->is_open)
        return 0;
    if (q->held_count)
        r = put_base64(q, q->held, q->held_count);
    q->held_count = 0;
    q->is_open = false;
    return r == 0 ? durable_write(q->fd, "\"}\n", 3) : r;
}

int quarantine_add(struct quarantine *q, const struct repair_plan_edit *e, const char *bytes,
                   size_t n, bool is_first)
{
    int r = 0;
    if (is_first) {
        BUF_RELEASE struct buf line = {0};
        r = end_line(q);
        buf_addf(&line,
                 "{\"line\":%u,\"offset\":%lld,\"length\":%lld,\"kind\":\"%s\",\"action\":\"%s\","
                 "\"base64\":\"",
                 e->line, (long long)e->from, (long long)(e->to - e->from), damages[e->kind].word,
                 damage_cure_word(e->action));
        if (r == 0)
            r = durable_write(q->fd, line.p, line.n);
        q->is_open = true;
    }
    return r == 0 ? put_bytes(q, bytes, n) : r;
}

static void put_text(struct json_document *d, struct json_node *root,
                     const struct quarantine_text *of)
{
    struct json_node *text = json_put_object(d, root, "lines_are_of");
    json_put_string(d, text, "encoding", of->encoding);
    json_put_integer(d, text, "joined_records", (int64_t)of->joined_records);
    json_put_integer(d, text, "size_bytes", of->size_bytes);
    json_put_string(d, text, "sha256", of->sha256);
}

int quarantine_end(struct quarantine *q, const char *path, int64_t size_bytes, const char *sha256,
                   const struct quarantine_text *of)
{
    BUF_RELEASE struct buf line = {0};
    struct json_document *d = json_document_new();
    struct json_node *root = json_object(d), *made = json_object(d);
    json_put_string(d, made, "path", path);
    json_put_integer(d, made, "size_bytes", size_bytes);
    json_put_string(d, made, "sha256", sha256);
    json_put(d, root, "repaired", made);
    if (of)
        put_text(d, root, of);
    json_finish(d, root, true, &line);
    int r = end_line(q);
    if (r == 0)
        r = durable_write(q->fd, line.p, line.n);
    if (r == 0)
        r = durable_sync(q->fd);
    return r;
}

int quarantine_publish(struct quarantine *q, char name[static QUARANTINE_NAME_SIZE])
{
    char unfinished[QUARANTINE_NAME_SIZE];
    unfinished_name(q, unfinished);
    int r = -EEXIST;
    for (int i = 1; i <= REPAIRS_MAX && r == -EEXIST; i++) {
        final_name(q->stem, i, name);
        r = durable_publish(q->folder, unfinished, q->folder, name);
    }
    if (r == 0)
        fs_close(&q->fd);
    return r;
}

void quarantine_release(struct quarantine *q)
{
    char name[QUARANTINE_NAME_SIZE];
    if (q->fd < 0)
        return;
    unfinished_name(q, name);
    fs_close(&q->fd);
    durable_remove(q->folder, name);
}

/* The last line of a file. Returns: false where it is too long, or there is none. */
static bool read_last_line(int folder, const char *name, struct arena *a, struct sv *line)
{
    struct fs_file file;
    char *bytes = arena_alloc(a, LAST_LINE_MAX);
    if (fs_open_file_beneath(folder, name, &file) < 0)
        return false;
    int64_t from = file.size_bytes > LAST_LINE_MAX ? file.size_bytes - LAST_LINE_MAX : 0;
    ssize_t n = fs_read_at(file.fd, bytes, LAST_LINE_MAX, from);
    fs_close(&file.fd);
    if (n < 2 || bytes[n - 1] != '\n')
        return false;
    struct lines it = lines_of((struct sv){bytes, (size_t)n}, from);
    struct line last;
    lines_previous(&it, &last);
    *line = last.text;
    return it.rest.n || from == 0;
}

bool quarantine_tells_of(int folder, const char *stem, const char *sha256)
{
    char name[QUARANTINE_NAME_SIZE];
    bool found = false, is_there = true;
    for (int i = 1; i <= REPAIRS_MAX && is_there && !found; i++) {
        ARENA_RELEASE struct arena a = {0};
        struct sv line, told;
        const struct json_value *root;
        final_name(stem, i, name);
        is_there = faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
        found = is_there && read_last_line(folder, name, &a, &line) &&
                json_parse(&a, line, &root) == 0 &&
                json_string(json_path(root, "repaired", "sha256", NULL), &told) &&
                sv_equals(told, sv_of(sha256));
    }
    return found;
}
