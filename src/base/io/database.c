#include "base/io/database.h"

#include "base/arena.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    STATEMENTS_MAX = 64,
    PATIENCE_MS = 10000, /* for another process that commits just now */
    FOREIGN_PATIENCE_MS = 1000,
    STEPS_BETWEEN_LOOKS = 1000, /* of SQLite's machine, some 0.1 ms */
    WAITS_FOR = 10,             /* a processor, for so many times what it may compute */
};

struct rows {
    struct database *db;
    const char *sql; /* by its address */
    sqlite3_stmt *statement;
    bool is_open;
};

struct database {
    sqlite3 *handle;
    int code;
    char reason[256];
    struct rows statements[STATEMENTS_MAX];
    size_t statement_count;
    struct awake until; /* see database_limit */
    int64_t computed_until_ns;
    struct rows failed; /* what a failed call returns: it has no rows */
};

static int errno_of(sqlite3 *handle, int result)
{
    int system = handle ? sqlite3_system_errno(handle) : 0;
    switch (result & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR: /* our statements are sound: it has other tables than ours */
    case SQLITE_FORMAT:
    case SQLITE_MISMATCH:
    case SQLITE_SCHEMA:
        return -EBADMSG;
    case SQLITE_CONSTRAINT:
        return -EEXIST; /* a row of that key, for the most part; the reason says it */
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return -EBUSY;
    case SQLITE_INTERRUPT:
        return -ETIMEDOUT;
    case SQLITE_NOMEM:
        mem_exhausted();
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return system ? -system : -EACCES;
    case SQLITE_CANTOPEN:
        return system ? -system : -EACCES;
    default:
        return system ? -system : -EIO;
    }
}

static void fail(struct database *db, int result)
{
    if (db->code < 0)
        return;
    db->code = errno_of(db->handle, result);
    snprintf(db->reason, sizeof db->reason, "%s",
             db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(result));
}

struct database *database_open(const char *path)
{
    struct database *db = mem_resize(NULL, sizeof *db);
    *db = (struct database){.failed.db = db};
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int result = sqlite3_open_v2(path, &db->handle, flags, NULL);
    if (result != SQLITE_OK)
        fail(db, result);
    else
        sqlite3_busy_timeout(db->handle, PATIENCE_MS);
    return db;
}

struct database *database_open_foreign(const char *path)
{
    struct database *db = mem_resize(NULL, sizeof *db);
    *db = (struct database){.failed.db = db};
    int result =
        sqlite3_open_v2(path, &db->handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (result == SQLITE_OK) /* in place of a table, one could go on for ever */
        result = sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    if (result != SQLITE_OK)
        fail(db, result);
    else
        sqlite3_busy_timeout(db->handle, FOREIGN_PATIENCE_MS);
    return db;
}

struct database *database_open_foreign_alone(const char *path)
{
    static const int off[] = {SQLITE_DBCONFIG_TRUSTED_SCHEMA, SQLITE_DBCONFIG_ENABLE_VIEW,
                              SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_FKEY};
    struct database *db = mem_resize(NULL, sizeof *db);
    *db = (struct database){.failed.db = db};
    int result =
        sqlite3_open_v2(path, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    for (size_t i = 0; i < sizeof off / sizeof *off && result == SQLITE_OK; i++)
        result = sqlite3_db_config(db->handle, off[i], 0, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_busy_timeout(db->handle, FOREIGN_PATIENCE_MS);
    if (result == SQLITE_OK) /* before its log is opened: then without memory to share */
        result = sqlite3_exec(db->handle, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL, NULL);
    if (result != SQLITE_OK)
        fail(db, result);
    struct rows *rows = database_rows(db, "PRAGMA journal_mode", "");
    bool has_log = database_next(rows) && sv_equals(database_text(rows, 0), SV("wal"));
    database_stop(rows);
    if (db->code == 0 && !has_log) {
        db->code = -ENOTSUP;
        snprintf(db->reason, sizeof db->reason,
                 "it keeps no log: whether another process has it open is not known");
    }
    database_run(db, "PRAGMA synchronous = FULL", "");
    database_run(db, "BEGIN EXCLUSIVE", "");
    database_run(db, "COMMIT", "");
    return db;
}

int database_holder(const char *path)
{
    enum { SHARED_FIRST = 0x40000000 + 2, SHARED_SIZE = 510 }; /* of SQLite's file format */
    struct flock lock = {.l_type = F_WRLCK, .l_start = SHARED_FIRST, .l_len = SHARED_SIZE};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return -errno;
    int r = fcntl(fd, F_GETLK, &lock) < 0 ? -errno : 0;
    close(fd);
    if (r < 0 || lock.l_type == F_UNLCK)
        return r;
    return lock.l_pid > 0 ? (int)lock.l_pid : 1;
}

static int is_over(void *context)
{
    const struct database *db = context;
    return clock_computed_ns() > db->computed_until_ns || awake_now().ns > db->until.ns;
}

void database_limit(struct database *db, int64_t ms)
{
    if (db->code < 0)
        return;
    db->until.ns = awake_now().ns + ms * 1000000 * WAITS_FOR;
    db->computed_until_ns = clock_computed_ns() + ms * 1000000;
    sqlite3_progress_handler(db->handle, STEPS_BETWEEN_LOOKS, is_over, db);
    sqlite3_busy_timeout(db->handle, (int)ms);
}

void database_close(struct database *db)
{
    for (size_t i = 0; i < db->statement_count; i++)
        sqlite3_finalize(db->statements[i].statement);
    sqlite3_close(db->handle);
    free(db);
}

int database_code(const struct database *db)
{
    return db->code;
}

const char *database_reason(const struct database *db)
{
    return db->reason;
}

/* Compiles it, or finds it again. Returns: NULL after a failure. */
static struct rows *statement_of(struct database *db, const char *sql)
{
    if (db->code < 0)
        return NULL;
    for (size_t i = 0; i < db->statement_count; i++)
        if (db->statements[i].sql == sql)
            return &db->statements[i];
    if (db->statement_count == STATEMENTS_MAX)
        abort(); /* there are not that many in this program */
    struct rows *rows = &db->statements[db->statement_count];
    *rows = (struct rows){.db = db, .sql = sql};
    int result =
        sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &rows->statement, NULL);
    if (result != SQLITE_OK) {
        fail(db, result);
        return NULL;
    }
    db->statement_count++;
    return rows;
}

static struct rows *bind(struct database *db, const char *sql, const char *types, va_list values)
{
    struct rows *rows = statement_of(db, sql);
    if (!rows)
        return &db->failed;
    for (int i = 0; types[i]; i++) {
        struct sv text;
        switch (types[i]) {
        case 'i':
            sqlite3_bind_int64(rows->statement, i + 1, va_arg(values, int64_t));
            break;
        case 't':
            text = va_arg(values, struct sv);
            sqlite3_bind_text64(rows->statement, i + 1, text.p ? text.p : "", text.n, SQLITE_STATIC,
                                SQLITE_UTF8);
            break;
        default:
            sqlite3_bind_null(rows->statement, i + 1);
            break;
        }
    }
    rows->is_open = true;
    return rows;
}

struct rows *database_rows(struct database *db, const char *sql, const char *types, ...)
{
    va_list values;
    va_start(values, types);
    struct rows *rows = bind(db, sql, types, values);
    va_end(values);
    return rows;
}

void database_run(struct database *db, const char *sql, const char *types, ...)
{
    va_list values;
    va_start(values, types);
    struct rows *rows = bind(db, sql, types, values);
    va_end(values);
    while (database_next(rows))
        ;
}

bool database_next(struct rows *rows)
{
    if (!rows->is_open)
        return false;
    int result = sqlite3_step(rows->statement);
    if (result == SQLITE_ROW)
        return true;
    if (result != SQLITE_DONE)
        fail(rows->db, result);
    database_stop(rows);
    return false;
}

void database_stop(struct rows *rows)
{
    if (!rows->is_open)
        return;
    sqlite3_reset(rows->statement);
    sqlite3_clear_bindings(rows->statement);
    rows->is_open = false;
}

int64_t database_integer(struct rows *rows, int column)
{
    return sqlite3_column_int64(rows->statement, column);
}

struct sv database_text(struct rows *rows, int column)
{
    const char *text = (const char *)sqlite3_column_text(rows->statement, column);
    return (struct sv){text, (size_t)sqlite3_column_bytes(rows->statement, column)};
}

int database_columns(const struct rows *rows)
{
    return rows->is_open ? sqlite3_column_count(rows->statement) : 0;
}

const char *database_column_name(const struct rows *rows, int column)
{
    return sqlite3_column_name(rows->statement, column);
}

enum database_type database_type(const struct rows *rows, int column)
{
    switch (sqlite3_column_type(rows->statement, column)) {
    case SQLITE_INTEGER:
        return DATABASE_INTEGER;
    case SQLITE_FLOAT:
        return DATABASE_REAL;
    case SQLITE_TEXT:
        return DATABASE_TEXT;
    case SQLITE_BLOB:
        return DATABASE_BLOB;
    default:
        return DATABASE_NULL;
    }
}

double database_real(const struct rows *rows, int column)
{
    return sqlite3_column_double(rows->statement, column);
}

int64_t database_number(struct database *db, int64_t fallback, const char *sql, const char *types,
                        ...)
{
    va_list values;
    va_start(values, types);
    struct rows *rows = bind(db, sql, types, values);
    va_end(values);
    int64_t number = database_next(rows) ? database_integer(rows, 0) : fallback;
    database_stop(rows);
    return number;
}

static void add_name(struct buf *sql, const char *name)
{
    buf_adds(sql, "\"");
    for (; *name; name++)
        buf_add(sql, *name == '"' ? "\"\"" : name, *name == '"' ? 2 : 1);
    buf_adds(sql, "\"");
}

static int bind_cell(sqlite3_stmt *statement, int at, const struct database_cell *cell)
{
    switch (cell->type) {
    case DATABASE_INTEGER:
        return sqlite3_bind_int64(statement, at, cell->integer);
    case DATABASE_REAL:
        return sqlite3_bind_double(statement, at, cell->real);
    case DATABASE_TEXT:
        return sqlite3_bind_text64(statement, at, cell->text.n ? cell->text.p : "", cell->text.n,
                                   SQLITE_STATIC, SQLITE_UTF8);
    case DATABASE_BLOB:
        return sqlite3_bind_blob64(statement, at, cell->text.n ? cell->text.p : "", cell->text.n,
                                   SQLITE_STATIC);
    default:
        return sqlite3_bind_null(statement, at);
    }
}

void database_insert(struct database *db, const char *table, const struct database_cell *cells,
                     size_t count)
{
    struct buf sql = {0};
    sqlite3_stmt *statement = NULL;
    if (db->code < 0)
        return;
    buf_adds(&sql, "INSERT INTO ");
    add_name(&sql, table);
    for (size_t i = 0; i < count; i++) {
        buf_adds(&sql, i ? ", " : " (");
        add_name(&sql, cells[i].column);
    }
    for (size_t i = 0; i < count; i++)
        buf_adds(&sql, i ? ", ?" : ") VALUES (?");
    buf_adds(&sql, ")");
    int result = sqlite3_prepare_v2(db->handle, sql.p, -1, &statement, NULL);
    for (size_t i = 0; i < count && result == SQLITE_OK; i++)
        result = bind_cell(statement, (int)i + 1, &cells[i]);
    if (result == SQLITE_OK && (result = sqlite3_step(statement)) == SQLITE_DONE)
        result = SQLITE_OK;
    if (result != SQLITE_OK)
        fail(db, result);
    sqlite3_finalize(statement);
    buf_release(&sql);
}

int64_t database_last_id(const struct database *db)
{
    return sqlite3_last_insert_rowid(db->handle);
}
