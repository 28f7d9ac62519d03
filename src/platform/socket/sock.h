/*
 * sock: the kernel's figures about TCP connections.
 *
 * Whether a client waits for a reply or receives one shows in the age of the last
 * byte on its connection, which the kernel knows.
 *
 *     struct sock_list socks;
 *     if (sock_read(&arena, &socks, &error) == 0)
 *         for (each descriptor d of the process with d->kind == DESCRIPTOR_SOCKET)
 *             if ((s = sock_find(&socks, d->inode)) != NULL) ...
 *
 * Only connections in the caller's network namespace are read: those of a
 * container are not in the list, so their inodes are not found. sock_is_visible
 * says whether that may be the reason. Unix sockets are not read.
 *
 * Ages are awake time: the kernel takes them from jiffies (tcp_get_info in
 * net/ipv4/tcp.c), and jiffies are advanced by CLOCK_MONOTONIC
 * (tick_do_update_jiffies64 in kernel/time/tick-sched.c), which stands still
 * while the machine sleeps. They are exact to a tick, 1 to 10 ms, and wrap after
 * 49 days of silence.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "platform/process/proc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sock_state {
    SOCK_ESTABLISHED,
    SOCK_CONNECTING, /* syn sent */
    SOCK_ACCEPTING,  /* syn received */
    SOCK_FIN_WAIT,   /* we closed, the peer did not yet (FIN-WAIT-1, FIN-WAIT-2, CLOSING) */
    SOCK_CLOSE_WAIT, /* the peer closed, we have not */
    SOCK_LAST_ACK,   /* both closed, our end is not acknowledged */
    SOCK_CLOSED,
};

enum { SOCK_ID_BYTES = 48 }; /* a struct inet_diag_sockid */

struct sock {
    uint64_t inode; /* N of the descriptor "socket:[N]"; 0: no process has it any more */
    enum sock_state state;
    const char *local_address, *remote_address; /* "192.0.2.1", "2001:db8::1"; ::ffff:192.0.2.1 is
                                                   written as the former */
    uint16_t local_port, remote_port;
    bool is_loopback; /* the peer is on this machine: 127.0.0.0/8, ::1, or our own address */
    int64_t receive_queue_bytes; /* arrived, not yet read by the process */
    int64_t send_queue_bytes;    /* written by the process, not yet acknowledged */

    /* -1: the kernel gave no figure: not yet connected, no owner any more, or an old kernel. */
    int64_t sent_ms;     /* since data was last sent */
    int64_t received_ms; /* since data was last received; before any: since it was connected */
    int64_t ack_ms;      /* since the peer last acknowledged; keep-alive probes count */
    int64_t bytes_sent, bytes_received; /* since it was connected; sent: since Linux 4.19 */
    int64_t retransmits;                /* in a row, without an answer */

    uint8_t family;                         /* AF_INET, AF_INET6: of the socket itself */
    unsigned char kernel_id[SOCK_ID_BYTES]; /* the kernel's id of it, for sock_close */
};

struct sock_list {
    struct sock *items;
    size_t count;
    size_t capacity;
    bool complete;   /* false: more than the limit, or the table changed while it was read */
    struct awake at; /* the moment at which the ages were taken */
};

enum { SOCK_LIMIT = 64 * 1024 };

/*
 * All TCP connections, without listening ones and those in TIME-WAIT.
 * Blocks: for one second at most. Returns: 0, or a negative errno such as -EPROTONOSUPPORT if the
 * kernel has no socket diagnosis. Owner: the arena.
 */
int sock_read(struct arena *a, struct sock_list *out, struct sr_error *error);

/* Returns: the connection with that inode; NULL: not in the list. */
const struct sock *sock_find(const struct sock_list *list, uint64_t inode);

/* Whether a process is in this program's network namespace. Returns: 0, -EACCES, -ESRCH. */
int sock_is_visible(const struct proc *proc, pid_t pid, bool *visible);

/*
 * Parses one datagram of the kernel's reply; reads nothing.
 * sequence: the number of the request; answers to other requests are ignored.
 * Returns: 1 after the last message, 0 if more follow, -EBADMSG for bytes that are not
 * such a reply, or the kernel's own error.
 */
int sock_parse(const char *bytes, size_t n, uint32_t sequence, struct arena *a,
               struct sock_list *list);
