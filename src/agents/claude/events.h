/*
 * claude/events: Claude Code's records, for those who have parsed one already.
 */
#pragma once

#include "base/json.h"
#include "conversation/message.h"

extern const struct event_reader event_claude;

/* As event_claude.read_message. */
int message_claude_read(struct arena *a, struct sv record, struct event *e, struct message *out);
/* What event_claude.read does with the root of a record. */
void event_claude_read(struct arena *a, const struct json_value *root, struct event *out);
