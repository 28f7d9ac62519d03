#include "platform/socket/sock_diag.h"

#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

enum { PATIENCE_MS = 1000 };

int sock_diag_open(void)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    return fd < 0 ? -errno : fd;
}

int sock_diag_send(int fd, const void *request, size_t n)
{
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    ssize_t sent;
    do
        sent = sendto(fd, request, n, 0, (struct sockaddr *)&kernel, sizeof kernel);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : 0;
}

struct awake sock_diag_until(void)
{
    return (struct awake){awake_now().ns + (int64_t)PATIENCE_MS * 1000000};
}

ssize_t sock_diag_receive(int fd, char *bytes, size_t size, struct awake until)
{
    for (;;) {
        int64_t left_ms = (until.ns - awake_now().ns) / 1000000;
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int ready = poll(&p, 1, left_ms > 0 ? (int)left_ms : 0);
        if (ready == 0)
            return -ETIMEDOUT;
        struct sockaddr_nl from;
        struct iovec part = {bytes, size};
        struct msghdr message = {
            .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &part, .msg_iovlen = 1};
        ssize_t n = ready < 0 ? -1 : recvmsg(fd, &message, MSG_DONTWAIT);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return -errno;
        if (n > 0 && from.nl_pid == 0) /* the kernel's address */
            return message.msg_flags & MSG_TRUNC ? -EMSGSIZE : n;
    }
}

size_t sock_diag_padded(size_t n)
{
    return (n + 3) & ~(size_t)3;
}
