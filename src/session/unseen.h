/*
 * unseen: clients that a registry names, and that no look at the processes shows.
 *
 * A client of another user behind hidepid, or of another pid namespace that shares
 * the store: it may have the session that its entry names, though no process here
 * does. An entry is left out only where its process is known to be none:
 *
 * - in the first pid namespace of the machine, and for an entry that names our own
 *   namespace: where the kernel knows no such pid, or /proc shows that it is another's;
 * - elsewhere nobody can be asked, and an entry counts unless nothing has touched it
 *   since this machine was booted.
 *
 * A torn entry (a disk that was full) names its process by the name of its file, and may be of any
 * session of its store.
 */
#pragma once

#include "session/discover.h"

struct unseen {
    const struct store *store;
    const struct agent_registration *registration;
    const char *why; /* "/dir/sessions/7.json: names pid 7, ..." */
};

/* Fills snap->unseen, and names each as a problem. Nothing of a captured copy of /proc. */
void unseen_find(struct snapshot *snap, const struct live_list *list);

/* The next one from *at on that names, or may be of, a session of a store; store NULL: of any.
 * Returns: NULL: no more. */
const struct unseen *unseen_next(const struct snapshot *snap, const char *store,
                                 const char *session_id, size_t *at);
