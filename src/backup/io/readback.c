#include "backup/io/readback.h"

#include "backup/io/stream.h"
#include "base/io/durable.h"
#include "base/io/fs.h"
#include "base/io/os.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *readback_word(enum readback_way way)
{
    static const char *const words[] = {"cache", "dropped", "direct"};
    return words[way];
}

int64_t readback_digest(int fd, char sha256[static DIGEST_TEXT_SIZE], enum readback_way *way)
{
    struct stat st;
    enum readback_way came = READBACK_CACHE;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (!os_is_in_memory(fd)) {
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        came = os_is_cached(fd, st.st_size) ? READBACK_CACHE : READBACK_DROPPED;
    }
    bool is_direct = came == READBACK_DROPPED && os_read_around_cache(fd, true, STREAM_ALIGNMENT);
    int64_t n = stream_read(fd, st.st_size, NULL, NULL, sha256);
    if (is_direct) {
        came = n == -EINVAL ? came : READBACK_DIRECT;
        os_read_around_cache(fd, false, STREAM_ALIGNMENT);
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
