#include "agent/claude_store.h"

#include "base/fs.h"
#include "base/json.h"
#include "base/utf8.h"

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
    SUBAGENT_DEPTH = 4,             /* subagents of subagents lie in directories below */
};

static const char *join(struct arena *a, const char *directory, const char *name)
{
    return arena_printf(a, "%s/%s", directory, name);
}

static void complain(const struct agent_store *store, const char *path, int code, const char *why)
{
    problems_add(store->problems, join(store->arena, store->path, path), code, why);
}

static struct wall time_of(const struct json_value *object, const char *key)
{
    int64_t ms;
    return (struct wall){json_integer(json_get(object, key), &ms) ? ms : 0};
}

/* "linux:<machine id>:pid:[4026531836]": the last part is what /proc/PID/ns/pid says. */
static const char *namespace_of(const char *domain)
{
    const char *at = domain ? strstr(domain, "pid:[") : NULL;
    return at;
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
    out->started_at = time_of(root, "startedAt");
    out->status_at = time_of(root, "statusUpdatedAt");
    return NULL;
}

/*
 * The client rewrites the file in place, not atomically: one that does not
 * parse is read again, twice, before it counts as broken.
 */
static int read_registration(const struct agent_store *store, const char *path,
                             struct agent_registration *out)
{
    for (int attempt = 0;; attempt++) {
        struct sv text;
        int r = fs_read_small(store->fd, path, REGISTRATION_LIMIT, store->arena, &text);
        if (r < 0) {
            if (r != -ENOENT) /* the client has just ended */
                complain(store, path, r, NULL);
            return r;
        }
        struct stat st;
        struct agent_registration entry = {.file = path};
        const char *wrong = claude_parse_registration(store->arena, text, &entry);
        if (!wrong) {
            if (fstatat(store->fd, path, &st, 0) == 0)
                entry.changed_at.ms = fs_file_of(&st).mtime_ms;
            *out = entry;
            return 0;
        }
        if (attempt == 2) {
            complain(store, path, -EBADMSG, wrong);
            return -EBADMSG;
        }
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
}

int claude_read_registry(const struct agent_store *store, struct agent_registration **entries,
                         size_t *count)
{
    struct fs_name *names;
    size_t name_count, n = 0, capacity = 0;
    void *found = NULL;
    int r = fs_list(store->fd, "sessions", NAME_LIMIT, store->arena, &names, &name_count);
    if (r < 0 && r != -EFBIG) {
        if (r != -ENOENT) /* clients up to 2.1.30 have none */
            complain(store, "sessions", r, NULL);
        return r;
    }
    for (size_t i = 0; i < name_count; i++) {
        struct sv name = sv_of(names[i].name);
        int64_t pid;
        /* beside them: <pid>.<64 hex digits>.key, which is nobody's business */
        if (!sv_ends_with(name, SV(".json")) || !sv_to_i64(sv_slice(name, 0, name.n - 5), &pid))
            continue;
        struct agent_registration entry;
        const char *path = join(store->arena, "sessions", names[i].name);
        if (read_registration(store, path, &entry) < 0)
            continue;
        if (entry.pid != pid) {
            complain(store, path, -EBADMSG, "names another pid than its file name");
            continue;
        }
        struct agent_registration *slot =
            arena_push(store->arena, &found, &n, &capacity, sizeof *slot);
        *slot = entry;
    }
    *entries = found;
    *count = n;
    return 0;
}

/* 2.1.330 deletes nothing while it cannot read its settings, older ones were not seen to; what
 * cannot be read here counts as not set, which is the shorter time. */
void claude_read_settings(const struct agent_store *store, struct agent_settings *out)
{
    const struct json_value *root;
    struct sv text;
    int64_t days;
    *out = (struct agent_settings){.days_kept = DAYS_KEPT};
    if (fs_read_small(store->fd, "settings.json", SETTINGS_LIMIT, store->arena, &text) < 0 ||
        text.n == 0 || json_parse(store->arena, text, &root) < 0)
        return;
    out->model = json_copy_text(store->arena, root, "model");
    if (json_integer(json_get(root, "cleanupPeriodDays"), &days) && days >= 0)
        out->days_kept = days;
}

/*
 * The client encodes a path unit by unit in UTF-16: what is not [A-Za-z0-9]
 * becomes "-"; past 200 units come "-" and, in base 36, the magnitude of a
 * 32-bit hash of the whole path (h = h * 31 + unit).
 */
const char *claude_project_folder(struct arena *a, const char *cwd)
{
    struct sv s = sv_of(cwd);
    struct buf encoded = {0};
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
    const char *folder = arena_printf(a, "projects/%s", encoded.p ? encoded.p : "");
    buf_release(&encoded);
    return folder;
}

static int64_t stamp_ms(struct statx_timestamp t)
{
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Returns: 0, -ENOENT, or another errno; -EISDIR and -ENXIO for what is not a file. */
static int stat_transcript(const struct agent_store *store, const char *path,
                           struct agent_transcript *out)
{
    struct statx x;
    if (statx(store->fd, path, AT_STATX_DONT_SYNC, STATX_TYPE | STATX_SIZE | STATX_MTIME, &x) < 0)
        return -errno;
    if (S_ISDIR(x.stx_mode))
        return -EISDIR;
    if (!S_ISREG(x.stx_mode))
        return -ENXIO;
    out->path = path;
    out->size_bytes = (int64_t)x.stx_size;
    out->modified_at.ms = stamp_ms(x.stx_mtime);
    return 0;
}

static bool is_transcript_name(struct sv name)
{
    return sv_ends_with(name, SV(".jsonl")) && str_is_uuid(sv_slice(name, 0, name.n - 6));
}

struct transcript_list {
    void *items;
    size_t count, capacity;
};

static int add_folder(const struct agent_store *store, const char *folder,
                      struct transcript_list *list)
{
    struct fs_name *names;
    size_t name_count;
    int r = fs_list(store->fd, folder, NAME_LIMIT, store->arena, &names, &name_count);
    if (r < 0 && r != -EFBIG)
        return r;
    for (size_t i = 0; i < name_count; i++) {
        struct sv name = sv_of(names[i].name);
        if (!is_transcript_name(name))
            continue;
        struct agent_transcript found = {
            .session_id = arena_strndup(store->arena, name.p, name.n - 6),
        };
        const char *path = join(store->arena, folder, names[i].name);
        r = stat_transcript(store, path, &found);
        if (r < 0) {
            if (r != -ENOENT)
                complain(store, path, r, NULL);
            continue;
        }
        struct agent_transcript *slot =
            arena_push(store->arena, &list->items, &list->count, &list->capacity, sizeof *slot);
        *slot = found;
    }
    return 0;
}

int claude_list_folder(const struct agent_store *store, const char *folder,
                       struct agent_transcript **transcripts, size_t *count)
{
    struct transcript_list list = {0};
    int r = add_folder(store, folder, &list);
    if (r < 0)
        return r;
    *transcripts = list.items;
    *count = list.count;
    return 0;
}

/* Calls one for each project folder until it returns something else than 0. */
static int each_folder(const struct agent_store *store,
                       int (*one)(const struct agent_store *, const char *folder, void *context),
                       void *context)
{
    struct fs_name *names;
    size_t name_count;
    int r = fs_list(store->fd, "projects", NAME_LIMIT, store->arena, &names, &name_count);
    if (r < 0 && r != -EFBIG) {
        if (r != -ENOENT) /* nothing has been said in this config directory yet */
            complain(store, "projects", r, NULL);
        return r == -ENOENT ? 0 : r;
    }
    r = 0;
    for (size_t i = 0; i < name_count && r == 0; i++)
        if (names[i].may_be_dir)
            r = one(store, join(store->arena, "projects", names[i].name), context);
    return r;
}

static int add_one_of_all(const struct agent_store *store, const char *folder, void *context)
{
    int r = add_folder(store, folder, context);
    if (r < 0 && r != -ENOENT && r != -ENOTDIR)
        complain(store, folder, r, NULL);
    return 0;
}

int claude_list_all(const struct agent_store *store, struct agent_transcript **transcripts,
                    size_t *count)
{
    struct transcript_list list = {0};
    int r = each_folder(store, add_one_of_all, &list);
    if (r < 0)
        return r;
    *transcripts = list.items;
    *count = list.count;
    return 0;
}

void claude_list_watched(const struct agent_store *store, const char *const **folders,
                         size_t *count)
{
    static const char *const own[] = {".", "sessions", "projects"};
    enum { OWN = sizeof own / sizeof *own };
    struct fs_name *names;
    size_t name_count = 0, n = OWN;
    int r = fs_list(store->fd, "projects", NAME_LIMIT, store->arena, &names, &name_count);
    if (r < 0 && r != -EFBIG)
        name_count = 0;
    const char **all = arena_alloc(store->arena, (OWN + name_count) * sizeof *all);
    memcpy(all, own, sizeof own);
    for (size_t i = 0; i < name_count; i++)
        if (names[i].may_be_dir)
            all[n++] = join(store->arena, "projects", names[i].name);
    *folders = all;
    *count = n;
}

struct search {
    const char *file_name;
    struct agent_transcript *out;
};

static int look_into(const struct agent_store *store, const char *folder, void *context)
{
    struct search *s = context;
    const char *path = join(store->arena, folder, s->file_name);
    int r = stat_transcript(store, path, s->out);
    if (r < 0 && r != -ENOENT && r != -ENOTDIR)
        complain(store, path, r, NULL);
    return r == 0; /* found: the search ends */
}

int claude_find_transcript(const struct agent_store *store, const char *session_id, const char *cwd,
                           struct agent_transcript *out)
{
    struct agent_transcript found = {.session_id = session_id};
    struct search s = {arena_printf(store->arena, "%s.jsonl", session_id), &found};
    bool here = cwd && look_into(store, claude_project_folder(store->arena, cwd), &s);
    if (!here && each_folder(store, look_into, &s) != 1)
        return -ENOENT;
    *out = found;
    return 0;
}

static void add_subagents(const struct agent_store *store, const char *folder, int depth,
                          struct transcript_list *list)
{
    struct fs_name *names;
    size_t name_count;
    int r = fs_list(store->fd, folder, NAME_LIMIT, store->arena, &names, &name_count);
    if (r < 0 && r != -EFBIG) {
        if (r != -ENOENT && r != -ENOTDIR)
            complain(store, folder, r, NULL);
        return;
    }
    for (size_t i = 0; i < name_count; i++) {
        struct agent_transcript found = {0};
        const char *path = join(store->arena, folder, names[i].name);
        if (names[i].may_be_dir && depth < SUBAGENT_DEPTH)
            add_subagents(store, path, depth + 1, list);
        if (!sv_ends_with(sv_of(names[i].name), SV(".jsonl")) ||
            stat_transcript(store, path, &found) < 0)
            continue;
        struct agent_transcript *slot =
            arena_push(store->arena, &list->items, &list->count, &list->capacity, sizeof *slot);
        *slot = found;
    }
}

int claude_list_subagents(const struct agent_store *store, const struct agent_transcript *of,
                          struct agent_transcript **transcripts, size_t *count)
{
    struct transcript_list list = {0};
    const char *beside = arena_strndup(store->arena, of->path, strlen(of->path) - strlen(".jsonl"));
    add_subagents(store, join(store->arena, beside, "subagents"), 0, &list);
    *transcripts = list.items;
    *count = list.count;
    return 0;
}
