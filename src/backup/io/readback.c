#include "backup/io/readback.h"

#include "backup/io/stream.h"
#include "base/io/durable.h"
#include "base/io/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { SPAN_PAGES = 64 * 1024, PAGE = 4096 };

const char *readback_word(enum readback_way way)
{
    static const char *const words[] = {"cache", "dropped", "direct"};
    return words[way];
}

static bool has_disk(int fd)
{
    struct statfs fs;
    return fstatfs(fd, &fs) == 0 && fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC;
}

/* Whether a page of the file is in the cache; true where that cannot be asked. */
static bool is_cached(int fd, int64_t size_bytes)
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
static bool reads_direct(int fd)
{
#ifdef STATX_DIOALIGN
    struct statx x;
    int flags = fcntl(fd, F_GETFL);
    return statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &x) == 0 && (x.stx_mask & STATX_DIOALIGN) &&
           x.stx_dio_mem_align && x.stx_dio_mem_align <= STREAM_ALIGNMENT &&
           x.stx_dio_offset_align <= STREAM_ALIGNMENT && flags >= 0 &&
           fcntl(fd, F_SETFL, flags | O_DIRECT) == 0;
#else
    (void)fd;
    return false;
#endif
}

static void read_through_cache(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0)
        fcntl(fd, F_SETFL, flags & ~O_DIRECT);
}

int64_t readback_digest(int fd, char sha256[static DIGEST_TEXT_SIZE], enum readback_way *way)
{
    struct stat st;
    enum readback_way came = READBACK_CACHE;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (has_disk(fd)) {
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        came = is_cached(fd, st.st_size) ? READBACK_CACHE : READBACK_DROPPED;
    }
    bool is_direct = came == READBACK_DROPPED && reads_direct(fd);
    int64_t n = stream_read(fd, st.st_size, NULL, NULL, sha256);
    if (is_direct) {
        came = n == -EINVAL ? came : READBACK_DIRECT;
        read_through_cache(fd);
        if (n == -EINVAL)
            n = stream_read(fd, st.st_size, NULL, NULL, sha256);
    }
    if (n >= 0 && way)
        *way = came;
    return n;
}

int readback_check(int at, const char *name, int64_t size_bytes, const char *sha256,
                   enum readback_way *way)
{
    struct fs_file file;
    char found[DIGEST_TEXT_SIZE];
    int r = fs_open_file(at, name, &file);
    if (r < 0)
        return r;
    int64_t n = readback_digest(file.fd, found, way);
    fs_close(&file.fd);
    return n < 0 ? (int)n : n == size_bytes && strcmp(found, sha256) == 0 ? 0 : -EIO;
}

int readback_put(int at, const char *name, const char *bytes, size_t n, enum readback_way *way)
{
    struct digest d;
    char sha256[DIGEST_TEXT_SIZE];
    int fd = durable_create(at, name);
    if (fd < 0)
        return fd;
    int r = durable_write(fd, bytes, n);
    if (r == 0)
        r = durable_sync(fd);
    fs_close(&fd);
    digest_init(&d);
    digest_add(&d, bytes, n);
    digest_end(&d, sha256);
    return r < 0 ? r : readback_check(at, name, (int64_t)n, sha256, way);
}
