#include "control/progress_check.h"

#include "session/evidence/collect.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

enum {
    STEP_MS = 20,   /* a client asks again 16 to 28 ms after its connection was closed */
    FAST_MS = 1000, /* looked at in such steps for so long, then in longer ones */
    SLOW_STEP_MS = 200,
    /* As little as tells a reply from the end of a handshake and from a ping: diagnose/rules.c. */
    PIECE_BYTES = 100,
};

/* ---- connections -------------------------------------------------------------------------- */

static int read_socks(const struct progress_check *m, struct arena *a, const struct sock ***items,
                      size_t *count)
{
    const struct pinned_session *s = m->subject;
    struct connection_list sockets = {0};
    sockets.is_known = sock_read(a, &sockets.list, NULL) == 0 && sockets.list.complete;
    return connection_find(snapshot_of(s->snapshot), s->inside, &sockets, a, items, count);
}

static int64_t sent_before(const struct progress_check *m, uint64_t inode)
{
    for (size_t i = 0; i < m->sock_count; i++)
        if (m->socks[i].inode == inode)
            return m->socks[i].bytes_sent;
    return 0;
}

static void mark_socks(struct progress_check *m)
{
    const struct sock **items;
    size_t count;
    m->socks_are_known = read_socks(m, &m->arena, &items, &count) == 0;
    if (!m->socks_are_known)
        return;
    m->socks = arena_alloc(&m->arena, (count + 1) * sizeof *m->socks);
    for (size_t i = 0; i < count; i++)
        m->socks[m->sock_count++] =
            (struct progress_check_sock){items[i]->inode, items[i]->bytes_sent};
}

static unsigned look_at_socks(struct progress_check *m)
{
    ARENA_RELEASE struct arena scratch = {0};
    const struct sock **items;
    size_t count = 0;
    unsigned seen = 0;
    if (!m->socks_are_known || read_socks(m, &scratch, &items, &count) < 0)
        count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct sock *sock = items[i];
        if (m->asked_on == sock->inode && sock->bytes_received >= m->asked_received + PIECE_BYTES)
            seen |= MOVED_RECEIVED;
        if (m->asked_on ||
            sock->bytes_sent - sent_before(m, sock->inode) < CONNECTION_REQUEST_BYTES)
            continue;
        m->asked_on = sock->inode;
        m->asked_received = sock->bytes_received;
        seen |= MOVED_ASKED;
    }
    return seen;
}

/* ---- files -------------------------------------------------------------------------------- */

/* What cannot be looked at has not grown, before or after. */
#define SIZE_UNKNOWN INT64_MAX

static int64_t size_of(const struct progress_check *m, const char *path)
{
    struct stat st;
    int at = m->subject->inside->store->io.fd;
    if (fstatat(at, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? -1 : SIZE_UNKNOWN;
    return st.st_size;
}

static void mark_files(struct progress_check *m)
{
    const struct session *s = m->subject->inside;
    struct agent_transcript *subagents = NULL;
    size_t count = 0;
    if (!session_can_read_store(s) || !session_has_transcript(s))
        return;
    /* those that can be seen: what moves elsewhere is seen on a connection */
    agent_list_subagents(s->live->agent, &s->store->io, &s->transcript, &subagents, &count);
    m->files = arena_alloc(&m->arena, (count + 1) * sizeof *m->files);
    m->file_bytes = arena_alloc(&m->arena, (count + 1) * sizeof *m->file_bytes);
    m->files[m->file_count++] = s->transcript.path;
    for (size_t i = 0; i < count; i++)
        m->files[m->file_count++] = subagents[i].path;
    for (size_t i = 0; i < m->file_count; i++)
        m->file_bytes[i] = size_of(m, m->files[i]);
}

static bool files_grew(const struct progress_check *m)
{
    for (size_t i = 0; i < m->file_count; i++) {
        int64_t bytes = size_of(m, m->files[i]);
        if (bytes != SIZE_UNKNOWN && bytes > m->file_bytes[i])
            return true;
    }
    return false;
}

static bool read_registry(const struct progress_check *m, int64_t *mtime_ns, int64_t *bytes)
{
    const struct session *s = m->subject->inside;
    struct stat st;
    if (!s->registration || !session_can_read_store(s) ||
        fstatat(s->store->io.fd, s->registration->file, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return false;
    *mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    *bytes = st.st_size;
    return true;
}

static bool registry_changed(const struct progress_check *m)
{
    int64_t mtime_ns, bytes;
    return m->registry_bytes >= 0 && read_registry(m, &mtime_ns, &bytes) &&
           (mtime_ns != m->registry_mtime_ns || bytes != m->registry_bytes);
}

/* ---- both --------------------------------------------------------------------------------- */

void progress_check_mark(struct progress_check *m, const struct pinned_session *subject)
{
    *m = (struct progress_check){.subject = subject, .registry_bytes = -1};
    mark_socks(m);
    mark_files(m);
    read_registry(m, &m->registry_mtime_ns, &m->registry_bytes);
    m->at = awake_now();
}

void progress_check_release(struct progress_check *m)
{
    arena_release(&m->arena);
}

static void look(struct progress_check *m, int64_t now_ms)
{
    unsigned seen = look_at_socks(m);
    if (files_grew(m))
        seen |= MOVED_TRANSCRIPT;
    if (registry_changed(m))
        seen |= MOVED_REGISTRY;
    for (unsigned i = 0; i < PROGRESS_CHECK_KINDS; i++)
        if ((seen & ~m->seen) >> i & 1)
            m->after_ms[i] = now_ms;
    m->seen |= seen;
}

int progress_check_watch(struct progress_check *m, unsigned wanted, int64_t ms)
{
    const struct pinned_session *s = m->subject;
    struct awake begin = awake_now();
    for (;;) {
        struct awake now = awake_now();
        int64_t waited_ms = (now.ns - begin.ns) / 1000000;
        look(m, (now.ns - m->at.ns) / 1000000);
        if (m->seen & wanted || waited_ms >= ms)
            return (int)m->seen;
        if (pidref_wait(&s->ref, waited_ms < FAST_MS ? STEP_MS : SLOW_STEP_MS) == FACT_YES)
            return -ESRCH;
    }
}

void progress_check_describe(const struct progress_check *m, struct buf *out)
{
    static const char *const sentences[PROGRESS_CHECK_KINDS] = {
        "a new request went out after", "the reply has begun after", "its transcript grew after",
        "it published another status after"};
    size_t n = 0;
    for (unsigned i = 0; i < PROGRESS_CHECK_KINDS; i++)
        if (m->seen >> i & 1)
            buf_addf(out, "%s%s %lld ms", n++ ? ", " : "", sentences[i], (long long)m->after_ms[i]);
    if (m->seen == MOVED_ASKED)
        buf_adds(out, "; no reply to it has begun yet");
}
