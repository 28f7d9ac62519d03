/*
 * watched: announces a read that could get stuck to the caller of the library
 * (struct sr_options, entering).
 */
#pragma once

#include "session_rescue.h"

/* Before a path is read. Returns: false when the path is known not to answer. */
bool watched_enter(const struct sr_options *options, const char *path);

/* After it was read. */
void watched_leave(const struct sr_options *options);
