/*
 * buried: whole records of a session inside of a line that is none itself.
 *
 * What tools make of transcripts: an array of records a line, records as texts, a document
 * with all of them in one member. No client finds them there, and what takes the line for
 * damage takes them away.
 */
#pragma once

#include "base/str.h"

/* Returns: what holds them, "an array", "a text" or "a document"; NULL: nothing does: it is no
 * JSON, or a session's record itself, or there is none inside of it. */
const char *buried_in(struct sv line);
