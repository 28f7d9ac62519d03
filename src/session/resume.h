/*
 * resume: the shell command that brings a session back.
 */
#pragma once

#include "base/str.h"
#include "session_rescue.h"

/* Appends what sr_resume_command gives. Returns: 0, -EBUSY or -ENODATA. */
int resume_add_command(struct buf *out, const struct sr_session *s);

/* Appends the command that opens a session which runs in the background. Returns: 0, or -ENODATA
 * where the client is not known to have one for it. */
int resume_add_attach(struct buf *out, const struct sr_session *s);

/* Appends the command that puts a stray transcript where the client finds it. Returns: 0, or
 * -ENODATA where that is not known, or the client finds that session already. */
int resume_add_move(struct buf *out, const struct sr_stray *stray);

/* Appends text as one word of any POSIX shell, with no control character in it. */
void resume_add_quoted(struct buf *out, const char *text);
