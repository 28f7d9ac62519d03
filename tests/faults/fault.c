/*
 * fault: run a program and make its system calls fail.
 *
 *     fault REPORT CALL OBJECT NUMBER SPREAD ACTION PROGRAM [ARGUMENT...]
 *
 * Looks at the calls of the program and of all that it forks, however they are made, from the start
 * of its own code on, and tells them apart by their name, by what they work on, and by how often
 * the two were met before. The call of that name, on that object, with that NUMBER (from 0) is
 * the one that is met. SPREAD says what else is:
 *
 *     once     nothing
 *     object   every call from then on that works on the same object
 *     kind     every call of that name from then on
 *
 * and ACTION what is done to it:
 *
 *     none     nothing: to learn what there is
 *     <errno>  a number: the call is not made (close: it is), and returns it
 *     short    a read or write of several bytes does half of them
 *     kill     every process of the program is killed before the call is made
 *
 * An object is a path, or what /proc says of a descriptor ("pipe:[#]"); "-" where a call has none.
 * Each row of digits in it is a "#", so that pids and times are alike from run to run. What the
 * loader and the C library read of /usr, /lib and /etc is no part of it.
 *
 * REPORT gets lines of words between tabs:
 *
 *     met NAME OBJECT                   a call that was met
 *     call NAME OBJECT NUMBER ERRNO...  with "none" each call, and what it can be made to fail
 * with; before the numbers "changes" where it changes something, "waits" where a signal can
 * interrupt it, "moves" for bytes acted NAME PID WHAT RESULT FILE... a call that acts on another
 * process: the signal, or the descriptor; and the sums in $FAULT_PENDING at that moment said STATE
 * TEXT                   what it wrote to standard output or error, a line each, and whether
 * $FAULT_WATCHED (a pid) was "alive" or "gone" then
 *
 * Ends as the program does; 137 when it was killed. x86-64 Linux.
 */
#include "../pidfd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TRACEES = 64, SEEN = 20000, FAILED = 125, OBJECT_SIZE = PATH_MAX + 64 };

/* Where a call names what it works on. */
enum place { NOTHING, AT_FD, AT_PATH, AT_FD_AND_PATH, AT_SECOND_PATH };

enum { CHANGES = 1, WAITS = 2, MOVES = 4, ACTS = 8 };

static const struct call {
    long number;
    const char *name;
    enum place place;
    int traits;
    int errors[6];
} calls[] = {
    {SYS_read, "read", AT_FD, WAITS | MOVES, {EIO, ENOMEM, EACCES}},
    {SYS_readv, "readv", AT_FD, WAITS, {EIO, ENOMEM}},
    {SYS_pread64, "pread", AT_FD, WAITS | MOVES, {EIO, ENOMEM, EACCES}},
    {SYS_write, "write", AT_FD, WAITS | MOVES | CHANGES, {EIO, ENOSPC, EDQUOT, EROFS}},
    {SYS_writev, "writev", AT_FD, WAITS | CHANGES, {EIO, ENOSPC}},
    {SYS_pwrite64, "pwrite", AT_FD, WAITS | MOVES | CHANGES, {EIO, ENOSPC, EDQUOT, EROFS}},
    {SYS_fsync, "fsync", AT_FD, WAITS | CHANGES, {EIO, ENOSPC, EDQUOT, EROFS}},
    {SYS_fdatasync, "fdatasync", AT_FD, WAITS | CHANGES, {EIO, ENOSPC, EDQUOT}},
    {SYS_syncfs, "syncfs", AT_FD, CHANGES, {EIO, ENOSPC}},
    {SYS_sync_file_range, "sync_file_range", AT_FD, CHANGES, {EIO, ENOSPC}},
    {SYS_fadvise64, "fadvise", AT_FD, 0, {EINVAL, ENOSYS}},
    {SYS_fallocate, "fallocate", AT_FD, CHANGES, {ENOSPC, EIO, EOPNOTSUPP}},
    {SYS_ftruncate, "ftruncate", AT_FD, CHANGES, {EIO, EACCES, EROFS}},
    {SYS_fstat, "fstat", AT_FD, 0, {EIO, ENOMEM}},
    {SYS_fstatfs, "fstatfs", AT_FD, 0, {EIO, ENOMEM}},
    {SYS_fchmod, "fchmod", AT_FD, CHANGES, {EIO, EPERM, EROFS}},
    {SYS_fchown, "fchown", AT_FD, CHANGES, {EIO, EPERM, EROFS}},
    {SYS_fchdir, "fchdir", AT_FD, 0, {EACCES, EIO}},
    {SYS_flock, "flock", AT_FD, WAITS, {ENOLCK, EIO}},
    {SYS_fcntl, "fcntl", AT_FD, 0, {EMFILE, ENOLCK, EACCES}},
    {SYS_ioctl, "ioctl", AT_FD, 0, {EIO, ENOSPC, EACCES}},
    {SYS_lseek, "lseek", AT_FD, 0, {EIO, EINVAL}},
    {SYS_getdents64, "getdents", AT_FD, 0, {EIO, ENOMEM, EACCES}},
    {SYS_copy_file_range, "copy_file_range", AT_FD, CHANGES, {EIO, ENOSPC, ENOMEM}},
    {SYS_sendfile, "sendfile", AT_FD, CHANGES, {EIO, ENOSPC, ENOMEM}},
    {SYS_close, "close", AT_FD, 0, {EIO, EDQUOT}},
    {SYS_dup, "dup", AT_FD, 0, {EMFILE}},
    {SYS_dup2, "dup2", AT_FD, 0, {EMFILE}},
    {SYS_dup3, "dup3", AT_FD, 0, {EMFILE}},
    {SYS_pipe2, "pipe2", NOTHING, 0, {EMFILE, ENFILE}},
    {SYS_memfd_create, "memfd_create", NOTHING, 0, {EMFILE, ENOMEM}},
    {SYS_stat, "stat", AT_PATH, 0, {EIO, EACCES, ENOMEM}},
    {SYS_lstat, "lstat", AT_PATH, 0, {EIO, EACCES, ENOMEM}},
    {SYS_statfs, "statfs", AT_PATH, 0, {EIO, EACCES}},
    {SYS_access, "access", AT_PATH, 0, {EIO, EACCES}},
    {SYS_faccessat, "faccessat", AT_FD_AND_PATH, 0, {EIO, EACCES}},
    {SYS_faccessat2, "faccessat", AT_FD_AND_PATH, 0, {EIO, EACCES}},
    {SYS_newfstatat, "fstatat", AT_FD_AND_PATH, 0, {EIO, EACCES, ENOMEM}},
    {SYS_statx, "statx", AT_FD_AND_PATH, 0, {EIO, EACCES, ENOMEM}},
    {SYS_readlink, "readlink", AT_PATH, 0, {EIO, EACCES, ENOMEM}},
    {SYS_readlinkat, "readlink", AT_FD_AND_PATH, 0, {EIO, EACCES, ENOMEM}},
    {SYS_getcwd, "getcwd", NOTHING, 0, {EACCES, ENOMEM}},
    {SYS_open, "open", AT_PATH, WAITS, {EIO, EACCES, EMFILE, ENOMEM}},
    {SYS_openat, "openat", AT_FD_AND_PATH, WAITS, {EIO, EACCES, EMFILE, ENOMEM}},
    {SYS_openat2, "openat2", AT_FD_AND_PATH, WAITS, {EIO, EACCES, EMFILE, ENOMEM}},
    {SYS_mkdir, "mkdir", AT_PATH, CHANGES, {EIO, ENOSPC, EACCES, EROFS}},
    {SYS_mkdirat, "mkdirat", AT_FD_AND_PATH, CHANGES, {EIO, ENOSPC, EACCES, EROFS}},
    {SYS_unlink, "unlink", AT_PATH, CHANGES, {EIO, EACCES, EROFS}},
    {SYS_rmdir, "rmdir", AT_PATH, CHANGES, {EIO, EACCES, EROFS}},
    {SYS_unlinkat, "unlinkat", AT_FD_AND_PATH, CHANGES, {EIO, EACCES, EROFS}},
    {SYS_rename, "rename", AT_PATH, CHANGES, {EIO, ENOSPC, EACCES, EROFS}},
    {SYS_renameat, "renameat", AT_FD_AND_PATH, CHANGES, {EIO, ENOSPC, EACCES, EROFS}},
    {SYS_renameat2, "renameat2", AT_FD_AND_PATH, CHANGES, {EIO, ENOSPC, EACCES, EROFS}},
    {SYS_link, "link", AT_PATH, CHANGES, {EIO, ENOSPC, EPERM, EROFS}},
    {SYS_linkat, "linkat", AT_FD_AND_PATH, CHANGES, {EIO, ENOSPC, EPERM, EROFS}},
    {SYS_symlinkat, "symlinkat", AT_SECOND_PATH, CHANGES, {EIO, ENOSPC, EROFS}},
    {SYS_utimensat, "utimensat", AT_FD_AND_PATH, CHANGES, {EIO, EACCES, EROFS}},
    {SYS_fchmodat, "fchmodat", AT_FD_AND_PATH, CHANGES, {EIO, EPERM, EROFS}},
    {SYS_mmap, "mmap", NOTHING, 0, {ENOMEM}},
    {SYS_poll, "poll", NOTHING, WAITS, {ENOMEM, EINVAL}},
    {SYS_ppoll, "ppoll", NOTHING, WAITS, {ENOMEM, EINVAL}},
    {SYS_select, "select", NOTHING, WAITS, {ENOMEM}},
    {SYS_pselect6, "pselect", NOTHING, WAITS, {ENOMEM}},
    {SYS_waitid, "waitid", NOTHING, WAITS, {ECHILD, EINVAL}},
    {SYS_wait4, "waitpid", NOTHING, WAITS, {ECHILD, EINVAL}},
    {SYS_rt_sigtimedwait, "sigtimedwait", NOTHING, WAITS, {EAGAIN, EINVAL}},
    {SYS_nanosleep, "nanosleep", NOTHING, WAITS, {EINVAL}},
    {SYS_clock_nanosleep, "clock_nanosleep", NOTHING, 0, {EINVAL}},
    {SYS_fork, "fork", NOTHING, CHANGES, {EAGAIN, ENOMEM}},
    {SYS_vfork, "fork", NOTHING, CHANGES, {EAGAIN, ENOMEM}},
    {SYS_clone, "fork", NOTHING, CHANGES, {EAGAIN, ENOMEM}},
    {SYS_clone3, "fork", NOTHING, CHANGES, {EAGAIN, ENOMEM}},
    {SYS_execve, "execve", AT_PATH, 0, {EACCES, ENOMEM}},
    {SYS_prctl, "prctl", NOTHING, 0, {EPERM, EINVAL}},
    {SYS_prlimit64, "prlimit", NOTHING, 0, {EPERM}},
    {SYS_socket, "socket", NOTHING, 0, {EMFILE, ENOMEM, EACCES}},
    {SYS_connect, "connect", AT_FD, WAITS, {EACCES, EIO}},
    {SYS_bind, "bind", AT_FD, 0, {EACCES, ENOMEM}},
    {SYS_sendto, "sendto", AT_FD, WAITS, {ENOBUFS, ENOMEM, EPERM}},
    {SYS_sendmsg, "sendmsg", AT_FD, WAITS, {ENOBUFS, ENOMEM, EPERM}},
    {SYS_recvfrom, "recvfrom", AT_FD, WAITS, {ENOBUFS, ENOMEM}},
    {SYS_recvmsg, "recvmsg", AT_FD, WAITS, {ENOBUFS, ENOMEM}},
    {SYS_getsockopt, "getsockopt", AT_FD, 0, {ENOMEM}},
    {SYS_setsockopt, "setsockopt", AT_FD, 0, {ENOMEM}},
    {SYS_getsockname, "getsockname", AT_FD, 0, {ENOBUFS}},
    {SYS_process_vm_readv, "process_vm_readv", NOTHING, 0, {EPERM, ENOMEM, EFAULT}},
    {SYS_kcmp, "kcmp", NOTHING, 0, {EPERM}},
    {SYS_pidfd_open, "pidfd_open", NOTHING, 0, {EMFILE, ENOMEM, ENOSYS}},
    {SYS_pidfd_getfd, "pidfd_getfd", AT_FD, CHANGES, {EPERM, EMFILE}},
    {SYS_pidfd_send_signal, "pidfd_send_signal", AT_FD, CHANGES | ACTS, {EPERM, ENOSYS}},
    {SYS_shutdown, "shutdown", AT_FD, CHANGES | ACTS, {ENOTCONN, EPERM}},
    {SYS_kill, "kill", NOTHING, CHANGES | ACTS, {EPERM}},
    {SYS_tkill, "tkill", NOTHING, CHANGES | ACTS, {EPERM}},
    {SYS_tgkill, "tgkill", NOTHING, CHANGES | ACTS, {EPERM}},
    {SYS_ptrace, "ptrace", NOTHING, CHANGES | ACTS, {EPERM}},
};

static struct {
    pid_t pid;
    bool is_awaited; /* it stops at the exit of the call, too */
    bool has_begun;  /* its own code runs, no more the loader's */
    long result;     /* to be returned at the exit; 0: its own */
    char *acted;     /* to be reported at the exit, with its result */
} tracees[TRACEES];

static struct seen {
    const char *name;
    char *object;
    long count;
} seen[SEEN];
static size_t seen_count;

static const char *wanted_name, *wanted_object, *spread, *action;
static long wanted_number;
static bool was_met; /* what is persistent has begun */
static FILE *report;

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

/* ---- what a call works on ----------------------------------------------------------------- */

static void read_memory_text(pid_t pid, unsigned long address, char text[static PATH_MAX])
{
    struct iovec to = {text, PATH_MAX - 1}, from = {(void *)address, PATH_MAX - 1};
    ssize_t n = process_vm_readv(pid, &to, 1, &from, 1, 0);
    if (n < 0) { /* it may end near the end of what is mapped */
        to.iov_len = from.iov_len = 4096 - address % 4096;
        n = process_vm_readv(pid, &to, 1, &from, 1, 0);
    }
    text[n < 0 ? 0 : n] = '\0';
}

static void describe_fd(pid_t pid, int fd, char text[static PATH_MAX])
{
    char link[64];
    const char *name = fd == AT_FDCWD ? "cwd" : "fd";
    if (fd == AT_FDCWD)
        snprintf(link, sizeof link, "/proc/%d/cwd", (int)pid);
    else
        snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)pid, fd);
    if (fd == STDOUT_FILENO || fd == STDERR_FILENO) {
        strcpy(text, fd == STDOUT_FILENO ? "stdout" : "stderr");
        return;
    }
    ssize_t n = readlink(link, text, PATH_MAX - 1);
    if (n < 0)
        strcpy(text, name);
    else
        text[n] = '\0';
}

/* A row of digits is one "#"; no byte of it is a tab or ends a line. */
static void normalise(const char *text, char *object)
{
    for (; *text; text++) {
        bool is_digit = *text >= '0' && *text <= '9';
        if (is_digit && text[1] >= '0' && text[1] <= '9')
            continue;
        *object++ = is_digit ? '#' : (unsigned char)*text < ' ' ? '?' : *text;
    }
    *object = '\0';
}

static void describe(pid_t pid, const struct call *call, const struct user_regs_struct *regs,
                     char object[static OBJECT_SIZE])
{
    char text[2 * PATH_MAX + 2] = "-", path[PATH_MAX];
    unsigned long address = call->place == AT_PATH ? regs->rdi : regs->rsi;
    if (call->place == AT_SECOND_PATH)
        address = regs->rdx;
    if (call->place == AT_FD) {
        describe_fd(pid, (int)regs->rdi, text);
    } else if (call->place != NOTHING) {
        int fd = call->place == AT_PATH          ? AT_FDCWD
                 : call->place == AT_SECOND_PATH ? (int)regs->rsi
                                                 : (int)regs->rdi;
        if (address)
            read_memory_text(pid, address, path);
        else
            path[0] = '\0';
        if (path[0] == '/') {
            strcpy(text, path);
        } else {
            describe_fd(pid, fd, text);
            if (path[0]) {
                strcat(text, "/");
                strcat(text, path);
            }
        }
    }
    text[PATH_MAX] = '\0';
    normalise(text, object);
}

static bool is_of_system(const char *object)
{
    static const char *const folders[] = {"/usr/", "/lib", "/etc/", "/bin/"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (strncmp(object, folders[i], strlen(folders[i])) == 0)
            return true;
    return false;
}

/* Returns: how often the two were met before. */
static long count(const char *name, const char *object)
{
    size_t i = 0;
    while (i < seen_count && (seen[i].name != name || strcmp(seen[i].object, object) != 0))
        i++;
    if (i == SEEN)
        exit(FAILED);
    if (i == seen_count) {
        seen[seen_count++] = (struct seen){name, strdup(object), 0};
        if (!seen[i].object)
            exit(FAILED);
    }
    return seen[i].count++;
}

/* ---- what is done to it ------------------------------------------------------------------- */

/* A file is made or emptied by opening it. */
static bool changes(const struct call *call, const struct user_regs_struct *regs)
{
    unsigned long flags = call->number == SYS_openat ? regs->rdx : 0;
    return call->traits & CHANGES || flags & (O_CREAT | O_TRUNC);
}

static void report_call(const struct call *call, const struct user_regs_struct *regs,
                        const char *object, long number)
{
    fprintf(report, "call\t%s\t%s\t%ld", call->name, object, number);
    if (changes(call, regs))
        fprintf(report, "\tchanges");
    if (call->traits & WAITS)
        fprintf(report, "\twaits");
    if (call->traits & MOVES && regs->rdx > 1)
        fprintf(report, "\tmoves");
    for (size_t i = 0; i < sizeof call->errors / sizeof *call->errors && call->errors[i]; i++)
        fprintf(report, "\t%d", call->errors[i]);
    fputc('\n', report);
}

static bool is_to_be_met(const struct call *call, const char *object, long number)
{
    bool is_object = strcmp(object, wanted_object) == 0,
         is_name = strcmp(call->name, wanted_name) == 0;
    if (was_met)
        return strcmp(spread, "object") == 0 ? is_object : strcmp(spread, "kind") == 0 && is_name;
    was_met = is_object && is_name && number == wanted_number;
    return was_met;
}

static void kill_all(void)
{
    for (size_t i = 0; i < TRACEES; i++)
        if (tracees[i].pid)
            kill(tracees[i].pid, SIGKILL);
}

static void note_met(const struct call *call, const char *object)
{
    fprintf(report, "met\t%s\t%s\n", call->name, object);
    fflush(report);
}

static void act(size_t slot, const struct call *call, const char *object,
                struct user_regs_struct *regs)
{
    pid_t pid = tracees[slot].pid;
    if (strcmp(action, "kill") == 0) {
        kill_all();
    } else if (strcmp(action, "short") == 0) {
        if (!(call->traits & MOVES) || regs->rdx < 2)
            return;
        regs->rdx /= 2;
        ptrace(PTRACE_SETREGS, pid, NULL, regs);
    } else {
        tracees[slot].result = -atol(action);
        if (call->number != SYS_close) {        /* which closes, whatever it returns */
            regs->orig_rax = (unsigned long)-1; /* no such call: nothing is done */
            regs->rax = (unsigned long)tracees[slot].result;
            tracees[slot].result = 0;
        }
        ptrace(PTRACE_SETREGS, pid, NULL, regs);
    }
    note_met(call, object);
}

/* ---- what acts on another process --------------------------------------------------------- */

static void add_names(FILE *f, const char *folder)
{
    DIR *d = folder ? opendir(folder) : NULL;
    for (struct dirent *e; d && (e = readdir(d));)
        if (strstr(e->d_name, ".sha256"))
            fprintf(f, "\t%s", e->d_name);
    if (d)
        closedir(d);
}

static void note_act(size_t slot, const struct call *call, const struct user_regs_struct *regs,
                     const char *object)
{
    pid_t pid = tracees[slot].pid;
    char what[64], *text = NULL;
    size_t size;
    long target = 0;
    if (call->number == SYS_pidfd_send_signal)
        target = pidfd_target(pid, (int)regs->rdi);
    else if (call->number == SYS_ptrace)
        target = (long)regs->rsi;
    else if (call->number != SYS_shutdown)
        target = (int)regs->rdi;
    snprintf(what, sizeof what, "%d",
             (int)(call->number == SYS_tgkill   ? regs->rdx
                   : call->number == SYS_ptrace ? regs->rdi
                                                : regs->rsi));
    FILE *f = open_memstream(&text, &size);
    if (!f)
        exit(FAILED);
    fprintf(f, "acted\t%s\t%ld\t%s", call->name, target,
            call->number == SYS_shutdown ? object : what);
    add_names(f, getenv("FAULT_PENDING"));
    fclose(f);
    free(tracees[slot].acted);
    tracees[slot].acted = text;
}

/* Whether a process is there and has not ended. */
static bool is_alive(long pid)
{
    char path[64], state = 'Z';
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *f = fopen(path, "r");
    if (!f)
        return false;
    if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
        state = 'Z';
    fclose(f);
    return state != 'Z' && state != 'X';
}

/* A write that is cut or fails is said as a whole: it was meant. */
static void report_words(pid_t pid, const struct user_regs_struct *regs)
{
    static char text[65536];
    const char *watched = getenv("FAULT_WATCHED");
    size_t n = regs->rdx < sizeof text ? regs->rdx : sizeof text - 1;
    struct iovec to = {text, n}, from = {(void *)regs->rsi, n};
    ssize_t got = process_vm_readv(pid, &to, 1, &from, 1, 0);
    text[got < 0 ? 0 : got] = '\0';
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        fprintf(report, "said\t%s\t%s\n", watched && is_alive(atol(watched)) ? "alive" : "gone",
                line);
    fflush(report);
}

/* Only what was really done to somebody else: its result is 0, and it was no question. */
static void report_act(size_t slot, long result)
{
    if (tracees[slot].acted && result == 0)
        fprintf(report, "%s\n", tracees[slot].acted);
    fflush(report);
    free(tracees[slot].acted);
    tracees[slot].acted = NULL;
}

/* ---- the tracer --------------------------------------------------------------------------- */

static void on_exit_of_call(size_t slot)
{
    struct user_regs_struct regs;
    tracees[slot].is_awaited = false;
    if (ptrace(PTRACE_GETREGS, tracees[slot].pid, NULL, &regs) < 0)
        return;
    if (tracees[slot].result) {
        regs.rax = (unsigned long)tracees[slot].result;
        tracees[slot].result = 0;
        ptrace(PTRACE_SETREGS, tracees[slot].pid, NULL, &regs);
    }
    report_act(slot, (long)regs.rax);
}

/* Before a call is made. */
static void on_call(size_t slot)
{
    pid_t pid = tracees[slot].pid;
    struct user_regs_struct regs;
    char object[OBJECT_SIZE];
    if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) < 0)
        return;
    long number = (long)regs.orig_rax;
    if (number == SYS_getrandom) /* the last that the C library does before main() */
        tracees[slot].has_begun = true;
    if (!tracees[slot].has_begun)
        return;
    const struct call *call = calls, *end = calls + sizeof calls / sizeof *calls;
    while (call < end && call->number != number)
        call++;
    if (call == end)
        return;
    describe(pid, call, &regs, object);
    if (is_of_system(object))
        return;
    long before = count(call->name, object);
    if (number == SYS_write && (regs.rdi == STDOUT_FILENO || regs.rdi == STDERR_FILENO))
        report_words(pid, &regs);
    if (call->traits & ACTS)
        note_act(slot, call, &regs, object);
    if (strcmp(action, "none") == 0)
        report_call(call, &regs, object, before);
    else if (is_to_be_met(call, object, before))
        act(slot, call, object, &regs);
    tracees[slot].is_awaited = tracees[slot].acted || tracees[slot].result;
}

/* Does this run have to see it? */
static bool is_of_interest(const struct call *call)
{
    if (call->traits & ACTS || call->number == SYS_write || strcmp(action, "none") == 0)
        return true;
    return strcmp(call->name, wanted_name) == 0 ||
           (strcmp(spread, "object") == 0 && call->place != NOTHING);
}

/* Every call of interest stops for the tracer. Returns: 0, or -1 with errno. */
static int filter_calls(void)
{
    static struct sock_filter filter[2 * (sizeof calls / sizeof *calls) + 4];
    size_t n = 0;
    filter[n++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i <= sizeof calls / sizeof *calls; i++) {
        bool is_last = i == sizeof calls / sizeof *calls;
        if (!is_last && !is_of_interest(&calls[i]))
            continue;
        unsigned number = (unsigned)(is_last ? SYS_getrandom : calls[i].number);
        filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
        filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
    }
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {(unsigned short)n, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* A child begins where its parent is: in its own code. */
static void on_new_child(pid_t parent)
{
    unsigned long child;
    if (ptrace(PTRACE_GETEVENTMSG, parent, NULL, &child) == 0)
        tracees[slot_of((pid_t)child)].has_begun = tracees[slot_of(parent)].has_begun;
}

/* Runs all tracees to their end. Returns: the exit status of the first. */
static int trace(pid_t first)
{
    int status, result = FAILED;
    for (pid_t pid; (pid = waitpid(-1, &status, __WALL)) > 0;) {
        size_t slot = slot_of(pid);
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            report_act(slot, WIFSIGNALED(status) ? 0 : -1);
            tracees[slot].pid = 0;
            if (pid == first)
                result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            continue;
        }
        int signal = WSTOPSIG(status), event = status >> 16;
        if (signal == (SIGTRAP | 0x80)) {
            on_exit_of_call(slot);
            signal = 0;
        } else if (event == PTRACE_EVENT_SECCOMP) {
            on_call(slot);
            signal = 0;
        } else if (event || signal == SIGSTOP || signal == SIGTRAP) {
            signal = 0; /* a fork, an exec, or the stop that a new tracee begins with */
        }
        if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
            event == PTRACE_EVENT_CLONE)
            on_new_child(pid);
        if (event == PTRACE_EVENT_EXEC)
            tracees[slot].has_begun = false;
        ptrace(tracees[slot].is_awaited ? PTRACE_SYSCALL : PTRACE_CONT, pid, NULL,
               (void *)(long)signal);
    }
    return result;
}

int main(int argc, char **argv)
{
    if (argc < 8)
        return FAILED;
    report = fopen(argv[1], "we");
    if (!report)
        return FAILED;
    wanted_name = argv[2];
    wanted_object = argv[3];
    wanted_number = atol(argv[4]);
    spread = argv[5];
    action = argv[6];
    pid_t first = fork();
    if (first == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        if (filter_calls() == 0)
            execv(argv[7], argv + 7);
        _exit(FAILED);
    }
    int status;
    if (first < 0 || waitpid(first, &status, 0) != first || !WIFSTOPPED(status))
        return FAILED;
    slot_of(first);
    ptrace(PTRACE_SETOPTIONS, first, NULL,
           (void *)(long)(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                          PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACESECCOMP |
                          PTRACE_O_EXITKILL));
    ptrace(PTRACE_CONT, first, NULL, NULL);
    int result = trace(first);
    return fclose(report) == 0 ? result : FAILED;
}
