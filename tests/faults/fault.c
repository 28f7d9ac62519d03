/*
 * fault: run a program and make one of its system calls fail.
 *
 *     fault REPORT ROOT NUMBER ACTION PROGRAM [ARGUMENT...]
 *
 * Counts the calls, of the program and of all that it forks, that work on a
 * file below the folder ROOT (and with $FAULT_ACTS set, those that act on other
 * processes, wherever), and does ACTION to the one with that NUMBER:
 *
 *     none     nothing: to learn how many there are
 *     <errno>  a number: the call is not made and returns it
 *     short    a read or write of several bytes does half of them
 *     kill     every process of the program is killed before the call is made
 *
 * REPORT gets two lines: the name of the call that was met ("-": none was, or it
 * is not one that the action suits), and the names of all. Ends as the program
 * does; 137 when it was killed. x86-64 Linux.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TRACEES = 64, CALLS_KEPT = 100000, FAILED = 125 };

/* Where a call names its file. ACTS: it names none, and acts on another process. */
enum place { AT_FD, AT_PATH, AT_FD_AND_PATH, ACTS };

static const struct call {
    long number;
    const char *name;
    enum place place;
} calls[] = {
    {SYS_read, "read", AT_FD},
    {SYS_pread64, "pread", AT_FD},
    {SYS_write, "write", AT_FD},
    {SYS_pwrite64, "pwrite", AT_FD},
    {SYS_fsync, "fsync", AT_FD},
    {SYS_fdatasync, "fdatasync", AT_FD},
    {SYS_sync_file_range, "sync_file_range", AT_FD},
    {SYS_ftruncate, "ftruncate", AT_FD},
    {SYS_fstat, "fstat", AT_FD},
    {SYS_fstatfs, "fstatfs", AT_FD},
    {SYS_fchmod, "fchmod", AT_FD},
    {SYS_flock, "flock", AT_FD},
    {SYS_fcntl, "fcntl", AT_FD},
    {SYS_ioctl, "ioctl", AT_FD},
    {SYS_lseek, "lseek", AT_FD},
    {SYS_getdents64, "getdents", AT_FD},
    {SYS_copy_file_range, "copy_file_range", AT_FD},
    {SYS_close, "close", AT_FD},
    {SYS_stat, "stat", AT_PATH},
    {SYS_lstat, "lstat", AT_PATH},
    {SYS_readlink, "readlink", AT_PATH},
    {SYS_openat, "openat", AT_FD_AND_PATH},
    {SYS_openat2, "openat2", AT_FD_AND_PATH},
    {SYS_mkdirat, "mkdirat", AT_FD_AND_PATH},
    {SYS_unlinkat, "unlinkat", AT_FD_AND_PATH},
    {SYS_renameat, "renameat", AT_FD_AND_PATH},
    {SYS_renameat2, "renameat2", AT_FD_AND_PATH},
    {SYS_newfstatat, "fstatat", AT_FD_AND_PATH},
    {SYS_statx, "statx", AT_FD_AND_PATH},
    {SYS_readlinkat, "readlinkat", AT_FD_AND_PATH},
    {SYS_pidfd_open, "pidfd_open", ACTS},
    {SYS_pidfd_getfd, "pidfd_getfd", ACTS},
    {SYS_pidfd_send_signal, "pidfd_send_signal", ACTS},
    {SYS_shutdown, "shutdown", ACTS},
};

static struct {
    pid_t pid;
    bool is_inside; /* between the entry of a call and its exit */
    long result;    /* to be returned at the exit; 0: its own */
} tracees[TRACEES];

static const char *root, *action;
static long wanted, seen;
static const char *met = "-";
static const char *names[CALLS_KEPT];

static size_t slot_of(pid_t pid)
{
    size_t free_slot = TRACEES;
    for (size_t i = 0; i < TRACEES; i++) {
        if (tracees[i].pid == pid)
            return i;
        if (tracees[i].pid == 0 && free_slot == TRACEES)
            free_slot = i;
    }
    if (free_slot == TRACEES)
        exit(FAILED);
    memset(&tracees[free_slot], 0, sizeof tracees[free_slot]);
    tracees[free_slot].pid = pid;
    return free_slot;
}

static bool is_below_root(const char *path)
{
    size_t n = strlen(root);
    return strncmp(path, root, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static bool fd_is_below_root(pid_t pid, int fd)
{
    char link[64], path[PATH_MAX + 1];
    snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)pid, fd);
    ssize_t n = readlink(link, path, PATH_MAX);
    if (n < 0)
        return false;
    path[n] = '\0';
    return is_below_root(path);
}

static void read_path(pid_t pid, unsigned long address, char path[static PATH_MAX])
{
    struct iovec to = {path, PATH_MAX - 1}, from = {(void *)address, PATH_MAX - 1};
    ssize_t n = process_vm_readv(pid, &to, 1, &from, 1, 0);
    if (n < 0) { /* it may end near the end of what is mapped */
        to.iov_len = from.iov_len = 4096 - address % 4096;
        n = process_vm_readv(pid, &to, 1, &from, 1, 0);
    }
    path[n < 0 ? 0 : n] = '\0';
}

static bool concerns_root(pid_t pid, const struct call *call, const struct user_regs_struct *regs)
{
    char path[PATH_MAX];
    if (call->place == ACTS)
        return getenv("FAULT_ACTS") != NULL;
    if (call->place == AT_FD)
        return fd_is_below_root(pid, (int)regs->rdi);
    read_path(pid, call->place == AT_PATH ? regs->rdi : regs->rsi, path);
    if (path[0] == '/' || call->place == AT_PATH)
        return is_below_root(path);
    return fd_is_below_root(pid, (int)regs->rdi);
}

static void kill_all(void)
{
    for (size_t i = 0; i < TRACEES; i++)
        if (tracees[i].pid)
            kill(tracees[i].pid, SIGKILL);
}

static bool moves_bytes(long number)
{
    return number == SYS_read || number == SYS_pread64 || number == SYS_write ||
           number == SYS_pwrite64;
}

static void act(size_t slot, const struct call *call, struct user_regs_struct *regs)
{
    pid_t pid = tracees[slot].pid;
    if (strcmp(action, "kill") == 0) {
        met = call->name;
        kill_all();
    } else if (strcmp(action, "short") == 0) {
        if (!moves_bytes(call->number) || regs->rdx < 2)
            return;
        met = call->name;
        regs->rdx /= 2;
        ptrace(PTRACE_SETREGS, pid, NULL, regs);
    } else if (strcmp(action, "none") != 0) {
        met = call->name;
        tracees[slot].result = -atol(action);
        regs->orig_rax = (unsigned long)-1; /* no such call: nothing is done */
        ptrace(PTRACE_SETREGS, pid, NULL, regs);
    }
}

static void on_call(pid_t pid)
{
    struct user_regs_struct regs;
    size_t slot = slot_of(pid);
    if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) < 0)
        return;
    tracees[slot].is_inside = !tracees[slot].is_inside;
    if (!tracees[slot].is_inside) {
        if (tracees[slot].result) {
            regs.rax = (unsigned long)tracees[slot].result;
            tracees[slot].result = 0;
            ptrace(PTRACE_SETREGS, pid, NULL, &regs);
        }
        return;
    }
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (calls[i].number == (long)regs.orig_rax && concerns_root(pid, &calls[i], &regs)) {
            if (seen < CALLS_KEPT)
                names[seen] = calls[i].name;
            if (seen++ == wanted)
                act(slot, &calls[i], &regs);
            return;
        }
}

/* Runs all tracees to their end. Returns: the exit status of the first. */
static int trace(pid_t first)
{
    int status, result = FAILED;
    for (pid_t pid; (pid = waitpid(-1, &status, __WALL)) > 0;) {
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            tracees[slot_of(pid)].pid = 0;
            if (pid == first)
                result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            continue;
        }
        slot_of(pid);
        int signal = WSTOPSIG(status);
        if (signal == (SIGTRAP | 0x80)) {
            on_call(pid);
            signal = 0;
        } else if (status >> 16 || signal == SIGSTOP || signal == SIGTRAP) {
            signal = 0; /* a fork, an exec, or the stop that a new tracee begins with */
        }
        ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)signal);
    }
    return result;
}

int main(int argc, char **argv)
{
    if (argc < 6)
        return FAILED;
    root = argv[2];
    wanted = atol(argv[3]);
    action = argv[4];
    pid_t first = fork();
    if (first == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        execv(argv[5], argv + 5);
        _exit(FAILED);
    }
    int status;
    if (first < 0 || waitpid(first, &status, 0) != first || !WIFSTOPPED(status))
        return FAILED;
    slot_of(first);
    ptrace(PTRACE_SETOPTIONS, first, NULL,
           (void *)(long)(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                          PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL));
    ptrace(PTRACE_SYSCALL, first, NULL, NULL);
    int result = trace(first);
    FILE *report = fopen(argv[1], "w");
    if (!report)
        return FAILED;
    fprintf(report, "%s\n", met);
    for (long i = 0; i < seen && i < CALLS_KEPT; i++)
        fprintf(report, "%s ", names[i]);
    return fclose(report) == 0 ? result : FAILED;
}
