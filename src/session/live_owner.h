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
    bool is_sure;   /* else: it may have it */
    char where[64]; /* "pts/4", "no terminal" */
};

struct live_owner_request {
    const struct sr_options *look;
    const struct agent *agent; /* whose session it is: no other agent's process has it */
    const char *path;          /* of the transcript, absolute */
    const char *session_id;    /* NULL: not known */
    const char *own_id;        /* that its records name; NULL: the same */
};

/*
 * By the session's id, by the file, by a command line that names the file, and by the directory
 * where it is not known which session a client has. Looks at the machine afresh. Returns: 0 with
 * *out; -ENODATA, with the reason, where a process that may have it could not be looked at: nobody
 * is known not to have it, and whoever would write refuses; another negative errno where the look
 * failed.
 */
int live_owner_find(const struct live_owner_request *request, struct live_owner *out,
                    struct sr_error *error);
