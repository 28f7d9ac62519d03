/*
 * contents: what readers of records share. A message's blocks are built in an arena.
 */
#pragma once

#include "conversation/message.h"

/* Returns: -EBADMSG for what is no JSON object. */
int contents_root(struct arena *a, struct sv record, const struct json_value **root);

struct contents {
    struct arena *arena;
    struct block *items;
    size_t count, capacity;
};

/* Appends a block of unknown size; it is valid until the next is added. */
struct block *contents_add(struct contents *list, enum block_kind kind, struct sv text);

/* The argument by which a person knows a call again: the first of those keys that has a text; "":
 * none has. keys: ends with NULL. */
struct sv contents_argument(const struct json_value *input, const char *const *keys);
