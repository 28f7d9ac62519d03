/*
 * log_output: standard output as the log of a program that runs for weeks.
 *
 * A file is appended to, so that it may be truncated at any time; if it was
 * moved or removed, it is created again under its name. What a pipe or a
 * terminal does not take at once waits in memory, up to a limit.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct log_output {
    int fd;
    bool is_file;
    char *path; /* of the file; NULL: none, or it had no name when it was opened */
    uint64_t device, inode;
    struct buf waiting;
    bool is_broken; /* nobody will ever read it */
    int failed;     /* the last failure to write, negative errno; 0: none */
};

void log_output_init(struct log_output *o, int fd);
void log_output_release(struct log_output *o);

/* Adds lines. Past the limit the oldest waiting lines are dropped. */
void log_output_add(struct log_output *o, const char *bytes, size_t n);

/* Writes what can be written now. Returns: whether something still waits. */
bool log_output_flush(struct log_output *o);
