#include "action/follow.h"

#include "base/arena.h"
#include "base/fs.h"

#include <errno.h>
#include <stdlib.h>

enum { PIECE = 1024 * 1024 };

/* Returns: how far may be read; no further than was read already when the writing is over. */
static int64_t wait_for_more(struct follower *f)
{
    pthread_mutex_lock(&f->mutex);
    while (f->allowed == f->done && !f->is_over)
        pthread_cond_wait(&f->moved, &f->mutex);
    int64_t allowed = f->allowed;
    pthread_mutex_unlock(&f->mutex);
    return allowed;
}

static void *follow(void *context)
{
    struct follower *f = context;
    char *bytes = mem_resize(NULL, PIECE);
    for (int64_t allowed; (allowed = wait_for_more(f)) > f->done;) {
        while (f->done < allowed && !f->failed) {
            size_t wanted = allowed - f->done < PIECE ? (size_t)(allowed - f->done) : PIECE;
            ssize_t n = fs_read_at(f->fd, bytes, wanted, f->done);
            if (n <= 0) {
                f->failed = n < 0 ? (int)n : -EIO;
                break;
            }
            digest_add(&f->digest, bytes, (size_t)n);
            f->done += n;
        }
        if (f->failed)
            break;
    }
    free(bytes);
    return NULL;
}

int follow_begin(struct follower *f, int fd)
{
    *f = (struct follower){
        .mutex = PTHREAD_MUTEX_INITIALIZER,
        .moved = PTHREAD_COND_INITIALIZER,
        .fd = fd,
    };
    digest_init(&f->digest);
    int r = pthread_create(&f->thread, NULL, follow, f);
    if (r) {
        char unused[DIGEST_TEXT_SIZE];
        digest_end(&f->digest, unused);
    }
    return -r;
}

void follow_to(struct follower *f, int64_t bytes)
{
    pthread_mutex_lock(&f->mutex);
    f->allowed = bytes;
    pthread_cond_signal(&f->moved);
    pthread_mutex_unlock(&f->mutex);
}

int64_t follow_end(struct follower *f, char sha256[static DIGEST_TEXT_SIZE])
{
    pthread_mutex_lock(&f->mutex);
    f->is_over = true;
    pthread_cond_signal(&f->moved);
    pthread_mutex_unlock(&f->mutex);
    pthread_join(f->thread, NULL);
    digest_end(&f->digest, sha256);
    return f->failed ? f->failed : f->done;
}
