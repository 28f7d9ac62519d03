/*
 * buried: whole records of a session inside a line that is not a record itself.
 *
 * Tools make such transcripts: an array of records per line, records as strings, a document
 * with all of them in one member. No client finds them there, and a repair that took the
 * line for damage would remove them.
 */
#pragma once

#include "base/fact.h"
#include "base/str.h"

/*
 * Whether a line of JSON that is not a session's record holds records that a client would load.
 * FACT_YES: *in says what holds them, "an array", "a text" or "a document". FACT_UNKNOWN: the line
 * is nested too deeply to read to its end.
 */
enum fact buried_in(struct sv line, const char **in);

/* The first character of a line that can hold records: '[', '"' or '{'; else 0. */
char buried_opening(struct sv line);
