/*
 * proc: what the operating system shows of processes.
 *
 * Everything is read through an open directory: /proc, or a captured copy of it,
 * as a bug report or a test has. For a system without /proc, another file
 * implements the same functions.
 *
 *     struct proc proc;
 *     proc_open(&proc, "/proc", &error);
 *     proc_list(&proc, &arena, &pids, &count);
 *     for (...)
 *         if (proc_read_stat(&proc, pids[i], &stat) == 0) ...
 *     proc_close(&proc);
 *
 * A process may end between two calls: -ESRCH says that it is gone, which is not an
 * error. -EACCES says that this user may not read it: it may well be there.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct proc {
    int fd;
    bool is_live;     /* of the running kernel; false: a captured copy, whose links may point to
                         files of another machine */
    bool is_foreign;  /* its pids are not valid in this program's system calls: it is of another pid
                         namespace, or that is not known */
    struct wall boot; /* when the machine was booted */
    long ticks_per_s;
    long page_bytes;
};

enum { PROC_NAME_SIZE = 64 };

/* The fields of /proc/PID/stat that are used. */
struct proc_stat {
    pid_t pid, ppid, pgrp, sid;
    pid_t tty_pgrp; /* the terminal's foreground group, -1: no terminal */
    uint64_t tty;   /* device number, 0: no controlling terminal */
    char state;     /* R S D T t Z X I */
    char name[PROC_NAME_SIZE];
    uint64_t cpu_ticks; /* user and system, all threads */
    uint64_t start_ticks;
    int64_t rss_bytes;
    int threads;
};

/* The fields of /proc/PID/status that stat lacks. */
struct proc_status {
    uid_t uid; /* effective */
    uid_t real_uid, saved_uid;
    pid_t tracer;        /* 0: none */
    pid_t innermost_pid; /* the pid in its own pid namespace; 0: not known */
};

struct proc_strings {
    const char *const *items;
    size_t count;
};

int proc_open(struct proc *proc, const char *path, struct sr_error *error);
void proc_close(struct proc *proc);

/* This program's pid as /proc shows it: a /proc of another pid namespace shows another one. */
pid_t proc_own_pid(void);

/* All pids, ascending. Owner: the arena. */
int proc_list(const struct proc *proc, struct arena *a, pid_t **pids, size_t *count);

int proc_read_stat(const struct proc *proc, pid_t pid, struct proc_stat *out);
int proc_read_status(const struct proc *proc, pid_t pid, struct proc_status *out);

/* Command line and environment, one string for each item. An environment of more
 * than 1 MB is cut (-EFBIG). Owner: the arena. */
int proc_read_argv(const struct proc *proc, pid_t pid, struct arena *a, struct proc_strings *out);
int proc_read_environ(const struct proc *proc, pid_t pid, struct arena *a,
                      struct proc_strings *out);
/* Returns: the value of a variable, NULL when it is not set. */
const char *proc_variable(const struct proc_strings *environment, const char *name);

/*
 * The program file. If it was replaced or removed since, /proc adds " (deleted)" to
 * its path: that is cut off, and *deleted is true. Owner: the arena.
 */
int proc_read_exe(const struct proc *proc, pid_t pid, struct arena *a, const char **path,
                  bool *deleted);

/* Its current directory. Owner: the arena. */
int proc_read_cwd(const struct proc *proc, pid_t pid, struct arena *a, const char **path);

/* Its standard input, as the target of a struct descriptor: "/dev/pts/4", "pipe:[4711]".
 * -ESRCH: closed, or no such process. Owner: the arena. */
int proc_read_input(const struct proc *proc, pid_t pid, struct arena *a, const char **target);

enum proc_namespace { PROC_NAMESPACE_PID, PROC_NAMESPACE_MOUNTS, PROC_NAMESPACE_NETWORK };

/* A word that is the same for two processes exactly if they are in the same namespace:
 * "pid:[4026531836]". Owner: the arena. */
int proc_read_namespace(const struct proc *proc, pid_t pid, enum proc_namespace which,
                        struct arena *a, const char **word);

/* The kernel function in which it waits. Returns: the length of the name; 0: none, or not
 * permitted; or negative errno. */
ssize_t proc_read_wait_channel(const struct proc *proc, pid_t pid, char *name, size_t size);

/* The path by which its root directory is read from outside: a process may have its own mounts.
 * Owner: the arena. */
const char *proc_root_of(struct arena *a, pid_t pid);

/*
 * This program's pid namespace, "pid:[4026531836]", as this /proc shows it. Returns: -ESRCH if it
 * does not show this program at all. Owner: the arena.
 */
int proc_read_own_namespace(const struct proc *proc, struct arena *a, const char **target);

/* The direct children of all its threads, as the kernel lists them
 * (CONFIG_PROC_CHILDREN); -ENOENT if the kernel does not. */
int proc_read_children(const struct proc *proc, pid_t pid, struct arena *a, pid_t **pids,
                       size_t *count);

/*
 * Parse the text of a file; they read nothing.
 * proc_parse_stat and proc_parse_status: 0, or -EBADMSG for any other text.
 * proc_split: bytes end in a NUL that is not counted; the last string may lack its own.
 */
int proc_parse_stat(const char *text, long page_bytes, struct proc_stat *out);
int proc_parse_status(const char *text, struct proc_status *out);
void proc_split(struct arena *a, struct sv bytes, struct proc_strings *out);

/* Which processes Yama lets users trace (kernel.yama.ptrace_scope): 0 their own, 1 their children,
 * 2 and 3 none without privilege. Returns: -ENOENT: there is no Yama, which is the same as 0. */
int proc_ptrace_scope(const struct proc *proc);

/* The wall time at which a process started. */
struct wall proc_start_time(const struct proc *proc, uint64_t start_ticks);
