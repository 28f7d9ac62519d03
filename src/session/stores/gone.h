/*
 * gone: sessions of which something is left in a store, and no transcript.
 *
 * Files beside the place where the transcript was, earlier versions of files, prompts in the
 * history. That a transcript is gone is certain only where all folders could be read. A listing
 * of all reads the end of the history alone, and lists none of which nothing else is left: a
 * client deletes transcripts that are old, and their prompts stay.
 */
#pragma once

#include "session/discover.h"

/* Appends what options->gone_limit asks for to *found, the newest first; and counts in snap->shown.
 * Owner: snap's arena. */
void gone_find(struct snapshot *snap, const struct sr_options *options, const struct session *live,
               size_t live_count, struct session **found, size_t *found_count);

/* Of a session that was found so: where, when, and how it began. */
void gone_show(const struct snapshot *snap, const struct session *s, struct sr_session *out);
