/*
 * bun_program: whether a program is JavaScript compiled by Bun, by what is in its file.
 *
 * Bun 1.3 puts the JavaScript in a section ".bun"; earlier versions put it at the end of the file,
 * followed by a marker line. A few small reads, whatever the file's size.
 */
#pragma once

#include "base/fact.h"
#include "platform/process/proc.h"

/* Of an open file. Returns: FACT_UNKNOWN when it cannot be read or is not a 64-bit ELF file. */
enum fact bun_program_is(int fd);
/* Of the program that a process runs. */
enum fact bun_program_runs(const struct proc *proc, pid_t pid);
