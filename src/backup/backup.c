#include "backup/backup.h"

#include "backup/backup_dir.h"
#include "backup/io/copy.h"
#include "backup/io/sums.h"
#include "backup/manifest.h"
#include "backup/verify.h"
#include "base/io/durable.h"
#include "base/io/fs.h"
#include "jsonl/line_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SETTLED_MS = 2000,
    LINES_PIECE = 256 * 1024,
    LINE_LIMIT = 64 * 1024 * 1024,   /* of the prompt history */
    SPARE_BYTES = 4 * 1024 * 1024,   /* for folders, manifest and sums */
    SPARE_BYTES_PER_FILE = 4 * 1024, /* a block is seldom full */
};

/* One session being copied. */
struct job {
    struct backup_run *run;
    const struct backup_source *source;
    struct arena arena;
    struct agent_files files;
    const char *config_dir; /* absolute */
    const char *missing;    /* the name that the transcript would have; NULL: there is one */
    const char *recalled;   /* the name of one from memory; NULL: it is a file */
    int64_t total_bytes, done_bytes;

    const char *previous_stem; /* the newest backup of the same transcript; NULL: none */
    struct manifest previous;

    int partial; /* the folder being filled */
    char stem[BACKUP_DIR_STEM_SIZE];
    struct manifest manifest;
};

/* ---- what is there, and what was there last time ------------------------------------------ */

/* A client's registration changes with every turn, and says nothing that must be kept. */
static bool is_compared(enum agent_file_kind kind)
{
    return kind != AGENT_FILE_RECORD && kind != AGENT_FILE_SALVAGE;
}

static const char *shown(struct job *j, const struct agent_file *f)
{
    return arena_printf(&j->arena, "%s/%s", f->root ? f->root : j->config_dir, f->path);
}

/* A session may lie in several folders: a copy elsewhere is no earlier state of this one. Without a
 * transcript it is what any of them was. */
static void find_previous(struct job *j)
{
    const struct backup_run *run = j->run;
    const char *path = j->source->transcript.path ? shown(j, &j->files.items[0]) : NULL;
    for (size_t i = run->entry_count; i-- > 0 && !j->previous_stem;) {
        const struct backup_dir_entry *e = &run->entries[i];
        if (e->is_complete && str_equals(e->session_id, j->source->transcript.session_id) &&
            verify_read_manifest(&run->pending, e->stem, &j->arena, &j->previous) == 0 &&
            (!path || str_equals(j->previous.files[0].source, path)))
            j->previous_stem = e->stem;
    }
}

static const struct manifest_file *find_file(const struct manifest *m, const char *name)
{
    for (size_t i = 0; i < m->file_count; i++)
        if (!m->files[i].is_torn_tail && str_equals(m->files[i].name, name))
            return &m->files[i];
    return NULL;
}

static size_t count_compared(const struct manifest *m)
{
    size_t n = 0;
    for (size_t i = 0; i < m->file_count; i++)
        n += !m->files[i].is_torn_tail && is_compared(m->files[i].kind);
    return n;
}

/* Appends the lines of a file that hold the mark. too_long: lines that were not looked into.
 * Returns: 0 or negative errno. */
static int extract_lines(const struct agent_file *f, struct fs_file *source, struct buf *out,
                         size_t *too_long)
{
    int r = fs_open_file_beneath(f->at, f->path, source);
    if (r < 0)
        return r;
    struct line_filter marked = {.key = f->key, .mark = f->mark, .limit = LINE_LIMIT};
    struct fs_pieces p = {.fd = source->fd, .size = LINES_PIECE};
    struct sv piece;
    while (fs_next_piece(&p, &piece))
        line_filter_feed(&marked, piece, out);
    r = fs_end_pieces(&p);
    *too_long = marked.too_long;
    line_filter_release(&marked);
    fs_close(&source->fd);
    return r;
}

static void digest_of(const struct buf *text, char sha256[static DIGEST_TEXT_SIZE])
{
    struct digest d;
    digest_init(&d);
    digest_add(&d, text->p ? text->p : "", text->n);
    digest_end(&d, sha256);
}

/*
 * By size, times and inode, which no write leaves as they were: unless it came within the same
 * tick of the clock that files are stamped with as the copy. So a file counts only where it was
 * old when it was copied.
 */
static bool is_settled(const struct job *j, const struct agent_file *now,
                       const struct manifest_file *then)
{
    int64_t old_ns = (j->previous.taken_at.ms - SETTLED_MS) * 1000000;
    const struct fs_file *source = &then->copied.source;
    if (now->rows) /* of rows there is no such time */
        return false;
    return then->copied.state == COPY_STABLE && source->size_bytes == now->seen.size_bytes &&
           source->mtime_ns == now->seen.mtime_ns && source->ctime_ns == now->seen.ctime_ns &&
           source->inode == now->seen.inode && source->device == now->seen.device &&
           now->seen.ctime_ns < old_ns;
}

/* Returns: whether there are such lines, and their digest; or negative errno. */
static int digest_lines(const struct agent_file *f, char sha256[static DIGEST_TEXT_SIZE])
{
    struct fs_file source;
    BUF_RELEASE struct buf lines = {0};
    size_t too_long;
    int r = extract_lines(f, &source, &lines, &too_long);
    bool found = r == 0 && lines.n;
    if (found)
        digest_of(&lines, sha256);
    return r < 0 ? r : found;
}

static size_t count_lost(const struct agent_left_out *items, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += items[i].is_lost;
    return n;
}

static bool is_lost_in(const struct manifest *m, const struct agent_left_out *what)
{
    for (size_t i = 0; i < m->left_out_count; i++)
        if (m->left_out[i].is_lost && str_equals(m->left_out[i].path, what->path) &&
            str_equals(m->left_out[i].why, what->why))
            return true;
    return false;
}

/* What could not be read is the same, for the same reasons. */
static bool lost_the_same(const struct manifest *a, const struct manifest *b)
{
    if (count_lost(a->left_out, a->left_out_count) != count_lost(b->left_out, b->left_out_count))
        return false;
    for (size_t i = 0; i < a->left_out_count; i++)
        if (a->left_out[i].is_lost && !is_lost_in(b, &a->left_out[i]))
            return false;
    return true;
}

static bool looks_unchanged(const struct job *j)
{
    size_t compared = 0;
    /* what could not be read, then or now, perhaps can be by the next try */
    if (j->previous.lost_count || count_lost(j->files.left_out, j->files.left_out_count))
        return false;
    for (size_t i = 0; i < j->files.count; i++) {
        const struct agent_file *now = &j->files.items[i];
        const struct manifest_file *then = find_file(&j->previous, now->name);
        char sha256[DIGEST_TEXT_SIZE];
        if (now->kind == AGENT_FILE_LINES) {
            int found = digest_lines(now, sha256);
            if (found < 0)
                return false;
            if (found == 0)
                continue;
            if (!then || strcmp(then->copied.sha256, sha256) != 0)
                return false;
        } else if (is_compared(now->kind)) {
            if (!then || !is_settled(j, now, then))
                return false;
        }
        compared += is_compared(now->kind);
    }
    return compared == count_compared(&j->previous);
}

/* By what was copied: another machine's clock or inode numbers do not make another backup. */
static bool is_the_same(const struct manifest *a, const struct manifest *b)
{
    if (count_compared(a) != count_compared(b) || !lost_the_same(a, b))
        return false;
    for (size_t i = 0; i < a->file_count; i++) {
        const struct manifest_file *f = &a->files[i];
        if (f->is_torn_tail || !is_compared(f->kind))
            continue;
        const struct manifest_file *g = find_file(b, f->name);
        if (!g || strcmp(f->copied.sha256, g->copied.sha256) != 0)
            return false;
    }
    return true;
}

static bool has_salvage(const struct job *j)
{
    return j->source->salvage && j->source->salvage->part_count;
}

/* What was found in memory is in no backup yet. */
static bool has_new_salvage(const struct job *j)
{
    const struct manifest_file *then = NULL;
    for (size_t i = 0; i < j->previous.file_count; i++)
        if (j->previous.files[i].kind == AGENT_FILE_SALVAGE && !j->previous.files[i].is_torn_tail)
            then = &j->previous.files[i];
    return has_salvage(j) && !salvage_memory_is_in(j->source->salvage, then);
}

static bool previous_is_sound(struct job *j)
{
    struct verified v;
    verify_backup(&j->run->pending, j->previous_stem, &j->arena, &v);
    return verify_holds(&v);
}

void backup_list(struct backup_source *source)
{
    struct backup_listing *l = source->listing = mem_resize(NULL, sizeof *source->listing);
    *l = (struct backup_listing){.files = {.outside = -1}};
    if (!source->transcript.session_id)
        return;
    struct agent_store store = *source->store;
    store.arena = &l->arena;
    source->agent->bundle->list_files(&store, &source->transcript, source->temporary, &l->listings,
                                      &l->files);
}

void backup_source_release(struct backup_source *source)
{
    struct backup_listing *l = source->listing;
    source->listing = NULL;
    if (!l)
        return;
    agent_files_release(&l->files);
    agent_listings_release(&l->listings);
    arena_release(&l->arena);
    free(l);
}

/* Of what was said or done: not what a client notes for itself. A line of the history counts where
 * there is one. */
static bool tells_something(const struct agent *agent, const struct agent_file *f)
{
    char sha256[DIGEST_TEXT_SIZE];
    return f->kind == AGENT_FILE_OUTSIDE ||
           (f->kind == AGENT_FILE_LINES && digest_lines(f, sha256) != 0) ||
           (f->kind == AGENT_FILE_OWN &&
            (agent_part_of(agent, f->name) != AGENT_PART_OTHER || agent_is_stored(agent, f->name)));
}

static bool files_tell_something(const struct agent *agent, const struct agent_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        if (tells_something(agent, &files->items[i]))
            return true;
    return false;
}

bool backup_has_something(const struct backup_source *source)
{
    return source->transcript.session_id &&
           files_tell_something(source->agent, &source->listing->files);
}

/* The transcript of projects/<folder>/<id>/... would be projects/<folder>/<id>.jsonl; where there
 * is no such file, it is where its directory leads. */
static const char *name_missing(const struct backup_source *source, const struct agent_files *files,
                                struct arena *a)
{
    const char *id = source->transcript.session_id, *suffix = source->agent->stored->suffix;
    if (!suffix)
        return id;
    for (size_t i = 0; i < files->count; i++) {
        const struct agent_file *f = &files->items[i];
        const char *at = strstr(f->name, id);
        if (f->kind == AGENT_FILE_OWN && agent_is_stored(source->agent, f->name) && at &&
            at[strlen(id)] == '/')
            return arena_printf(a, "%.*s%s%s", (int)(at - f->name), f->name, id, suffix);
    }
    return source->cwd
               ? arena_printf(a, "%s/%s%s",
                              agent_project_folder(source->agent, source->store, source->cwd), id,
                              suffix)
               : arena_printf(a, "%s%s", id, suffix);
}

/* It is lost, and said to be wherever the backup is shown. Returns: 0, or -ENODATA where nothing
 * else is there either. */
static int plan_missing(struct job *j, struct sr_error *error)
{
    const char *id = j->source->transcript.session_id;
    if (j->source->records.n)
        j->recalled = name_missing(j->source, &j->files, &j->arena);
    if (j->source->transcript.path || j->recalled)
        return 0;
    if (!id || !files_tell_something(j->source->agent, &j->files))
        return err_set(error, -ENODATA, "session %s has no transcript", id ? id : "(not known)");
    j->missing = name_missing(j->source, &j->files, &j->arena);
    agent_leave_out(&j->files, arena_printf(&j->arena, "%s/%s", j->config_dir, j->missing),
                    "there is no transcript", true);
    return 0;
}

/* What was listed before; what is left out is added to in the job's arena, and its folders stay the
 * listing's. */
static void take_over(struct job *j, const struct agent_files *listed)
{
    struct agent_left_out *left_out =
        arena_alloc(&j->arena, (listed->left_out_count + 1) * sizeof *left_out);
    if (listed->left_out_count)
        memcpy(left_out, listed->left_out, listed->left_out_count * sizeof *left_out);
    j->files = *listed;
    j->files.arena = &j->arena;
    j->files.left_out = left_out;
    j->files.left_out_capacity = listed->left_out_count + 1;
    j->files.outside = -1;
    j->files.place_count = 0;
}

static void plan(struct job *j)
{
    const struct backup_source *s = j->source;
    j->config_dir = fs_absolute(&j->arena, s->store->path);
    /* in an arena of its own: of a store with 200 clients and 1,500 sessions, the registrations
     * alone, read for each session, came to 290 MB in the snapshot's */
    struct agent_store store = *s->store;
    store.arena = &j->arena;
    if (s->listing)
        take_over(j, &s->listing->files);
    else
        s->agent->bundle->list_files(&store, &s->transcript, s->temporary, &j->run->listings,
                                     &j->files);
    for (size_t i = 0; i < j->files.count; i++)
        if (j->files.items[i].kind != AGENT_FILE_LINES)
            j->total_bytes += j->files.items[i].seen.size_bytes;
    find_previous(j);
}

/* ---- copying ------------------------------------------------------------------------------ */

static void report(void *context, int64_t bytes)
{
    struct job *j = context;
    const struct sr_export_options *o = j->run->options;
    j->done_bytes += bytes;
    if (o->progress)
        o->progress(o->context, j->done_bytes, j->total_bytes);
}

static struct manifest_file *add_to_manifest(struct job *j, const struct agent_file *f)
{
    struct manifest_file *slot =
        ARENA_PUSH(&j->arena, j->manifest.files, j->manifest.file_count, j->manifest.file_capacity);
    *slot = (struct manifest_file){
        .kind = f->kind,
        .name = f->name,
        .source = shown(j, f),
    };
    return slot;
}

/* Makes the folders of "files/<name>". Returns: a descriptor of the last one. */
static int make_folder_of(struct job *j, const char *path, struct sr_error *error)
{
    const char *folder = arena_strndup(&j->arena, path, (size_t)(str_basename(path) - path));
    int fd = durable_make_dirs(j->partial, folder, false);
    if (fd < 0)
        return err_set(error, fd, "make %s/.partial-%s/%s: %s", j->run->pending.path, j->stem,
                       folder, err_reason(fd));
    return fd;
}

/* The torn tail of files/a/b.jsonl goes to files/torn/a/b.jsonl. */
static int add_torn_tail(struct job *j, const struct agent_file *f, struct sr_error *error)
{
    struct manifest_file *tail = add_to_manifest(j, f);
    tail->is_torn_tail = true;
    const char *to = arena_printf(&j->arena, "files/torn/%s", f->name);
    int folder = make_folder_of(j, to, error);
    if (folder < 0)
        return folder;
    int r = durable_publish(j->partial, "torn-tail", folder, str_basename(to));
    fs_close(&folder);
    if (r < 0)
        return err_set(error, r, "keep the torn tail of %s: %s", tail->source, err_reason(r));
    return 0;
}

/* Where rows are written to; what it has seen of them. */
struct row_file {
    struct job *job;
    int fd, code;
    int64_t size_bytes;
    struct digest digest;
};

static int put_rows(void *context, const char *bytes, size_t n)
{
    struct row_file *to = context;
    to->code = durable_write(to->fd, bytes, n);
    if (to->code < 0)
        return to->code;
    digest_add(&to->digest, bytes, n);
    to->size_bytes += (int64_t)n;
    report(to->job, (int64_t)n);
    return 0;
}

/* As copy_file, of what no file holds: read once, within one moment of the database. */
static int copy_rows(struct job *j, const struct agent_file *f, const struct copy_request *q,
                     struct copied *out, struct sr_error *error)
{
    const struct agent_store store = *j->source->store;
    struct copied copied = {.state = COPY_STABLE, .ends_in_newline = true};
    struct row_file to = {.job = j};
    digest_init(&to.digest);
    to.fd = durable_create(q->to_at, q->to);
    if (to.fd < 0)
        return err_set(error, to.fd, "make %s: %s", q->to_shown, err_reason(to.fd));
    agent_row_writer *write = f->write_rows ? f->write_rows : j->source->agent->records->write;
    int r = write(&store, f->rows, AGENT_WHOLE, put_rows, &to);
    digest_end(&to.digest, copied.sha256);
    copied.size_bytes = to.size_bytes;
    if (r == 0)
        r = to.code = durable_sync(to.fd);
    fs_close(&to.fd);
    if (r < 0 && to.code == 0) {
        unlinkat(q->to_at, q->to, 0);
        err_set(error, r, "read %s: %s", q->from_shown, err_reason(r));
        return COPY_SOURCE_FAILED;
    }
    if (r == 0)
        r = readback_check(q->to_at, q->to, copied.size_bytes, copied.sha256, &copied.read_back);
    if (r < 0)
        return err_set(error, r, "write %s: %s", q->to_shown, err_reason(r));
    *out = copied;
    return 0;
}

static int copy_one(struct job *j, const struct agent_file *f, struct sr_error *error)
{
    bool is_transcript = f->kind == AGENT_FILE_TRANSCRIPT;
    const char *to =
        is_transcript ? &BACKUP_TRANSCRIPT[1] : arena_printf(&j->arena, "files/%s", f->name);
    const char *from = shown(j, f);
    struct copied copied;
    FS_CLOSE int folder =
        is_transcript ? fcntl(j->partial, F_DUPFD_CLOEXEC, 0) : make_folder_of(j, to, error);
    if (folder < 0)
        return is_transcript
                   ? err_set(error, -errno, "open %s: %s", j->run->pending.path, err_reason(-errno))
                   : folder;
    struct copy_request request = {
        .from_at = f->at,
        .from = f->path,
        .from_shown = from,
        .to_at = folder,
        .to = str_basename(to),
        .to_shown = arena_printf(&j->arena, "%s/.partial-%s/%s", j->run->pending.path, j->stem, to),
        .is_lines = f->is_lines,
        .torn_at = j->partial,
        .torn = "torn-tail",
        .progress = report,
        .context = j,
    };
    struct sr_error failure;
    int r = f->rows ? copy_rows(j, f, &request, &copied, &failure)
                    : copy_file(&request, &copied, &failure);
    if (r == COPY_SOURCE_FAILED && !is_transcript) {
        /* What was listed a moment ago may be gone since, not be this user's to read, or lie on a
         * bad block. That one file is missing then, and said to be. */
        bool is_gone = failure.code == -ENOENT;
        agent_leave_out(&j->files, from,
                        is_gone ? "was removed meanwhile" : err_reason(failure.code),
                        !is_gone && !f->write_rows);
        return 0;
    }
    if (r != 0) {
        j->run->is_unreadable = r == COPY_SOURCE_FAILED;
        if (error)
            *error = failure;
        return failure.code;
    }
    r = durable_sync(folder);
    if (r < 0)
        return err_set(error, r, "sync the folder of %s: %s", request.to_shown, err_reason(r));
    add_to_manifest(j, f)->copied = copied;
    return copied.torn_bytes ? add_torn_tail(j, f, error) : 0;
}

static int put_text(int at, const char *name, const struct buf *text, enum readback_way *way)
{
    return readback_put(at, name, text->p ? text->p : "", text->n, way);
}

static int copy_lines(struct job *j, const struct agent_file *f, struct sr_error *error)
{
    BUF_RELEASE struct buf lines = {0};
    struct copied copied = {.state = COPY_STABLE, .ends_in_newline = true};
    const char *to = arena_printf(&j->arena, "files/%s", f->name);
    size_t too_long = 0;
    int r = extract_lines(f, &copied.source, &lines, &too_long);
    if (too_long)
        agent_leave_out(&j->files, shown(j, f),
                        "has lines of more than 64MB, in which nobody looked", true);
    if (r == -ENOMEM || r == -EMFILE || r == -ENFILE) {
        err_set(error, r, "read %s: %s", shown(j, f), err_reason(r));
    } else if (r < 0) {
        agent_leave_out(&j->files, shown(j, f), err_reason(r), r != -ENOENT);
        r = 0;
    } else if (lines.n) {
        int folder = make_folder_of(j, to, error);
        r = folder;
        if (folder >= 0) {
            r = put_text(folder, str_basename(to), &lines, &copied.read_back);
            if (r == 0)
                r = durable_sync(folder);
            if (r < 0)
                err_set(error, r, "write the lines of %s: %s", shown(j, f), err_reason(r));
            fs_close(&folder);
        }
        copied.size_bytes = (int64_t)lines.n;
        digest_of(&lines, copied.sha256);
        if (r == 0)
            add_to_manifest(j, f)->copied = copied;
    }
    return r;
}

/* Of memory; or an empty file, so that a backup looks the same whatever the session had. */
static int add_made_transcript(struct job *j, struct sr_error *error)
{
    const char *name = j->recalled ? j->recalled : j->missing;
    const struct agent_file f = {.kind = AGENT_FILE_TRANSCRIPT, .name = name, .path = name};
    struct sv records = j->source->records;
    BUF_RELEASE struct buf text = {0};
    struct copied copied = {.state = j->recalled ? COPY_STABLE : COPY_MISSING,
                            .size_bytes = (int64_t)records.n,
                            .ends_in_newline = true};
    buf_add(&text, records.n ? records.p : "", records.n);
    digest_of(&text, copied.sha256);
    int r = put_text(j->partial, &BACKUP_TRANSCRIPT[1], &text, &copied.read_back);
    if (r < 0)
        return err_set(error, r, "write %s/%s" BACKUP_TRANSCRIPT ": %s", j->run->pending.path,
                       j->stem, err_reason(r));
    add_to_manifest(j, &f)->copied = copied;
    return 0;
}

static int copy_all(struct job *j, struct sr_error *error)
{
    int r = j->missing || j->recalled ? add_made_transcript(j, error) : 0;
    for (size_t i = 0; i < j->files.count && r == 0; i++) {
        const struct agent_file *f = &j->files.items[i];
        r = f->kind == AGENT_FILE_LINES ? copy_lines(j, f, error) : copy_one(j, f, error);
    }
    return r;
}

/* Beside the transcript, never in it. */
static int add_salvage(struct job *j, struct sr_error *error)
{
    BUF_RELEASE struct buf text = {0};
    struct manifest_part *parts;
    if (!has_salvage(j))
        return 0;
    salvage_memory_write(j->source->salvage, &text, &j->arena, &parts);
    struct manifest_file *f =
        ARENA_PUSH(&j->arena, j->manifest.files, j->manifest.file_count, j->manifest.file_capacity);
    *f = (struct manifest_file){
        .kind = AGENT_FILE_SALVAGE,
        .name = "salvage.md",
        .source = arena_printf(&j->arena, "memory of pid %d", j->source->salvage->session->pid),
        .copied = {.size_bytes = (int64_t)text.n, .ends_in_newline = true},
        .parts = parts,
        .part_count = j->source->salvage->part_count,
    };
    digest_of(&text, f->copied.sha256);
    int r = put_text(j->partial, "salvage.md", &text, &f->copied.read_back);
    if (r < 0)
        return err_set(error, r, "write %s/%s.salvage.md: %s", j->run->pending.path, j->stem,
                       err_reason(r));
    return 0;
}

/* ---- finishing ---------------------------------------------------------------------------- */

/* The name of a manifest's file in the pending folder, below its stem. */
static const char *final_name(struct job *j, const struct manifest_file *f)
{
    if (f->is_torn_tail)
        return arena_printf(&j->arena, "%s.files/torn/%s", j->stem, f->name);
    if (f->kind == AGENT_FILE_TRANSCRIPT)
        return arena_printf(&j->arena, "%s" BACKUP_TRANSCRIPT, j->stem);
    if (f->kind == AGENT_FILE_SALVAGE)
        return arena_printf(&j->arena, "%s.salvage.md", j->stem);
    return arena_printf(&j->arena, "%s.files/%s", j->stem, f->name);
}

/* Torn tails are written without a digest: read here, as are the lines of the history. */
static int read_torn_tails(struct job *j, struct sr_error *error)
{
    for (size_t i = 0; i < j->manifest.file_count; i++) {
        struct manifest_file *f = &j->manifest.files[i];
        struct fs_file file;
        if (!f->is_torn_tail)
            continue;
        const char *path = arena_printf(&j->arena, "files/torn/%s", f->name);
        int r = fs_open_file(j->partial, path, &file);
        int64_t n = r;
        if (r == 0) {
            n = readback_digest(file.fd, f->copied.sha256, &f->copied.read_back);
            f->copied.size_bytes = n;
            fs_close(&file.fd);
        }
        if (n < 0)
            return err_set(error, (int)n, "read back %s: %s", path, err_reason((int)n));
    }
    return 0;
}

static void describe(struct job *j)
{
    const struct backup_source *s = j->source;
    struct manifest *m = &j->manifest;
    m->agent = s->agent->name;
    m->session_id = s->transcript.session_id;
    m->cwd = s->cwd;
    m->config_dir = j->config_dir;
    m->tool = "session-rescue " SR_VERSION;
    m->host = s->host;
    m->why = j->recalled ? "memory" : j->run->options->why;
    m->taken_at = wall_now();
    m->process = s->process;
    m->left_out = j->files.left_out;
    m->left_out_count = j->files.left_out_count;
}

static int write_part(struct job *j, const char *part, const struct buf *text,
                      struct sr_error *error)
{
    int r = put_text(j->partial, part, text, NULL);
    if (r < 0)
        return err_set(error, r, "write %s/%s.%s: %s", j->run->pending.path, j->stem, part,
                       err_reason(r));
    return 0;
}

static int finish(struct job *j, struct sr_error *error)
{
    BUF_RELEASE struct buf text = {0}, sums = {0};
    char sha256[DIGEST_TEXT_SIZE];
    manifest_write(&j->manifest, &text);
    digest_of(&text, sha256);
    for (size_t i = 0; i < j->manifest.file_count; i++)
        sums_add(&sums, j->manifest.files[i].copied.sha256, final_name(j, &j->manifest.files[i]));
    sums_add(&sums, sha256, arena_printf(&j->arena, "%s.json", j->stem));

    /* there is always one, so that a backup looks the same whatever the session had */
    int folder = durable_make_dirs(j->partial, "files", false);
    int r = folder < 0 ? err_set(error, folder, "make %s/%s.files: %s", j->run->pending.path,
                                 j->stem, err_reason(folder))
                       : write_part(j, "json", &text, error);
    fs_close(&folder);
    if (r == 0)
        r = write_part(j, "sha256", &sums, error);
    if (r == 0)
        r = backup_dir_commit(&j->run->pending, j->partial, j->stem, error);
    return r;
}

static int64_t room_for(const struct job *j)
{
    return j->total_bytes + SPARE_BYTES + (int64_t)j->files.count * SPARE_BYTES_PER_FILE;
}

static int check_space(struct job *j, struct sr_error *error)
{
    return durable_check_room(j->run->pending.fd, room_for(j), j->run->pending.path, error);
}

/* What is missing and why, as much of it as there is room for. */
static void say_lost(const struct job *j, struct sr_export *e)
{
    size_t n = 0, told = 0;
    for (size_t i = 0; i < j->files.left_out_count; i++) {
        const struct agent_left_out *l = &j->files.left_out[i];
        if (!l->is_lost)
            continue;
        e->lost_count++;
        size_t wanted = strlen(l->path) + strlen(l->why) + 32;
        if (told + 1 < e->lost_count || n + wanted > sizeof e->lost)
            continue;
        n += (size_t)snprintf(e->lost + n, sizeof e->lost - n, "%s%s: %s", told ? "; " : "",
                              l->path, l->why);
        told++;
    }
    if (told < e->lost_count)
        snprintf(e->lost + n, sizeof e->lost - n, "%s%zu %s", told ? "; and " : "",
                 e->lost_count - told, told ? "more" : "that the manifest names");
}

static void say(const struct job *j, const struct manifest *m, enum sr_export_outcome outcome,
                const char *stem, struct sr_export *out)
{
    struct sr_export e = {.outcome = outcome, .grown_bytes = -1};
    memcpy(e.stem, stem, strlen(stem) + 1);
    for (size_t i = 0; i < m->file_count; i++) {
        const struct copied *c = &m->files[i].copied;
        e.file_count += !m->files[i].is_torn_tail && c->state != COPY_MISSING;
        e.total_bytes += c->size_bytes;
        e.was_rewritten = e.was_rewritten || c->state == COPY_UNSTABLE;
    }
    if (m->file_count) {
        e.size_bytes = m->files[0].copied.size_bytes;
        e.last_line_is_torn = !m->files[0].copied.ends_in_newline;
    } else { /* a dry run */
        e.size_bytes = j->recalled  ? (int64_t)j->source->records.n
                       : j->missing ? 0
                                    : j->files.items[0].seen.size_bytes;
        e.total_bytes = j->total_bytes;
        e.file_count = j->files.count;
    }
    if (j->previous_stem)
        e.grown_bytes = e.size_bytes - j->previous.files[0].copied.size_bytes;
    e.has_no_transcript = j->missing != NULL;
    say_lost(j, &e);
    const struct backup_run *run = j->run;
    struct fs_file taken = {.fd = -1};
    char name[BACKUP_DIR_STEM_SIZE + sizeof BACKUP_TRANSCRIPT];
    snprintf(name, sizeof name, "%s" BACKUP_TRANSCRIPT, stem);
    if (m->file_count)
        fs_open_file(run->pending.fd, name, &taken);
    const struct backup_dir_entry *fuller;
    struct lookup seen = backup_dir_fuller(&run->pending, run->entries, run->entry_count,
                                           j->source->transcript.session_id, taken.fd, e.size_bytes,
                                           &fuller, &e.fuller_bytes);
    fs_close(&taken.fd);
    if (seen.state == LOOKUP_UNKNOWN) {
        snprintf(e.unread_stem, sizeof e.unread_stem, "%s", seen.where);
        e.unread_code = seen.code;
    }
    if (fuller)
        snprintf(e.fuller_stem, sizeof e.fuller_stem, "%s", fuller->stem);
    if (j->source->salvage && j->source->salvage->note)
        snprintf(e.salvage, sizeof e.salvage, "%s", j->source->salvage->note);
    e.salvaged_count = j->source->salvage ? j->source->salvage->part_count : 0;
    *out = e;
}

/* Under the lock. */
static int make(struct job *j, struct sr_export *out, struct sr_error *error)
{
    struct backup_dir *p = &j->run->pending;
    int r = check_space(j, error);
    if (r < 0)
        return r;
    r = backup_dir_begin(p, j->source->agent, j->source->transcript.session_id, j->stem, error);
    if (r < 0)
        return r;
    j->partial = r;
    r = copy_all(j, error);
    if (r == 0)
        r = read_torn_tails(j, error);
    if (r == 0)
        r = add_salvage(j, error);
    describe(j);
    bool is_known =
        r == 0 && j->previous_stem && !has_new_salvage(j) &&
        /* of one from memory the salvage tells: how often a text is seen there changes */
        (j->recalled || is_the_same(&j->manifest, &j->previous)) && previous_is_sound(j);
    if (r == 0 && !is_known)
        r = finish(j, error);
    fs_close(&j->partial);
    if (r < 0 || is_known)
        backup_dir_abandon(p, j->stem);
    if (r == 0 && is_known)
        say(j, &j->previous, SR_ALREADY_EXPORTED, j->previous_stem, out);
    else if (r == 0)
        say(j, &j->manifest, SR_EXPORTED, j->stem, out);
    return r;
}

static int lock(struct backup_run *run, struct sr_error *error)
{
    const struct sr_export_options *o = run->options;
    int r = backup_dir_lock(&run->pending, o->lock_patience_ms, o->waiting, o->context, error);
    if (r == 0 && !run->is_clean) {
        r = backup_dir_clean(&run->pending, error);
        run->is_clean = r == 0;
        if (r < 0)
            backup_dir_unlock(&run->pending);
    }
    return r;
}

/* What a copy would fail on, without making one: each file is opened as it would be. */
static int try_all(struct job *j, struct sr_error *error)
{
    size_t count = j->files.count;
    for (size_t i = 0; i < count; i++) {
        const struct agent_file *f = &j->files.items[i];
        struct fs_file file;
        if (f->write_rows)
            continue;
        int r = f->rows ? agent_open_records(j->source->agent, j->source->store, f->rows,
                                             AGENT_BEGINNING, &file)
                        : fs_open_file_beneath(f->at, f->path, &file);
        if (r == 0)
            fs_close(&file.fd);
        else if (f->kind == AGENT_FILE_TRANSCRIPT) {
            j->run->is_unreadable = true;
            return err_set(error, r, "open %s: %s", shown(j, f), err_reason(r));
        } else if (r != -ENOENT)
            agent_leave_out(&j->files, shown(j, f), err_reason(r), true);
    }
    return 0;
}

int backup_take(struct backup_run *run, const struct backup_source *source, struct sr_export *out,
                struct sr_error *error)
{
    struct job j = {.run = run, .source = source, .partial = -1};
    int r = 0;
    run->is_unreadable = false;
    plan(&j);
    r = plan_missing(&j, error);
    if (r < 0) {
        /* nothing to be copied */
    } else if (j.previous_stem && !has_new_salvage(&j) && looks_unchanged(&j) &&
               previous_is_sound(&j)) {
        say(&j, &j.previous, SR_ALREADY_EXPORTED, j.previous_stem, out);
    } else if (run->options->dry_run) {
        r = backup_dir_foresee(run->options->pending_dir, room_for(&j), error);
        if (r == 0)
            r = try_all(&j, error);
        if (r == 0)
            say(&j, &j.manifest, SR_WOULD_EXPORT, "", out);
    } else {
        r = lock(run, error);
        if (r == 0)
            r = make(&j, out, error);
        backup_dir_unlock(&run->pending);
    }
    if (r < 0)
        err_wrap(error, "back up %.8s", agent_telling_id(source->transcript.session_id));
    agent_files_release(&j.files);
    arena_release(&j.arena);
    return r;
}

/* ---- runs --------------------------------------------------------------------------------- */

int backup_begin(struct backup_run *run, const struct sr_export_options *options,
                 struct sr_error *error)
{
    *run = (struct backup_run){.options = options, .pending = {options->pending_dir, -1, -1}};
    struct backup_dir pending;
    int r = backup_dir_open(&pending, options->pending_dir, !options->dry_run, error);
    if (r == -ENOENT && options->dry_run)
        return 0;
    if (r < 0)
        return r;
    r = backup_dir_list(&pending, &run->arena, &run->entries, &run->entry_count);
    if (r < 0) {
        backup_dir_close(&pending);
        return err_set(error, r, "list %s: %s", options->pending_dir, err_reason(r));
    }
    run->pending = pending;
    return 0;
}

void backup_end(struct backup_run *run)
{
    backup_dir_close(&run->pending);
    agent_listings_release(&run->listings);
    arena_release(&run->arena);
}

int backup_source_code(struct lookup found)
{
    return found.state == LOOKUP_FOUND    ? 0
           : found.state == LOOKUP_ABSENT ? -ENODATA
           : found.code                   ? found.code
                                          : -EIO;
}

static struct lookup find_source(const struct session *s, const char *candidate, const char *cwd,
                                 struct agent_transcript *out)
{
    const char *id = candidate ? candidate : s->session_id;
    if (!s->store)
        return lookup_unknown(-ENOENT, "its config directory");
    if (s->store->code < 0)
        return lookup_unknown(s->store->code, s->store->io.path);
    if (!candidate && session_has_transcript(s)) {
        *out = s->transcript; /* and not another copy of it in another folder */
        return lookup_found();
    }
    if (!id) /* it is not known which, and so nothing was looked for */
        return s->which.state == LOOKUP_UNKNOWN ? s->which : lookup_absent();
    return s->store->agent->stored->find(&s->store->io, id, cwd, out);
}

struct lookup backup_source_of(const struct sr_snapshot *snapshot, const struct sr_session *session,
                               const char *candidate, const struct sr_export_options *options,
                               struct backup_source *out, struct sr_error *error)
{
    const struct snapshot *snap = (const struct snapshot *)snapshot;
    const struct session *s = &snap->sessions[session - snapshot->sessions];
    struct agent_transcript transcript;
    const char *id = candidate ? candidate : session->session_id;
    struct lookup found = find_source(s, candidate, session->cwd, &transcript);
    if (found.state == LOOKUP_ABSENT) {
        transcript = (struct agent_transcript){.session_id = id};
        err_set(error, -ENODATA, "session %s of pid %d has no transcript", id ? id : "(not known)",
                session->pid);
    } else if (found.state == LOOKUP_UNKNOWN) {
        transcript = (struct agent_transcript){.session_id = id};
        err_set(error, backup_source_code(found),
                "whether session %s of pid %d has a transcript is not known: %s: %s",
                id ? id : "(not known)", session->pid, found.where, err_reason(found.code));
        if (!s->store || s->store->code < 0)
            return found;
    }
    const char *temporary = options->temporary_dir;
    if (!temporary && s->live && s->live->environment_known)
        temporary =
            agent_variable(&s->live->environment, s->store->agent->home->temporary_variable);
    *out = (struct backup_source){
        .agent = s->store->agent,
        .store = &s->store->io,
        .transcript = transcript,
        .temporary = temporary ? temporary : "/tmp",
        .cwd = session->cwd,
        .host = snapshot->host,
        .process = session->pid ? session : NULL,
    };
    return found;
}

int backup_take_recalled(struct backup_run *run, const struct sr_snapshot *snapshot,
                         const struct sr_session *session, const struct salvage_memory *recalled,
                         struct sr_export *out, struct sr_error *error)
{
    struct backup_listing no_files = {.files = {.outside = -1}};
    struct backup_source source = {0};
    struct lookup found = backup_source_of(snapshot, session, NULL, run->options, &source, error);
    if (!source.store)
        return backup_source_code(found);
    source.transcript = (struct agent_transcript){.session_id = recalled->new_id};
    source.records = recalled->records;
    source.salvage = recalled;
    source.listing = &no_files;
    return backup_take(run, &source, out, error);
}

int backup_source_of_stray(const struct sr_snapshot *snapshot, const struct sr_stray *stray,
                           const struct sr_export_options *options, struct backup_source *out)
{
    const struct snapshot *snap = (const struct snapshot *)snapshot;
    for (size_t i = 0; i < snap->stores.count; i++) {
        const struct store *store = snap->stores.items[i];
        size_t n = strlen(store->io.path);
        if (store->code < 0 || !stores_is_home(store, &stray->home))
            continue;
        *out = (struct backup_source){
            .agent = store->agent,
            .store = &store->io,
            .transcript = {.session_id = stray->session_id,
                           .path = stray->path + n + 1,
                           .size_bytes = stray->size_bytes},
            .temporary = options->temporary_dir ? options->temporary_dir : "/tmp",
            .host = snapshot->host,
        };
        return 0;
    }
    return -ENOENT;
}

int sr_export_session(const struct sr_snapshot *snapshot, const struct sr_session *session,
                      const struct sr_export_options *options, struct sr_export *out,
                      struct sr_error *error)
{
    struct backup_run run;
    struct backup_source source;
    struct salvage_memory salvage;
    struct lookup found = backup_source_of(snapshot, session, NULL, options, &source, error);
    int r = backup_source_code(found);
    if (found.state == LOOKUP_ABSENT) {
        backup_list(&source); /* files beside a transcript that is not there */
        if (backup_has_something(&source))
            r = 0;
    }
    if (r == 0)
        r = backup_begin(&run, options, error);
    if (r == 0) {
        salvage_memory_take(snapshot, session, options->dry_run, &salvage);
        source.salvage = &salvage;
        r = backup_take(&run, &source, out, error);
        salvage_memory_release(&salvage);
        backup_end(&run);
    }
    if (found.state == LOOKUP_ABSENT)
        backup_source_release(&source);
    return r;
}
