#include "session/evidence/connection.h"

#include "platform/descriptor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* A request goes out within moments of the record that leads to it, after a try that failed
     * within some seconds. */
    SENT_BEFORE_MS = 1500,
    SENT_AFTER_MS = 8000,
};

void connection_list_all(struct snapshot *snap, struct connection_list *out)
{
    out->is_known = sock_read(&snap->arena, &out->list, NULL) == 0 && out->list.complete;
}

static int64_t seconds(int64_t ms)
{
    return ms < 0 ? -1 : ms / 1000;
}

/* a is likelier than b to carry the request that is waited for: one went out on it, and last. */
static int compare_likelihood(const void *a, const void *b)
{
    const struct sock *x = *(const struct sock *const *)a, *y = *(const struct sock *const *)b;
    bool x_asks = x->bytes_sent >= CONNECTION_REQUEST_BYTES;
    bool y_asks = y->bytes_sent >= CONNECTION_REQUEST_BYTES;
    if (x_asks != y_asks)
        return y_asks - x_asks;
    return (x->sent_ms > y->sent_ms) - (x->sent_ms < y->sent_ms);
}

static struct agent_api api_of(const struct session *s)
{
    return agent_api_of(s->live->agent, &s->live->argv, &s->live->environment,
                        session_can_read_store(s) ? &s->store->io : NULL);
}

/* Another session of the same process that is in a turn, too, or may be. */
static bool is_rival(const struct session *s, const struct session *other)
{
    return other != s && other->live && other->shown->pid == s->shown->pid &&
           !(other->activity.is_known && other->activity.tail.turn == TAIL_TURN_OVER) &&
           session_transcript(other) != LOOKUP_ABSENT;
}

static bool shares_its_connections(const struct snapshot *snap, const struct session *s)
{
    for (size_t i = 0; i < snap->shown.session_count; i++)
        if (is_rival(s, &snap->sessions[i]))
            return true;
    return false;
}

/* Something was sent on it just after the session's last record. */
static bool is_in_time(const struct session *s, const struct sock *sock)
{
    int64_t sent_at_ms = wall_now().ms - sock->sent_ms;
    int64_t after_ms = sent_at_ms - s->activity.tail.last_record_at.ms;
    return sock->sent_ms >= 0 && after_ms >= -SENT_BEFORE_MS && after_ms <= SENT_AFTER_MS;
}

/*
 * Of the connections of a process that runs several sessions, the one that is this session's: the
 * only one on which something was sent just after its last record, and after no other's. Returns:
 * 1; 0: not known.
 */
static size_t pick_own(const struct snapshot *snap, const struct session *s,
                       const struct sock **items, size_t count)
{
    const struct sock *own = NULL;
    for (size_t i = 0; i < count; i++) {
        if (!is_in_time(s, items[i]))
            continue;
        if (own)
            return 0;
        own = items[i];
    }
    for (size_t i = 0; own && i < snap->shown.session_count; i++) {
        const struct session *other = &snap->sessions[i];
        if (is_rival(s, other) && (!other->activity.is_known || is_in_time(other, own)))
            return 0;
    }
    items[0] = own;
    return own != NULL;
}

int connection_find(const struct snapshot *snap, const struct session *s,
                    const struct connection_list *sockets, struct arena *a,
                    const struct sock ***items, size_t *count)
{
    uint64_t *inodes;
    size_t inode_count, n = 0;
    bool visible;
    if (!sockets->is_known || !s->live->environment_known || !s->live->agent->model)
        return -ENODATA;
    int r = sock_is_visible(&snap->proc, s->live->stat.pid, &visible);
    if (r == 0 && !visible)
        r = -ENODATA;
    if (r == 0)
        r = descriptor_list_sockets(&snap->proc, s->live->stat.pid, a, &inodes, &inode_count);
    if (r < 0)
        return r;
    uint16_t port = api_of(s).port;
    if (port == 0)
        return -ENODATA;
    const struct sock **found = arena_alloc(a, (inode_count + 1) * sizeof *found);
    for (size_t i = 0; i < inode_count; i++) {
        const struct sock *sock = sock_find(&sockets->list, inodes[i]);
        if (sock && sock->remote_port == port && sock->state != SOCK_CLOSED)
            found[n++] = sock;
    }
    qsort(found, n, sizeof *found, compare_likelihood);
    if (n && shares_its_connections(snap, s) && (n = pick_own(snap, s, found, n)) == 0)
        return -ENODATA;
    *items = found;
    *count = n;
    return 0;
}

void connection_collect(struct snapshot *snap, const struct session *s,
                        const struct connection_list *sockets, struct evidence *e)
{
    const struct sock **items;
    size_t count;
    e->api = (struct api_connection){.sent_ago_s = -1, .received_ago_s = -1, .bytes_received = -1};
    if (connection_find(snap, s, sockets, &snap->arena, &items, &count) < 0)
        return;

    struct agent_api api = api_of(s);
    e->is_first_party = api.is_first_party;
    e->api_timeout_s = api.api_timeout_s;
    e->api.is_there = count ? FACT_YES : FACT_NO;
    if (count == 0)
        return;
    const struct sock *best = items[0];
    e->api.inode = best->inode;
    e->api.peer =
        arena_printf(&snap->arena, strchr(best->remote_address, ':') ? "[%s]:%u" : "%s:%u",
                     best->remote_address, best->remote_port);
    e->api.is_connecting = best->state == SOCK_CONNECTING;
    e->api.unanswered = best->retransmits;
    e->api.sent_ago_s = seconds(best->sent_ms);
    e->api.received_ago_s = seconds(best->received_ms);
    /* The last answer may have come in the second in which the next request went out. */
    bool came_before = best->received_ms > best->sent_ms;
    if (came_before && e->api.received_ago_s == e->api.sent_ago_s && e->api.sent_ago_s >= 0)
        e->api.received_ago_s++;
    e->api.bytes_received = best->bytes_received;
    e->api.has_asked = best->bytes_sent >= CONNECTION_REQUEST_BYTES ? FACT_YES : FACT_NO;
    e->api.unread_bytes = best->receive_queue_bytes;
}

void connection_watch(struct snapshot *snap, const struct session *s,
                      const struct connection_list *sockets, int64_t watched_ms, struct evidence *e)
{
    struct api_connection before = e->api;
    connection_collect(snap, s, sockets, e);
    e->api.watched_ms = watched_ms;
    e->api.largest_arrival = before.largest_arrival;
    e->api.first_arrival_ms = before.first_arrival_ms;
    e->api.last_arrival_ms = before.last_arrival_ms;
    if (before.bytes_received < 0 || !str_equals(before.peer, e->api.peer))
        return;
    int64_t arrived = e->api.bytes_received - before.bytes_received;
    if (arrived > e->api.largest_arrival)
        e->api.largest_arrival = arrived;
    if (arrived <= 0) {
        /* as old as when the look began, or it would be hung for having been watched */
        if (e->api.sent_ago_s >= before.sent_ago_s) {
            e->api.sent_ago_s = before.sent_ago_s;
            e->api.received_ago_s = before.received_ago_s;
        }
        return;
    }
    e->api.last_arrival_ms = e->api.watched_ms;
    if (e->api.first_arrival_ms == 0)
        e->api.first_arrival_ms = e->api.watched_ms;
}
