#include "platform/socket/sock_pair.h"

#include "base/io/fs.h"
#include "platform/socket/sock_diag.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

enum { ANSWER_SIZE = 1024 };

static int ask(int fd, uint32_t inode)
{
    struct {
        struct nlmsghdr header;
        struct unix_diag_req body;
    } request = {
        .header = {.nlmsg_len = sizeof request,
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST,
                   .nlmsg_seq = 1},
        .body = {.sdiag_family = AF_UNIX,
                 .udiag_states = ~0U,
                 .udiag_ino = inode,
                 .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER,
                 .udiag_cookie = {~0U, ~0U}}, /* none is known */
    };
    return sock_diag_send(fd, &request, sizeof request);
}

/* The attributes behind a struct unix_diag_msg. Returns: as sock_pair_other. */
static int peer_of(const char *bytes, size_t n, uint32_t *peer)
{
    bool has_name = false;
    uint32_t found = 0;
    for (size_t at = 0; at + sizeof(struct nlattr) <= n;) {
        struct nlattr attribute;
        memcpy(&attribute, bytes + at, sizeof attribute);
        if (attribute.nla_len < sizeof attribute || attribute.nla_len > n - at)
            return -EBADMSG;
        has_name = has_name || attribute.nla_type == UNIX_DIAG_NAME;
        if (attribute.nla_type == UNIX_DIAG_PEER &&
            attribute.nla_len >= sizeof attribute + sizeof found)
            memcpy(&found, bytes + at + sizeof attribute, sizeof found);
        at += sock_diag_padded(attribute.nla_len);
    }
    if (has_name || found == 0)
        return -ENOENT;
    *peer = found;
    return 0;
}

static int parse(const char *bytes, size_t n, uint32_t inode, uint32_t *peer)
{
    struct nlmsghdr header;
    struct unix_diag_msg m;
    int code;
    if (n < sizeof header)
        return -EBADMSG;
    memcpy(&header, bytes, sizeof header);
    if (header.nlmsg_type == NLMSG_ERROR && n >= sizeof header + sizeof code) {
        memcpy(&code, bytes + sizeof header, sizeof code);
        return code < 0 && code >= -4095 ? code : -EBADMSG;
    }
    if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY || header.nlmsg_len > n ||
        header.nlmsg_len < sizeof header + sizeof m)
        return -EBADMSG;
    memcpy(&m, bytes + sizeof header, sizeof m);
    if (m.udiag_family != AF_UNIX || m.udiag_ino != inode)
        return -EBADMSG;
    size_t attributes = sizeof header + sock_diag_padded(sizeof m);
    return attributes > header.nlmsg_len
               ? -ENOENT
               : peer_of(bytes + attributes, header.nlmsg_len - attributes, peer);
}

/* Returns: as sock_pair_other, but the other end may have a name. */
static int look_up(int fd, uint32_t inode, uint32_t *peer)
{
    char bytes[ANSWER_SIZE];
    struct awake until = sock_diag_until();
    int r = ask(fd, inode);
    ssize_t n = r < 0 ? r : sock_diag_receive(fd, bytes, sizeof bytes, until);
    return n < 0 ? (int)n : parse(bytes, (size_t)n, inode, peer);
}

int sock_pair_other(uint64_t inode, uint64_t *other)
{
    uint32_t peer, back;
    if (inode == 0 || inode > UINT32_MAX)
        return -ENOENT;
    FS_CLOSE int fd = sock_diag_open();
    if (fd < 0)
        return fd;
    int r = look_up(fd, (uint32_t)inode, &peer);
    if (r == 0)
        r = look_up(fd, peer, &back);
    if (r == 0 && back != inode)
        r = -ENOENT;
    if (r == 0)
        *other = peer;
    return r;
}
