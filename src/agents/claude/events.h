/*
 * claude/events: what Claude Code's records mean.
 */
#pragma once

#include "base/json.h"
#include "conversation/message.h"

extern const struct event_reader event_claude;

/* As event_claude.read_message. */
int message_claude_read(struct arena *a, struct sv record, struct event *e, struct message *out);
/* As event_claude.read, for a record that is parsed already. */
void event_claude_read(struct arena *a, const struct json_value *root, struct event *out);
