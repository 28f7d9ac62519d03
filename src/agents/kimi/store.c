/* The sessions in a store of Kimi Code's. */
#include "agents/kimi/kimi.h"

#include "agents/store_files.h"
#include "base/io/digest.h"
#include "base/json.h"

#include <errno.h>
#include <string.h>

#define TOP "sessions"
#define MAIN "/agents/main/wire.jsonl"

enum {
    STATE_LIMIT = 1024 * 1024,
    INDEX_LIMIT = 16 * 1024 * 1024,
    NAME_MAX_BYTES = 40, /* of a directory's name, in that of its folder */
    HASH_DIGITS = 12,
};

/* ---- names -------------------------------------------------------------------------------- */

bool kimi_begins_id(const char *word)
{
    size_t n = strlen(word);
    return n >= 12 && n <= 44 && str_starts_with(word, "session_") &&
           strspn(word + 8, "0123456789abcdef-") == n - 8;
}

bool kimi_is_id(struct sv id)
{
    return sv_starts_with(id, SV("session_")) && str_is_uuid(sv_slice(id, 8, id.n));
}

static bool is_kept(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

static struct sv without_dashes(struct sv s)
{
    while (s.n && s.p[0] == '-')
        s = sv_slice(s, 1, s.n);
    while (s.n && s.p[s.n - 1] == '-')
        s.n--;
    return s;
}

/* A directory's name in small letters, with one dash for all that is not plain. */
static const char *slug_of(struct arena *a, const char *name)
{
    struct buf slug = {0};
    for (const char *p = name; *p; p++) {
        char c = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
        if (is_kept(c))
            buf_fill(&slug, c, 1);
        else if (p == name || slug.n == 0 || slug.p[slug.n - 1] != '-' || is_kept(p[-1]))
            buf_fill(&slug, '-', 1);
    }
    struct sv kept = without_dashes((struct sv){slug.p, slug.n});
    if (kept.n > NAME_MAX_BYTES)
        kept = without_dashes((struct sv){kept.p, NAME_MAX_BYTES});
    bool is_none = kept.n == 0 || sv_equals(kept, SV(".")) || sv_equals(kept, SV(".."));
    const char *text = is_none ? "workspace" : arena_strndup(a, kept.p, kept.n);
    buf_release(&slug);
    return text;
}

const char *kimi_project_folder(struct arena *a, const char *cwd)
{
    char text[DIGEST_TEXT_SIZE];
    struct digest d;
    size_t n = strlen(cwd);
    while (n && cwd[n - 1] == '/')
        n--;
    const char *path = arena_strndup(a, cwd, n);
    digest_init(&d);
    digest_add(&d, path, n);
    digest_end(&d, text);
    return arena_printf(a, TOP "/wd_%s_%.*s", slug_of(a, str_basename(path)), HASH_DIGITS, text);
}

/* "sessions/wd_NAME_HASH/ID" of a transcript's path. */
static const char *session_folder(struct arena *a, const struct agent_transcript *of)
{
    return arena_strndup(a, of->path, strlen(of->path) - strlen(MAIN));
}

bool kimi_split(struct arena *a, const char *path, const char **store, const char **below)
{
    const char *at = path + strlen(path) - (str_ends_with(path, MAIN) ? strlen(MAIN) : 0);
    if (!*at)
        return false;
    for (int parts = 0; parts < 3; parts++) {
        do {
            if (at == path)
                return false;
            at--;
        } while (*at != '/');
    }
    if (at == path || !str_starts_with(at, "/" TOP "/wd_"))
        return false;
    *store = arena_strndup(a, path, (size_t)(at - path));
    *below = at + 1;
    return true;
}

/* ---- listing ------------------------------------------------------------------------------ */

struct list {
    struct agent_transcript *items;
    size_t count, capacity;
};

static void add(const struct agent_store *store, const struct agent_transcript *t,
                struct list *list)
{
    *ARENA_PUSH(store->arena, list->items, list->count, list->capacity) = *t;
}

/* A session's folder stands there before its first record does. */
static struct lookup add_folder(const struct agent_store *store, const char *folder,
                                struct list *into)
{
    struct fs_name *names;
    size_t count;
    struct lookup seen = store_list(store, folder, &names, &count);
    for (size_t i = 0; i < count; i++) {
        struct agent_transcript found = {.session_id = names[i].name};
        if (!names[i].may_be_dir || !kimi_is_id(sv_of(names[i].name)))
            continue;
        struct lookup one = store_look_at(
            store, arena_printf(store->arena, "%s/%s" MAIN, folder, names[i].name), &found);
        if (one.state == LOOKUP_FOUND)
            add(store, &found, into);
        store_join(&seen, one);
    }
    return seen;
}

struct lookup kimi_list_folder(const struct agent_store *store, const char *folder,
                               struct agent_transcript **transcripts, size_t *count)
{
    struct list all = {0};
    struct lookup seen = add_folder(store, folder, &all);
    *transcripts = all.items;
    *count = all.count;
    return seen;
}

struct lookup kimi_list_all(const struct agent_store *store, struct agent_transcript **transcripts,
                            size_t *count)
{
    struct list all = {0};
    const char *const *folders;
    size_t folder_count;
    struct lookup seen = store_list_folders(store, TOP, "wd_", &folders, &folder_count);
    for (size_t i = 0; i < folder_count; i++)
        store_join(&seen, add_folder(store, folders[i], &all));
    *transcripts = all.items;
    *count = all.count;
    return seen;
}

static struct lookup look_into(const struct agent_store *store, const char *folder,
                               const char *session_id, struct agent_transcript *out)
{
    return store_look_at(store, arena_printf(store->arena, "%s/%s" MAIN, folder, session_id), out);
}

struct lookup kimi_find(const struct agent_store *store, const char *session_id, const char *cwd,
                        struct agent_transcript *out)
{
    struct agent_transcript found = {.session_id = session_id};
    const char *const *folders;
    size_t count;
    struct lookup seen =
        cwd ? look_into(store, kimi_project_folder(store->arena, cwd), session_id, &found)
            : lookup_absent();
    if (seen.state != LOOKUP_FOUND) {
        struct lookup all = store_list_folders(store, TOP, "wd_", &folders, &count);
        if (all.state == LOOKUP_UNKNOWN)
            seen = lookup_either(seen, all);
        for (size_t i = 0; i < count && seen.state != LOOKUP_FOUND; i++)
            seen = lookup_either(seen, look_into(store, folders[i], session_id, &found));
    }
    if (seen.state == LOOKUP_FOUND)
        *out = found;
    return seen;
}

struct lookup kimi_list_subagents(const struct agent_store *store,
                                  const struct agent_transcript *of,
                                  struct agent_transcript **transcripts, size_t *count)
{
    struct list all = {0};
    struct fs_name *names;
    size_t name_count;
    const char *folder = arena_printf(store->arena, "%s/agents", session_folder(store->arena, of));
    struct lookup seen = store_list(store, folder, &names, &name_count);
    for (size_t i = 0; i < name_count; i++) {
        struct agent_transcript found = {0};
        if (!names[i].may_be_dir || str_equals(names[i].name, "main"))
            continue;
        struct lookup one = store_look_at(
            store, arena_printf(store->arena, "%s/%s/wire.jsonl", folder, names[i].name), &found);
        if (one.state == LOOKUP_FOUND)
            add(store, &found, &all);
        store_join(&seen, one);
    }
    *transcripts = all.items;
    *count = all.count;
    return seen;
}

/* A folder that cannot be listed is named by whoever reads it. */
void kimi_list_watched(const struct agent_store *store, const char *const **folders, size_t *count)
{
    const char *const *projects;
    struct list all = {0};
    size_t project_count, n = 0;
    store_list_folders(store, TOP, "wd_", &projects, &project_count);
    for (size_t i = 0; i < project_count; i++)
        add_folder(store, projects[i], &all);
    const char **watched =
        arena_alloc(store->arena, (2 + project_count + all.count) * sizeof *watched);
    watched[n++] = ".";
    watched[n++] = TOP;
    for (size_t i = 0; i < project_count; i++)
        watched[n++] = projects[i];
    for (size_t i = 0; i < all.count; i++)
        watched[n++] = arena_strndup(store->arena, all.items[i].path,
                                     strlen(all.items[i].path) - strlen("/wire.jsonl"));
    *folders = watched;
    *count = n;
}

enum fact kimi_is_archived(const struct agent_store *store, const struct agent_transcript *t,
                           struct wall *since)
{
    const struct json_value *root;
    struct sv text;
    int64_t ms;
    *since = (struct wall){0};
    int r = fs_read_small(
        store->fd, arena_printf(store->arena, "%s/state.json", session_folder(store->arena, t)),
        STATE_LIMIT, store->arena, &text);
    if (r < 0)
        return lookup_of(r, NULL).state == LOOKUP_ABSENT ? FACT_NO : FACT_UNKNOWN;
    if (json_parse(store->arena, text, &root) < 0 || !json_is_true(json_get(root, "archived")))
        return FACT_NO;
    if (json_integer(json_get(root, "updatedAt"), &ms) && ms > 0)
        since->ms = ms;
    return FACT_YES;
}

/* Of a line of the index that names the session. */
static const char *directory_in(struct arena *a, struct sv line, const char *session_id)
{
    const struct json_value *root;
    if (json_parse(a, line, &root) < 0 ||
        !sv_equals(json_text_at(root, "sessionId"), sv_of(session_id)))
        return NULL;
    return json_copy_text(a, root, "workDir");
}

/* Asked for one session after another: nothing of the index stays in the store's arena. */
const char *kimi_directory(const struct agent_store *store, const char *session_id)
{
    ARENA_RELEASE struct arena scratch = {0};
    struct sv text, line;
    const char *found = NULL;
    if (fs_read_small(store->fd, "session_index.jsonl", INDEX_LIMIT, &scratch, &text) < 0)
        return NULL;
    while (!found) {
        size_t at = sv_find(text, 0, sv_of(session_id));
        if (at == text.n)
            return NULL;
        while (at && text.p[at - 1] != '\n')
            at--;
        text = sv_slice(text, at, text.n);
        sv_cut_line(&text, &line);
        found = directory_in(&scratch, line, session_id);
    }
    return arena_strdup(store->arena, found);
}

/* ---- a backup ----------------------------------------------------------------------------- */

/* The folder of a session holds all that is of it, and nothing of another's; what is given to log
 * in with stands elsewhere. */
void kimi_list_files(const struct agent_store *store, const struct agent_transcript *of,
                     const char *temporary, struct agent_listings *listings,
                     struct agent_files *out)
{
    (void)temporary;
    (void)listings;
    *out = (struct agent_files){.arena = store->arena, .outside = -1};
    if (!of->path)
        return;
    store_add_file(store, of->path, AGENT_FILE_TRANSCRIPT, out);
    store_add_tree(store, session_folder(store->arena, of), AGENT_FILE_OWN, NULL, out);
}

const char *kimi_renamed(struct arena *a, const char *name, const char *old_id, const char *new_id,
                         const char *project_folder)
{
    size_t n = strlen(TOP "/");
    const char *rest = str_starts_with(name, TOP "/") ? strchr(name + n, '/') : NULL;
    if (!rest)
        return name;
    rest++;
    size_t id = strlen(old_id);
    if (str_starts_with(rest, old_id) && rest[id] == '/')
        return arena_printf(a, "%s/%s%s", project_folder, new_id, rest + id);
    return arena_printf(a, "%s/%s", project_folder, rest);
}
