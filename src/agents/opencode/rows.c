/* The rows of one session, as lines: doc/backup-format.md. */
#include "agents/opencode/opencode.h"
#include "agents/row_lines.h"
#include "base/err.h"
#include "base/json.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum {
    END_MESSAGES = 200, /* a turn has one for each request: 50 are many */
    END_BYTES = 1024 * 1024,
};

/*
 * What is of one session, in the order of the lines. Tables that are not named here are not read:
 * there are those of accounts and credentials. Messages and their parts stand behind all others.
 */
static const struct row_table tables[] = {
    {"project",
     "SELECT p.* FROM project p JOIN session s ON s.project_id = p.id WHERE s.id = ?",
     {"id"}},
    {"session", "SELECT * FROM session WHERE id = ?", {"id"}},
    {"todo",
     "SELECT * FROM todo WHERE session_id = ? ORDER BY position",
     {"session_id", "position"}},
    {"session_input",
     "SELECT * FROM session_input WHERE session_id = ? ORDER BY admitted_seq",
     {"id"}},
    {"session_context_epoch",
     "SELECT * FROM session_context_epoch WHERE session_id = ?",
     {"session_id"}},
    {"session_message", "SELECT * FROM session_message WHERE session_id = ? ORDER BY seq", {"id"}},
    {"event_sequence", "SELECT * FROM event_sequence WHERE aggregate_id = ?", {"aggregate_id"}},
    {"event", "SELECT * FROM event WHERE aggregate_id = ? ORDER BY seq", {"id"}},
};

static const struct row_table message_table = {
    "message", "SELECT * FROM message WHERE session_id = ? ORDER BY time_created, id", {"id"}};
static const struct row_table part_table = {
    "part", "SELECT * FROM part WHERE message_id = ? AND session_id = ? ORDER BY id", {"id"}};
static const struct row_table orphan_table = {
    "part",
    "SELECT * FROM part WHERE session_id = ? AND message_id NOT IN "
    "(SELECT id FROM message WHERE session_id = ?) ORDER BY id",
    {"id"}};

#define NEWEST "SELECT * FROM message WHERE session_id = ? ORDER BY time_created DESC, id DESC"
#define OLDEST "SELECT * FROM message WHERE session_id = ? ORDER BY time_created, id LIMIT 4"

struct writer {
    struct database *db;
    const char *session_id;
    agent_sink *sink;
    void *context;
    int code; /* of the sink: 0, or what it returned; of rows that cannot be told as lines */
};

/* ---- a line ------------------------------------------------------------------------------- */

/* A line has no place for a column whose name is no UTF-8. */
static bool can_tell(struct writer *w, struct rows *rows)
{
    if (!row_lines_can_tell(rows))
        w->code = -EBADMSG;
    return w->code == 0;
}

static void give(struct writer *w, const struct buf *text)
{
    if (w->code == 0 && text->n)
        w->code = w->sink(w->context, text->p, text->n);
}

/* ---- messages ----------------------------------------------------------------------------- */

static int column_of(struct rows *rows, const char *name)
{
    for (int i = 0; i < database_columns(rows); i++)
        if (str_equals(database_column_name(rows, i), name))
            return i;
    return -1;
}

static struct sv text_in(struct arena *a, struct rows *rows, const char *name)
{
    int column = column_of(rows, name);
    struct sv text = {0};
    if (column >= 0)
        text = database_text(rows, column);
    return (struct sv){arena_strndup(a, text.p ? text.p : "", text.n), text.n};
}

static const char *role_in(struct arena *a, struct rows *rows)
{
    const struct json_value *data;
    return json_parse(a, text_in(a, rows, "data"), &data) == 0 ? json_copy_text(a, data, "role")
                                                               : NULL;
}

/* The message of a row, behind its parts: what it says of how the turn ended is said last. Returns:
 * whether it is a user's. */
static bool add_message(struct writer *w, struct rows *rows, struct buf *out)
{
    struct arena a = {0};
    struct buf message = {0};
    struct sv id = text_in(&a, rows, "id");
    const char *role = role_in(&a, rows);
    bool is_user = str_equals(role, "user");
    row_lines_add(rows, &message_table, NULL, &message);
    struct rows *parts = database_rows(w->db, part_table.sql, "tt", id, sv_of(w->session_id));
    while (can_tell(w, parts) && database_next(parts))
        row_lines_add(parts, &part_table, role ? role : "", out);
    database_stop(parts);
    buf_add(out, message.p, message.n);
    buf_release(&message);
    arena_release(&a);
    return is_user;
}

static void write_messages(struct writer *w, const char *sql)
{
    struct rows *rows = database_rows(w->db, sql, "t", sv_of(w->session_id));
    while (can_tell(w, rows) && database_next(rows)) {
        struct buf text = {0};
        add_message(w, rows, &text);
        give(w, &text);
        buf_release(&text);
    }
    database_stop(rows);
}

/* From the newest back to the last that a user wrote. */
static void write_last_turn(struct writer *w)
{
    struct buf texts[END_MESSAGES] = {0};
    size_t count = 0, bytes = 0;
    bool is_whole = false;
    struct rows *rows = database_rows(w->db, NEWEST, "t", sv_of(w->session_id));
    while (can_tell(w, rows) && !is_whole && count < END_MESSAGES && bytes < END_BYTES &&
           database_next(rows)) {
        is_whole = add_message(w, rows, &texts[count]);
        bytes += texts[count++].n;
    }
    database_stop(rows);
    for (size_t i = count; i-- > 0;) {
        give(w, &texts[i]);
        buf_release(&texts[i]);
    }
}

/* ---- all of it ---------------------------------------------------------------------------- */

static void write_rows(struct writer *w, const struct row_table *table, struct rows *rows)
{
    while (can_tell(w, rows) && database_next(rows)) {
        struct buf text = {0};
        row_lines_add(rows, table, NULL, &text);
        give(w, &text);
        buf_release(&text);
    }
    database_stop(rows);
}

static void write_table(struct writer *w, const struct row_table *table)
{
    if (row_lines_has_table(w->db, table->name))
        write_rows(w, table, database_rows(w->db, table->sql, "t", sv_of(w->session_id)));
}

/* Which form of the tables the rows are of: what a restore must find again. */
static void write_head(struct writer *w)
{
    struct json_document *d = json_document_new();
    struct json_node *line = json_object(d), *done = json_array(d);
    struct buf text = {0};
    json_put_string(d, line, "format", "rows/1");
    json_put_string(d, line, "database", OPENCODE_DATABASE);
    if (row_lines_has_table(w->db, "migration")) {
        struct rows *rows = database_rows(w->db, "SELECT id FROM migration ORDER BY id", "");
        while (database_next(rows))
            json_put_text(d, done, NULL, database_text(rows, 0));
    }
    json_put(d, line, "migrations", done);
    json_finish(d, line, true, &text);
    give(w, &text);
    buf_release(&text);
}

static void write_all(struct writer *w)
{
    struct sv id = sv_of(w->session_id);
    if (database_number(w->db, 0, "SELECT count(*) FROM session WHERE id = ?", "t", id) == 0) {
        w->code = -ENOENT; /* removed since it was listed */
        return;
    }
    write_head(w);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        write_table(w, &tables[i]);
    write_messages(w, message_table.sql);
    write_rows(w, &orphan_table, database_rows(w->db, orphan_table.sql, "tt", id, id));
}

int opencode_write_all(struct database *db, const char *session_id, agent_sink *sink, void *context)
{
    struct writer w = {.db = db, .session_id = session_id, .sink = sink, .context = context};
    write_all(&w);
    return w.code;
}

const char *opencode_owner_column(struct sv table)
{
    static const struct {
        const char *table, *column;
    } owners[] = {
        {"session", "id"},
        {"todo", "session_id"},
        {"session_input", "session_id"},
        {"session_context_epoch", "session_id"},
        {"session_message", "session_id"},
        {"event_sequence", "aggregate_id"},
        {"event", "aggregate_id"},
        {"message", "session_id"},
        {"part", "session_id"},
    };
    for (size_t i = 0; i < sizeof owners / sizeof *owners; i++)
        if (sv_equals(table, sv_of(owners[i].table)))
            return owners[i].column;
    return NULL;
}

int opencode_write_rows(const struct agent_store *store, const struct agent_transcript *of,
                        enum agent_extent extent, agent_sink *sink, void *context)
{
    struct writer w = {.session_id = of->session_id, .sink = sink, .context = context};
    int r = opencode_open(store, &w.db);
    if (r < 0)
        return r;
    database_run(w.db, "BEGIN", "");
    if (extent == AGENT_WHOLE)
        write_all(&w);
    else
        write_table(&w, &tables[1]);
    if (extent == AGENT_BEGINNING)
        write_messages(&w, OLDEST);
    else if (extent == AGENT_END)
        write_last_turn(&w);
    database_run(w.db, "COMMIT", "");
    r = opencode_close(store, w.db);
    return r < 0 ? r : w.code;
}

/* Rows are added, taken away, and rewritten with a new time. */
int opencode_stamp_rows(const struct agent_store *store, const struct agent_transcript *of,
                        uint64_t *stamp)
{
    static const char *const sums[] = {
        "SELECT coalesce(max(time_updated), 0) * 31 + count(*) FROM part WHERE session_id = ?",
        "SELECT coalesce(max(time_updated), 0) * 31 + count(*) FROM message WHERE session_id = ?",
        "SELECT coalesce(max(time_updated), 0) FROM session WHERE id = ?",
    };
    struct database *db;
    uint64_t all = 0;
    int r = opencode_open(store, &db);
    if (r < 0)
        return r;
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        all = all * 1000003 + (uint64_t)database_number(db, 0, sums[i], "t", sv_of(of->session_id));
    r = opencode_close(store, db);
    if (r == 0)
        *stamp = all;
    return r;
}

/* ---- a backup ----------------------------------------------------------------------------- */

/* Of the text in the rows, with room for what escapes it. */
static int64_t size_of(struct database *db, const char *session_id)
{
    int64_t parts = database_number(
        db, 0, "SELECT coalesce(sum(length(CAST(data AS BLOB))), 0) FROM part WHERE session_id = ?",
        "t", sv_of(session_id));
    int64_t messages = database_number(
        db, 0,
        "SELECT coalesce(sum(length(CAST(data AS BLOB))), 0) FROM message WHERE session_id = ?",
        "t", sv_of(session_id));
    return 2 * (parts + messages);
}

static void add_file(const struct agent_store *store, struct database *db,
                     const struct agent_transcript *of, bool is_main, struct agent_files *out)
{
    struct agent_transcript *kept = arena_alloc(store->arena, sizeof *kept);
    *kept = *of;
    kept->session_id = arena_strdup(store->arena, of->session_id);
    kept->path = arena_strdup(store->arena, of->path);
    *ARENA_PUSH(out->arena, out->items, out->count, out->capacity) = (struct agent_file){
        .kind = is_main ? AGENT_FILE_TRANSCRIPT : AGENT_FILE_OWN,
        .at = store->fd,
        .path = kept->path,
        .name = is_main ? kept->path : arena_printf(store->arena, "children/%s", kept->session_id),
        .rows = kept,
        .is_lines = true,
        .seen = {.fd = -1, .size_bytes = db ? size_of(db, of->session_id) : 0},
    };
}

/* Children of children, too. */
static void add_children(const struct agent_store *store, struct database *db,
                         const struct agent_transcript *of, size_t depth, struct agent_files *out)
{
    enum { DEPTH = 8 };
    struct agent_transcript *children;
    size_t count;
    struct lookup seen = opencode_list_children(store, of, &children, &count);
    const char *what = arena_printf(store->arena, "children of %s", of->session_id);
    if (seen.state == LOOKUP_UNKNOWN)
        agent_leave_out(out, what, err_reason(seen.code), true);
    if (count && depth == DEPTH) {
        agent_leave_out(out, what, "they are nested too deep", true);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        add_file(store, db, &children[i], false, out);
        add_children(store, db, &children[i], depth + 1, out);
    }
}

#define OTHERS                                                                        \
    "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c "            \
    "WHERE m.type = 'table' AND c.name = 'session_id' AND m.name NOT IN ('message', " \
    "'part', 'todo', 'session_input', 'session_context_epoch', 'session_message', "   \
    "'session_share') ORDER BY 1"

/* What may be of the session, and is not taken. */
static void leave_out_others(const struct agent_store *store, struct database *db,
                             const char *session_id, struct agent_files *out)
{
    struct stat st;
    const char *path = arena_printf(store->arena, "%s/" OPENCODE_DATABASE, store->path);
    struct rows *rows = database_rows(db, OTHERS, "");
    while (database_next(rows)) {
        struct sv name = database_text(rows, 0);
        agent_leave_out(out, arena_printf(store->arena, "%s: %.*s", path, (int)name.n, name.p),
                        "a table that this program does not know", true);
    }
    if (row_lines_has_table(db, "session_share") &&
        database_number(db, 0, "SELECT count(*) FROM session_share WHERE session_id = ?", "t",
                        sv_of(session_id)) > 0)
        agent_leave_out(out, arena_printf(store->arena, "%s: session_share", path),
                        "it holds a secret", false);
    if (fstatat(store->fd, "snapshot", &st, 0) == 0)
        agent_leave_out(out, arena_printf(store->arena, "%s/snapshot", store->path),
                        "earlier states of files, which the sessions of a project share", false);
}

void opencode_list_files(const struct agent_store *store, const struct agent_transcript *of,
                         const char *temporary, struct agent_listings *listings,
                         struct agent_files *out)
{
    struct database *db;
    (void)temporary;
    (void)listings;
    *out = (struct agent_files){.arena = store->arena, .outside = -1};
    if (!of->path)
        return;
    int r = opencode_open(store, &db);
    add_file(store, r < 0 ? NULL : db, of, true, out);
    if (r < 0)
        return; /* so will it be told by who copies it */
    add_children(store, db, of, 0, out);
    leave_out_others(store, db, of->session_id, out);
    r = opencode_close(store, db);
    if (r < 0)
        agent_leave_out(out, arena_printf(store->arena, "%s/" OPENCODE_DATABASE, store->path),
                        err_reason(r), true);
}
