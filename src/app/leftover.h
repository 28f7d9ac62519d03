/*
 * leftover: reads what remains of a conversation whose transcript is gone, from the files left
 * beside its place and from the history of prompts.
 */
#pragma once

#include "app/context.h"
#include "view/leftover.h"

/* s->left is not NULL. Reports what cannot be read on standard error. Owner: the context's arena.
 */
void leftover_read(struct context *c, const struct sr_snapshot *snapshot,
                   const struct sr_session *s, struct view_leftover *out);
