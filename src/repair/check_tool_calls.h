/*
 * check_tool_calls: tool calls and their results: calls without a result, results without
 * a call, and duplicates.
 */
#pragma once

#include "repair/repair_steps.h"

/*
 * Called twice: with after NULL it finds what to drop; then, with the walk of the mended
 * conversation, which calls need an answer.
 */
void check_tool_calls_judge(struct repair_steps *m, const struct graph_walk *after);
