#include "platform/terminal/multiplexer.h"

#include "base/str.h"
#include "platform/process/ancestry.h"

#include <string.h>

/* comm of the servers: "tmux: server", "screen" or "SCREEN", "zellij". */
static enum fact has_ancestor_named(const struct proc *proc, pid_t ppid, const char *prefix)
{
    struct ancestry up;
    bool is_known = true;
    if (ancestry_begin(&up, proc, ppid) < 0)
        return FACT_UNKNOWN;
    do {
        is_known = is_known && !up.is_hidden;
        if (strncasecmp(up.at.name, prefix, strlen(prefix)) == 0)
            return FACT_YES;
    } while (ancestry_up(&up));
    return is_known ? ancestry_end(&up) : FACT_UNKNOWN;
}

bool multiplexer_find(const struct proc *proc, const struct proc_strings *environment, pid_t ppid,
                      struct arena *a, struct sr_multiplexer *out)
{
    static const struct {
        const char *kind, *server_variable, *pane_variable;
    } known[] = {
        /* TMUX=/tmp/tmux-1000/default,1234,0 TMUX_PANE=%3 */
        {"tmux", "TMUX", "TMUX_PANE"},
        /* STY=1234.pts-3.box WINDOW=0 */
        {"screen", "STY", "WINDOW"},
        {"zellij", "ZELLIJ_SESSION_NAME", "ZELLIJ_PANE_ID"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const char *server = proc_variable(environment, known[i].server_variable);
        const char *pane = proc_variable(environment, known[i].pane_variable);
        if (!server || !pane || has_ancestor_named(proc, ppid, known[i].kind) != FACT_YES)
            continue;
        size_t n = i == 0 ? strcspn(server, ",") : strlen(server);
        *out = (struct sr_multiplexer){known[i].kind, arena_strndup(a, server, n),
                                       arena_strdup(a, pane)};
        return true;
    }
    return false;
}
