#include "platform/socket/sock.h"

#include "base/io/fs.h"
#include "platform/socket/sock_diag.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    REPLY_SIZE = 64 * 1024, /* the kernel fills at most 32 kB */

    /* The states of a connection in the kernel (include/net/tcp_states.h), which no header
     * for programs has under names that are free. */
    KERNEL_ESTABLISHED = 1,
    KERNEL_SYN_SENT,
    KERNEL_SYN_RECV,
    KERNEL_FIN_WAIT1,
    KERNEL_FIN_WAIT2,
    KERNEL_TIME_WAIT,
    KERNEL_CLOSE,
    KERNEL_CLOSE_WAIT,
    KERNEL_LAST_ACK,
    KERNEL_LISTEN,
    KERNEL_CLOSING,
    KERNEL_NEW_SYN_RECV,
};

/* Returns: false for a state that is not asked for, or not known. */
static bool state_of_kernel(unsigned state, enum sock_state *out)
{
    switch (state) {
    case KERNEL_ESTABLISHED:
        *out = SOCK_ESTABLISHED;
        return true;
    case KERNEL_SYN_SENT:
        *out = SOCK_CONNECTING;
        return true;
    case KERNEL_SYN_RECV:
    case KERNEL_NEW_SYN_RECV:
        *out = SOCK_ACCEPTING;
        return true;
    case KERNEL_FIN_WAIT1:
    case KERNEL_FIN_WAIT2:
    case KERNEL_CLOSING:
        *out = SOCK_FIN_WAIT;
        return true;
    case KERNEL_CLOSE_WAIT:
        *out = SOCK_CLOSE_WAIT;
        return true;
    case KERNEL_LAST_ACK:
        *out = SOCK_LAST_ACK;
        return true;
    case KERNEL_CLOSE:
        *out = SOCK_CLOSED;
        return true;
    default:
        return false;
    }
}

/* An address of either family as sixteen bytes, IPv4 as ::ffff:a.b.c.d. */
static struct in6_addr widened(unsigned family, const __be32 words[4])
{
    struct in6_addr address = {0};
    if (family == AF_INET) {
        address.s6_addr[10] = address.s6_addr[11] = 0xff;
        memcpy(&address.s6_addr[12], words, 4);
    } else {
        memcpy(&address, words, sizeof address);
    }
    return address;
}

static const char *address_text(struct arena *a, const struct in6_addr *address)
{
    char text[INET6_ADDRSTRLEN];
    if (IN6_IS_ADDR_V4MAPPED(address))
        inet_ntop(AF_INET, &address->s6_addr[12], text, sizeof text);
    else
        inet_ntop(AF_INET6, address, text, sizeof text);
    return arena_strdup(a, text);
}

static bool is_of_this_machine(const struct in6_addr *local, const struct in6_addr *remote)
{
    return IN6_IS_ADDR_LOOPBACK(remote) ||
           (IN6_IS_ADDR_V4MAPPED(remote) && remote->s6_addr[12] == 127) ||
           memcmp(local, remote, sizeof *local) == 0;
}

/*
 * struct tcp_info grows at its end from one kernel to the next: a field is there
 * when the kernel gave that many bytes.
 */
static void take_tcp_info(const char *bytes, size_t n, struct sock *out)
{
    struct tcp_info info = {0};
    memcpy(&info, bytes, n < sizeof info ? n : sizeof info);
#define GIVEN(field) (n >= offsetof(struct tcp_info, field) + sizeof info.field)
    /* Before the handshake is over the kernel's time stamps are zero, and the ages nonsense. */
    if (out->state != SOCK_CONNECTING && out->state != SOCK_ACCEPTING) {
        if (GIVEN(tcpi_last_data_sent))
            out->sent_ms = info.tcpi_last_data_sent;
        if (GIVEN(tcpi_last_data_recv))
            out->received_ms = info.tcpi_last_data_recv;
        if (GIVEN(tcpi_last_ack_recv))
            out->ack_ms = info.tcpi_last_ack_recv;
    }
    if (GIVEN(tcpi_bytes_sent))
        out->bytes_sent = (int64_t)info.tcpi_bytes_sent;
    if (GIVEN(tcpi_bytes_received))
        out->bytes_received = (int64_t)info.tcpi_bytes_received;
    if (GIVEN(tcpi_retransmits))
        out->retransmits = info.tcpi_retransmits;
#undef GIVEN
}

/* What follows a connection's message: attributes, of which one is struct tcp_info. */
static int parse_attributes(const char *bytes, size_t n, size_t at, struct sock *s)
{
    while (at < n) {
        struct nlattr attribute;
        if (n - at < sizeof attribute)
            return -EBADMSG;
        memcpy(&attribute, bytes + at, sizeof attribute);
        if (attribute.nla_len < sizeof attribute || attribute.nla_len > n - at)
            return -EBADMSG;
        if (attribute.nla_type == INET_DIAG_INFO)
            take_tcp_info(bytes + at + sizeof attribute, attribute.nla_len - sizeof attribute, s);
        at += sock_diag_padded(attribute.nla_len);
    }
    return 0;
}

/* A connection: struct inet_diag_msg, then attributes. */
static int parse_connection(const char *bytes, size_t n, struct arena *a, struct sock_list *list)
{
    struct inet_diag_msg m;
    if (n < sizeof m)
        return -EBADMSG;
    memcpy(&m, bytes, sizeof m);
    struct sock s = {.inode = m.idiag_inode,
                     .local_port = ntohs(m.id.idiag_sport),
                     .remote_port = ntohs(m.id.idiag_dport),
                     .receive_queue_bytes = m.idiag_rqueue,
                     .send_queue_bytes = m.idiag_wqueue,
                     .sent_ms = -1,
                     .received_ms = -1,
                     .ack_ms = -1,
                     .bytes_sent = -1,
                     .bytes_received = -1,
                     .retransmits = -1};
    static_assert(sizeof m.id == SOCK_ID_BYTES, "it is kept whole");
    memcpy(s.kernel_id, &m.id, sizeof m.id);
    s.family = m.idiag_family;
    if (m.idiag_family != AF_INET && m.idiag_family != AF_INET6)
        return -EBADMSG;
    if (!state_of_kernel(m.idiag_state, &s.state))
        return 0;

    int r = parse_attributes(bytes, n, sock_diag_padded(sizeof m), &s);
    if (r < 0)
        return r;
    if (list->count == SOCK_LIMIT) {
        list->complete = false;
        return 0;
    }
    struct in6_addr local = widened(m.idiag_family, m.id.idiag_src);
    struct in6_addr remote = widened(m.idiag_family, m.id.idiag_dst);
    s.local_address = address_text(a, &local);
    s.remote_address = address_text(a, &remote);
    s.is_loopback = is_of_this_machine(&local, &remote);
    *ARENA_PUSH(a, list->items, list->count, list->capacity) = s;
    return 0;
}

/* The error in an NLMSG_ERROR, or at the end of a dump: a negative errno, 0 for none. */
static int error_of(const char *bytes, size_t n)
{
    int code;
    if (n < sizeof code)
        return 0;
    memcpy(&code, bytes, sizeof code);
    return code < 0 && code >= -4095 ? code : 0;
}

int sock_parse(const char *bytes, size_t n, uint32_t sequence, struct arena *a,
               struct sock_list *list)
{
    for (size_t at = 0; at < n;) {
        struct nlmsghdr header;
        if (n - at < sizeof header)
            return -EBADMSG;
        memcpy(&header, bytes + at, sizeof header);
        if (header.nlmsg_len < sizeof header || header.nlmsg_len > n - at)
            return -EBADMSG;
        const char *payload = bytes + at + sizeof header;
        size_t payload_n = header.nlmsg_len - sizeof header;
        at += sock_diag_padded(header.nlmsg_len);
        if (header.nlmsg_seq != sequence)
            continue;
        if (header.nlmsg_flags & NLM_F_DUMP_INTR)
            list->complete = false;

        int r = 0;
        switch (header.nlmsg_type) {
        case NLMSG_DONE:
            r = error_of(payload, payload_n);
            return r < 0 ? r : 1;
        case NLMSG_ERROR:
            r = error_of(payload, payload_n);
            return r < 0 ? r : -EBADMSG; /* an acknowledgement, which was not asked for */
        case SOCK_DIAG_BY_FAMILY:
            r = parse_connection(payload, payload_n, a, list);
            break;
        default: /* NLMSG_NOOP */
            break;
        }
        if (r < 0)
            return r;
    }
    return 0;
}

static int send_request(int fd, int family, uint32_t sequence)
{
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 body;
    } request = {
        .header = {.nlmsg_len = sizeof request,
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                   .nlmsg_seq = sequence},
        .body = {.sdiag_family = (__u8)family,
                 .sdiag_protocol = IPPROTO_TCP,
                 .idiag_ext = 1 << (INET_DIAG_INFO - 1),
                 .idiag_states = ~(1U << KERNEL_LISTEN | 1U << KERNEL_TIME_WAIT)},
    };
    return sock_diag_send(fd, &request, sizeof request);
}

static int dump(int fd, int family, uint32_t sequence, struct awake until, char *bytes,
                struct arena *a, struct sock_list *list)
{
    int r = send_request(fd, family, sequence);
    while (r == 0) {
        ssize_t n = sock_diag_receive(fd, bytes, REPLY_SIZE, until);
        r = n < 0 ? (int)n : sock_parse(bytes, (size_t)n, sequence, a, list);
    }
    return r < 0 ? r : 0;
}

int sock_read(struct arena *a, struct sock_list *out, struct sr_error *error)
{
    FS_CLOSE int fd = sock_diag_open();
    if (fd < 0)
        return err_set(error, fd, "ask the kernel for connections: %s", err_reason(fd));
    struct sock_list list = {.complete = true, .at = awake_now()};
    struct awake until = sock_diag_until();
    char *bytes = arena_alloc(a, REPLY_SIZE);
    int r = dump(fd, AF_INET, 1, until, bytes, a, &list);
    if (r == 0)
        r = dump(fd, AF_INET6, 2, until, bytes, a, &list);
    /* a kernel built without INET_DIAG says ENOENT, of which nobody could know what is missing */
    if (r == -ENOENT)
        r = -EPROTONOSUPPORT;
    if (r < 0)
        return err_set(error, r, "ask the kernel for connections: %s", err_reason(r));
    *out = list;
    return 0;
}

const struct sock *sock_find(const struct sock_list *list, uint64_t inode)
{
    for (size_t i = 0; inode && i < list->count; i++)
        if (list->items[i].inode == inode)
            return &list->items[i];
    return NULL;
}

int sock_is_visible(const struct proc *proc, pid_t pid, bool *visible)
{
    ARENA_RELEASE struct arena scratch = {0};
    const char *ours, *theirs;
    int r = fs_read_link(proc->fd, "self/ns/net", &scratch, &ours);
    if (r == 0)
        r = proc_read_namespace(proc, pid, PROC_NAMESPACE_NETWORK, &scratch, &theirs);
    if (r == 0)
        *visible = str_equals(ours, theirs);
    return r;
}
