/*
 * claude/events: Claude Code's records, for those who have parsed one already.
 */
#pragma once

#include "base/json.h"
#include "conversation/event.h"

/* What event_claude.read does with the root of a record. */
void event_claude_read(struct arena *a, const struct json_value *root, struct event *out);
