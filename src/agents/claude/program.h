/*
 * claude/program: is a script the vendor's client, by what is beside it?
 *
 * Any program may be called claude. The native client is one that Bun has made
 * (agents/bun_program.h); the one that node runs lies in a folder whose
 * package.json names the package. A few small reads, whatever the file's size.
 */
#pragma once

#include "agents/agent.h"

/*
 * Of a script, as a process names it that sees the file system below root ("/", "/proc/PID/root")
 * and stands in cwd (NULL: not known). Returns: FACT_UNKNOWN where it cannot be found or read.
 */
enum fact claude_program_is_script(const char *root, const char *cwd, const char *path);
