/*
 * live: children that a test starts and ends itself, and waiting for what they
 * do. What is waited for comes in milliseconds; the bound is for a machine
 * with other things to do.
 */
#pragma once

#include "unit.h"

#include "platform/process/proc.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIVE_STEP_US = 10000, LIVE_STEPS = 3000 };

#define until(condition)                                  \
    do {                                                  \
        int until_left = LIVE_STEPS;                      \
        while (!(condition) && --until_left > 0)          \
            usleep(LIVE_STEP_US);                         \
        if (until_left == 0)                              \
            fail_msg("it never came to be: " #condition); \
    } while (0)

/* Runs run(context) in a child, which does not outlive its parent. */
static inline pid_t live_start(void (*run)(const void *context), const void *context)
{
    pid_t parent = getpid(), pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(0); /* it ended before that */
        run(context);
        _exit(0);
    }
    return pid;
}

static inline void live_end(pid_t pid)
{
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

/* Whether the process has begun program. In the middle of its exec it has the name of the new one
 * already, and no command line and no environment yet. */
static inline bool live_runs(pid_t pid, const char *program)
{
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    FILE *f = fopen(path, "r");
    if (!f)
        return false;
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    return n > 0 && strcmp(text, program) == 0;
}

static inline struct proc live_proc(void)
{
    struct proc proc;
    assert_int_equal(proc_open(&proc, "/proc", NULL), 0);
    return proc;
}

/* tests/fixtures/proc/README.md says which process is which. */
static inline struct proc captured_proc(const char *tree)
{
    struct proc proc;
    char path[128];
    snprintf(path, sizeof path, "tests/fixtures/proc/%s", tree);
    assert_int_equal(proc_open(&proc, path, NULL), 0);
    return proc;
}
