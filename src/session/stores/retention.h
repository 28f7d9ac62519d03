/*
 * retention: transcripts that a client is going to delete.
 *
 * A client deletes, some minutes after it starts, transcripts that were last
 * written to (by their mtime) longer ago than cleanupPeriodDays, 30 where that
 * is not set; running sessions are not spared by versions before 2.1.181.
 */
#pragma once

#include "session/stores/stores.h"

/* How long before that a transcript counts as about to be deleted; half of the period where that
 * is shorter. */
enum { RETENTION_DAYS_BEFORE = 3 };

struct retention {
    const struct store *store;
    struct agent_transcript transcript;
    struct wall deleted_at; /* not before that */
};

/* Those of all wanted stores, in no order; options are told what is read. Owner: the stores' arena.
 */
void retention_find(const struct stores *stores, const struct sr_options *options, struct wall now,
                    struct retention **found, size_t *count);
