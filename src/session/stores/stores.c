#include "session/stores/stores.h"

#include "base/err.h"
#include "base/io/fs.h"
#include "base/io/os.h"
#include "session/stores/watched.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool stores_enter(const struct stores *stores, const char *path)
{
    return watched_enter(stores->options, path);
}

void stores_leave(const struct stores *stores)
{
    watched_leave(stores->options);
}

static bool enter_of(const void *options, const char *path)
{
    return watched_enter(options, path);
}

static void leave_of(const void *options)
{
    watched_leave(options);
}

/*
 * Opens a directory of a process with mounts of its own: links in it are
 * followed as that process would, and never lead out of its root.
 */
static int open_in_root(const char *root, const char *path)
{
    FS_CLOSE int fd = fs_open_dir(AT_FDCWD, root);
    if (fd < 0)
        return fd;
    return os_open(fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK, OS_AS_ROOT);
}

static struct store *add(struct stores *stores, const struct agent *agent, const char *path)
{
    struct store **slot = ARENA_PUSH(stores->arena, stores->items, stores->count, stores->capacity);
    *slot = arena_alloc(stores->arena, sizeof **slot);
    **slot = (struct store){
        .agent = agent,
        .io = {.fd = -1,
               .path = path,
               .arena = stores->arena,
               .problems = stores->problems,
               .enter = enter_of,
               .leave = leave_of,
               .context = stores->options},
    };
    return *slot;
}

static struct store *find_by_path(const struct stores *stores, const struct agent *agent,
                                  const char *path)
{
    for (size_t i = 0; i < stores->count; i++)
        if (stores->items[i]->agent == agent && str_equals(stores->items[i]->io.path, path))
            return stores->items[i];
    return NULL;
}

static struct store *find_by_inode(const struct stores *stores, const struct store *like)
{
    for (size_t i = 0; i < stores->count; i++) {
        struct store *s = stores->items[i];
        if (s != like && s->code == 0 && s->agent == like->agent && s->device == like->device &&
            s->inode == like->inode)
            return s;
    }
    return NULL;
}

/*
 * Opens the directory, and reads its registry if it is wanted: where the user has named the ones
 * to look at, nothing is read of another. root: "/proc/PID/root" for a
 * process with mounts of its own, else NULL; path stands below it.
 */
static struct store *open_store(struct stores *stores, const struct agent *agent, const char *root,
                                const char *path, bool wanted)
{
    const char *shown = root ? arena_printf(stores->arena, "%s%s", root, path) : path;
    struct store *known = find_by_path(stores, agent, shown);
    if (known)
        return known;

    struct store *s = add(stores, agent, shown);
    if (!stores_enter(stores, shown)) {
        s->code = -ETIMEDOUT;
        if (wanted)
            problems_add(stores->problems, shown, s->code, "its file system does not answer");
        return s;
    }
    struct stat st;
    int fd = root ? open_in_root(root, path) : fs_open_dir(AT_FDCWD, path);
    if (fd >= 0 && fstat(fd, &st) == 0) {
        s->io.fd = fd;
        s->device = st.st_dev;
        s->inode = st.st_ino;
        known = find_by_inode(stores, s);
        if (known) { /* another name for it */
            fs_close(&s->io.fd);
            stores->count--;
            s = known;
        } else if (wanted) {
            s->registry =
                agent_read_registry(agent, &s->io, &s->registrations, &s->registration_count);
            agent_read_settings(agent, &s->io, &s->settings);
        }
    } else {
        s->code = fd < 0 ? fd : -errno;
    }
    stores_leave(stores);
    return s;
}

struct sr_usual_home stores_usual_home(const struct sr_options *options, const struct agent *agent)
{
    if (agent == agents[0])
        return (struct sr_usual_home){agent->name, options->default_config_dir,
                                      options->standard_config_dir};
    for (size_t i = 0; i < options->usual_home_count; i++)
        if (str_equals(options->usual_homes[i].agent, agent->name))
            return options->usual_homes[i];
    return (struct sr_usual_home){.agent = agent->name};
}

/* "~/.claude/" is ".claude". */
static struct sv last_part(const char *path)
{
    struct sv s = sv_of(path ? path : "");
    while (s.n && s.p[s.n - 1] == '/')
        s.n--;
    size_t from = s.n;
    while (from && s.p[from - 1] != '/')
        from--;
    return sv_slice(s, from, s.n);
}

/* A directory that is called as another agent's usual one (".claude"), and not as this one's, is
 * that agent's: what lies in it is none of this one's damage. A plain word names nobody's. */
static bool is_anothers(const struct sr_options *options, const struct agent *agent,
                        const char *path)
{
    struct sv name = last_part(path);
    bool is = false;
    for (size_t i = 0; agents[i]; i++) {
        struct sv usual = last_part(stores_usual_home(options, agents[i]).standard);
        if (!sv_starts_with(usual, SV(".")) || !sv_equals(name, usual))
            continue;
        if (agents[i] == agent)
            return false;
        is = true;
    }
    return is;
}

size_t stores_open_asked(struct stores *stores, const struct agent *agent)
{
    const struct sr_options *o = stores->options;
    struct sr_usual_home usual = stores_usual_home(o, agent);
    size_t open = 0;
    for (size_t i = 0; i < o->config_dir_count; i++) {
        const char *path = fs_absolute(stores->arena, o->config_dirs[i]);
        if (is_anothers(o, agent, path))
            continue;
        struct store *s = open_store(stores, agent, NULL, path, true);
        s->wanted = true;
        if (s->code < 0)
            problems_add(stores->problems, s->io.path, s->code, NULL);
        open += s->code == 0;
    }
    if (o->config_dir_count == 0 && usual.named) {
        struct store *s =
            open_store(stores, agent, NULL, fs_absolute(stores->arena, usual.named), true);
        s->wanted = true;
        /* that somebody does not use it is no problem */
        if (s->code < 0 && s->code != -ENOENT)
            problems_add(stores->problems, s->io.path, s->code, NULL);
        open += s->code == 0;
    }
    if (o->config_dir_count == 0 && !usual.named && usual.standard)
        problems_add(stores->problems, usual.standard, -ENODATA,
                     "the environment names another place, which is not looked into");
    const char *standard = usual.standard ? fs_absolute(stores->arena, usual.standard) : NULL;
    for (size_t i = 0; i < stores->count; i++)
        if (stores->items[i]->agent == agent && str_equals(stores->items[i]->io.path, standard))
            stores->items[i]->is_standard = true;
    return open;
}

/* A config directory may be named relative to where the client was started. Where that is not
 * known, it must not be looked for where this program was. Returns: 0 or negative errno. */
static int absolute(const struct stores *stores, const struct proc *proc, const struct live *live,
                    const char **path)
{
    const char *cwd;
    *path = live->config_dir;
    if (live->config_dir[0] == '/')
        return 0;
    int r = proc_read_cwd(proc, live->stat.pid, stores->arena, &cwd);
    if (r == 0)
        *path = arena_printf(stores->arena, "%s/%s", cwd, live->config_dir);
    return r < 0 ? r : 0;
}

/* A store that cannot be opened, of the one process that names it. */
static struct store *add_unknown(struct stores *stores, const struct live *live, int code)
{
    struct store *s =
        add(stores, live->agent,
            arena_printf(stores->arena, "%s of pid %d", live->config_dir, (int)live->stat.pid));
    s->code = code;
    return s;
}

struct store *stores_of(struct stores *stores, const struct proc *proc, const struct live *live)
{
    if (!live->config_dir)
        return NULL;
    bool all = stores->options->config_dir_count == 0;
    const char *root = live->own_mounts ? proc_root_of(stores->arena, live->stat.pid) : NULL;
    const char *path;
    int r = absolute(stores, proc, live, &path);
    struct store *s =
        r < 0 ? add_unknown(stores, live, r) : open_store(stores, live->agent, root, path, all);
    if (all)
        s->wanted = true;
    if (s->wanted && s->code < 0)
        problems_add(stores->problems, s->io.path, s->code, NULL);
    if (live->config_dir_is_usual)
        s->is_standard = true;
    return s;
}

bool stores_is_home(const struct store *store, const struct sr_home *home)
{
    return str_equals(store->agent->name, home->agent) && str_equals(store->io.path, home->folder);
}

void stores_close(struct stores *stores)
{
    for (size_t i = 0; i < stores->count; i++)
        fs_close(&stores->items[i]->io.fd);
}
