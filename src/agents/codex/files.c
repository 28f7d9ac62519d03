/* What a lossless copy of a session holds. */
#include "agents/codex/codex.h"
#include "agents/common.h"
#include "agents/row_lines.h"
#include "agents/store_files.h"
#include "base/err.h"
#include "base/io/fs.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH = 8 };

static void add_child(const struct agent_store *store, const struct agent_transcript *of,
                      size_t depth, struct agent_files *out)
{
    struct agent_transcript *children;
    size_t count;
    struct lookup seen = codex_list_children(store, of, &children, &count);
    const char *what = arena_printf(store->arena, "children of %s", of->session_id);
    if (seen.state == LOOKUP_UNKNOWN)
        agent_leave_out(out, what, err_reason(seen.code), true);
    if (count && depth == DEPTH) {
        agent_leave_out(out, what, "they are nested too deep", true);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        store_add_file(store, children[i].path, AGENT_FILE_OWN, out);
        add_child(store, &children[i], depth + 1, out);
    }
}

/* "shell_snapshots/ID.1795803678781278036.sh": the user's shell as the session found it, with its
 * variables: what is secret in them is not the session's, and it is made anew. */
static void leave_out_snapshots(const struct agent_store *store, const char *session_id,
                                struct agent_files *out)
{
    struct fs_name *names;
    size_t count;
    store_list(store, "shell_snapshots", &names, &count);
    for (size_t i = 0; i < count; i++)
        if (str_starts_with(names[i].name, session_id))
            agent_leave_out(
                out,
                arena_printf(store->arena, "%s/shell_snapshots/%s", store->path, names[i].name),
                "it may hold secrets of the user's shell, and is made anew", false);
}

/* Lines of a file of the user's that name the session, by that member. */
static void add_lines(const struct agent_store *store, const char *path, const char *member,
                      const char *session_id, struct agent_files *out)
{
    struct stat st;
    struct arena *a = store->arena;
    if (fstatat(store->fd, path, &st, 0) < 0 && errno == ENOENT)
        return;
    store_add_file(store, path, AGENT_FILE_LINES, out);
    struct agent_file *file = &out->items[out->count - 1];
    file->key = sv_of(arena_printf(a, "\"%s\"", member));
    file->mark = sv_of(arena_printf(a, "\"%s\"", session_id));
}

/* What is pinned, named, aimed at and not sent yet stands here alone. */
static const struct row_table tables[] = {
    {"threads", "SELECT * FROM threads WHERE id = ?", {"id"}},
    {"thread_spawn_edges",
     "SELECT * FROM thread_spawn_edges WHERE ?1 IN (parent_thread_id, child_thread_id)",
     {"child_thread_id"}},
    {"thread_attachments", "SELECT * FROM thread_attachments WHERE thread_id = ?", {"id"}},
    {"thread_goals", "SELECT * FROM thread_goals WHERE thread_id = ?", {"thread_id"}},
    {"thread_goal_continuation_deferrals",
     "SELECT * FROM thread_goal_continuation_deferrals WHERE thread_id = ?",
     {"thread_id"}},
    {"queued_items", "SELECT * FROM queued_items WHERE thread_id = ? ORDER BY queue_order", {"id"}},
};

static int write_rows(const struct agent_store *store, const struct agent_transcript *of,
                      enum agent_extent extent, agent_sink *sink, void *context)
{
    (void)extent;
    return row_lines_write(store, of, tables, sizeof tables / sizeof *tables, sink, context);
}

static void list_databases(const struct agent_store *store, const char *session_id,
                           struct agent_files *out)
{
    struct fs_name *names;
    size_t count;
    struct lookup seen = store_list(store, ".", &names, &count);
    if (seen.state == LOOKUP_UNKNOWN)
        agent_leave_out(out, seen.where, err_reason(seen.code), true);
    for (size_t i = 0; i < count; i++) {
        const char *name = names[i].name, *why = NULL;
        if (!str_ends_with(name, ".sqlite"))
            continue;
        if (str_starts_with(name, "state_") || str_starts_with(name, "goals_") ||
            str_starts_with(name, "queue_"))
            row_lines_list(store, name, session_id, write_rows, out);
        else if (str_starts_with(name, "thread_history_"))
            why = "an index over all sessions, which the client makes anew from their files";
        else if (str_starts_with(name, "logs_"))
            why = "a log of all sessions: what was streamed and is in no record yet is there by "
                  "who drew it, not by session";
        if (why)
            agent_leave_out(out, arena_printf(store->arena, "%s/%s", store->path, name), why,
                            false);
    }
}

void codex_list_files(const struct agent_store *store, const struct agent_transcript *of,
                      const char *temporary, struct agent_listings *listings,
                      struct agent_files *out)
{
    (void)temporary;
    (void)listings;
    *out = (struct agent_files){.arena = store->arena, .outside = -1};
    if (of->path) {
        store_add_file(store, of->path, AGENT_FILE_TRANSCRIPT, out);
        add_child(store, of, 0, out);
    }
    add_lines(store, "session_index.jsonl", "id", of->session_id, out);
    add_lines(store, "history.jsonl", "session_id", of->session_id, out);
    leave_out_snapshots(store, of->session_id, out);
    list_databases(store, of->session_id, out);
}

/* Where a rollout lies does not depend on the session's directory. */
const char *codex_renamed(struct arena *a, const char *name, const char *old_id, const char *new_id,
                          const char *project_folder)
{
    (void)project_folder;
    return common_renamed(a, name, old_id, new_id);
}
