/*
 * servers: the servers of tools that a client started for its session, which of them the open call
 * asks, and whether that one makes progress.
 */
#pragma once

#include "session/evidence/members.h"

void servers_collect(const struct members *all, struct evidence *e);
