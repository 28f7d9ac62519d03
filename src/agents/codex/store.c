/* The rollouts of a home: "sessions/2026/11/27/rollout-...", and archived ones in one folder. */
#include "agents/codex/codex.h"
#include "agents/store_files.h"
#include "base/io/fs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BEFORE_ID "rollout-2026-11-27T18-21-17-"
#define COMPRESSED ".jsonl.zst"

enum {
    ID_LENGTH = 36,
    /* sessions/YEAR/MONTH/DAY; a rollout that lies further up is taken, too (0.171.0) */
    DEPTH = 3,
    /* Where a first record says whose child it is stands before the prompts in it. */
    HEAD_BYTES = 4096,
    CLOCK_SLACK_MS = 24 * 60 * 60 * 1000,
};

bool codex_names_rollout(const char *name, struct sv *session_id)
{
    size_t before = strlen(BEFORE_ID), n = strlen(name);
    if (n != before + ID_LENGTH + strlen(".jsonl") || !str_starts_with(name, "rollout-") ||
        !str_ends_with(name, ".jsonl") || name[before - 1] != '-')
        return false;
    struct sv id = {name + before, ID_LENGTH};
    if (!str_is_uuid(id))
        return false;
    *session_id = id;
    return true;
}

/* ---- a first record ----------------------------------------------------------------------- */

/* The member's text, of JSON that is cut off. */
static const char *member_of(struct arena *a, struct sv head, const char *name)
{
    const char *mark = arena_printf(a, "\"%s\":\"", name);
    size_t at = sv_find(head, 0, sv_of(mark)), from = at + strlen(mark);
    const char *end = at < head.n ? memchr(head.p + from, '"', head.n - from) : NULL;
    return end ? arena_strndup(a, head.p + from, (size_t)(end - head.p) - from) : NULL;
}

/* Returns: 1: it is; 0: it is not; negative errno. */
static int look_at_head(const struct agent_store *store, const char *path, const char **parent)
{
    char bytes[HEAD_BYTES];
    struct fs_file file;
    int r = fs_open_file(store->fd, path, &file);
    if (r < 0)
        return r;
    ssize_t n = fs_read_at(file.fd, bytes, sizeof bytes, 0);
    fs_close(&file.fd);
    if (n < 0)
        return (int)n;
    struct sv head = {bytes, (size_t)n};
    size_t at = sv_find(head, 0, SV("\"source\":{\"subagent\""));
    if (at == head.n)
        return 0;
    *parent = member_of(store->arena, sv_slice(head, at, head.n), "parent_thread_id");
    if (!*parent)
        *parent = member_of(store->arena, head, "parent_thread_id");
    return 1;
}

enum fact codex_is_child(const struct agent_store *store, const char *path, const char **parent)
{
    int r = look_at_head(store, path, parent);
    return r < 0 ? FACT_UNKNOWN : r ? FACT_YES : FACT_NO;
}

/* ---- ids ---------------------------------------------------------------------------------- */

/* When it was made, of an id that says it (UUID version 7: 48 bits of milliseconds). Returns: 0: of
 * another. */
static int64_t made_at_ms(struct sv id)
{
    char digits[13];
    if (id.p[14] != '7')
        return 0;
    snprintf(digits, sizeof digits, "%.8s%.4s", id.p, id.p + 9);
    return strtoll(digits, NULL, 16);
}

/* ---- going through the folders ------------------------------------------------------------ */

struct walk {
    const struct agent_store *store;
    struct lookup seen;
    const char *session_id; /* of this one alone; NULL: of all */
    const char *parent;     /* the children of this one; NULL: those that are no children */
    /* Of children: a session has none that was made before it or after its last record, but for a
     * clock that was set. 0: not known. */
    int64_t from_ms, to_ms;
    bool looks_at_all; /* and yet */
    struct agent_transcript *items;
    size_t count, capacity;
};

static void tell_compressed(struct walk *w, const char *path)
{
    problems_add(w->store->problems, arena_printf(w->store->arena, "%s/%s", w->store->path, path),
                 -ENOTSUP,
                 "a session that the client has compressed, which cannot be read here: left out");
    w->seen = lookup_unknown(-ENOTSUP, path);
}

/* It cannot be a child of the session whose children are looked for. */
static bool is_of_another_time(const struct walk *w, struct sv id)
{
    int64_t ms = made_at_ms(id);
    return ms > 0 && (ms < w->from_ms || (w->to_ms > 0 && ms > w->to_ms));
}

/* may_be_child: else not being able to tell is no doubt. */
static bool is_wanted(struct walk *w, const char *path, bool may_be_child)
{
    const char *parent = NULL;
    if (w->session_id)
        return true;
    int r = look_at_head(w->store, path, &parent);
    if (!w->parent)
        return r <= 0;
    if (r < 0 && may_be_child)
        store_join(&w->seen, lookup_unknown(r, path));
    return r > 0 && str_equals(parent, w->parent);
}

/* "rollout-...-ID.jsonl.zst": without its last ending it is called as any other. */
static bool names_compressed(struct walk *w, const char *name, struct sv *session_id)
{
    size_t n = strlen(name), more = strlen(".zst");
    return str_ends_with(name, COMPRESSED) &&
           codex_names_rollout(arena_strndup(w->store->arena, name, n - more), session_id);
}

static void take_file(struct walk *w, const char *folder, const char *name)
{
    struct arena *a = w->store->arena;
    struct sv id;
    struct agent_transcript found = {0};
    bool is_compressed = names_compressed(w, name, &id);
    if ((!is_compressed && !codex_names_rollout(name, &id)) ||
        (w->session_id && !sv_equals(id, sv_of(w->session_id))))
        return;
    bool is_of_its_time = !is_of_another_time(w, id);
    if (!is_of_its_time && (is_compressed || !w->looks_at_all))
        return;
    const char *path = arena_printf(a, "%s/%s", folder, name);
    if (is_compressed) {
        tell_compressed(w, path);
        return;
    }
    struct lookup seen = store_look_at(w->store, path, &found);
    bool is_no_file = seen.code == -EISDIR || seen.code == -ENXIO; /* and so is nobody's child */
    if (is_of_its_time && !(w->parent && is_no_file))
        store_join(&w->seen, seen);
    if (seen.state != LOOKUP_FOUND || !is_wanted(w, path, is_of_its_time))
        return;
    found.session_id = arena_strndup(a, id.p, id.n);
    *ARENA_PUSH(a, w->items, w->count, w->capacity) = found;
}

/* A year, a month, a day. */
static bool is_date(const char *name)
{
    size_t n = strspn(name, "0123456789");
    return n > 0 && n <= 4 && name[n] == '\0';
}

static enum lookup_state walk_folder(struct walk *w, const char *folder, int depth)
{
    struct fs_name *names;
    size_t count;
    struct lookup seen = store_list(w->store, folder, &names, &count);
    store_join(&w->seen, seen);
    for (size_t i = 0; i < count; i++) {
        const char *name = names[i].name;
        if (depth > 0 && is_date(name))
            walk_folder(w, arena_printf(w->store->arena, "%s/%s", folder, name), depth - 1);
        else
            take_file(w, folder, name);
    }
    return seen.state;
}

static struct lookup walk_all(struct walk *w, struct agent_transcript **transcripts, size_t *count)
{
    w->seen = lookup_found();
    enum lookup_state sessions = walk_folder(w, CODEX_SESSIONS, DEPTH);
    enum lookup_state archived = walk_folder(w, CODEX_ARCHIVED, 0);
    *transcripts = w->items;
    *count = w->count;
    return sessions == LOOKUP_ABSENT && archived == LOOKUP_ABSENT ? lookup_absent() : w->seen;
}

struct lookup codex_list_all(const struct agent_store *store, struct agent_transcript **transcripts,
                             size_t *count)
{
    struct walk w = {.store = store};
    return walk_all(&w, transcripts, count);
}

/* Sessions of all directories lie in one. */
struct lookup codex_list_folder(const struct agent_store *store, const char *folder,
                                struct agent_transcript **transcripts, size_t *count)
{
    (void)folder;
    return codex_list_all(store, transcripts, count);
}

struct lookup codex_find(const struct agent_store *store, const char *session_id, const char *cwd,
                         struct agent_transcript *out)
{
    struct walk w = {.store = store, .session_id = session_id};
    struct agent_transcript *found;
    size_t count;
    (void)cwd;
    struct lookup seen = walk_all(&w, &found, &count);
    if (count == 0)
        return seen.state == LOOKUP_FOUND ? lookup_absent() : seen;
    *out = found[0];
    return lookup_found();
}

static struct lookup list_children(const struct agent_store *store,
                                   const struct agent_transcript *of, bool looks_at_all,
                                   struct agent_transcript **transcripts, size_t *count)
{
    struct walk w = {.store = store, .parent = of->session_id, .looks_at_all = looks_at_all};
    int64_t made_ms = str_is_uuid(sv_of(of->session_id)) ? made_at_ms(sv_of(of->session_id)) : 0;
    if (made_ms > 0)
        w.from_ms = made_ms - CLOCK_SLACK_MS;
    if (wall_known(of->modified_at))
        w.to_ms = of->modified_at.ms + CLOCK_SLACK_MS;
    return walk_all(&w, transcripts, count);
}

struct lookup codex_list_subagents(const struct agent_store *store,
                                   const struct agent_transcript *of,
                                   struct agent_transcript **transcripts, size_t *count)
{
    return list_children(store, of, false, transcripts, count);
}

struct lookup codex_list_children(const struct agent_store *store,
                                  const struct agent_transcript *of,
                                  struct agent_transcript **transcripts, size_t *count)
{
    return list_children(store, of, true, transcripts, count);
}

/* When, its own file does not say. */
enum fact codex_is_archived(const struct agent_store *store, const struct agent_transcript *t,
                            struct wall *since)
{
    (void)store;
    bool is = str_starts_with(t->path, CODEX_ARCHIVED "/");
    *since = is ? t->modified_at : (struct wall){0};
    return is ? FACT_YES : FACT_NO;
}
