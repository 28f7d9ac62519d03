#include "agents/agent.h"

#include "agents/cusf.h"
#include "base/io/durable.h"
#include "base/io/os.h"

#include <stdlib.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum {
    UUID_LENGTH = 36,
    NAME_LIMIT = 1000000,
    SETTLED_NS = 2000000000, /* a change within the same tick of the clock leaves no other time */
    REGISTRY_FRESH_NS = 1000000000,
    RECOGNISED_BYTES = 256 * 1024,
    RECOGNISED_LINES = 16,
    RECOGNISED_MOST = 1024 * 1024,
};

struct agent_listing {
    struct arena arena;    /* of the names */
    struct fs_file folder; /* when it was listed */
    int64_t listed_ns;
    struct fs_name *names;
    size_t count;
};

const struct agent *agent_by_name(const char *name)
{
    for (size_t i = 0; agents[i]; i++)
        if (str_equals(agents[i]->name, name))
            return agents[i];
    return NULL;
}

bool agent_is_among(const struct agent *agent, const char *names)
{
    return !names || str_in(agent->name, names);
}

static const struct agent *agent_of_record(struct sv record)
{
    const struct agent *found = NULL;
    ARENA_RELEASE struct arena scratch = {0};
    for (size_t i = 0; agents[i] && !found; i++)
        if (agents[i]->reader->recognises && agents[i]->reader->recognises(&scratch, record))
            found = agents[i];
    if (!found && agent_cusf.reader->recognises(&scratch, record))
        found = &agent_cusf;
    return found;
}

/* Of its first lines, or of all that was read. */
static const struct agent *agent_of_lines(struct sv rest, size_t lines)
{
    const struct agent *found = NULL;
    struct sv line;
    for (size_t i = 0; i < lines && !found && rest.n; i++) {
        sv_cut_line(&rest, &line);
        found = line.n ? agent_of_record(line) : NULL;
    }
    return found;
}

struct lookup agent_of_records(int fd, const struct agent **out)
{
    const struct agent *found = NULL;
    char *bytes = mem_resize(NULL, RECOGNISED_MOST);
    ssize_t n = fs_read_at(fd, bytes, RECOGNISED_BYTES, 0);
    if (n > 0)
        found = agent_of_lines((struct sv){bytes, (size_t)n}, RECOGNISED_LINES);
    if (n > 0 && !found) { /* the first ones may be damaged */
        n = fs_read_at(fd, bytes, RECOGNISED_MOST, 0);
        found = n > 0 ? agent_of_lines((struct sv){bytes, (size_t)n}, SIZE_MAX) : NULL;
    }
    free(bytes);
    *out = found ? found : agents[0];
    return found ? lookup_found() : n < 0 ? lookup_unknown((int)n, NULL) : lookup_absent();
}

const struct agent *agent_of_file(const char *path)
{
    const struct agent *found = agents[0];
    struct fs_file file;
    if (fs_open_file(AT_FDCWD, path, &file) < 0)
        return found;
    FS_CLOSE int fd = file.fd;
    agent_of_records(fd, &found);
    return found;
}

const char *agent_title(const char *name)
{
    const struct agent *agent = name ? agent_by_name(name) : agents[0];
    return agent ? agent->title : name;
}

bool agent_begins_uuid(const char *word)
{
    size_t n = strlen(word);
    return n >= 8 && n <= 36 && strspn(word, "0123456789abcdefABCDEF-") == n;
}

bool agent_is_id(struct sv id)
{
    for (size_t i = 0; agents[i]; i++)
        if (agents[i]->stored->is_id(id))
            return true;
    return false;
}

const char *agent_telling_id(const char *id)
{
    for (size_t i = 0; agents[i]; i++) {
        const char *begins = agents[i]->stored->id_begins;
        if (begins && str_starts_with(id, begins) && agents[i]->stored->is_id(sv_of(id)))
            return id + strlen(begins);
    }
    return id;
}

bool agent_id_begins(const char *id, const char *word)
{
    bool begins = str_starts_with(id, word) || str_starts_with(agent_telling_id(id), word);
    return begins && (str_equals(id, word) || !agent_is_id(sv_of(word)));
}

const struct agent *agent_of_prefix(const char *word)
{
    for (size_t i = 0; agents[i]; i++)
        if (agents[i]->stored->begins_id(word))
            return agents[i];
    return NULL;
}

const char *agent_suffix_of(const char *path)
{
    for (size_t i = 0; agents[i]; i++)
        if (agents[i]->stored->suffix && str_ends_with(path, agents[i]->stored->suffix))
            return agents[i]->stored->suffix;
    return NULL;
}

bool agent_is_watched(struct sv name)
{
    for (size_t i = 0; agents[i]; i++)
        for (const char *const *suffix = agents[i]->stored->watched_suffixes; suffix && *suffix;
             suffix++)
            if (sv_ends_with(name, sv_of(*suffix)))
                return true;
    return false;
}

/* The path, but for its suffix and the folder: "projects/-p/ID.jsonl" is "ID". */
static struct sv own_name(const struct agent *agent, const char *path)
{
    const char *suffix = agent->stored->suffix;
    size_t n = strlen(path), from;
    if (suffix && str_ends_with(path, suffix))
        n -= strlen(suffix);
    for (from = n; from && path[from - 1] != '/';)
        from--;
    return (struct sv){path + from, n - from};
}

/* The id at the end of "rollout-TIME-ID"; else the name. */
static struct sv id_in_name(const struct agent *agent, struct sv name)
{
    const char *begins = agent->stored->name_begins;
    bool is_longer = begins && sv_starts_with(name, sv_of(begins)) && name.n > UUID_LENGTH;
    return is_longer ? sv_slice(name, name.n - UUID_LENGTH, name.n) : name;
}

bool agent_names_transcript(const char *path, struct sv *id)
{
    for (size_t i = 0; agents[i]; i++) {
        const struct agent_stored *s = agents[i]->stored;
        struct sv name = id_in_name(agents[i], own_name(agents[i], path));
        if (s->suffix && str_ends_with(path, s->suffix) && s->is_id(name)) {
            *id = name;
            return true;
        }
    }
    return false;
}

struct sv agent_folder_of(const struct agent *agent, const char *path)
{
    if (agent->stored->name_begins && agent_is_stored(agent, path))
        return sv_of(agent->stored->top); /* dates tell nothing */
    size_t n = (size_t)(own_name(agent, path).p - path);
    return (struct sv){path, n ? n - 1 : 0};
}

const char *agent_file_suffix(const struct agent *agent)
{
    const char *suffix = agent->stored->suffix;
    return suffix ? str_basename(suffix) : NULL;
}

bool agent_is_stored(const struct agent *agent, const char *name)
{
    if (!agent->stored->top)
        return false;
    size_t n = strlen(agent->stored->top);
    return str_starts_with(name, agent->stored->top) && name[n] == '/';
}

void agent_leave_out(struct agent_files *files, const char *path, const char *why, bool is_lost)
{
    *ARENA_PUSH(files->arena, files->left_out, files->left_out_count, files->left_out_capacity) =
        (struct agent_left_out){path, why, is_lost};
}

static bool is_current(const struct agent_listing *l, const struct fs_file *folder)
{
    return l->folder.mtime_ns == folder->mtime_ns && l->folder.ctime_ns == folder->ctime_ns &&
           l->folder.ctime_ns < l->listed_ns - SETTLED_NS;
}

int agent_list_folder(struct agent_listings *listings, int at, const char *path,
                      struct fs_name **names, size_t *count)
{
    struct stat st;
    if (fstatat(at, path, &st, 0) < 0)
        return -errno;
    struct fs_file folder = fs_file_of(&st);
    struct agent_listing *slot = NULL;
    for (size_t i = 0; i < listings->count && !slot; i++)
        if (listings->items[i].folder.inode == folder.inode &&
            listings->items[i].folder.device == folder.device)
            slot = &listings->items[i];
    if (!slot)
        slot = ARENA_PUSH(&listings->arena, listings->items, listings->count, listings->capacity);
    if (!is_current(slot, &folder)) {
        arena_release(&slot->arena);
        *slot = (struct agent_listing){.folder = folder, .listed_ns = wall_now().ms * 1000000};
        int r = fs_list(at, path, NAME_LIMIT, &slot->arena, &slot->names, &slot->count);
        if (r < 0) {
            slot->listed_ns = 0; /* of which nothing is current */
            return r;
        }
    }
    *names = slot->names;
    *count = slot->count;
    return 0;
}

struct lookup agent_list_registry(struct agent_listings *listings, const struct agent *agent,
                                  const struct agent_store *store,
                                  struct agent_registration **entries, size_t *count)
{
    struct awake now = awake_now();
    bool is_fresh = listings->registry_store && str_equals(listings->registry_store, store->path) &&
                    now.ns - listings->registry_at.ns < REGISTRY_FRESH_NS;
    if (!is_fresh) {
        listings->registry_of = *store;
        listings->registry_of.arena = &listings->registry_arena;
        arena_release(&listings->registry_arena);
        listings->registry_store = NULL;
        listings->registry_lookup = agent_read_registry(
            agent, &listings->registry_of, &listings->registry, &listings->registry_count);
        listings->registry_store = arena_strdup(&listings->registry_arena, store->path);
        listings->registry_at = now;
    }
    *entries = listings->registry;
    *count = listings->registry_count;
    return listings->registry_lookup;
}

void agent_listings_release(struct agent_listings *listings)
{
    arena_release(&listings->registry_arena);
    for (size_t i = 0; i < listings->count; i++)
        arena_release(&listings->items[i].arena);
    arena_release(&listings->arena);
}

void agent_files_release(struct agent_files *files)
{
    fs_close(&files->outside);
    for (size_t i = 0; i < files->place_count; i++)
        fs_close(&files->places[i]);
    files->place_count = 0;
}

static int newest_first(const void *a, const void *b)
{
    const struct agent_transcript *x = a, *y = b;
    return (x->modified_at.ms < y->modified_at.ms) - (x->modified_at.ms > y->modified_at.ms);
}

void agent_sort_newest_first(struct agent_transcript *transcripts, size_t count)
{
    if (count)
        qsort(transcripts, count, sizeof *transcripts, newest_first);
}

struct memory_file {
    int fd;
    int64_t size_bytes;
};

static int append(void *context, const char *bytes, size_t n)
{
    struct memory_file *f = context;
    int r = durable_write(f->fd, bytes, n);
    if (r == 0)
        f->size_bytes += (int64_t)n;
    return r;
}

int agent_see_records(const struct agent *agent, const struct agent_store *store,
                      const struct agent_transcript *of, struct fs_file *out)
{
    struct stat st;
    if (agent->records) {
        struct fs_file seen = {.fd = -1, .size_bytes = -1, .mtime_ms = of->modified_at.ms};
        int r = agent->records->stamp(store, of, &seen.inode);
        if (r == 0)
            *out = seen;
        return r;
    }
    if (fstatat(store->fd, of->path, &st, 0) < 0)
        return -errno;
    *out = fs_file_of(&st);
    return 0;
}

int agent_open_records(const struct agent *agent, const struct agent_store *store,
                       const struct agent_transcript *of, enum agent_extent extent,
                       struct fs_file *out)
{
    if (!agent->records)
        return fs_open_linked(store->fd, of->path, out);
    struct memory_file f = {.fd = os_create_in_memory("records")};
    if (f.fd < 0)
        return f.fd;
    int r = agent->records->write(store, of, extent, append, &f);
    if (r < 0)
        fs_close(&f.fd);
    else
        *out = (struct fs_file){
            .fd = f.fd, .size_bytes = f.size_bytes, .mtime_ms = of->modified_at.ms};
    return r < 0 ? r : 0;
}

enum fact agent_is_program(const struct agent *agent, const struct proc *proc, pid_t pid,
                           const struct agent_look *look)
{
    const struct agent_process *p = agent->process;
    return p->is_program ? p->is_program(proc, pid, look) : FACT_UNKNOWN;
}

enum agent_role agent_role_of(const struct agent *agent, const struct proc *proc, pid_t pid,
                              const struct agent_look *look)
{
    enum agent_role role = agent->process->role(look);
    bool is_asked = role != AGENT_NO && role != AGENT_NAMESAKE && agent->process->look_closer;
    return is_asked ? agent->process->look_closer(proc, pid, look, role) : role;
}

bool agent_is_native(const struct agent *agent, const char *exe)
{
    return agent->process->is_native && agent->process->is_native(exe);
}

enum sr_kind agent_kind(const struct agent *agent, const char *registered_kind,
                        const char *entrypoint, const struct proc_strings *argv)
{
    const struct agent_process *p = agent->process;
    return p->kind ? p->kind(registered_kind, entrypoint, argv) : SR_KIND_UNKNOWN;
}

const char *agent_project_folder(const struct agent *agent, const struct agent_store *store,
                                 const char *cwd)
{
    return agent->stored->folder_in ? agent->stored->folder_in(store, cwd)
                                    : agent->stored->project_folder(store->arena, cwd);
}

struct lookup agent_read_settings(const struct agent *agent, const struct agent_store *store,
                                  struct agent_settings *out)
{
    if (agent->home->read_settings)
        return agent->home->read_settings(store, out);
    *out = (struct agent_settings){0};
    return lookup_absent();
}

struct lookup agent_list_subagents(const struct agent *agent, const struct agent_store *store,
                                   const struct agent_transcript *of,
                                   struct agent_transcript **transcripts, size_t *count)
{
    const char *suffix = agent->stored->suffix; /* a manifest may have any name */
    bool is_named = !suffix || (of->path && str_ends_with(of->path, suffix));
    if (agent->stored->list_subagents && is_named)
        return agent->stored->list_subagents(store, of, transcripts, count);
    *transcripts = NULL;
    *count = 0;
    return lookup_absent();
}

void agent_list_locks(const struct agent *agent, const struct agent_store *store,
                      const char *session_id, struct agent_lock **items, size_t *count)
{
    *items = NULL;
    *count = 0;
    if (agent->holding)
        agent->holding->list_locks(store, session_id, items, count);
}

enum fact agent_is_archived(const struct agent *agent, const struct agent_store *store,
                            const struct agent_transcript *t, struct wall *since)
{
    if (agent->stored->is_archived)
        return agent->stored->is_archived(store, t, since);
    *since = (struct wall){0};
    return FACT_NO;
}

void agent_list_watched(const struct agent *agent, const struct agent_store *store,
                        const char *const **folders, size_t *count)
{
    *folders = NULL;
    *count = 0;
    if (agent->stored->list_watched)
        agent->stored->list_watched(store, folders, count);
}

size_t agent_linked_parts(const struct agent *agent, const char *path)
{
    return agent->bundle->linked_parts ? agent->bundle->linked_parts(path) : 0;
}

struct lookup agent_read_registry(const struct agent *agent, const struct agent_store *store,
                                  struct agent_registration **entries, size_t *count)
{
    if (agent->registry)
        return agent->registry->read(store, entries, count);
    *entries = NULL;
    *count = 0;
    return lookup_absent();
}

enum agent_child agent_child_of(const struct agent *agent, const struct agent_child_look *look)
{
    return agent->children ? agent->children->started_for(look) : AGENT_CHILD_UNKNOWN;
}

const char *agent_child_variable(const struct agent *agent)
{
    return agent->children ? agent->children->session_variable : NULL;
}

const char *agent_variable(const struct proc_strings *environment, const char *name)
{
    return name ? proc_variable(environment, name) : NULL;
}

int agent_read_prompts(const struct agent *agent, const struct agent_store *store,
                       struct agent_prompts *out)
{
    return agent->history ? agent->history->read_end(store, out) : -ENOENT;
}

struct lookup agent_read_all_prompts(const struct agent *agent, const struct agent_store *store,
                                     const char *session_id, int64_t end_bytes,
                                     struct agent_prompts *out)
{
    if (agent->history)
        return agent->history->read(store, session_id, end_bytes, out);
    *out = (struct agent_prompts){.is_whole = true};
    return lookup_absent();
}

struct lookup agent_list_prompted(const struct agent *agent, const struct agent_store *store,
                                  int64_t end_bytes, struct agent_prompted **out, size_t *count,
                                  bool *is_whole)
{
    if (agent->history)
        return agent->history->list_sessions(store, end_bytes, out, count, is_whole);
    *out = NULL;
    *count = 0;
    *is_whole = true;
    return lookup_absent();
}

/* What lies where it would be out of place is, of another agent's records, in its own place. */
static bool is_of_another(const struct agent *agent, const struct agent_store *store,
                          const char *path)
{
    struct fs_file file;
    if (fs_open_file(store->fd, path, &file) < 0)
        return false;
    FS_CLOSE int fd = file.fd;
    const struct agent *wrote;
    return agent_of_records(fd, &wrote).state != LOOKUP_UNKNOWN && wrote != agent;
}

struct lookup agent_list_strays(const struct agent *agent, const struct agent_store *store,
                                struct agent_stray **strays, size_t *count)
{
    size_t kept = 0;
    *strays = NULL;
    *count = 0;
    if (!agent->remains)
        return lookup_absent();
    struct lookup seen = agent->remains->list_strays(store, strays, count);
    for (size_t i = 0; i < *count; i++)
        if (!is_of_another(agent, store, (*strays)[i].path))
            (*strays)[kept++] = (*strays)[i];
    *count = kept;
    return seen;
}

struct lookup agent_list_traces(const struct agent *agent, const struct agent_store *store,
                                const char *const *prefixes, size_t prefix_count,
                                struct agent_traces *out)
{
    if (agent->remains)
        return agent->remains->list_traces(store, prefixes, prefix_count, out);
    *out = (struct agent_traces){0};
    return lookup_absent();
}

enum agent_part agent_part_of(const struct agent *agent, const char *name)
{
    return agent->remains ? agent->remains->part_of(name) : AGENT_PART_OTHER;
}

int agent_saves_nothing(const struct agent *agent, const struct agent_saving *client,
                        const char **told_by, bool *is_certain)
{
    if (!agent->saves)
        return -ENOTSUP;
    *told_by = agent->saves->nothing(client, is_certain);
    return 0;
}

int agent_takes_up(const struct agent *agent, const struct proc_strings *argv, const char **option)
{
    if (!agent->saves)
        return -ENOTSUP;
    *option = agent->saves->takes_up(argv);
    return 0;
}

enum fact agent_has_side_files(const struct agent *agent, const struct agent_store *store,
                               const char *folder, const char *session_id)
{
    return agent->saves ? agent->saves->has_side_files(store, folder, session_id) : FACT_UNKNOWN;
}

bool agent_is_mcp_tool(const struct agent *agent, const char *name)
{
    return agent->tools && agent->tools->is_mcp && agent->tools->is_mcp(name);
}

struct sv agent_mcp_server(const struct agent *agent, const char *tool)
{
    return agent->tools && agent->tools->mcp_server ? agent->tools->mcp_server(tool)
                                                    : (struct sv){0};
}

bool agent_is_question_tool(const struct agent *agent, const char *name)
{
    return agent->tools && agent->tools->is_question && agent->tools->is_question(name);
}

bool agent_is_command_tool(const struct agent *agent, const char *name)
{
    return agent->tools && agent->tools->is_command && agent->tools->is_command(name);
}

struct agent_api agent_api_of(const struct agent *agent, const struct proc_strings *argv,
                              const struct proc_strings *environment,
                              const struct agent_store *store)
{
    return agent->model ? agent->model->api(argv, environment, store) : (struct agent_api){0};
}

int64_t agent_context_window(const struct agent *agent, const char *model, const char *asked)
{
    return agent->model && agent->model->context_window ? agent->model->context_window(model, asked)
                                                        : 0;
}

const char *agent_asked_model(const struct agent *agent, const struct proc_strings *argv,
                              const struct proc_strings *environment)
{
    return agent->model && agent->model->asked ? agent->model->asked(argv, environment) : NULL;
}

const char *agent_does_with(const struct agent *agent, enum damage_kind kind)
{
    return agent->lines ? agent->lines->client_does(kind) : NULL;
}

bool agent_keeps_raw_mode(const struct agent *agent)
{
    return agent->control && agent->control->keeps_raw_mode;
}

const struct agent_timing *agent_timing_of(const struct agent *agent, bool is_terse)
{
    static const struct agent_timing unmeasured = {0};
    if (is_terse && agent->terse_timing)
        return agent->terse_timing;
    return agent->timing ? agent->timing : &unmeasured;
}

void agent_read_screen(const struct agent *agent, struct sv screen, struct arena *a,
                       struct agent_screen *out)
{
    if (agent->terminal)
        agent->terminal->read(screen, a, out);
    else
        *out = (struct agent_screen){.asks = FACT_UNKNOWN};
}

bool agent_read_typed(const struct agent *agent, struct sv screen, struct arena *a,
                      struct sv *typed)
{
    return agent->terminal && agent->terminal->read_prompt &&
           agent->terminal->read_prompt(screen, a, typed);
}
