/*
 * retention: transcripts that a client is going to delete.
 *
 * Some minutes after it starts, a client deletes transcripts that were not
 * written to (by their mtime) for cleanupPeriodDays, 30 if not set. Versions
 * before 2.1.181 delete those of running sessions too.
 */
#pragma once

#include "session/stores/stores.h"

/* How many days before its deletion a transcript is reported; half of the period if that is
 * shorter. */
enum { RETENTION_DAYS_BEFORE = 3 };

struct retention {
    const struct store *store;
    struct agent_transcript transcript;
    struct wall deleted_at; /* the earliest time */
};

/* Finds those of all wanted stores, in no order. Calls options->entering. Owner: the stores' arena.
 */
void retention_find(const struct stores *stores, const struct sr_options *options, struct wall now,
                    struct retention **found, size_t *count);
