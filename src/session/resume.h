/*
 * resume: the shell command that brings a session back.
 *
 * It is to be pasted from where it is printed: a terminal whose character set
 * is not UTF-8 would give the shell other bytes than those of a file's name.
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

/* Whether what is beyond ASCII in a word is to be written in escapes of printf(1). Of the whole
 * process, like a locale; false at first. */
void resume_write_ascii(bool alone);

/* Appends text as one word of any POSIX shell, with no control character in it. */
void resume_add_quoted(struct buf *out, const char *text);
