/*
 * guard: work that may get stuck in the kernel, watched from outside.
 *
 * A read from a file system whose server does not answer (NFS gone, a stopped
 * FUSE server) cannot be interrupted, not even by SIGKILL, and a process with
 * a thread in it cannot exit. So a child does the work. It notes each path
 * before it touches it. If it stays at one for too long, it is left behind, and
 * the work begins again in a new child that avoids that path.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct guard;

/* Notes where the work is about to read; NULL: nowhere that could get stuck. */
void guard_enter(struct guard *g, const char *path);

/*
 * For a caller that watches its own child while it does other things: one shared
 * page, made before the fork, to be checked from time to time. A child that is
 * inside a path and has made no step since the last check is stuck there.
 */
struct guard *guard_new(void); /* NULL: no memory */
void guard_free(struct guard *g);
bool guard_is_inside(const struct guard *g, unsigned *steps);
const char *guard_path(const struct guard *g);

/* The process computes, waits for a CPU, or was stopped: it does not wait for a file system. */
bool guard_wants_cpu(pid_t pid);

/*
 * What is done in the child. stuck lists the paths, as given to guard_enter,
 * at which earlier tries were left behind. Returns: the exit status.
 */
typedef int guard_work(struct guard *g, const char *const *stuck, size_t stuck_count,
                       void *context);

/*
 * Runs the work to its end, or until 16 paths are left behind.
 * SIGINT and SIGQUIT are left to the child meanwhile; SIGTERM reaches it when we end. Where SIGINT
 * or SIGPIPE (nobody reads on) ended the child, it ends the caller too, without a word.
 * Blocks: until then; at most patience_ms of waiting at one path the first time, half of
 * that at each further one. Returns: the work's exit status, or a negative errno.
 */
int guard_run(guard_work *work, void *context, int patience_ms, struct sr_error *error);
