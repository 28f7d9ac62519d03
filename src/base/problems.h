/*
 * problems: what could not be read on the way, each path named once.
 */
#pragma once

#include "base/arena.h"
#include "session_rescue.h"

struct problems {
    struct arena *arena;
    struct sr_problem *items;
    size_t count, capacity;
};

/* Adds "path: why", unless path is there already; a new code replaces -EBADMSG, because it may hide
 * something. code: negative errno. why NULL: the reason of code. */
void problems_add(struct problems *list, const char *path, int code, const char *why);
