#include "agents/claude/store.h"

#include "agents/claude/events.h"
#include "base/err.h"
#include "base/io/fs.h"
#include "base/io/os.h"
#include "base/json.h"
#include "base/utf8.h"
#include "conversation/head.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum {
    SETTINGS_LIMIT = 1024 * 1024,
    DAYS_KEPT = 30,                 /* cleanupPeriodDays, where it is not set */
    REGISTRATION_LIMIT = 64 * 1024, /* 2.1.330 writes some 700 bytes */
    NAME_LIMIT = 1000000,           /* directory entries; a store of years has some thousands */
    ENCODED_LIMIT = 200,            /* UTF-16 units, after which the client adds a hash */
    JOB_ID_LENGTH = 8,
    ARCHIVED_LIMIT = 4096, /* the client reads no more of archived.json */
    SUBAGENT_DEPTH = 4,    /* subagents of subagents lie in directories below */
};

static const char *join(struct arena *a, const char *directory, const char *name)
{
    size_t n = strlen(directory), m = strlen(name);
    char *path = arena_take(a, n + 1 + m + 1); /* for each of thousands of transcripts */
    memcpy(path, directory, n);
    path[n] = '/';
    memcpy(path + n + 1, name, m + 1);
    return path;
}

static void complain(const struct agent_store *store, const char *path, int code, const char *why)
{
    problems_add(store->problems, join(store->arena, store->path, path), code, why);
}

/* What could not be read makes what was looked for unknown; the first reason stays. */
static void miss(const struct agent_store *store, struct lookup *seen, const char *path, int code,
                 const char *why)
{
    complain(store, path, code, why);
    if (seen->state != LOOKUP_UNKNOWN || !seen->where)
        *seen = lookup_unknown(code, join(store->arena, store->path, path));
}

/* The names in a folder. */
static struct lookup list(const struct agent_store *store, const char *folder,
                          struct fs_name **names, size_t *count)
{
    *count = 0;
    int r = fs_list(store->fd, folder, NAME_LIMIT, store->arena, names, count);
    if (r == -ENOENT)
        r = fs_why_absent(store->fd, folder);
    struct lookup seen = lookup_of(r, NULL);
    if (r < 0 && r != -EFBIG)
        *count = 0;
    if (seen.state == LOOKUP_UNKNOWN) {
        complain(store, folder, r, NULL);
        seen.where = join(store->arena, store->path, folder);
    }
    return seen;
}

static struct wall time_of(const struct json_value *object, const char *key)
{
    int64_t ms;
    return (struct wall){json_integer(json_get(object, key), &ms) ? ms : 0};
}

/* "linux:<machine id>:pid:[4026531836]": the last part is what /proc/PID/ns/pid says. */
static const char *namespace_of(const char *domain)
{
    return domain ? strstr(domain, "pid:[") : NULL;
}

/* "jobId":"80d927e2": what "claude attach" takes (2.1.197 to 2.1.332). */
static const char *job_of(struct arena *a, const struct json_value *root)
{
    const char *id = json_copy_text(a, root, "jobId");
    return id && strlen(id) == JOB_ID_LENGTH && strspn(id, "0123456789abcdef") == JOB_ID_LENGTH
               ? id
               : NULL;
}

const char *claude_parse_registration(struct arena *a, struct sv text,
                                      struct agent_registration *out)
{
    const struct json_value *root;
    if (text.n == 0)
        return "empty";
    if (json_parse(a, text, &root) < 0)
        return "not valid JSON";
    if (!json_is_object(root) || !json_integer(json_get(root, "pid"), &out->pid) || out->pid <= 0)
        return "names no pid";
    struct sv id;
    if (!json_string(json_get(root, "sessionId"), &id) || !str_is_uuid(id))
        return "names no session";
    out->session_id = arena_strndup(a, id.p, id.n);

    /* procStart is field 22 of /proc/PID/stat, written as a string: "91139" */
    struct sv start;
    int64_t ticks = 0;
    if (json_string(json_get(root, "procStart"), &start))
        sv_to_i64(start, &ticks);
    out->start_ticks = ticks > 0 ? (uint64_t)ticks : 0;

    out->pid_namespace = namespace_of(json_copy_text(a, root, "pidDomain"));
    out->cwd = json_copy_text(a, root, "cwd");
    out->version = json_copy_text(a, root, "version");
    out->kind = json_copy_text(a, root, "kind");
    out->entrypoint = json_copy_text(a, root, "entrypoint");
    out->status = json_copy_text(a, root, "status");
    out->waiting_for = json_copy_text(a, root, "waitingFor");
    out->job_id = job_of(a, root);
    out->is_spare = json_is_true(json_get(root, "spare"));
    out->started_at = time_of(root, "startedAt");
    out->status_at = time_of(root, "statusUpdatedAt");
    return NULL;
}

/*
 * The client rewrites the file in place, not atomically: one that does not
 * parse is read again, twice, before it counts as broken. Returns: 0, or
 * negative errno, and in *wrong what is wrong with it.
 */
static int read_registration(const struct agent_store *store, const char *path,
                             struct agent_registration *out, const char **wrong)
{
    for (int attempt = 0;; attempt++) {
        struct sv text;
        *wrong = NULL;
        int r = fs_read_small(store->fd, path, REGISTRATION_LIMIT, store->arena, &text);
        /* a folder, a FIFO, a device, a link to itself: no client has made it */
        if (r == -EISDIR || r == -ENXIO || r == -ELOOP) {
            *wrong = err_reason(r);
            return -EBADMSG;
        }
        if (r < 0)
            return r;
        struct stat st;
        struct agent_registration entry = {.file = path};
        *wrong = claude_parse_registration(store->arena, text, &entry);
        if (!*wrong) {
            if (fstatat(store->fd, path, &st, 0) == 0)
                entry.changed_at.ms = fs_file_of(&st).mtime_ms;
            *out = entry;
            return 0;
        }
        if (attempt == 2) {
            *out = (struct agent_registration){0};
            if (fstatat(store->fd, path, &st, 0) < 0)
                return -errno;
            out->changed_at.ms = fs_file_of(&st).mtime_ms;
            return -EBADMSG;
        }
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
}

struct lookup claude_read_registry(const struct agent_store *store,
                                   struct agent_registration **entries, size_t *count)
{
    struct fs_name *names;
    size_t name_count, n = 0, capacity = 0;
    struct agent_registration *found = NULL;
    /* clients up to 2.1.30 have none */
    struct lookup seen = list(store, "sessions", &names, &name_count);
    for (size_t i = 0; i < name_count; i++) {
        struct sv name = sv_of(names[i].name);
        int64_t pid;
        /* beside them: <pid>.<64 hex digits>.key, which is nobody's business */
        if (!sv_ends_with(name, SV(".json")) || !sv_to_i64(sv_slice(name, 0, name.n - 5), &pid))
            continue;
        struct agent_registration entry = {0};
        const char *wrong, *path = join(store->arena, "sessions", names[i].name);
        int r = read_registration(store, path, &entry, &wrong);
        if (r == 0 && entry.pid != pid) {
            r = -EBADMSG;
            wrong = "names another pid than its file name";
        }
        if (r == -ENOENT) /* the client has just ended */
            continue;
        if (r < 0) {
            miss(store, &seen, path, r, wrong);
            entry = (struct agent_registration){
                .code = r, .file = path, .pid = pid, .changed_at = entry.changed_at};
        }
        *ARENA_PUSH(store->arena, found, n, capacity) = entry;
    }
    *entries = found;
    *count = n;
    return seen;
}

/* 2.1.330 deletes nothing while it cannot read its settings, older ones were not seen to; what
 * cannot be read here counts as not set, which is the shorter time. */
struct lookup claude_read_settings(const struct agent_store *store, struct agent_settings *out)
{
    const struct json_value *root;
    struct sv text;
    int64_t days;
    *out = (struct agent_settings){.days_kept = DAYS_KEPT};
    int r = fs_read_small(store->fd, "settings.json", SETTINGS_LIMIT, store->arena, &text);
    struct lookup seen = lookup_of(r, NULL);
    if (seen.state == LOOKUP_UNKNOWN)
        miss(store, &seen, "settings.json", r, NULL);
    if (seen.state != LOOKUP_FOUND || text.n == 0)
        return seen;
    if (json_parse(store->arena, text, &root) < 0) {
        miss(store, &seen, "settings.json", -EBADMSG, "not valid JSON");
        return seen;
    }
    out->model = json_copy_text(store->arena, root, "model");
    if (json_integer(json_get(root, "cleanupPeriodDays"), &days) && days >= 0)
        out->days_kept = days;
    return seen;
}

/*
 * The client encodes a path unit by unit in UTF-16: what is not [A-Za-z0-9]
 * becomes "-"; past 200 units come "-" and, in base 36, the magnitude of a
 * 32-bit hash of the whole path (h = h * 31 + unit).
 */
const char *claude_project_folder(struct arena *a, const char *cwd)
{
    struct sv s = sv_of(cwd);
    BUF_RELEASE struct buf encoded = {0};
    uint32_t hash = 0;
    size_t units = 0;
    for (size_t i = 0, length; i < s.n; i += length) {
        uint32_t code;
        length = utf8_decode(sv_slice(s, i, s.n), &code);
        if (length == 0) {
            code = 0xfffd; /* how the client's runtime reads bytes that are not UTF-8 */
            length = 1;
        }
        uint32_t pair[2] = {code, 0};
        size_t pair_count = 1;
        if (code > 0xffff) {
            pair[0] = 0xd800 + ((code - 0x10000) >> 10);
            pair[1] = 0xdc00 + ((code - 0x10000) & 0x3ff);
            pair_count = 2;
        }
        for (size_t j = 0; j < pair_count; j++) {
            uint32_t unit = pair[j];
            bool kept = (unit >= '0' && unit <= '9') || (unit >= 'A' && unit <= 'Z') ||
                        (unit >= 'a' && unit <= 'z');
            hash = hash * 31 + unit;
            if (units++ < ENCODED_LIMIT)
                buf_fill(&encoded, kept ? (char)unit : '-', 1);
        }
    }
    if (units > ENCODED_LIMIT) {
        int64_t magnitude = llabs((int64_t)(int32_t)hash);
        char digits[16];
        size_t at = sizeof digits;
        do {
            digits[--at] = "0123456789abcdefghijklmnopqrstuvwxyz"[magnitude % 36];
            magnitude /= 36;
        } while (magnitude);
        buf_adds(&encoded, "-");
        buf_add(&encoded, digits + at, sizeof digits - at);
    }
    return arena_printf(a, "projects/%s", encoded.p ? encoded.p : "");
}

/* Returns: 0, -ENOENT, or another errno; -EISDIR and -ENXIO for what is not a file. */
static int stat_transcript(const struct agent_store *store, const char *path,
                           struct agent_transcript *out)
{
    struct stat st;
    int r = os_look(store->fd, path, &st);
    if (r < 0)
        return r;
    if (S_ISDIR(st.st_mode))
        return -EISDIR;
    if (!S_ISREG(st.st_mode))
        return -ENXIO;
    out->path = path;
    out->size_bytes = st.st_size;
    out->modified_at.ms = fs_file_of(&st).mtime_ms;
    return 0;
}

static bool is_transcript_name(struct sv name)
{
    return sv_ends_with(name, SV(".jsonl")) && str_is_uuid(sv_slice(name, 0, name.n - 6));
}

struct transcript_list {
    struct agent_transcript *items;
    size_t count, capacity;
};

struct stray_list {
    struct agent_stray *items;
    size_t count, capacity;
};

static void add_transcript(const struct agent_store *store, const struct agent_transcript *found,
                           struct transcript_list *list)
{
    *ARENA_PUSH(store->arena, list->items, list->count, list->capacity) = *found;
}

static struct lookup add_folder(const struct agent_store *store, const char *folder,
                                struct transcript_list *into)
{
    struct fs_name *names;
    size_t name_count;
    struct lookup seen = list(store, folder, &names, &name_count);
    for (size_t i = 0; i < name_count; i++) {
        struct sv name = sv_of(names[i].name);
        if (!is_transcript_name(name))
            continue;
        struct agent_transcript found = {
            .session_id = arena_strndup(store->arena, name.p, name.n - 6),
        };
        const char *path = join(store->arena, folder, names[i].name);
        int r = stat_transcript(store, path, &found);
        if (r == -ENOENT)
            r = fs_why_absent(store->fd, path); /* a link to what is not there is not absent */
        if (r == 0)
            add_transcript(store, &found, into);
        else if (r != -ENOENT)
            miss(store, &seen, path, r, NULL);
    }
    return seen;
}

struct lookup claude_list_folder(const struct agent_store *store, const char *folder,
                                 struct agent_transcript **transcripts, size_t *count)
{
    struct transcript_list all = {0};
    struct lookup seen = add_folder(store, folder, &all);
    *transcripts = all.items;
    *count = all.count;
    return seen;
}

/* Nothing has been said in a config directory without "projects" yet. */
struct lookup claude_list_projects(const struct agent_store *store, const char *const **folders,
                                   size_t *count)
{
    struct fs_name *names;
    size_t name_count, n = 0;
    struct lookup seen = list(store, "projects", &names, &name_count);
    const char **all = arena_alloc(store->arena, (name_count + 1) * sizeof *all);
    for (size_t i = 0; i < name_count; i++)
        if (names[i].may_be_dir)
            all[n++] = join(store->arena, "projects", names[i].name);
    *folders = all;
    *count = n;
    return seen;
}

struct lookup claude_list_all(const struct agent_store *store,
                              struct agent_transcript **transcripts, size_t *count)
{
    struct transcript_list all = {0};
    const char *const *folders;
    size_t folder_count;
    struct lookup seen = claude_list_projects(store, &folders, &folder_count);
    for (size_t i = 0; i < folder_count; i++) {
        struct lookup folder = add_folder(store, folders[i], &all);
        if (folder.state == LOOKUP_UNKNOWN && seen.state != LOOKUP_UNKNOWN)
            seen = folder;
    }
    *transcripts = all.items;
    *count = all.count;
    return seen;
}

/* Where a name has the session's id, if it is that of a transcript that was renamed or copied:
 * "ID (1).jsonl", "ID.jsonl.bak", "Copy of ID.jsonl". NULL: it is not. */
static const char *stray_id(struct sv name)
{
    enum { ID = 36 };
    if (is_transcript_name(name))
        return NULL;
    bool may_stand_behind = sv_ends_with(name, SV(".jsonl")) && !sv_starts_with(name, SV("agent-"));
    for (size_t i = 0; i + ID < name.n && (i == 0 || may_stand_behind); i++)
        if (str_is_uuid(sv_slice(name, i, i + ID)))
            return name.p + i;
    return NULL;
}

/* The session that a transcript of another name belongs to, as its records say: "notes.jsonl".
 * NULL: it is a subagent's of an old client, or says of none. */
static const char *id_by_records(const struct agent_store *store, const char *path)
{
    struct fs_file file;
    struct head head;
    if (!str_ends_with(path, ".jsonl") || str_starts_with(str_basename(path), "agent-") ||
        fs_open_linked(store->fd, path, &file) < 0)
        return NULL;
    FS_CLOSE int fd = file.fd;
    char *bytes = arena_take(store->arena, HEAD_READ_FIRST);
    ssize_t n = fs_read_at(fd, bytes, HEAD_READ_FIRST, 0);
    if (n <= 0)
        return NULL;
    head_read(&event_claude, store->arena, (struct sv){bytes, (size_t)n}, false, &head);
    return head.session_id && !head.only_sidechain && str_is_uuid(sv_of(head.session_id))
               ? head.session_id
               : NULL;
}

/* id: the session's, with more behind it. */
static void add_stray(const struct agent_store *store, struct agent_stray stray, const char *id,
                      struct stray_list *into)
{
    struct agent_transcript found = {0};
    /* an empty file holds nothing that could be brought back */
    if (stat_transcript(store, stray.path, &found) < 0 || found.size_bytes == 0)
        return;
    stray.session_id = arena_strndup(store->arena, id, 36);
    stray.size_bytes = found.size_bytes;
    *ARENA_PUSH(store->arena, into->items, into->count, into->capacity) = stray;
}

/* What was copied with the folder that it lies in, as "cp -r" and archives do it. */
static struct lookup add_deep(const struct agent_store *store, const char *folder,
                              const char *below, struct stray_list *into)
{
    struct fs_name *names;
    size_t count;
    struct lookup seen = list(store, below, &names, &count);
    for (size_t i = 0; i < count; i++)
        if (is_transcript_name(sv_of(names[i].name)))
            add_stray(store,
                      (struct agent_stray){AGENT_STRAY_DEEP, NULL,
                                           join(store->arena, below, names[i].name), folder, 0},
                      names[i].name, into);
    return seen;
}

static struct lookup add_strays_of(const struct agent_store *store, const char *folder,
                                   struct stray_list *into)
{
    struct fs_name *names;
    size_t count;
    struct lookup seen = list(store, folder, &names, &count);
    for (size_t i = 0; i < count; i++) {
        struct sv name = sv_of(names[i].name);
        const char *path = join(store->arena, folder, names[i].name);
        const char *id = stray_id(name);
        if (!id && !is_transcript_name(name))
            id = id_by_records(store, path);
        if (id) {
            add_stray(store, (struct agent_stray){AGENT_STRAY_NAME, NULL, path, folder, 0}, id,
                      into);
        } else if (names[i].may_be_dir && str_is_uuid(name)) {
            /* a session's own folder, into which its transcript was moved by mistake */
            add_stray(store,
                      (struct agent_stray){AGENT_STRAY_DEEP, NULL,
                                           arena_printf(store->arena, "%s/%s.jsonl", path, name.p),
                                           folder, 0},
                      name.p, into);
        } else if (names[i].may_be_dir && !is_transcript_name(name)) {
            struct lookup below = add_deep(store, folder, path, into);
            if (below.state == LOOKUP_UNKNOWN && seen.state != LOOKUP_UNKNOWN)
                seen = below;
        }
    }
    return seen;
}

/* Two folders deep, and no further: what a copy of one folder into another leaves. */
struct lookup claude_list_strays(const struct agent_store *store, struct agent_stray **strays,
                                 size_t *count)
{
    struct stray_list all = {0};
    struct fs_name *names;
    size_t name_count;
    struct lookup seen = list(store, "projects", &names, &name_count);
    for (size_t i = 0; i < name_count; i++) {
        struct sv name = sv_of(names[i].name);
        const char *path = join(store->arena, "projects", names[i].name);
        const char *id = is_transcript_name(name) ? name.p : stray_id(name);
        if (!id)
            id = id_by_records(store, path);
        if (id) {
            add_stray(store, (struct agent_stray){AGENT_STRAY_TOP, NULL, path, NULL, 0}, id, &all);
        } else if (names[i].may_be_dir) {
            struct lookup folder = add_strays_of(store, path, &all);
            if (folder.state == LOOKUP_UNKNOWN && seen.state != LOOKUP_UNKNOWN)
                seen = folder;
        }
    }
    *strays = all.items;
    *count = all.count;
    return seen;
}

enum fact claude_is_archived(const struct agent_store *store, const struct agent_transcript *t,
                             struct wall *since)
{
    const char *slash = strrchr(t->path, '/');
    const char *path = arena_printf(store->arena, "%.*s/%s/archived.json",
                                    (int)(slash ? slash - t->path : 0), t->path, t->session_id);
    const struct json_value *root;
    struct sv text, at;
    *since = (struct wall){0};
    int r = fs_read_small(store->fd, path, ARCHIVED_LIMIT, store->arena, &text);
    if (r < 0)
        return lookup_of(r, NULL).state == LOOKUP_ABSENT ? FACT_NO : FACT_UNKNOWN;
    if (json_parse(store->arena, text, &root) < 0 || !json_string(json_get(root, "at"), &at) ||
        !wall_parse(at, since))
        return FACT_NO; /* nor does the client take it for anything */
    return json_is_true(json_get(root, "archived")) ? FACT_YES : FACT_NO;
}

/* A folder that cannot be listed is named by whoever reads it. */
void claude_list_watched(const struct agent_store *store, const char *const **folders,
                         size_t *count)
{
    static const char *const own[] = {".", "sessions", "projects"};
    enum { OWN = sizeof own / sizeof *own };
    const char *const *projects;
    size_t project_count;
    claude_list_projects(store, &projects, &project_count);
    const char **all = arena_alloc(store->arena, (OWN + project_count) * sizeof *all);
    memcpy(all, own, sizeof own);
    if (project_count)
        memcpy(all + OWN, projects, project_count * sizeof *all);
    *folders = all;
    *count = OWN + project_count;
}

static struct lookup look_into(const struct agent_store *store, const char *folder,
                               const char *file_name, struct agent_transcript *out)
{
    const char *path = join(store->arena, folder, file_name);
    int r = stat_transcript(store, path, out);
    if (r == -ENOENT)
        r = fs_why_absent(store->fd, path);
    struct lookup seen = lookup_of(r, NULL);
    if (seen.state == LOOKUP_UNKNOWN)
        miss(store, &seen, path, r, NULL);
    return seen;
}

struct lookup claude_find_transcript(const struct agent_store *store, const char *session_id,
                                     const char *cwd, struct agent_transcript *out)
{
    struct agent_transcript found = {.session_id = session_id};
    const char *name = arena_printf(store->arena, "%s.jsonl", session_id);
    const char *const *folders;
    size_t count;
    struct lookup seen =
        cwd ? look_into(store, claude_project_folder(store->arena, cwd), name, &found)
            : lookup_absent();
    if (seen.state != LOOKUP_FOUND) {
        struct lookup all = claude_list_projects(store, &folders, &count);
        if (all.state == LOOKUP_UNKNOWN)
            seen = lookup_either(seen, all);
        for (size_t i = 0; i < count && seen.state != LOOKUP_FOUND; i++)
            seen = lookup_either(seen, look_into(store, folders[i], name, &found));
    }
    if (seen.state == LOOKUP_FOUND)
        *out = found;
    return seen;
}

static struct lookup add_subagents(const struct agent_store *store, const char *folder, int depth,
                                   struct transcript_list *into)
{
    struct fs_name *names;
    size_t name_count;
    struct lookup seen = list(store, folder, &names, &name_count);
    for (size_t i = 0; i < name_count; i++) {
        struct agent_transcript found = {0};
        const char *path = join(store->arena, folder, names[i].name);
        if (names[i].may_be_dir && depth < SUBAGENT_DEPTH) {
            struct lookup below = add_subagents(store, path, depth + 1, into);
            if (below.state == LOOKUP_UNKNOWN && seen.state != LOOKUP_UNKNOWN)
                seen = below;
        }
        if (!sv_ends_with(sv_of(names[i].name), SV(".jsonl")))
            continue;
        int r = stat_transcript(store, path, &found);
        if (r == 0)
            add_transcript(store, &found, into);
        else if (r != -ENOENT && r != -EISDIR)
            miss(store, &seen, path, r, NULL);
    }
    return seen;
}

struct lookup claude_list_subagents(const struct agent_store *store,
                                    const struct agent_transcript *of,
                                    struct agent_transcript **transcripts, size_t *count)
{
    struct transcript_list all = {0};
    const char *beside = arena_strndup(store->arena, of->path, strlen(of->path) - strlen(".jsonl"));
    struct lookup seen = add_subagents(store, join(store->arena, beside, "subagents"), 0, &all);
    *transcripts = all.items;
    *count = all.count;
    return seen;
}

bool claude_split_transcript(struct arena *a, const char *path, const char **store,
                             const char **below)
{
    const char *at = path + strlen(path);
    for (int parts = 0; parts < 3; parts++) {
        do {
            if (at == path)
                return false;
            at--;
        } while (*at != '/');
    }
    if (at == path || !str_starts_with(at, "/projects/") || !str_ends_with(path, ".jsonl"))
        return false;
    *store = arena_strndup(a, path, (size_t)(at - path));
    *below = at + 1;
    return true;
}
