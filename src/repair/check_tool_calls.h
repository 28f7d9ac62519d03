/*
 * check_tool_calls: calls of tools and their results: which lack the other half, and which
 * have one too many.
 */
#pragma once

#include "repair/repair_steps.h"

/*
 * Twice: without a walk, what has to be dropped; then, on the way of the mended conversation, what
 * has to be answered.
 */
void check_tool_calls_judge(struct repair_steps *m, const struct graph_walk *after);
