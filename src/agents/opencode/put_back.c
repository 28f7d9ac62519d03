/*
 * Rows of a backup, put back into the database: doc/backup-format.md. Only while no process has it
 * open, in one transaction, by INSERT alone: no row that is there is touched.
 */
#include "agents/opencode/opencode.h"
#include "base/err.h"
#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The lines of one session, with what is done with them. */
struct kept {
    const struct agent_store *store;
    struct database *db;
    const char *session_id;
    FILE *file;
    char *line;
    size_t capacity;
    struct arena scratch; /* of the line */
    struct sv text;
    const struct json_value *row; /* NULL: the head */
    struct sv table;
    const char *why;
};

static int refuse(struct kept *k, int code, const char *why)
{
    if (!k->why)
        k->why = why;
    return code;
}

/* ---- the lines ---------------------------------------------------------------------------- */

static int open_kept(struct kept *k, const struct agent_kept *kept)
{
    int fd = fcntl(kept->fd, F_DUPFD_CLOEXEC, 0);
    k->session_id = kept->session_id;
    k->file = fd < 0 || lseek(fd, 0, SEEK_SET) < 0 ? NULL : fdopen(fd, "r");
    if (k->file)
        return 0;
    int r = -errno;
    if (fd >= 0)
        close(fd);
    return refuse(k, r, err_reason(r));
}

static void close_kept(struct kept *k)
{
    if (k->file)
        fclose(k->file);
    free(k->line);
    arena_release(&k->scratch);
    k->file = NULL;
    k->line = NULL;
    k->capacity = 0;
}

/* A row of this session, or of the project that it is of; a line may say anything. */
static int check_owner(struct kept *k)
{
    const char *column = opencode_owner_column(k->table);
    if (sv_equals(k->table, SV("project")))
        return 1;
    if (!column || !sv_equals(json_text_at(k->row, column), sv_of(k->session_id)))
        return refuse(k, -EBADMSG, "the backup has a row that is none of its session");
    return 1;
}

/* Returns: 1, 0 behind the last, or negative errno. */
static int next_kept(struct kept *k)
{
    const struct json_value *root;
    errno = 0;
    ssize_t n = getline(&k->line, &k->capacity, k->file);
    if (n < 0)
        return ferror(k->file) ? refuse(k, errno ? -errno : -EIO, "the backup cannot be read") : 0;
    arena_release(&k->scratch);
    k->text = (struct sv){k->line, (size_t)n - (k->line[n - 1] == '\n')};
    if (json_parse(&k->scratch, k->text, &root) < 0)
        return refuse(k, -EBADMSG, "the backup has a line that is no row");
    k->table = json_text_at(root, "table");
    k->row = json_get(root, "row");
    if (k->row)
        return check_owner(k);
    if (!sv_equals(json_text_at(root, "format"), SV("rows/1")))
        return refuse(k, -EBADMSG, "the backup has a line that is no row");
    return 1;
}

/* Made by a later version, the rows may say what this database has no place for. */
static int check_form(struct kept *k)
{
    const struct json_value *root, *done;
    if (json_parse(&k->scratch, k->text, &root) < 0)
        return -EBADMSG;
    done = json_get(root, "migrations");
    for (const struct json_value *v = json_first(done); v; v = json_next(done, v)) {
        struct sv name;
        if (json_string(v, &name) &&
            database_number(k->db, 0, "SELECT count(*) FROM migration WHERE id = ?", "t", name) < 1)
            return refuse(k, -EOPNOTSUPP,
                          "the backup is of a later version of the agent than the database");
    }
    return 0;
}

/* ---- are they there? ---------------------------------------------------------------------- */

static bool compare_cell(void *context, struct sv key, const struct json_value *value)
{
    const struct json_value **there = context;
    struct buf a = {0}, b = {0};
    char name[256];
    bool is_same = key.n < sizeof name;
    if (is_same) {
        memcpy(name, key.p, key.n);
        name[key.n] = '\0';
        const struct json_value *other = json_get(*there, name);
        json_add_value(value, &a);
        if (other)
            json_add_value(other, &b);
        is_same = other && a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
    }
    buf_release(&a);
    buf_release(&b);
    if (!is_same)
        *there = NULL;
    return is_same;
}

/* Every column of the backup's has the same value; a later version may have added others. */
static bool is_same_row(struct kept *k, struct sv line)
{
    const struct json_value *root, *row;
    if (sv_equals(line, k->text))
        return true;
    if (json_parse(&k->scratch, line, &root) < 0 ||
        !sv_equals(json_text_at(root, "table"), k->table))
        return false;
    row = json_get(root, "row");
    if (row)
        json_each(k->row, compare_cell, &row);
    return row != NULL;
}

static bool is_own_line(struct sv line)
{
    return !sv_starts_with(line, SV("{\"format\":")) &&
           !sv_starts_with(line, SV("{\"table\":\"project\""));
}

static int next_own(struct kept *k)
{
    int r;
    do
        r = next_kept(k);
    while (r > 0 && !is_own_line(k->text));
    return r;
}

/* A sink of rows as they are in the database: each must be the next one of the backup. */
static int compare_lines(void *context, const char *bytes, size_t n)
{
    struct kept *k = context;
    struct sv rest = {bytes, n}, line;
    while (rest.n) {
        sv_cut_line(&rest, &line);
        if (!is_own_line(line))
            continue;
        int r = next_own(k);
        if (r < 0)
            return r;
        if (r == 0 || !is_same_row(k, line))
            return -EEXIST;
    }
    return 0;
}

/* Returns: 1: they are; -EEXIST: they differ; -ENOENT: none is; another negative errno. */
static int compare_all(struct kept *k, const struct agent_kept *kept)
{
    int r = open_kept(k, kept);
    if (r == 0)
        r = next_kept(k) < 1 || k->row ? refuse(k, -EBADMSG, "the backup does not say its form")
                                       : check_form(k);
    if (r == 0)
        r = opencode_write_all(k->db, k->session_id, compare_lines, k);
    if (r == 0) {
        r = next_own(k);
        r = r > 0 ? -EEXIST : r == 0 ? 1 : r;
    }
    close_kept(k);
    return r;
}

static const char *path_of(const struct agent_store *store)
{
    return arena_printf(store->arena, "%s/" OPENCODE_DATABASE, store->path);
}

static int say_holder(struct kept *k, int pid)
{
    return refuse(k, -EBUSY,
                  pid > 0 ? arena_printf(k->store->arena,
                                         "pid %d has it open: end every process of the agent first",
                                         pid)
                          : "a process has it open: end every process of the agent first");
}

int opencode_compare(const struct agent_store *store, const struct agent_kept *kept,
                     const char **why)
{
    struct kept k = {.store = store};
    int r = store->fd < 0 ? -ENOENT : opencode_open(store, &k.db);
    if (r == -ENOENT || r == -ENODATA) {
        *why = "there is no database: run opencode there once, which makes it";
        return -ENODATA;
    }
    if (r < 0) {
        *why = err_reason(r);
        return r;
    }
    database_run(k.db, "BEGIN", "");
    r = compare_all(&k, kept);
    database_run(k.db, "COMMIT", "");
    int code = database_code(k.db);
    if (code < 0)
        k.why = arena_strdup(store->arena, database_reason(k.db));
    database_close(k.db);
    if (code < 0)
        r = code == -EEXIST ? -EIO : code;
    else if (r == -EEXIST)
        k.why = "is there and differs";
    else if (r == -ENOENT && (r = database_holder(path_of(store))) > 0)
        r = say_holder(&k, r);
    *why = k.why ? k.why : r < 0 ? err_reason(r) : NULL;
    return r;
}

/* ---- putting them back -------------------------------------------------------------------- */

enum { COLUMNS_LIMIT = 200 };

struct row {
    struct kept *kept;
    struct database_cell cells[COLUMNS_LIMIT];
    size_t count;
    bool is_odd;
};

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(struct arena *a, struct sv hex, struct sv *out)
{
    char *bytes = arena_alloc(a, hex.n / 2 + 1);
    for (size_t i = 0; i + 1 < hex.n; i += 2) {
        int high = hex_digit(hex.p[i]), low = hex_digit(hex.p[i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i / 2] = (char)(high << 4 | low);
    }
    *out = (struct sv){bytes, hex.n / 2};
    return hex.n % 2 == 0;
}

/* {"text":"6162ff"}, {"blob":"..."}, {"real":"inf"} */
static bool read_odd(struct arena *a, const struct json_value *v, struct database_cell *cell)
{
    struct sv text;
    if (json_string(json_get(v, "text"), &text)) {
        cell->type = DATABASE_TEXT;
        return read_hex(a, text, &cell->text);
    }
    if (json_string(json_get(v, "blob"), &text)) {
        cell->type = DATABASE_BLOB;
        return read_hex(a, text, &cell->text);
    }
    cell->type = DATABASE_REAL;
    cell->real = sv_equals(json_text_at(v, "real"), SV("inf")) ? HUGE_VAL : -HUGE_VAL;
    return json_string(json_get(v, "real"), &text);
}

static bool add_cell(void *context, struct sv key, const struct json_value *v)
{
    struct row *row = context;
    struct arena *a = &row->kept->scratch;
    row->is_odd = row->count == COLUMNS_LIMIT || memchr(key.p, '\0', key.n);
    if (row->is_odd)
        return false;
    struct database_cell *cell = &row->cells[row->count++];
    *cell = (struct database_cell){.column = arena_strndup(a, key.p, key.n)};
    if (json_string(v, &cell->text))
        cell->type = DATABASE_TEXT;
    else if (json_integer(v, &cell->integer))
        cell->type = DATABASE_INTEGER;
    else if (json_real(v, &cell->real))
        cell->type = DATABASE_REAL;
    else if (json_is_object(v))
        row->is_odd = !read_odd(a, v, cell);
    else
        row->is_odd = !json_is_null(v);
    return !row->is_odd;
}

static bool has_project(struct kept *k)
{
    return database_number(k->db, 0, "SELECT count(*) FROM project WHERE id = ?", "t",
                           json_text_at(k->row, "id")) > 0;
}

static int add_rows(struct kept *k, const struct agent_kept *kept)
{
    int r = open_kept(k, kept);
    while (r == 0 && (r = next_kept(k)) > 0) {
        struct row row = {.kept = k};
        r = 0;
        if (!k->row || (sv_equals(k->table, SV("project")) && has_project(k)))
            continue; /* the project is others' too: it stays as it is */
        json_each(k->row, add_cell, &row);
        if (row.is_odd || row.count == 0)
            r = refuse(k, -EBADMSG, "the backup has a row with a value that none can have");
        else
            database_insert(k->db, arena_strndup(&k->scratch, k->table.p, k->table.n), row.cells,
                            row.count);
        if (r == 0)
            r = database_code(k->db);
    }
    close_kept(k);
    return r;
}

static int put_back(struct kept *k, const struct agent_kept *kept, size_t count)
{
    int r = 0;
    for (size_t i = 0; i < count && r == 0; i++)
        r = add_rows(k, &kept[i]);
    for (size_t i = 0; i < count && r == 0; i++) {
        r = compare_all(k, &kept[i]);
        if (r == -EEXIST || r == -ENOENT)
            r = refuse(k, -EIO, "what was written reads otherwise than the backup");
        r = r > 0 ? 0 : r;
    }
    return r < 0 ? r : database_code(k->db);
}

int opencode_put_back(const struct agent_store *store, const struct agent_kept *kept, size_t count,
                      const char **why)
{
    struct kept k = {.store = store};
    int r = opencode_look(store);
    if (r < 0) {
        *why = err_reason(r);
        return r;
    }
    k.db = database_open_foreign_alone(path_of(store));
    r = database_code(k.db);
    if (r == 0) {
        database_run(k.db, "BEGIN IMMEDIATE", "");
        r = put_back(&k, kept, count);
        if (r == 0)
            database_run(k.db, "COMMIT", "");
    }
    int code = database_code(k.db); /* after a failure, closing it takes all back */
    if (code < 0) {
        r = code;
        k.why = arena_strdup(store->arena, database_reason(k.db));
    }
    database_close(k.db);
    if (code == -EBUSY) {
        k.why = NULL;
        say_holder(&k, database_holder(path_of(store)));
    }
    *why = k.why ? k.why : r < 0 ? err_reason(r) : NULL;
    return r;
}

/* ---- names in a backup -------------------------------------------------------------------- */

/* "opencode.db/home/u/p/ses_...", "children/ses_..." */
const char *opencode_id_of(struct arena *a, const char *name)
{
    const char *id = str_basename(name);
    bool is_rows =
        str_starts_with(name, OPENCODE_DATABASE "/") || str_starts_with(name, "children/");
    return is_rows && opencode_is_id(sv_of(id)) ? arena_strdup(a, id) : NULL;
}

const char *opencode_renamed(struct arena *a, const char *name, const char *old_id,
                             const char *new_id, const char *project_folder)
{
    const char *id = opencode_id_of(a, name);
    (void)old_id;
    (void)new_id;
    (void)project_folder;
    return id ? arena_printf(a, OPENCODE_DATABASE "/%s", id) : name;
}
