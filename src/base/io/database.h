/*
 * database: an SQLite database file, our own or an agent's; nothing else includes SQLite.
 *
 * The first failure is kept, and every call after it does nothing, so that one
 * check at the end of a piece of work is enough:
 *
 *     struct database *db = database_open(path);
 *     database_run(db, "INSERT INTO file(path, size) VALUES(?, ?)", "ti", text, size);
 *     struct rows *rows = database_rows(db, "SELECT path FROM file WHERE size > ?", "i", limit);
 *     while (database_next(rows))
 *         ... database_text(rows, 0)
 *     if (database_code(db) < 0)
 *         ... database_reason(db)
 *
 * SQL is a literal with bound values, never built from foreign text but for quoted names. A
 * statement is compiled once and found again by its literal. Failures are
 * negative errno: -EBADMSG when the file is not our database or is broken, else
 * the system's: -ENOSPC, -EACCES, -EIO, -EBUSY.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct database;
struct rows;

/* Opens or makes it; ":memory:" for one without a file. Returns: never NULL, see database_code. */
struct database *database_open(const char *path);
/*
 * Opens somebody else's database with mode=ro, never as immutable (that would ignore the log beside
 * it). SQLite creates its shared memory file, and an empty log, if they are missing. Its schema is
 * not trusted to run functions. Waits a second for a writer. Returns: as database_open.
 */
struct database *database_open_foreign(const char *path);
/*
 * Opens somebody else's database to write to it, which must be there and keep a log ("WAL"). Every
 * other connection to such a database has it locked for as long as it is open: so this one has it
 * alone, or fails with -EBUSY. Runs no functions, views or triggers of its schema, and holds it to
 * no foreign keys. Returns: as database_open.
 */
struct database *database_open_foreign_alone(const char *path);
/*
 * A process that has a database open which keeps a log. Not while this process has it open: its
 * locks would go. Returns: its pid; 1: one that cannot be named; 0: none; or negative errno.
 */
int database_holder(const char *path);
/* From now on, all that is asked of it computes for so long at most, and takes ten times that: then
 * it fails with -ETIMEDOUT. */
void database_limit(struct database *db, int64_t ms);
void database_close(struct database *db);

int database_code(const struct database *db);
const char *database_reason(const struct database *db);

/*
 * types: one letter per value: 'i' int64_t, 't' struct sv (kept by reference until the statement is
 * done), 'n' NULL, without an argument.
 */
void database_run(struct database *db, const char *sql, const char *types, ...);
struct rows *database_rows(struct database *db, const char *sql, const char *types, ...);

/* Returns: false after the last row, and after a failure. */
bool database_next(struct rows *rows);
/* Ends before the last row. */
void database_stop(struct rows *rows);
int64_t database_integer(struct rows *rows, int column);
/* Valid until the next row. */
struct sv database_text(struct rows *rows, int column);

/* Of any statement: its columns, their names, and what a value of this row is. */
enum database_type { DATABASE_NULL, DATABASE_INTEGER, DATABASE_REAL, DATABASE_TEXT, DATABASE_BLOB };
int database_columns(const struct rows *rows);
const char *database_column_name(const struct rows *rows, int column);
enum database_type database_type(const struct rows *rows, int column);
double database_real(const struct rows *rows, int column);

/* A value of a row to add. text: TEXT and BLOB; may be any bytes. */
struct database_cell {
    const char *column;
    enum database_type type;
    int64_t integer;
    double real;
    struct sv text;
};
/* Adds a row. Names of columns may be foreign text: SQL gets them quoted. */
void database_insert(struct database *db, const char *table, const struct database_cell *cells,
                     size_t count);

/* The only number of the only row. Returns: fallback when there is no row. */
int64_t database_number(struct database *db, int64_t fallback, const char *sql, const char *types,
                        ...);

int64_t database_last_id(const struct database *db);
