/*
 * claude/program: whether a script is the vendor's client, by what is beside it.
 *
 * Any program may be called claude. The native client is compiled by Bun
 * (agents/bun_program.h); the one that node runs lies in a folder whose
 * package.json names the package. A few small reads, whatever the file's size.
 */
#pragma once

#include "agents/agent.h"

/*
 * path: the script as named by a process whose file system is below root ("/", "/proc/PID/root")
 * and whose working directory is cwd (NULL: not known). Returns: FACT_UNKNOWN when it cannot be
 * found or read.
 */
enum fact claude_program_is_script(const char *root, const char *cwd, const char *path);
