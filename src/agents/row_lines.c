/* Rows as lines. */
#include "agents/row_lines.h"
#include "agents/store_files.h"
#include "base/err.h"
#include "base/json.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>

enum { PATIENCE_MS = 3000 };

static bool is_utf8(struct sv s)
{
    uint32_t code;
    while (s.n) {
        size_t n = (unsigned char)*s.p < 0x80 ? 1 : utf8_decode(s, &code);
        if (!n)
            return false;
        s = sv_slice(s, n, s.n);
    }
    return true;
}

/* What JSON has no word for: {"text":"6162ff"}, {"blob":"..."} in hexadecimal, {"real":"inf"}. */
static void put_odd(struct json_document *d, struct json_node *to, const char *key,
                    const char *type, struct sv bytes)
{
    struct json_node *node = json_object(d);
    struct buf hex = {0};
    for (size_t i = 0; i < bytes.n; i++)
        buf_addf(&hex, "%02x", (unsigned char)bytes.p[i]);
    json_put_text(d, node, type, (struct sv){hex.p ? hex.p : "", hex.n});
    json_put(d, to, key, node);
    buf_release(&hex);
}

static void put_value(struct json_document *d, struct json_node *to, struct rows *rows, int column)
{
    const char *key = database_column_name(rows, column);
    enum database_type type = database_type(rows, column);
    struct json_node *odd;
    struct sv text;
    switch (type) {
    case DATABASE_NULL:
        json_put_null(d, to, key);
        break;
    case DATABASE_INTEGER:
        json_put_integer(d, to, key, database_integer(rows, column));
        break;
    case DATABASE_REAL:
        if (isfinite(database_real(rows, column))) {
            json_put_real(d, to, key, database_real(rows, column));
            break;
        }
        odd = json_object(d);
        json_put_string(d, odd, "real", database_real(rows, column) > 0 ? "inf" : "-inf");
        json_put(d, to, key, odd);
        break;
    default:
        text = database_text(rows, column);
        if (type == DATABASE_TEXT && is_utf8(text))
            json_put_text(d, to, key, text);
        else
            put_odd(d, to, key, type == DATABASE_TEXT ? "text" : "blob", text);
        break;
    }
}

/* {"table":"part","key":["id"],"role":"user","row":{...}}; role: of the message that it is of. */
void row_lines_add(struct rows *rows, const struct row_table *table, const char *role,
                   struct buf *out)
{
    struct json_document *d = json_document_new();
    struct json_node *line = json_object(d), *keys = json_array(d), *row = json_object(d);
    json_put_string(d, line, "table", table->name);
    for (size_t i = 0; i < 2 && table->keys[i]; i++)
        json_put_string(d, keys, NULL, table->keys[i]);
    json_put(d, line, "key", keys);
    if (role)
        json_put_string(d, line, "role", role);
    const char *without = table->keys[ROW_WITHOUT];
    for (int i = 0; i < database_columns(rows); i++)
        if (!without || !str_in(database_column_name(rows, i), without))
            put_value(d, row, rows, i);
    json_put(d, line, "row", row);
    json_finish(d, line, true, out);
}

/* A line has no place for a column whose name is no UTF-8. */
bool row_lines_can_tell(const struct rows *rows)
{
    for (int i = 0; i < database_columns(rows); i++)
        if (!is_utf8(sv_of(database_column_name(rows, i))))
            return false;
    return true;
}

/* ---- a database below a store -------------------------------------------------------------- */

static const char *path_of(const struct agent_store *store, const char *file)
{
    return arena_printf(store->arena, "%s/%s", store->path, file);
}

int row_lines_open(const struct agent_store *store, const char *file, struct database **out)
{
    int r = store_look_at_database(store, file);
    if (r == 0)
        *out = database_open_foreign(path_of(store, file));
    else if (r != -ENOENT)
        problems_add(store->problems, path_of(store, file), r, NULL);
    return r;
}

int row_lines_close(const struct agent_store *store, const char *file, struct database *db)
{
    int r = database_code(db);
    if (r == -ENOENT || r == -ENOTDIR)
        r = -EIO; /* the file was there: what SQLite needs beside it is not */
    if (r < 0)
        problems_add(
            store->problems, path_of(store, file), r == -EBADMSG ? -EIO : r,
            arena_printf(store->arena, "its sessions cannot be read: %s", database_reason(db)));
    database_close(db);
    return r;
}

/* ---- of a session, in a database beside its transcript ------------------------------------- */

bool row_lines_has_table(struct database *db, const char *name)
{
    return database_number(db, 0,
                           "SELECT count(*) FROM sqlite_master WHERE type='table' AND name=?", "t",
                           sv_of(name)) > 0;
}

static int write_table(struct database *db, const struct row_table *table, const char *session_id,
                       agent_sink *sink, void *context)
{
    if (!row_lines_has_table(db, table->name))
        return 0;
    struct rows *rows = database_rows(db, table->sql, "t", sv_of(session_id));
    int r = row_lines_can_tell(rows) ? 0 : -EBADMSG;
    while (r == 0 && database_next(rows)) {
        BUF_RELEASE struct buf line = {0};
        row_lines_add(rows, table, NULL, &line);
        r = sink(context, line.p, line.n);
    }
    database_stop(rows);
    return r;
}

static int write_head(const char *file, agent_sink *sink, void *context)
{
    BUF_RELEASE struct buf line = {0};
    struct json_document *d = json_document_new();
    struct json_node *head = json_object(d);
    json_put_string(d, head, "format", "rows/1");
    json_put_string(d, head, "database", file);
    json_finish(d, head, true, &line);
    return sink(context, line.p, line.n);
}

int row_lines_write(const struct agent_store *store, const struct agent_transcript *of,
                    const struct row_table *tables, size_t count, agent_sink *sink, void *context)
{
    int r = store_look_at_database(store, of->path);
    if (r < 0)
        return r;
    struct database *db =
        database_open_foreign(arena_printf(store->arena, "%s/%s", store->path, of->path));
    database_limit(db, PATIENCE_MS);
    r = write_head(of->path, sink, context);
    database_run(db, "BEGIN", "");
    for (size_t i = 0; i < count && r == 0; i++)
        r = write_table(db, &tables[i], of->session_id, sink, context);
    database_run(db, "COMMIT", "");
    int code = database_code(db);
    database_close(db);
    return code < 0 ? code : r;
}

void row_lines_list(const struct agent_store *store, const char *file, const char *session_id,
                    agent_row_writer *write, struct agent_files *out)
{
    struct arena *a = store->arena;
    struct stat st;
    int r = store_look_at_database(store, file);
    bool is_no_file = fstatat(store->fd, file, &st, 0) == 0 && !S_ISREG(st.st_mode);
    if (r < 0 && r != -ENOENT && !is_no_file)
        agent_leave_out(out, arena_printf(a, "%s/%s", store->path, file), err_reason(r), true);
    if (r < 0)
        return;
    struct agent_transcript *of = arena_alloc(a, sizeof *of);
    *of = (struct agent_transcript){.session_id = arena_strdup(a, session_id),
                                    .path = arena_strdup(a, file)};
    *ARENA_PUSH(out->arena, out->items, out->count, out->capacity) = (struct agent_file){
        .kind = AGENT_FILE_RECORD,
        .at = store->fd,
        .path = of->path,
        .name = arena_printf(a, "%s.rows.jsonl", file),
        .rows = of,
        .write_rows = write,
        .is_lines = true,
        .seen = {.fd = -1},
    };
}
