/* The sessions in a store of Gemini CLI's. */
#include "agents/gemini/gemini.h"

#include "agents/store_files.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io/digest.h"
#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum {
    HEAD_BYTES = 4096, /* as much as the client looks at for an id, too */
    STUB_LIMIT =
        256 * 1024, /* one that is longer has more than what the client itself puts there */
    REGISTRY_LIMIT = 4 * 1024 * 1024,
    ROOT_LIMIT = 64 * 1024,
    SLUGS_LIMIT = 10000,
    END_BYTES = 4096,
    DAY_MS = 24 * 60 * 60 * 1000,
    DAYS_BEFORE = 3, /* that deleting is told before */
};

#define PREFIX "session-"
#define ROOT_FILE ".project_root"

static const char *join(struct arena *a, const char *folder, const char *name)
{
    return arena_printf(a, "%s/%s", folder, name);
}

/* ---- which folder a directory has --------------------------------------------------------- */

/* The directory that a folder says it is for. Returns: 0; -ENODATA: it says none; or negative
 * errno, -ENOENT too where there is no store yet. */
static int read_root(const struct agent_store *store, const char *folder, const char **cwd)
{
    struct sv text;
    int r = store->fd < 0 ? -ENOENT
                          : fs_read_small(store->fd, join(store->arena, folder, ROOT_FILE),
                                          ROOT_LIMIT, store->arena, &text);
    if (r < 0)
        return r;
    while (text.n && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == ' '))
        text.n--;
    if (text.n == 0 || text.p[0] != '/')
        return -ENODATA;
    *cwd = arena_strndup(store->arena, text.p, text.n);
    return 0;
}

/* It says so, or nothing. One that cannot be read may be another's: so the client has it, too. */
static bool may_be_of(const struct agent_store *store, const char *slug, const char *cwd)
{
    const char *owner;
    int r = read_root(store, join(store->arena, GEMINI_TOP, slug), &owner);
    return r == -ENOENT || r == -ENODATA || (r == 0 && str_equals(owner, cwd));
}

/* Absent or broken, it is empty to the client, too. */
static const struct json_value *read_registry(const struct agent_store *store)
{
    const struct json_value *root;
    struct sv text;
    if (fs_read_small(store->fd, "projects.json", REGISTRY_LIMIT, store->arena, &text) < 0 ||
        json_parse(store->arena, text, &root) < 0)
        return NULL;
    return json_get(root, "projects");
}

struct looking_for {
    const char *slug;
    bool is_there;
};

static bool look_at_project(void *context, struct sv key, const struct json_value *value)
{
    struct looking_for *l = context;
    struct sv slug;
    (void)key;
    l->is_there = json_string(value, &slug) && sv_equals(slug, sv_of(l->slug));
    return !l->is_there;
}

static bool is_registered(const struct json_value *projects, const char *slug)
{
    struct looking_for l = {.slug = slug};
    if (json_is_object(projects))
        json_each(projects, look_at_project, &l);
    return l.is_there;
}

static bool is_plain(struct sv slug)
{
    for (size_t i = 0; i < slug.n; i++)
        if (slug.p[i] == '/' || slug.p[i] == '\0')
            return false;
    return slug.n && slug.n < 256 && slug.p[0] != '.';
}

static const char *chats_of(struct arena *a, const char *slug)
{
    return arena_printf(a, GEMINI_TOP "/%s/" GEMINI_CHATS, slug);
}

/* The name of a directory in small letters, with one dash for all that is no letter or digit. */
static const char *slug_of(struct arena *a, const char *cwd)
{
    char *slug = arena_strdup(a, str_basename(cwd));
    size_t n = 0;
    for (const char *p = slug; *p; p++) {
        char c = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
        bool is_kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (is_kept || (n && slug[n - 1] != '-'))
            slug[n++] = is_kept ? c : '-';
    }
    if (n && slug[n - 1] == '-')
        n--;
    slug[n] = '\0';
    return n ? slug : "project";
}

/* By the folders themselves, where the list of them does not have it. */
static const char *folder_for(const struct agent_store *store, const char *cwd)
{
    struct fs_name *names;
    size_t count = 0;
    const char *owner;
    int r = fs_list(store->fd, GEMINI_TOP, SLUGS_LIMIT, store->arena, &names, &count);
    for (size_t i = 0; r == 0 && i < count; i++)
        if (names[i].may_be_dir &&
            read_root(store, join(store->arena, GEMINI_TOP, names[i].name), &owner) == 0 &&
            str_equals(owner, cwd))
            return chats_of(store->arena, names[i].name);
    return NULL;
}

/* As clients before 0.39 call it; later ones give it its new name when they start there. */
static const char *old_folder(const struct agent_store *store, const char *cwd)
{
    char text[DIGEST_TEXT_SIZE];
    struct digest d;
    digest_init(&d);
    digest_add(&d, cwd, strlen(cwd));
    digest_end(&d, text);
    const char *folder = chats_of(store->arena, text);
    return faccessat(store->fd, folder, F_OK, 0) == 0 ? folder : NULL;
}

/* The first that no other directory has, as the client chooses it: "app", "app-1". */
static const char *new_folder(const struct agent_store *store, const struct json_value *projects,
                              const char *cwd)
{
    const char *slug = slug_of(store->arena, cwd);
    for (int i = 0;; i++) {
        const char *name = i ? arena_printf(store->arena, "%s-%d", slug, i) : slug;
        bool is_free = !is_registered(projects, name) && may_be_of(store, name, cwd);
        if (is_free || i == SLUGS_LIMIT)
            return chats_of(store->arena, name);
    }
}

static const char *find_folder(const struct agent_store *store, const char *cwd)
{
    const struct json_value *projects = read_registry(store);
    struct sv slug = json_text_at(projects, cwd);
    if (is_plain(slug)) {
        const char *name = arena_strndup(store->arena, slug.p, slug.n);
        if (may_be_of(store, name, cwd))
            return chats_of(store->arena, name);
    }
    const char *folder = folder_for(store, cwd);
    if (!folder)
        folder = old_folder(store, cwd);
    return folder ? folder : new_folder(store, projects, cwd);
}

/* Asked for one session after another: nothing of the list stays in the store's arena. */
const char *gemini_folder_in(const struct agent_store *store, const char *cwd)
{
    ARENA_RELEASE struct arena scratch = {0};
    struct agent_store in = *store;
    in.arena = &scratch;
    return arena_strdup(store->arena, find_folder(&in, cwd));
}

/* ---- transcripts -------------------------------------------------------------------------- */

bool gemini_names_transcript(const char *name, struct sv *short_id)
{
    struct sv s = sv_of(name);
    if (!sv_starts_with(s, SV(PREFIX)) || !sv_ends_with(s, SV(".jsonl")))
        return false;
    s.n -= strlen(".jsonl");
    if (s.n < strlen(PREFIX) + 1 + GEMINI_SHORT_LENGTH || s.p[s.n - GEMINI_SHORT_LENGTH - 1] != '-')
        return false;
    *short_id = sv_slice(s, s.n - GEMINI_SHORT_LENGTH, s.n);
    return true;
}

/* What stands behind a member of the first line, which may be longer than what was read. */
static struct sv text_of(struct sv line, struct sv member)
{
    size_t from = sv_find(line, 0, member);
    if (from == line.n)
        return (struct sv){0};
    from += member.n;
    return sv_slice(line, from, sv_find(line, from, SV("\"")));
}

static int read_head(const struct agent_store *store, const char *path, struct sv *line)
{
    struct fs_file file;
    char *bytes = arena_alloc(store->arena, HEAD_BYTES);
    int r = fs_open_file(store->fd, path, &file);
    if (r < 0)
        return r;
    FS_CLOSE int fd = file.fd;
    ssize_t n = fs_read_at(fd, bytes, HEAD_BYTES, 0);
    if (n < 0)
        return (int)n;
    struct sv head = {bytes, (size_t)n};
    *line = sv_slice(head, 0, sv_find(head, 0, SV("\n")));
    return 0;
}

int gemini_read_id(const struct agent_store *store, const char *path, const char **session_id)
{
    struct sv line;
    int r = read_head(store, path, &line);
    if (r < 0)
        return r;
    struct sv id = text_of(line, SV("\"sessionId\":\""));
    if (!str_is_uuid(id) || sv_equals(text_of(line, SV("\"kind\":\"")), SV("subagent")))
        return -ENODATA;
    *session_id = arena_strndup(store->arena, id.p, id.n);
    return 0;
}

enum fact gemini_is_said(const struct agent_store *store, const struct agent_transcript *t)
{
    struct sv text;
    if (t->size_bytes > STUB_LIMIT)
        return FACT_YES;
    int r = fs_read_small(store->fd, t->path, STUB_LIMIT, store->arena, &text);
    if (r < 0)
        return r == -EFBIG ? FACT_YES : FACT_UNKNOWN;
    return gemini_has_conversation(text) ? FACT_YES : FACT_NO;
}

/* When it was written to by its own word, which is what the client goes by. Unknown: its end does
 * not say. */
static struct wall read_updated_at(const struct agent_store *store, const char *path)
{
    static const char before[] = "{\"$set\":{\"lastUpdated\":\"";
    char bytes[END_BYTES];
    struct fs_file file;
    struct wall updated_at = {0};
    if (fs_open_file(store->fd, path, &file) < 0)
        return updated_at;
    FS_CLOSE int fd = file.fd;
    ssize_t n = fs_read_at(fd, bytes, sizeof bytes,
                           file.size_bytes > END_BYTES ? file.size_bytes - END_BYTES : 0);
    struct sv end = {bytes, n > 0 ? (size_t)n : 0};
    for (size_t at; (at = sv_find(end, 0, SV(before))) < end.n;) {
        end = sv_slice(end, at + strlen(before), end.n);
        wall_parse(sv_slice(end, 0, sv_find(end, 0, SV("\""))), &updated_at);
    }
    return updated_at;
}

/* A transcript, and what else has the same 8 digits. */
struct chat {
    struct agent_transcript t;
    struct sv short_id;
    const char *stub;       /* a path of those; NULL: none is one */
    struct wall updated_at; /* by its own word; where its end does not say, by its file */
    enum fact is_said;
    bool is_beside; /* another of the same session is the better one */
};

struct chats {
    struct chat *items;
    size_t count, capacity;
};

static void add_chat(const struct agent_store *store, const char *folder, const char *name,
                     struct sv wanted, struct chats *into, struct lookup *seen)
{
    struct chat c = {.is_said = FACT_UNKNOWN};
    if (!gemini_names_transcript(name, &c.short_id) || (wanted.n && !sv_equals(c.short_id, wanted)))
        return;
    const char *path = join(store->arena, folder, name);
    struct lookup one = store_look_at(store, path, &c.t);
    store_join(seen, one);
    if (one.state != LOOKUP_FOUND)
        return;
    int r = gemini_read_id(store, path, &c.t.session_id);
    if (r < 0 && r != -ENODATA) {
        const char *where = join(store->arena, store->path, path);
        problems_add(store->problems, where, r, NULL);
        store_join(seen, lookup_unknown(r, where));
    }
    c.updated_at = read_updated_at(store, path);
    if (!wall_known(c.updated_at))
        c.updated_at = c.t.modified_at;
    *ARENA_PUSH(store->arena, into->items, into->count, into->capacity) = c;
}

static bool is_better(const struct chat *a, const struct chat *b)
{
    if (a->is_said != b->is_said)
        return a->is_said == FACT_YES || b->is_said == FACT_NO;
    return a->t.modified_at.ms > b->t.modified_at.ms;
}

/* Only where two have the same digits does the look at what is in them cost anything. */
static void compare(const struct agent_store *store, struct chats *chats)
{
    for (size_t i = 0; i < chats->count; i++) {
        struct chat *a = &chats->items[i];
        for (size_t j = 0; j < chats->count; j++) {
            struct chat *b = &chats->items[j];
            if (i == j || !sv_equals(a->short_id, b->short_id))
                continue;
            if (a->is_said == FACT_UNKNOWN)
                a->is_said = gemini_is_said(store, &a->t);
            if (b->is_said == FACT_UNKNOWN)
                b->is_said = gemini_is_said(store, &b->t);
            if (b->is_said == FACT_NO || !b->t.session_id)
                a->stub = b->t.path;
            if (a->t.session_id && str_equals(a->t.session_id, b->t.session_id) &&
                (is_better(b, a) || (!is_better(a, b) && j < i)))
                a->is_beside = true;
        }
    }
}

static const char *danger_of_stub(const struct agent_store *store, const struct chat *c)
{
    if (!c->stub || c->is_said == FACT_NO)
        return NULL;
    return arena_printf(store->arena,
                        "%s/%s, which a resume has left, makes the next client that starts in this "
                        "directory delete the session: back it up; it is safe if it is resumed by "
                        "its id, or once no client runs and that file is moved away",
                        store->path, c->stub);
}

/* What was put back or copied has a new mtime, and is as old as it was to the client. So long as
 * the mtime tells, and the user's own settings, the caller counts the days itself. */
static const char *danger_of_age(const struct agent_store *store, const struct chat *c,
                                 const struct gemini_retention *retention)
{
    int64_t now_ms = wall_now().ms, kept_ms = retention->days_kept * DAY_MS;
    int64_t before_ms = kept_ms / 2 < DAYS_BEFORE * DAY_MS ? kept_ms / 2 : DAYS_BEFORE * DAY_MS;
    struct wall updated_at = c->updated_at;
    bool is_older = c->t.modified_at.ms - updated_at.ms >= DAY_MS &&
                    now_ms - updated_at.ms > kept_ms && now_ms - c->t.modified_at.ms <= kept_ms;
    bool is_due = retention->is_of_directory && now_ms - updated_at.ms > kept_ms - before_ms;
    if (!is_older && !is_due)
        return NULL;
    return arena_printf(store->arena,
                        "its last record is %s %lld days old, so that the next client that starts "
                        "in this directory%s deletes the session: back it up; it is safe if it is "
                        "resumed by its id",
                        now_ms - updated_at.ms > kept_ms ? "more than" : "soon",
                        (long long)retention->days_kept,
                        now_ms - updated_at.ms > kept_ms ? "" : " then");
}

/* The client keeps so many of a directory, those with the newest records. */
static const char *danger_of_count(const struct agent_store *store, const struct chats *chats,
                                   const struct chat *c, const struct gemini_retention *retention)
{
    int64_t newer = 0;
    if (!retention->count_kept)
        return NULL;
    for (size_t i = 0; i < chats->count; i++)
        newer += chats->items[i].updated_at.ms > c->updated_at.ms &&
                 chats->items[i].is_said != FACT_NO && chats->items[i].t.session_id;
    if (newer < retention->count_kept)
        return NULL;
    return arena_printf(store->arena,
                        "the client keeps the newest %lld sessions of a directory (maxCount), so "
                        "that the next one that starts in this directory deletes the session: back "
                        "it up; it is safe if it is resumed by its id",
                        (long long)retention->count_kept);
}

static const char *danger_of(const struct agent_store *store, const struct chats *chats,
                             const struct chat *c, const struct gemini_retention *retention)
{
    const char *danger = NULL;
    if (retention->deletes == FACT_NO)
        return NULL;
    danger = danger_of_stub(store, c);
    if (!danger)
        danger = danger_of_age(store, c, retention);
    return danger ? danger : danger_of_count(store, chats, c, retention);
}

static void list_chats(const struct agent_store *store, const char *folder, struct sv wanted,
                       struct chats *out, struct lookup *seen)
{
    struct fs_name *names;
    size_t count;
    struct lookup one = store_list(store, folder, &names, &count);
    if (seen->state != LOOKUP_UNKNOWN)
        *seen = lookup_either(*seen, one);
    for (size_t i = 0; i < count; i++)
        add_chat(store, folder, names[i].name, wanted, out, seen);
    compare(store, out);
}

struct list {
    struct agent_transcript *items;
    size_t count, capacity;
};

/* wanted: the digits of the sessions to add; empty: all. */
static struct lookup add_folder(const struct agent_store *store, const char *folder,
                                struct sv wanted, struct list *into)
{
    struct chats chats = {0};
    struct gemini_retention retention;
    struct lookup seen = lookup_absent();
    const char *cwd = NULL, *above = arena_strndup(store->arena, folder,
                                                   strlen(folder) - strlen("/" GEMINI_CHATS));
    list_chats(store, folder, wanted, &chats, &seen);
    if (chats.count == 0)
        return seen;
    read_root(store, above, &cwd);
    gemini_read_retention(store, cwd, &retention);
    if (retention.count_kept && wanted.n) { /* how many others there are counts, too */
        chats = (struct chats){0};
        list_chats(store, folder, (struct sv){0}, &chats, &seen);
    }
    for (size_t i = 0; i < chats.count; i++) {
        struct chat *c = &chats.items[i];
        if (!c->t.session_id || c->is_beside || (wanted.n && !sv_equals(c->short_id, wanted)))
            continue;
        const char *danger = danger_of(store, &chats, c, &retention);
        if (cwd || danger) {
            struct agent_listed *listed = arena_alloc(store->arena, sizeof *listed);
            *listed = (struct agent_listed){.cwd = cwd, .danger = danger};
            c->t.listed = listed;
        }
        *ARENA_PUSH(store->arena, into->items, into->count, into->capacity) = c->t;
    }
    return seen;
}

struct lookup gemini_list_folder(const struct agent_store *store, const char *folder,
                                 struct agent_transcript **transcripts, size_t *count)
{
    struct list all = {0};
    struct lookup seen = add_folder(store, folder, (struct sv){0}, &all);
    *transcripts = all.items;
    *count = all.count;
    return seen;
}

static struct lookup add_all(const struct agent_store *store, struct sv wanted, struct list *into)
{
    const char *const *folders;
    size_t count;
    struct lookup seen = store_list_folders(store, GEMINI_TOP, "", &folders, &count);
    for (size_t i = 0; i < count; i++)
        store_join(&seen,
                   add_folder(store, join(store->arena, folders[i], GEMINI_CHATS), wanted, into));
    return seen;
}

struct lookup gemini_list_all(const struct agent_store *store,
                              struct agent_transcript **transcripts, size_t *count)
{
    struct list all = {0};
    struct lookup seen = add_all(store, (struct sv){0}, &all);
    *transcripts = all.items;
    *count = all.count;
    return seen;
}

static bool take(const struct list *list, const char *session_id, struct agent_transcript *out)
{
    for (size_t i = 0; i < list->count; i++)
        if (str_equals(list->items[i].session_id, session_id)) {
            *out = list->items[i];
            return true;
        }
    return false;
}

struct lookup gemini_find(const struct agent_store *store, const char *session_id, const char *cwd,
                          struct agent_transcript *out)
{
    struct list found = {0};
    struct sv digits = sv_slice(sv_of(session_id), 0, GEMINI_SHORT_LENGTH);
    struct lookup seen = lookup_absent();
    if (cwd)
        seen = add_folder(store, gemini_folder_in(store, cwd), digits, &found);
    if (take(&found, session_id, out))
        return lookup_found();
    found = (struct list){0};
    struct lookup all = add_all(store, digits, &found);
    if (take(&found, session_id, out))
        return lookup_found();
    if (seen.state == LOOKUP_UNKNOWN)
        return seen;
    return all.state == LOOKUP_UNKNOWN ? all : lookup_absent();
}

struct lookup gemini_list_subagents(const struct agent_store *store,
                                    const struct agent_transcript *of,
                                    struct agent_transcript **transcripts, size_t *count)
{
    struct list all = {0};
    struct fs_name *names;
    size_t name_count;
    size_t n = strlen(of->path) - strlen(str_basename(of->path));
    const char *folder = arena_printf(store->arena, "%.*s%s", (int)n, of->path, of->session_id);
    struct lookup seen = store_list(store, folder, &names, &name_count);
    for (size_t i = 0; i < name_count; i++) {
        struct agent_transcript found = {0};
        if (!str_ends_with(names[i].name, ".jsonl"))
            continue;
        struct lookup one = store_look_at(store, join(store->arena, folder, names[i].name), &found);
        if (one.state == LOOKUP_FOUND)
            *ARENA_PUSH(store->arena, all.items, all.count, all.capacity) = found;
        store_join(&seen, one);
    }
    *transcripts = all.items;
    *count = all.count;
    return seen;
}

void gemini_list_watched(const struct agent_store *store, const char *const **folders,
                         size_t *count)
{
    const char *const *projects;
    size_t project_count, n = 0;
    store_list_folders(store, GEMINI_TOP, "", &projects, &project_count);
    const char **all = arena_alloc(store->arena, (project_count + 2) * sizeof *all);
    all[n++] = ".";
    all[n++] = GEMINI_TOP;
    for (size_t i = 0; i < project_count; i++)
        all[n++] = join(store->arena, projects[i], GEMINI_CHATS);
    *folders = all;
    *count = n;
}

/* "/dir/tmp/SLUG/chats/session-...-01234567.jsonl" */
bool gemini_split(struct arena *a, const char *path, const char **store, const char **below)
{
    struct sv short_id;
    const char *at = str_basename(path);
    if (at == path || !gemini_names_transcript(at, &short_id))
        return false;
    for (int parts = 0; parts < 3; parts++) {
        if (at == path)
            return false;
        do {
            at--;
        } while (at > path && at[-1] != '/');
    }
    const char *name = strchr(at, '/');
    name = name ? strchr(name + 1, '/') : NULL;
    if (at == path || !str_starts_with(at, GEMINI_TOP "/") || !name ||
        !str_starts_with(name, "/" GEMINI_CHATS "/"))
        return false;
    *store = arena_strndup(a, path, (size_t)(at - 1 - path));
    *below = at;
    return true;
}
