/*
 * stored: sessions in the stores that no live process holds.
 */
#pragma once

#include "session/session.h"

/*
 * Appends the newest `limit` stored sessions to *sessions (an arena's array),
 * newest first, with what resuming them needs. Those that a live session has,
 * or may have, are passed over or given their possible owners.
 * Returns: how many there are without a live owner, listed or not.
 */
size_t stored_find(const struct stores *stores, struct arena *a, size_t limit,
                   const struct session *live, size_t live_count, struct session **found,
                   size_t *found_count);
