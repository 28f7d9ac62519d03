/* The sessions in a store of Goose's: rows of one database. */
#include "agents/goose/goose.h"
#include "agents/row_lines.h"

#include <errno.h>
#include <string.h>

#define SESSION                                            \
    {                                                      \
        "sessions", "SELECT * FROM sessions WHERE id = ?", \
        {                                                  \
            "id", NULL, "extension_data recipe_json"       \
        }                                                  \
    }
#define COLUMNS "SELECT id, working_dir, strftime('%s', updated_at) FROM sessions "

/* The variables of its extensions stand in these columns, with their values. */
static const struct row_table whole[] = {
    SESSION, {"messages", "SELECT * FROM messages WHERE session_id = ? ORDER BY id", {"id"}}};
static const struct row_table beginning[] = {
    SESSION,
    {"messages", "SELECT * FROM messages WHERE session_id = ? ORDER BY id LIMIT 8", {"id"}}};
static const struct row_table end[] = {
    SESSION,
    {"messages",
     "SELECT * FROM (SELECT * FROM messages WHERE session_id = ? ORDER BY id DESC LIMIT 100) ORDER "
     "BY id",
     {"id"}}};

static const char *path_of(const struct agent_store *store)
{
    return arena_printf(store->arena, "%s/" GOOSE_DATABASE, store->path);
}

/* A name that sorts with those of its directory. */
const char *goose_project_folder(struct arena *a, const char *cwd)
{
    return arena_printf(a, GOOSE_DATABASE "%s", cwd);
}

/* Returns: false, where what stands there is none of a session that this agent would write. */
static bool read_session(const struct agent_store *store, struct rows *rows,
                         struct agent_transcript *out)
{
    struct arena *a = store->arena;
    struct sv id = database_text(rows, 0), cwd = database_text(rows, 1);
    if (!goose_is_id(id) || !cwd.n || cwd.p[0] != '/' || memchr(cwd.p, '\0', cwd.n))
        return false;
    struct agent_listed *listed = arena_alloc(a, sizeof *listed);
    *listed = (struct agent_listed){.cwd = arena_strndup(a, cwd.p, cwd.n)};
    const char *text = arena_strndup(a, id.p, id.n);
    *out = (struct agent_transcript){
        .session_id = text,
        .path = arena_printf(a, "%s/%s", goose_project_folder(a, listed->cwd), text),
        .size_bytes = -1,
        .modified_at = {database_integer(rows, 2) * 1000},
        .listed = listed,
    };
    return true;
}

/* value NULL: sql has no place for one. */
static struct lookup select_sessions(const struct agent_store *store, const char *sql,
                                     const char *value, struct agent_transcript **transcripts,
                                     size_t *count)
{
    struct database *db;
    struct agent_transcript *items = NULL, t;
    size_t n = 0, capacity = 0, others = 0;
    int r = row_lines_open(store, GOOSE_DATABASE, &db);
    if (r == 0) {
        struct rows *rows =
            value ? database_rows(db, sql, "t", sv_of(value)) : database_rows(db, sql, "");
        while (database_next(rows)) {
            if (read_session(store, rows, &t))
                *ARENA_PUSH(store->arena, items, n, capacity) = t;
            else
                others++;
        }
        r = row_lines_close(store, GOOSE_DATABASE, db);
    }
    if (r == 0 && others) {
        r = -EBADMSG;
        problems_add(store->problems, path_of(store), -EIO,
                     "a session in it has an id or a directory that none can have: left out");
    }
    *transcripts = items;
    *count = n;
    return lookup_of(r, path_of(store));
}

struct lookup goose_list_all(const struct agent_store *store, struct agent_transcript **transcripts,
                             size_t *count)
{
    return select_sessions(store, COLUMNS "ORDER BY working_dir, id", NULL, transcripts, count);
}

struct lookup goose_list_folder(const struct agent_store *store, const char *folder,
                                struct agent_transcript **transcripts, size_t *count)
{
    return select_sessions(store, COLUMNS "WHERE working_dir = ? ORDER BY id",
                           folder + strlen(GOOSE_DATABASE), transcripts, count);
}

struct lookup goose_find(const struct agent_store *store, const char *session_id, const char *cwd,
                         struct agent_transcript *out)
{
    struct agent_transcript *found;
    size_t count;
    (void)cwd;
    struct lookup seen = select_sessions(store, COLUMNS "WHERE id = ?", session_id, &found, &count);
    if (count == 0)
        return seen.state == LOOKUP_FOUND ? lookup_absent() : seen;
    *out = found[0];
    return lookup_found();
}

/* ---- rows --------------------------------------------------------------------------------- */

struct counted {
    agent_sink *sink;
    void *context;
    size_t lines;
};

static int count_line(void *context, const char *bytes, size_t n)
{
    struct counted *c = context;
    c->lines++;
    return c->sink(c->context, bytes, n);
}

int goose_write_rows(const struct agent_store *store, const struct agent_transcript *of,
                     enum agent_extent extent, agent_sink *sink, void *context)
{
    const struct row_table *tables = extent == AGENT_WHOLE       ? whole
                                     : extent == AGENT_BEGINNING ? beginning
                                                                 : end;
    const struct agent_transcript in = {.session_id = of->session_id, .path = GOOSE_DATABASE};
    struct counted c = {sink, context, 0};
    int r = row_lines_write(store, &in, tables, 2, count_line, &c);
    if (r == 0 && c.lines < 2)
        r = -ENOENT; /* a head alone: removed since it was listed */
    if (r < 0 && r != -ENOENT)
        problems_add(store->problems, path_of(store), r, NULL);
    return r;
}

/* Rows are added, and rewritten where a conversation is compacted. */
int goose_stamp_rows(const struct agent_store *store, const struct agent_transcript *of,
                     uint64_t *stamp)
{
    static const char *const sums[] = {
        "SELECT coalesce(max(id), 0) * 31 + count(*) FROM messages WHERE session_id = ?",
        "SELECT coalesce(sum(length(content_json)), 0) FROM messages WHERE session_id = ?",
        "SELECT coalesce(strftime('%s', updated_at), 0) FROM sessions WHERE id = ?",
    };
    struct database *db;
    uint64_t all = 0;
    int r = row_lines_open(store, GOOSE_DATABASE, &db);
    if (r < 0)
        return r;
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        all = all * 1000003 + (uint64_t)database_number(db, 0, sums[i], "t", sv_of(of->session_id));
    r = row_lines_close(store, GOOSE_DATABASE, db);
    if (r == 0)
        *stamp = all;
    return r;
}

#define OTHERS                                                                                    \
    "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' " \
    "AND c.name = 'session_id' AND m.name <> 'messages' ORDER BY 1"

void goose_list_files(const struct agent_store *store, const struct agent_transcript *of,
                      const char *temporary, struct agent_listings *listings,
                      struct agent_files *out)
{
    struct arena *a = store->arena;
    struct database *db;
    (void)temporary;
    (void)listings;
    *out = (struct agent_files){.arena = a, .outside = -1};
    if (!of->path)
        return;
    struct agent_transcript *kept = arena_alloc(a, sizeof *kept);
    *kept = *of;
    kept->session_id = arena_strdup(a, of->session_id);
    kept->path = arena_strdup(a, of->path);
    struct agent_file *file = ARENA_PUSH(a, out->items, out->count, out->capacity);
    *file = (struct agent_file){.kind = AGENT_FILE_TRANSCRIPT,
                                .at = store->fd,
                                .path = kept->path,
                                .name = kept->path,
                                .rows = kept,
                                .is_lines = true,
                                .seen = {.fd = -1}};
    agent_leave_out(out, arena_printf(a, "%s: extension_data, recipe_json", path_of(store)),
                    "they can hold secrets of extensions", false);
    if (row_lines_open(store, GOOSE_DATABASE, &db) < 0)
        return; /* so will it be told by who copies it */
    file->seen.size_bytes =
        2 * database_number(db, 0,
                            "SELECT coalesce(sum(length(CAST(content_json AS BLOB))), 0) FROM "
                            "messages WHERE session_id = ?",
                            "t", sv_of(of->session_id));
    struct rows *rows = database_rows(db, OTHERS, "");
    while (database_next(rows)) {
        struct sv name = database_text(rows, 0);
        agent_leave_out(out, arena_printf(a, "%s: %.*s", path_of(store), (int)name.n, name.p),
                        "a table that this program does not know", true);
    }
    if (database_code(db) < 0)
        agent_leave_out(out, path_of(store), arena_strdup(a, database_reason(db)), true);
    row_lines_close(store, GOOSE_DATABASE, db);
}
