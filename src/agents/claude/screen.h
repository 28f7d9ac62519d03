/*
 * claude/screen: what Claude Code draws: the text in its prompt box, and its
 * state line.
 *
 * 2.1.110 to 2.1.330 draw the box at the bottom of the screen: a rule over the
 * whole width; U+276F, a blank and the text, with further lines indented by two
 * columns; another rule. The box wraps long lines, so the user's own blanks and
 * line ends cannot be told from those of the box.
 *
 * The state line is above the box. It begins in the first column with one of a
 * few stars. Between the two are blank lines and lines indented by two columns:
 * hints, tasks, queued input. The conversation is above the state line, and
 * never in the first column.
 */
#pragma once

#include "agents/agent.h"

/*
 * screen: lines with escape sequences; dim or grey text is a hint of the client's. Returns: false
 * when there is no box; *typed is empty when nothing is typed. Owner: the arena.
 */
bool claude_screen_prompt(struct sv screen, struct arena *a, struct sv *typed);

/*
 * As agent_terminal.read. 2.1.197 and later say only on the screen that a
 * request failed and when they try again:
 *
 *     * API error . Retrying in 5s . attempt 5/10
 *     * Session limit reached . Retrying in 1h (5:55am) . attempt 1/10
 *     * 529 Overloaded . retrying in 6s . attempt 5/10
 *
 * with U+273B for the star and U+00B7 for the dots. 2.1.110 draws it elsewhere, and also writes it
 * into the transcript.
 */
void claude_screen_read(struct sv screen, struct arena *a, struct agent_screen *out);

/* As agent_control.shows_dialog: by the words below the dialogs of clients 2.0 to 2.1.330. */
bool claude_shows_dialog(const char *screen);
