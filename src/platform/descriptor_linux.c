#include "platform/descriptor.h"

#include "base/io/fs.h"
#include "platform/process/proc_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    NAME_SIZE = 32, /* "fdinfo/1048576" */
    FDINFO_SIZE =
        512, /* what is used stands in the first lines; epoll and inotify go on for long */
};

/* "socket:[91139]" begins with prefix "socket:[": the number, else 0 */
static uint64_t inode_after(const char *target, const char *prefix)
{
    return str_starts_with(target, prefix) ? strtoull(target + strlen(prefix), NULL, 10) : 0;
}

static bool is_master(const char *target)
{
    return str_equals(target, "/dev/ptmx") || str_equals(target, "/dev/pts/ptmx");
}

static bool is_terminal(const char *target)
{
    /* "/dev/ttyS0", "/dev/tty", "/dev/pts/4 (deleted)" */
    return (str_starts_with(target, "/dev/pts/") && !is_master(target)) ||
           str_starts_with(target, "/dev/tty") || str_starts_with(target, "/dev/hvc") ||
           str_equals(target, "/dev/console");
}

static void classify(struct descriptor *d)
{
    if ((d->inode = inode_after(d->target, "socket:[")) != 0)
        d->kind = DESCRIPTOR_SOCKET;
    else if ((d->inode = inode_after(d->target, "pipe:[")) != 0)
        d->kind = DESCRIPTOR_PIPE;
    else if (is_terminal(d->target))
        d->kind = DESCRIPTOR_TTY;
    else if (d->target[0] == '/' &&
             (!str_starts_with(d->target, "/dev/") || str_starts_with(d->target, "/dev/shm/")))
        d->kind = DESCRIPTOR_FILE;
    else
        d->kind = DESCRIPTOR_OTHER;
}

/* The number after "\nkey" in the text of a fdinfo file. */
static bool fdinfo_number(const char *text, const char *key, int base, unsigned long *out)
{
    const char *at = strstr(text, key);
    char *end;
    if (!at)
        return false;
    unsigned long value = strtoul(at + strlen(key), &end, base);
    if (end == at + strlen(key))
        return false;
    *out = value;
    return true;
}

/* "pos:\t0\nflags:\t02100002\nmnt_id:\t24\nino:\t91\n", for a master "tty-index:\t4" too */
static ssize_t read_fdinfo(const struct proc *proc, pid_t pid, int fd, char text[FDINFO_SIZE])
{
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "fdinfo/%d", fd);
    return proc_read_text(proc, pid, name, text, FDINFO_SIZE);
}

static void read_access(const struct proc *proc, pid_t pid, struct descriptor *d)
{
    char text[FDINFO_SIZE];
    unsigned long flags;
    if (read_fdinfo(proc, pid, d->fd, text) < 0 || !fdinfo_number(text, "\nflags:\t", 8, &flags))
        return;
    unsigned long mode = flags & O_ACCMODE;
    bool path_only = (flags & O_PATH) != 0;
    d->access_known = true;
    d->reads = !path_only && (mode == O_RDONLY || mode == O_RDWR);
    d->writes = !path_only && (mode == O_WRONLY || mode == O_RDWR);
}

/* "lock:\t1: FLOCK  ADVISORY  WRITE 4711 fe:00:91139 0 EOF" */
enum fact descriptor_is_locked(const struct proc *proc, pid_t pid, int fd)
{
    char text[FDINFO_SIZE];
    ssize_t n = read_fdinfo(proc, pid, fd, text);
    if (n < 0)
        return n == -ESRCH ? FACT_NO : FACT_UNKNOWN; /* closed since */
    const char *lock = strstr(text, "\nlock:\t");
    const char *kind = lock ? strstr(lock, ": FLOCK ") : NULL;
    return kind && strstr(kind, " WRITE ") ? FACT_YES : FACT_NO;
}

int descriptor_read(const struct proc *proc, pid_t pid, int fd, struct arena *a,
                    struct descriptor *out)
{
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "fd/%d", fd);
    struct descriptor d = {.fd = fd};
    int r = proc_read_link(proc, pid, name, a, &d.target);
    if (r == -ESRCH) {
        struct proc_stat stat;
        return proc_read_stat(proc, pid, &stat) < 0 ? -ESRCH : -EBADF;
    }
    if (r < 0)
        return r;
    classify(&d);
    read_access(proc, pid, &d);
    *out = d;
    return 0;
}

static int compare_fds(const void *a, const void *b)
{
    const int *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* The open numbers, ascending. */
static int list_numbers(const struct proc *proc, pid_t pid, struct arena *a, int **fds,
                        size_t *count)
{
    char path[NAME_SIZE];
    snprintf(path, sizeof path, "%d/fd", (int)pid);
    struct fs_name *names;
    size_t name_count;
    int r = fs_list(proc->fd, path, DESCRIPTOR_LIMIT, a, &names, &name_count);
    if (r < 0 && r != -EFBIG)
        return r == -ENOENT ? -ESRCH : r;
    int *found = arena_alloc(a, (name_count + 1) * sizeof *found);
    size_t n = 0;
    for (size_t i = 0; i < name_count; i++) {
        int64_t fd;
        if (sv_to_i64(sv_of(names[i].name), &fd) && fd >= 0 && fd <= INT32_MAX)
            found[n++] = (int)fd;
    }
    qsort(found, n, sizeof *found, compare_fds);
    *fds = found;
    *count = n;
    return r;
}

int descriptor_list(const struct proc *proc, pid_t pid, struct arena *a, struct descriptor **items,
                    size_t *count)
{
    int *fds;
    size_t fd_count;
    int r = list_numbers(proc, pid, a, &fds, &fd_count);
    if (r < 0 && r != -EFBIG)
        return r;
    struct descriptor *found = arena_alloc(a, (fd_count + 1) * sizeof *found);
    size_t n = 0;
    for (size_t i = 0; i < fd_count; i++)
        if (descriptor_read(proc, pid, fds[i], a, &found[n]) == 0)
            n++; /* else closed since */
    *items = found;
    *count = n;
    return r;
}

int descriptor_list_sockets(const struct proc *proc, pid_t pid, struct arena *a, uint64_t **inodes,
                            size_t *count)
{
    int *fds;
    size_t fd_count;
    int r = list_numbers(proc, pid, a, &fds, &fd_count);
    if (r < 0 && r != -EFBIG)
        return r;
    uint64_t *found = arena_alloc(a, (fd_count + 1) * sizeof *found);
    size_t n = 0;
    for (size_t i = 0; i < fd_count; i++) {
        char name[NAME_SIZE];
        snprintf(name, sizeof name, "fd/%d", fds[i]);
        struct descriptor d = {.fd = fds[i]};
        if (proc_read_link(proc, pid, name, a, &d.target) < 0)
            continue; /* closed since */
        classify(&d);
        if (d.kind == DESCRIPTOR_SOCKET)
            found[n++] = d.inode;
    }
    *inodes = found;
    *count = n;
    return r;
}

/* What is looked for among the descriptors of all processes. */
struct search {
    const char *target;   /* to be written to; NULL: masters are looked for */
    unsigned long number; /* of the terminal, when masters are */
};

static bool matches(const struct search *wanted, const struct proc *proc, pid_t pid, int fd)
{
    char path[64], target[4096], text[FDINFO_SIZE];
    snprintf(path, sizeof path, "%d/fd/%d", (int)pid, fd);
    ssize_t n = readlinkat(proc->fd, path, target, sizeof target - 1);
    if (n < 0)
        return false;
    target[n] = '\0';
    if (!wanted->target) {
        unsigned long number;
        return is_master(target) && read_fdinfo(proc, pid, fd, text) > 0 &&
               fdinfo_number(text, "\ntty-index:\t", 10, &number) && number == wanted->number;
    }
    if (!str_equals(target, wanted->target))
        return false;
    struct descriptor d = {.fd = fd};
    read_access(proc, pid, &d);
    return d.writes;
}

/* Kernel threads have no descriptors, but hide that from users as all others do. */
static bool is_kernel_thread(const struct proc_stat *stat)
{
    return (stat->pid == 2 || stat->ppid == 2) && stat->rss_bytes == 0;
}

static int search(const struct proc *proc, const struct search *wanted, pid_t but, struct arena *a,
                  struct descriptor_holders *out)
{
    ARENA_RELEASE struct arena scratch = {0};
    pid_t *pids;
    size_t pid_count;
    int r = proc_list(proc, &scratch, &pids, &pid_count);
    struct descriptor_holder *items = NULL;
    size_t count = 0, capacity = 0, unreadable = 0;
    for (size_t i = 0; r == 0 && i < pid_count; i++) {
        if (pids[i] == but)
            continue;
        ARENA_RELEASE struct arena numbers = {0};
        int *fds;
        size_t fd_count = 0, at = 0;
        int listed = list_numbers(proc, pids[i], &numbers, &fds, &fd_count);
        while (at < fd_count && !matches(wanted, proc, pids[i], fds[at]))
            at++;
        bool found = at < fd_count, hidden = listed < 0 && listed != -ESRCH;
        struct proc_stat stat;
        if ((found || hidden) && proc_read_stat(proc, pids[i], &stat) == 0) {
            unreadable += hidden && !is_kernel_thread(&stat);
            if (found) {
                struct descriptor_holder *h = ARENA_PUSH(a, items, count, capacity);
                *h = (struct descriptor_holder){
                    .pid = pids[i], .start_ticks = stat.start_ticks, .fd = fds[at]};
                memcpy(h->name, stat.name, sizeof h->name);
            }
        }
    }
    if (r < 0)
        return r;
    *out = (struct descriptor_holders){items, count, unreadable};
    return 0;
}

int descriptor_find_writers(const struct proc *proc, const char *target, pid_t but, struct arena *a,
                            struct descriptor_holders *out)
{
    return search(proc, &(struct search){.target = target}, but, a, out);
}

int descriptor_find_pty_masters(const struct proc *proc, unsigned number, struct arena *a,
                                struct descriptor_holders *out)
{
    return search(proc, &(struct search){.number = number}, 0, a, out);
}
