#include "agents/common.h"

#include <string.h>

const char *common_home(struct arena *a, const struct proc_strings *environment,
                        const char *variable, const char *folder, const char *home,
                        bool *is_default)
{
    const char *named = proc_variable(environment, variable);
    const char *own_home = proc_variable(environment, "HOME");
    *is_default = !(named && *named);
    if (!*is_default)
        return arena_strdup(a, named);
    if (own_home && *own_home)
        home = own_home;
    return home ? arena_printf(a, "%s%s", home, folder) : NULL;
}

bool common_is_mcp_tool(const char *name)
{
    return str_starts_with(name, "mcp__");
}

struct sv common_mcp_server(const char *tool)
{
    struct sv rest = sv_of(tool);
    if (!common_is_mcp_tool(tool))
        return (struct sv){0};
    rest = sv_slice(rest, 5, rest.n);
    return sv_slice(rest, 0, sv_find(rest, 0, SV("__")));
}

const char *common_renamed(struct arena *a, const char *name, const char *old_id,
                           const char *new_id)
{
    char *copy = arena_strdup(a, name);
    size_t n = strlen(old_id);
    for (char *p = copy; strlen(new_id) == n && (p = strstr(p, old_id)); p += n)
        memcpy(p, new_id, n);
    return copy;
}
