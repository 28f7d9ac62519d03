/*
 * claude/timing: what Claude Code's clients do, and when.
 *
 * Thresholds: Linux, 2 CPUs, 2.0.0 to 2.1.330. When a client gives up waiting for the model by
 * itself: 2.0.0, 2.1.110, 2.1.197 and 2.1.330; the versions between are placed by the vendor's
 * change log. A client with a base URL that is not the vendor's own waits longer.
 */
#pragma once

#include "agents/timing.h"

extern const struct agent_timing claude_timing;
