/*
 * claude_screen: what is typed into the prompt box that Claude Code draws.
 *
 * As 2.1.110 to 2.1.330 draw it, at the bottom of the screen: a rule over the
 * whole width, the character U+276F and a blank, the text, its further lines
 * two columns in, a rule. The box folds the text at its width, so that a blank
 * and a line end of the user's cannot be told from one of the box's.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

/*
 * screen: lines with escape sequences. What is dim or grey is a hint of the
 * client's. Returns: false where there is no box; *typed is empty when nothing is typed. Owner: the
 * arena.
 */
bool claude_screen_prompt(struct sv screen, struct arena *a, struct sv *typed);
