/*
 * proc_files: reads files below /proc/PID by name, for the Linux files of this
 * layer. Everybody else uses proc.h, which has no such names.
 */
#pragma once

#include "platform/process/proc.h"

/* A link: "exe", "fd/7". Owner: the arena. */
int proc_read_link(const struct proc *proc, pid_t pid, const char *name, struct arena *a,
                   const char **target);

/*
 * The first size - 1 bytes of a file ("io", "task/7/schedstat"), followed by a NUL.
 * Returns: how many bytes, or negative errno (-ESRCH: no such process, or no such file).
 */
ssize_t proc_read_text(const struct proc *proc, pid_t pid, const char *name, char *bytes,
                       size_t size);

/* What follows "key:" at the beginning of a line; NULL if there is none. */
const char *proc_field(const char *text, const char *key);
