/* The sessions in a store of opencode's: rows of one table. */
#include "agents/opencode/opencode.h"
#include "agents/row_lines.h"
#include "agents/store_files.h"
#include "base/err.h"
#include "base/io/fs.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static const char *path_of(const struct agent_store *store, const char *name)
{
    return arena_printf(store->arena, "%s/%s", store->path, name);
}

/* ---- the database ------------------------------------------------------------------------- */

/* Clients of 1.1 keep a file for each message and part, and no database. */
static int look_for_files(const struct agent_store *store, int otherwise)
{
    struct stat st;
    if (otherwise != -ENOENT || fstatat(store->fd, "storage/session", &st, 0) < 0)
        return otherwise;
    problems_add(store->problems, path_of(store, "storage/session"), -EOPNOTSUPP,
                 "sessions of opencode 1.1 or before, each in many files, which are not read");
    return -ENODATA;
}

/* One that is somebody else's is not opened. */
int opencode_look(const struct agent_store *store)
{
    struct stat database, folder;
    int r = store_look_at_database(store, OPENCODE_DATABASE);
    if (r < 0)
        return r;
    if (fstatat(store->fd, OPENCODE_DATABASE, &database, 0) < 0 || fstat(store->fd, &folder) < 0)
        return -errno;
    return database.st_uid == folder.st_uid ? 0 : -EXDEV;
}

int opencode_open(const struct agent_store *store, struct database **out)
{
    const char *path = path_of(store, OPENCODE_DATABASE);
    int r = look_for_files(store, opencode_look(store));
    if (r == 0)
        *out = database_open_foreign(path);
    else if (r != -ENOENT && r != -ENODATA)
        problems_add(store->problems, path, r, NULL);
    return r;
}

int opencode_close(const struct agent_store *store, struct database *db)
{
    return row_lines_close(store, OPENCODE_DATABASE, db);
}

/* ---- paths -------------------------------------------------------------------------------- */

/* "opencode.db/home/u/p/ses_...": no file, but a name that sorts with those of its directory. */
const char *opencode_project_folder(struct arena *a, const char *cwd)
{
    return arena_printf(a, OPENCODE_DATABASE "%s", cwd);
}

/* ---- listing ------------------------------------------------------------------------------ */

#define COLUMNS "SELECT id, directory, time_updated, time_archived FROM session "

/* Returns: NULL, where what stands there is none of a session that this agent would write. */
static const char *read_session(const struct agent_store *store, struct rows *rows,
                                struct agent_transcript *out)
{
    struct arena *a = store->arena;
    struct sv id = database_text(rows, 0), cwd = database_text(rows, 1);
    if (!opencode_is_id(id) || !cwd.n || cwd.p[0] != '/' || memchr(cwd.p, '\0', cwd.n))
        return NULL;
    struct agent_listed *listed = arena_alloc(a, sizeof *listed);
    *listed = (struct agent_listed){
        .cwd = arena_strndup(a, cwd.p, cwd.n),
        .archived_at = {database_integer(rows, 3)},
    };
    const char *text = arena_strndup(a, id.p, id.n);
    *out = (struct agent_transcript){
        .session_id = text,
        .path = arena_printf(a, "%s/%s", opencode_project_folder(a, listed->cwd), text),
        .size_bytes = -1,
        .modified_at = {database_integer(rows, 2)},
        .listed = listed,
    };
    return text;
}

struct list {
    struct agent_transcript *items;
    size_t count, capacity;
    bool has_others; /* rows that are no session's */
};

static void take_all(const struct agent_store *store, struct rows *rows, struct list *list)
{
    while (database_next(rows)) {
        struct agent_transcript t;
        if (!read_session(store, rows, &t)) {
            list->has_others = true;
            continue;
        }
        *ARENA_PUSH(store->arena, list->items, list->count, list->capacity) = t;
    }
}

/* sql: a literal. value NULL: it has no place for one. */
static struct lookup select_sessions(const struct agent_store *store, const char *sql,
                                     const char *value, struct agent_transcript **transcripts,
                                     size_t *count)
{
    struct list list = {0};
    struct database *db;
    int r = opencode_open(store, &db);
    if (r == 0) {
        take_all(store,
                 value ? database_rows(db, sql, "t", sv_of(value)) : database_rows(db, sql, ""),
                 &list);
        r = opencode_close(store, db);
    }
    if (list.has_others) {
        r = -EBADMSG;
        problems_add(store->problems, path_of(store, OPENCODE_DATABASE), -EIO,
                     "a session in it has an id or a directory that none can have: left out");
    }
    *transcripts = list.items;
    *count = list.count;
    return lookup_of(r, path_of(store, OPENCODE_DATABASE));
}

struct lookup opencode_list_all(const struct agent_store *store,
                                struct agent_transcript **transcripts, size_t *count)
{
    return select_sessions(store, COLUMNS "WHERE parent_id IS NULL ORDER BY directory, id", NULL,
                           transcripts, count);
}

struct lookup opencode_list_folder(const struct agent_store *store, const char *folder,
                                   struct agent_transcript **transcripts, size_t *count)
{
    return select_sessions(store, COLUMNS "WHERE parent_id IS NULL AND directory = ? ORDER BY id",
                           folder + strlen(OPENCODE_DATABASE), transcripts, count);
}

struct lookup opencode_list_children(const struct agent_store *store,
                                     const struct agent_transcript *of,
                                     struct agent_transcript **transcripts, size_t *count)
{
    return select_sessions(store, COLUMNS "WHERE parent_id = ? ORDER BY id", of->session_id,
                           transcripts, count);
}

struct lookup opencode_find(const struct agent_store *store, const char *session_id,
                            const char *cwd, struct agent_transcript *out)
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

enum fact opencode_is_archived(const struct agent_store *store, const struct agent_transcript *t,
                               struct wall *since)
{
    (void)store;
    *since = t->listed->archived_at;
    return wall_known(t->listed->archived_at) ? FACT_YES : FACT_NO;
}
