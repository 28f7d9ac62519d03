/*
 * json: the listing as one JSON document, schema session-rescue/1.
 *
 * doc/json-output.md lists the keys and their meaning. What is not known is
 * null. Within a schema number keys are only added.
 */
#pragma once

#include "base/json.h"
#include "base/str.h"
#include "session_rescue.h"

#define VIEW_SCHEMA "session-rescue/1"

/* A new document, for json_finish, that says its schema. Returns: its root. */
struct json_node *view_json_begin(struct json_document **d);

/* Adds "problems" to an object: what could not be read. */
void view_json_put_problems(struct json_document *d, struct json_node *to,
                            const struct sr_problem *all, size_t count);
/* Adds "strays" to an object. */
void view_json_put_strays(struct json_document *d, struct json_node *to, const struct sr_stray *all,
                          size_t count);

/* Appends the document, with a final newline. not_asked_for: how many sessions the listing leaves
 * out. */
void view_json_sessions(struct buf *out, const struct sr_snapshot *snapshot, size_t not_asked_for);
