/*
 * json: the listing as one JSON document, schema session-rescue/1.
 *
 * The keys and their meaning stand in doc/json-output.md. What is not known
 * is null. Keys are only ever added within a schema number.
 */
#pragma once

#include "base/json.h"
#include "base/str.h"
#include "session_rescue.h"

#define VIEW_SCHEMA "session-rescue/1"

/* As "problems" in an object: what could not be read. */
void view_json_put_problems(struct json_document *d, struct json_node *to,
                            const struct sr_problem *all, size_t count);
/* As "strays" in an object. */
void view_json_put_strays(struct json_document *d, struct json_node *to, const struct sr_stray *all,
                          size_t count);

/* Appends the document, with a final newline. */
/* not_asked_for: sessions that there are beside those of the listing. */
void view_json_sessions(struct buf *out, const struct sr_snapshot *snapshot, size_t not_asked_for);
