/*
 * common: what several agents do in the same way.
 */
#pragma once

#include "platform/process/proc.h"

/* Its home: what the variable names, or that folder ("/.codex") in the user's home: that of the
 * environment, else home. Owner: the arena. Returns: NULL when none is known. */
const char *common_home(struct arena *a, const struct proc_strings *environment,
                        const char *variable, const char *folder, const char *home,
                        bool *is_default);

/* Tools that are called "mcp__SERVER__TOOL". */
bool common_is_mcp_tool(const char *name);
struct sv common_mcp_server(const char *tool);

/* A name with each of an id replaced by another of its length. Owner: the arena. */
const char *common_renamed(struct arena *a, const char *name, const char *old_id,
                           const char *new_id);
