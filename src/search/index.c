#include "search/index.h"

#include "base/clock.h"
#include "base/io/database.h"
#include "base/io/durable.h"
#include "base/io/fs.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define DATABASE_NAME "search.db"
#define LOCK_NAME "search.lock"
#define TOKENIZER "tokenize=\"unicode61 remove_diacritics 2\""

enum {
    SCHEMA_VERSION = 1,
    APPLICATION_ID = 0x53527831, /* "SRx1" */
    LOOK_MS = 50,                /* between two tries for the lock */
    STALE_MIN = 10000,           /* messages; fewer are not worth a new index */
};

/* A message's row number is never used again: the words of one that is gone stay in the index. */
static const char *const schema[] = {
    "CREATE TABLE root(id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE)",
    "CREATE TABLE session(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    "CREATE TABLE file(id INTEGER PRIMARY KEY, root INTEGER NOT NULL, path TEXT NOT NULL, "
    "session INTEGER NOT NULL, device INTEGER, inode INTEGER, size INTEGER, mtime INTEGER, "
    "read INTEGER, digest INTEGER, unsettled INTEGER, UNIQUE(root, path))",
    "CREATE INDEX file_of_session ON file(session)",
    "CREATE TABLE message(id INTEGER PRIMARY KEY AUTOINCREMENT, session INTEGER NOT NULL, "
    "key INTEGER NOT NULL, at INTEGER, file INTEGER NOT NULL, offset INTEGER NOT NULL, "
    "UNIQUE(session, key))",
    "CREATE TABLE copy(file INTEGER, message INTEGER, offset INTEGER NOT NULL, "
    "PRIMARY KEY(file, message)) WITHOUT ROWID",
    "CREATE VIRTUAL TABLE words USING fts5(text, content='', columnsize=0, " TOKENIZER ")",
    /* how much is gathered in memory before it is written as one piece */
    "INSERT INTO words(words, rank) VALUES('hashsize', 16777216)",
    "PRAGMA application_id = 1397913649",
    "PRAGMA user_version = 1",
};

/* ---- opening ------------------------------------------------------------------------------ */

static void create(struct database *db)
{
    database_run(db, "BEGIN IMMEDIATE", "");
    for (size_t i = 0; i < sizeof schema / sizeof *schema; i++)
        database_run(db, schema[i], "");
    database_run(db, "COMMIT", "");
}

static void open_database(struct index *ix)
{
    ix->db = database_open(ix->path);
    database_run(ix->db, "PRAGMA journal_mode = WAL", "");
    database_run(ix->db, "PRAGMA synchronous = NORMAL", "");
    database_run(ix->db, "PRAGMA wal_autocheckpoint = 8000", "");
    database_run(ix->db, "PRAGMA cache_size = -32000", "");
}

static int remove_database(const struct index *ix)
{
    static const char *const suffixes[] = {"-wal", "-shm", "-journal", ""};
    FS_CLOSE int folder = fs_open_dir(AT_FDCWD, ix->folder);
    int r = folder < 0 ? folder : 0;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes && r == 0; i++) {
        char name[32] = DATABASE_NAME;
        r = durable_remove(folder, strcat(name, suffixes[i]));
    }
    return r;
}

/* SQLite makes its other files with the rights of the first. */
static int make_private(const struct index *ix)
{
    FS_CLOSE int fd = durable_open(AT_FDCWD, ix->path, O_RDWR | O_CREAT);
    return fd < 0 ? fd : 0;
}

int index_rebuild(struct index *ix, const char *why, struct sr_error *error)
{
    why = why ? arena_strdup(&ix->arena, why) : NULL;
    if (ix->db)
        database_close(ix->db);
    ix->db = NULL;
    int r = remove_database(ix);
    if (r == 0)
        r = make_private(ix);
    if (r < 0)
        return err_set(error, r, "make %s: %s", ix->path, err_reason(r));
    open_database(ix);
    create(ix->db);
    ix->made_anew = why;
    return index_code(ix, error);
}

static int open_existing(struct index *ix, struct sr_error *error)
{
    open_database(ix);
    int64_t id = database_number(ix->db, 0, "PRAGMA application_id", "");
    int64_t version = database_number(ix->db, 0, "PRAGMA user_version", "");
    int64_t tables = database_number(ix->db, 0, "SELECT count(*) FROM sqlite_schema", "");
    int code = database_code(ix->db);
    bool is_ours = id == APPLICATION_ID && version == SCHEMA_VERSION;
    if (code == 0 && is_ours)
        return 0;
    if (ix->lock < 0)
        return err_set(error, code < 0 ? code : -EBUSY, "%s is being made", ix->path);
    if (code < 0 && code != -EBADMSG)
        return index_code(ix, error);
    if (code == 0 && tables == 0)
        return index_rebuild(ix, NULL, error); /* one that was only begun */
    return index_rebuild(ix,
                         code < 0               ? database_reason(ix->db)
                         : id == APPLICATION_ID ? "it was made by another version"
                                                : "it is not an index",
                         error);
}

static int lock(int fd, int patience_ms, void (*waiting)(void *), void *context)
{
    int64_t until_ns = awake_now().ns + (int64_t)patience_ms * 1000000;
    for (bool was_told = false;; was_told = true) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return 0;
        if (errno != EINTR && errno != EWOULDBLOCK)
            return -errno;
        if (awake_now().ns >= until_ns)
            return -EBUSY;
        if (waiting && !was_told)
            waiting(context);
        nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
    }
}

static int take_lock(struct index *ix, int folder, int patience_ms, void (*waiting)(void *),
                     void *context)
{
    int fd = durable_open(folder, LOCK_NAME, O_RDWR | O_CREAT | O_NOFOLLOW);
    int r = fd < 0 ? fd : lock(fd, patience_ms, waiting, context);
    if (r == 0)
        ix->lock = fd;
    else
        fs_close(&fd);
    return r == -EBUSY ? 0 : r;
}

int index_open(struct index *ix, const char *folder, int patience_ms,
               void (*waiting)(void *context), void *context, struct sr_error *error)
{
    *ix = (struct index){.lock = -1, .folder = folder};
    ix->path = arena_printf(&ix->arena, "%s/" DATABASE_NAME, folder);
    FS_CLOSE int fd = durable_make_dirs(AT_FDCWD, folder, true);
    if (fd < 0)
        return err_set(error, fd, "make %s: %s", folder, err_reason(fd));
    int r = take_lock(ix, fd, patience_ms, waiting, context);
    if (r == 0 && faccessat(fd, DATABASE_NAME, F_OK, 0) < 0 && ix->lock >= 0)
        r = make_private(ix);
    if (r < 0)
        err_set(error, r, "make %s: %s", ix->path, err_reason(r));
    else
        r = open_existing(ix, error);
    if (r < 0)
        index_close(ix);
    return r;
}

void index_close(struct index *ix)
{
    if (ix->db)
        database_close(ix->db);
    ix->db = NULL;
    fs_close(&ix->lock);
    arena_release(&ix->arena);
}

int index_code(const struct index *ix, struct sr_error *error)
{
    int code = database_code(ix->db);
    if (code < 0)
        err_set(error, code, "%s: %s", ix->path, database_reason(ix->db));
    return code;
}

void index_begin(struct index *ix)
{
    database_run(ix->db, "BEGIN IMMEDIATE", "");
    ix->uncommitted_bytes = 0;
}

void index_commit(struct index *ix)
{
    database_run(ix->db, "COMMIT", "");
}

/* ---- files -------------------------------------------------------------------------------- */

int64_t index_root(struct index *ix, const char *path)
{
    database_run(ix->db, "INSERT INTO root(path) VALUES(?) ON CONFLICT DO NOTHING", "t",
                 sv_of(path));
    return database_number(ix->db, 0, "SELECT id FROM root WHERE path = ?", "t", sv_of(path));
}

int64_t index_session(struct index *ix, const char *session_id)
{
    database_run(ix->db, "INSERT INTO session(name) VALUES(?) ON CONFLICT DO NOTHING", "t",
                 sv_of(session_id));
    return database_number(ix->db, 0, "SELECT id FROM session WHERE name = ?", "t",
                           sv_of(session_id));
}

bool index_find_file(struct index *ix, int64_t root, const char *path, struct index_file *out)
{
    struct rows *rows = database_rows(ix->db,
                                      "SELECT id, session, device, inode, size, mtime, read, "
                                      "digest, unsettled FROM file WHERE root = ? AND path = ?",
                                      "it", root, sv_of(path));
    if (!database_next(rows))
        return false;
    *out = (struct index_file){
        .id = database_integer(rows, 0),
        .session = database_integer(rows, 1),
        .device = (uint64_t)database_integer(rows, 2),
        .inode = (uint64_t)database_integer(rows, 3),
        .size_bytes = database_integer(rows, 4),
        .mtime_ns = database_integer(rows, 5),
        .read_bytes = database_integer(rows, 6),
        .digest = database_integer(rows, 7),
        .is_unsettled = database_integer(rows, 8) != 0,
    };
    database_stop(rows);
    return true;
}

void index_save_file(struct index *ix, int64_t root, const char *path, struct index_file *file)
{
    if (!file->id) {
        database_run(ix->db, "INSERT INTO file(root, path, session) VALUES(?, ?, ?)", "iti", root,
                     sv_of(path), file->session);
        file->id = database_last_id(ix->db);
    }
    database_run(ix->db,
                 "UPDATE file SET device = ?, inode = ?, size = ?, mtime = ?, read = ?, "
                 "digest = ?, unsettled = ? WHERE id = ?",
                 "iiiiiiii", (int64_t)file->device, (int64_t)file->inode, file->size_bytes,
                 file->mtime_ns, file->read_bytes, file->digest, (int64_t)file->is_unsettled,
                 file->id);
}

static void list_known(struct rows *rows, struct arena *a, struct index_known **out, size_t *count)
{
    struct index_known *items = NULL;
    size_t n = 0, capacity = 0;
    while (database_next(rows)) {
        struct index_known *known = ARENA_PUSH(a, items, n, capacity);
        struct sv path = database_text(rows, 0);
        known->path = arena_strndup(a, path.p, path.n);
        known->id = database_integer(rows, 1);
    }
    *out = items;
    *count = n;
}

void index_list_files(struct index *ix, int64_t root, struct arena *a, struct index_known **files,
                      size_t *count)
{
    list_known(database_rows(ix->db, "SELECT path, id FROM file WHERE root = ?", "i", root), a,
               files, count);
}

void index_list_roots(struct index *ix, struct arena *a, struct index_known **roots, size_t *count)
{
    list_known(database_rows(ix->db, "SELECT path, id FROM root", ""), a, roots, count);
}

/* ---- messages ----------------------------------------------------------------------------- */

/* FNV-1a, 64 bits. Keys are compared within one session: of a million messages, two are taken for
 * one with a chance of 1 in 36 million. */
int64_t index_key(struct sv s)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < s.n; i++)
        hash = (hash ^ (unsigned char)s.p[i]) * 0x100000001b3u;
    return (int64_t)hash;
}

/* Returns: false where the message is not known; else it is noted that it stands in this file too.
 */
static bool add_copy(struct index *ix, const struct index_file *file, int64_t key, int64_t offset)
{
    struct rows *rows =
        database_rows(ix->db, "SELECT id, file, offset FROM message WHERE session = ? AND key = ?",
                      "ii", file->session, key);
    if (!database_next(rows))
        return false;
    int64_t id = database_integer(rows, 0), owner = database_integer(rows, 1);
    bool is_unsettled = database_integer(rows, 2) < 0;
    database_stop(rows);
    if (owner != file->id)
        database_run(ix->db, "INSERT OR REPLACE INTO copy(file, message, offset) VALUES(?, ?, ?)",
                     "iii", file->id, id, offset);
    else if (is_unsettled)
        database_run(ix->db, "UPDATE message SET offset = ? WHERE id = ?", "ii", offset, id);
    return true;
}

/* Looked for before it is inserted: an insertion that comes to nothing takes a row number all the
 * same, and those that were taken tell how much is stale. */
void index_add_message(struct index *ix, const struct index_file *file, int64_t key, int64_t at_ms,
                       int64_t offset, struct sv words)
{
    if (add_copy(ix, file, key, offset) || database_code(ix->db) < 0)
        return;
    database_run(ix->db,
                 "INSERT INTO message(session, key, at, file, offset) VALUES(?, ?, ?, ?, ?)",
                 "iiiii", file->session, key, at_ms, file->id, offset);
    if (database_code(ix->db) < 0)
        return;
    database_run(ix->db, "INSERT INTO words(rowid, text) VALUES(?, ?)", "it",
                 database_last_id(ix->db), words);
}

void index_unsettle(struct index *ix, struct index_file *file)
{
    file->is_unsettled = true;
    file->read_bytes = 0;
    database_run(ix->db, "UPDATE message SET offset = -1 WHERE session = ? AND file = ?", "ii",
                 file->session, file->id);
    database_run(ix->db, "UPDATE copy SET offset = -1 WHERE file = ?", "i", file->id);
}

/* A message that its file does not hold any more is where a copy of it is, if there is one. */
static void rehome(struct index *ix, int64_t session, int64_t file, int64_t message)
{
    struct rows *rows =
        database_rows(ix->db,
                      "SELECT c.file, c.offset FROM file f JOIN copy c ON c.file = f.id AND "
                      "c.message = ? WHERE f.session = ? AND f.id <> ? AND c.offset >= 0 LIMIT 1",
                      "iii", message, session, file);
    if (!database_next(rows)) {
        database_run(ix->db, "DELETE FROM message WHERE id = ?", "i", message);
        return;
    }
    int64_t other = database_integer(rows, 0), offset = database_integer(rows, 1);
    database_stop(rows);
    database_run(ix->db, "UPDATE message SET file = ?, offset = ? WHERE id = ?", "iii", other,
                 offset, message);
    database_run(ix->db, "DELETE FROM copy WHERE file = ? AND message = ?", "ii", other, message);
}

void index_settle(struct index *ix, struct index_file *file)
{
    ARENA_RELEASE struct arena a = {0};
    int64_t *items = NULL;
    size_t count = 0, capacity = 0;
    struct rows *rows = database_rows(
        ix->db, "SELECT id FROM message WHERE session = ? AND file = ? AND offset < 0", "ii",
        file->session, file->id);
    while (database_next(rows))
        *ARENA_PUSH(&a, items, count, capacity) = database_integer(rows, 0);
    for (size_t i = 0; i < count; i++)
        rehome(ix, file->session, file->id, items[i]);
    database_run(ix->db, "DELETE FROM copy WHERE file = ? AND offset < 0", "i", file->id);
    file->is_unsettled = false;
}

void index_forget_file(struct index *ix, int64_t id)
{
    struct index_file file = {.id = id};
    file.session = database_number(ix->db, 0, "SELECT session FROM file WHERE id = ?", "i", id);
    index_unsettle(ix, &file);
    index_settle(ix, &file);
    database_run(ix->db, "DELETE FROM file WHERE id = ?", "i", id);
}

struct index_counts index_counts(struct index *ix)
{
    return (struct index_counts){
        .files = database_number(ix->db, 0, "SELECT count(*) FROM file", ""),
        .messages = database_number(ix->db, 0, "SELECT count(*) FROM message", ""),
    };
}

bool index_is_mostly_stale(struct index *ix)
{
    int64_t ever =
        database_number(ix->db, 0, "SELECT seq FROM sqlite_sequence WHERE name = 'message'", "");
    /* counting takes a while: only where so many numbers were given */
    return ever > STALE_MIN && index_counts(ix).messages < ever / 2;
}

/* ---- searching ---------------------------------------------------------------------------- */

/* The roots of files, by their ids. */
struct scope {
    const int64_t *roots;
    size_t root_count;
    struct scope_file {
        int64_t id, root;
    } * files;
    size_t file_count, capacity;
};

static bool holds(const struct scope *s, int64_t root)
{
    for (size_t i = 0; i < s->root_count; i++)
        if (s->roots[i] == root)
            return true;
    return false;
}

static void read_scope(struct index *ix, struct arena *a, struct scope *s)
{
    struct rows *rows = database_rows(ix->db, "SELECT id, root FROM file ORDER BY id", "");
    while (database_next(rows)) {
        *ARENA_PUSH(a, s->files, s->file_count, s->capacity) =
            (struct scope_file){database_integer(rows, 0), database_integer(rows, 1)};
    }
}

static int by_id(const void *a, const void *b)
{
    int64_t x = ((const struct scope_file *)a)->id, y = ((const struct scope_file *)b)->id;
    return (x > y) - (x < y);
}

static bool is_in_scope(const struct scope *s, int64_t file)
{
    struct scope_file key = {.id = file};
    const struct scope_file *f =
        s->file_count ? bsearch(&key, s->files, s->file_count, sizeof key, by_id) : NULL;
    return f && holds(s, f->root);
}

static bool has_copy_in_scope(struct index *ix, const struct scope *s, int64_t session,
                              int64_t message)
{
    bool found = false;
    struct rows *rows =
        database_rows(ix->db,
                      "SELECT c.file FROM file f JOIN copy c ON c.file = f.id AND c.message = ? "
                      "WHERE f.session = ? AND c.offset >= 0",
                      "ii", message, session);
    while (!found && database_next(rows))
        found = is_in_scope(s, database_integer(rows, 0));
    database_stop(rows);
    return found;
}

/* Older, or as old and further back. */
static bool is_older(const struct index_hit *a, const struct index_hit *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->message < b->message;
}

static void swap(struct index_hit *a, struct index_hit *b)
{
    struct index_hit kept = *a;
    *a = *b;
    *b = kept;
}

/* The newest are kept in a heap with the oldest of them on top. */
static void sift_down(struct index_hit *heap, size_t count)
{
    for (size_t i = 0, child; (child = 2 * i + 1) < count; i = child) {
        if (child + 1 < count && is_older(&heap[child + 1], &heap[child]))
            child++;
        if (!is_older(&heap[child], &heap[i]))
            return;
        swap(&heap[child], &heap[i]);
    }
}

static void sift_up(struct index_hit *heap, size_t i)
{
    for (; i && is_older(&heap[i], &heap[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&heap[i], &heap[(i - 1) / 2]);
}

struct hits {
    struct index_hit *items;
    size_t count, capacity, limit;
};

static void keep(struct arena *a, struct hits *hits, const struct index_hit *hit)
{
    if (hits->count < hits->limit) {
        *ARENA_PUSH(a, hits->items, hits->count, hits->capacity) = *hit;
        sift_up(hits->items, hits->count - 1);
    } else if (hits->count && is_older(&hits->items[0], hit)) {
        hits->items[0] = *hit;
        sift_down(hits->items, hits->count);
    }
}

static int newest_first(const void *a, const void *b)
{
    return is_older(a, b) ? 1 : is_older(b, a) ? -1 : 0;
}

int64_t index_search(struct index *ix, struct sv match, const int64_t *roots, size_t root_count,
                     size_t limit, struct arena *a, struct index_hit **out, size_t *count)
{
    struct hits hits = {.limit = limit};
    struct scope scope = {.roots = roots, .root_count = root_count};
    int64_t found = 0;
    read_scope(ix, a, &scope);
    struct rows *rows =
        database_rows(ix->db,
                      "SELECT m.id, m.session, m.at, m.file, m.offset, m.key FROM words JOIN "
                      "message m ON m.id = words.rowid WHERE words MATCH ?",
                      "t", match);
    while (database_next(rows)) {
        struct index_hit hit = {
            .message = database_integer(rows, 0),
            .session = database_integer(rows, 1),
            .at_ms = database_integer(rows, 2),
            .file = database_integer(rows, 3),
            .offset = database_integer(rows, 4),
            .key = database_integer(rows, 5),
        };
        if (!is_in_scope(&scope, hit.file) &&
            !has_copy_in_scope(ix, &scope, hit.session, hit.message))
            continue;
        found++;
        keep(a, &hits, &hit);
    }
    if (hits.count)
        qsort(hits.items, hits.count, sizeof *hits.items, newest_first);
    *out = hits.items;
    *count = hits.count;
    return found;
}

void index_places(struct index *ix, const struct index_hit *hit, const int64_t *roots,
                  size_t root_count, struct arena *a, struct index_place **places, size_t *count)
{
    struct scope scope = {.roots = roots, .root_count = root_count};
    struct index_place *items = NULL;
    size_t n = 0, capacity = 0;
    struct rows *rows = database_rows(
        ix->db,
        "SELECT f.root, f.path, s.name, m.offset FROM message m JOIN file f ON f.id = m.file JOIN "
        "session s ON s.id = m.session WHERE m.id = ?1 UNION ALL "
        "SELECT f.root, f.path, s.name, c.offset FROM file f JOIN copy c ON c.file = f.id AND "
        "c.message = ?1 JOIN session s ON s.id = f.session WHERE f.session = ?2",
        "ii", hit->message, hit->session);
    while (database_next(rows)) {
        if (!holds(&scope, database_integer(rows, 0)) || database_integer(rows, 3) < 0)
            continue;
        struct sv path = database_text(rows, 1), session = database_text(rows, 2);
        *ARENA_PUSH(a, items, n, capacity) = (struct index_place){
            .root = database_integer(rows, 0),
            .path = arena_strndup(a, path.p, path.n),
            .session_id = arena_strndup(a, session.p, session.n),
            .offset = database_integer(rows, 3),
        };
    }
    *places = items;
    *count = n;
}

/* ---- words -------------------------------------------------------------------------------- */

/* Scripts that put no space between words. Hangul does, though its letters are as wide. */
static bool is_written_together(uint32_t c)
{
    return (c >= 0x3041 && c <= 0x30ff) || (c >= 0x3400 && c <= 0x4dbf) ||
           (c >= 0x4e00 && c <= 0x9fff) || (c >= 0xf900 && c <= 0xfaff) ||
           (c >= 0xff66 && c <= 0xff9f) || (c >= 0x20000 && c <= 0x3fffd) ||
           (c >= 0x0e01 && c <= 0x0eff) || (c >= 0x1000 && c <= 0x109f) ||
           (c >= 0x1780 && c <= 0x17ff);
}

void index_words_add(struct sv text, struct buf *out)
{
    size_t clean = 0; /* text[clean..i) is not yet appended */
    for (size_t i = 0, length; i < text.n; i += length) {
        uint32_t c;
        length = 1;
        if ((unsigned char)text.p[i] < 0xe0) /* below U+0800: none of these */
            continue;
        length = utf8_decode(sv_slice(text, i, text.n), &c);
        if (!length) {
            length = 1;
        } else if (is_written_together(c)) {
            buf_add(out, text.p + clean, i + length - clean);
            buf_fill(out, INDEX_SEPARATOR, 1);
            clean = i + length;
        }
    }
    if (clean < text.n)
        buf_add(out, text.p + clean, text.n - clean);
}

/* SQLite itself says what matches: by an index of these texts alone, in memory. */
int index_snippets(struct sv match, const struct sv *texts, size_t count, struct arena *a,
                   const char **snippets)
{
    struct database *db = database_open(":memory:");
    BUF_RELEASE struct buf words = {0};
    database_run(db, "CREATE VIRTUAL TABLE shown USING fts5(text, " TOKENIZER ")", "");
    for (size_t i = 0; i < count; i++) {
        snippets[i] = NULL;
        words.n = 0;
        index_words_add(texts[i], &words);
        for (size_t j = 0; j < words.n; j++)
            if (words.p[j] == INDEX_MARK_ON || words.p[j] == INDEX_MARK_OFF || !words.p[j])
                words.p[j] = ' ';
        database_run(db, "INSERT INTO shown(rowid, text) VALUES(?, ?)", "it", (int64_t)i,
                     (struct sv){words.p, words.n});
    }
    struct rows *rows = database_rows(
        db,
        "SELECT rowid, snippet(shown, 0, char(2), char(3), '...', 24) FROM shown WHERE shown MATCH "
        "?",
        "t", match);
    while (database_next(rows)) {
        struct sv text = database_text(rows, 1);
        snippets[database_integer(rows, 0)] = arena_strndup(a, text.p, text.n);
    }
    int code = database_code(db);
    database_close(db);
    return code;
}
