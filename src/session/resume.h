/*
 * resume: the shell command that brings a session back.
 *
 * The command must survive copy and paste: a terminal whose character set is not
 * UTF-8 would change the bytes of a file name (see resume_write_ascii).
 */
#pragma once

#include "base/str.h"
#include "session_rescue.h"

/* Appends what sr_resume_command gives. Returns: 0, -EBUSY or -ENODATA. */
int resume_add_command(struct buf *out, const struct sr_session *s);

/* Appends the command that opens a background session. Returns: 0, or -ENODATA when no such command
 * is known. */
int resume_add_attach(struct buf *out, const struct sr_session *s);

/* By its name: "ID.jsonl.gz". */
bool resume_is_packed(const struct sr_stray *stray);

/* Appends the command that moves a stray transcript to where the client finds it. Returns: 0, or
 * -ENODATA when that place is not known, the client already finds the session, or it is packed. */
int resume_add_move(struct buf *out, const struct sr_stray *stray);

/* Whether to write non-ASCII characters as escapes of printf(1). Holds for the whole process, like
 * a locale; false at first. */
void resume_write_ascii(bool alone);

/* Appends text quoted as one word for any POSIX shell, without control characters. */
void resume_add_quoted(struct buf *out, const char *text);
