#include "note.h"

#include "conversation/message.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDER "notes"
#define SUFFIX ".txt"

/* ---- its records --------------------------------------------------------------------------- */

/* "in", "you" or "note" of a line, and what follows it. Returns: 0 or -EBADMSG. */
static int read_line(struct sv record, struct wall *at, struct sv *who, struct sv *text)
{
    size_t stamp = sv_find(record, 0, SV(" "));
    size_t word = stamp < record.n ? sv_find(record, stamp + 1, SV(" ")) : record.n;
    if (word >= record.n || !wall_parse(sv_slice(record, 0, stamp), at))
        return -EBADMSG;
    *who = sv_slice(record, stamp + 1, word);
    *text = sv_slice(record, word + 1, record.n);
    return 0;
}

static int note_read(struct arena *a, struct sv record, struct event *out)
{
    struct event e = {0};
    struct sv who, text;
    (void)a;
    if (read_line(record, &e.at, &who, &text) < 0)
        return -EBADMSG;
    if (sv_equals(who, SV("in"))) {
        e.kind = EVENT_METADATA;
        e.cwd = text;
    } else if (sv_equals(who, SV("you"))) {
        e.kind = EVENT_PROMPT;
        e.text = text;
        e.is_human = e.expects_reply = true;
    } else if (sv_equals(who, SV("note"))) {
        e.kind = EVENT_ASSISTANT_TEXT;
        e.text = text;
        e.ends_turn = true;
    } else {
        return -EBADMSG;
    }
    *out = e;
    return 0;
}

static const struct event_reader reader = {.agent = "note", .read = note_read};

/* ---- its sessions' ids ---------------------------------------------------------------------- */

/* "note-1795790220123": of milliseconds. */
static bool note_begins_id(const char *word)
{
    size_t n = strlen(word);
    return str_starts_with(word, "note-") && n >= 8 && n <= 18 &&
           strspn(word + 5, "0123456789") == n - 5;
}

static bool note_is_id(struct sv id)
{
    for (size_t i = 5; i < id.n; i++)
        if (id.p[i] < '0' || id.p[i] > '9')
            return false;
    return id.n == 18 && sv_starts_with(id, SV("note-"));
}

/* ---- its process --------------------------------------------------------------------------- */

/* A script: its program file is the shell that runs it. */
static bool note_could_be(const char *exe, const char *name)
{
    static const char *const shells[] = {"sh", "dash", "bash", "busybox"};
    for (size_t i = 0; exe && i < sizeof shells / sizeof *shells; i++)
        if (str_equals(str_basename(exe), shells[i]))
            return true;
    return !exe && str_equals(name, "note");
}

static enum agent_role note_role(const struct agent_look *look)
{
    return str_equals(look->name, "note") ? AGENT_SESSION : AGENT_NO;
}

static bool note_session_in_argv(const struct proc_strings *argv, struct sv *session_id)
{
    for (size_t i = 1; i + 1 < argv->count; i++)
        if (str_equals(argv->items[i], "--session") && note_is_id(sv_of(argv->items[i + 1]))) {
            *session_id = sv_of(argv->items[i + 1]);
            return true;
        }
    return false;
}

static const struct agent_process process = {
    .could_be = note_could_be,
    .role = note_role,
    .session_in_argv = note_session_in_argv,
};

/* ---- its home ------------------------------------------------------------------------------ */

static const char *note_config_dir(struct arena *a, const struct proc_strings *environment,
                                   const char *home, bool *is_default)
{
    const char *named = proc_variable(environment, "NOTE_HOME");
    const char *own_home = proc_variable(environment, "HOME");
    *is_default = !named;
    if (named)
        return arena_strdup(a, named);
    if (own_home)
        home = own_home;
    return home ? arena_printf(a, "%s/.note", home) : NULL;
}

static const struct agent_home home = {
    .config_dir = note_config_dir,
    .variable = "NOTE_HOME",
};

/* ---- its transcripts ----------------------------------------------------------------------- */

static bool note_split(struct arena *a, const char *path, const char **store, const char **below)
{
    const char *name = str_basename(path);
    struct sv folder = {path, (size_t)(name - path)};
    if (!sv_ends_with(folder, SV("/" FOLDER "/")) || !str_ends_with(name, SUFFIX))
        return false;
    *store = arena_strndup(a, path, folder.n - strlen("/" FOLDER "/"));
    *below = name - strlen(FOLDER "/");
    return true;
}

/* One folder, whatever the directory. */
static const char *note_project_folder(struct arena *a, const char *cwd)
{
    (void)a;
    (void)cwd;
    return FOLDER;
}

/* What cannot be looked at is named, and makes the answer unknown. */
static struct lookup miss(const struct agent_store *store, const char *path, int code)
{
    const char *where = arena_printf(store->arena, "%s/%s", store->path, path);
    struct lookup seen = lookup_of(code, where);
    if (seen.state == LOOKUP_UNKNOWN)
        problems_add(store->problems, where, code, NULL);
    return seen;
}

static struct lookup note_find(const struct agent_store *store, const char *session_id,
                               const char *cwd, struct agent_transcript *out)
{
    struct stat st;
    const char *path = arena_printf(store->arena, FOLDER "/%s" SUFFIX, session_id);
    (void)cwd;
    if (fstatat(store->fd, path, &st, 0) < 0)
        return miss(store, path, -errno);
    struct fs_file file = fs_file_of(&st);
    *out = (struct agent_transcript){session_id, path, file.size_bytes, {file.mtime_ms}, NULL};
    return lookup_found();
}

static struct lookup note_list_folder(const struct agent_store *store, const char *folder,
                                      struct agent_transcript **transcripts, size_t *count)
{
    enum { NAMES_LIMIT = 100000 };
    struct fs_name *names = NULL;
    size_t name_count = 0;
    int r = fs_list(store->fd, folder, NAMES_LIMIT, store->arena, &names, &name_count);
    struct lookup seen = r < 0 ? miss(store, folder, r) : lookup_found();
    struct agent_transcript *all = arena_alloc(store->arena, (name_count + 1) * sizeof *all);
    *count = 0;
    for (size_t i = 0; i < name_count; i++) {
        struct sv id = sv_of(names[i].name);
        if (!sv_ends_with(id, SV(SUFFIX)))
            continue;
        id.n -= strlen(SUFFIX);
        struct lookup one =
            note_find(store, arena_strndup(store->arena, id.p, id.n), NULL, &all[*count]);
        *count += one.state == LOOKUP_FOUND;
        seen = one.state == LOOKUP_UNKNOWN ? one : seen;
    }
    *transcripts = all;
    return seen;
}

static struct lookup note_list_all(const struct agent_store *store,
                                   struct agent_transcript **transcripts, size_t *count)
{
    return note_list_folder(store, FOLDER, transcripts, count);
}

static void note_list_watched(const struct agent_store *store, const char *const **folders,
                              size_t *count)
{
    static const char *const watched[] = {FOLDER};
    (void)store;
    *folders = watched;
    *count = 1;
}

static const struct agent_stored stored = {
    .is_id = note_is_id,
    .begins_id = note_begins_id,
    .ids_ignore_case = true,
    .top = FOLDER,
    .suffix = SUFFIX,
    .split = note_split,
    .project_folder = note_project_folder,
    .list_folder = note_list_folder,
    .list_all = note_list_all,
    .find = note_find,
    .list_watched = note_list_watched,
    .watched_suffixes = (const char *const[]){SUFFIX, NULL},
};

/* ---- all that is of one session ------------------------------------------------------------ */

static void note_list_files(const struct agent_store *store, const struct agent_transcript *of,
                            const char *temporary, struct agent_listings *listings,
                            struct agent_files *out)
{
    struct stat st;
    struct agent_file *file = arena_alloc(store->arena, sizeof *file);
    (void)temporary;
    (void)listings;
    *out = (struct agent_files){.arena = store->arena, .outside = -1};
    if (!of->path || fstatat(store->fd, of->path, &st, 0) < 0)
        return;
    *file = (struct agent_file){
        .at = store->fd,
        .path = of->path,
        .name = of->path,
        .is_lines = true,
        .seen = fs_file_of(&st),
    };
    out->items = file;
    out->count = 1;
}

static const char *note_renamed(struct arena *a, const char *name, const char *old_id,
                                const char *new_id, const char *project_folder)
{
    (void)old_id;
    (void)project_folder;
    return str_starts_with(name, FOLDER "/") ? arena_printf(a, FOLDER "/%s" SUFFIX, new_id) : name;
}

static const struct agent_bundle bundle = {
    .list_files = note_list_files,
    .renamed = note_renamed,
};

/* ---- commands ------------------------------------------------------------------------------ */

static void note_resume(struct buf *out, const char *session_id)
{
    buf_addf(out, "note --session %s", session_id);
}

static const struct agent_commands commands = {
    .resume = note_resume,
};

const struct agent agent_note = {
    .name = "note",
    .title = "Note",
    .product = "Note",
    .vendor = "nobody",
    .process = &process,
    .home = &home,
    .stored = &stored,
    .bundle = &bundle,
    .reader = &reader,
    .commands = &commands,
};
