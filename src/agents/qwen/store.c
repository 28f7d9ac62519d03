/* Where Qwen Code keeps things: transcripts, and what its interactive clients publish. */
#include "agents/qwen/qwen.h"
#include "agents/store_files.h"
#include "base/err.h"
#include "base/io/fs.h"
#include "base/json.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    REGISTRATION_LIMIT = 64 * 1024, /* 0.24.4 writes some 470 bytes */
    ID_LENGTH = 36,
    BOOT_ID_SIZE = 64,
};

#define CHATS "chats"
#define ARCHIVE "chats/archive"

static const char *join(struct arena *a, const char *folder, const char *name)
{
    return arena_printf(a, "%s/%s", folder, name);
}

/* ---- the registry ------------------------------------------------------------------------- */

/* "3e1306ac-4548-447e-98d6-ab09f8d21b44:234639": the machine's boot, and field 22 of
 * /proc/PID/stat. */
static bool read_start(struct sv start, const char *boot_id, struct agent_registration *out,
                       bool *is_of_now)
{
    size_t colon = sv_find(start, 0, SV(":"));
    int64_t ticks;
    if (colon == start.n || !sv_to_i64(sv_slice(start, colon + 1, start.n), &ticks) || ticks <= 0)
        return false;
    out->start_ticks = (uint64_t)ticks;
    *is_of_now = !boot_id || sv_equals(sv_slice(start, 0, colon), sv_of(boot_id));
    return true;
}

/* In a directory that both read, of an agent whose clients write "entrypoint", "version" and
 * "procStart":"4711". What shows none of them is not taken for another's. */
static bool is_anothers(const struct json_value *root, struct sv start)
{
    int64_t ticks;
    return json_is_object(root) && !json_get(root, "qwenVersion") &&
           (json_get(root, "version") || json_get(root, "entrypoint") || sv_to_i64(start, &ticks));
}

const char *qwen_parse_registration(struct arena *a, struct sv text, const char *boot_id,
                                    struct agent_registration *out, bool *is_of_now)
{
    const struct json_value *root;
    int64_t namespace_id;
    if (text.n == 0)
        return "empty";
    if (json_parse(a, text, &root) < 0)
        return "not valid JSON";
    struct sv id = json_text_at(root, "sessionId"), start = json_text_at(root, "procStart");
    if (is_anothers(root, start)) {
        *is_of_now = false;
        return NULL;
    }
    if (!json_is_object(root) || !json_integer(json_get(root, "pid"), &out->pid) || out->pid <= 0)
        return "names no pid";
    if (!str_is_uuid(id))
        return "names no session";
    if (!read_start(start, boot_id, out, is_of_now))
        return "does not say when its process was started";
    out->session_id = arena_strndup(a, id.p, id.n);
    if (json_integer(json_get(root, "pidNs"), &namespace_id) && namespace_id > 0)
        out->pid_namespace = arena_printf(a, "pid:[%lld]", (long long)namespace_id);
    out->cwd = json_copy_text(a, root, "cwd");
    out->version = json_copy_text(a, root, "qwenVersion");
    out->kind = json_copy_text(a, root, "kind");
    int64_t started_ms;
    if (json_integer(json_get(root, "startedAt"), &started_ms) && started_ms > 0)
        out->started_at.ms = started_ms;
    return NULL;
}

static const char *read_boot_id(struct arena *a)
{
    struct sv text;
    if (fs_read_small(AT_FDCWD, "/proc/sys/kernel/random/boot_id", BOOT_ID_SIZE, a, &text) < 0)
        return NULL;
    return arena_strndup(a, text.p, sv_find(text, 0, SV("\n")));
}

/* Returns: 0 or negative errno; -ENOENT too for what was written before the machine was started. */
static int read_registration(const struct agent_store *store, const char *path, const char *boot_id,
                             struct agent_registration *out, const char **wrong)
{
    struct sv text;
    struct stat st;
    bool is_of_now = true;
    *wrong = NULL;
    int r = fs_read_small(store->fd, path, REGISTRATION_LIMIT, store->arena, &text);
    if (r == -EISDIR || r == -ENXIO || r == -ELOOP) { /* no client has made it */
        *wrong = err_reason(r);
        return -EBADMSG;
    }
    if (r < 0)
        return r;
    struct agent_registration entry = {.file = path};
    *wrong = qwen_parse_registration(store->arena, text, boot_id, &entry, &is_of_now);
    if (fstatat(store->fd, path, &st, 0) == 0)
        entry.changed_at.ms = fs_file_of(&st).mtime_ms;
    if (*wrong) {
        *out = (struct agent_registration){.changed_at = entry.changed_at};
        return -EBADMSG;
    }
    *out = entry;
    return is_of_now ? 0 : -ENOENT;
}

struct lookup qwen_read_registry(const struct agent_store *store,
                                 struct agent_registration **entries, size_t *count)
{
    struct fs_name *names;
    size_t name_count, n = 0, capacity = 0;
    struct agent_registration *found = NULL;
    const char *boot_id = read_boot_id(store->arena);
    /* 0.15.10 has none */
    struct lookup seen = store_list(store, "sessions", &names, &name_count);
    for (size_t i = 0; i < name_count; i++) {
        struct sv name = sv_of(names[i].name);
        int64_t pid;
        if (!sv_ends_with(name, SV(".json")) || !sv_to_i64(sv_slice(name, 0, name.n - 5), &pid))
            continue;
        struct agent_registration entry = {0};
        const char *wrong, *path = join(store->arena, "sessions", names[i].name);
        int r = read_registration(store, path, boot_id, &entry, &wrong);
        if (r == 0 && entry.pid != pid) {
            r = -EBADMSG;
            wrong = "names another pid than its file name";
        }
        if (r == -ENOENT)
            continue;
        if (r < 0) {
            const char *where = join(store->arena, store->path, path);
            problems_add(store->problems, where, r, wrong);
            store_join(&seen, lookup_unknown(r, where));
            entry = (struct agent_registration){
                .code = r, .file = path, .pid = pid, .changed_at = entry.changed_at};
        }
        *ARENA_PUSH(store->arena, found, n, capacity) = entry;
    }
    *entries = found;
    *count = n;
    return seen;
}

/* ---- folders ------------------------------------------------------------------------------ */

/* Unit by unit in UTF-16, as the client's language has it; however long. */
static const char *encode(struct arena *a, const char *cwd)
{
    struct sv s = sv_of(cwd);
    struct buf encoded = {0};
    for (size_t i = 0, length; i < s.n; i += length) {
        uint32_t code;
        length = utf8_decode(sv_slice(s, i, s.n), &code);
        if (length == 0)
            length = 1; /* U+FFFD to the client */
        bool kept =
            length == 1 && ((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'A' && s.p[i] <= 'Z') ||
                            (s.p[i] >= 'a' && s.p[i] <= 'z'));
        buf_fill(&encoded, kept ? s.p[i] : '-', length == 4 ? 2 : 1);
    }
    const char *text = arena_strdup(a, encoded.p ? encoded.p : "");
    buf_release(&encoded);
    return text;
}

const char *qwen_project_folder(struct arena *a, const char *cwd)
{
    return arena_printf(a, "projects/%s/" CHATS, encode(a, cwd));
}

/* ---- transcripts -------------------------------------------------------------------------- */

struct list {
    struct agent_transcript *items;
    size_t count, capacity;
};

static bool is_transcript_name(struct sv name)
{
    return name.n == ID_LENGTH + 6 && sv_ends_with(name, SV(".jsonl")) &&
           str_is_uuid(sv_slice(name, 0, ID_LENGTH));
}

static struct lookup add_folder(const struct agent_store *store, const char *folder,
                                struct list *into)
{
    struct fs_name *names;
    size_t count;
    struct lookup seen = store_list(store, folder, &names, &count);
    for (size_t i = 0; i < count; i++) {
        if (!is_transcript_name(sv_of(names[i].name)))
            continue;
        struct agent_transcript t = {.session_id =
                                         arena_strndup(store->arena, names[i].name, ID_LENGTH)};
        struct lookup one = store_look_at(store, join(store->arena, folder, names[i].name), &t);
        store_join(&seen, one);
        if (one.state == LOOKUP_FOUND)
            *ARENA_PUSH(store->arena, into->items, into->count, into->capacity) = t;
    }
    return seen;
}

struct lookup qwen_list_folder(const struct agent_store *store, const char *folder,
                               struct agent_transcript **transcripts, size_t *count)
{
    struct list all = {0};
    struct lookup seen = add_folder(store, folder, &all);
    *transcripts = all.items;
    *count = all.count;
    return seen;
}

struct lookup qwen_list_all(const struct agent_store *store, struct agent_transcript **transcripts,
                            size_t *count)
{
    struct list all = {0};
    const char *const *folders;
    size_t folder_count;
    struct lookup seen = store_list_folders(store, "projects", "", &folders, &folder_count);
    for (size_t i = 0; i < folder_count; i++) {
        store_join(&seen, add_folder(store, join(store->arena, folders[i], CHATS), &all));
        store_join(&seen, add_folder(store, join(store->arena, folders[i], ARCHIVE), &all));
    }
    *transcripts = all.items;
    *count = all.count;
    return seen;
}

struct lookup qwen_find_transcript(const struct agent_store *store, const char *session_id,
                                   const char *cwd, struct agent_transcript *out)
{
    struct agent_transcript found = {.session_id = session_id};
    const char *name = arena_printf(store->arena, "%s.jsonl", session_id);
    struct lookup seen = lookup_absent();
    if (cwd)
        seen = store_look_at(
            store, join(store->arena, qwen_project_folder(store->arena, cwd), name), &found);
    if (seen.state != LOOKUP_FOUND) {
        const char *const *folders;
        size_t count;
        store_join(&seen, store_list_folders(store, "projects", "", &folders, &count));
        for (size_t i = 0; i < 2 * count && seen.state != LOOKUP_FOUND; i++) {
            const char *chats = join(store->arena, folders[i / 2], i % 2 ? ARCHIVE : CHATS);
            seen =
                lookup_either(seen, store_look_at(store, join(store->arena, chats, name), &found));
        }
    }
    if (seen.state == LOOKUP_FOUND)
        *out = found;
    return seen;
}

/* By where it lies; since when, no record says. */
enum fact qwen_is_archived(const struct agent_store *store, const struct agent_transcript *t,
                           struct wall *since)
{
    (void)store;
    *since = (struct wall){0};
    return strstr(t->path, "/" ARCHIVE "/") ? FACT_YES : FACT_NO;
}

void qwen_list_watched(const struct agent_store *store, const char *const **folders, size_t *count)
{
    const char *const *projects;
    size_t project_count, n = 0;
    store_list_folders(store, "projects", "", &projects, &project_count);
    const char **all = arena_alloc(store->arena, (project_count + 3) * sizeof *all);
    all[n++] = ".";
    all[n++] = "sessions";
    all[n++] = "projects";
    for (size_t i = 0; i < project_count; i++)
        all[n++] = join(store->arena, projects[i], CHATS);
    *folders = all;
    *count = n;
}

/* "/dir/projects/-p/chats/<id>.jsonl", and in chats/archive. */
bool qwen_split_transcript(struct arena *a, const char *path, const char **store,
                           const char **below)
{
    const char *at = NULL;
    for (const char *p = strstr(path, "/projects/"); p; p = strstr(p + 1, "/projects/"))
        at = p;
    if (!at || at == path)
        return false;
    const char *rest = strchr(at + strlen("/projects/"), '/'), *name = str_basename(path);
    if (!rest || name <= rest || !is_transcript_name(sv_of(name)))
        return false;
    struct sv folder = {rest + 1, (size_t)(name - 1 - (rest + 1))};
    if (!sv_equals(folder, SV(CHATS)) && !sv_equals(folder, SV(ARCHIVE)))
        return false;
    *store = arena_strndup(a, path, (size_t)(at - path));
    *below = at + 1;
    return true;
}

/* ---- all that is of one session ----------------------------------------------------------- */

/* Of a folder what is called by the id: "<id>", "<id>.pr.json", "<id>-<agent>.md". */
static void add_named(const struct agent_store *store, const char *folder, const char *id,
                      struct agent_listings *listings, struct agent_files *out)
{
    struct fs_name *names;
    size_t count;
    int r = agent_list_folder(listings, store->fd, folder, &names, &count);
    if (r < 0 && r != -ENOENT && r != -ENOTDIR)
        agent_leave_out(out, join(store->arena, store->path, folder), err_reason(r), true);
    if (r < 0)
        return;
    for (size_t i = 0; i < count; i++) {
        struct stat st;
        const char *path = join(store->arena, folder, names[i].name);
        if (!str_starts_with(names[i].name, id) || is_transcript_name(sv_of(names[i].name)))
            continue;
        bool is_of_process = str_ends_with(path, ".runtime.json");
        if (fstatat(store->fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0) {
            if (errno != ENOENT)
                agent_leave_out(out, join(store->arena, store->path, path), err_reason(-errno),
                                true);
            continue;
        }
        if (S_ISREG(st.st_mode))
            store_add_file(store, path, is_of_process ? AGENT_FILE_RECORD : AGENT_FILE_OWN, out);
        else if (S_ISDIR(st.st_mode))
            store_add_tree(store, path, AGENT_FILE_OWN, NULL, out);
        else
            agent_leave_out(out, join(store->arena, store->path, path), "no file", true);
    }
}

void qwen_list_files(const struct agent_store *store, const struct agent_transcript *of,
                     const char *temporary, struct agent_listings *listings,
                     struct agent_files *out)
{
    const char *const *projects;
    size_t count;
    const char *id = of->session_id;
    (void)temporary;
    *out = (struct agent_files){.arena = store->arena, .outside = -1};
    if (of->path)
        store_add_file(store, of->path, AGENT_FILE_TRANSCRIPT, out);
    struct lookup seen = store_list_folders(store, "projects", "", &projects, &count);
    if (seen.state == LOOKUP_UNKNOWN)
        agent_leave_out(out, seen.where, err_reason(seen.code), true);
    for (size_t i = 0; i < count; i++) {
        const char *mine = arena_printf(store->arena, "%s/", projects[i]);
        if (of->path && !str_starts_with(of->path, mine))
            continue;
        add_named(store, join(store->arena, projects[i], CHATS), id, listings, out);
        add_named(store, join(store->arena, projects[i], ARCHIVE), id, listings, out);
        add_named(store, join(store->arena, projects[i], "subagents"), id, listings, out);
    }
    add_named(store, "file-history", id, listings, out);
    add_named(store, "plans", id, listings, out);
}

static const char *replaced(struct arena *a, const char *text, const char *old, const char *new)
{
    struct buf out = {0};
    size_t n = strlen(old);
    for (const char *at; (at = strstr(text, old)); text = at + n) {
        buf_add(&out, text, (size_t)(at - text));
        buf_adds(&out, new);
    }
    buf_adds(&out, text);
    const char *result = arena_strdup(a, out.p);
    buf_release(&out);
    return result;
}

/* What is archived stays so; what lies beside "chats" moves with it. */
const char *qwen_renamed(struct arena *a, const char *name, const char *old_id, const char *new_id,
                         const char *project_folder)
{
    size_t n = strlen("projects/"), chats = strlen(project_folder);
    const char *rest = str_starts_with(name, "projects/") ? strchr(name + n, '/') : NULL;
    struct sv project = {project_folder, chats};
    if (sv_ends_with(project, SV("/" ARCHIVE)))
        project.n -= strlen("/" ARCHIVE);
    else if (sv_ends_with(project, SV("/" CHATS)))
        project.n -= strlen("/" CHATS);
    if (rest)
        name = arena_printf(a, "%.*s%s", (int)project.n, project.p, rest);
    return replaced(a, name, old_id, new_id);
}
