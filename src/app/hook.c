#include "app/hook.h"

#include "agents/agent.h"
#include "base/json.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 2000,
    PIECE = 64 * 1024,
    BYTES_LIMIT = 256 * 1024 * 1024,
};

static bool may_speak(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 &&
           (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || S_ISREG(st.st_mode));
}

/* To the end, or until nobody writes for too long. */
static void read_all(int fd, struct buf *out)
{
    char *piece = mem_resize(NULL, PIECE);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (out->n < BYTES_LIMIT && poll(&p, 1, PATIENCE_MS) > 0) {
        ssize_t n = read(fd, piece, PIECE);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        buf_add(out, piece, (size_t)n);
    }
    free(piece);
}

int hook_read(int fd, struct arena *a, struct hook *out)
{
    const struct json_value *root;
    BUF_RELEASE struct buf text = {0};
    ARENA_RELEASE struct arena own = {0};
    int r = -ENODATA;
    if (may_speak(fd))
        read_all(fd, &text);
    if (text.n && json_parse(&own, (struct sv){text.p, text.n}, &root) == 0) {
        struct hook h = {json_copy_text(a, root, "session_id"),
                         json_copy_text(a, root, "transcript_path")};
        if (h.session_id && agent_is_id(sv_of(h.session_id))) {
            *out = h;
            r = 0;
        }
    }
    return r;
}
