/*
 * session_store: a config directory with one session in it, and its backup.
 */
#pragma once

#include "scratch.h"

#include "backup/backup.h"

#define ID "11111111-2222-4333-8444-555555555555"
#define PROJECT "config/projects/-home-u-p"
#define LINE "{\"type\":\"user\",\"sessionId\":\"" ID "\",\"slug\":\"blue-cat\"}\n"

static const char *store_stem; /* of the last backup that was taken */

static inline void store_make(void)
{
    scratch_put(PROJECT "/" ID ".jsonl", LINE LINE);
    scratch_put(PROJECT "/" ID "/subagents/deep/agent-1.jsonl", LINE);
    scratch_put(PROJECT "/" ID "/tool-results/x.txt", ID " in a tool's output\n");
    scratch_put(PROJECT "/" ID "/remote.key", "a key\n");
    scratch_put(PROJECT "/memory/MEMORY.md", "remembered\n");
    scratch_put("config/plans/blue-cat.md", "the plan\n");
    scratch_put("config/plans/other.md", "another's\n");
    scratch_put("config/todos/" ID "-agent-" ID ".json", "[]\n");
    scratch_put("config/history.jsonl",
                "{\"display\":\"hi\",\"sessionId\":\"" ID "\"}\n{\"display\":\"other\"}\n");
    scratch_put("config/.credentials.json", "secret\n");
    scratch_put("tmp/claude-0/-home-u-p/none", "");
}

/* Backs the session up. Returns: as backup_take. */
static inline int store_export(struct sr_export *out, struct sr_error *error)
{
    struct arena a = {0};
    struct problems problems = {.arena = &a};
    const char *config = scratch("config");
    struct agent_store io = {
        .fd = fs_open_dir(AT_FDCWD, config), .path = config, .arena = &a, .problems = &problems};
    struct sr_export_options options = {.pending_dir = scratch("pending"), .why = "test"};
    struct backup_source source = {
        .agent = &agent_claude,
        .store = &io,
        .temporary = scratch("tmp"),
        .cwd = "/home/u/p",
    };
    struct backup_run run;
    int r = backup_source_code(agent_claude.stored->find(&io, ID, NULL, &source.transcript));
    if (r == 0)
        r = backup_begin(&run, &options, error);
    if (r == 0) {
        r = backup_take(&run, &source, out, error);
        backup_end(&run);
    }
    if (r == 0)
        store_stem = arena_strdup(&scratch_arena, out->stem);
    fs_close(&io.fd);
    arena_release(&a);
    return r;
}

/* A path below the last backup: store_part(".files/history.jsonl"). */
static inline const char *store_part(const char *rest)
{
    return arena_printf(&scratch_arena, "pending/%s%s", store_stem, rest);
}

static inline int store_setup(void **state)
{
    int r = scratch_setup(state);
    struct sr_export e;
    store_make();
    return r ? r : store_export(&e, NULL);
}

#define WITH_BACKUP(test) cmocka_unit_test_setup_teardown(test, store_setup, scratch_teardown)
