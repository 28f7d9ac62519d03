#include "agents/claude/traces.h"

#include "agents/claude/store.h"
#include "base/io/fs.h"
#include "base/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    NAME_LIMIT = 1000000,
    DEPTH_LIMIT = 4, /* subagents of subagents lie in directories below */
    META_LIMIT = 64 * 1024,
    UUID_LENGTH = 36,
};

struct ids {
    const char **items;
    size_t count, capacity;
};

struct traces {
    const struct agent_store *store;
    const char *const *prefixes;
    size_t prefix_count;
    struct lookup seen;
    struct ids with_transcript;
    struct agent_trace *items;
    size_t count, capacity;
};

static void miss(struct traces *t, const char *path, int code)
{
    struct lookup one = lookup_of(code, NULL);
    if (one.state != LOOKUP_UNKNOWN)
        return;
    const char *shown = arena_printf(t->store->arena, "%s/%s", t->store->path, path);
    problems_add(t->store->problems, shown, code, NULL);
    if (t->seen.state != LOOKUP_UNKNOWN)
        t->seen = lookup_unknown(code, shown);
}

static bool is_asked_for(const struct traces *t, struct sv id)
{
    for (size_t i = 0; i < t->prefix_count; i++)
        if (sv_starts_with(id, sv_of(t->prefixes[i])))
            return true;
    return t->prefix_count == 0;
}

/* Whether a file lies in the folder, however deep; and when what is in it was last changed. */
static bool has_file(struct traces *t, const char *folder, int depth, struct wall *modified_at)
{
    struct fs_name *names;
    size_t count;
    struct stat st;
    bool found = false;
    int r = depth < DEPTH_LIMIT
                ? fs_list(t->store->fd, folder, NAME_LIMIT, t->store->arena, &names, &count)
                : -ELOOP;
    if (r < 0) {
        miss(t, folder, r);
        return r != -ENOENT && r != -ENOTDIR; /* it may */
    }
    if (fstatat(t->store->fd, folder, &st, 0) == 0 && fs_file_of(&st).mtime_ms > modified_at->ms)
        modified_at->ms = fs_file_of(&st).mtime_ms;
    for (size_t i = 0; i < count; i++) {
        const char *path = arena_printf(t->store->arena, "%s/%s", folder, names[i].name);
        if (!names[i].may_be_dir)
            found = true;
        else
            found = has_file(t, path, depth + 1, modified_at) || found;
    }
    return found;
}

/* folder: that its own is in, until it is sifted. */
static void add_trace(struct traces *t, const char *id, const char *folder)
{
    *ARENA_PUSH(t->store->arena, t->items, t->count, t->capacity) = (struct agent_trace){
        .session_id = id, .folder = folder, .is_beside = str_starts_with(folder, "projects/")};
}

/* Transcripts and folders that are called as a session is; of those folders nothing is read yet. */
static void look_into(struct traces *t, const char *folder)
{
    struct arena *a = t->store->arena;
    struct fs_name *names;
    size_t count;
    int r = fs_list(t->store->fd, folder, NAME_LIMIT, a, &names, &count);
    if (r < 0) {
        miss(t, folder, r);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct sv name = sv_of(names[i].name), id = sv_slice(name, 0, UUID_LENGTH);
        bool is_transcript = sv_ends_with(name, SV(".jsonl"));
        if (name.n != id.n + (is_transcript ? 6 : 0) || !is_asked_for(t, id) || !str_is_uuid(id))
            continue;
        if (is_transcript)
            *ARENA_PUSH(a, t->with_transcript.items, t->with_transcript.count,
                        t->with_transcript.capacity) = arena_strndup(a, id.p, id.n);
        else if (names[i].may_be_dir)
            add_trace(t, names[i].name, folder);
    }
}

static int by_id(const void *a, const void *b)
{
    const struct agent_trace *x = a, *y = b;
    return strcmp(x->session_id, y->session_id);
}

static bool has_transcript(const struct traces *t, const char *id)
{
    const struct ids *ids = &t->with_transcript;
    return ids->count && bsearch(&id, ids->items, ids->count, sizeof(char *), str_compare);
}

/* One a session, of those that have no transcript anywhere and some file. */
static void sift(struct traces *t)
{
    size_t kept = 0;
    if (t->with_transcript.count)
        qsort(t->with_transcript.items, t->with_transcript.count, sizeof(char *), str_compare);
    if (t->count)
        qsort(t->items, t->count, sizeof *t->items, by_id);
    for (size_t i = 0; i < t->count; i++) {
        struct agent_trace trace = t->items[i];
        struct agent_trace *last = kept ? &t->items[kept - 1] : NULL;
        if (has_transcript(t, trace.session_id))
            continue;
        trace.folder = arena_printf(t->store->arena, "%s/%s", trace.folder, trace.session_id);
        if (!has_file(t, trace.folder, 0, &trace.modified_at))
            continue;
        if (last && str_equals(last->session_id, trace.session_id)) {
            if (trace.modified_at.ms > last->modified_at.ms)
                last->modified_at = trace.modified_at;
            if (trace.is_beside && !last->is_beside) {
                last->folder = trace.folder;
                last->is_beside = true;
            }
        } else {
            t->items[kept++] = trace;
        }
    }
    t->count = kept;
}

struct lookup claude_list_traces(const struct agent_store *store, const char *const *prefixes,
                                 size_t prefix_count, struct agent_traces *out)
{
    const char *const *folders;
    size_t folder_count;
    struct traces t = {.store = store, .prefixes = prefixes, .prefix_count = prefix_count};
    t.seen = claude_list_projects(store, &folders, &folder_count);
    for (size_t i = 0; i < folder_count; i++)
        look_into(&t, folders[i]);
    look_into(&t, "file-history");
    sift(&t);
    *out = (struct agent_traces){
        .items = t.items,
        .count = t.count,
        .with_transcript = t.with_transcript.items,
        .with_transcript_count = t.with_transcript.count,
    };
    return t.seen;
}

enum agent_part claude_part_of(const char *name)
{
    static const struct {
        const char *folder;
        enum agent_part part;
    } parts[] = {
        {"file-history/", AGENT_PART_VERSION},
        {"todos/", AGENT_PART_LIST},
        {"tasks/", AGENT_PART_LIST},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (str_starts_with(name, parts[i].folder))
            return str_ends_with(name, ".lock") ? AGENT_PART_BESIDE : parts[i].part;
    if (!str_starts_with(name, "projects/"))
        return AGENT_PART_OTHER;
    if (strstr(name, "/subagents/"))
        return str_ends_with(name, ".jsonl")       ? AGENT_PART_SUBAGENT
               : str_ends_with(name, ".meta.json") ? AGENT_PART_BESIDE
                                                   : AGENT_PART_OTHER;
    return strstr(name, "/tool-results/") ? AGENT_PART_TOOL_RESULT : AGENT_PART_OTHER;
}

const char *claude_subagent_name(struct arena *a, int at, const char *path)
{
    size_t n = strlen(path) - strlen(".jsonl");
    const char *base = str_basename(path);
    const char *name = arena_strndup(a, base, strlen(base) - strlen(".jsonl"));
    const char *meta = arena_printf(a, "%.*s.meta.json", (int)n, path);
    const struct json_value *root;
    struct sv text;
    if (fs_read_small(at, meta, META_LIMIT, a, &text) < 0 || json_parse(a, text, &root) < 0)
        return name;
    const char *type = json_copy_text(a, root, "agentType");
    const char *what = json_copy_text(a, root, "description");
    return type && what ? arena_printf(a, "%s (%s: %s)", name, type, what)
           : type       ? arena_printf(a, "%s (%s)", name, type)
                        : name;
}
