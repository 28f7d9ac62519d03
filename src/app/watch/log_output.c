#include "app/watch/log_output.h"

#include "base/arena.h"
#include "base/io/durable.h"
#include "base/io/os.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WAITING_MAX = 256 * 1024 };

static void remember_file(struct log_output *o)
{
    struct stat st;
    if (fstat(o->fd, &st) < 0)
        return;
    o->is_file = S_ISREG(st.st_mode);
    o->device = st.st_dev;
    o->inode = st.st_ino;
}

void log_output_init(struct log_output *o, int fd)
{
    char path[PATH_MAX];
    *o = (struct log_output){.fd = fd};
    remember_file(o);
    int flags = fcntl(fd, F_GETFL);
    if (!o->is_file || flags < 0)
        return;
    fcntl(fd, F_SETFL, flags | O_APPEND);
    struct stat st;
    if (os_path_of(fd, path, sizeof path) == 0 && stat(path, &st) == 0 && st.st_dev == o->device &&
        st.st_ino == o->inode)
        o->path = strdup(path);
}

void log_output_release(struct log_output *o)
{
    free(o->path);
    buf_release(&o->waiting);
    *o = (struct log_output){.fd = -1};
}

/* The lines' beginnings are kept whole. */
void log_output_add(struct log_output *o, const char *bytes, size_t n)
{
    buf_add(&o->waiting, bytes, n);
    struct sv rest = {o->waiting.p, o->waiting.n}, line;
    while (rest.n > WAITING_MAX)
        sv_cut_line(&rest, &line);
    if (rest.n == o->waiting.n)
        return;
    memmove(o->waiting.p, rest.p, rest.n + 1);
    o->waiting.n = rest.n;
}

/* The file's name leads to another one by now, or to none. */
static void follow_rotation(struct log_output *o)
{
    struct stat st;
    if (!o->path || (stat(o->path, &st) == 0 && st.st_dev == o->device && st.st_ino == o->inode))
        return;
    int fd = durable_open(AT_FDCWD, o->path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW);
    if (fd < 0)
        return; /* what there is still takes the lines */
    dup2(fd, o->fd);
    close(fd);
    remember_file(o);
}

bool log_output_flush(struct log_output *o)
{
    if (o->waiting.n && o->is_file)
        follow_rotation(o);
    while (o->waiting.n && !o->is_broken) {
        struct pollfd p = {.fd = o->fd, .events = POLLOUT};
        if (poll(&p, 1, 0) <= 0 || !(p.revents & (POLLOUT | POLLERR)))
            return true;
        /* POLLOUT says that a pipe takes so much without waiting */
        ssize_t n = write(o->fd, o->waiting.p, o->waiting.n < PIPE_BUF ? o->waiting.n : PIPE_BUF);
        if (n < 0 && errno == EINTR)
            continue;
        o->failed = n < 0 ? -errno : 0;
        if (n < 0) {
            o->is_broken = errno == EPIPE || errno == EBADF || errno == EIO;
            return !o->is_broken;
        }
        memmove(o->waiting.p, o->waiting.p + n, o->waiting.n - (size_t)n + 1);
        o->waiting.n -= (size_t)n;
    }
    return false;
}
