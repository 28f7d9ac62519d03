#include "agent/agent.h"

const struct agent *const agents[] = {&agent_claude, NULL};

const struct agent *agent_by_name(const char *name)
{
    for (size_t i = 0; agents[i]; i++)
        if (str_equals(agents[i]->name, name))
            return agents[i];
    return NULL;
}

void agent_leave_out(struct agent_files *files, const char *path, const char *why, bool is_lost)
{
    void *items = files->left_out;
    struct agent_left_out *slot = arena_push(files->arena, &items, &files->left_out_count,
                                             &files->left_out_capacity, sizeof *slot);
    files->left_out = items;
    *slot = (struct agent_left_out){path, why, is_lost};
}

void agent_files_release(struct agent_files *files)
{
    fs_close(&files->outside);
}
