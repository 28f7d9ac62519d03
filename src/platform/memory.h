/*
 * memory: copies the private, anonymous, writable pages of another process,
 * without any effect on it.
 *
 *     struct memory_image image;
 *     int r = memory_read(&proc, pid, &limits, &image);
 *     ... image.runs ...
 *     memory_release(&image);
 *
 * Only pages that /proc/PID/pagemap calls present or swapped are touched. A
 * client on Bun reserves 70 GB of addresses: reading the unused ones takes 45 s
 * and makes the kernel build 141 MB of page tables. The used ones are 130 to
 * 300 MB, read in 0.1 to 0.3 s. The process is not stopped.
 */
#pragma once

#include "base/memory_run.h"
#include "platform/process/proc.h"

struct memory_limits {
    int64_t bytes; /* if there is more, nothing is read */
    int64_t ms;
};

struct memory_image {
    struct memory_run *runs;
    size_t run_count;
    int64_t bytes_read;
    int64_t elapsed_ms;
    int64_t table_bytes_before, table_bytes_after; /* the process's page tables; -1: not known */
    char *bytes;                                   /* the runs point into it */
    size_t capacity;
};

/*
 * Returns: 0; -EPERM or -EACCES: not permitted (ptrace, Yama); -EFBIG: more than limits->bytes;
 * -ENOMEM: more than half of the free memory; -ETIME: it took longer than limits->ms; -ESRCH.
 * Owner: memory_release.
 */
int memory_read(const struct proc *proc, pid_t pid, const struct memory_limits *limits,
                struct memory_image *out);
void memory_release(struct memory_image *image);
