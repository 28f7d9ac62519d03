#include "search/sources.h"

#include "backup/backup_dir.h"
#include "backup/verify.h"
#include "base/io/fs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Named by its real path, so that the same folder is the same root whichever way it was named. */
static size_t add_root(struct sources *s, const char *named, int fd)
{
    char *real = realpath(named, NULL);
    const char *path = arena_strdup(&s->arena, real ? real : named);
    free(real);
    for (size_t i = 0; i < s->root_count; i++) /* of another agent's store, too */
        if (str_equals(s->roots[i].path, path))
            return i;
    *ARENA_PUSH(&s->arena, s->roots, s->root_count, s->root_capacity) =
        (struct source_root){.path = path, .fd = fd};
    return s->root_count - 1;
}

static void add(struct sources *s, struct source source)
{
    if (source.agent->reader->read_message)
        *ARENA_PUSH(&s->arena, s->items, s->count, s->capacity) = source;
}

/* Below a store, or below the files of a backup, which are all of them files. */
static void add_transcript(struct sources *s, size_t root, const char *prefix,
                           const struct agent *agent, const struct agent_transcript *t,
                           const char *session_id, bool is_subagent)
{
    bool has_rows = agent->records && !*prefix;
    add(s, (struct source){
               .root = root,
               .path = arena_printf(&s->arena, "%s%s", prefix, t->path),
               .session_id = session_id,
               .agent = agent,
               .is_subagent = is_subagent,
               .rows = has_rows ? t : NULL,
           });
}

/* A transcript and its subagents'. prefix: what their paths stand below, of the root. */
static void add_session(struct sources *s, size_t root, const char *prefix,
                        const struct agent *agent, const struct agent_store *store,
                        const struct agent_transcript *transcript)
{
    struct agent_transcript *subagents;
    size_t count;
    struct lookup seen = agent_list_subagents(agent, store, transcript, &subagents, &count);
    if (seen.state == LOOKUP_UNKNOWN)
        s->roots[root].is_incomplete = true;
    for (size_t i = 0; i < count; i++)
        add_transcript(s, root, prefix, agent, &subagents[i], transcript->session_id, true);
}

/* Of sessions whose transcript is gone, their subagents'. */
static void add_traces(struct sources *s, size_t root, const struct agent *agent,
                       const struct agent_store *store)
{
    struct agent_traces traces;
    agent_list_traces(agent, store, NULL, 0, &traces); /* list_all has said what cannot be read */
    for (size_t i = 0; i < traces.count; i++) {
        struct agent_transcript gone = {
            .session_id = traces.items[i].session_id,
            .path = arena_printf(&s->arena, "%s%s", traces.items[i].folder, agent->stored->suffix),
        };
        if (traces.items[i].is_beside)
            add_session(s, root, "", agent, store, &gone);
    }
}

static void add_store(struct sources *s, const struct store *store)
{
    struct agent_store io = store->io;
    struct agent_transcript *transcripts;
    size_t count, root = add_root(s, io.path, io.fd);
    io.arena = &s->arena;
    io.problems = &s->problems;
    struct lookup seen = store->agent->stored->list_all(&io, &transcripts, &count);
    s->roots[root].is_incomplete |= seen.state == LOOKUP_UNKNOWN;
    for (size_t i = 0; i < count; i++) {
        add_transcript(s, root, "", store->agent, &transcripts[i], transcripts[i].session_id,
                       false);
        add_session(s, root, "", store->agent, &io, &transcripts[i]);
    }
    struct agent_stray *strays;
    seen = agent_list_strays(store->agent, &io, &strays, &count);
    s->roots[root].is_incomplete |= seen.state == LOOKUP_UNKNOWN;
    for (size_t i = 0; i < count; i++)
        add(s, (struct source){.root = root,
                               .path = strays[i].path,
                               .session_id = strays[i].session_id,
                               .agent = store->agent,
                               .is_stray = true});
    add_traces(s, root, store->agent, &io);
}

static void add_backup(struct sources *s, size_t root, const struct backup_dir_entry *entry)
{
    struct manifest m;
    const char *folder = arena_printf(&s->arena, "%s.files", entry->stem);
    bool is_sound = verify_read_manifest(&s->pending, entry->stem, &s->arena, &m) == 0;
    const struct agent *agent = is_sound ? agent_by_name(m.agent) : NULL;
    add(s, (struct source){
               .root = root,
               .path = arena_printf(&s->arena, "%s" BACKUP_TRANSCRIPT, entry->stem),
               .session_id = entry->session_id,
               .agent = agent ? agent : agents[0],
           });
    if (!agent || !m.file_count)
        return;
    FS_CLOSE int fd = fs_open_dir(s->pending.fd, folder);
    if (fd < 0)
        return; /* the transcript is all there is */
    struct agent_store io = {
        .fd = fd, .path = folder, .arena = &s->arena, .problems = &s->problems};
    struct agent_transcript transcript = {.session_id = entry->session_id, .path = m.files[0].name};
    add_session(s, root, arena_printf(&s->arena, "%s/", folder), agent, &io, &transcript);
}

static void add_backups(struct sources *s, const char *pending_dir)
{
    struct backup_dir_entry *entries;
    struct sr_error error;
    size_t count;
    int r = backup_dir_open(&s->pending, pending_dir, false, &error);
    if (r < 0) {
        s->pending.fd = -1;
        if (r != -ENOENT) /* nothing was ever exported */
            problems_add(&s->problems, pending_dir, r, NULL);
        return;
    }
    size_t root = add_root(s, pending_dir, s->pending.fd);
    s->roots[root].is_backups = true;
    if ((r = backup_dir_list(&s->pending, &s->arena, &entries, &count)) < 0) {
        s->roots[root].is_incomplete = true;
        problems_add(&s->problems, pending_dir, r, NULL);
        return;
    }
    for (size_t i = 0; i < count; i++)
        if (entries[i].is_complete)
            add_backup(s, root, &entries[i]);
}

/* Of one file, whose client looks there before whoever takes it for out of place. */
static int by_file(const void *a, const void *b)
{
    const struct source *x = a, *y = b;
    int order = x->root == y->root ? strcmp(x->path, y->path) : x->root < y->root ? -1 : 1;
    if (order == 0)
        order = x->is_stray - y->is_stray;
    return order ? order : strcmp(x->agent->name, y->agent->name);
}

/* Agents that read one directory may list the same file. */
static void drop_doubles(struct sources *s)
{
    size_t kept = 0;
    if (s->count)
        qsort(s->items, s->count, sizeof *s->items, by_file);
    for (size_t i = 0; i < s->count; i++)
        if (!kept || s->items[i].root != s->items[kept - 1].root ||
            !str_equals(s->items[i].path, s->items[kept - 1].path))
            s->items[kept++] = s->items[i];
    s->count = kept;
}

static int by_session(const void *a, const void *b)
{
    const struct source *x = a, *y = b;
    int order = strcmp(x->session_id, y->session_id);
    if (order == 0 && x->root != y->root) /* the pending directory is the last */
        order = x->root < y->root ? -1 : 1;
    return order ? order : strcmp(x->path, y->path);
}

void sources_list(struct sources *sources, struct sr_snapshot *snapshot, const char *pending_dir)
{
    const struct stores *stores = &snapshot_of(snapshot)->stores;
    *sources = (struct sources){.pending = {.fd = -1, .lock = -1}};
    sources->problems.arena = &sources->arena;
    for (size_t i = 0; i < stores->count; i++)
        if (stores->items[i]->wanted && stores->items[i]->code == 0)
            add_store(sources, stores->items[i]);
    if (pending_dir)
        add_backups(sources, pending_dir);
    drop_doubles(sources);
    if (sources->count)
        qsort(sources->items, sources->count, sizeof *sources->items, by_session);
}

static struct agent_store store_of(struct sources *s, const struct source *source)
{
    const struct source_root *root = &s->roots[source->root];
    return (struct agent_store){
        .fd = root->fd, .path = root->path, .arena = &s->arena, .problems = &s->problems};
}

int sources_see(struct sources *sources, const struct source *source, struct fs_file *out)
{
    struct agent_store store = store_of(sources, source);
    struct stat st;
    if (source->rows)
        return agent_see_records(source->agent, &store, source->rows, out);
    if (fstatat(store.fd, source->path, &st, 0) < 0)
        return -errno;
    *out = fs_file_of(&st);
    return 0;
}

int sources_open(struct sources *sources, const struct source *source, struct fs_file *out)
{
    struct agent_store store = store_of(sources, source);
    struct fs_file seen, opened;
    if (!source->rows)
        return sources->roots[source->root].is_backups
                   ? fs_open_file_beneath(store.fd, source->path, out)
                   : fs_open_linked(store.fd, source->path, out);
    int r = sources_see(sources, source, &seen); /* first: what comes later is seen again */
    if (r == 0)
        r = agent_open_records(source->agent, &store, source->rows, AGENT_WHOLE, &opened);
    if (r < 0)
        return r;
    seen.fd = opened.fd;
    seen.size_bytes = opened.size_bytes;
    *out = seen;
    return 0;
}

void sources_release(struct sources *sources)
{
    backup_dir_close(&sources->pending);
    arena_release(&sources->arena);
}
