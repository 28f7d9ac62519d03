/*
 * cusf: a conversation that --context --format cusf wrote, read again as any agent's transcript.
 *
 * No client resumes such a file: only what was said is in it. It is in no store, and no process
 * writes it.
 */
#pragma once

#include "agents/agent.h"

extern const struct agent agent_cusf;
