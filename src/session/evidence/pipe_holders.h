/*
 * pipe_holders: which processes outside a client's tree can still write to what it reads.
 */
#pragma once

#include "session/evidence/members.h"

/* Who, outside the tree and started since, could still write to where the client reads? All of
 * them: it goes on when the last has ended. */
void pipe_holders_collect(const struct members *all, const struct workers_work *since,
                          struct evidence *e);
