/*
 * parts: what a message of Google's model API is made of, which agents write into their records as
 * it is: {"text":...}, {"functionCall":...}, {"functionResponse":...}, {"inlineData":...}.
 */
#pragma once

#include "agents/contents.h"
#include "conversation/event.h"

/* The calls among the parts ("functionCall"), or the results ("functionResponse"). */
size_t parts_tools(struct arena *a, const struct json_value *parts, const char *member,
                   const struct event_tool **out);

/* The first text that is no thought; "": none. */
struct sv parts_words(const struct json_value *parts);

/* A call: its id, its name and what it is called with. */
void parts_read_call(const struct json_value *call, struct block *b);

/* One part. */
void parts_read(const struct json_value *part, struct block *b);
