#include "agents/claude/files.h"

#include "agents/claude/history.h"
#include "agents/claude/store.h"
#include "agents/common.h"
#include "base/err.h"
#include "base/io/fs.h"
#include "base/io/os.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    DEPTH_LIMIT = 32,
    NAME_LIMIT = 1000000,
    SLUG_LIMIT = 64,        /* different plans of one session */
    PIECE = 1024 * 1024,    /* of a transcript, when it is searched */
    SLUG_LENGTH_LIMIT = 200 /* the client's are three words */
};

/* A folder being gone through: below at, and what its files are. */
struct walk {
    struct agent_files *out;
    struct agent_listings *listings;
    struct arena *arena;
    int at;
    enum agent_file_kind kind;
    const char *shown;  /* the path of at, for messages */
    const char *prefix; /* of names in the backup: "", "tmp/", or as far as a link led */
    unsigned owner;     /* whose links are followed */
    const char *session_id;
};

/* A path below a folder that may be at itself: "". */
static const char *join(const struct walk *w, const char *folder, const char *name)
{
    return *folder ? arena_printf(w->arena, "%s/%s", folder, name) : name;
}

size_t claude_linked_parts(const char *path)
{
    return str_starts_with(path, "projects/") ? 2 : 1;
}

/* Where a folder really is, by what links of the user's say. *below: its path from there. One that
 * may not be followed stays in the path, and nothing is copied through it. */
static struct walk enter(const struct walk *w, const char *folder, const char **below)
{
    struct walk in = *w;
    int place;
    const char *rest, *path = arena_printf(w->arena, "%s/.", folder);
    char real[PATH_MAX];
    *below = folder;
    if (w->out->place_count == AGENT_PLACES ||
        fs_enter(w->at, path, claude_linked_parts(path), w->owner, &place, &rest) < 0 || place < 0)
        return in;
    w->out->places[w->out->place_count++] = place;
    const char *entered = arena_strndup(w->arena, path, (size_t)(rest - path));
    in.at = place;
    in.prefix = arena_printf(w->arena, "%s%s", w->prefix, entered);
    in.shown = arena_printf(w->arena, "%s/%.*s", w->shown, (int)strlen(entered) - 1, entered);
    if (realpath(in.shown, real))
        in.shown = arena_strdup(w->arena, real);
    *below = str_equals(rest, ".") ? "" : arena_strndup(w->arena, rest, strlen(rest) - 2);
    return in;
}

static struct agent_file *add_file(struct walk *w, const char *path, const struct stat *st)
{
    struct agent_files *out = w->out;
    struct agent_file *slot = ARENA_PUSH(w->arena, out->items, out->count, out->capacity);
    *slot = (struct agent_file){
        .kind = w->kind,
        .at = w->at,
        .path = path,
        .name = arena_printf(w->arena, "%s%s", w->prefix, path),
        .root = w->shown,
        .is_lines = str_ends_with(path, ".jsonl"),
        .seen = fs_file_of(st),
    };
    return slot;
}

static void leave_out(struct walk *w, const char *path, const char *why, bool is_lost)
{
    agent_leave_out(w->out, arena_printf(w->arena, "%s/%s", w->shown, path), why, is_lost);
}

static bool is_secret(const char *name)
{
    return str_ends_with(name, ".key") || str_ends_with(name, ".credentials.json");
}

static void add_tree(struct walk *w, const char *path, int depth);

/* The output of an agent in the background is a link to its transcript, which is one of the
 * session's own files, and listed by then. One that is gone was such a file by its name. */
static bool leads_to_own_file(const struct walk *w, const char *path, const char *target)
{
    struct stat there;
    if (fstatat(w->at, path, &there, 0) < 0)
        return errno == ENOENT &&
               strstr(target, arena_printf(w->arena, "/%s/", w->session_id)) != NULL;
    for (size_t i = 0; i < w->out->count; i++) {
        const struct fs_file *own = &w->out->items[i].seen;
        if (own->device == there.st_dev && own->inode == there.st_ino)
            return true;
    }
    return false;
}

/* A file, or a folder with all that is below; links are not followed: what they lead to is lost. */
static void add_any(struct walk *w, const char *path, int depth)
{
    struct stat st;
    const char *target;
    if (fstatat(w->at, path, &st, AT_SYMLINK_NOFOLLOW) < 0) {
        if (errno != ENOENT)
            leave_out(w, path, err_reason(errno), true);
    } else if (is_secret(str_basename(path))) {
        leave_out(w, path, "holds a secret", false);
    } else if (S_ISREG(st.st_mode)) {
        add_file(w, path, &st);
    } else if (S_ISDIR(st.st_mode)) {
        add_tree(w, path, depth);
    } else if (S_ISLNK(st.st_mode) && fs_read_link(w->at, path, w->arena, &target) == 0) {
        leave_out(w, path, arena_printf(w->arena, "symbolic link to %s", target),
                  !leads_to_own_file(w, path, target));
    } else {
        leave_out(w, path, err_reason(-ENXIO), false);
    }
}

static void add_tree(struct walk *w, const char *path, int depth)
{
    struct fs_name *names;
    size_t count;
    int r = depth < DEPTH_LIMIT
                ? fs_list(w->at, *path ? path : ".", NAME_LIMIT, w->arena, &names, &count)
                : -ELOOP;
    if (r < 0) {
        if (r != -ENOENT)
            leave_out(w, path, err_reason(r), true);
        return;
    }
    for (size_t i = 0; i < count; i++)
        add_any(w, join(w, path, names[i].name), depth + 1);
}

/* What in a folder begins with the session's id: "<id>", "<id>.ccr-tip.json", "<id>-agent-...". */
static void add_named(struct walk *w, const char *folder, const char *id, const char *but)
{
    struct fs_name *names;
    size_t count;
    int r = agent_list_folder(w->listings, w->at, *folder ? folder : ".", &names, &count);
    if (r < 0) {
        if (r != -ENOENT && r != -ENOTDIR)
            leave_out(w, folder, err_reason(r), true);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const char *path = join(w, folder, names[i].name), *below;
        if (!str_starts_with(names[i].name, id) || str_equals(names[i].name, but))
            continue;
        struct walk in = *w;
        if (str_equals(names[i].name, id))
            in = enter(w, path, &below);
        if (in.at != w->at)
            add_tree(&in, below, 0);
        else
            add_any(w, path, 0);
    }
}

/* ---- plans -------------------------------------------------------------------------------- */

struct slugs {
    const char *items[SLUG_LIMIT];
    size_t count;
};

static void note_slug(struct slugs *slugs, struct arena *a, struct sv slug)
{
    for (size_t i = 0; i < slugs->count; i++)
        if (sv_equals(sv_of(slugs->items[i]), slug))
            return;
    if (slugs->count < SLUG_LIMIT)
        slugs->items[slugs->count++] = arena_strndup(a, slug.p, slug.n);
}

/* Finds "slug":"..." in what is there of the transcript now. Inside a text it would be escaped. */
static int read_slugs(int fd, struct arena *a, struct slugs *slugs)
{
    static const struct sv mark = {"\"slug\":\"", 8};
    struct fs_pieces p = {.fd = fd, .size = PIECE, .overlap = 2 * SLUG_LENGTH_LIMIT};
    struct sv piece;
    while (fs_next_piece(&p, &piece))
        for (size_t at = 0; (at = sv_find(piece, at, mark)) < piece.n; at += mark.n) {
            struct sv rest = sv_slice(piece, at + mark.n, piece.n);
            const char *end = memchr(rest.p, '"', rest.n);
            if (end && end - rest.p < SLUG_LENGTH_LIMIT)
                note_slug(slugs, a, sv_slice(rest, 0, (size_t)(end - rest.p)));
        }
    return fs_end_pieces(&p);
}

/* The plans are few; the transcript is searched only where there are any. */
static void add_plans(struct walk *w, int transcript)
{
    struct fs_name *names;
    size_t count;
    struct slugs slugs = {0};
    const char *folder;
    struct walk in = enter(w, "plans", &folder);
    int r = fs_list(in.at, *folder ? folder : ".", NAME_LIMIT, w->arena, &names, &count);
    if (r < 0 && r != -ENOENT)
        leave_out(w, "plans", err_reason(r), true);
    if (r < 0 || count == 0)
        return;
    r = read_slugs(transcript, w->arena, &slugs);
    if (r < 0)
        leave_out(w, "plans", err_reason(r), true);
    for (size_t i = 0; i < count; i++) {
        struct sv name = sv_of(names[i].name);
        for (size_t j = 0; j < slugs.count; j++)
            /* "<slug>.md", and "<slug>-agent-<id>.md" of its subagents */
            if (sv_starts_with(name, sv_of(slugs.items[j])) && sv_ends_with(name, SV(".md"))) {
                add_any(&in, join(&in, folder, names[i].name), 0);
                break;
            }
    }
}

/* ---- temporary files ---------------------------------------------------------------------- */

/* Anybody may make folders in /tmp: no link is followed, and it must be the user's own. */
/* Returns: as fs_open_dir; -ENOENT too for one that is another user's, or a link. */
static int open_outside(const char *temporary, unsigned uid, const char *name)
{
    FS_CLOSE int fd = fs_open_dir(AT_FDCWD, temporary);
    if (fd < 0)
        return fd;
    struct stat st;
    if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    if (st.st_uid != uid || S_ISLNK(st.st_mode))
        return -ENOENT;
    int inner = os_open(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC, OS_NO_LINKS);
    if (inner < 0)
        return inner;
    int r = fstat(inner, &st) < 0 ? -errno : st.st_uid != uid ? -ENOENT : 0;
    if (r < 0)
        close(inner);
    return r < 0 ? r : inner;
}

static void add_outside(struct agent_files *out, struct arena *a, const char *temporary,
                        unsigned uid, const char *session_id)
{
    const char *name = arena_printf(a, "claude-%u", uid);
    const char *shown = arena_printf(a, "%s/%s", temporary, name);
    struct fs_name *folders;
    size_t count = 0;
    int fd = open_outside(temporary, uid, name);
    int r = fd < 0 ? fd : fs_list(fd, ".", NAME_LIMIT, a, &folders, &count);
    if (fd >= 0)
        out->outside = fd;
    if (r < 0) {
        if (r != -ENOENT && r != -ENOTDIR)
            agent_leave_out(out, shown, err_reason(r), true);
        return;
    }
    struct walk w = {out, NULL, a, fd, AGENT_FILE_OUTSIDE, shown, "tmp/", uid, session_id};
    /* by every project's folder: a session can move to another directory */
    for (size_t i = 0; i < count; i++) {
        const char *path = arena_printf(a, "%s/%s", folders[i].name, session_id);
        struct stat st;
        r = fstatat(fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
        if (r == 0)
            add_any(&w, path, 0);
        else if (r != -ENOENT && r != -ENOTDIR)
            leave_out(&w, path, err_reason(r), true);
    }
}

/* ---- all of it ---------------------------------------------------------------------------- */

static void add_registrations(struct walk *w, const struct agent_store *store, const char *id)
{
    struct agent_registration *entries;
    size_t count;
    w->kind = AGENT_FILE_RECORD;
    /* those that can be read: it is a record of the process, and nothing of the conversation */
    agent_list_registry(w->listings, &agent_claude, store, &entries, &count);
    const char *folder;
    struct walk in = enter(w, "sessions", &folder);
    for (size_t i = 0; i < count; i++)
        if (str_equals(entries[i].session_id, id))
            add_any(&in, join(&in, folder, str_basename(entries[i].file)), 0);
}

/* Whose the store is; nobody's where links in it would lead where its processes do not go. */
static unsigned owner_of(const struct agent_store *store)
{
    struct stat st;
    bool is_elsewhere = str_starts_with(store->path, "/proc/");
    return !is_elsewhere && fstat(store->fd, &st) == 0 ? st.st_uid : (unsigned)-1;
}

/* A file that may be a link itself, under the name that it has in the store. */
static struct agent_file *add_linked(struct walk *w, const char *path, const struct stat *st)
{
    int folder;
    const char *name;
    char real[PATH_MAX];
    struct agent_file *file = add_file(w, path, st);
    if (w->out->place_count == AGENT_PLACES ||
        fs_enter_file(w->at, path, ".jsonl", w->owner, w->arena, &folder, &name) != 0)
        return file;
    w->out->places[w->out->place_count++] = folder;
    file->at = folder;
    file->path = name;
    if (realpath(arena_printf(w->arena, "%s/%s", w->shown, path), real))
        file->root = arena_strndup(w->arena, real, (size_t)(str_basename(real) - real) - 1);
    return file;
}

static void add_named_folders(struct walk *w, const char *id)
{
    static const char *const named_folders[] = {"todos",       "tasks", "file-history",
                                                "session-env", "debug", "jobs"};
    const char *below;
    w->kind = AGENT_FILE_OWN;
    for (size_t i = 0; i < sizeof named_folders / sizeof *named_folders; i++) {
        struct walk named = enter(w, named_folders[i], &below);
        add_named(&named, below, id, NULL);
    }
}

static void add_history(struct walk *w, const struct agent_store *store, const char *id)
{
    struct stat st;
    w->kind = AGENT_FILE_LINES;
    int r = fstatat(store->fd, "history.jsonl", &st, 0) < 0 ? -errno : 0;
    struct lookup history =
        lookup_of(r == -ENOENT ? fs_why_absent(store->fd, "history.jsonl") : r, NULL);
    if (history.state == LOOKUP_UNKNOWN)
        leave_out(w, "history.jsonl", err_reason(history.code), true);
    if (history.state == LOOKUP_FOUND) {
        struct agent_file *file = add_linked(w, "history.jsonl", &st);
        file->key = sv_of(CLAUDE_HISTORY_KEY);
        file->mark = sv_of(claude_history_mark(w->arena, id));
    }
}

/* The transcript, what stands beside it, and what is found by what it says. */
static void add_transcript(struct walk *w, const struct agent_transcript *of, const char *temporary)
{
    const char *name = str_basename(of->path), *project;
    struct walk in =
        enter(w, arena_strndup(w->arena, of->path, (size_t)(name - of->path) - 1), &project);
    struct stat st = {.st_size = of->size_bytes};
    const char *path = join(&in, project, name);
    fstatat(in.at, path, &st, 0); /* should it be gone, the copy will say so */
    const struct agent_file *found = add_linked(&in, path, &st);
    int at = found->at;
    path = found->path;
    in.kind = AGENT_FILE_OWN;
    add_named(&in, project, of->session_id, name);
    in.kind = w->kind = AGENT_FILE_SHARED;
    add_tree(&in, join(&in, project, "memory"), 0);
    struct fs_file transcript;
    if (fs_open_file_beneath(at, path, &transcript) == 0) {
        add_plans(w, transcript.fd);
        fs_close(&transcript.fd);
        add_outside(w->out, w->arena, temporary, transcript.uid, of->session_id);
    } /* else: the copy of it will fail, and all with it */
}

/* Without a transcript it is not known which project's folder is its own: below all. */
static void add_without_transcript(struct walk *w, const struct agent_store *store, const char *id,
                                   const char *temporary)
{
    const char *const *folders, *project;
    size_t count = 0;
    struct stat st;
    struct lookup all = claude_list_projects(store, &folders, &count);
    if (all.state == LOOKUP_UNKNOWN)
        leave_out(w, "projects", err_reason(all.code), true);
    w->kind = AGENT_FILE_OWN;
    for (size_t i = 0; i < count; i++) {
        struct walk in = enter(w, folders[i], &project);
        add_named(&in, project, id, NULL);
    }
    if (fstat(store->fd, &st) == 0)
        add_outside(w->out, w->arena, temporary, st.st_uid, id);
}

void claude_list_files(const struct agent_store *store, const struct agent_transcript *of,
                       const char *temporary, struct agent_listings *listings,
                       struct agent_files *out)
{
    struct arena *a = store->arena;
    char real[PATH_MAX];
    unsigned owner = owner_of(store);
    *out = (struct agent_files){.arena = a, .outside = -1};

    const char *shown =
        owner != (unsigned)-1 && realpath(store->path, real) ? arena_strdup(a, real) : store->path;
    struct walk w = {out,   listings, a,     store->fd,     AGENT_FILE_TRANSCRIPT,
                     shown, "",       owner, of->session_id};
    if (of->path)
        add_transcript(&w, of, temporary);
    else
        add_without_transcript(&w, store, of->session_id, temporary);
    add_named_folders(&w, of->session_id);
    add_history(&w, store, of->session_id);
    add_registrations(&w, store, of->session_id);
}

const char *claude_renamed(struct arena *a, const char *name, const char *old_id,
                           const char *new_id, const char *project_folder)
{
    if (str_starts_with(name, "projects/")) {
        const char *rest = strchr(name + strlen("projects/"), '/');
        if (rest)
            name = arena_printf(a, "%s%s", project_folder, rest);
    }
    return common_renamed(a, name, old_id, new_id);
}
