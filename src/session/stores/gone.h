/*
 * gone: sessions that have no transcript any more, but left something in a store.
 *
 * What is left: files beside the transcript's place, earlier versions of files, prompts in the
 * history. That the transcript is gone is certain only if all folders could be read. A listing of
 * all sessions reads only the end of the history, and does not list sessions of which only prompts
 * are left: when a client deletes an old transcript, its prompts stay.
 */
#pragma once

#include "session/discover.h"

/* Appends up to options->gone_limit of them to *found, newest first, and counts all in snap->shown.
 * Owner: snap's arena. */
void gone_find(struct snapshot *snap, const struct sr_options *options, const struct session *live,
               size_t live_count, struct session **found, size_t *found_count);

/* Fills in where, when and how a session found by gone_find began. */
void gone_show(const struct snapshot *snap, const struct session *s, struct sr_session *out);
