#include "base/io/fs.h"

#include "base/io/os.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEARCH_PIECE = 1024 * 1024 };

void fs_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static int open_retrying(int at, const char *path, int flags)
{
    int fd;
    do
        fd = openat(at, path, flags);
    while (fd < 0 && errno == EINTR);
    return fd < 0 ? -errno : fd;
}

int fs_open_dir(int at, const char *path)
{
    return open_retrying(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
}

struct fs_file fs_file_of(const struct stat *st)
{
    return (struct fs_file){
        .fd = -1,
        .device = st->st_dev,
        .inode = st->st_ino,
        .size_bytes = st->st_size,
        .mtime_ms = (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000,
        .mtime_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec,
        .ctime_ns = (int64_t)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec,
        .uid = st->st_uid,
    };
}

static int describe(int fd, struct fs_file *file)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (S_ISDIR(st.st_mode))
        return -EISDIR;
    if (!S_ISREG(st.st_mode))
        return -ENXIO;
    *file = fs_file_of(&st);
    file->fd = fd;
    return 0;
}

/* Opens by one of the two ways, never waiting. */
static int open_quietly(int at, const char *path, int (*open_one)(int, const char *, int),
                        struct fs_file *file)
{
    /* O_NONBLOCK: opening a FIFO for reading returns at once. O_NOATIME is
     * refused (EPERM) on files of other users: then without. */
    const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    int fd = open_one(at, path, flags | O_NOATIME);
    if (fd == -EPERM)
        fd = open_one(at, path, flags);
    if (fd < 0)
        return fd;
    int r = describe(fd, file);
    if (r < 0)
        close(fd);
    return r;
}

int fs_open_file(int at, const char *path, struct fs_file *file)
{
    return open_quietly(at, path, open_retrying, file);
}

static int open_beneath(int at, const char *path, int flags)
{
    return os_open(at, path, flags, OS_BENEATH);
}

int fs_open_file_beneath(int at, const char *path, struct fs_file *file)
{
    return open_quietly(at, path, open_beneath, file);
}

/* ---- links of the user's ------------------------------------------------------------------ */

enum { LINKS_LIMIT = 8, PART_SIZE = 256 };

static bool is_theirs(const struct stat *st, unsigned owner)
{
    return st->st_uid == owner || (S_ISLNK(st->st_mode) && st->st_uid == 0);
}

static int close_with(int fd, int code)
{
    close(fd);
    return code;
}

/* Returns: a descriptor of the folder that a link leads to. */
static int follow_to_folder(int at, const char *name, unsigned owner)
{
    int fd = os_open(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK, OS_ANYWHERE);
    struct stat st;
    if (fd < 0)
        return fd;
    if (fstat(fd, &st) < 0)
        return close_with(fd, -errno);
    return is_theirs(&st, owner) ? fd : close_with(fd, -EXDEV);
}

static bool keeps_name(int at, const char *name)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(at, name, target, sizeof target - 1);
    if (n < 0)
        return false;
    target[n] = '\0';
    return str_is_uuid(sv_of(name)) && str_equals(str_basename(target), name);
}

/* Returns: a descriptor, negative errno; *is_link: it was one. */
static int enter_part(int at, const char *name, bool is_free, unsigned owner, bool *is_link)
{
    struct stat st;
    *is_link = false;
    if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    if (!S_ISLNK(st.st_mode))
        return open_retrying(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    *is_link = true;
    if (!is_theirs(&st, owner) || (!is_free && !keeps_name(at, name)))
        return -EXDEV;
    return follow_to_folder(at, name, owner);
}

int fs_enter(int at, const char *path, size_t free_parts, unsigned owner, int *place,
             const char **rest)
{
    int fd = -1, linked = -1, r = 0;
    const char *after = path;
    size_t part = 0;
    for (const char *p = path, *slash; (slash = strchr(p, '/')); p = slash + 1, part++) {
        char name[PART_SIZE];
        bool is_link;
        if ((size_t)(slash - p) >= sizeof name) {
            r = -ENAMETOOLONG;
            break;
        }
        memcpy(name, p, (size_t)(slash - p));
        name[slash - p] = '\0';
        int inner = enter_part(fd < 0 ? at : fd, name, part < free_parts, owner, &is_link);
        fs_close(&fd);
        if (inner < 0) {
            r = inner;
            break;
        }
        fd = inner;
        if (is_link) {
            fs_close(&linked);
            linked = fcntl(fd, F_DUPFD_CLOEXEC, 0);
            after = slash + 1;
            if (linked < 0) {
                r = -errno;
                break;
            }
        }
    }
    fs_close(&fd);
    if (r < 0 && r != -ENOENT && r != -ENOTDIR) {
        fs_close(&linked);
        return r;
    }
    *place = linked; /* what is not there yet is below it, and no link */
    *rest = after;
    return 0;
}

int fs_enter_file(int at, const char *path, const char *suffix, unsigned owner, struct arena *a,
                  int *folder, const char **name)
{
    FS_CLOSE int dir = fcntl(at, F_DUPFD_CLOEXEC, 0);
    if (at == AT_FDCWD)
        dir = fs_open_dir(AT_FDCWD, ".");
    if (dir < 0)
        return dir == -1 ? -errno : dir;
    for (int links = 0;; links++) {
        struct stat st;
        const char *target;
        if (fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
            return -errno;
        if (!S_ISLNK(st.st_mode)) {
            if (links == 0)
                return 1;
            if (!S_ISREG(st.st_mode) || !is_theirs(&st, owner) || !str_ends_with(path, suffix))
                return -EXDEV;
            *folder = dir;
            *name = path;
            dir = -1;
            return 0;
        }
        int r = links == LINKS_LIMIT ? -ELOOP : is_theirs(&st, owner) ? 0 : -EXDEV;
        if (r == 0)
            r = fs_read_link(dir, path, a, &target);
        if (r < 0)
            return r;
        /* the link's own folder first, then what it says */
        const char *base = str_basename(path);
        const char *way =
            *target == '/' ? target : arena_printf(a, "%.*s%s", (int)(base - path), path, target);
        base = str_basename(way);
        const char *to = base == way ? "." : arena_strndup(a, way, (size_t)(base - way));
        int next = os_open(dir, to, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK, OS_ANYWHERE);
        if (next < 0)
            return next;
        fs_close(&dir);
        dir = next;
        path = base;
    }
}

static int open_unlinked(int at, const char *path, int flags)
{
    return open_retrying(at, path, flags | O_NOFOLLOW);
}

int fs_open_linked(int at, const char *path, struct fs_file *file)
{
    int r = open_quietly(at, path, open_unlinked, file);
    if (r != -ELOOP)
        return r;
    const char *base = str_basename(path), *suffix = strrchr(base, '.'), *name;
    ARENA_RELEASE struct arena arena = {0};
    struct stat place;
    FS_CLOSE int folder = -1;
    const char *home = base == path ? "." : arena_strndup(&arena, path, (size_t)(base - path));
    r = fstatat(at, home, &place, 0) < 0
            ? -errno
            : fs_enter_file(at, path, suffix ? suffix : "", place.st_uid, &arena, &folder, &name);
    /* 1: it was a link, and is none any more */
    if (r >= 0)
        r = open_quietly(r == 0 ? folder : at, r == 0 ? name : path, open_unlinked, file);
    return r;
}

int fs_look_again(struct fs_file *file)
{
    return describe(file->fd, file);
}

ssize_t fs_read_at(int fd, char *bytes, size_t n, int64_t offset)
{
    size_t done = 0;
    while (done < n) {
        ssize_t r = pread(fd, bytes + done, n - done, offset + (int64_t)done);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return -errno;
        if (r == 0)
            break;
        done += (size_t)r;
    }
    return (ssize_t)done;
}

int64_t fs_read_source(void *fd, char *bytes, size_t n, int64_t offset)
{
    return fs_read_at(*(const int *)fd, bytes, n, offset);
}

bool fs_next_piece(struct fs_pieces *p, struct sv *piece)
{
    size_t kept = p->there < p->overlap ? p->there : p->overlap;
    if (!p->bytes)
        p->bytes = mem_resize(NULL, p->overlap + p->size);
    memmove(p->bytes, p->bytes + p->there - kept, kept);
    ssize_t n = fs_read_at(p->fd, p->bytes + kept, p->size, p->offset);
    p->code = n < 0 ? (int)n : 0;
    if (n <= 0)
        return false;
    p->offset += n;
    p->there = kept + (size_t)n;
    *piece = (struct sv){p->bytes, p->there};
    return true;
}

int fs_end_pieces(struct fs_pieces *p)
{
    free(p->bytes);
    p->bytes = NULL;
    return p->code;
}

int fs_read_small(int at, const char *path, size_t limit, struct arena *a, struct sv *text)
{
    struct fs_file file;
    int r = fs_open_file(at, path, &file);
    if (r < 0)
        return r;
    FS_CLOSE int fd = file.fd;

    /* Files in /proc say 0 bytes: begin with a page, and double while it fills. */
    size_t room = file.size_bytes > 0 ? (size_t)file.size_bytes + 1 : 4096;
    if (room > limit + 1)
        room = limit + 1;
    char *bytes = arena_take(a, room + 1);
    size_t n = 0;
    for (;;) {
        ssize_t got = fs_read_at(fd, bytes + n, room - n, (int64_t)n);
        if (got < 0)
            return (int)got;
        n += (size_t)got;
        if (n < room)
            break;
        if (n > limit)
            return -EFBIG;
        size_t wider = room * 2 > limit + 1 ? limit + 1 : room * 2;
        char *moved = arena_take(a, wider + 1);
        memcpy(moved, bytes, n);
        bytes = moved;
        room = wider;
    }
    bytes[n] = '\0';
    *text = (struct sv){bytes, n};
    return 0;
}

const char *fs_absolute(struct arena *a, const char *path)
{
    char cwd[PATH_MAX];
    if (*path == '/' || !getcwd(cwd, sizeof cwd))
        return path;
    while (str_starts_with(path, "./"))
        path += 1 + strspn(path + 1, "/");
    bool is_here = !*path || str_equals(path, ".");
    return is_here ? arena_strdup(a, cwd)
                   : arena_printf(a, "%s/%s", str_equals(cwd, "/") ? "" : cwd, path);
}

int fs_read_link(int at, const char *path, struct arena *a, const char **target)
{
    char bytes[4096];
    ssize_t n = readlinkat(at, path, bytes, sizeof bytes);
    if (n < 0)
        return -errno;
    if ((size_t)n == sizeof bytes)
        return -ENAMETOOLONG;
    *target = arena_strndup(a, bytes, (size_t)n);
    return 0;
}

int fs_list(int at, const char *path, size_t limit, struct arena *a, struct fs_name **names,
            size_t *count)
{
    int fd = fs_open_dir(at, path);
    if (fd < 0)
        return fd;
    DIR *dir = fdopendir(fd);
    if (!dir) {
        int r = -errno;
        close(fd);
        return r;
    }
    struct fs_name *items = NULL;
    size_t n = 0, capacity = 0;
    int r = 0;
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(dir);
        if (!entry) {
            r = -errno;
            break;
        }
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        if (n == limit) {
            r = -EFBIG;
            break;
        }
        *ARENA_PUSH(a, items, n, capacity) = (struct fs_name){
            arena_strdup(a, entry->d_name),
            entry->d_type == DT_DIR || entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN};
    }
    closedir(dir);
    if (r < 0 && r != -EFBIG)
        return r;
    *names = items;
    *count = n;
    return r;
}

int fs_why_absent(int at, const char *path)
{
    char part[PATH_MAX];
    struct stat st;
    for (size_t n = 1; path[n - 1]; n++) {
        if ((path[n] && path[n] != '/') || n >= sizeof part)
            continue;
        memcpy(part, path, n);
        part[n] = '\0';
        if (fstatat(at, part, &st, 0) == 0)
            continue;
        if (errno != ENOENT)
            return -errno;
        return fstatat(at, part, &st, AT_SYMLINK_NOFOLLOW) == 0 ? -ENOLINK : -ENOENT;
    }
    return -ENOENT;
}

struct lookup fs_find(int at, const char *path, struct sv wanted)
{
    struct fs_file file;
    int r = fs_open_file_beneath(at, path, &file);
    if (r < 0)
        return lookup_of(r, path);
    struct fs_pieces p = {
        .fd = file.fd, .size = SEARCH_PIECE, .overlap = wanted.n ? wanted.n - 1 : 0};
    struct sv piece;
    bool found = false;
    while (!found && fs_next_piece(&p, &piece))
        found = sv_find(piece, 0, wanted) < piece.n;
    r = fs_end_pieces(&p);
    fs_close(&file.fd);
    return found ? lookup_found() : r < 0 ? lookup_of(r, path) : lookup_absent();
}
