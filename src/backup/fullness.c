#include "backup/fullness.h"

#include "base/io/fs.h"
#include "repair/normalise.h"

#include <string.h>

enum { SAMPLE = 64 * 1024 };

bool fullness_is_doubtful(int fd, int64_t size_bytes)
{
    char bytes[SAMPLE];
    int64_t last = size_bytes > SAMPLE ? size_bytes - SAMPLE : 0;
    const int64_t places[] = {0, last / 2, last};
    for (size_t i = 0; i < sizeof places / sizeof *places && (i == 0 || last > 0); i++) {
        ssize_t n = fs_read_at(fd, bytes, sizeof bytes, places[i]);
        if (n < 0 || memchr(bytes, '\0', (size_t)n))
            return true;
    }
    return false;
}

int64_t fullness_count(int fd, int64_t size_bytes)
{
    struct record_source source = {
        .read = fs_read_source, .context = &fd, .size_bytes = size_bytes};
    struct normalise_found found;
    int r = normalise_find(&source, 0, false, &found);
    return r < 0 ? r : (int64_t)found.whole;
}
