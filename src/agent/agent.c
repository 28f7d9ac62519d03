#include "agent/agent.h"

const struct agent *const agents[] = {&agent_claude, NULL};

const struct agent *agent_by_name(const char *name)
{
    for (size_t i = 0; agents[i]; i++)
        if (str_equals(agents[i]->name, name))
            return agents[i];
    return NULL;
}
