#include "backup/io/copy.h"

#include "backup/io/stream.h"
#include "base/io/durable.h"
#include "base/io/os.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    TRIES = 5,
    TAIL_PIECE = 64 * 1024,
    WRITEBACK_BYTES =
        8 * 1024 * 1024, /* handed to the disk early, so that fsync finds less to do */
};

const char *copy_state_word(enum copy_state state)
{
    static const char *const words[] = {"stable", "grew", "unstable", "missing"};
    return words[state];
}

/* One try: the source as it was, and its copy. */
struct attempt {
    const struct copy_request *request;
    struct fs_file source;
    int to;
    int64_t written, sent; /* bytes; of these, on their way to the disk */
    bool has_failed_writing;
};

/* What is said of the source by a call that failed: nothing, where it was we who lacked something.
 */
static int failed_on_source(int code)
{
    return code == -ENOMEM || code == -EMFILE || code == -ENFILE ? code : COPY_SOURCE_FAILED;
}

static int put(void *context, const char *bytes, size_t n)
{
    struct attempt *a = context;
    int r = durable_write(a->to, bytes, n);
    a->has_failed_writing = r < 0;
    if (r < 0)
        return r;
    a->written += (int64_t)n;
    if (a->written - a->sent >= WRITEBACK_BYTES) {
        os_write_out(a->to, a->sent, a->written - a->sent);
        a->sent = a->written;
    }
    if (a->request->progress)
        a->request->progress(a->request->context, (int64_t)n);
    return 0;
}

/*
 * A clone shares the source's blocks, and is the file at one moment whatever
 * is written meanwhile. Not every file system can (btrfs, XFS, bcachefs).
 * Returns: bytes, or negative errno.
 */
static int64_t share_blocks(struct attempt *a)
{
    struct stat st;
    int r = os_clone(a->to, a->source.fd);
    if (r < 0)
        return r;
    return fstat(a->to, &st) < 0 ? -errno : st.st_size;
}

/* The last byte behind a newline among the first n bytes; n where there is nothing behind it. */
static int64_t line_end(int fd, int64_t n)
{
    char bytes[TAIL_PIECE];
    for (int64_t to = n; to > 0;) {
        int64_t from = to > TAIL_PIECE ? to - TAIL_PIECE : 0;
        ssize_t got = fs_read_at(fd, bytes, (size_t)(to - from), from);
        if (got < to - from)
            return got < 0 ? got : -EIO;
        const char *newline = memrchr(bytes, '\n', (size_t)got);
        if (newline)
            return from + (newline - bytes) + 1;
        to = from;
    }
    return 0;
}

static bool is_same_state(const struct fs_file *a, const struct fs_file *b)
{
    return a->inode == b->inode && a->device == b->device && a->size_bytes == b->size_bytes &&
           a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

/* Moves what stands behind the last line end into a file of its own. */
static int set_torn_apart(struct attempt *a, int64_t from, int64_t size, struct sr_error *error)
{
    const struct copy_request *q = a->request;
    char bytes[TAIL_PIECE];
    int r = durable_create(q->torn_at, q->torn);
    if (r < 0)
        return err_set(error, r, "create %s: %s", q->torn, err_reason(r));
    FS_CLOSE int fd = r;
    while (from < size && r >= 0) {
        ssize_t n = fs_read_at(a->to, bytes, sizeof bytes, from);
        r = n <= 0 ? (n < 0 ? (int)n : -EIO) : durable_write(fd, bytes, (size_t)n);
        from += n;
    }
    if (r >= 0)
        r = durable_sync(fd);
    return r < 0 ? err_set(error, r, "write %s: %s", q->torn, err_reason(r)) : 0;
}

/* Is the name still that of the file that is open? */
static bool is_replaced(const struct copy_request *q, const struct fs_file *source)
{
    struct stat st;
    return fstatat(q->from_at, q->from, &st, 0) == 0 &&
           (st.st_ino != source->inode || st.st_dev != source->device);
}

/* Ends the copy at its last line end; what is behind goes into a file of its own. */
static int cut_at_line_end(struct attempt *a, int64_t whole, struct copied *copied,
                           struct sr_error *error)
{
    int r = set_torn_apart(a, whole, copied->size_bytes, error);
    if (r < 0)
        return r;
    if (ftruncate(a->to, whole) < 0)
        return err_set(error, -errno, "cut %s: %s", a->request->to_shown, err_reason(-errno));
    copied->torn_bytes = copied->size_bytes - whole;
    copied->size_bytes = whole;
    copied->ends_in_newline = true;
    return 0;
}

/*
 * The source changed while it was read. Did it only grow? Then the bytes that
 * were copied still stand in it. A clone needs no such witness.
 * Returns: 0 with state and digest, or an error.
 */
static int compare_again(struct attempt *a, bool is_clone, struct copied *copied,
                         struct sr_error *error)
{
    char of_source[DIGEST_TEXT_SIZE];
    int64_t n = stream_read(a->to, copied->size_bytes, NULL, NULL, copied->sha256);
    int64_t again = n;
    if (n >= 0 && !is_clone)
        again = stream_read(a->source.fd, copied->size_bytes, NULL, NULL, of_source);
    if (n < 0 || again < 0) {
        int r = (int)(n < 0 ? n : again);
        err_set(error, r, "read %s again: %s", a->request->from_shown, err_reason(r));
        return n < 0 ? r : failed_on_source(r);
    }
    bool stands = is_clone || (again == n && strcmp(of_source, copied->sha256) == 0);
    copied->state = stands ? COPY_GREW : COPY_UNSTABLE;
    return 0;
}

/* Fills the new file with what the source holds now. Returns: 0 with *copied, or an error. */
static int fill(struct attempt *a, struct copied *copied, struct sr_error *error)
{
    const struct copy_request *q = a->request;
    struct fs_file after = a->source;
    int64_t shared = a->source.size_bytes > TAIL_PIECE ? share_blocks(a) : -EOPNOTSUPP;
    bool is_clone = shared >= 0;
    int64_t n = is_clone ? stream_read(a->source.fd, shared, NULL, NULL, copied->sha256)
                         : stream_read(a->source.fd, a->source.size_bytes, put, a, copied->sha256);
    int r = n < 0 ? (int)n : fs_look_again(&after);
    if (r < 0) {
        err_set(error, r, "copy %s to %s: %s", q->from_shown, q->to_shown, err_reason(r));
        return a->has_failed_writing ? r : failed_on_source(r);
    }

    bool changed = n != a->source.size_bytes || !is_same_state(&a->source, &after);
    if (is_clone)
        n = shared; /* whatever the source has become since */
    int64_t whole = line_end(a->to, n);
    if (whole < 0)
        return err_set(error, (int)whole, "read %s: %s", q->to_shown, err_reason((int)whole));
    copied->size_bytes = n;
    copied->ends_in_newline = whole == n;
    copied->source = a->source;
    if (!changed)
        return 0;
    if (q->is_lines && whole < n)
        r = cut_at_line_end(a, whole, copied, error);
    return r < 0 ? r : compare_again(a, is_clone, copied, error);
}

/* Returns: 0; -EAGAIN when the source was rewritten or replaced meanwhile; or an error. */
static int attempt(struct attempt *a, bool is_last, struct copied *out, struct sr_error *error)
{
    const struct copy_request *q = a->request;
    struct copied copied = {.state = COPY_STABLE};
    int r = fill(a, &copied, error);
    if (r != 0)
        return r;
    if (!is_last && (copied.state == COPY_UNSTABLE || is_replaced(q, &a->source)))
        return -EAGAIN;
    r = durable_sync(a->to);
    if (r < 0)
        return err_set(error, r, "sync %s: %s", q->to_shown, err_reason(r));
    r = readback_check(q->to_at, q->to, copied.size_bytes, copied.sha256, &copied.read_back);
    if (r < 0)
        return err_set(error, r, "read back %s: %s", q->to_shown,
                       r == -EIO ? "it is not what was written, or cannot be read" : err_reason(r));
    copied.source.fd = -1;
    *out = copied;
    return 0;
}

/* One whole try; what it made is removed when it has to be made again. */
static int try_once(const struct copy_request *q, bool is_last, struct copied *out,
                    struct sr_error *error)
{
    struct attempt a = {.request = q};
    int r = fs_open_file_beneath(q->from_at, q->from, &a.source);
    if (r < 0) {
        err_set(error, r, "open %s: %s", q->from_shown, err_reason(r));
        return failed_on_source(r);
    }
    a.to = durable_create(q->to_at, q->to);
    if (a.to < 0)
        r = err_set(error, a.to, "create %s: %s", q->to_shown, err_reason(a.to));
    else
        r = attempt(&a, is_last, out, error);
    fs_close(&a.source.fd);
    fs_close(&a.to);
    if (r == -EAGAIN || r == COPY_SOURCE_FAILED) {
        durable_remove(q->to_at, q->to);
        durable_remove(q->torn_at, q->torn);
    }
    return r;
}

int copy_file(const struct copy_request *q, struct copied *out, struct sr_error *error)
{
    int r = -EAGAIN;
    for (int i = 1; i <= TRIES && r == -EAGAIN; i++)
        r = try_once(q, i == TRIES, out, error);
    return r;
}
