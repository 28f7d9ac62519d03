/*
 * witness REPORT PROGRAM [ARGUMENT...]: runs a program, and writes down every signal that it, or
 * any process below it, sends to a process that is not one of them:
 *
 *     SENDER TARGET SIGNAL
 *
 * a line each, as numbers, before it is sent; a negative target is a group, as kill(2) takes it,
 * and 0 one that could not be told. Signal 0 sends nothing and is left out.
 *
 * The kernel stops at these calls alone (seccomp), so that all others cost nothing: strace 6.1 with
 * --seccomp-bpf stops at every call of a child that was forked and runs no other program, which
 * slowed 200 sessions' listing down by ten. Ends as the program does; Linux.
 */
#include "../pidfd.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
/* after sys/ptrace.h, which has the same names */
#include <linux/ptrace.h>

enum { FAILED = 125, PIDS = 1 << 22 };

static const struct call {
    long number;
    int target, signal; /* which arguments */
    bool is_pidfd;
} calls[] = {
    {SYS_kill, 0, 1, false},
    {SYS_tkill, 0, 1, false},
    {SYS_tgkill, 0, 2, false},
    {SYS_rt_sigqueueinfo, 0, 1, false},
    {SYS_rt_tgsigqueueinfo, 0, 2, false},
    {SYS_pidfd_send_signal, 0, 1, true},
};

enum { CALLS = sizeof calls / sizeof *calls };

/* Every pid that was one of the program's. */
static unsigned char is_own[PIDS];
static FILE *report;

static int stop_at_signals(void)
{
    struct sock_filter code[CALLS + 3];
    struct sock_fprog filter = {sizeof code / sizeof *code, code};
    code[0] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (unsigned i = 0; i < CALLS; i++)
        code[i + 1] = (struct sock_filter)BPF_JUMP(
            BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i].number, (unsigned char)(CALLS - i), 0);
    code[CALLS + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    code[CALLS + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

static void note_own(pid_t pid)
{
    if (pid > 0 && pid < PIDS)
        is_own[pid] = 1;
}

static void note_signal(pid_t sender)
{
    struct ptrace_syscall_info info;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, sender, sizeof info, &info) < 0 ||
        info.op != PTRACE_SYSCALL_INFO_SECCOMP)
        return;
    for (size_t i = 0; i < CALLS; i++) {
        if (calls[i].number != (long)info.seccomp.nr)
            continue;
        int number = (int)info.seccomp.args[calls[i].signal];
        pid_t target = (pid_t)info.seccomp.args[calls[i].target];
        if (calls[i].is_pidfd && (target = pidfd_target(sender, (int)target)) < 0)
            return; /* it has ended: the signal goes nowhere */
        pid_t magnitude = target < 0 ? -target : target;
        if (number && (magnitude >= PIDS || !is_own[magnitude]))
            fprintf(report, "%d %d %d\n", (int)sender, (int)target, number);
        return;
    }
}

/* Returns: the signal to go on with. */
static int on_stop(pid_t pid, int status)
{
    unsigned long message;
    int signal = WSTOPSIG(status), event = status >> 16;
    note_own(pid);
    if (event == PTRACE_EVENT_SECCOMP)
        note_signal(pid);
    else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
             event == PTRACE_EVENT_CLONE) {
        if (ptrace(PTRACE_GETEVENTMSG, pid, NULL, &message) == 0)
            note_own((pid_t)message);
    } else if (event == 0 && signal != SIGSTOP && signal != SIGTRAP)
        return signal;
    return 0;
}

/* Runs all tracees to their end. Returns: the exit status of the first. */
static int watch(pid_t first)
{
    int status, result = FAILED;
    for (pid_t pid; (pid = waitpid(-1, &status, __WALL)) > 0 || (pid < 0 && errno == EINTR);) {
        if (pid < 0)
            continue;
        if (WIFSTOPPED(status))
            ptrace(PTRACE_CONT, pid, NULL, (void *)(long)on_stop(pid, status));
        else if (pid == first)
            result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return result;
}

/* Who asks us to end means the program. */
static pid_t told;

static void pass_on(int number)
{
    kill(told, number);
}

int main(int argc, char **argv)
{
    if (argc < 3 || !(report = fopen(argv[1], "w")))
        return FAILED;
    setvbuf(report, NULL, _IOLBF, 0);
    pid_t first = fork();
    if (first == 0) {
        fclose(report);
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        if (stop_at_signals() == 0)
            execv(argv[2], argv + 2);
        _exit(FAILED);
    }
    int status;
    if (first < 0 || waitpid(first, &status, 0) != first || !WIFSTOPPED(status))
        return FAILED;
    told = first;
    signal(SIGTERM, pass_on);
    note_own(first);
    ptrace(PTRACE_SETOPTIONS, first, NULL,
           (void *)(long)(PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                          PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL));
    ptrace(PTRACE_CONT, first, NULL, NULL);
    int result = watch(first);
    return fclose(report) == 0 ? result : FAILED;
}
