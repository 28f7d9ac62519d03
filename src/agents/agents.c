/* The list, and nothing else: a program that links another in front of it has other agents. */
#include "agents/agent.h"

const struct agent *const agents[] = {&agent_claude, &agent_opencode, &agent_copilot,
                                      &agent_qwen,   &agent_codex,    &agent_kimi,
                                      &agent_gemini, &agent_goose,    NULL};
