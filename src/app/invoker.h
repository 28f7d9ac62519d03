/*
 * invoker: the user on whose behalf the program runs.
 *
 * Run by sudo it is the one that SUDO_UID names. What is trusted: SUDO_UID is
 * looked at only in a process that was started as root, where all it can do is
 * take rights away; the user database says who that is, and where home is.
 * sudo clears the environment; what that user had exported is read off the
 * process of sudo itself, and says no more than where that user's files are:
 * they are opened with that user's rights.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "platform/proc.h"

#include <stdbool.h>

struct invoker {
    uid_t uid;
    gid_t gid;
    const char *name, *home;
    bool is_seen; /* a process above this one is theirs, or a set-uid program of root's */
    struct proc_strings environment; /* that sudo was started with; empty: not known */
};

/*
 * proc may be NULL. own_pid: whose ancestors are looked at.
 * Returns: 0; -EINVAL when sudo_uid is no number of a user; -ENOENT when there is no such user.
 * Owner: the arena.
 */
int invoker_find(const char *sudo_uid, const struct proc *proc, pid_t own_pid, struct arena *a,
                 struct invoker *out, struct sr_error *error);

/*
 * Before anything else is done: under sudo, becomes the invoking user and takes their home and
 * their variables for its own. kept: a sum of enum privilege.
 * Returns: 0; -EPERM: started in a way in which nothing may be done; other: it could not be done.
 */
int invoker_become(unsigned kept, bool is_quiet, struct sr_error *error);
