/*
 * sample: what a process has used so far, and its state, at one moment; two
 * samples give a rate.
 *
 *     sample_take(&proc, pid, &first);
 *     ... some seconds ...
 *     sample_take(&proc, pid, &second);
 *     sample_subtract(&first, &second, &used);
 *     sample_find_wait(&proc, &second, &arena, &wait);
 *
 * A known number is zero or positive. A negative one says why it is not known:
 * -EACCES (not permitted), -ENOENT (this kernel does not have it), -ENODATA (not
 * observed). It proves nothing about the process.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "platform/descriptor.h"
#include "platform/process/proc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SAMPLE_WCHAN_SIZE = 64,
    SAMPLE_SYSCALL_ARGUMENTS = 6,
    /* instead of the number of a system call */
    SAMPLE_ON_PROCESSOR = -1000, /* "running" */
    SAMPLE_IN_NO_SYSCALL = -1001 /* stopped, or in a page fault */
};

struct sample {
    struct awake at;
    pid_t pid, ppid;
    uint64_t start_ticks;
    char name[PROC_NAME_SIZE];

    /* All threads. */
    int64_t cpu_ns;       /* of live threads (schedstat); when a thread ends, its part is lost */
    int64_t cpu_ticks_ns; /* user and system time (stat), with ended threads, in steps of 10 ms */
    int64_t rss_bytes;
    int threads;

    /* The whole process (io). Includes children that it has waited for. */
    int64_t read_chars, write_chars; /* rchar, wchar: by read(2), write(2) on any descriptor */
    int64_t read_calls, write_calls; /* syscr, syscw */
    int64_t read_bytes, write_bytes; /* from and to the disk */

    /* The main thread. */
    char state; /* R S D T t Z X I */
    int64_t main_cpu_ns;
    int64_t main_delay_ns; /* time ready to run, but waiting for a CPU (schedstat) */
    int64_t voluntary_switches, involuntary_switches;
    char wchan[SAMPLE_WCHAN_SIZE]; /* kernel function in which it sleeps; "": none, or not permitted
                                      (the kernel says "0" for both) */
    int64_t syscall_number; /* of this machine's table, SAMPLE_ON_PROCESSOR, SAMPLE_IN_NO_SYSCALL */
    uint64_t syscall_arguments[SAMPLE_SYSCALL_ARGUMENTS];
};

/* Returns: 0, or -ESRCH when the process is gone. A zombie can be sampled. */
int sample_take(const struct proc *proc, pid_t pid, struct sample *out);

/* Whether one of its threads runs, or waits for a processor. In an idle program that happens at
 * about 1 look in 200. */
bool sample_any_thread_runs(const struct proc *proc, pid_t pid);

/* What was used between two samples. Numbers as above: negative if either sample lacks it. */
struct sample_usage {
    int64_t elapsed_ns; /* awake time */
    int64_t cpu_ns, main_cpu_ns, main_delay_ns;
    int64_t voluntary_switches, involuntary_switches; /* of the main thread */
    int64_t read_chars, write_chars, read_calls, write_calls, read_bytes, write_bytes;
    int64_t rss_growth_bytes; /* always known; negative: it shrank */
};

/* Returns: 0, or -ESRCH if the two are not of one process (pid and start time). */
int sample_subtract(const struct sample *first, const struct sample *second,
                    struct sample_usage *out);

/* A process and all its descendants, the root first, parents before children. */
struct sample_tree {
    struct sample *items;
    size_t count;
    bool complete; /* false: there are more than SAMPLE_TREE_LIMIT, or some cannot be seen */
};

enum { SAMPLE_TREE_LIMIT = 1024 };

/* Returns: 0, or -ESRCH when the root is gone. Owner: the arena. */
int sample_take_tree(const struct proc *proc, pid_t root, struct arena *a, struct sample_tree *out);

/* What the main thread waits for. */
enum sample_wait_kind {
    SAMPLE_WAIT_UNKNOWN,    /* not permitted, or a place in the kernel that is not known here */
    SAMPLE_WAIT_NOTHING,    /* it runs, or is ready to */
    SAMPLE_WAIT_TTY_INPUT,  /* somebody must type */
    SAMPLE_WAIT_TTY_OUTPUT, /* nobody reads the terminal, or Ctrl-S stopped it */
    SAMPLE_WAIT_TTY,        /* a terminal: not permitted to see which of the two */
    SAMPLE_WAIT_PIPE_INPUT, /* a pipe or FIFO is empty, and its write end is held */
    SAMPLE_WAIT_PIPE_OUTPUT,
    SAMPLE_WAIT_FIFO_OPEN, /* in open(2), until the other side opens too */
    SAMPLE_WAIT_SOCKET,
    SAMPLE_WAIT_EVENTS, /* several descriptors or an epoll: an event loop */
    SAMPLE_WAIT_TIME,   /* sleep(1) */
    SAMPLE_WAIT_CHILD,
    SAMPLE_WAIT_THREAD,   /* futex: another thread, or a process sharing memory */
    SAMPLE_WAIT_SIGNAL,   /* pause(2), sigsuspend(2) */
    SAMPLE_WAIT_LOCK,     /* a file lock, flock(1) */
    SAMPLE_WAIT_DISK,     /* state D: in the kernel, cannot be interrupted */
    SAMPLE_WAIT_CONTINUE, /* stopped or traced */
    SAMPLE_WAIT_PARENT,   /* a zombie: its parent must wait for it */
};

struct sample_wait {
    enum sample_wait_kind kind;
    int fd;             /* which descriptor, -1: none or not known */
    const char *target; /* where it points, or what is being opened; NULL: not known */
    int64_t limit_ms;   /* the longest that the wait can last, from its start; -1: for ever, or not
                           known */
};

/*
 * Uses the system call and the descriptor in its arguments, and a few bytes of the
 * process's memory (the list for poll and select, the path for open). If Yama
 * restricts ptrace (Ubuntu, Debian: kernel.yama.ptrace_scope=1), users may read
 * neither: then it uses the name of the kernel function and the open descriptors,
 * and is less exact about which descriptor.
 * A 32-bit process on a 64-bit kernel has other system call numbers, which are not
 * understood.
 * Returns: 0, or -ESRCH when the process of the sample is gone. Owner of target: the arena.
 */
int sample_find_wait(const struct proc *proc, const struct sample *s, struct arena *a,
                     struct sample_wait *out);
