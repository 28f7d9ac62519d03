#include "backup/backup_dir.h"

#include "backup/fullness.h"
#include "base/fact.h"
#include "base/io/durable.h"
#include "base/io/fs.h"
#include "base/io/os.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PARTIAL ".partial-"
#define QUARANTINE ".quarantine" BACKUP_TRANSCRIPT
#define LOCK_NAME ".lock"
#define WATCHER_NAME ".watch"

enum {
    STAMP_LENGTH = 20, /* 2026-02-05T10-11-12Z */
    LOOK_MS = 50,      /* between two tries for the lock */
    NAME_LIMIT = 1000000,
    NAME_SIZE = BACKUP_DIR_STEM_SIZE + 16,
    BEGIN_TRIES = 10,
    COOLDOWN_MS = 10 * 60 * 1000,
};

/* "salvage.md" is in few. */
static const char *const parts[] = {&BACKUP_TRANSCRIPT[1], "files", "salvage.md", "json", "sha256"};

enum { PARTS = sizeof parts / sizeof *parts };

/* ---- opening and locking ------------------------------------------------------------------ */

/* Where everybody may write, a backup can be planted, and restored for a true one. A sticky folder
 * (/tmp) only keeps others from removing ours. Returns: 1, 0, or negative errno. */
static int is_everybodys(int fd)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    return (st.st_mode & S_IWOTH) && os_keeps_modes(fd);
}

int backup_dir_open(struct backup_dir *p, const char *path, bool create, struct sr_error *error)
{
    int fd = create ? durable_make_dirs(AT_FDCWD, path, true) : fs_open_dir(AT_FDCWD, path);
    if (fd < 0)
        return err_set(error, fd, "%s %s: %s", create ? "make" : "open", path, err_reason(fd));
    int r = is_everybodys(fd);
    if (r != 0)
        close(fd);
    if (r < 0)
        return err_set(error, r, "who may write to %s: %s", path, err_reason(r));
    if (r > 0)
        return err_set(error, -EPERM,
                       "%s is refused as a place of backups: everybody may write there (chmod o-w, "
                       "or name a folder in it)",
                       path);
    *p = (struct backup_dir){path, fd, -1};
    return 0;
}

/* The folder, or the nearest above it that is there. A link that leads nowhere is there, and no
 * folder can be made in its place. */
static int nearest(const char *path, char place[static PATH_MAX])
{
    struct stat st;
    snprintf(place, PATH_MAX, "%s", path);
    while (stat(place, &st) < 0) {
        char *slash = strrchr(place, '/');
        if (errno != ENOENT || str_equals(place, "."))
            return -errno;
        if (lstat(place, &st) == 0)
            return -ENOLINK;
        if (slash && slash > place)
            *slash = '\0';
        else
            snprintf(place, PATH_MAX, "%s", slash && slash[1] ? "/" : ".");
    }
    return 0;
}

int backup_dir_foresee(const char *path, int64_t needed_bytes, struct sr_error *error)
{
    char place[PATH_MAX];
    int r = nearest(path, place);
    FS_CLOSE int fd = r < 0 ? r : fs_open_dir(AT_FDCWD, place);
    if (r == 0 && fd < 0)
        r = fd;
    if (r == 0 && faccessat(AT_FDCWD, place, W_OK | X_OK, AT_EACCESS) < 0)
        r = -errno;
    if (r < 0)
        return err_set(error, r, "write to %s: %s", path, err_reason(r));
    return durable_check_room(fd, needed_bytes, path, error);
}

void backup_dir_close(struct backup_dir *p)
{
    backup_dir_unlock(p);
    fs_close(&p->fd);
}

/* Leaves what is in text where nothing is said: it has the lock, and has not signed yet. */
static void read_holder(int fd, char *text, size_t size)
{
    char line[64];
    ssize_t n = fs_read_at(fd, line, sizeof line - 1, 0);
    line[n > 0 ? n : 0] = '\0';
    line[strcspn(line, "\n")] = '\0';
    if (line[0])
        snprintf(text, size, "%s", line);
}

/* The holder's pid is for people: the lock itself is the kernel's, and ends with its holder. */
static int write_holder(int fd)
{
    char text[32];
    int n = snprintf(text, sizeof text, "pid %d\n", (int)getpid());
    if (ftruncate(fd, 0) < 0)
        return -errno;
    return durable_write(fd, text, (size_t)n);
}

static int take(int fd, int patience_ms, void (*waiting)(void *, const char *), void *context,
                char *holder, size_t size)
{
    int64_t until_ns = awake_now().ns + (int64_t)patience_ms * 1000000;
    bool was_told = false;
    for (;;) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return 0;
        if (errno == EINTR)
            continue;
        if (errno != EWOULDBLOCK)
            return -errno;
        read_holder(fd, holder, size);
        if (awake_now().ns >= until_ns)
            return -EBUSY;
        if (waiting && !was_told)
            waiting(context, holder);
        was_told = true;
        nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
    }
}

/* Returns: a descriptor that holds the lock, or negative errno. */
static int lock_by(const struct backup_dir *p, const char *name, int patience_ms,
                   void (*waiting)(void *context, const char *holder), void *context,
                   struct sr_error *error)
{
    char holder[64] = "another process";
    int fd = durable_open(p->fd, name, O_RDWR | O_CREAT | O_NOFOLLOW);
    if (fd < 0)
        return err_set(error, fd, "open %s/%s: %s", p->path, name, err_reason(fd));
    int r = take(fd, patience_ms, waiting, context, holder, sizeof holder);
    if (r == -EBUSY)
        err_set(error, r, "%s/%s is held by %s", p->path, name, holder);
    else if (r < 0)
        err_set(error, r, "lock %s/%s: %s", p->path, name, err_reason(r));
    else if ((r = write_holder(fd)) < 0 && r != -ENOSPC && r != -EDQUOT)
        err_set(error, r, "write %s/%s: %s", p->path, name, err_reason(r));
    else
        return fd; /* on a full disk nobody is told by whom it is held */
    close(fd);
    return r;
}

int backup_dir_lock(struct backup_dir *p, int patience_ms,
                    void (*waiting)(void *context, const char *holder), void *context,
                    struct sr_error *error)
{
    int fd = lock_by(p, LOCK_NAME, patience_ms, waiting, context, error);
    if (fd < 0)
        return fd;
    p->lock = fd;
    return 0;
}

int backup_dir_lock_watcher(const struct backup_dir *p, struct sr_error *error)
{
    return lock_by(p, WATCHER_NAME, 0, NULL, NULL, error);
}

void backup_dir_unlock(struct backup_dir *p)
{
    /* A child that was begun meanwhile has the descriptor too, and a close that fails may keep it.
     */
    if (p->lock >= 0)
        flock(p->lock, LOCK_UN);
    fs_close(&p->lock);
}

/* ---- names -------------------------------------------------------------------------------- */

/* "<agent>-<id>"; of the agent that is meant where none is named "<id>". Returns: {0}: neither. */
static struct sv id_in(struct sv rest)
{
    for (size_t i = 0; agents[i]; i++) {
        struct sv id = rest;
        if (i) {
            struct sv name = sv_of(agents[i]->name);
            if (!sv_starts_with(rest, name) || rest.n <= name.n || rest.p[name.n] != '-')
                continue;
            id = sv_slice(rest, name.n + 1, rest.n);
        }
        if (agents[i]->stored->is_id(id))
            return id;
    }
    return (struct sv){0};
}

struct sv backup_dir_id_of(struct sv name)
{
    static const struct sv word = {"-LOSSLESS-", 10};
    if (name.n <= STAMP_LENGTH + word.n || name.n >= BACKUP_DIR_STEM_SIZE)
        return (struct sv){0};
    for (size_t i = 0; i < STAMP_LENGTH; i++) {
        char form = "dddd-dd-ddTdd-dd-ddZ"[i], c = name.p[i];
        if (form == 'd' ? c < '0' || c > '9' : c != form)
            return (struct sv){0};
    }
    if (!sv_equals(sv_slice(name, STAMP_LENGTH, STAMP_LENGTH + word.n), word))
        return (struct sv){0};
    return id_in(sv_slice(name, STAMP_LENGTH + word.n, name.n));
}

bool backup_dir_is_stem(struct sv name)
{
    return backup_dir_id_of(name).n > 0;
}

static void make_stem(struct wall at, const struct agent *agent, const char *session_id,
                      char stem[static BACKUP_DIR_STEM_SIZE])
{
    char stamp[WALL_TEXT_SIZE];
    wall_format(at, stamp);
    for (char *c = stamp; *c; c++)
        if (*c == ':')
            *c = '-';
    bool is_named = !str_equals(agent->name, agents[0]->name); /* a copy of one has its name */
    snprintf(stem, BACKUP_DIR_STEM_SIZE, "%s-LOSSLESS-%s%s%s", stamp, is_named ? agent->name : "",
             is_named ? "-" : "", session_id);
}

static const char *part_name(char name[static NAME_SIZE], const char *stem, const char *part)
{
    snprintf(name, NAME_SIZE, "%s.%s", stem, part);
    return name;
}

static const char *partial_name(char name[static NAME_SIZE], const char *stem)
{
    snprintf(name, NAME_SIZE, PARTIAL "%s", stem);
    return name;
}

static struct lookup look_for(const struct backup_dir *p, const char *name)
{
    struct stat st;
    return lookup_of(fstatat(p->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0, p->path);
}

/* Any part of a backup. */
static struct lookup look_for_any(const struct backup_dir *p, const char *stem)
{
    char name[NAME_SIZE];
    struct lookup any = lookup_absent();
    for (size_t i = 0; i < PARTS; i++)
        any = lookup_either(any, look_for(p, part_name(name, stem, parts[i])));
    return any;
}

struct wall backup_dir_time(const char *stem)
{
    char stamp[STAMP_LENGTH + 1];
    struct wall at = {0};
    memcpy(stamp, stem, STAMP_LENGTH);
    stamp[STAMP_LENGTH] = '\0';
    stamp[13] = stamp[16] = ':';
    wall_parse(sv_of(stamp), &at);
    return at;
}

/* ---- one backup --------------------------------------------------------------------------- */

int backup_dir_begin(struct backup_dir *p, const struct agent *agent, const char *session_id,
                     char stem[static BACKUP_DIR_STEM_SIZE], struct sr_error *error)
{
    char name[NAME_SIZE];
    for (int i = 0; i < BEGIN_TRIES; i++) {
        make_stem(wall_now(), agent, session_id, stem);
        if (!backup_dir_is_stem(sv_of(stem)))
            return err_set(error, -EINVAL, "%s would not be known for a backup by its name", stem);
        struct lookup taken = look_for_any(p, stem);
        if (taken.state == LOOKUP_UNKNOWN)
            return err_set(error, taken.code, "look into %s: %s", p->path, err_reason(taken.code));
        if (taken.state == LOOKUP_ABSENT) {
            int fd = durable_make_dirs(p->fd, partial_name(name, stem), false);
            if (fd >= 0)
                return fd;
            backup_dir_abandon(p, stem);
            return err_set(error, fd, "make %s/%s: %s", p->path, name, err_reason(fd));
        }
        /* one was taken within this second */
        nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
    }
    return err_set(error, -EEXIST, "%s/%s.* is there already", p->path, stem);
}

int backup_dir_commit(struct backup_dir *p, int partial, const char *stem, struct sr_error *error)
{
    char name[NAME_SIZE];
    int r = durable_sync(partial);
    if (r < 0)
        return err_set(error, r, "sync %s: %s", p->path, err_reason(r));
    for (size_t i = 0; i < PARTS; i++) {
        part_name(name, stem, parts[i]);
        r = durable_publish(partial, parts[i], p->fd, name);
        if (r == -ENOENT && str_equals(parts[i], "salvage.md"))
            r = 0;
        if (r < 0)
            return err_set(error, r, "publish %s/%s: %s", p->path, name, err_reason(r));
    }
    /* the backup is there: an empty folder that cannot be removed is for the next run */
    durable_remove(p->fd, partial_name(name, stem));
    return 0;
}

int backup_dir_abandon(struct backup_dir *p, const char *stem)
{
    char name[NAME_SIZE];
    int r = 0;
    struct lookup sums = look_for(p, part_name(name, stem, "sha256"));
    if (sums.state == LOOKUP_UNKNOWN)
        return sums.code; /* what may be a backup is left */
    for (size_t i = 0; i < PARTS && sums.state == LOOKUP_ABSENT && r == 0; i++)
        r = durable_remove(p->fd, part_name(name, stem, parts[i]));
    /* last, as it says that the others may go */
    return r < 0 ? r : durable_remove(p->fd, partial_name(name, stem));
}

/* ---- all of them -------------------------------------------------------------------------- */

int backup_dir_clean(struct backup_dir *p, struct sr_error *error)
{
    ARENA_RELEASE struct arena a = {0};
    struct fs_name *names;
    size_t count = 0;
    int r = fs_list(p->fd, ".", NAME_LIMIT, &a, &names, &count);
    for (size_t i = 0; r == 0 && i < count; i++)
        if (str_starts_with(names[i].name, PARTIAL) &&
            backup_dir_is_stem(sv_of(names[i].name + strlen(PARTIAL))))
            r = backup_dir_abandon(p, names[i].name + strlen(PARTIAL));
    if (r < 0)
        err_set(error, r, "remove what an export left in %s: %s", p->path, err_reason(r));
    return r;
}

static int by_stem(const void *a, const void *b)
{
    return strcmp(((const struct backup_dir_entry *)a)->stem,
                  ((const struct backup_dir_entry *)b)->stem);
}

/* Cuts "<stem>.jsonl" to its stem. Returns: false for what is no part of a backup. */
static bool stem_of_part(const char *name, struct sv *stem)
{
    for (size_t i = 0; i < PARTS; i++) {
        size_t n = strlen(name), suffix = strlen(parts[i]) + 1;
        if (n > suffix && name[n - suffix] == '.' && str_equals(name + n - suffix + 1, parts[i])) {
            *stem = (struct sv){name, n - suffix};
            return backup_dir_is_stem(*stem);
        }
    }
    return false;
}

int backup_dir_list(const struct backup_dir *p, struct arena *a, struct backup_dir_entry **entries,
                    size_t *count)
{
    struct fs_name *names;
    size_t name_count, n = 0, capacity = 0, kept = 0;
    struct backup_dir_entry *all = NULL;
    char name[NAME_SIZE];
    struct sv stem;
    int r = fs_list(p->fd, ".", NAME_LIMIT, a, &names, &name_count);
    if (r < 0)
        return r;
    for (size_t i = 0; i < name_count; i++)
        if (stem_of_part(names[i].name, &stem)) {
            struct backup_dir_entry *e = ARENA_PUSH(a, all, n, capacity);
            e->stem = arena_strndup(a, stem.p, stem.n);
            e->session_id = e->stem + (backup_dir_id_of(stem).p - stem.p);
            e->is_complete = str_ends_with(names[i].name, ".sha256");
        }
    if (n)
        qsort(all, n, sizeof *all, by_stem);
    for (size_t i = 0; i < n; i++) {
        if (kept && str_equals(all[kept - 1].stem, all[i].stem)) {
            all[kept - 1].is_complete = all[kept - 1].is_complete || all[i].is_complete;
            continue;
        }
        /* not what is being made just now, or was left by one that was killed */
        if (all[i].is_complete ||
            look_for(p, partial_name(name, all[i].stem)).state != LOOKUP_FOUND)
            all[kept++] = all[i];
    }
    *entries = all;
    *count = kept;
    return 0;
}

/* A transcript that may hold more than another: open while they are compared. */
struct rival {
    bool is_one;
    int fd;
    int code;           /* why it cannot be read; 0: it can */
    int64_t size_bytes; /* -1: not known */
};

static int64_t size_of(const struct backup_dir *p, const char *name)
{
    struct stat st;
    return fstatat(p->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -1 : st.st_size;
}

static struct rival rival_of(const struct backup_dir *p, const struct backup_dir_entry *entry,
                             const char *session_id, bool takes_repaired)
{
    char name[NAME_SIZE + sizeof QUARANTINE];
    struct fs_file file = {.fd = -1};
    struct rival none = {.fd = -1};
    if (!entry->is_complete || !str_equals(entry->session_id, session_id))
        return none;
    snprintf(name, sizeof name, "%s" QUARANTINE, entry->stem);
    struct lookup repaired = takes_repaired ? lookup_absent() : look_for(p, name);
    if (repaired.state == LOOKUP_FOUND)
        return none;
    part_name(name, entry->stem, &BACKUP_TRANSCRIPT[1]);
    int r = repaired.state == LOOKUP_UNKNOWN ? repaired.code : fs_open_file(p->fd, name, &file);
    if (r == -ENOENT) /* a backup that has lost it */
        return none;
    return (struct rival){true, file.fd, r, r < 0 ? size_of(p, name) : file.size_bytes};
}

/* Negative errno where its records cannot be counted. */
static int64_t fullness(const struct rival *rival, bool counts)
{
    if (rival->code < 0)
        return rival->code;
    return !counts || rival->fd < 0 ? rival->size_bytes
                                    : fullness_count(rival->fd, rival->size_bytes);
}

/* Whether a length says nothing, of the one or of a longer one. */
static bool is_to_count(const struct backup_dir *p, const struct backup_dir_entry *entries,
                        size_t count, const char *session_id, const struct rival *than)
{
    bool counts =
        than->fd >= 0 && than->size_bytes > 0 && fullness_is_doubtful(than->fd, than->size_bytes);
    for (size_t i = 0; i < count && !counts; i++) {
        struct rival rival = rival_of(p, &entries[i], session_id, than->size_bytes <= 0);
        counts = rival.fd >= 0 && rival.size_bytes > than->size_bytes &&
                 fullness_is_doubtful(rival.fd, rival.size_bytes);
        fs_close(&rival.fd);
    }
    return counts;
}

struct lookup backup_dir_fuller(const struct backup_dir *p, const struct backup_dir_entry *entries,
                                size_t count, const char *session_id, int than_fd,
                                int64_t than_bytes, const struct backup_dir_entry **fuller,
                                int64_t *size_bytes)
{
    const struct backup_dir_entry *found = NULL;
    struct lookup unread = lookup_absent();
    struct rival than = {true, than_fd, 0, than_bytes};
    bool can_count = than_fd >= 0 || than_bytes <= 0; /* else lengths alone can be compared */
    bool counts = can_count && is_to_count(p, entries, count, session_id, &than);
    int64_t most = than_bytes > 0 ? fullness(&than, counts) : than_bytes;
    int code = than_bytes > 0 && most < 0 ? (int)most : 0; /* each may hold more than it */
    for (size_t i = 0; i < count; i++) {
        struct rival rival = rival_of(p, &entries[i], session_id, than_bytes <= 0);
        int64_t its = !rival.is_one ? -1 : code < 0 ? code : fullness(&rival, counts);
        bool may_be_longer = counts || rival.size_bytes < 0 || rival.size_bytes > than_bytes;
        if (rival.is_one && its < 0 && may_be_longer) {
            unread = lookup_unknown((int)its, entries[i].stem);
        } else if (rival.is_one && its >= 0 && (found ? its >= most : its > most)) {
            found = &entries[i];
            most = its;
            *size_bytes = rival.size_bytes;
        }
        fs_close(&rival.fd);
    }
    *fuller = found;
    return unread.state == LOOKUP_UNKNOWN ? unread : found ? lookup_found() : lookup_absent();
}

/* When the newest complete backup of a session was begun, by its name, to the second. */
static struct wall newest_of(const char *path, const char *session_id)
{
    struct backup_dir p;
    ARENA_RELEASE struct arena a = {0};
    struct backup_dir_entry *entries;
    size_t count;
    struct wall at = {0};
    if (backup_dir_open(&p, path, false, NULL) < 0)
        return at;
    if (backup_dir_list(&p, &a, &entries, &count) == 0)
        for (size_t i = 0; i < count; i++)
            if (entries[i].is_complete && str_equals(entries[i].session_id, session_id))
                at = backup_dir_time(entries[i].stem);
    backup_dir_close(&p);
    return at;
}

bool backup_dir_is_recent(const char *path, const char *session_id)
{
    struct wall at = session_id ? newest_of(path, session_id) : (struct wall){0};
    int64_t age_ms = wall_now().ms - at.ms;
    return wall_known(at) && age_ms >= 0 && age_ms < COOLDOWN_MS;
}
