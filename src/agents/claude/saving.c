#include "agents/claude/saving.h"

#include "base/io/fs.h"
#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* ---- by wish ------------------------------------------------------------------------------ */

/* As the client reads a switch. */
static bool is_on(const struct proc_strings *environment, const char *name)
{
    static const char *const words[] = {"1", "true", "yes", "on"};
    const char *value = environment ? proc_variable(environment, name) : NULL;
    for (size_t i = 0; value && i < sizeof words / sizeof *words; i++)
        if (strcasecmp(value, words[i]) == 0)
            return true;
    return false;
}

/*
 * CLAUDE_CODE_CHILD_SESSION is for what a tool starts: an interactive client that inherits it is in
 * no registry and saves nothing (2.1.197), unless tmux's own environment has it too, which cannot
 * be seen from here. Before, it had no meaning, and the client registers itself.
 */
const char *claude_saves_nothing(const struct agent_saving *client, bool *is_certain)
{
    const struct proc_strings *environment = client->environment;
    *is_certain = true;
    for (size_t i = 1; i < client->argv->count; i++)
        if (str_equals(client->argv->items[i], "--no-session-persistence"))
            return "--no-session-persistence";
    if (is_on(environment, "CLAUDE_CODE_SKIP_PROMPT_HISTORY"))
        return "CLAUDE_CODE_SKIP_PROMPT_HISTORY";
    if (!is_on(environment, "CLAUDE_CODE_CHILD_SESSION") ||
        is_on(environment, "CLAUDE_CODE_FORCE_SESSION_PERSISTENCE") || client->is_registered ||
        client->kind != SR_KIND_INTERACTIVE)
        return NULL;
    *is_certain = !proc_variable(environment, "TMUX");
    return "CLAUDE_CODE_CHILD_SESSION";
}

/* ---- what lies beside --------------------------------------------------------------------- */

enum fact claude_has_side_files(const struct agent_store *store, const char *folder,
                                const char *session_id)
{
    static const char *const names[] = {"tool-results", "subagents"};
    enum fact found = FACT_NO;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct stat st;
        const char *path = arena_printf(store->arena, "%s/%s/%s", folder, session_id, names[i]);
        int r = fstatat(store->fd, path, &st, 0) < 0 ? -errno : 0;
        struct lookup lookup = lookup_of(r, path);
        if (lookup.state == LOOKUP_FOUND)
            return FACT_YES;
        if (lookup.state == LOOKUP_UNKNOWN)
            found = FACT_UNKNOWN;
    }
    return found;
}
