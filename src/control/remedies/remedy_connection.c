/*
 * The connection on which a reply is waited for, closed from outside: the
 * client takes it for a failure of the network and asks again, within 30 ms,
 * with nothing lost (doc/reviving.md).
 */
#include "control/revive.h"

#include "session/evidence/collect.h"

#include <errno.h>
#include <string.h>

enum {
    /* A request goes out within a second of the record that it follows; records are queued for up
     * to 0.1 s. What was used last before that carried an earlier one, or a tool server's. */
    REQUEST_SLACK_S = 5,
    ASK_WAIT_MS = 10000, /* a client that has tried before waits for some seconds first */
    REPLY_WAIT_MS = 10000,
};

static int read_socks(struct revive *r, const struct sock ***items, size_t *count)
{
    struct connection_list sockets = {0};
    sockets.is_known = sock_read(&r->arena, &sockets.list, NULL) == 0 && sockets.list.complete;
    return connection_find(snapshot_of(r->subject.snapshot), r->subject.inside, &sockets, &r->arena,
                           items, count);
}

/* ---- which -------------------------------------------------------------------------------- */

static bool is_same_peer(const struct sock *a, const struct sock *b)
{
    return a->remote_port == b->remote_port && str_equals(a->remote_address, b->remote_address);
}

static bool is_silent(const struct sock *sock, int64_t patience_s)
{
    return sock->receive_queue_bytes == 0 && sock->sent_ms >= patience_s * 1000 &&
           sock->received_ms >= patience_s * 1000;
}

/*
 * It may carry the request that is waited for: it is the one that the verdict
 * rests on, or, to the same address, another on which a request went out since
 * the last thing that was written down, and nothing has come for as long.
 * (Where two are alike, the idle one was used for a title, at the same time.)
 */
static bool may_be_it(const struct evidence *e, const struct sock *named, const struct sock *sock)
{
    if (sock == named)
        return true;
    bool asked = sock->bytes_sent < 0 || sock->bytes_sent >= CONNECTION_REQUEST_BYTES;
    bool since =
        e->last_event_age_s < 0 || sock->sent_ms / 1000 <= e->last_event_age_s + REQUEST_SLACK_S;
    return is_same_peer(sock, named) && asked && since && is_silent(sock, e->patience_s);
}

static const struct sock *by_inode(const struct sock *const *items, size_t count, uint64_t inode)
{
    for (size_t i = 0; i < count; i++)
        if (items[i]->inode == inode)
            return items[i];
    return NULL;
}

/* ---- the push ----------------------------------------------------------------------------- */

static void add_name(const struct sock *sock, struct buf *out)
{
    bool is_v6 = strchr(sock->remote_address, ':') != NULL;
    buf_addf(out, is_v6 ? "[%s]:%u (socket %llu" : "%s:%u (socket %llu", sock->remote_address,
             sock->remote_port, (unsigned long long)sock->inode);
    if (sock->bytes_received == 0)
        buf_addf(out, ", asked %lld s ago, no byte since)", (long long)sock->sent_ms / 1000);
    else
        buf_addf(out, ", asked %lld s ago, last byte %lld s ago)", (long long)sock->sent_ms / 1000,
                 (long long)sock->received_ms / 1000);
}

static void describe(const struct revive *r, const struct remedy *p, struct buf *out)
{
    (void)r;
    buf_adds(out, "close the connection to ");
    add_name(&p->sock, out);
    if (!p->blocked)
        buf_adds(out, p->way == SOCK_CLOSE_BY_KERNEL ? " by the kernel's socket diagnosis"
                                                     : " by a duplicate of its descriptor");
    buf_adds(out, "; the client asks again");
}

/* The last look at it, right before it is closed. */
static int verify(struct revive *r, struct remedy *p, const struct pinned_session_now *now,
                  struct sr_error *error)
{
    const struct sock **items;
    size_t count;
    int code = read_socks(r, &items, &count);
    if (code < 0)
        return err_set(error, code, "the connections cannot be seen any more: %s",
                       err_reason(code));
    const struct sock *sock = by_inode(items, count, p->sock.inode);
    if (!sock)
        return err_set(error, -ENOENT, "the connection is gone");
    /* The one that the new verdict rests on was watched, and may bring pings; since then, some ms
     * ago, no more than one. */
    const struct api_connection *judged = &revive_evidence_now(now)->api;
    const struct agent_timing *timing = revive_evidence_now(now)->timing;
    bool was_judged = judged->inode == sock->inode;
    int64_t arrived =
        sock->bytes_received - (was_judged ? judged->bytes_received : p->sock.bytes_received);
    /* where it is not known how small a piece of a reply may be, any byte may be one */
    bool knows_pings = was_judged && timing->reply_piece_bytes > 0;
    if (arrived >= (knows_pings ? timing->reply_piece_bytes : 1))
        return err_set(error, -EBUSY, "the connection receives");
    p->sock = *sock;
    return 0;
}

static int give(struct revive *r, struct remedy *p, struct sr_error *error)
{
    int code = sock_close(r->subject.proc, &r->subject.ref, &p->sock, p->way);
    if (code < 0)
        return err_set(error, code, "close the connection: %s", err_reason(code));
    return 0;
}

static bool helped(struct revive *r, struct remedy *p, struct buf *how)
{
    (void)p;
    int seen = progress_check_watch(&r->progress, MOVED_ANYHOW, ASK_WAIT_MS);
    if (seen == MOVED_ASKED)
        seen = progress_check_watch(
            &r->progress, MOVED_RECEIVED | MOVED_TRANSCRIPT | MOVED_REGISTRY, REPLY_WAIT_MS);
    progress_check_describe(&r->progress, how);
    return seen > 0;
}

static const struct remedy_kind close_connection = {"close-connection", describe, verify, give,
                                                    helped};

/* ---- the plan ----------------------------------------------------------------------------- */

static const char *why_blocked(struct revive *r, int code)
{
    int pid = (int)r->subject.ref.pid, scope = proc_ptrace_scope(r->subject.proc);
    if (code != -EPERM)
        return arena_strdup(&r->arena, err_reason(code));
    if (scope > 0)
        return arena_printf(&r->arena,
                            "kernel.yama.ptrace_scope is %d, so that it takes CAP_SYS_PTRACE or "
                            "CAP_NET_ADMIN: sudo session-rescue --revive %d",
                            scope, pid);
    return arena_printf(&r->arena,
                        "it takes the right to trace the process, or CAP_NET_ADMIN: sudo "
                        "session-rescue --revive %d",
                        pid);
}

static void add(struct revive *r, const struct sock *sock)
{
    struct remedy *p = remedy_add(r, &close_connection, REMEDY_FOR_CAUSE);
    int way = sock_close_way(r->subject.proc, &r->subject.ref, sock);
    p->sock = *sock;
    if (way < 0)
        p->blocked = why_blocked(r, way);
    else
        p->way = (enum sock_close_way)way;
}

int remedy_plan_connections(struct revive *r, struct sr_error *error)
{
    const struct evidence *e = revive_evidence(r);
    const struct agent *agent = r->subject.inside->live->agent;
    const struct sock **items;
    size_t count;
    if (!agent->control->asks_again)
        return err_set(error, -EOPNOTSUPP,
                       "it is not known what %s does when its connection is closed", agent->title);
    int code = read_socks(r, &items, &count);
    if (code < 0)
        return err_set(error, code, "the connections of pid %d cannot be seen: %s",
                       (int)r->subject.ref.pid, err_reason(code));
    const struct sock *named = by_inode(items, count, e->api.inode);
    if (!named)
        return err_set(error, -EAGAIN, "refused: the connection that was waited on is gone");
    if (named->bytes_sent >= 0 && named->bytes_sent < CONNECTION_REQUEST_BYTES)
        return err_set(error, -EOPNOTSUPP,
                       "no connection of pid %d has carried a request to the model",
                       (int)r->subject.ref.pid);
    add(r, named);
    for (size_t i = 0; i < count; i++)
        if (items[i] != named && may_be_it(e, named, items[i]))
            add(r, items[i]);
    return 0;
}
