/*
 * claude/program: is a file the vendor's client, by what is in it?
 *
 * Any program may be called claude. The native client is an ELF file that Bun
 * has made: its JavaScript lies in a section ".bun" (2.1.197, 2.1.330), or, as
 * Bun did it before, at the end of the file, before a line that says so. The
 * one that node runs lies in a folder whose package.json names the package.
 * A few small reads, whatever the file's size.
 */
#pragma once

#include "agents/agent.h"

/* Of an open file. Returns: FACT_UNKNOWN where it cannot be read, or is no ELF file of 64 bits. */
enum fact claude_program_is_native(int fd);

/*
 * Of a script, as a process names it that sees the file system below root ("/", "/proc/PID/root")
 * and stands in cwd (NULL: not known). Returns: FACT_UNKNOWN where it cannot be found or read.
 */
enum fact claude_program_is_script(const char *root, const char *cwd, const char *path);
