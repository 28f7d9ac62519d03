#include "backup/verify.h"

#include "backup/io/stream.h"
#include "backup/io/sums.h"
#include "base/io/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum {
    SUMS_LIMIT = 256 * 1024 * 1024, /* a million files */
    MANIFEST_LIMIT = 1024 * 1024 * 1024,
    COMPARE_PIECE = 64 * 1024,
};

const char *verify_word(enum verify_verdict verdict)
{
    static const char *const words[] = {"verified",   "damaged",
                                        "incomplete", "manifest missing",
                                        "incomplete", "verified, no transcript"};
    return words[verdict];
}

bool verify_holds(const struct verified *v)
{
    return verify_is_all(v) || v->verdict == VERIFY_LACKING;
}

bool verify_is_all(const struct verified *v)
{
    return v->verdict == VERIFY_SOUND || v->verdict == VERIFY_REST;
}

struct check {
    const struct backup_dir *pending;
    struct arena *arena;
    struct verified *out;
};

static void find_at(struct check *c, enum verify_verdict verdict, const char *path,
                    const char *what)
{
    *ARENA_PUSH(c->arena, c->out->findings, c->out->finding_count, c->out->finding_capacity) =
        (struct verify_finding){path, what};
    if (c->out->verdict == VERIFY_SOUND)
        c->out->verdict = verdict;
}

static void find(struct check *c, enum verify_verdict verdict, const char *file, const char *what)
{
    find_at(c, verdict, arena_printf(c->arena, "%s/%s", c->pending->path, file), what);
}

/* Where two files first differ within length bytes; length where they do not; or negative errno. */
static int64_t first_difference(int a, int b, int64_t length)
{
    char x[COMPARE_PIECE], y[COMPARE_PIECE];
    for (int64_t at = 0; at < length;) {
        size_t wanted = length - at < COMPARE_PIECE ? (size_t)(length - at) : COMPARE_PIECE;
        ssize_t n = fs_read_at(a, x, wanted, at), m = fs_read_at(b, y, wanted, at);
        if (n <= 0 || m != n)
            return n < 0 ? n : m < 0 ? m : -EIO;
        for (ssize_t i = 0; i < n; i++)
            if (x[i] != y[i])
                return at + i;
        at += n;
    }
    return length;
}

/* A digest does not say where. The source does, as long as it still begins as it was copied. */
static const char *say_where(struct check *c, int fd, const struct manifest_file *f)
{
    struct fs_file source;
    char sha256[DIGEST_TEXT_SIZE];
    int64_t at = -1;
    if (f->source && fs_open_file(AT_FDCWD, f->source, &source) == 0) {
        if (stream_read(source.fd, f->copied.size_bytes, NULL, NULL, sha256) ==
                f->copied.size_bytes &&
            strcmp(sha256, f->copied.sha256) == 0)
            at = first_difference(fd, source.fd, f->copied.size_bytes);
        fs_close(&source.fd);
    }
    return at >= 0 ? arena_printf(c->arena, "differs from %s, first at byte %lld", f->source,
                                  (long long)at)
                   : "its contents have changed (SHA-256 differs)";
}

/* f NULL: the manifest itself, or a file that the manifest does not tell of. */
static void check_file(struct check *c, const struct sum *sum, const struct manifest_file *f,
                       bool is_manifest)
{
    struct fs_file file;
    int r = fs_open_file_beneath(c->pending->fd, sum->name, &file);
    if (r < 0) {
        find(c, VERIFY_DAMAGED, sum->name, r == -ENOENT ? "is missing" : err_reason(r));
        return;
    }
    char sha256[DIGEST_TEXT_SIZE];
    int64_t n = readback_digest(file.fd, sha256, NULL);
    if (n < 0)
        find(c, VERIFY_DAMAGED, sum->name, err_reason((int)n));
    else if (f && n != f->copied.size_bytes)
        find(c, VERIFY_DAMAGED, sum->name,
             arena_printf(c->arena, "is %lld bytes long, not %lld", (long long)n,
                          (long long)f->copied.size_bytes));
    else if (strcmp(sha256, sum->sha256) != 0)
        find(c, VERIFY_DAMAGED, sum->name,
             f ? say_where(c, file.fd, f) : "its contents have changed (SHA-256 differs)");
    if (n > 0 && !is_manifest)
        c->out->total_bytes += n;
    fs_close(&file.fd);
}

int verify_read_manifest(const struct backup_dir *p, const char *stem, struct arena *a,
                         struct manifest *out)
{
    struct sv text;
    const char *wrong;
    int r = fs_read_small(p->fd, arena_printf(a, "%s.json", stem), MANIFEST_LIMIT, a, &text);
    return r < 0 ? r : manifest_parse(a, text, out, &wrong);
}

/* The manifest tells of the same files in the same order; its own sum is the last. */
static bool agree(const struct manifest *m, const struct sum *sums, size_t count)
{
    if (m->file_count + 1 != count)
        return false;
    for (size_t i = 0; i < m->file_count; i++)
        if (strcmp(m->files[i].copied.sha256, sums[i].sha256) != 0)
            return false;
    return true;
}

/* What could not be copied. A transcript that was gone is named there too, and counted. */
static void check_left_out(struct check *c)
{
    const struct manifest *m = &c->out->manifest;
    bool is_rest = m->file_count && m->files[0].copied.state == COPY_MISSING && m->lost_count == 1;
    for (size_t i = 0; i < m->left_out_count; i++)
        if (m->left_out[i].is_lost)
            find_at(c, is_rest ? VERIFY_REST : VERIFY_LACKING, m->left_out[i].path,
                    arena_printf(c->arena, "is not in it: %s", m->left_out[i].why));
}

void verify_backup(const struct backup_dir *p, const char *stem, struct arena *a,
                   struct verified *out)
{
    *out = (struct verified){.verdict = VERIFY_SOUND};
    struct check c = {p, a, out};
    const char *sums_name = arena_printf(a, "%s.sha256", stem);
    const char *manifest_name = arena_printf(a, "%s.json", stem);

    struct sv text;
    struct sum *sums;
    size_t count;
    int r = fs_read_small(p->fd, sums_name, SUMS_LIMIT, a, &text);
    if (r < 0) {
        find(&c, r == -ENOENT ? VERIFY_INCOMPLETE : VERIFY_DAMAGED, sums_name,
             r == -ENOENT ? "is missing" : err_reason(r));
        return;
    }
    if (sums_parse(a, text, &sums, &count) < 0 || count == 0) {
        find(&c, VERIFY_DAMAGED, sums_name, "is not a list of sums");
        return;
    }
    r = verify_read_manifest(p, stem, a, &out->manifest);
    bool has_manifest = r == 0 && agree(&out->manifest, sums, count);
    if (r == -ENOENT)
        find(&c, VERIFY_NO_MANIFEST, manifest_name, "is missing");
    else if (!has_manifest)
        find(&c, VERIFY_DAMAGED, manifest_name,
             r < 0 && r != -EBADMSG ? err_reason(r) : "does not tell of the files in the sums");

    const char **names = arena_alloc(a, count * sizeof *names);
    for (size_t i = 0; i < count; i++) {
        names[i] = sums[i].name;
        bool is_manifest = str_equals(sums[i].name, manifest_name);
        if (is_manifest && r < 0)
            continue; /* said already */
        const struct manifest_file *f =
            has_manifest && !is_manifest ? &out->manifest.files[i] : NULL;
        check_file(&c, &sums[i], f, is_manifest);
        out->file_count += !is_manifest && !(f && f->copied.state == COPY_MISSING);
    }
    out->names = names;
    if (has_manifest)
        check_left_out(&c);
}
