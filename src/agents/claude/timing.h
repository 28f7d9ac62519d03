/*
 * claude/timing: what Claude Code's clients do, and when.
 *
 * Thresholds: measured on Linux with 2 CPUs, 2.0.0 to 2.1.330. How long a client waits for its
 * model before it gives up: measured on 2.0.0, 2.1.110, 2.1.197 and 2.1.330; versions between are
 * placed by the vendor's change log. With a base URL other than the vendor's a client waits longer.
 */
#pragma once

#include "agents/timing.h"

extern const struct agent_timing claude_timing;
