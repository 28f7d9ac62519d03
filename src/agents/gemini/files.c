/* All that is of one session of Gemini CLI's. */
#include "agents/common.h"
#include "agents/gemini/gemini.h"
#include "agents/store_files.h"
#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { CHECKPOINT_END = 512, CHECKPOINT_LIMIT = 100000 };

static const char *join(struct arena *a, const char *folder, const char *name)
{
    return arena_printf(a, "%s/%s", folder, name);
}

/* The folder of the directory: "tmp/SLUG". */
static const char *project_of(struct arena *a, const char *path)
{
    const char *end = strchr(path + strlen(GEMINI_TOP "/"), '/');
    return arena_strndup(a, path, end ? (size_t)(end - path) : strlen(path));
}

struct gathering {
    const struct agent_store *store;
    struct agent_listings *listings;
    struct agent_files *out;
    const char *project, *id;
};

static bool lists(const struct gathering *g, const char *folder, struct fs_name **names,
                  size_t *count)
{
    int r = agent_list_folder(g->listings, g->store->fd, folder, names, count);
    if (r < 0 && r != -ENOENT && r != -ENOTDIR)
        agent_leave_out(g->out, join(g->store->arena, g->store->path, folder), err_reason(r), true);
    return r == 0;
}

/* What cannot be looked at may be of the session; a folder or a pipe is none of its files. */
static void leave_unknown(const struct gathering *g, const char *path, int code)
{
    if (code != -ENOENT && code != -ENOTDIR && code != -EISDIR && code != -ENXIO)
        agent_leave_out(g->out, join(g->store->arena, g->store->path, path), err_reason(code),
                        true);
}

static void add_if_there(const struct gathering *g, const char *path, enum agent_file_kind kind)
{
    struct stat st;
    if (fstatat(g->store->fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
        leave_unknown(g, path, -errno);
    else if (S_ISREG(st.st_mode))
        store_add_file(g->store, path, kind, g->out);
}

/* A stub that is put back would make the client delete what is put back beside it. */
static enum agent_file_kind kind_of_other(const struct gathering *g, const char *path)
{
    struct agent_transcript other;
    struct sv digits;
    bool is_stub = gemini_names_transcript(str_basename(path), &digits) &&
                   store_look_at(g->store, path, &other).state == LOOKUP_FOUND &&
                   gemini_is_said(g->store, &other) == FACT_NO;
    return is_stub ? AGENT_FILE_RECORD : AGENT_FILE_OWN;
}

/* Its other transcripts: what a resume left, and those that its client could not read. One that
 * does not say of which session it is has the digits of this one: it is kept, and never put back.
 */
static void add_others(const struct gathering *g, const struct agent_transcript *of)
{
    struct fs_name *names;
    size_t count;
    const char *folder = join(g->store->arena, g->project, GEMINI_CHATS);
    const char *digits = arena_printf(g->store->arena, "-%.8s.json", g->id);
    if (!lists(g, folder, &names, &count))
        return;
    for (size_t i = 0; i < count; i++) {
        const char *other, *path = join(g->store->arena, folder, names[i].name);
        if (!str_starts_with(names[i].name, "session-") || !strstr(names[i].name, digits) ||
            str_equals(path, of->path))
            continue;
        int r = gemini_read_id(g->store, path, &other);
        if (r == 0 && str_equals(other, g->id))
            store_add_file(g->store, path, kind_of_other(g, path), g->out);
        else if (r == -ENODATA)
            store_add_file(g->store, path, AGENT_FILE_RECORD, g->out);
        else if (r < 0)
            leave_unknown(g, path, r);
        else
            agent_leave_out(g->out, join(g->store->arena, g->store->path, path),
                            "of another session", false);
    }
}

/* Its last member names the prompt: "messageId": "ID########3". */
static bool is_checkpoint_of(const struct gathering *g, const char *path)
{
    struct fs_file file;
    char bytes[CHECKPOINT_END];
    int r = fs_open_file(g->store->fd, path, &file);
    if (r < 0) {
        leave_unknown(g, path, r);
        return false;
    }
    FS_CLOSE int fd = file.fd;
    int64_t from = file.size_bytes > CHECKPOINT_END ? file.size_bytes - CHECKPOINT_END : 0;
    ssize_t n = fs_read_at(fd, bytes, sizeof bytes, from);
    if (n < 0)
        leave_unknown(g, path, (int)n);
    struct sv end = {bytes, n > 0 ? (size_t)n : 0};
    size_t at = sv_find(end, 0, SV("\"messageId\": \""));
    return at < end.n && sv_starts_with(sv_slice(end, at + 14, end.n), sv_of(g->id));
}

static void add_checkpoints(const struct gathering *g)
{
    struct fs_name *names;
    size_t count;
    const char *folder = join(g->store->arena, g->project, "checkpoints");
    if (!lists(g, folder, &names, &count))
        return;
    for (size_t i = 0; i < count && i < CHECKPOINT_LIMIT; i++) {
        const char *path = join(g->store->arena, folder, names[i].name);
        if (is_checkpoint_of(g, path))
            add_if_there(g, path, AGENT_FILE_OWN);
    }
}

/* What lies beside the chats under the id of a session or of a subagent. */
static void add_by_id(const struct gathering *g, const char *id)
{
    struct arena *a = g->store->arena;
    store_add_tree(g->store, arena_printf(a, "%s/tool-outputs/session-%s", g->project, id),
                   AGENT_FILE_OWN, NULL, g->out);
    store_add_tree(g->store, join(a, g->project, id), AGENT_FILE_OWN, NULL, g->out);
    add_if_there(g, arena_printf(a, "%s/logs/session-%s.jsonl", g->project, id), AGENT_FILE_OWN);
}

static void add_subagents(const struct gathering *g)
{
    struct fs_name *names;
    size_t count;
    const char *folder = arena_printf(g->store->arena, "%s/" GEMINI_CHATS "/%s", g->project, g->id);
    store_add_tree(g->store, folder, AGENT_FILE_OWN, NULL, g->out);
    if (!lists(g, folder, &names, &count))
        return;
    for (size_t i = 0; i < count; i++) {
        struct sv name = sv_of(names[i].name);
        if (sv_ends_with(name, SV(".jsonl")))
            name.n -= strlen(".jsonl");
        if (str_is_uuid(name))
            add_by_id(g, arena_strndup(g->store->arena, name.p, name.n));
    }
}

static void add_project(const struct gathering *g, const struct agent_transcript *of)
{
    struct arena *a = g->store->arena;
    const char *prompts = join(a, g->project, "logs.json");
    struct stat st;
    add_by_id(g, g->id);
    add_subagents(g);
    if (of->path)
        add_others(g, of);
    add_checkpoints(g);
    add_if_there(g, join(a, g->project, ".project_root"), AGENT_FILE_RECORD);
    if (of->path && fstatat(g->store->fd, prompts, &st, AT_SYMLINK_NOFOLLOW) == 0)
        agent_leave_out(g->out, join(a, g->store->path, prompts),
                        "it holds the prompts of other sessions, too", false);
}

void gemini_list_files(const struct agent_store *store, const struct agent_transcript *of,
                       const char *temporary, struct agent_listings *listings,
                       struct agent_files *out)
{
    const char *const *projects;
    size_t count;
    (void)temporary;
    *out = (struct agent_files){.arena = store->arena, .outside = -1};
    struct gathering g = {store, listings, out, NULL, of->session_id};
    if (of->path) {
        store_add_file(store, of->path, AGENT_FILE_TRANSCRIPT, out);
        g.project = project_of(store->arena, of->path);
        add_project(&g, of);
        return;
    }
    struct lookup seen = store_list_folders(store, GEMINI_TOP, "", &projects, &count);
    if (seen.state == LOOKUP_UNKNOWN)
        agent_leave_out(out, seen.where, err_reason(seen.code), true);
    for (size_t i = 0; i < count; i++) {
        g.project = projects[i];
        add_by_id(&g, g.id);
        add_subagents(&g);
        add_checkpoints(&g);
    }
}

/* Where this store has the directory; its transcripts are called by the first digits alone. */
const char *gemini_renamed(struct arena *a, const char *name, const char *old_id,
                           const char *new_id, const char *project_folder)
{
    const char *rest =
        str_starts_with(name, GEMINI_TOP "/") ? strchr(name + strlen(GEMINI_TOP "/"), '/') : NULL;
    if (!rest)
        return name;
    const char *to = arena_printf(a, "%s%s", project_of(a, project_folder), rest);
    struct sv digits;
    if (str_starts_with(rest, "/" GEMINI_CHATS "/session-") &&
        gemini_names_transcript(str_basename(to), &digits))
        return arena_printf(a, "%.*s%.8s.jsonl", (int)(digits.p - to), to, new_id);
    return common_renamed(a, to, old_id, new_id);
}
