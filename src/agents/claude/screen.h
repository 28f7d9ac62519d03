/*
 * claude/screen: what Claude Code draws: what is typed into its prompt box, and
 * the state that it is in.
 *
 * As 2.1.110 to 2.1.330 draw it, at the bottom of the screen: a rule over the
 * whole width, the character U+276F and a blank, the text, its further lines
 * two columns in, a rule. The box folds the text at its width, so that a blank
 * and a line end of the user's cannot be told from one of the box's.
 *
 * The state stands above the box, in a line that begins in the first column
 * with one of a few stars; between the two are blank lines, and lines two
 * columns in: hints, tasks, input that is queued. What was said before stands
 * above it, and never in the first column.
 */
#pragma once

#include "agents/agent.h"

/*
 * screen: lines with escape sequences. What is dim or grey is a hint of the
 * client's. Returns: false where there is no box; *typed is empty when nothing is typed. Owner: the
 * arena.
 */
bool claude_screen_prompt(struct sv screen, struct arena *a, struct sv *typed);

/*
 * As an agent's read_screen. 2.1.197 and later say there alone that a request
 * failed and when they try again:
 *
 *     * API error . Retrying in 5s . attempt 5/10
 *     * Session limit reached . Retrying in 1h (5:55am) . attempt 1/10
 *     * 529 Overloaded . retrying in 6s . attempt 5/10
 *
 * with U+273B for the star and U+00B7 for the dots. 2.1.110 draws it elsewhere, and writes it down.
 */
void claude_screen_read(struct sv screen, struct arena *a, struct agent_screen *out);

/* As an agent's shows_dialog: by words below the dialogs of clients from 2.0 to 2.1.330. */
bool claude_shows_dialog(const char *screen);
