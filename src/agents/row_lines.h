/*
 * row_lines: rows of an agent's database, a line of JSON each:
 * {"table":"part","key":["id"],"role":"user","row":{...}}
 */
#pragma once

#include "agents/agent.h"
#include "base/io/database.h"

enum { ROW_WITHOUT = 2 };

/* sql: the rows of one session, whose id is its only parameter. */
struct row_table {
    const char *name, *sql;
    const char *keys[3]; /* [ROW_WITHOUT]: columns that are not copied, a blank between them */
};

/* Opens a database below the store for reading, where store_look_at_database allows it. Returns: 0,
 * -ENOENT when there is none, or another negative errno, which is added to the store's problems.
 * Owner: row_lines_close. */
int row_lines_open(const struct agent_store *store, const char *file, struct database **out);
/* Adds what went wrong to the store's problems. Returns: 0 or negative errno. */
int row_lines_close(const struct agent_store *store, const char *file, struct database *db);

/* Appends the line of a row. role: of the message that it is of; NULL: none. */
void row_lines_add(struct rows *rows, const struct row_table *table, const char *role,
                   struct buf *out);
bool row_lines_can_tell(const struct rows *rows);

bool row_lines_has_table(struct database *db, const char *name);

/*
 * What a database that is only an index, or beside the transcript, says of a session: of->path is
 * the database below the store. In one transaction that reads; a table that is not there has none.
 * Returns: 0, negative errno, or the sink's result.
 */
int row_lines_write(const struct agent_store *store, const struct agent_transcript *of,
                    const struct row_table *tables, size_t count, agent_sink *sink, void *context);
/* Lists that in a backup, as FILE.rows.jsonl: for information, never restored. A database that
 * cannot be looked at is left out, and counts as lost; what is no file is none. */
void row_lines_list(const struct agent_store *store, const char *file, const char *session_id,
                    agent_row_writer *write, struct agent_files *out);
