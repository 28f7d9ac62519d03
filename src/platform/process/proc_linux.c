#include "platform/process/proc.h"

#include "platform/process/proc_files.h"

#include "base/io/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

enum {
    STAT_LIMIT = 4096,        /* a line of some 350 bytes */
    STATUS_LIMIT = 16 * 1024, /* some 1.5 kB; Cpus_allowed and Mems_allowed grow with the machine */
    ARGV_LIMIT = 2 * 1024 * 1024, /* the kernel's own limit of arguments and environment, 2 MB by
                                     default */
    ENVIRON_LIMIT = 1024 * 1024,
    PATH_SIZE = 64,               /* "1234567/task/1234567/children" */
    PIDS_LIMIT = 4 * 1024 * 1024, /* PID_MAX_LIMIT */
};

static int is_proc(int fd)
{
    struct statfs fs;
    return fstatfs(fd, &fs) < 0 ? -errno : fs.f_type == PROC_SUPER_MAGIC;
}

const char *proc_field(const char *text, const char *key)
{
    size_t n = strlen(key);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        if (*line == '\n')
            line++;
        if (strncmp(line, key, n) == 0 && line[n] == ':')
            return line + n + 1;
    }
    return NULL;
}

/*
 * "NSpid:\t4711\t7": a process's number in the namespace of this /proc, then in those inwards to
 * its own. Of ourselves it is one, and the one that the kernel tells us, where both are the same.
 */
static bool is_foreign(int fd)
{
    char text[STATUS_LIMIT];
    FS_CLOSE int status = openat(fd, "self/status", O_RDONLY | O_CLOEXEC);
    ssize_t n = status < 0 ? -1 : fs_read_at(status, text, sizeof text - 1, 0);
    if (n < 0)
        return true; /* a namespace in which we are not */
    text[n] = '\0';
    const char *numbers = proc_field(text, "NSpid");
    char *end;
    return !numbers || strtol(numbers, &end, 10) != getpid() || *end != '\n';
}

pid_t proc_own_pid(void)
{
    char target[32];
    int64_t pid;
    ssize_t n = readlink("/proc/self", target, sizeof target);
    bool is_shown =
        n > 0 && sv_to_i64((struct sv){target, (size_t)n}, &pid) && pid > 0 && pid <= PIDS_LIMIT;
    return is_shown ? (pid_t)pid : getpid();
}

int proc_open(struct proc *proc, const char *path, struct sr_error *error)
{
    int fd = fs_open_dir(AT_FDCWD, path);
    if (fd < 0)
        return err_set(error, fd, "open %s: %s", path, err_reason(fd));
    int is_live = is_proc(fd);
    if (is_live < 0) {
        fs_close(&fd);
        return err_set(error, is_live, "look at %s: %s", path, err_reason(is_live));
    }
    *proc = (struct proc){
        .fd = fd,
        .is_live = is_live,
        .is_foreign = is_live && is_foreign(fd),
        .boot = clock_boot(),
        .ticks_per_s = sysconf(_SC_CLK_TCK),
        .page_bytes = sysconf(_SC_PAGESIZE),
    };

    /* A captured tree comes with the boot time of its machine: "btime 1795326876" in stat. */
    ARENA_RELEASE struct arena scratch = {0};
    struct sv text;
    if (!proc->is_live && fs_read_small(fd, "stat", 1 << 20, &scratch, &text) == 0) {
        size_t at = sv_find(text, 0, SV("btime "));
        int64_t seconds;
        size_t end = sv_find(text, at, SV("\n"));
        if (sv_to_i64(sv_slice(text, at + 6, end), &seconds))
            proc->boot.ms = seconds * 1000;
    }
    return 0;
}

void proc_close(struct proc *proc)
{
    fs_close(&proc->fd);
}

/* The process ended while we looked: ENOENT for its files, ESRCH from the kernel, or
 * ENOENT on a link that its kind of process does not have. */
static int gone_is_esrch(int code)
{
    return code == -ENOENT ? -ESRCH : code;
}

static int compare_pids(const void *a, const void *b)
{
    const pid_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

int proc_list(const struct proc *proc, struct arena *a, pid_t **pids, size_t *count)
{
    struct fs_name *names;
    size_t name_count;
    int r = fs_list(proc->fd, ".", PIDS_LIMIT, a, &names, &name_count);
    if (r < 0)
        return r;
    pid_t *found = arena_alloc(a, (name_count + 1) * sizeof *found);
    size_t n = 0;
    for (size_t i = 0; i < name_count; i++) {
        int64_t pid;
        if (sv_to_i64(sv_of(names[i].name), &pid) && pid > 0 && pid <= PIDS_LIMIT)
            found[n++] = (pid_t)pid;
    }
    qsort(found, n, sizeof *found, compare_pids);
    *pids = found;
    *count = n;
    return 0;
}

ssize_t proc_read_text(const struct proc *proc, pid_t pid, const char *name, char *bytes,
                       size_t size)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%d/%s", (int)pid, name);
    FS_CLOSE int fd = openat(proc->fd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return gone_is_esrch(-errno);
    ssize_t n = fs_read_at(fd, bytes, size - 1, 0);
    if (n < 0)
        return gone_is_esrch((int)n);
    bytes[n] = '\0';
    return n;
}

/*
 * "4711 (a) Z 1 (b) S 1 4711 ...": the name may hold any bytes, spaces and
 * parentheses too, so it ends at the last ")" of the line.
 */
int proc_parse_stat(const char *line, long page_bytes, struct proc_stat *out)
{
    const char *open = strchr(line, '(');
    const char *close = strrchr(line, ')');
    if (!open || !close || close < open || close[1] != ' ' || !close[2])
        return -EBADMSG;

    struct proc_stat s = {0};
    s.pid = (pid_t)strtol(line, NULL, 10);
    snprintf(s.name, sizeof s.name, "%.*s", (int)(close - open - 1), open + 1);
    s.state = close[2];

    /* Field 3 is the state; numbers[n] is field n + 4, as in proc_pid_stat(5). */
    enum {
        PPID = 0,
        PGRP,
        SID,
        TTY,
        TTY_PGRP,
        UTIME = 10,
        STIME,
        THREADS = 16,
        START = 18,
        RSS = 20
    };
    long long numbers[RSS + 1];
    const char *p = close + 3;
    for (size_t i = 0; i <= RSS; i++) {
        char *end;
        numbers[i] = strtoll(p, &end, 10);
        if (end == p)
            return -EBADMSG;
        p = end;
    }
    s.ppid = (pid_t)numbers[PPID];
    s.pgrp = (pid_t)numbers[PGRP];
    s.sid = (pid_t)numbers[SID];
    s.tty = (uint64_t)numbers[TTY];
    s.tty_pgrp = (pid_t)numbers[TTY_PGRP];
    s.cpu_ticks = (uint64_t)numbers[UTIME] + (uint64_t)numbers[STIME];
    s.threads = (int)numbers[THREADS];
    s.start_ticks = (uint64_t)numbers[START];
    s.rss_bytes = (int64_t)((uint64_t)numbers[RSS] * (uint64_t)page_bytes);
    *out = s;
    return 0;
}

int proc_read_stat(const struct proc *proc, pid_t pid, struct proc_stat *out)
{
    char line[STAT_LIMIT];
    ssize_t n = proc_read_text(proc, pid, "stat", line, sizeof line);
    return n < 0 ? (int)n : proc_parse_stat(line, proc->page_bytes, out);
}

int proc_parse_status(const char *text, struct proc_status *out)
{
    struct proc_status s = {0};

    /* "Uid:\t1000\t1000\t1000\t1000": real, effective, saved, file system */
    const char *uid = proc_field(text, "Uid");
    unsigned real, effective, saved;
    if (!uid || sscanf(uid, "%u %u %u", &real, &effective, &saved) != 3)
        return -EBADMSG;
    s.uid = effective;
    s.real_uid = real;
    s.saved_uid = saved;

    const char *tracer = proc_field(text, "TracerPid");
    s.tracer = tracer ? (pid_t)strtol(tracer, NULL, 10) : 0;

    /* "NSpid:\t4711\t7": from the reader's namespace inwards; the last is the innermost */
    const char *inner = proc_field(text, "NSpid");
    if (inner) {
        char *end;
        for (long v = strtol(inner, &end, 10); end != inner; v = strtol(inner, &end, 10)) {
            s.innermost_pid = (pid_t)v;
            inner = end;
            if (*inner == '\n')
                break;
        }
    }
    *out = s;
    return 0;
}

int proc_read_status(const struct proc *proc, pid_t pid, struct proc_status *out)
{
    char text[STATUS_LIMIT];
    ssize_t n = proc_read_text(proc, pid, "status", text, sizeof text);
    return n < 0 ? (int)n : proc_parse_status(text, out);
}

void proc_split(struct arena *a, struct sv bytes, struct proc_strings *out)
{
    size_t count = 0;
    for (size_t i = 0; i < bytes.n; i++)
        count += bytes.p[i] == '\0';
    if (bytes.n && bytes.p[bytes.n - 1] != '\0')
        count++;

    const char **items = arena_alloc(a, (count + 1) * sizeof *items);
    size_t n = 0;
    for (size_t at = 0; at < bytes.n; at += strlen(bytes.p + at) + 1)
        items[n++] = bytes.p + at;
    *out = (struct proc_strings){items, n};
}

static int read_strings(const struct proc *proc, pid_t pid, const char *name, size_t limit,
                        struct arena *a, struct proc_strings *out)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%d/%s", (int)pid, name);
    struct sv bytes;
    int r = fs_read_small(proc->fd, path, limit, a, &bytes);
    if (r < 0)
        return gone_is_esrch(r);
    proc_split(a, bytes, out);
    return 0;
}

int proc_read_argv(const struct proc *proc, pid_t pid, struct arena *a, struct proc_strings *out)
{
    return read_strings(proc, pid, "cmdline", ARGV_LIMIT, a, out);
}

int proc_read_environ(const struct proc *proc, pid_t pid, struct arena *a, struct proc_strings *out)
{
    return read_strings(proc, pid, "environ", ENVIRON_LIMIT, a, out);
}

const char *proc_variable(const struct proc_strings *environment, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < environment->count; i++) {
        const char *item = environment->items[i];
        if (strncmp(item, name, n) == 0 && item[n] == '=')
            return item + n + 1;
    }
    return NULL;
}

int proc_read_link(const struct proc *proc, pid_t pid, const char *name, struct arena *a,
                   const char **target)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%d/%s", (int)pid, name);
    return gone_is_esrch(fs_read_link(proc->fd, path, a, target));
}

int proc_read_cwd(const struct proc *proc, pid_t pid, struct arena *a, const char **path)
{
    return proc_read_link(proc, pid, "cwd", a, path);
}

int proc_read_input(const struct proc *proc, pid_t pid, struct arena *a, const char **target)
{
    return proc_read_link(proc, pid, "fd/0", a, target);
}

int proc_read_namespace(const struct proc *proc, pid_t pid, enum proc_namespace which,
                        struct arena *a, const char **word)
{
    static const char *const names[] = {"ns/pid", "ns/mnt", "ns/net"};
    return proc_read_link(proc, pid, names[which], a, word);
}

ssize_t proc_read_wait_channel(const struct proc *proc, pid_t pid, char *name, size_t size)
{
    ssize_t n = proc_read_text(proc, pid, "wchan", name, size);
    return n > 0 && strcmp(name, "0") == 0 ? 0 : n;
}

const char *proc_root_of(struct arena *a, pid_t pid)
{
    return arena_printf(a, "/proc/%d/root", (int)pid);
}

int proc_read_own_namespace(const struct proc *proc, struct arena *a, const char **target)
{
    return gone_is_esrch(fs_read_link(proc->fd, "self/ns/pid", a, target));
}

int proc_read_exe(const struct proc *proc, pid_t pid, struct arena *a, const char **path,
                  bool *deleted)
{
    const char *target;
    int r = proc_read_link(proc, pid, "exe", a, &target);
    if (r < 0)
        return r;
    static const char suffix[] = " (deleted)";
    *deleted = str_ends_with(target, suffix);
    *path = *deleted ? arena_strndup(a, target, strlen(target) - strlen(suffix)) : target;
    return 0;
}

int proc_read_children(const struct proc *proc, pid_t pid, struct arena *a, pid_t **pids,
                       size_t *count)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%d/task", (int)pid);
    struct fs_name *threads;
    size_t thread_count;
    int r = fs_list(proc->fd, path, PIDS_LIMIT, a, &threads, &thread_count);
    if (r < 0)
        return gone_is_esrch(r);

    pid_t *found = NULL;
    size_t n = 0, capacity = 0;
    for (size_t i = 0; i < thread_count; i++) {
        snprintf(path, sizeof path, "%d/task/%.10s/children", (int)pid, threads[i].name);
        struct sv text;
        r = fs_read_small(proc->fd, path, ARGV_LIMIT, a, &text);
        if (r == -ENOENT && thread_count == 1)
            return -ENOENT;
        if (r < 0)
            continue; /* that thread has ended */
        char *end;
        for (const char *p = text.p; *p; p = end) {
            long child = strtol(p, &end, 10);
            if (end == p)
                break;
            *ARENA_PUSH(a, found, n, capacity) = (pid_t)child;
            while (*end == ' ')
                end++;
        }
    }
    *pids = found;
    *count = n;
    return 0;
}

int proc_ptrace_scope(const struct proc *proc)
{
    ARENA_RELEASE struct arena scratch = {0};
    struct sv text;
    int r = fs_read_small(proc->fd, "sys/kernel/yama/ptrace_scope", 64, &scratch, &text);
    return r < 0 ? r : atoi(text.p);
}

struct wall proc_start_time(const struct proc *proc, uint64_t start_ticks)
{
    return (struct wall){proc->boot.ms +
                         (int64_t)(start_ticks * 1000 / (uint64_t)proc->ticks_per_s)};
}
