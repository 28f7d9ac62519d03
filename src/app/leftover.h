/*
 * leftover: what can be told of a conversation whose transcript is gone, out of the files that are
 * left beside its place and the history of prompts.
 */
#pragma once

#include "app/context.h"
#include "view/leftover.h"

/* s->left is not NULL. What could not be read is complained of. Owner: the context's arena. */
void leftover_read(struct context *c, const struct sr_snapshot *snapshot,
                   const struct sr_session *s, struct view_leftover *out);
