#include "backup/io/rename_ids.h"

#include "base/arena.h"
#include "base/io/durable.h"
#include "base/io/fs.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE = 1024 * 1024 };

size_t rename_ids_bytes(char *bytes, size_t n, const char *old, const char *new)
{
    size_t length = strlen(old), count = 0;
    char *p = bytes;
    while ((p = memmem(p, n - (size_t)(p - bytes), old, length))) {
        memcpy(p, new, length);
        p += length;
        count++;
    }
    return count;
}

/* What may be the beginning of the word stays in the buffer until more has been read. */
static int rewrite_pieces(int from, int to, const char *old, const char *new, char *bytes,
                          struct digest *digest, struct rewritten *out)
{
    size_t held = 0, overlap = strlen(old) - 1;
    int64_t offset = 0;
    ssize_t n;
    do {
        n = fs_read_at(from, bytes + held, PIECE, offset);
        if (n < 0)
            return (int)n;
        offset += n;
        size_t there = held + (size_t)n;
        out->count += rename_ids_bytes(bytes, there, old, new);
        size_t kept = n == PIECE && there > overlap ? overlap : 0;
        size_t done = there - kept;
        digest_add(digest, bytes, done);
        int r = durable_write(to, bytes, done);
        if (r < 0)
            return r;
        out->size_bytes += (int64_t)done;
        memmove(bytes, bytes + done, kept);
        held = kept;
    } while (n == PIECE);
    return 0;
}

int rename_ids_file(int from, int to, const char *old, const char *new, struct rewritten *out)
{
    struct rewritten done = {0};
    struct digest digest;
    char *bytes = mem_resize(NULL, PIECE + strlen(old));
    digest_init(&digest);
    int r = rewrite_pieces(from, to, old, new, bytes, &digest, &done);
    digest_end(&digest, done.sha256);
    free(bytes);
    if (r == 0)
        *out = done;
    return r;
}
