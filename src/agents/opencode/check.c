/*
 * What is wrong with the rows of a session. What 1.18.33 does with each was tried; nothing is
 * mended.
 */
#include "agents/opencode/opencode.h"

#include <errno.h>

enum { DEPTH = 8, FINDINGS_LIMIT = 1000 };

#define IS_BAD "coalesce(json_valid(data), 0) = 0"
#define FIELD(path) "CASE WHEN json_valid(data) THEN json_extract(data, '" path "') END"

static const struct {
    enum damage_kind kind;
    const char *table, *sql;
    bool is_normal_while_live;
} looks[] = {
    {DAMAGE_BAD_ROW, "message",
     "SELECT id FROM message WHERE session_id = ? AND " IS_BAD " ORDER BY id", false},
    {DAMAGE_BAD_ROW, "part", "SELECT id FROM part WHERE session_id = ? AND " IS_BAD " ORDER BY id",
     false},
    {DAMAGE_LONE_ROW, "part",
     "SELECT id FROM part p WHERE session_id = ? AND NOT EXISTS (SELECT 1 FROM message m WHERE "
     "m.id = p.message_id) ORDER BY id",
     false},
    {DAMAGE_LEFT_RUNNING, "part",
     "SELECT id FROM part WHERE session_id = ? AND " FIELD("$.type") " = 'tool' AND " FIELD(
         "$.state.status") " IN ('running', 'pending') ORDER BY id",
     true},
};

static void look_at(const struct agent_store *store, struct database *db, struct sv session_id,
                    bool is_live, struct agent_findings *out)
{
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        if (is_live && looks[i].is_normal_while_live)
            continue;
        struct rows *rows = database_rows(db, looks[i].sql, "t", session_id);
        while (out->count < FINDINGS_LIMIT && database_next(rows)) {
            struct sv id = database_text(rows, 0);
            *ARENA_PUSH(store->arena, out->items, out->count, out->capacity) =
                (struct agent_finding){
                    looks[i].kind,
                    arena_printf(store->arena, "%s %.*s", looks[i].table, (int)id.n, id.p)};
        }
        database_stop(rows);
    }
    out->record_count +=
        database_number(db, 0,
                        "SELECT (SELECT count(*) FROM message WHERE session_id = ?1) + "
                        "(SELECT count(*) FROM part WHERE session_id = ?1)",
                        "t", session_id);
    out->size_bytes += database_number(
        db, 0,
        "SELECT coalesce((SELECT sum(length(CAST(data AS BLOB))) FROM message WHERE session_id = "
        "?1), 0) + coalesce((SELECT sum(length(CAST(data AS BLOB))) FROM part WHERE session_id = "
        "?1), 0)",
        "t", session_id);
}

static void look_at_all(const struct agent_store *store, struct database *db,
                        const char *session_id, bool is_live, size_t depth,
                        struct agent_findings *out)
{
    const char **children = NULL;
    size_t count = 0, capacity = 0;
    look_at(store, db, sv_of(session_id), is_live, out);
    struct rows *rows = database_rows(db, "SELECT id FROM session WHERE parent_id = ? ORDER BY id",
                                      "t", sv_of(session_id));
    while (database_next(rows)) {
        struct sv id = database_text(rows, 0);
        *ARENA_PUSH(store->arena, children, count, capacity) =
            arena_strndup(store->arena, id.p, id.n);
    }
    database_stop(rows);
    for (size_t i = 0; i < count && depth < DEPTH; i++)
        look_at_all(store, db, children[i], is_live, depth + 1, out);
}

int opencode_check(const struct agent_store *store, const struct agent_transcript *of, bool is_live,
                   struct agent_findings *out)
{
    struct database *db;
    *out = (struct agent_findings){0};
    int r = opencode_open(store, &db);
    if (r < 0)
        return r;
    database_run(db, "BEGIN", "");
    look_at_all(store, db, of->session_id, is_live, 0, out);
    database_run(db, "COMMIT", "");
    return opencode_close(store, db);
}

const char *opencode_does_with(enum damage_kind kind)
{
    switch (kind) {
    case DAMAGE_BAD_ROW:
    case DAMAGE_LONE_ROW:
    case DAMAGE_LEFT_RUNNING:
        return damages[kind].client;
    default:
        return NULL;
    }
}
