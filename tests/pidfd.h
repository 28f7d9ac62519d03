/*
 * pidfd: whom a descriptor of a traced process pins, for the tracers of the tests.
 */
#pragma once

#include <stdio.h>
#include <sys/types.h>

/* Returns: 0: not known; -1: it is gone by now. */
static inline int pidfd_target(pid_t holder, int fd)
{
    char path[64], line[256];
    int pid = 0;
    snprintf(path, sizeof path, "/proc/%d/fdinfo/%d", (int)holder, fd);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "Pid: %d", &pid) == 1)
            break;
    if (f)
        fclose(f);
    return pid;
}
