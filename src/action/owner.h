/*
 * owner: whether a live process has a transcript, or may have it.
 */
#pragma once

#include "base/err.h"
#include "session_rescue.h"

struct owner_request {
    const struct sr_options *look;
    const char *path;       /* of the transcript, absolute */
    const char *session_id; /* NULL: not known */
    const char *own_id;     /* that its records name; NULL: the same */
};

/*
 * By the session's id, by the file, and by a command line that names the file. Looks at the machine
 * afresh. Returns: 0 with *pid, 0 for nobody; or negative errno.
 */
int owner_find(const struct owner_request *request, int *pid, struct sr_error *error);
