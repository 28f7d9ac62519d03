/*
 * host: the machine's name, and where its users live.
 */
#pragma once

#include "base/arena.h"

#include <stdbool.h>
#include <sys/types.h>

/* Owner: the arena. */
const char *host_name(struct arena *a);

/* A user in the user database. */
struct host_user {
    const char *name, *home;
    gid_t gid;
};

/* Returns: false if there is no such user. Owner: the arena. */
bool host_find_user(struct arena *a, uid_t uid, struct host_user *out);

/* A user's home directory in the user database. Returns: NULL if there is no such user. Owner: the
 * arena. */
const char *host_home_of(struct arena *a, uid_t uid);
