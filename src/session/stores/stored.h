/*
 * stored: sessions in the stores that no live process holds.
 */
#pragma once

#include "session/session.h"

struct stored {
    struct session *sessions; /* an arena's array */
    size_t count;
    size_t all;      /* how many there are without a live owner, listed or not */
    size_t archived; /* left out, and not among these */
};

/*
 * The newest `limit` stored sessions, by their last message, with what resuming
 * them needs; one that goes on with another stands before it. Those that a live
 * session has are passed over. Where certain ones are asked for, those that go
 * on with them, and those that they go on with, are among them. Tells the live
 * ones, too, what they go on with.
 */
void stored_find(const struct stores *stores, struct arena *a, size_t limit, struct session *live,
                 size_t live_count, struct stored *out);
