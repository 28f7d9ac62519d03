/*
 * resume: the shell command that brings a session back.
 */
#pragma once

#include "base/str.h"
#include "session_rescue.h"

/* Appends what sr_resume_command gives. Returns: 0, -EBUSY or -ENODATA. */
int resume_add_command(struct buf *out, const struct sr_session *s);

/* Appends text as one word of any POSIX shell, with no control character in it. */
void resume_add_quoted(struct buf *out, const char *text);
