/*
 * events: what --watch tells, drawn as a line of JSON, a line of text, and a
 * notification.
 */
#pragma once

#include "base/str.h"
#include "diagnose/changes.h"

/* One line, with its newline. */
void view_json_event(struct buf *out, const struct change_event *e);
void view_text_event(struct buf *out, const struct change_event *e);

/* A notification: a title, and a body in the markup of desktops. count: how many events of this
 * kind it stands for. */
void view_notification(struct buf *title, struct buf *body, const struct change_event *e,
                       size_t count);
