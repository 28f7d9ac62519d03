#include "platform/socket/sock_close.h"

#include "base/arena.h"
#include "base/io/fs.h"
#include "platform/descriptor.h"
#include "platform/privilege.h"
#include "platform/socket/sock_diag.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ANSWER_SIZE = 1024 };

/* The lowest descriptor by which a process holds a socket. Returns: it, or -ENOENT. */
static int number_of(const struct proc *proc, pid_t pid, uint64_t inode)
{
    ARENA_RELEASE struct arena scratch = {0};
    struct descriptor *items;
    size_t count;
    int r = descriptor_list(proc, pid, &scratch, &items, &count);
    int found = r < 0 && r != -EFBIG ? r : -ENOENT;
    for (size_t i = 0; found == -ENOENT && i < count; i++)
        if (items[i].kind == DESCRIPTOR_SOCKET && items[i].inode == inode)
            found = items[i].fd;
    return found;
}

/* Between the listing and the duplicate the number may have been given to something else: the inode
 * of the duplicate tells. Returns: a descriptor of that very socket, or negative errno. */
static int duplicate(const struct proc *proc, const struct pidref *owner, uint64_t inode)
{
    int number = number_of(proc, owner->pid, inode);
    if (number < 0)
        return number;
    int fd;
    {
        PRIVILEGE_SCOPE(PRIVILEGE_TRACE, proc, owner->pid);
        fd = (int)syscall(SYS_pidfd_getfd, owner->fd, number, 0);
    }
    if (fd < 0)
        return errno == EBADF ? -ENOENT : -errno;
    struct stat st;
    int r = privilege_check(proc, owner->pid);
    if (r == 0 && !(fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_ino == inode))
        r = -ENOENT;
    if (r == 0)
        return fd;
    close(fd);
    return r;
}

int sock_close_way(const struct proc *proc, const struct pidref *owner, const struct sock *sock)
{
    FS_CLOSE int fd = duplicate(proc, owner, sock->inode);
    if (fd >= 0)
        return SOCK_CLOSE_BY_DUPLICATE;
    if (fd != -EPERM && fd != -EACCES && fd != -ENOSYS)
        return fd;
    return privilege_is_there(PRIVILEGE_NETWORK) ? SOCK_CLOSE_BY_KERNEL : -EPERM;
}

static int shut_down(const struct proc *proc, const struct pidref *owner, const struct sock *sock)
{
    FS_CLOSE int fd = duplicate(proc, owner, sock->inode);
    if (fd < 0)
        return fd;
    /* closed by its peer meanwhile */
    if (shutdown(fd, SHUT_RDWR) < 0)
        return errno == ENOTCONN ? -ENOENT : -errno;
    return 0;
}

/* Returns: what the kernel answers, 0 or negative errno. */
static int read_answer(int fd, uint32_t sequence)
{
    char bytes[ANSWER_SIZE];
    struct awake until = sock_diag_until();
    for (;;) {
        struct nlmsghdr header;
        int code;
        ssize_t n = sock_diag_receive(fd, bytes, sizeof bytes, until);
        if (n < 0)
            return (int)n;
        if ((size_t)n < sizeof header + sizeof code)
            continue;
        memcpy(&header, bytes, sizeof header);
        memcpy(&code, bytes + sizeof header, sizeof code);
        if (header.nlmsg_type == NLMSG_ERROR && header.nlmsg_seq == sequence)
            return code;
    }
}

/* The cookie in its id is that socket's alone: no other that has its addresses by now is hit. */
static int destroy(const struct proc *proc, const struct pidref *owner, const struct sock *sock)
{
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 body;
    } request = {
        .header = {.nlmsg_len = sizeof request,
                   .nlmsg_type = SOCK_DESTROY,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
                   .nlmsg_seq = 1},
        .body = {.sdiag_family = sock->family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = ~0U},
    };
    memcpy(&request.body.id, sock->kernel_id, sizeof request.body.id);
    PRIVILEGE_SCOPE(PRIVILEGE_NETWORK, proc, owner->pid);
    FS_CLOSE int fd = sock_diag_open();
    if (fd < 0)
        return fd;
    int r = sock_diag_send(fd, &request, sizeof request);
    return r < 0 ? r : read_answer(fd, 1);
}

int sock_close(const struct proc *proc, const struct pidref *owner, const struct sock *sock,
               enum sock_close_way way)
{
    if (way == SOCK_CLOSE_BY_DUPLICATE)
        return shut_down(proc, owner, sock);
    struct proc_stat stat;
    int r = pidref_look(owner, proc, &stat);
    if (r == 0)
        r = number_of(proc, owner->pid, sock->inode);
    return r < 0 ? r : destroy(proc, owner, sock);
}
