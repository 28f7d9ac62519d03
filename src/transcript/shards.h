/*
 * shards: the lines that are no record: what they are, and which bytes of them
 * go away.
 */
#pragma once

#include "transcript/mending.h"

/* Returns: 0 or negative errno of the source. */
int shards_mend(struct mending *m);
