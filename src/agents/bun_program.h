/*
 * bun_program: whether Bun has made a program of JavaScript, by what is in its file.
 *
 * Its JavaScript lies in a section ".bun" (Bun 1.3), or, as Bun did it before, at the end of the
 * file, before a line that says so. A few small reads, whatever the file's size.
 */
#pragma once

#include "base/fact.h"
#include "platform/process/proc.h"

/* Of an open file. Returns: FACT_UNKNOWN where it cannot be read, or is no ELF file of 64 bits. */
enum fact bun_program_is(int fd);
/* Of the program that a process runs. */
enum fact bun_program_runs(const struct proc *proc, pid_t pid);
