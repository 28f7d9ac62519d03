/*
 * deny-call CALL COMMAND...: run a command to which one system call is not
 * permitted, as Yama denies pidfd_getfd to those who do not trace (EPERM), or which
 * the kernel does not have yet: pidfd-info, by which it says a process's parent
 * (ENOTTY before Linux 6.13).
 *
 * Exit status: the command's; 77 where the kernel does not let us filter, with the reason.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CANNOT_TEST = 77, USAGE = 2 };

static const struct call {
    const char *name;
    unsigned number;
    unsigned request, mask; /* its second argument */
    unsigned error;
} calls[] = {
    {"pidfd_getfd", SYS_pidfd_getfd, 0, 0, EPERM},
    {"pidfd-info", SYS_ioctl, 0xFF << 8 | 11, 0xFFFF, ENOTTY}, /* PIDFD_GET_INFO of any size */
};

static int deny(const struct call *call)
{
    struct sock_filter lines[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call->number, 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, call->mask),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call->request, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | call->error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof lines / sizeof *lines, lines};
    if (geteuid() != 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 2 && i < sizeof calls / sizeof *calls; i++) {
        if (strcmp(argv[1], calls[i].name) != 0)
            continue;
        if (deny(&calls[i]) < 0) {
            fprintf(stderr, "deny-call: %s\n", strerror(errno));
            return CANNOT_TEST;
        }
        execvp(argv[2], argv + 2);
        fprintf(stderr, "deny-call: %s: %s\n", argv[2], strerror(errno));
        return CANNOT_TEST;
    }
    fprintf(stderr,
            "usage: deny-call CALL COMMAND...; of calls it knows pidfd_getfd and pidfd-info\n");
    return USAGE;
}
