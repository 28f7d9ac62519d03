/*
 * unseen: clients that a registry names but that are not among the visible processes.
 *
 * Such a client belongs to another user, hidden by hidepid, or to another pid
 * namespace that shares the store. It may have the session that its entry names,
 * although no visible process has it. An entry is left out only when its process is
 * known to be gone:
 *
 * - in the machine's first pid namespace, and for an entry that names our own
 *   namespace: the kernel knows no such pid, or /proc shows another process there;
 * - elsewhere that cannot be found out, and every entry counts that was written since
 *   the machine was booted.
 *
 * A torn entry (from a full disk) names its process only by its file name, and may belong to any
 * session of its store.
 */
#pragma once

#include "session/discover.h"

struct unseen {
    const struct store *store;
    const struct agent_registration *registration;
    const char *why; /* "/dir/sessions/7.json: names pid 7, ..." */
};

/* Fills snap->unseen, and adds each as a problem; and snap->gone_clients, whose process is gone.
 * Does nothing for a captured copy of /proc. */
void unseen_find(struct snapshot *snap, const struct live_list *list);

/* The next one, from *at on, that has or may have a session of a store (NULL: of any store).
 * Returns: NULL when there is no more. */
const struct unseen *unseen_next(const struct snapshot *snap, const char *store,
                                 const char *session_id, size_t *at);
