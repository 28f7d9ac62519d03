/*
 * note: the smallest agent there can be, for tests: tests/agents/note/note, a script.
 *
 *     $NOTE_HOME or ~/.note
 *     notes/note-1795790220123.txt   a transcript; each line is a record:
 *
 *     2026-02-02T02:40:00Z in /home/u/p
 *     2026-02-02T02:40:01Z you buy milk
 *     2026-02-02T02:40:02Z note noted
 *
 * It has what every agent must have, and nothing else. Written as HACKING.md says.
 */
#pragma once

#include "agents/agent.h"

extern const struct agent agent_note;
