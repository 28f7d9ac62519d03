/*
 * buried: whole records of a session inside of a line that is none itself.
 *
 * What tools make of transcripts: an array of records a line, records as texts, a document
 * with all of them in one member. No client finds them there, and what takes the line for
 * damage takes them away.
 */
#pragma once

#include "base/fact.h"
#include "base/str.h"

/*
 * Whether records that a client would put on its chain are inside of a line that is JSON, and no
 * session's record itself. FACT_YES: *in says what holds them, "an array", "a text" or "a
 * document". FACT_UNKNOWN: the line was not read to its end, it is nested too deeply.
 */
enum fact buried_in(struct sv line, const char **in);

/* What a line begins with, of that which can hold any: '[', '"' or '{'; else 0. */
char buried_opening(struct sv line);
