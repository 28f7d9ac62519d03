/*
 * stored: sessions in the stores that no live process holds.
 */
#pragma once

#include "session/session.h"

struct stored {
    struct session *sessions; /* owned by the arena */
    size_t count;
    size_t all;      /* all sessions without a live owner, listed or not */
    size_t archived; /* left out of all */
};

/*
 * The newest `limit` stored sessions, by their last message, with what is needed
 * to resume them. A session that continues another comes before it. Sessions of
 * live processes are left out. When certain sessions are asked for, those that
 * continue them and those that they continue are included. Also sets, for the
 * live sessions, what they continue.
 */
void stored_find(const struct stores *stores, struct arena *a, size_t limit, struct session *live,
                 size_t live_count, struct stored *out);
