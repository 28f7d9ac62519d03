/*
 * live_owner: whether a live process has a transcript, or may have it.
 */
#pragma once

#include "agents/agent.h"
#include "base/err.h"
#include "session_rescue.h"

#include <stdbool.h>

struct live_owner {
    int pid;        /* 0: nobody has it */
    bool is_sure;   /* false: it may have it */
    char where[64]; /* "pts/4", "no terminal" */
};

struct live_owner_request {
    const struct sr_options *look;
    const struct agent *agent; /* only this agent's processes can have it */
    const char *path;          /* of the transcript, absolute */
    const char *session_id;    /* NULL: not known */
    const char *own_id;        /* the id in its records; NULL: the same */
};

/*
 * Looks at the machine afresh, for a process with the session's id, with the file, or with the file
 * on its command line, and for a client of unknown session in the same directory. Returns: 0 with
 * *out; -ENODATA, with the reason: a process that may have it could not be looked at, so the caller
 * must not write; another negative errno: the look failed.
 */
int live_owner_find(const struct live_owner_request *request, struct live_owner *out,
                    struct sr_error *error);
