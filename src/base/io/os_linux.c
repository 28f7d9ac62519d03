#include "base/io/os.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

enum {
    OPEN_TRIES = 100,
    SPAN_PAGES = 64 * 1024,
    PAGE = 4096,
    /* Not in linux/magic.h. */
    NTFS_MAGIC = 0x5346544e,
    NTFS3_MAGIC = 0x7366746e,
};

/* With one, the group's bits of the mode are its mask, and mean something else without it. */
#define ACCESS_LIST "system.posix_acl_access"

int os_open(int at, const char *path, int flags, enum os_bounds bounds)
{
    static const unsigned long long resolve[] = {
        [OS_ANYWHERE] = RESOLVE_NO_MAGICLINKS,
        [OS_BENEATH] = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
        [OS_NO_LINKS] = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
        [OS_AS_ROOT] = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    struct open_how how = {.flags = (unsigned)flags, .resolve = resolve[bounds]};
    int fd = -1;
    errno = EAGAIN;
    /* EAGAIN: a folder on the way was renamed meanwhile, which nobody does for ever */
    for (int i = 0; i < OPEN_TRIES && fd < 0 && (errno == EINTR || errno == EAGAIN); i++)
        fd = (int)syscall(SYS_openat2, at, path, &how, sizeof how);
    return fd < 0 ? -errno : fd;
}

int os_create_unnamed(int at, const char *folder, int mode)
{
    int fd =
        (int)TEMP_FAILURE_RETRY(openat(at, folder, O_RDWR | O_TMPFILE | O_EXCL | O_CLOEXEC, mode));
    return fd < 0 ? -errno : fd;
}

int os_create_in_memory(const char *name)
{
    int fd = memfd_create(name, MFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int os_reserve(int fd, int64_t offset, size_t n)
{
    int r = (int)TEMP_FAILURE_RETRY(fallocate(fd, FALLOC_FL_KEEP_SIZE, offset, (off_t)n));
    return r < 0 && (errno == ENOSPC || errno == EDQUOT) ? -errno : 0;
}

/* A file system without it (NFS, some FUSE), or a kernel. */
static int rename_by(int from_at, const char *from, int to_at, const char *to, unsigned flags)
{
    int r = (int)TEMP_FAILURE_RETRY(renameat2(from_at, from, to_at, to, flags));
    if (r == 0)
        return 0;
    return errno == EINVAL || errno == ENOSYS ? -EOPNOTSUPP : -errno;
}

int os_rename_new(int from_at, const char *from, int to_at, const char *to)
{
    return rename_by(from_at, from, to_at, to, RENAME_NOREPLACE);
}

int os_exchange(int at, const char *a, const char *b)
{
    return rename_by(at, a, at, b, RENAME_EXCHANGE);
}

int os_copy_access_list(int to, int from)
{
    char list[XATTR_SIZE_MAX];
    ssize_t n = fgetxattr(from, ACCESS_LIST, list, sizeof list);
    if (n < 0)
        return errno == ENODATA || errno == EOPNOTSUPP || errno == ENOSYS ? 0 : -errno;
    return fsetxattr(to, ACCESS_LIST, list, (size_t)n, 0) < 0 ? -errno : 0;
}

int os_clone(int to, int from)
{
    return ioctl(to, FICLONE, from) < 0 ? -errno : 0;
}

void os_write_out(int fd, int64_t from, int64_t n)
{
    sync_file_range(fd, from, n, SYNC_FILE_RANGE_WRITE);
}

bool os_is_in_memory(int fd)
{
    struct statfs fs;
    return fstatfs(fd, &fs) < 0 || fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC;
}

/* File systems that show one mode for all files, 0777 as often as not: FAT, NTFS and exFAT by their
 * drivers and by FUSE, the host's disks under WSL. Who may write there is decided elsewhere. */
static struct timespec time_of(struct statx_timestamp t)
{
    return (struct timespec){.tv_sec = t.tv_sec, .tv_nsec = t.tv_nsec};
}

int os_look(int at, const char *path, struct stat *out)
{
    struct statx x;
    if (statx(at, path, AT_STATX_DONT_SYNC, STATX_TYPE | STATX_SIZE | STATX_MTIME, &x) < 0)
        return -errno;
    *out = (struct stat){
        .st_mode = x.stx_mode, .st_size = (off_t)x.stx_size, .st_mtim = time_of(x.stx_mtime)};
    return 0;
}

int os_path_of(int fd, char *path, size_t size)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, size - 1);
    if (n < 0)
        return -errno;
    path[n] = '\0';
    return 0;
}

int os_resolve(const char *path, char *real, size_t size)
{
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int r = os_path_of(fd, real, size);
    close(fd);
    return r;
}

bool os_keeps_modes(int fd)
{
    static const long without[] = {
        MSDOS_SUPER_MAGIC, EXFAT_SUPER_MAGIC, FUSE_SUPER_MAGIC, V9FS_MAGIC, NTFS_MAGIC, NTFS3_MAGIC,
    };
    struct statfs fs;
    if (fstatfs(fd, &fs) < 0)
        return true;
    for (size_t i = 0; i < sizeof without / sizeof *without; i++)
        if ((long)fs.f_type == without[i])
            return false;
    return true;
}

bool os_is_cached(int fd, int64_t size_bytes)
{
    unsigned char pages[SPAN_PAGES];
    bool found = false;
    for (int64_t at = 0; at < size_bytes && !found; at += (int64_t)SPAN_PAGES * PAGE) {
        int64_t left = size_bytes - at, span = (int64_t)SPAN_PAGES * PAGE;
        size_t length = (size_t)(left < span ? left : span);
        void *map = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, at);
        if (map == MAP_FAILED)
            return true;
        found = mincore(map, length, pages) < 0;
        for (size_t i = 0; i < (length + PAGE - 1) / PAGE && !found; i++)
            found = pages[i] & 1;
        munmap(map, length);
    }
    return found;
}

/* Not every file system that takes the flag reads around its cache: only one that says so counts
 * (Linux 6.1 and later; ext4, XFS and others). */
static bool can_read_direct(int fd, size_t alignment)
{
#ifdef STATX_DIOALIGN
    struct statx x;
    return statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &x) == 0 && (x.stx_mask & STATX_DIOALIGN) &&
           x.stx_dio_mem_align && x.stx_dio_mem_align <= alignment &&
           x.stx_dio_offset_align <= alignment;
#else
    (void)fd, (void)alignment;
    return false;
#endif
}

bool os_read_around_cache(int fd, bool around, size_t alignment)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || (around && !can_read_direct(fd, alignment)))
        return false;
    return fcntl(fd, F_SETFL, around ? flags | O_DIRECT : flags & ~O_DIRECT) == 0;
}
