/*
 * left: what is left of a session whose transcript is gone, as text and as JSON.
 */
#pragma once

#include "base/str.h"
#include "session_rescue.h"

/* "transcript gone; left: 1 subagent, 2 prompts; backup: session-rescue --restore STEM (56MB)" */
void view_add_left(struct buf *out, const struct sr_left *left);

struct json_document;
struct json_node;
/* Adds "left": an object, or null when left is NULL. */
void view_put_left(struct json_document *d, struct json_node *to, const struct sr_left *left);
