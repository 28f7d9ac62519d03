#include "backup/io/stream.h"

#include "base/arena.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

enum { PIECE = 1024 * 1024, PIECES = 4 };

/* Pieces go round: the reader fills them in order, the digester empties them in order. */
struct ring {
    pthread_mutex_t mutex;
    pthread_cond_t moved;
    char *bytes[PIECES];
    size_t length[PIECES];
    size_t filled, emptied; /* pieces so far */
    bool is_over;
    struct digest digest;
};

static void *digest_pieces(void *context)
{
    struct ring *ring = context;
    pthread_mutex_lock(&ring->mutex);
    for (;;) {
        while (ring->emptied == ring->filled && !ring->is_over)
            pthread_cond_wait(&ring->moved, &ring->mutex);
        if (ring->emptied == ring->filled)
            break;
        size_t slot = ring->emptied % PIECES;
        pthread_mutex_unlock(&ring->mutex);
        digest_add(&ring->digest, ring->bytes[slot], ring->length[slot]);
        pthread_mutex_lock(&ring->mutex);
        ring->emptied++;
        pthread_cond_signal(&ring->moved);
    }
    pthread_mutex_unlock(&ring->mutex);
    return NULL;
}

/* Returns: a piece that nobody uses any more. */
static size_t free_slot(struct ring *ring)
{
    pthread_mutex_lock(&ring->mutex);
    while (ring->filled - ring->emptied == PIECES)
        pthread_cond_wait(&ring->moved, &ring->mutex);
    size_t slot = ring->filled % PIECES;
    pthread_mutex_unlock(&ring->mutex);
    return slot;
}

static void give(struct ring *ring, size_t slot, size_t n)
{
    pthread_mutex_lock(&ring->mutex);
    ring->length[slot] = n;
    ring->filled++;
    pthread_cond_signal(&ring->moved);
    pthread_mutex_unlock(&ring->mutex);
}

static void end(struct ring *ring)
{
    pthread_mutex_lock(&ring->mutex);
    ring->is_over = true;
    pthread_cond_signal(&ring->moved);
    pthread_mutex_unlock(&ring->mutex);
}

static size_t aligned(size_t n)
{
    return (n + STREAM_ALIGNMENT - 1) / STREAM_ALIGNMENT * STREAM_ALIGNMENT;
}

/* What one call gives: behind the last, odd piece of a file nothing may be read that is aligned. */
static ssize_t read_once(int fd, char *bytes, size_t n, int64_t offset)
{
    ssize_t r;
    do
        r = pread(fd, bytes, n, offset);
    while (r < 0 && errno == EINTR);
    return r < 0 ? -errno : r;
}

static int64_t read_pieces(struct ring *ring, bool has_digester, int fd, int64_t length,
                           stream_sink *sink, void *context)
{
    int64_t done = 0;
    while (done < length) {
        size_t wanted = length - done < PIECE ? aligned((size_t)(length - done)) : PIECE;
        size_t slot = has_digester ? free_slot(ring) : 0;
        ssize_t n = read_once(fd, ring->bytes[slot], wanted, done);
        if (n < 0)
            return n;
        if (n == 0)
            break;
        if (n > length - done)
            n = (ssize_t)(length - done);
        if (has_digester)
            give(ring, slot, (size_t)n);
        else
            digest_add(&ring->digest, ring->bytes[slot], (size_t)n);
        int r = sink ? sink(context, ring->bytes[slot], (size_t)n) : 0;
        if (r < 0)
            return r;
        done += n;
    }
    return done;
}

int64_t stream_read(int fd, int64_t length, stream_sink *sink, void *context,
                    char sha256[static DIGEST_TEXT_SIZE])
{
    struct ring ring = {.mutex = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};
    bool is_long = length > PIECE;
    size_t room = is_long ? PIECE : aligned((size_t)length + 1);
    char *blocks[PIECES] = {NULL};
    for (size_t i = 0; i < (is_long ? PIECES : 1); i++) {
        blocks[i] = mem_resize(NULL, room + STREAM_ALIGNMENT);
        ring.bytes[i] = blocks[i] + aligned((uintptr_t)blocks[i]) - (uintptr_t)blocks[i];
    }
    digest_init(&ring.digest);

    pthread_t thread;
    bool has_digester = is_long && pthread_create(&thread, NULL, digest_pieces, &ring) == 0;
    int64_t r = read_pieces(&ring, has_digester, fd, length, sink, context);
    if (has_digester) {
        end(&ring);
        pthread_join(thread, NULL);
    }
    char text[DIGEST_TEXT_SIZE];
    digest_end(&ring.digest, text);
    for (size_t i = 0; i < PIECES; i++)
        free(blocks[i]);
    if (r >= 0)
        for (size_t i = 0; i < sizeof text; i++)
            sha256[i] = text[i];
    return r;
}
