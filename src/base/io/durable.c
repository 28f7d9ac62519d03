#include "base/io/durable.h"

#include "base/err.h"
#include "base/io/fs.h"
#include "base/io/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum {
    FILE_MODE = 0600,
    DIR_MODE = 0700,
    NAME_SIZE = 256,
    DEPTH_LIMIT = 64,
    LOCK_PATIENCE_MS = 10000,
    LOCK_LOOK_MS = 10,
    APPEND_PIECE = 4096,
};

int durable_open(int at, const char *name, int flags)
{
    int fd;
    do
        fd = openat(at, name, flags | O_CLOEXEC, FILE_MODE);
    while (fd < 0 && errno == EINTR);
    return fd < 0 ? -errno : fd;
}

int durable_create(int at, const char *name)
{
    int fd = durable_open(at, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW);
    if (fd < 0)
        return fd;
    if (fchmod(fd, FILE_MODE) < 0) { /* the umask may have taken even the owner's rights */
        int r = -errno;
        close(fd);
        unlinkat(at, name, 0);
        return r;
    }
    return fd;
}

int durable_create_unnamed(int at, const char *folder)
{
    return os_create_unnamed(at, folder, FILE_MODE);
}

/* Enters a folder, which is made first where it is missing. */
static int enter(int at, const char *name, int flags)
{
    bool made = mkdirat(at, name, DIR_MODE) == 0;
    if (!made && errno != EEXIST) {
        /* a parent that may not be written, or a read-only file system: it may be there already */
        int why = errno;
        struct stat st;
        if (fstatat(at, name, &st, 0) < 0)
            return -why;
    }
    int fd = durable_open(at, name, flags);
    if (fd < 0)
        return fd;
    int r = 0;
    if (made && fchmod(fd, DIR_MODE) < 0)
        r = -errno;
    if (made && r == 0)
        r = durable_sync(at);
    if (r < 0) {
        close(fd);
        return r;
    }
    return fd;
}

int durable_make_dirs(int at, const char *path, bool follows_links)
{
    int flags = O_RDONLY | O_DIRECTORY | (follows_links ? 0 : O_NOFOLLOW);
    int fd = durable_open(at, *path == '/' ? "/" : ".", O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return fd;
    while (*path) {
        size_t n = strcspn(path, "/");
        char name[NAME_SIZE];
        if (n >= sizeof name) {
            close(fd);
            return -ENAMETOOLONG;
        }
        if (n) {
            memcpy(name, path, n);
            name[n] = '\0';
            int inner = enter(fd, name, flags);
            close(fd);
            if (inner < 0)
                return inner;
            fd = inner;
        }
        path += n + (path[n] == '/');
    }
    return fd;
}

/* done: how much was written, on failure too. */
static int write_all(int fd, const char *bytes, size_t n, size_t *done)
{
    for (*done = 0; *done < n;) {
        ssize_t written = write(fd, bytes + *done, n - *done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        *done += (size_t)written;
    }
    return 0;
}

int durable_write(int fd, const char *bytes, size_t n)
{
    size_t done;
    return write_all(fd, bytes, n, &done);
}

int durable_sync(int fd)
{
    int r;
    do
        r = fsync(fd);
    while (r < 0 && errno == EINTR);
    /* some file systems have nothing to sync in a folder, and say so */
    return r < 0 && errno != EINVAL ? -errno : 0;
}

/* ---- appending ---------------------------------------------------------------------------- */

static int lock_patiently(int fd)
{
    for (int waited_ms = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; waited_ms += LOCK_LOOK_MS) {
        if (errno == ENOLCK || errno == ENOSYS || errno == EOPNOTSUPP)
            return 0; /* a file system without locks: what is ours is known by its bytes */
        if (errno != EINTR && errno != EWOULDBLOCK)
            return -errno;
        if (waited_ms >= LOCK_PATIENCE_MS)
            return -EBUSY;
        nanosleep(&(struct timespec){.tv_nsec = LOCK_LOOK_MS * 1000000L}, NULL);
    }
    return 0;
}

/* Returns: whether the file ends with these bytes, or negative errno. *from: where they begin. */
static int ends_with(int fd, const char *bytes, size_t n, int64_t *from)
{
    struct stat st;
    char there[APPEND_PIECE];
    if (fstat(fd, &st) < 0)
        return -errno;
    *from = st.st_size - (int64_t)n;
    for (size_t done = 0; done < n;) {
        size_t wanted = n - done < sizeof there ? n - done : sizeof there;
        ssize_t got = *from < 0 ? 0 : fs_read_at(fd, there, wanted, *from + (int64_t)done);
        if (got < 0)
            return (int)got;
        if ((size_t)got != wanted || memcmp(there, bytes + done, wanted) != 0)
            return false;
        done += wanted;
    }
    return true;
}

/* Cuts off what stands at the end and is ours. */
static bool take_back(int fd, const char *bytes, size_t n)
{
    int64_t from;
    return n == 0 || (ends_with(fd, bytes, n, &from) == 1 && ftruncate(fd, from) == 0 &&
                      durable_sync(fd) == 0);
}

/* Under the lock. */
static int append_text(int fd, int64_t size_bytes, const char *bytes, size_t n)
{
    size_t done = 0;
    int64_t from;
    int r = os_reserve(fd, size_bytes, n);
    if (r == 0)
        r = write_all(fd, bytes, n, &done);
    if (r == 0)
        r = durable_sync(fd);
    if (r == 0) { /* somebody may have written behind it: then it is a whole line, and stays */
        r = ends_with(fd, bytes, n, &from);
        if (r == 0 && from == size_bytes)
            r = -EIO;
    }
    if (r >= 0)
        return 0;
    return take_back(fd, bytes, done) ? r : -ENOTRECOVERABLE;
}

int durable_append(int fd, const char *closing, const char *bytes, size_t n)
{
    struct stat st;
    BUF_RELEASE struct buf text = {0};
    char last = '\n';
    int r = lock_patiently(fd);
    if (r < 0)
        return r;
    if (fstat(fd, &st) < 0)
        r = -errno;
    else if (st.st_size > 0) {
        ssize_t got = fs_read_at(fd, &last, 1, st.st_size - 1);
        r = got < 0 ? (int)got : 0;
    }
    if (r == 0) {
        buf_adds(&text, last == '\n' ? "" : closing);
        buf_add(&text, bytes, n);
        r = append_text(fd, st.st_size, text.p, text.n);
    }
    flock(fd, LOCK_UN);
    return r;
}

/* ---- names -------------------------------------------------------------------------------- */

/* Gives it the name, where nothing has it. */
static int name_newly(int from_at, const char *from, int to_at, const char *to)
{
    int r = os_rename_new(from_at, from, to_at, to);
    if (r != -EOPNOTSUPP)
        return r;
    /* our locks keep others of us away meanwhile */
    struct stat st;
    if (fstatat(to_at, to, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return -EEXIST;
    if (errno != ENOENT)
        return -errno; /* it may be there */
    return renameat(from_at, from, to_at, to) < 0 ? -errno : 0;
}

int durable_publish(int from_at, const char *from, int to_at, const char *to)
{
    int r = name_newly(from_at, from, to_at, to);
    return r < 0 ? r : durable_sync(to_at);
}

int durable_replace(int from_at, const char *from, int to_at, const char *to)
{
    int r;
    do
        r = renameat(from_at, from, to_at, to);
    while (r < 0 && errno == EINTR);
    return r < 0 ? -errno : durable_sync(to_at);
}

int durable_exchange(int at, const char *a, const char *b)
{
    return os_exchange(at, a, b);
}

static int remove_contents(int fd, int depth);

static int remove_at(int at, const char *name, int depth)
{
    if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM) /* Linux says the one for a folder, POSIX the other */
        return -errno;
    if (depth == DEPTH_LIMIT)
        return -ELOOP;
    int why = -errno;
    int fd = durable_open(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (fd < 0)
        return fd == -ENOTDIR ? why : fd;
    int r = remove_contents(fd, depth);
    if (r == 0 && unlinkat(at, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
        r = -errno;
    return r;
}

/* Takes fd over. */
static int remove_contents(int fd, int depth)
{
    ARENA_RELEASE struct arena a = {0};
    struct fs_name *names;
    size_t count = 0;
    int r = fs_list(fd, ".", SIZE_MAX, &a, &names, &count);
    for (size_t i = 0; r == 0 && i < count; i++)
        r = remove_at(fd, names[i].name, depth + 1);
    close(fd);
    return r;
}

int durable_remove(int at, const char *name)
{
    return remove_at(at, name, 0);
}

int durable_take_rights(int fd, int other)
{
    struct stat own, wanted;
    if (fstat(fd, &own) < 0 || fstat(other, &wanted) < 0)
        return -errno;
    bool moves = own.st_uid != wanted.st_uid || own.st_gid != wanted.st_gid;
    if (moves && fchown(fd, wanted.st_uid, wanted.st_gid) < 0)
        return -errno;
    int r = os_copy_access_list(fd, other); /* before the mode, which may not be wide without it */
    return r == 0 && fchmod(fd, wanted.st_mode & 07777) < 0 ? -errno : r;
}

int durable_check_room(int fd, int64_t needed_bytes, const char *shown, struct sr_error *error)
{
    char wanted[STR_SIZE_TEXT], there[STR_SIZE_TEXT];
    struct statvfs s;
    int r;
    do
        r = fstatvfs(fd, &s);
    while (r < 0 && errno == EINTR);
    if (r < 0)
        return err_set(error, -errno, "ask for the space in %s: %s", shown, err_reason(-errno));
    /* what an ordinary user may still write */
    unsigned long long bytes = (unsigned long long)s.f_bavail * s.f_frsize;
    int64_t free_bytes = bytes > INT64_MAX ? INT64_MAX : (int64_t)bytes;
    if (free_bytes >= needed_bytes)
        return 0;
    return err_set(error, -ENOSPC, "%s: %s are needed, %s are free", shown,
                   str_format_size(needed_bytes, wanted), str_format_size(free_bytes, there));
}
