/*
 * watched: reads that could get stuck, announced to whoever watches over the
 * listing (struct sr_options, entering).
 */
#pragma once

#include "session_rescue.h"

/* Says that a path is about to be read. Returns: false when it is known not to answer. */
bool watched_enter(const struct sr_options *options, const char *path);

/* Says that it was. */
void watched_leave(const struct sr_options *options);
