/*
 * row_lines: rows of an agent's database, a line of JSON each:
 * {"table":"part","key":["id"],"role":"user","row":{...}}
 */
#pragma once

#include "agents/agent.h"
#include "base/io/database.h"

/* sql: the rows of one session, whose id is its only parameter. */
struct row_table {
    const char *name, *sql;
    const char *keys[2];
};

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
