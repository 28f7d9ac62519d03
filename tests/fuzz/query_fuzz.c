/* Any text as what a user searches for: an expression that the index's database takes, or none. */
#include "must.h"

#include "base/arena.h"
#include "search/query.h"

#include <sqlite3.h>

static sqlite3_stmt *prepare(void)
{
    static sqlite3 *db;
    static sqlite3_stmt *match;
    if (match)
        return match;
    must(sqlite3_open(":memory:", &db) == SQLITE_OK);
    must(sqlite3_exec(db,
                      "CREATE VIRTUAL TABLE t USING fts5(words); INSERT INTO t VALUES ('one two')",
                      NULL, NULL, NULL) == SQLITE_OK);
    must(sqlite3_prepare_v2(db, "SELECT rowid FROM t WHERE t MATCH ?", -1, &match, NULL) ==
         SQLITE_OK);
    return match;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct buf expression = {0};
    struct sr_error error;
    const char *words[2];
    const char *text = arena_strndup(&arena, (const char *)data, size);
    size_t first = strlen(text);
    words[0] = text;
    words[1] = first < size ? text + first + 1 : "";
    if (query_parse(words, 2, &expression, &error) == 0) {
        sqlite3_stmt *match = prepare();
        must(expression.n > 0);
        sqlite3_bind_text(match, 1, expression.p, (int)expression.n, SQLITE_STATIC);
        int r = sqlite3_step(match);
        must(r == SQLITE_ROW || r == SQLITE_DONE);
        sqlite3_reset(match);
    }
    buf_release(&expression);
    arena_release(&arena);
    return 0;
}
