#include "platform/process/sample.h"

#include "base/io/fs.h"
#include "base/str.h"
#include "platform/privilege.h"
#include "platform/process/pidref.h"
#include "platform/process/proc_files.h"
#include "platform/process/process_table.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    THREAD_LIMIT = 64 * 1024,
    TEXT_SIZE = 16 * 1024, /* status is some 1.5 kB, the others a line or ten */
    TICK_ERROR = 2,        /* user and system time are each cut to a whole tick */
};

/* Why a file below a process that lives could not be read, as struct sample says it. */
static int64_t why_unknown(ssize_t code)
{
    switch (code) {
    case -EACCES:
    case -EPERM: /* from a read, where opening was let through */
        return -EACCES;
    case -ESRCH:
        return -ENOENT;
    default:
        return -ENODATA;
    }
}

/* The number after "key:" at the start of a line. */
static int64_t field(const char *text, const char *key)
{
    const char *begin = proc_field(text, key);
    char *end;
    if (!begin)
        return -ENOENT;
    long long value = strtoll(begin, &end, 10);
    return end == begin || value < 0 ? -ENODATA : value;
}

/* "97072 1043 12": nanoseconds on a processor, nanoseconds waiting for one, turns. */
static int64_t read_schedstat(const struct proc *proc, pid_t pid, const char *name,
                              int64_t *delay_ns)
{
    char text[128];
    ssize_t n = proc_read_text(proc, pid, name, text, sizeof text);
    if (n < 0)
        return why_unknown(n);
    long long ns, delay;
    if (sscanf(text, "%lld %lld", &ns, &delay) != 2 || ns < 0 || delay < 0)
        return -ENODATA;
    *delay_ns = delay;
    return ns;
}

/* Sum over the threads. The file of the process itself shows its main thread alone. */
static int64_t read_cpu_of_threads(const struct proc *proc, pid_t pid)
{
    ARENA_RELEASE struct arena scratch = {0};
    char path[64];
    snprintf(path, sizeof path, "%d/task", (int)pid);
    struct fs_name *threads;
    size_t count;
    int r = fs_list(proc->fd, path, THREAD_LIMIT, &scratch, &threads, &count);
    int64_t sum = r < 0 ? why_unknown(r == -ENOENT ? -ESRCH : r) : -ENOENT;
    for (size_t i = 0; r == 0 && i < count; i++) {
        snprintf(path, sizeof path, "task/%.10s/schedstat", threads[i].name);
        int64_t delay_ns, ns = read_schedstat(proc, pid, path, &delay_ns);
        if (ns >= 0)
            sum = (sum < 0 ? 0 : sum) + ns; /* else the thread has ended */
    }
    return sum;
}

/* The main thread's own line in task/PID/stat, for kernels without schedstat. */
static int64_t read_main_ticks_ns(const struct proc *proc, pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "%d/task", (int)pid);
    struct proc threads = *proc;
    FS_CLOSE int fd = fs_open_dir(proc->fd, path);
    threads.fd = fd;
    struct proc_stat stat;
    if (fd < 0 || proc_read_stat(&threads, pid, &stat) < 0)
        return -ENOENT;
    return (int64_t)stat.cpu_ticks * (1000000000 / proc->ticks_per_s);
}

bool sample_any_thread_runs(const struct proc *proc, pid_t pid)
{
    ARENA_RELEASE struct arena scratch = {0};
    char path[64];
    snprintf(path, sizeof path, "%d/task", (int)pid);
    struct proc threads = *proc;
    FS_CLOSE int fd = fs_open_dir(proc->fd, path);
    threads.fd = fd;
    pid_t *ids;
    size_t count = 0;
    bool runs = false;
    if (fd >= 0 && proc_list(&threads, &scratch, &ids, &count) < 0)
        count = 0;
    for (size_t i = 0; i < count && !runs; i++) {
        struct proc_stat stat;
        runs = proc_read_stat(&threads, ids[i], &stat) == 0 && stat.state == 'R';
    }
    return runs;
}

static void read_cpu(const struct proc *proc, const struct proc_stat *stat, struct sample *s)
{
    s->cpu_ticks_ns = (int64_t)stat->cpu_ticks * (1000000000 / proc->ticks_per_s);
    s->cpu_ns = read_cpu_of_threads(proc, stat->pid);
    s->main_delay_ns = -ENODATA;
    s->main_cpu_ns = read_schedstat(proc, stat->pid, "schedstat", &s->main_delay_ns);
    /* Without CONFIG_SCHED_INFO the file reads "0 0 0". */
    if (s->cpu_ns == 0 && s->cpu_ticks_ns > 0)
        s->cpu_ns = s->main_cpu_ns = -ENOENT;
    if (s->main_cpu_ns < 0) {
        int64_t ticks_ns = read_main_ticks_ns(proc, stat->pid);
        s->main_cpu_ns = ticks_ns < 0 ? s->main_cpu_ns : ticks_ns;
    }
}

static void read_io(const struct proc *proc, struct sample *s)
{
    char text[TEXT_SIZE];
    ssize_t n = proc_read_text(proc, s->pid, "io", text, sizeof text);
    const struct {
        const char *key;
        int64_t *out;
    } fields[] = {
        {"rchar", &s->read_chars},      {"wchar", &s->write_chars},
        {"syscr", &s->read_calls},      {"syscw", &s->write_calls},
        {"read_bytes", &s->read_bytes}, {"write_bytes", &s->write_bytes},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        *fields[i].out = n < 0 ? why_unknown(n) : field(text, fields[i].key);
}

/* status counts the switches of the main thread alone. */
static void read_switches(const struct proc *proc, struct sample *s)
{
    char text[TEXT_SIZE];
    ssize_t n = proc_read_text(proc, s->pid, "status", text, sizeof text);
    s->voluntary_switches = n < 0 ? why_unknown(n) : field(text, "voluntary_ctxt_switches");
    s->involuntary_switches = n < 0 ? why_unknown(n) : field(text, "nonvoluntary_ctxt_switches");
}

/* "wait_woken", or "0" when it does not sleep or we may not know. */
static void read_wchan(const struct proc *proc, struct sample *s)
{
    s->wchan[0] = '\0';
    if (proc_read_wait_channel(proc, s->pid, s->wchan, sizeof s->wchan) <= 0)
        s->wchan[0] = '\0';
    s->wchan[strcspn(s->wchan, "\n")] = '\0';
}

/*
 * "0 0x3 0x7f62e3846000 0x20000 0x7f62e38d7b60 0xffffffff 0x0 0x7ffdf2307538 0x7f62e39c02ad":
 * number, six arguments, stack, program counter. "-1 0x7ffd... 0x7f62...": in none. "running".
 */
static void read_syscall(const struct proc *proc, struct sample *s)
{
    char text[512];
    PRIVILEGE_SCOPE(PRIVILEGE_TRACE, proc, s->pid);
    ssize_t n = proc_read_text(proc, s->pid, "syscall", text, sizeof text);
    s->syscall_number = n < 0 ? why_unknown(n) : -ENODATA;
    if (n < 0)
        return;
    if (str_starts_with(text, "running")) {
        s->syscall_number = SAMPLE_ON_PROCESSOR;
        return;
    }
    if (str_starts_with(text, "-1 ")) {
        s->syscall_number = SAMPLE_IN_NO_SYSCALL;
        return;
    }
    long number;
    uint64_t *v = s->syscall_arguments;
    if (sscanf(text, "%ld %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64,
               &number, &v[0], &v[1], &v[2], &v[3], &v[4], &v[5]) == 7 &&
        number >= 0)
        s->syscall_number = number;
}

int sample_take(const struct proc *proc, pid_t pid, struct sample *out)
{
    struct sample s = {.at = awake_now()};
    struct proc_stat stat;
    int r = proc_read_stat(proc, pid, &stat);
    if (r < 0)
        return r;
    s.pid = stat.pid;
    s.ppid = stat.ppid;
    s.start_ticks = stat.start_ticks;
    memcpy(s.name, stat.name, sizeof s.name);
    s.rss_bytes = stat.rss_bytes;
    s.threads = stat.threads;
    s.state = stat.state;
    read_cpu(proc, &stat, &s);
    read_io(proc, &s);
    read_switches(proc, &s);
    read_wchan(proc, &s);
    read_syscall(proc, &s);
    *out = s;
    return 0;
}

static int64_t growth(int64_t first, int64_t second)
{
    if (first < 0)
        return first;
    if (second < 0)
        return second;
    return second > first ? second - first : 0;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int sample_subtract(const struct sample *first, const struct sample *second,
                    struct sample_usage *out)
{
    if (first->pid != second->pid || first->start_ticks != second->start_ticks)
        return -ESRCH;
    /* The sum over the threads loses what an ended one had used; ticks keep it. Each alone is
     * at most what was used, once the ticks' error is off. */
    int64_t by_threads = growth(first->cpu_ns, second->cpu_ns);
    int64_t by_ticks = growth(first->cpu_ticks_ns, second->cpu_ticks_ns);
    int64_t tick_error = by_threads < 0 ? 0 : TICK_ERROR * (1000000000 / sysconf(_SC_CLK_TCK));

    *out = (struct sample_usage){
        .elapsed_ns = second->at.ns - first->at.ns,
        .cpu_ns = larger(by_threads, by_ticks - tick_error),
        .main_cpu_ns = growth(first->main_cpu_ns, second->main_cpu_ns),
        .main_delay_ns = growth(first->main_delay_ns, second->main_delay_ns),
        .voluntary_switches = growth(first->voluntary_switches, second->voluntary_switches),
        .involuntary_switches = growth(first->involuntary_switches, second->involuntary_switches),
        .read_chars = growth(first->read_chars, second->read_chars),
        .write_chars = growth(first->write_chars, second->write_chars),
        .read_calls = growth(first->read_calls, second->read_calls),
        .write_calls = growth(first->write_calls, second->write_calls),
        .read_bytes = growth(first->read_bytes, second->read_bytes),
        .write_bytes = growth(first->write_bytes, second->write_bytes),
        .rss_growth_bytes = second->rss_bytes - first->rss_bytes,
    };
    return 0;
}

/* Returns: 0 or negative errno; -ESRCH: it is gone, and has none. */
static int find_children(const struct proc *proc, pid_t pid, struct process_table *all,
                         struct arena *a, pid_t **pids, size_t *count)
{
    *count = 0;
    if (!all->items) {
        int r = proc_read_children(proc, pid, a, pids, count);
        if (r == -ENOENT) /* a kernel that does not list children */
            r = process_table_read(proc, a, all);
        if (r < 0 || !all->items)
            return r;
    }
    *pids = arena_alloc(a, (all->count + 1) * sizeof **pids);
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].ppid == pid)
            (*pids)[(*count)++] = all->items[i].pid;
    return 0;
}

/* What the kernel names as a child, and cannot be read: has it ended, or is it not shown (sudo,
 * with hidepid)? */
static bool is_hidden(const struct proc *proc, pid_t pid, int code)
{
    return code < 0 && (code != -ESRCH || pidref_is_there(proc, pid) != FACT_NO);
}

int sample_take_tree(const struct proc *proc, pid_t root, struct arena *a, struct sample_tree *out)
{
    struct sample first;
    int r = sample_take(proc, root, &first);
    if (r < 0)
        return r;
    ARENA_RELEASE struct arena scratch = {0};
    struct process_table all = {0};
    struct sample *items = NULL;
    size_t count = 0, capacity = 0;
    bool complete = true;
    *ARENA_PUSH(a, items, count, capacity) = first;
    for (size_t at = 0; at < count; at++) {
        pid_t parent = items[at].pid, *children;
        size_t child_count;
        r = find_children(proc, parent, &all, &scratch, &children, &child_count);
        complete = complete && (r == 0 || r == -ESRCH) && (!all.items || all.complete);
        for (size_t i = 0; i < child_count; i++) {
            struct sample s;
            r = sample_take(proc, children[i], &s);
            complete = complete && !is_hidden(proc, children[i], r);
            /* another parent: the child has ended, and its pid is another's now */
            if (r < 0 || s.ppid != parent)
                continue;
            if (count == SAMPLE_TREE_LIMIT)
                complete = false;
            else
                *ARENA_PUSH(a, items, count, capacity) = s;
        }
    }
    *out = (struct sample_tree){items, count, complete};
    return 0;
}
